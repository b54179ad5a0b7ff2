"""Consumer groups of KIP-848 on real brokers: another coordinator goes on with epochs, targets and offsets."""

from datetime import timedelta
from typing import Any

from kio.schema.consumer_group_describe.v1.request import ConsumerGroupDescribeRequest
from kio.schema.consumer_group_heartbeat.v1.request import ConsumerGroupHeartbeatRequest, TopicPartitions

from kafkalab.engine.coordinators.modern.group import ConsumerGroup
from kafkalab.wire.api import ApiKey
from kafkalab.wire.dialect import OffsetFetchPartitionResult
from kafkalab.wire.errors import ErrorCode
from tests.engine.broker.room import Room
from tests.engine.coordinators.test_coordinator import another, commit, fetch, find, ready


def beat(room: Room, broker: int, member_id: str, epoch: int, owned: tuple[int, ...] | None = None) -> Any:
    """A heartbeat; the first one subscribes orders."""
    topic_id = room.broker(broker).metadata.topics["orders"].topic_id
    partitions = None
    if owned is not None:
        partitions = (TopicPartitions(topic_id=topic_id, partitions=owned),) if owned else ()
    body = ConsumerGroupHeartbeatRequest(
        group_id="g",
        member_id=member_id,
        member_epoch=epoch,
        rebalance_timeout=timedelta(minutes=1) if epoch == 0 else timedelta(milliseconds=-1),
        subscribed_topic_names=("orders",) if epoch == 0 else None,
        topic_partitions=partitions,
    )
    return room.ask(broker, ApiKey.CONSUMER_GROUP_HEARTBEAT, body)


def test_the_next_coordinator_goes_on_where_the_last_one_was() -> None:
    room, coordinator = ready()
    first = beat(room, coordinator, "a", 0, ())
    assert (first.member_epoch, [topic.partitions for topic in first.assignment.topic_partitions]) == (2, [(0,)])
    assert commit(room, coordinator, 42, "a", 2) == ErrorCode.none
    room.run(2)
    assert beat(room, coordinator, "b", 0, ()).member_epoch == 3
    before = room.broker(coordinator).groups.groups["g"]
    assert isinstance(before, ConsumerGroup)
    room.cluster.crash(coordinator)
    room.run(12)
    successor = find(room, "g", by=another(coordinator))[0].node_id
    after = room.broker(successor).groups.groups["g"]
    assert isinstance(after, ConsumerGroup)
    assert (after.group_epoch, after.target_epoch, after.target, after.members) == (
        before.group_epoch,
        before.target_epoch,
        before.target,
        before.members,
    )
    assert fetch(room, successor).topics[0].partitions == (OffsetFetchPartitionResult(0, 42),)
    assert beat(room, successor, "b", 3).error_code is ErrorCode.none
    room.run(46)
    assert after.members == {}


def test_a_group_is_described_with_its_epochs_and_targets() -> None:
    room, coordinator = ready()
    beat(room, coordinator, "a", 0, ())
    body = ConsumerGroupDescribeRequest(group_ids=("g", "other"), include_authorized_operations=False)
    g, other = room.ask(coordinator, ApiKey.CONSUMER_GROUP_DESCRIBE, body).groups
    assert (g.group_state, g.group_epoch, g.assignment_epoch, g.assignor_name) == ("Stable", 2, 2, "uniform")
    (member,) = g.members
    assert (member.member_id, member.member_epoch, member.subscribed_topic_names) == ("a", 2, ("orders",))
    assert member.assignment == member.target_assignment
    assert other.error_code in (ErrorCode.group_id_not_found, ErrorCode.not_coordinator)
