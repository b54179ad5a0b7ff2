"""Consumer groups of KIP-848 on one shard: epochs, targets, and members on their way without a barrier."""

from typing import Any

from kafkalab.engine.coordinators.assignors import encode_assignment
from kafkalab.engine.coordinators.modern.member import MemberState
from kafkalab.engine.coordinators.records import decode, encode
from kafkalab.engine.coordinators.shard import Shard
from kafkalab.wire.errors import ErrorCode
from tests.engine.coordinators.room import Room, stable_pair


def told(answer: Any) -> tuple[int, list[int] | None]:
    """A heartbeat's answer: the member's epoch, and the partitions it may use; None if nothing is new."""
    assert answer.error_code is ErrorCode.none, answer
    if answer.assignment is None:
        return answer.member_epoch, None
    return answer.member_epoch, [number for topic in answer.assignment.topic_partitions for number in topic.partitions]


def test_the_first_member_gets_everything_with_the_answer_to_its_first_heartbeat() -> None:
    room = Room()
    assert told(room.enter("a")) == (2, [0, 1, 2, 3])
    assert (room.consumers.epoch, room.consumers.assignment_epoch, room.consumers.state) == (2, 2, "Stable")
    assert told(room.beat("a", 2)) == (2, None)


def test_a_newcomer_waits_only_for_what_is_being_given_up_and_nobody_else_waits_at_all() -> None:
    room = Room()
    room.enter("a")
    room.after(2)
    assert told(room.enter("b")) == (3, [])
    assert room.consumers.members["b"].has.state is MemberState.UNRELEASED_PARTITIONS
    assert told(room.beat("a", 2)) == (2, [0, 1])
    assert room.consumers.members["a"].has.state is MemberState.UNREVOKED_PARTITIONS
    assert told(room.beat("b", 3)) == (3, None)
    assert told(room.beat("a", 2, (0, 1))) == (3, None)
    assert told(room.beat("b", 3)) == (3, [2, 3])
    assert room.consumers.state == "Stable"


def test_targets_are_computed_no_more_often_than_the_assignment_interval() -> None:
    room = Room()
    room.after(1)
    room.enter("a")
    room.after(0.5)
    room.enter("b")
    assert (room.consumers.epoch, room.consumers.assignment_epoch, room.consumers.state) == (3, 2, "Assigning")
    room.after(1)
    room.beat("a", 2)
    assert (room.consumers.epoch, room.consumers.assignment_epoch, room.consumers.state) == (3, 3, "Reconciling")


def test_a_member_that_does_not_give_up_in_time_is_fenced() -> None:
    room = Room()
    room.enter("a", rebalance_ms=20_000)
    room.after(2)
    room.enter("b")
    room.beat("a", 2)
    room.after(19)
    assert told(room.beat("b", 3)) == (3, None)
    room.after(1)
    assert list(room.consumers.members) == ["b"]
    assert room.refusal(room.beat, "a", 2) is ErrorCode.unknown_member_id
    assert told(room.beat("b", 3)) == (4, [0, 1, 2, 3])


def test_a_silent_member_is_gone_after_its_session() -> None:
    room = Room()
    room.enter("a")
    room.after(44)
    assert list(room.consumers.members) == ["a"]
    room.after(1)
    assert (room.consumers.members, room.consumers.epoch, room.consumers.state) == ({}, 3, "Empty")


def test_a_member_whose_answer_was_lost_may_be_one_epoch_behind() -> None:
    room = Room()
    room.enter("a")
    room.after(2)
    room.enter("b")
    room.beat("a", 2)
    room.beat("a", 2, (0, 1))
    assert told(room.beat("a", 2, (0, 1))) == (3, None)
    assert room.refusal(room.beat, "a", 2, (0, 1, 2)) is ErrorCode.fenced_member_epoch
    assert room.refusal(room.beat, "a", 1, (0, 1)) is ErrorCode.fenced_member_epoch
    assert room.refusal(room.beat, "a", 4) is ErrorCode.fenced_member_epoch


def test_a_static_member_that_leaves_for_a_while_finds_its_partitions_again() -> None:
    room = Room()
    room.enter("a", instance_id="one")
    assert room.refusal(room.enter, "a2", instance_id="one") is ErrorCode.unreleased_instance_id
    assert told(room.beat("a", -2, instance_id="one")) == (-2, None)
    assert told(room.enter("a2", instance_id="one")) == (2, [0, 1, 2, 3])
    assert room.consumers.epoch == 2
    assert room.refusal(room.beat, "a", 2, instance_id="one") is ErrorCode.fenced_instance_id


def test_a_regular_expression_is_resolved_after_the_heartbeat_that_brought_it() -> None:
    room = Room()
    assert told(room.enter("a", regex="ord.*")) == (1, [])
    room.after(1)
    assert room.consumers.regexes["ord.*"].topics == ("orders",)
    assert told(room.beat("a", 1)) == (2, [0, 1, 2, 3])
    assert room.refusal(room.enter, "b", regex="(") is ErrorCode.invalid_regular_expression


def test_what_cannot_be_asked_is_refused() -> None:
    room = Room()
    assert room.refusal(room.beat, "a", 0, (), topics=("orders",)) is ErrorCode.invalid_request
    assert room.refusal(room.enter, "", topics=("orders",)) is ErrorCode.invalid_request
    assert room.refusal(room.enter, "a", assignor="mine") is ErrorCode.unsupported_assignor
    assert room.refusal(room.beat, "a", 1) is ErrorCode.group_id_not_found
    assert room.refusal(room.beat, "a", -3) is ErrorCode.invalid_request


def test_a_commit_names_the_members_epoch() -> None:
    room = Room()
    room.enter("a")
    room.after(2)
    room.enter("b")
    room.beat("a", 2)
    room.beat("a", 2, (0, 1))
    assert room.refusal(room.commit, 5, "a", 4) is ErrorCode.stale_member_epoch
    assert room.refusal(room.commit, 5, "nobody", 3) is ErrorCode.unknown_member_id
    # It has had partition 0 since epoch 2, and partition 3 no more.
    room.commit(5, "a", 2)
    assert room.refusal(room.commit, 5, "a", 2, partition=3) is ErrorCode.stale_member_epoch
    assert room.consumers.offsets["orders", 0].offset == 5


def test_the_records_alone_make_the_same_group_again() -> None:
    room = Room()
    room.enter("a", instance_id="one")
    room.after(2)
    room.enter("b", regex="ord.*")
    room.after(2)
    room.beat("a", 2, instance_id="one")
    room.commit(7, "a", 2)
    again = Shard(0, 0)
    for offset, record in enumerate(room.log):
        decoded = decode(*encode(record))
        assert decoded == record
        again.load(offset, decoded)
    again.commit_up_to(len(room.log))
    here = room.consumers
    there = again.groups["g"]
    here.deadlines.clear()
    here.wake_at_us = None
    assert there == here


def test_a_classic_group_becomes_a_consumer_group_while_it_works_and_turns_back() -> None:
    room = Room()
    leader, follower = stable_pair(room)
    room.commit(9, leader, 1)
    assert told(room.enter("new")) == (2, [2, 3])
    assert room.consumers.offsets["orders", 0].offset == 9
    assert {name: it.speaks_classic for name, it in room.consumers.members.items()} == {
        leader: True,
        follower: True,
        "new": False,
    }
    room.beat("new", -1)
    assert (room.group.state, sorted(room.group.members)) == ("PreparingRebalance", sorted((leader, follower)))
    assert room.group.members[leader].assignment == encode_assignment([("orders", 0)])
    assert room.group.offsets["orders", 0].offset == 9


def test_an_empty_group_can_be_deleted_and_leaves_nothing() -> None:
    room = Room()
    room.enter("a")
    assert room.refusal(room.delete) is ErrorCode.non_empty_group
    room.commit(3, "a", 2)
    room.beat("a", -1)
    room.delete()
    assert room.shard.groups == {}
