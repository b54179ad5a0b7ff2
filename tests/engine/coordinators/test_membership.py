from kio.schema.sync_group.v5.response import SyncGroupResponse

from kafkalab.engine.coordinators.answers import NO_THROTTLE
from kafkalab.engine.coordinators.assignors import encode_assignment
from kafkalab.engine.coordinators.classic_group import GroupState
from kafkalab.engine.coordinators.records import GroupMetadata, GroupRecord, MemberMetadata
from kafkalab.engine.events import GroupAssigned, MemberLeft
from kafkalab.wire.errors import ErrorCode
from tests.engine.coordinators.room import SUBSCRIBED, Room, stable_pair

ORDERS_0, ORDERS_1 = encode_assignment([("orders", 0)]), encode_assignment([("orders", 1)])


def completing_pair(room: Room) -> tuple[str, str]:
    """A leader and a follower that have joined generation 1 and not asked for their assignment."""
    leader, _ = room.admitted()
    follower, _ = room.admitted()
    room.after(6)
    return leader, follower


def synced(assignment: bytes) -> SyncGroupResponse:
    return SyncGroupResponse(
        throttle_time=NO_THROTTLE,
        error_code=ErrorCode.none,
        protocol_type="consumer",
        protocol_name="range",
        assignment=assignment,
    )


# -- SyncGroup ---------------------------------------------------------------------------------------


def test_followers_wait_for_the_leaders_assignment_and_everybody_for_its_replication() -> None:
    room = Room()
    leader, follower = completing_pair(room)
    room.commits_at_once = False
    of_follower = room.sync(follower, 1)
    assert room.waits(of_follower)
    of_leader = room.sync(leader, 1, {leader: ORDERS_0, follower: ORDERS_1})
    assert room.waits(of_leader)
    assert room.group.state == GroupState.COMPLETING_REBALANCE
    room.replicate()
    assert room.answer(of_leader) == synced(ORDERS_0)
    assert room.answer(of_follower) == synced(ORDERS_1)
    assert room.states[-1] == ("Stable", "the leader's assignment is stored")
    assert GroupAssigned("g", 1, leader) in room.events


def test_the_generation_is_on_record_with_its_assignment() -> None:
    room = Room()
    leader, follower = stable_pair(room)

    def stored(member_id: str, client_id: str, assignment: bytes) -> MemberMetadata:
        return MemberMetadata(member_id, None, client_id, "/127.0.0.1", 300_000, 45_000, SUBSCRIBED, assignment)

    members = (stored(leader, "leader", ORDERS_0), stored(follower, "follower", ORDERS_1))
    assert room.log[-1] == GroupRecord("g", GroupMetadata("consumer", 1, "range", leader, 6_000, members))


def test_in_a_stable_group_a_member_gets_its_stored_assignment() -> None:
    room = Room()
    _, follower = stable_pair(room)
    assert room.answer(room.sync(follower, 1)) == synced(ORDERS_1)


def test_whom_the_leader_leaves_out_gets_nothing() -> None:
    room = Room()
    leader, follower = completing_pair(room)
    number = room.sync(follower, 1)
    room.sync(leader, 1, {leader: ORDERS_0})
    assert room.answer(number) == synced(b"")


def test_sync_is_refused_while_members_join() -> None:
    room = Room()
    leader, _ = stable_pair(room)
    room.admitted()
    assert room.refusal(room.sync, leader, 1) == ErrorCode.rebalance_in_progress


def test_sync_of_another_generation_member_or_protocol_is_refused() -> None:
    room = Room()
    assert room.refusal(room.sync, "nobody", 1) == ErrorCode.unknown_member_id
    leader, _ = completing_pair(room)
    assert room.refusal(room.sync, "nobody", 1) == ErrorCode.unknown_member_id
    assert room.refusal(room.sync, leader, 2) == ErrorCode.illegal_generation
    assert room.refusal(room.sync, leader, 1, protocol="sticky") == ErrorCode.inconsistent_group_protocol
    assert room.refusal(room.sync, leader, 1, protocol_type="connect") == ErrorCode.inconsistent_group_protocol
    assert room.refusal(room.sync, leader, 1, protocol=None) == ErrorCode.inconsistent_group_protocol


def test_before_version_5_a_member_need_not_name_its_protocol() -> None:
    room = Room()
    leader, _ = completing_pair(room)
    number = room.sync(leader, 1, {leader: ORDERS_0}, protocol=None, protocol_type=None, version=4)
    assert room.answer(number) == synced(ORDERS_0)


def test_who_waits_for_an_assignment_is_sent_to_join_again_when_a_rebalance_begins() -> None:
    room = Room()
    _, follower = completing_pair(room)
    number = room.sync(follower, 1)
    room.admitted()
    assert room.answer(number).error_code == ErrorCode.rebalance_in_progress


def test_who_does_not_sync_within_the_rebalance_timeout_is_thrown_out() -> None:
    room = Room()
    leader, _ = room.admitted(rebalance_ms=20_000)
    follower, _ = room.admitted(rebalance_ms=20_000)
    room.after(6)
    number = room.sync(leader, 1, {leader: ORDERS_0})
    assert room.answer(number) == synced(ORDERS_0)
    room.after(19.9)
    assert room.group.state == GroupState.STABLE
    room.after(0.2)
    assert room.group.state == GroupState.PREPARING_REBALANCE
    assert MemberLeft("g", follower, "it did not ask for its assignment in time") in room.events


def test_an_assignment_that_cannot_be_stored_makes_everybody_join_again() -> None:
    room = Room()
    leader, follower = completing_pair(room)
    room.commits_at_once = False
    of_follower = room.sync(follower, 1)
    of_leader = room.sync(leader, 1, {leader: ORDERS_0, follower: ORDERS_1})
    room.fail_writes(ErrorCode.not_enough_replicas)
    errors = [room.answer(number).error_code for number in (of_leader, of_follower)]
    assert errors == [ErrorCode.coordinator_not_available] * 2
    assert room.group.state == GroupState.PREPARING_REBALANCE


def test_an_assignment_that_is_stored_too_late_is_not_given_out() -> None:
    room = Room()
    leader, follower = completing_pair(room)
    room.commits_at_once = False
    number = room.sync(leader, 1, {leader: ORDERS_0, follower: ORDERS_1})
    room.join(follower, protocols=(("range", b"\x00\x00changed"),))
    assert room.answer(number).error_code == ErrorCode.rebalance_in_progress
    room.replicate()
    assert room.group.state == GroupState.PREPARING_REBALANCE


# -- Heartbeat ---------------------------------------------------------------------------------------


def test_a_heartbeat_is_fine_while_completing_and_when_stable() -> None:
    room = Room()
    leader, follower = completing_pair(room)
    assert room.heartbeat(leader, 1) == ErrorCode.none
    room.sync(follower, 1)
    room.sync(leader, 1, {})
    assert room.heartbeat(leader, 1) == ErrorCode.none


def test_a_heartbeat_while_members_join_says_so_and_counts() -> None:
    room = Room()
    leader, _ = stable_pair(room)
    room.admitted()
    room.after(40)
    assert room.heartbeat(leader, 1) == ErrorCode.rebalance_in_progress
    room.after(40)
    assert leader in room.group.members


def test_a_heartbeat_of_another_generation_or_member_is_refused() -> None:
    room = Room()
    assert room.refusal(room.heartbeat, "nobody", 1) == ErrorCode.unknown_member_id
    leader, _ = stable_pair(room)
    assert room.refusal(room.heartbeat, leader, 0) == ErrorCode.illegal_generation
    assert room.refusal(room.heartbeat, "nobody", 1) == ErrorCode.unknown_member_id


def test_a_member_that_is_not_heard_of_is_thrown_out_and_the_others_rebalance() -> None:
    room = Room()
    leader, follower = stable_pair(room)
    room.after(44)
    room.heartbeat(leader, 1)
    room.after(1.1)
    assert list(room.group.members) == [leader]
    assert room.states[-1] == ("PreparingRebalance", f"{follower} is gone: its session timed out")
    number = room.join(leader)
    assert (room.answer(number).generation_id, room.group.state) == (2, GroupState.COMPLETING_REBALANCE)


def test_a_member_that_waits_for_us_does_not_time_out() -> None:
    room = Room()
    leader, follower = stable_pair(room)
    room.admitted()
    number = room.join(follower)
    for _ in range(5):
        room.after(40)
        room.heartbeat(leader, 1)
    assert room.waits(number)
    assert follower in room.group.members
    room.join(leader)
    room.after(46)
    assert follower not in room.group.members


def test_a_group_whose_members_all_time_out_becomes_empty() -> None:
    room = Room()
    stable_pair(room)
    room.after(60)
    assert (room.group.state, room.group.generation, room.group.members) == (GroupState.EMPTY, 2, {})
    assert room.log[-1] == GroupRecord("g", GroupMetadata("consumer", 2, None, None, 51_000))


# -- LeaveGroup --------------------------------------------------------------------------------------


def test_a_member_that_leaves_makes_the_others_rebalance() -> None:
    room = Room()
    leader, follower = stable_pair(room)
    assert room.leave((leader, None)) == [ErrorCode.none]
    assert (room.group.state, room.group.leader) == (GroupState.PREPARING_REBALANCE, follower)
    assert MemberLeft("g", leader, "it said goodbye") in room.events


def test_the_last_one_to_leave_empties_the_group() -> None:
    room = Room()
    leader, follower = stable_pair(room)
    assert room.leave((leader, None), (follower, None)) == [ErrorCode.none, ErrorCode.none]
    assert room.states[-1] == ("Empty", "its last member is gone")


def test_one_that_leaves_while_others_wait_for_it_lets_them_go_on() -> None:
    room = Room()
    leader, follower = stable_pair(room)
    number = room.join(leader)
    room.leave((follower, None))
    assert room.answer(number).generation_id == 2


def test_a_pending_member_may_leave() -> None:
    room = Room()
    member_id = room.answer(room.join()).member_id
    assert room.leave((member_id, None)) == [ErrorCode.none]
    assert room.group.pending_joins == {}


def test_who_is_not_in_the_group_cannot_leave_it() -> None:
    room = Room()
    assert room.leave(("nobody", None)) == [ErrorCode.unknown_member_id]
    stable_pair(room)
    assert room.leave(("nobody", None), ("", None)) == [ErrorCode.unknown_member_id] * 2
    assert room.group.state == GroupState.STABLE
