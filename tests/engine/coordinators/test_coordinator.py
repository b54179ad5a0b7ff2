"""Groups on real brokers: their records replicate, and another broker takes them over."""

from copy import deepcopy
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from kio.schema.delete_groups.v2.request import DeleteGroupsRequest
from kio.schema.describe_groups.v6.request import DescribeGroupsRequest
from kio.schema.describe_groups.v6.response import DescribedGroup, DescribedGroupMember
from kio.schema.find_coordinator.v6.request import FindCoordinatorRequest
from kio.schema.find_coordinator.v6.response import Coordinator
from kio.schema.heartbeat.v4.request import HeartbeatRequest
from kio.schema.join_group.v9.request import JoinGroupRequest, JoinGroupRequestProtocol
from kio.schema.list_groups.v5.request import ListGroupsRequest
from kio.schema.list_groups.v5.response import ListedGroup
from kio.schema.sync_group.v5.request import SyncGroupRequest, SyncGroupRequestAssignment

from kafkalab.engine.broker.broker import Broker
from kafkalab.engine.coordinators.assignors import encode_assignment
from kafkalab.engine.coordinators.overview import list_groups
from kafkalab.engine.coordinators.records import OFFSETS_TOPIC, OffsetAndMetadata, OffsetRecord, encode
from kafkalab.engine.events import CoordinatorLoaded, CoordinatorUnloaded, MemberLeft
from kafkalab.wire.api import ApiKey
from kafkalab.wire.dialect import (
    OffsetCommitPartition,
    OffsetCommitRequest,
    OffsetCommitTopic,
    OffsetFetchGroup,
    OffsetFetchPartitionResult,
    OffsetFetchRequest,
    OffsetFetchTopic,
)
from kafkalab.wire.errors import ErrorCode
from tests.engine.broker.room import Room
from tests.engine.coordinators.room import SUBSCRIBED

SMALL = {"offsets.topic.num.partitions": "3", "group.initial.rebalance.delay.ms": "0"}
ORDERS_0 = encode_assignment([("orders", 0)])


def find(room: Room, *groups: str, by: int = 1, key_type: int = 0) -> tuple[Coordinator, ...]:
    body = FindCoordinatorRequest(key_type=key_type, coordinator_keys=groups)
    found: tuple[Coordinator, ...] = room.ask(by, ApiKey.FIND_COORDINATOR, body).coordinators
    return found


def ready(**configs: str) -> tuple[Room, int]:
    """Three brokers with a topic and the offsets topic, and the coordinator of group g."""
    room = Room(configs=SMALL | configs)
    room.create((1, 2, 3))
    find(room, "g")
    room.run(2)
    return room, find(room, "g")[0].node_id


def join_request(member_id: str = "") -> JoinGroupRequest:
    return JoinGroupRequest(
        group_id="g",
        session_timeout=timedelta(seconds=45),
        rebalance_timeout=timedelta(seconds=60),
        member_id=member_id,
        protocol_type="consumer",
        protocols=(JoinGroupRequestProtocol(name="range", metadata=SUBSCRIBED),),
    )


def joined(room: Room, broker: int) -> str:
    """One member in a stable group of generation 1, with orders-0."""
    member_id: str = room.ask(broker, ApiKey.JOIN_GROUP, join_request()).member_id
    answer = room.ask(broker, ApiKey.JOIN_GROUP, join_request(member_id))
    assert (answer.error_code, answer.generation_id) == (ErrorCode.none, 1)
    body = SyncGroupRequest(
        group_id="g",
        generation_id=1,
        member_id=member_id,
        protocol_type="consumer",
        protocol_name="range",
        assignments=(SyncGroupRequestAssignment(member_id=member_id, assignment=ORDERS_0),),
    )
    assert room.ask(broker, ApiKey.SYNC_GROUP, body).assignment == ORDERS_0
    return member_id


def heartbeat(room: Room, broker: int, member_id: str) -> ErrorCode:
    body = HeartbeatRequest(group_id="g", generation_id=1, member_id=member_id)
    error: ErrorCode = room.ask(broker, ApiKey.HEARTBEAT, body).error_code
    return error


def commit(room: Room, broker: int, offset: int, member_id: str = "", generation: int = -1) -> ErrorCode:
    topic = OffsetCommitTopic("orders", None, (OffsetCommitPartition(0, offset),))
    body = OffsetCommitRequest("g", generation, member_id, (topic,))
    error: ErrorCode = room.ask(broker, ApiKey.OFFSET_COMMIT, body, within_s=6).topics[0].partitions[0].error_code
    return error


def fetch(room: Room, broker: int) -> Any:
    body = OffsetFetchRequest((OffsetFetchGroup("g", (OffsetFetchTopic("orders", None, (0,)),)),))
    return room.ask(broker, ApiKey.OFFSET_FETCH, body).groups[0]


def another(broker: int) -> int:
    return broker % 3 + 1


# -- FindCoordinator -----------------------------------------------------------------------------------


def test_the_first_to_ask_for_a_coordinator_has_the_offsets_topic_created() -> None:
    room = Room(configs=SMALL)
    assert find(room, "g")[0].error_code == ErrorCode.coordinator_not_available
    room.run(2)
    leader = room.broker(1).metadata.partition(OFFSETS_TOPIC, room.broker(1).groups.partition_for("g")).leader
    assert find(room, "g") == (
        Coordinator(
            key="g", node_id=leader, host="127.0.0.1", port=9091 + leader, error_code=ErrorCode.none, error_message=""
        ),
    )
    assert room.broker(2).metadata.topic_config(OFFSETS_TOPIC)["cleanup.policy"] == "compact"


def test_a_group_without_a_leader_for_its_partition_has_no_coordinator() -> None:
    room, coordinator = ready()
    for broker in (1, 2, 3):
        if broker != coordinator:
            room.cluster.crash(broker)
    room.run(12)
    room.cluster.crash(coordinator)
    room.cluster.start_broker(another(coordinator))
    room.run(12)
    found = find(room, "g", by=another(coordinator))[0]
    assert found.error_code == ErrorCode.coordinator_not_available


def test_share_groups_are_refused_in_a_way_that_is_not_tried_again() -> None:
    room, _ = ready()
    refused = find(room, "basket", key_type=2)[0]
    assert (refused.key, refused.error_code, refused.node_id) == ("basket", ErrorCode.invalid_request, -1)


# -- coordinating --------------------------------------------------------------------------------------


def test_other_brokers_are_not_the_coordinator() -> None:
    room, coordinator = ready()
    other = another(coordinator)
    assert room.ask(other, ApiKey.JOIN_GROUP, join_request()).error_code == ErrorCode.not_coordinator
    assert heartbeat(room, other, "m") == ErrorCode.not_coordinator
    assert commit(room, other, 42) == ErrorCode.not_coordinator
    assert fetch(room, other).error_code == ErrorCode.not_coordinator


def test_a_group_needs_a_name_unless_it_only_stores_offsets() -> None:
    room, _ = ready()
    nameless = JoinGroupRequest(
        group_id="",
        session_timeout=timedelta(seconds=45),
        rebalance_timeout=timedelta(seconds=60),
        member_id="",
        protocol_type="consumer",
        protocols=(),
    )
    assert room.ask(1, ApiKey.JOIN_GROUP, nameless).error_code == ErrorCode.invalid_group_id


def test_a_group_is_described_and_listed() -> None:
    room, coordinator = ready()
    member_id = joined(room, coordinator)
    member = DescribedGroupMember(
        member_id=member_id,
        group_instance_id=None,
        client_id="test",
        client_host="/127.0.0.1",
        member_metadata=SUBSCRIBED,
        member_assignment=ORDERS_0,
    )
    body = DescribeGroupsRequest(groups=("g",), include_authorized_operations=False)
    assert room.ask(coordinator, ApiKey.DESCRIBE_GROUPS, body).groups == (
        DescribedGroup(
            error_code=ErrorCode.none,
            error_message=None,
            group_id="g",
            group_state="Stable",
            protocol_type="consumer",
            protocol_data="range",
            members=(member,),
        ),
    )
    listed = (ListedGroup(group_id="g", protocol_type="consumer", group_state="Stable", group_type="classic"),)
    for states, types, expected in (((), (), listed), (("stable",), ("classic",), listed), (("Empty",), (), ())):
        body = ListGroupsRequest(states_filter=states, types_filter=types)
        assert room.ask(coordinator, ApiKey.LIST_GROUPS, body).groups == expected


def test_a_group_that_does_not_exist_is_dead() -> None:
    room, coordinator = ready()
    body = DescribeGroupsRequest(groups=("g",), include_authorized_operations=False)
    described = room.ask(coordinator, ApiKey.DESCRIBE_GROUPS, body, 5).groups[0]
    assert (described.error_code, described.group_state) == (ErrorCode.none, "Dead")
    described = room.ask(coordinator, ApiKey.DESCRIBE_GROUPS, body, 6).groups[0]
    assert (described.error_code, described.group_state) == (ErrorCode.group_id_not_found, "Dead")


def test_several_groups_are_deleted_with_one_answer() -> None:
    room, coordinator = ready()
    commit(room, coordinator, 42)
    answer = room.ask(coordinator, ApiKey.DELETE_GROUPS, DeleteGroupsRequest(groups_names=("g", "ghosts")))
    results = {result.group_id: result.error_code for result in answer.results}
    assert results["g"] == ErrorCode.none
    assert results["ghosts"] in (ErrorCode.group_id_not_found, ErrorCode.not_coordinator)
    assert room.broker(coordinator).groups.groups == {}


def test_a_silent_member_times_out_by_the_brokers_own_clock() -> None:
    room, coordinator = ready()
    member_id = joined(room, coordinator)
    room.run(44)
    assert heartbeat(room, coordinator, member_id) == ErrorCode.none
    room.run(44)
    assert room.take_facts(MemberLeft) == []
    room.run(2)
    assert room.take_facts(MemberLeft) == [MemberLeft("g", member_id, "its session timed out")]
    assert heartbeat(room, coordinator, member_id) == ErrorCode.unknown_member_id


def test_a_commit_waits_for_replication_and_gives_up_after_five_seconds() -> None:
    room, coordinator = ready(**{"min.insync.replicas": "1"})
    for broker in (1, 2, 3):
        if broker != coordinator:
            room.cluster.freeze(broker)
    assert commit(room, coordinator, 42) == ErrorCode.coordinator_not_available
    assert fetch(room, coordinator).topics[0].partitions == (OffsetFetchPartitionResult(0),)
    room.run(60)
    # The frozen ones have left the ISR, and what was written counts.
    assert fetch(room, coordinator).topics[0].partitions == (OffsetFetchPartitionResult(0, 42),)


# -- failover --------------------------------------------------------------------------------------------


def test_the_next_coordinator_goes_on_with_members_and_offsets() -> None:
    room, coordinator = ready()
    member_id = joined(room, coordinator)
    assert commit(room, coordinator, 42, member_id, 1) == ErrorCode.none
    room.cluster.crash(coordinator)
    room.run(12)
    successor = find(room, "g", by=another(coordinator))[0].node_id
    assert successor != coordinator
    assert fetch(room, successor).topics[0].partitions == (OffsetFetchPartitionResult(0, 42),)
    assert heartbeat(room, successor, member_id) == ErrorCode.none
    group = room.broker(successor).groups.groups["g"]
    assert (group.state, group.generation, group.members[member_id].partitions) == ("Stable", 1, (("orders", 0),))
    room.run(46)
    assert (group.state, group.members) == ("Empty", {})


def test_a_member_that_does_not_find_the_next_coordinator_times_out_there() -> None:
    room, coordinator = ready()
    member_id = joined(room, coordinator)
    room.cluster.crash(coordinator)
    room.run(12)
    successor = find(room, "g", by=another(coordinator))[0].node_id
    assert list(room.broker(successor).groups.groups["g"].members) == [member_id]
    room.run(46)
    assert room.broker(successor).groups.groups["g"].members == {}


def test_offsets_of_a_deleted_topic_are_forgotten_at_once() -> None:
    room, coordinator = ready()
    joined(room, coordinator)
    commit(room, coordinator, 42, *next((m, 1) for m in room.broker(coordinator).groups.groups["g"].members))
    room.delete("orders")
    room.run(1)
    assert room.broker(coordinator).groups.groups["g"].offsets == {}


def test_who_waits_for_an_answer_is_sent_to_the_next_coordinator_when_leadership_moves() -> None:
    room, coordinator = ready(**{"group.initial.rebalance.delay.ms": "30000"})
    member_id = room.ask(coordinator, ApiKey.JOIN_GROUP, join_request()).member_id
    number = room.say(coordinator, ApiKey.JOIN_GROUP, join_request(member_id))
    room.take_facts()
    room.cluster.stop(coordinator)
    room.run(5)
    assert room.client.answers[number].error_code == ErrorCode.not_coordinator
    partition = room.broker(another(coordinator)).groups.partition_for("g")
    moved = [fact.partition for fact in room.take_facts(CoordinatorUnloaded) if fact.broker == coordinator]
    assert partition in moved


def test_the_whole_cluster_may_die_and_groups_come_back() -> None:
    room, coordinator = ready()
    member_id = joined(room, coordinator)
    commit(room, coordinator, 42, member_id, 1)
    for broker in (1, 2, 3):
        room.cluster.crash(broker)
    room.run(1)
    for broker in (1, 2, 3):
        room.cluster.start_broker(broker)
    room.run(30)
    successor = find(room, "g")[0].node_id
    assert fetch(room, successor).topics[0].partitions == (OffsetFetchPartitionResult(0, 42),)
    assert heartbeat(room, successor, member_id) == ErrorCode.none


@dataclass(frozen=True)
class WriteOffsets:
    """Eight hundred offsets of group g with a thousand letters each."""

    partition: int
    first: int

    def fire(self, broker: Broker) -> None:
        stored = (OffsetAndMetadata(self.first + number, metadata="x" * 1_000) for number in range(800))
        records = [encode(OffsetRecord("g", "orders", 0, offset)) for offset in stored]
        broker.append_as_coordinator(OFFSETS_TOPIC, self.partition, records, self)

    def committed(self, broker: Broker) -> None:
        pass

    def failed(self, broker: Broker, error_code: ErrorCode) -> None:
        raise AssertionError(error_code)


@dataclass(frozen=True)
class TakeOverAgain:
    partition: int
    leader_epoch: int

    def fire(self, broker: Broker) -> None:
        broker.groups.on_resign(self.partition)
        broker.groups.on_leader(self.partition, self.leader_epoch)


def test_a_long_log_is_loaded_piece_by_piece() -> None:
    room, coordinator = ready()
    broker = room.broker(coordinator)
    partition = broker.groups.partition_for("g")
    for first in range(0, 3_200, 800):
        room.world.tell_node(broker.name, WriteOffsets(partition, first))
    room.run(3)
    room.take_facts()
    epoch = broker.partitions[OFFSETS_TOPIC, partition].leader_epoch
    room.world.tell_node(broker.name, TakeOverAgain(partition, epoch))
    assert broker.groups.fetch(OffsetFetchGroup("g", None)).error_code == ErrorCode.coordinator_load_in_progress
    assert list_groups(broker, (), ()) == (ErrorCode.coordinator_load_in_progress, ())
    room.run(0.1)
    assert room.take_facts(CoordinatorLoaded) == [CoordinatorLoaded(coordinator, partition, 3_200)]
    assert fetch(room, coordinator).topics[0].partitions == (OffsetFetchPartitionResult(0, 3_199, -1, "x" * 1_000),)


def test_groups_can_be_forked_with_their_world() -> None:
    room, coordinator = ready()
    joined(room, coordinator)
    shards = room.broker(coordinator).groups.shards
    assert deepcopy(shards) == shards


def test_every_partition_of_the_offsets_topic_has_its_coordinator() -> None:
    room, _ = ready()
    loaded = sorted(fact.partition for fact in room.take_facts(CoordinatorLoaded))
    assert loaded == [0, 1, 2]
