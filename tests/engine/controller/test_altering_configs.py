"""Settings that change while the cluster runs."""

import pytest
from kio.schema.alter_configs.v2.request import AlterableConfig, AlterConfigsRequest, AlterConfigsResource

from kafkalab.engine.controller.metadata import BROKER, TOPIC
from kafkalab.wire.api import ApiKey
from kafkalab.wire.errors import ErrorCode
from tests.engine.controller.scripted import Cluster, assigned

DONE = (ErrorCode.none, None)
APPEND, SUBTRACT = 2, 3


@pytest.fixture
def orders(three_brokers: Cluster) -> Cluster:
    three_brokers.create(assigned("orders", (1, 2, 3)), configs={"retention.ms": "1000"})
    return three_brokers


def own(cluster: Cluster) -> dict[str, str]:
    return cluster.controller.image.topic_config("orders")


def test_a_setting_is_set_and_taken_away(orders: Cluster) -> None:
    assert orders.alter_config("segment.ms", "60000", topic="orders") == DONE
    assert own(orders) == {"retention.ms": "1000", "segment.ms": "60000"}
    assert orders.alter_config("retention.ms", None, topic="orders") == DONE
    assert own(orders) == {"segment.ms": "60000"}


def test_a_list_grows_and_shrinks(orders: Cluster) -> None:
    assert orders.alter_config("cleanup.policy", "compact", topic="orders", operation=APPEND) == DONE
    assert own(orders)["cleanup.policy"] == "delete,compact"
    assert orders.alter_config("cleanup.policy", "delete", topic="orders", operation=SUBTRACT) == DONE
    assert own(orders)["cleanup.policy"] == "compact"
    assert orders.alter_config("retention.ms", "1", topic="orders", operation=APPEND) == (
        ErrorCode.invalid_config,
        "Can't APPEND to key retention.ms because its type is not LIST.",
    )


def test_the_older_request_replaces_everything(orders: Cluster) -> None:
    resource = AlterConfigsResource(
        resource_type=TOPIC, resource_name="orders", configs=(AlterableConfig(name="segment.ms", value="5000"),)
    )
    only_asked = AlterConfigsRequest(resources=(resource,), validate_only=True)
    assert orders.ask(1, ApiKey.ALTER_CONFIGS, only_asked).responses[0].error_code is ErrorCode.none
    assert own(orders) == {"retention.ms": "1000"}
    orders.ask(1, ApiKey.ALTER_CONFIGS, AlterConfigsRequest(resources=(resource,), validate_only=False))
    assert own(orders) == {"segment.ms": "5000"}


@pytest.mark.parametrize(
    ("where", "name", "value", "error", "message"),
    [
        ({"topic": "orders"}, "no.such", "1", ErrorCode.invalid_config, "Unknown topic config name: no.such"),
        (
            {"topic": "orders"},
            "retention.ms",
            "soon",
            ErrorCode.invalid_config,
            "Invalid value soon for configuration retention.ms: Not a number of type LONG",
        ),
        (
            {"topic": "nowhere"},
            "retention.ms",
            "1",
            ErrorCode.unknown_topic_or_partition,
            "The topic 'nowhere' does not exist.",
        ),
        (
            {"broker": "9"},
            "log.retention.ms",
            "1",
            ErrorCode.broker_id_not_registered,
            "No broker with id 9 found.",
        ),
        (
            {"broker": "x"},
            "log.retention.ms",
            "1",
            ErrorCode.invalid_request,
            "Node id must be an integer, but it is: x",
        ),
        (
            {"broker": "1"},
            "num.partitions",
            "3",
            ErrorCode.invalid_request,
            "Cannot update these configs dynamically: [num.partitions]",
        ),
        (
            {"broker": "1"},
            "min.insync.replicas",
            "2",
            ErrorCode.invalid_config,
            "Broker-level min.insync.replicas cannot be altered while ELR is enabled.",
        ),
        (
            {"broker": ""},
            "min.insync.replicas",
            None,
            ErrorCode.invalid_config,
            "Cluster-level min.insync.replicas cannot be removed while ELR is enabled.",
        ),
    ],
)
def test_what_cannot_be_is_refused(
    orders: Cluster, where: dict[str, str], name: str, value: str | None, error: ErrorCode, message: str
) -> None:
    before = dict(orders.controller.image.configs)
    assert orders.alter_config(name, value, **where) == (error, message)  # type: ignore[arg-type]
    assert orders.controller.image.configs == before


def test_a_setting_of_all_brokers_counts_for_elections_too(orders: Cluster) -> None:
    assert orders.alter_config("unclean.leader.election.enable", "true") == DONE
    assert orders.controller.image.configs[BROKER, ""]["unclean.leader.election.enable"] == "true"
    orders.create(assigned("pair", (1, 2)))
    orders.pass_seconds(9, alive=(1, 3))
    orders.pass_seconds(9, alive=(3,))
    orders.heartbeat(2)
    assert orders.partition("pair").leader == 2


def test_another_min_insync_replicas_clears_the_elr(orders: Cluster) -> None:
    orders.alter_config("min.insync.replicas", "3", topic="orders")
    orders.pass_seconds(9, alive=(1, 2))
    before = orders.partition("orders")
    assert before.eligible_leader_replicas == (3,)
    assert orders.alter_config("min.insync.replicas", "2", topic="orders") == DONE
    after = orders.partition("orders")
    assert (after.eligible_leader_replicas, after.partition_epoch) == ((), before.partition_epoch + 1)
