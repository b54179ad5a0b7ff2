from uuid import UUID

from kafkalab.engine.controller.metadata import RemoveTopicRecord, TopicRecord
from kafkalab.engine.coordinators.deletion import deleted
from kafkalab.engine.coordinators.offsets import fetch
from kafkalab.engine.coordinators.records import GroupRecord, OffsetAndMetadata, OffsetRecord
from kafkalab.engine.events import GroupDeleted, OffsetCommitted
from kafkalab.wire.dialect import (
    OffsetCommitPartitionResult,
    OffsetCommitResponse,
    OffsetCommitTopicResult,
    OffsetFetchGroup,
    OffsetFetchGroupResult,
    OffsetFetchPartitionResult,
    OffsetFetchTopic,
    OffsetFetchTopicResult,
)
from kafkalab.wire.errors import ErrorCode
from tests.engine.coordinators.room import ORDERS_ID, Room, stable_pair

ALL = OffsetFetchGroup("g", None)
WEEK_S = 7 * 86_400


def result(
    error: ErrorCode = ErrorCode.none, topic: str = "orders", topic_id: UUID | None = None
) -> OffsetCommitResponse:
    return OffsetCommitResponse((OffsetCommitTopicResult(topic, topic_id, (OffsetCommitPartitionResult(0, error),)),))


def fetched(*partitions: OffsetFetchPartitionResult) -> OffsetFetchGroupResult:
    return OffsetFetchGroupResult("g", (OffsetFetchTopicResult("orders", ORDERS_ID, partitions),))


# -- OffsetCommit ------------------------------------------------------------------------------------


def test_a_member_commits_once_the_record_is_replicated() -> None:
    room = Room()
    leader, _ = stable_pair(room)
    room.commits_at_once = False
    number = room.commit(42, leader, 1, metadata="so far")
    assert room.waits(number)
    assert room.group.offsets == {}
    room.replicate()
    assert room.answer(number) == result()
    stored = OffsetAndMetadata(42, 3, "so far", 6_000, -1, ORDERS_ID)
    assert room.group.offsets == {("orders", 0): stored}
    assert room.log[-1] == OffsetRecord("g", "orders", 0, stored)
    assert room.events[-1] == OffsetCommitted("g", "orders", 0, 42)


def test_a_commit_counts_as_a_heartbeat() -> None:
    room = Room()
    leader, _ = stable_pair(room)
    room.after(40)
    room.commit(42, leader, 1)
    room.after(40)
    assert list(room.group.members) == [leader]


def test_while_members_join_the_old_generation_may_still_commit() -> None:
    room = Room()
    leader, _ = stable_pair(room)
    room.admitted()
    assert room.answer(room.commit(42, leader, 1)) == result()


def test_while_completing_nobody_may_commit() -> None:
    room = Room()
    leader, _ = room.admitted()
    room.after(3)
    assert room.refusal(room.commit, 42, leader, 1) == ErrorCode.rebalance_in_progress


def test_a_commit_of_another_generation_or_member_is_refused() -> None:
    room = Room()
    leader, _ = stable_pair(room)
    assert room.refusal(room.commit, 42, leader, 0) == ErrorCode.illegal_generation
    assert room.refusal(room.commit, 42, leader, -1) == ErrorCode.illegal_generation
    assert room.refusal(room.commit, 42, "nobody", 1) == ErrorCode.unknown_member_id


def test_a_commit_without_generation_is_for_groups_without_members() -> None:
    room = Room()
    assert room.answer(room.commit(42)) == result()
    assert (room.group.protocol_type, room.group.state) == (None, "Empty")
    stable_pair(room)
    assert room.refusal(room.commit, 43) == ErrorCode.unknown_member_id


def test_a_commit_for_a_group_that_does_not_exist_is_refused_as_the_version_knows() -> None:
    room = Room()
    assert room.refusal(room.commit, 42, "m", 1, version=9) == ErrorCode.group_id_not_found
    assert room.refusal(room.commit, 42, "m", 1, version=8) == ErrorCode.illegal_generation


def test_text_that_is_too_long_is_refused_for_its_partition() -> None:
    room = Room()
    assert room.answer(room.commit(42, metadata="x" * 4_097)) == result(ErrorCode.offset_metadata_too_large)
    assert room.answer(room.commit(42, metadata="x" * 4_096)) == result()


def test_topics_that_do_not_exist_are_refused_by_name_and_by_id() -> None:
    room = Room()
    unknown = ErrorCode.unknown_topic_or_partition
    assert room.answer(room.commit(42, topic="ghosts")) == result(unknown, "ghosts")
    number = room.commit(42, topic="", topic_id=UUID(int=9), version=10)
    assert room.answer(number) == result(ErrorCode.unknown_topic_id, "", UUID(int=9))
    number = room.commit(42, topic="", topic_id=ORDERS_ID, version=10)
    assert room.answer(number) == result(ErrorCode.none, "orders", ORDERS_ID)


def test_a_commit_that_is_not_replicated_in_time_is_to_be_tried_again() -> None:
    room = Room()
    room.commits_at_once = False
    number = room.commit(42)
    room.fail_writes(ErrorCode.request_timed_out)
    assert room.answer(number) == result(ErrorCode.coordinator_not_available)


# -- OffsetFetch -------------------------------------------------------------------------------------


def test_what_was_never_committed_has_offset_minus_one() -> None:
    room = Room()
    asked = OffsetFetchGroup("g", (OffsetFetchTopic("orders", None, (0, 1)),))
    nothing = fetched(OffsetFetchPartitionResult(0), OffsetFetchPartitionResult(1))
    assert fetch(room.shard.groups, asked, room.image) == nothing
    room.commit(42, metadata="so far")
    committed = OffsetFetchPartitionResult(0, 42, 3, "so far")
    assert fetch(room.shard.groups, asked, room.image) == fetched(committed, OffsetFetchPartitionResult(1))


def test_without_topics_everything_the_group_has_committed_is_answered() -> None:
    room = Room()
    assert fetch(room.shard.groups, ALL, room.image) == OffsetFetchGroupResult("g", ())
    room.commit(42)
    room.commit(7, partition=1)
    both = fetched(OffsetFetchPartitionResult(0, 42, 3), OffsetFetchPartitionResult(1, 7, 3))
    assert fetch(room.shard.groups, ALL, room.image) == both


def test_topics_may_be_asked_for_by_id() -> None:
    room = Room()
    room.commit(42)
    asked = OffsetFetchGroup("g", (OffsetFetchTopic("", ORDERS_ID, (0,)),))
    assert fetch(room.shard.groups, asked, room.image) == fetched(OffsetFetchPartitionResult(0, 42, 3))
    ghost = OffsetFetchGroup("g", (OffsetFetchTopic("", UUID(int=9), (0,)),))
    refused = (OffsetFetchPartitionResult(0, error_code=ErrorCode.unknown_topic_id),)
    unknown = OffsetFetchGroupResult("g", (OffsetFetchTopicResult("", UUID(int=9), refused),))
    assert fetch(room.shard.groups, ghost, room.image) == unknown


def test_a_topic_made_again_starts_without_the_old_ones_offsets() -> None:
    room = Room()
    room.commit(42)
    room.image.replay(RemoveTopicRecord(ORDERS_ID), 1)
    assert fetch(room.shard.groups, ALL, room.image) == OffsetFetchGroupResult("g", ())
    room.image.replay(TopicRecord("orders", UUID(int=8)), 2)
    again = OffsetFetchTopicResult("orders", UUID(int=8), (OffsetFetchPartitionResult(0),))
    assert fetch(room.shard.groups, ALL, room.image) == OffsetFetchGroupResult("g", (again,))


def test_an_offset_that_is_not_replicated_is_not_answered() -> None:
    room = Room()
    room.commit(42)
    room.commits_at_once = False
    room.commit(43)
    assert fetch(room.shard.groups, ALL, room.image) == fetched(OffsetFetchPartitionResult(0, 42, 3))


# -- DeleteGroups ------------------------------------------------------------------------------------


def test_a_deleted_group_leaves_tombstones_for_its_offsets_and_itself() -> None:
    room = Room()
    room.commit(42)
    number = room.delete()
    assert room.answer(number) == deleted({"g": ErrorCode.none})
    assert room.log[-2:] == [OffsetRecord("g", "orders", 0, None), GroupRecord("g", None)]
    assert room.shard.groups == {}
    assert room.events[-1] == GroupDeleted("g")


def test_an_offset_still_on_its_way_is_deleted_with_its_group() -> None:
    room = Room()
    room.commit(42)
    room.commits_at_once = False
    room.commit(7, partition=1)
    room.delete()
    room.replicate()
    assert room.shard.groups == {}


def test_a_group_with_members_cannot_be_deleted_nor_one_that_does_not_exist() -> None:
    room = Room()
    assert room.refusal(room.delete) == ErrorCode.group_id_not_found
    stable_pair(room)
    assert room.refusal(room.delete) == ErrorCode.non_empty_group


# -- retention ---------------------------------------------------------------------------------------


def test_offsets_of_an_empty_group_are_kept_for_seven_days_from_when_it_became_empty() -> None:
    room = Room()
    leader, follower = stable_pair(room)
    room.commit(42, leader, 1)
    room.after(30)
    room.leave((leader, None), (follower, None))
    room.after(WEEK_S - 1)
    room.check_offsets()
    assert ("orders", 0) in room.group.offsets
    room.after(1)
    room.check_offsets()
    assert room.log[-2:] == [OffsetRecord("g", "orders", 0, None), GroupRecord("g", None)]
    assert room.shard.groups == {}


def test_offsets_of_a_simple_group_are_kept_for_seven_days_from_the_commit() -> None:
    room = Room()
    room.commit(42)
    room.after(3_600)
    room.commit(7, partition=1)
    room.after(WEEK_S - 3_600)
    room.check_offsets()
    assert list(room.group.offsets) == [("orders", 1)]
    room.after(3_600)
    room.check_offsets()
    assert room.shard.groups == {}


def test_a_group_at_work_loses_only_offsets_of_topics_that_nobody_wants_any_more() -> None:
    room = Room()
    room.image.replay(TopicRecord("payments", UUID(int=8)), 1)
    leader, follower = stable_pair(room, session_ms=1_800_000)
    room.commit(42, leader, 1)
    room.commit(43, leader, 1, topic="payments")
    for _ in range(WEEK_S // 1_000 + 1):
        room.after(1_000)
        room.heartbeat(leader, 1)
        room.heartbeat(follower, 1)
    room.check_offsets()
    assert list(room.group.offsets) == [("orders", 0)]


def test_versions_2_to_4_may_ask_for_a_retention_of_their_own() -> None:
    room = Room()
    room.commit(42, retention_ms=60_000, version=4)
    room.after(59)
    room.check_offsets()
    assert ("orders", 0) in room.group.offsets
    room.after(1)
    room.check_offsets()
    assert room.shard.groups == {}


def test_an_empty_group_without_offsets_is_forgotten() -> None:
    room = Room()
    leader, follower = stable_pair(room)
    room.leave((leader, None), (follower, None))
    room.check_offsets()
    assert room.shard.groups == {}


def test_offsets_of_a_deleted_topic_are_forgotten_at_the_next_check() -> None:
    room = Room()
    leader, _ = stable_pair(room)
    room.commit(42, leader, 1)
    room.image.replay(RemoveTopicRecord(ORDERS_ID), 1)
    room.check_offsets()
    assert room.log[-1] == OffsetRecord("g", "orders", 0, None)
    assert (room.group.state, room.group.offsets) == ("Stable", {})
