from kio.schema.join_group.v9.response import JoinGroupResponse, JoinGroupResponseMember

from kafkalab.engine.coordinators.answers import NO_THROTTLE
from kafkalab.engine.coordinators.assignors import Subscription, encode_subscription
from kafkalab.engine.coordinators.classic_group import GroupState
from kafkalab.engine.coordinators.records import GroupMetadata, GroupRecord
from kafkalab.engine.events import GroupStateChanged, MemberJoined, MemberLeft
from kafkalab.wire.errors import ErrorCode
from tests.engine.coordinators.room import RANGE, SUBSCRIBED, Room, stable_pair

ROUND_ROBIN_FIRST = (("roundrobin", SUBSCRIBED), ("range", SUBSCRIBED))
OTHER_TOPIC = (("range", encode_subscription(Subscription(("payments",)))),)


def test_a_new_member_is_told_its_id_and_to_come_back_with_it() -> None:
    room = Room()
    number = room.join(client_id="billing")
    answer = room.answer(number)
    assert answer == JoinGroupResponse(
        throttle_time=NO_THROTTLE,
        error_code=ErrorCode.member_id_required,
        generation_id=-1,
        protocol_type=None,
        protocol_name=None,
        leader="",
        skip_assignment=False,
        member_id=answer.member_id,
        members=(),
    )
    assert answer.member_id.startswith("billing-")
    assert len(answer.member_id) == len("billing-") + 36
    assert room.group.pending_joins == {answer.member_id: 45_000_000}
    assert room.log == [GroupRecord("g", GroupMetadata("", 0, None, None, 0))]


def test_before_version_4_a_new_member_joins_at_once() -> None:
    room = Room()
    number = room.join(version=3)
    assert room.waits(number)
    assert room.group.state == GroupState.PREPARING_REBALANCE


def test_before_version_7_a_protocol_name_is_never_null() -> None:
    room = Room()
    assert room.answer(room.join(version=6)).protocol_name == ""


def test_a_pending_member_lapses_after_its_session_timeout() -> None:
    room = Room()
    room.join(session_ms=10_000)
    room.after(9.9)
    assert len(room.group.pending_joins) == 1
    room.after(0.2)
    assert room.group.pending_joins == {}


def test_an_empty_group_waits_three_seconds_for_more_members() -> None:
    room = Room()
    member_id, number = room.admitted()
    room.after(2.9)
    assert room.waits(number)
    room.after(0.2)
    assert room.answer(number) == JoinGroupResponse(
        throttle_time=NO_THROTTLE,
        error_code=ErrorCode.none,
        generation_id=1,
        protocol_type="consumer",
        protocol_name="range",
        leader=member_id,
        skip_assignment=False,
        member_id=member_id,
        members=(JoinGroupResponseMember(member_id=member_id, group_instance_id=None, metadata=SUBSCRIBED),),
    )
    assert room.events == [
        MemberJoined("g", member_id, "client"),
        GroupStateChanged("g", "Empty", "PreparingRebalance", 0, f"{member_id} joins"),
        GroupStateChanged("g", "PreparingRebalance", "CompletingRebalance", 1, "the join phase is over"),
    ]


def test_each_newcomer_extends_the_first_wait() -> None:
    room = Room()
    _, first = room.admitted()
    room.after(2)
    _, second = room.admitted()
    room.after(2)
    assert room.waits(first)
    room.after(1.9)
    assert room.waits(second)
    room.after(0.2)
    assert (room.answer(first).generation_id, room.answer(second).generation_id) == (1, 1)


def test_the_first_wait_is_extended_no_longer_than_the_rebalance_timeout() -> None:
    room = Room()
    _, first = room.admitted(rebalance_ms=5_000)
    for _ in range(4):
        room.after(1)
        room.admitted(rebalance_ms=5_000)
    room.after(0.9)
    assert room.waits(first)
    room.after(0.2)
    assert room.answer(first).error_code == ErrorCode.none


def test_without_initial_delay_the_first_member_gets_its_generation_at_once() -> None:
    room = Room(group_initial_rebalance_delay_ms=0)
    _, number = room.admitted()
    room.after(0)
    assert room.answer(number).generation_id == 1


def test_only_the_leader_hears_who_the_members_are() -> None:
    room = Room()
    leader, of_leader = room.admitted()
    follower, of_follower = room.admitted()
    room.after(6)
    assert [member.member_id for member in room.answer(of_leader).members] == [leader, follower]
    assert (room.answer(of_follower).leader, room.answer(of_follower).members) == (leader, ())


def test_session_timeouts_have_bounds() -> None:
    room = Room()
    assert room.refusal(room.join, session_ms=5_999) == ErrorCode.invalid_session_timeout
    assert room.refusal(room.join, session_ms=1_800_001) == ErrorCode.invalid_session_timeout


def test_an_unknown_member_id_is_refused() -> None:
    room = Room()
    assert room.refusal(room.join, "nobody") == ErrorCode.unknown_member_id
    assert room.shard.groups == {}
    stable_pair(room)
    assert room.refusal(room.join, "nobody") == ErrorCode.unknown_member_id


def test_a_member_without_common_protocol_or_of_another_type_is_refused() -> None:
    room = Room()
    assert room.refusal(room.join, protocols=()) == ErrorCode.inconsistent_group_protocol
    stable_pair(room)
    strange = (("sticky", SUBSCRIBED),)
    assert room.refusal(room.join, protocols=strange) == ErrorCode.inconsistent_group_protocol
    assert room.refusal(room.join, protocol_type="connect") == ErrorCode.inconsistent_group_protocol


def test_a_group_whose_members_are_gone_while_a_newcomer_is_awaited_takes_any_protocol() -> None:
    room = Room()
    member_ids = stable_pair(room)
    newcomer = room.answer(room.join(session_ms=60_000)).member_id
    room.leave(*((member_id, None) for member_id in member_ids))
    assert (room.group.state, room.group.members) == (GroupState.PREPARING_REBALANCE, {})
    number = room.join(newcomer, protocols=(("sticky", SUBSCRIBED),))
    room.after(60)
    assert (room.answer(number).error_code, room.answer(number).protocol_name) == (ErrorCode.none, "sticky")


def test_a_full_group_takes_no_more() -> None:
    room = Room(group_max_size=2)
    stable_pair(room)
    assert room.answer(room.join()).error_code == ErrorCode.group_max_size_reached


def test_the_protocol_with_most_votes_that_all_speak_wins() -> None:
    room = Room()
    _, first = room.admitted(protocols=RANGE)
    room.admitted(protocols=ROUND_ROBIN_FIRST)
    room.admitted(protocols=ROUND_ROBIN_FIRST)
    room.after(9)
    assert room.answer(first).protocol_name == "range"

    room = Room()
    _, first = room.admitted(protocols=(*RANGE, ("roundrobin", SUBSCRIBED)))
    room.admitted(protocols=ROUND_ROBIN_FIRST)
    room.admitted(protocols=ROUND_ROBIN_FIRST)
    room.after(9)
    assert room.answer(first).protocol_name == "roundrobin"


def test_a_new_member_makes_a_stable_group_rebalance_once_all_have_rejoined() -> None:
    room = Room()
    leader, follower = stable_pair(room)
    newcomer, number = room.admitted()
    assert room.group.state == GroupState.PREPARING_REBALANCE
    room.join(follower)
    assert room.waits(number)
    last = room.join(leader)
    assert (room.answer(last).generation_id, room.answer(last).leader) == (2, leader)
    assert list(room.group.members) == [leader, follower, newcomer]


def test_who_does_not_rejoin_within_the_rebalance_timeout_is_thrown_out() -> None:
    room = Room()
    leader, follower = stable_pair(room, rebalance_ms=30_000, session_ms=60_000)
    newcomer, number = room.admitted(rebalance_ms=30_000)
    room.join(follower, rebalance_ms=30_000, session_ms=60_000)
    room.after(29.9)
    assert room.waits(number)
    room.after(0.2)
    assert (room.answer(number).leader, list(room.group.members)) == (follower, [follower, newcomer])
    assert MemberLeft("g", leader, "it did not rejoin in time") in room.events


def test_a_member_that_never_gets_its_first_generation_is_dropped_after_five_minutes() -> None:
    room = Room()
    stable_pair(room, rebalance_ms=600_000, session_ms=1_800_000)
    newcomer, number = room.admitted(rebalance_ms=600_000)
    room.after(301)
    assert (room.answer(number).error_code, room.answer(number).member_id) == (ErrorCode.unknown_member_id, "")
    assert MemberLeft("g", newcomer, "it never got its first generation") in room.events


def test_a_leader_that_rejoins_a_stable_group_makes_it_rebalance() -> None:
    room = Room()
    leader, _ = stable_pair(room)
    room.join(leader)
    assert room.states[-1] == ("PreparingRebalance", f"its leader {leader} asks for it")


def test_a_follower_that_rejoins_a_stable_group_unchanged_gets_the_generation_as_it_is() -> None:
    room = Room()
    leader, follower = stable_pair(room)
    answer = room.answer(room.join(follower))
    assert (answer.error_code, answer.generation_id, answer.leader, answer.members) == (ErrorCode.none, 1, leader, ())
    assert room.group.state == GroupState.STABLE


def test_a_follower_that_wants_other_topics_makes_a_stable_group_rebalance() -> None:
    room = Room()
    _, follower = stable_pair(room)
    room.join(follower, protocols=OTHER_TOPIC)
    assert room.states[-1] == ("PreparingRebalance", f"{follower} changed what it wants")


def test_while_completing_an_unchanged_member_gets_the_answer_again_and_a_changed_one_a_rebalance() -> None:
    room = Room()
    leader, _ = room.admitted()
    follower, _ = room.admitted()
    room.after(6)
    again = room.answer(room.join(leader))
    assert (again.generation_id, [member.member_id for member in again.members]) == (1, [leader, follower])
    assert room.group.state == GroupState.COMPLETING_REBALANCE
    room.join(follower, protocols=OTHER_TOPIC)
    assert room.group.state == GroupState.PREPARING_REBALANCE
