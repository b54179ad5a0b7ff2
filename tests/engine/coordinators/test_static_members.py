from kafkalab.engine.coordinators.assignors import encode_assignment
from kafkalab.engine.coordinators.classic_group import GroupState
from kafkalab.wire.errors import ErrorCode
from tests.engine.coordinators.room import RANGE, SUBSCRIBED, Room


def static_pair(room: Room) -> tuple[str, str]:
    """Instances a (the leader, with orders-0) and b (with orders-1) in a stable group of generation 1."""
    of_a, of_b = room.join(instance_id="a"), room.join(instance_id="b")
    room.after(6)
    a, b = room.answer(of_a).member_id, room.answer(of_b).member_id
    room.sync(b, 1, instance_id="b")
    assignments = {a: encode_assignment([("orders", 0)]), b: encode_assignment([("orders", 1)])}
    room.sync(a, 1, assignments, instance_id="a")
    return a, b


def test_a_static_member_needs_no_second_join_and_is_named_after_its_instance() -> None:
    room = Room()
    number = room.join(instance_id="rack-1")
    assert room.waits(number)
    room.after(3)
    assert room.answer(number).member_id.startswith("rack-1-")


def test_a_static_member_that_comes_back_gets_its_place_without_a_rebalance() -> None:
    room = Room()
    _, old_b = static_pair(room)
    answer = room.answer(room.join(instance_id="b"))
    assert (answer.generation_id, answer.skip_assignment, answer.members) == (1, False, ())
    assert answer.member_id != old_b
    assert room.group.state == GroupState.STABLE
    assert room.group.members[answer.member_id].partitions == (("orders", 1),)
    assert [member.member_id for member in room.log[-1].value.members] == list(room.group.members)


def test_a_leader_that_comes_back_is_told_to_skip_the_assignment() -> None:
    room = Room()
    static_pair(room)
    answer = room.answer(room.join(instance_id="a"))
    assert (answer.skip_assignment, answer.leader, len(answer.members)) == (True, answer.member_id, 2)


def test_before_version_9_a_leader_that_comes_back_is_told_that_its_old_self_leads() -> None:
    room = Room()
    old_a, _ = static_pair(room)
    answer = room.answer(room.join(instance_id="a", version=8))
    assert (answer.skip_assignment, answer.leader, answer.members) == (False, old_a, ())
    assert room.group.leader == answer.member_id


def test_the_old_member_id_of_an_instance_is_fenced() -> None:
    room = Room()
    _, old_b = static_pair(room)
    room.join(instance_id="b")
    assert room.refusal(room.heartbeat, old_b, 1, "b") == ErrorCode.fenced_instance_id
    assert room.refusal(room.join, old_b, instance_id="b") == ErrorCode.fenced_instance_id
    assert room.refusal(room.sync, old_b, 1, instance_id="b") == ErrorCode.fenced_instance_id
    assert room.leave((old_b, "b")) == [ErrorCode.fenced_instance_id]


def test_an_instance_that_nobody_knows_is_unknown() -> None:
    room = Room()
    a, _ = static_pair(room)
    assert room.refusal(room.heartbeat, a, 1, "c") == ErrorCode.unknown_member_id


def test_whoever_still_waits_under_the_old_id_is_told_that_it_is_fenced() -> None:
    room = Room()
    number = room.join(instance_id="a")
    room.join(instance_id="a")
    assert room.answer(number).error_code == ErrorCode.fenced_instance_id


def test_a_static_member_that_comes_back_while_completing_makes_the_group_rebalance() -> None:
    room = Room()
    room.join(instance_id="a")
    room.join(instance_id="b")
    room.after(6)
    room.join(instance_id="b")
    assert room.group.state == GroupState.PREPARING_REBALANCE


def test_a_static_member_whose_protocols_change_the_vote_makes_the_group_rebalance() -> None:
    room = Room()
    both = (*RANGE, ("roundrobin", SUBSCRIBED))
    number = room.join(instance_id="a", protocols=both)
    room.after(3)
    room.sync(room.answer(number).member_id, 1, {}, instance_id="a")
    room.join(instance_id="a", protocols=tuple(reversed(both)))
    # Alone in the group it has rejoined already.
    assert (room.group.state, room.group.generation, room.group.protocol) == ("CompletingRebalance", 2, "roundrobin")


def test_a_static_member_that_does_not_rejoin_is_kept() -> None:
    room = Room()
    a, b = static_pair(room)
    room.join(a, instance_id="a", rebalance_ms=10_000)
    room.join(a, instance_id="a", rebalance_ms=10_000)
    room.group.members[b].expires_at_us = None
    room.after(301)
    assert (list(room.group.members), room.group.generation) == ([a, b], 2)


def test_without_anybody_back_the_join_phase_of_static_members_goes_on() -> None:
    room = Room()
    static_pair(room)
    member_id, _ = room.admitted(session_ms=6_000)
    room.leave((member_id, None))
    assert room.group.state == GroupState.PREPARING_REBALANCE
    for member in room.group.members.values():
        member.expires_at_us = None
    room.after(301)
    assert (room.group.state, room.group.generation) == (GroupState.PREPARING_REBALANCE, 1)


def test_a_static_member_can_be_removed_by_its_instance_id() -> None:
    room = Room()
    a, _ = static_pair(room)
    assert room.leave(("", "b"), ("", "nobody")) == [ErrorCode.none, ErrorCode.unknown_member_id]
    assert list(room.group.members) == [a]


def test_a_static_members_return_that_cannot_be_stored_is_taken_back() -> None:
    room = Room()
    _, old_b = static_pair(room)
    room.commits_at_once = False
    number = room.join(instance_id="b")
    room.fail_writes(ErrorCode.request_timed_out)
    assert room.answer(number).error_code == ErrorCode.coordinator_not_available
    assert room.group.static_members["b"] == old_b
