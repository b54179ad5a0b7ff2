"""Orders go where Kafka's Admin client sends them, and every one has an outcome."""

from dataclasses import replace

from kio.schema.delete_groups.v2.request import DeleteGroupsRequest
from kio.schema.delete_topics.v6.request import DeleteTopicsRequest, DeleteTopicState
from kio.schema.describe_groups.v6.request import DescribeGroupsRequest
from kio.schema.list_groups.v5.request import ListGroupsRequest
from kio.schema.types import GroupId, TopicName

from kafkalab.engine.clients import requests
from kafkalab.engine.clients.admin import Order, Outcome, create_topic
from kafkalab.engine.clients.client import Close
from kafkalab.engine.events import AdminAnswered
from kafkalab.wire.api import ApiKey
from kafkalab.wire.errors import ErrorCode
from tests.engine.clients.stage import Stage


def order(stage: Stage, api_key: int, body: object, seconds: float = 2, timeout_ms: int = 60_000) -> Outcome | None:
    stage.world.tell_node("admin", Order(99, api_key, body, timeout_ms))
    stage.run(seconds)
    return stage.admin.outcomes.pop(99, None)


def test_a_refusal_is_an_outcome_with_the_brokers_words_and_is_not_tried_again() -> None:
    stage = Stage()
    stage.world.tell_node("admin", create_topic(5, "orders", 1, 1, {}))
    stage.run(1)
    outcome = stage.admin.outcomes[5]
    assert (outcome.ok, outcome.error, outcome.message) == (
        False,
        ErrorCode.topic_already_exists,
        "Topic 'orders' already exists.",
    )
    assert stage.told(AdminAnswered)[-1] == AdminAnswered(
        "admin", 5, "CREATE_TOPICS", "TOPIC_ALREADY_EXISTS", "Topic 'orders' already exists."
    )


def test_a_topic_that_does_not_exist_cannot_be_deleted() -> None:
    stage = Stage()
    state = DeleteTopicState(name=TopicName("nowhere"), topic_id=None)
    outcome = order(
        stage, ApiKey.DELETE_TOPICS, DeleteTopicsRequest(topics=(state,), timeout=requests.duration(30_000))
    )
    assert outcome is not None
    assert outcome.error is ErrorCode.unknown_topic_or_partition


def test_offsets_are_asked_of_every_leader_and_each_answer_is_kept() -> None:
    stage = Stage()
    producer = stage.producer(topic=None)
    for partition in range(4):
        for token in range(partition):
            stage.send(producer, 10 * partition + token, partition=partition, value=b"v")
    stage.run(1)
    body = requests.list_offsets({("orders", partition): (-1, -1) for partition in range(4)}, 0)
    outcome = order(stage, ApiKey.LIST_OFFSETS, body)
    assert outcome is not None
    found = {end.partition_index: end.offset for answer in outcome.answers for end in answer.topics[0].partitions}
    assert found == {0: 0, 1: 1, 2: 2, 3: 3}
    assert len(outcome.answers) == len({stage.leader(partition) for partition in range(4)})


def test_partitions_of_an_unknown_topic_fail_at_once_and_do_not_make_it() -> None:
    stage = Stage(configs={"auto.create.topics.enable": "true"})
    outcome = order(stage, ApiKey.LIST_OFFSETS, requests.list_offsets({("nowhere", 0): (-1, -1)}, 0))
    assert outcome == Outcome(99, ErrorCode.unknown_topic_or_partition, None, ())
    assert "nowhere" not in stage.cluster.controller.image.topics


def test_group_orders_go_to_the_coordinator() -> None:
    stage = Stage()
    stage.consumer(group="readers")
    stage.run(4)
    described = order(
        stage,
        ApiKey.DESCRIBE_GROUPS,
        DescribeGroupsRequest(groups=(GroupId("readers"),), include_authorized_operations=False),
    )
    assert described is not None
    (group,) = described.answers[0].groups
    assert (group.group_state, [member.client_id for member in group.members]) == ("Stable", ["consumer-1"])
    deletion = DeleteGroupsRequest(groups_names=(GroupId("readers"),))
    refused = order(stage, ApiKey.DELETE_GROUPS, deletion)
    assert refused is not None
    assert refused.error is ErrorCode.non_empty_group
    stage.world.tell_node("consumer-1", Close())
    stage.run(1)
    deleted = order(stage, ApiKey.DELETE_GROUPS, deletion)
    assert deleted is not None
    assert deleted.ok


def test_all_brokers_are_asked_for_their_groups() -> None:
    stage = Stage()
    for name in ("a", "b", "c"):
        stage.consumer(name, group=name)
    stage.run(4)
    outcome = order(stage, ApiKey.LIST_GROUPS, ListGroupsRequest(states_filter=(), types_filter=()))
    assert outcome is not None
    assert sorted(group.group_id for answer in outcome.answers for group in answer.groups) == ["a", "b", "c"]
    assert len(outcome.answers) == 3


def test_an_order_waits_for_a_leader_and_gives_up_in_time() -> None:
    stage = Stage()
    for broker in (1, 2, 3):
        stage.cluster.crash(broker)
    body = requests.list_offsets({("orders", 0): (-1, -1)}, 0)
    assert order(stage, ApiKey.LIST_OFFSETS, body, seconds=10, timeout_ms=15_000) is None
    stage.run(6)
    outcome = stage.admin.outcomes[99]
    assert replace(outcome, error=ErrorCode.none) == Outcome(99, ErrorCode.none, None, ())
    assert not outcome.ok


def test_an_order_survives_the_broker_it_was_given_to() -> None:
    stage = Stage()
    stage.cluster.freeze(1)
    stage.cluster.freeze(2)
    stage.world.tell_node("admin", create_topic(6, "later", 1, 1, {}))
    stage.run(1)
    stage.cluster.crash(1)
    stage.cluster.crash(2)
    stage.run(20)
    assert stage.admin.outcomes[6].ok
