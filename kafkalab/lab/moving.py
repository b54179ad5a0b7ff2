"""What kafka-reassign-partitions.sh asks for besides the move itself: throttles before it, and none after it.

A throttle holds for the partition's old replicas as leaders and for its new ones as followers, and for
no other traffic; the rate is set on every broker that takes part. Nobody takes it away by himself
when the move is done: that is what `--verify` is for (org.apache.kafka.tools.reassign
.ReassignPartitionsCommand).
"""

from collections.abc import Iterable, Mapping

from kio.schema.incremental_alter_configs.v1.request import (
    AlterableConfig,
    AlterConfigsResource,
    IncrementalAlterConfigsRequest,
)
from kio.static.primitive import i8

from kafkalab.engine.controller import altering_configs
from kafkalab.engine.controller.metadata import BROKER, TOPIC
from kafkalab.lab import commands as order

RATES = ("leader.replication.throttled.rate", "follower.replication.throttled.rate")
LEADERS, FOLLOWERS = "leader.replication.throttled.replicas", "follower.replication.throttled.replicas"


def throttled(command: order.ReassignPartition, old: tuple[int, ...]) -> IncrementalAlterConfigsRequest:
    """`old`: where the partition lies now."""
    new = tuple(broker for broker in command.replicas if broker not in old)
    listed = {name: _replicas(command.partition, who) for name, who in ((LEADERS, old), (FOLLOWERS, new)) if who}
    rates = dict.fromkeys(RATES, str(command.throttle))
    return _alter(
        # Beside what is listed already: other partitions of the topic may be moving too.
        _changed(TOPIC, command.topic, altering_configs.APPEND, listed),
        *(_changed(BROKER, str(broker), altering_configs.SET, rates) for broker in (*old, *new)),
    )


def unthrottled(topic: str, brokers: Iterable[int]) -> IncrementalAlterConfigsRequest:
    return _alter(
        _changed(TOPIC, topic, altering_configs.DELETE, dict.fromkeys((LEADERS, FOLLOWERS))),
        *(_changed(BROKER, str(broker), altering_configs.DELETE, dict.fromkeys(RATES)) for broker in brokers),
    )


def _replicas(partition: int, brokers: Iterable[int]) -> str:
    return ",".join(f"{partition}:{broker}" for broker in brokers)


def _changed(kind: int, name: str, operation: int, settings: Mapping[str, str | None]) -> AlterConfigsResource:
    return AlterConfigsResource(
        resource_type=i8(kind),
        resource_name=name,
        configs=tuple(
            AlterableConfig(name=each, config_operation=i8(operation), value=value) for each, value in settings.items()
        ),
    )


def _alter(*resources: AlterConfigsResource) -> IncrementalAlterConfigsRequest:
    return IncrementalAlterConfigsRequest(resources=resources, validate_only=False)
