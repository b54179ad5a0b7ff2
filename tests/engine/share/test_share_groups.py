"""Share groups in a whole cluster: the lab's own consumers, coordinators that go, and what tools ask."""

from typing import Any

import pytest
from kio.schema.alter_share_group_offsets.v0 import request as altering
from kio.schema.delete_groups.v2.request import DeleteGroupsRequest
from kio.schema.delete_share_group_offsets.v0 import request as forgetting
from kio.schema.describe_share_group_offsets.v1 import request as describing
from kio.schema.list_groups.v5.request import ListGroupsRequest
from kio.schema.share_group_describe.v1.request import ShareGroupDescribeRequest
from kio.schema.share_group_heartbeat.v1.request import ShareGroupHeartbeatRequest

from kafkalab.engine.clients.client import Close
from kafkalab.engine.clients.share_consumer import ShareConsumer, ShareConsumerSettings
from kafkalab.engine.coordinators.coordinator import partition_of
from kafkalab.engine.events import RecordsAcquired, RecordsDelivered
from kafkalab.wire.api import ApiKey
from kafkalab.wire.errors import ErrorCode
from tests.engine.share.room import ShareRoom


class Groups(ShareRoom):
    def __init__(self, partitions: int = 1) -> None:
        """So many of groups."""
        self.partitions = partitions
        super().__init__({"offsets.topic.num.partitions": str(partitions), "group.share.assignment.interval.ms": "0"})
        self.broker(1).topic_creation.create("__consumer_offsets")
        self.run(1)

    @property
    def coordinator(self) -> int:
        return self.coordinator_of("g")

    def coordinator_of(self, group: str) -> int:
        image = self.cluster.image.partition("__consumer_offsets", partition_of(group, self.partitions))
        assert image is not None
        return image.leader

    def consumer(self, name: str, **settings: Any) -> ShareConsumer:
        wanted = ShareConsumerSettings(topics=("orders",), group="g", **settings)
        consumer = ShareConsumer(name, ("broker-1", "broker-2", "broker-3"), wanted)
        self.world.start(consumer)
        return consumer

    def beat(self, member: str, epoch: int, topics: tuple[str, ...] | None = None) -> Any:
        body = ShareGroupHeartbeatRequest(
            group_id="g", member_id=member, member_epoch=epoch, subscribed_topic_names=topics
        )
        return self.ask(self.coordinator, ApiKey.SHARE_GROUP_HEARTBEAT, body)

    def described(self) -> tuple[str, int, int, list[tuple[int, list[int]]]]:
        body = ShareGroupDescribeRequest(group_ids=("g",), include_authorized_operations=False)
        group = self.ask(self.coordinator, ApiKey.SHARE_GROUP_DESCRIBE, body).groups[0]
        members = [
            (
                member.member_epoch,
                [number for topic in member.assignment.topic_partitions for number in topic.partitions],
            )
            for member in group.members
        ]
        return group.group_state, group.group_epoch, group.assignment_epoch, members

    def offsets(self) -> list[tuple[int, int, int]]:
        """Partition, start offset and lag."""
        asked = describing.DescribeShareGroupOffsetsRequestGroup(group_id="g", topics=None)
        body = describing.DescribeShareGroupOffsetsRequest(groups=(asked,))
        group = self.ask(self.coordinator, ApiKey.DESCRIBE_SHARE_GROUP_OFFSETS, body).groups[0]
        assert group.error_code is ErrorCode.none
        return [
            (part.partition_index, part.start_offset, part.lag) for topic in group.topics for part in topic.partitions
        ]

    def lag(self) -> int:
        return sum(lag for *_, lag in self.offsets())

    def alter(self, start_offset: int, topic: str = "orders") -> tuple[ErrorCode, list[ErrorCode]]:
        answer = self.ask(self.coordinator, ApiKey.ALTER_SHARE_GROUP_OFFSETS, alteration(start_offset, topic))
        return answer.error_code, [part.error_code for each in answer.responses for part in each.partitions]

    def delivered(self) -> list[tuple[str, int, int]]:
        return [
            (fact.client, fact.first_offset, fact.last_offset)
            for fact in self.take_facts(RecordsDelivered)
            if isinstance(fact, RecordsDelivered)
        ]


def alteration(start_offset: int, topic: str = "orders") -> altering.AlterShareGroupOffsetsRequest:
    part = altering.AlterShareGroupOffsetsRequestPartition(partition_index=0, start_offset=start_offset)
    where = altering.AlterShareGroupOffsetsRequestTopic(topic_name=topic, partitions=(part,))
    return altering.AlterShareGroupOffsetsRequest(group_id="g", topics=(where,))


@pytest.fixture
def room() -> Groups:
    return Groups()


def test_a_partition_is_assigned_once_the_share_coordinator_knows_it(room: Groups) -> None:
    first = room.beat("m1", 0, ("orders",))
    assert (first.error_code, first.member_epoch, first.assignment.topic_partitions) == (ErrorCode.none, 2, ())
    room.run(1)
    second = room.beat("m1", 2)
    assert second.member_epoch == 3
    assert [(topic.topic_id, topic.partitions) for topic in second.assignment.topic_partitions] == [
        (room.topic_id, (0,))
    ]
    assert room.beat("m1", 3).assignment is None
    assert room.described() == ("Stable", 3, 3, [(3, [0])])


def test_several_members_have_one_partition(room: Groups) -> None:
    room.beat("m1", 0, ("orders",))
    room.run(1)
    room.beat("m1", 2)
    joined = room.beat("m2", 0, ("orders",))
    assert [topic.partitions for topic in joined.assignment.topic_partitions] == [(0,)]
    assert room.described() == ("Stable", 4, 4, [(3, [0]), (4, [0])])


@pytest.mark.parametrize(
    ("member", "epoch", "topics", "error"),
    [
        ("", 0, ("orders",), ErrorCode.invalid_request),
        ("m1", 0, None, ErrorCode.invalid_request),
        ("m1", -2, None, ErrorCode.invalid_request),
        ("m1", 9, None, ErrorCode.fenced_member_epoch),
        ("m2", 1, None, ErrorCode.unknown_member_id),
        ("m2", -1, None, ErrorCode.unknown_member_id),
    ],
)
def test_what_is_wrong_with_a_heartbeat_is_said(
    room: Groups, member: str, epoch: int, topics: tuple[str, ...] | None, error: ErrorCode
) -> None:
    room.beat("m1", 0, ("orders",))
    assert room.beat(member, epoch, topics).error_code is error


def test_a_silent_member_is_put_out(room: Groups) -> None:
    room.beat("m1", 0, ("orders",))
    room.run(44)
    assert room.described()[0] == "Stable"
    room.run(2)
    assert room.described() == ("Empty", 3, 2, [])


def test_two_consumers_share_a_partition_and_each_record_goes_to_one(room: Groups) -> None:
    one, other = room.consumer("one", processing_ms=10), room.consumer("other", processing_ms=10)
    room.run(10)
    for number in range(20):
        room.produce(1, f"a{number}", f"b{number}")
        room.run(0.01)
    room.run(3)
    offsets = sorted(offset for _, first, last in room.delivered() for offset in range(first, last + 1))
    assert offsets == list(range(40))
    assert (one.delivered + other.delivered, min(one.delivered, other.delivered) > 0) == (40, True)
    assert room.lag() == 0


def test_a_consumer_that_releases_sees_its_records_again(room: Groups) -> None:
    consumer = room.consumer("one", acknowledgement="explicit", released_percent=100)
    room.run(8)
    room.produce(1, "a")
    room.run(5)
    assert room.delivered() == [("one", 0, 0)] * 5
    assert (consumer.released, room.lag()) == (5, 0)


def test_the_group_goes_on_through_the_crash_of_every_broker_that_matters(room: Groups) -> None:
    room.consumer("one", processing_ms=5)
    room.consumer("other", processing_ms=5)
    room.run(8)
    sent = 0
    for gone in (room.coordinator, room.share_coordinator, 1):
        room.cluster.crash(gone)
        room.run(12)
        image = room.cluster.image.partition("orders", 0)
        assert image is not None
        for _ in range(10):
            room.produce(image.leader, "a", "b")
            sent += 2
        room.run(40)
        room.cluster.start_broker(gone)
        room.run(15)
    room.run(40)
    delivered = [offset for _, first, last in room.delivered() for offset in range(first, last + 1)]
    assert sorted(dict.fromkeys(delivered)) == list(range(sent))
    assert room.lag() == 0


def test_a_consumer_that_is_closed_frees_what_it_holds(room: Groups) -> None:
    slow = room.consumer("slow", processing_ms=60_000)
    room.run(8)
    room.produce(1, "a", "b")
    room.run(1)
    assert slow.held == 2
    room.world.tell_node("slow", Close())
    room.run(1)
    assert "slow" not in room.world.nodes
    assert room.described()[0] == "Empty"
    room.take_facts()
    room.consumer("quick")
    room.run(8)
    (again,) = room.take_facts(RecordsAcquired)
    assert isinstance(again, RecordsAcquired)
    assert again.delivery_count == 2
    assert room.lag() == 0


def test_a_group_that_nobody_joined_begins_nowhere_until_it_is_set_to(room: Groups) -> None:
    room.produce(1, "a", "b", "c")
    assert room.offsets() == []
    assert room.described()[0] == ""
    assert room.alter(1) == (ErrorCode.none, [ErrorCode.none])
    assert room.described() == ("Empty", 1, 1, [])
    room.run(1)
    assert room.offsets() == [(0, 1, 2)]
    assert room.alter(2) == (ErrorCode.none, [ErrorCode.none])
    room.run(1)
    assert (room.offsets(), room.described()) == ([(0, 2, 1)], ("Empty", 1, 1, []))
    room.take_facts()
    room.consumer("one")
    room.run(8)
    assert room.delivered() == [("one", 2, 2)]


def test_a_group_is_not_made_to_begin_with_nothing(room: Groups) -> None:
    assert room.alter(1, topic="nowhere") == (ErrorCode.none, [ErrorCode.unknown_topic_or_partition])
    assert room.described()[0] == ""


def test_a_cluster_is_copied_while_it_asks_where_one_group_stands_and_another_was_refused() -> None:
    room = Groups(partitions=3)
    elsewhere = next(name for name in "abcdef" if room.coordinator_of(name) != room.coordinator)
    assert room.alter(1) == (ErrorCode.none, [ErrorCode.none])
    leader = f"broker-{room.share_coordinator}"
    room.world.freeze(leader)
    asked = [
        describing.DescribeShareGroupOffsetsRequestGroup(group_id=group, topics=None) for group in ("g", elsewhere)
    ]
    number = room.say(
        room.coordinator,
        ApiKey.DESCRIBE_SHARE_GROUP_OFFSETS,
        describing.DescribeShareGroupOffsetsRequest(groups=tuple(asked)),
    )
    room.run(0.2)
    assert number not in room.client.answers
    copy = room.cluster.fork()
    for world in (room.world, copy.world):
        world.thaw(leader)
        world.run_until(world.now_us + 3_000_000)
        client = world.nodes[room.client.name]
        assert [group.error_code for group in client.answers[number].groups] == [  # type: ignore[attr-defined]
            ErrorCode.none,
            ErrorCode.not_coordinator,
        ]


@pytest.mark.parametrize("forgets", [False, True])
def test_a_topic_may_be_deleted_while_its_offsets_are_being_changed(room: Groups, forgets: bool) -> None:
    room.produce(1, "a", "b", "c")
    assert room.alter(1) == (ErrorCode.none, [ErrorCode.none])
    coordinators = (room.coordinator, room.share_coordinator)
    slow = next(f"broker-{number}" for number in (1, 2, 3) if number not in coordinators)
    room.world.freeze(slow)
    if forgets:
        forgetting_orders = forgetting.DeleteShareGroupOffsetsRequestTopic(topic_name="orders")
        body = forgetting.DeleteShareGroupOffsetsRequest(group_id="g", topics=(forgetting_orders,))
        number = room.say(room.coordinator, ApiKey.DELETE_SHARE_GROUP_OFFSETS, body)
    else:
        number = room.say(room.coordinator, ApiKey.ALTER_SHARE_GROUP_OFFSETS, alteration(2))
    room.run(0.2)
    room.delete("orders", by_broker=room.share_coordinator)
    room.run(0.2)
    assert number not in room.client.answers
    room.world.thaw(slow)
    room.run(3)
    answer = room.client.answers[number]
    assert (answer.error_code, [each.topic_name for each in answer.responses]) == (ErrorCode.none, ["orders"])


def test_an_empty_group_can_be_set_to_begin_elsewhere_and_be_deleted(room: Groups) -> None:
    consumer = room.consumer("one")
    room.run(8)
    room.produce(1, "a", "b", "c")
    room.run(2)
    assert room.alter(1) == (ErrorCode.non_empty_group, [])
    room.world.tell_node("one", Close())
    room.run(1)
    assert consumer.delivered == 3
    assert room.alter(1) == (ErrorCode.none, [ErrorCode.none])
    assert room.offsets() == [(0, 1, 2)]
    room.take_facts()
    room.consumer("two")
    room.run(8)
    assert room.delivered() == [("two", 1, 2)]
    room.world.tell_node("two", Close())
    room.run(1)
    listed = room.ask(
        room.coordinator, ApiKey.LIST_GROUPS, ListGroupsRequest(states_filter=(), types_filter=("share",))
    )
    assert [(group.group_id, group.group_type, group.group_state) for group in listed.groups] == [
        ("g", "share", "Empty")
    ]
    deleted = room.ask(room.coordinator, ApiKey.DELETE_GROUPS, DeleteGroupsRequest(groups_names=("g",)))
    assert deleted.results[0].error_code is ErrorCode.none
    listed = room.ask(room.coordinator, ApiKey.LIST_GROUPS, ListGroupsRequest(states_filter=(), types_filter=()))
    assert listed.groups == ()
