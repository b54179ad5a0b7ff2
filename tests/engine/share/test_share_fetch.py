"""Fetching and acknowledging in a share group, in a cluster of three: sessions, locks, and failovers."""

import pytest

from kafkalab.engine.events import (
    LockExpired,
    RecordsAcknowledged,
    RecordsAcquired,
    RecordsArchived,
    RecordsReleased,
    SharePartitionOpened,
    ShareStartOffsetMoved,
    ShareStateLoaded,
)
from kafkalab.engine.share.window import ACCEPT, REJECT, RELEASE, RENEW
from kafkalab.engine.world import World
from kafkalab.wire.errors import ErrorCode
from tests.engine.share.room import ShareRoom


@pytest.fixture
def room() -> ShareRoom:
    room = ShareRoom()
    assert room.begin() is ErrorCode.none
    room.produce(1, "a", "b", "c")
    room.produce(1, "d")
    room.until_opened()
    room.take_facts()
    return room


def test_a_member_is_given_records_and_says_that_it_is_done(room: ShareRoom) -> None:
    answer = room.share_fetch(0)
    assert room.values_of(answer) == ["a", "b", "c", "d"]
    assert room.acquired(1, (0, 3, (ACCEPT,))) == []
    assert room.take_facts(RecordsAcquired, RecordsAcknowledged, ShareStartOffsetMoved) == [
        RecordsAcquired("g", "orders", 0, 1, "test", "m1", 0, 3, 1),
        RecordsAcknowledged("g", "orders", 0, 1, "test", "m1", 0, 3, 1),
        ShareStartOffsetMoved("g", "orders", 0, 1, 4),
    ]
    assert room.summary() == (1, 0, 0, 4)


def test_two_members_share_a_partition(room: ShareRoom) -> None:
    assert room.acquired(0, max_records=1) == [(0, 2, 1)]
    assert room.acquired(0, member="m2") == [(3, 3, 1)]
    assert room.share_acknowledge(1, (3, 3, (ACCEPT,))) == (ErrorCode.none, [ErrorCode.invalid_record_state])
    assert room.share_acknowledge(1, (3, 3, (ACCEPT,)), member="m2") == (ErrorCode.none, [ErrorCode.none])


def test_a_fetch_waits_for_records_and_for_a_release(room: ShareRoom) -> None:
    room.acquired(0)
    assert room.acquired(0, member="m2", max_wait_ms=500) == []
    assert room.share_acknowledge(1, (1, 1, (RELEASE,))) == (ErrorCode.none, [ErrorCode.none])
    assert room.acquired(1, member="m2", max_wait_ms=500) == [(1, 1, 2)]


def test_a_lock_runs_out_after_thirty_seconds(room: ShareRoom) -> None:
    room.acquired(0)
    room.run(29)
    assert room.acquired(0, member="m2") == []
    room.run(2)
    assert room.acquired(1, member="m2") == [(0, 3, 2)]
    assert room.take_facts(LockExpired, RecordsReleased) == [
        LockExpired("g", "orders", 0, 1, "test", "m1", 0, 3),
        RecordsReleased("g", "orders", 0, 1, 0, 3, 1),
    ]


def test_a_renewed_lock_runs_longer(room: ShareRoom) -> None:
    room.acquired(0)
    room.run(20)
    assert room.share_acknowledge(1, (0, 3, (RENEW,)), renew=True) == (ErrorCode.none, [ErrorCode.none])
    room.run(20)
    assert room.acquired(0, member="m2") == []
    room.run(11)
    assert room.acquired(1, member="m2") == [(0, 3, 2)]


def test_a_record_that_is_released_five_times_is_given_up(room: ShareRoom) -> None:
    room.acquired(0)
    assert room.share_acknowledge(1, (1, 3, (ACCEPT,))) == (ErrorCode.none, [ErrorCode.none])
    for epoch in range(2, 6):
        assert room.acquired(epoch, (0, 0, (RELEASE,))) == [(0, 0, epoch)]
    assert room.acquired(6, (0, 0, (RELEASE,))) == []
    assert room.take_facts(RecordsArchived, ShareStartOffsetMoved) == [
        RecordsArchived("g", "orders", 0, 1, 0, 0, 5),
        ShareStartOffsetMoved("g", "orders", 0, 1, 4),
    ]


def test_who_closes_its_session_frees_what_it_holds(room: ShareRoom) -> None:
    room.acquired(0)
    assert room.acquired(-1, (0, 0, (REJECT,))) == []
    assert room.acquired(0, member="m2") == [(1, 3, 2)]


def test_who_loses_its_connection_frees_what_it_holds(room: ShareRoom) -> None:
    room.acquired(0)
    room.world.hang_up("client", "broker-1")
    room.run(1)
    # Nobody of the group is left, so the leader has to ask anew what is remembered.
    assert room.acquired(0, member="m2", max_wait_ms=500) == [(0, 3, 2)]


def test_the_requests_of_a_session_are_numbered(room: ShareRoom) -> None:
    def refusal(epoch: int, member: str = "m1") -> ErrorCode:
        return room.share_fetch(epoch, member=member).error_code

    assert refusal(1, "stranger") is ErrorCode.share_session_not_found
    assert refusal(-1, "stranger") is ErrorCode.share_session_not_found
    assert refusal(0) is ErrorCode.none
    assert refusal(2) is ErrorCode.invalid_share_session_epoch
    assert refusal(1) is ErrorCode.none
    assert room.share_acknowledge(0)[0] is ErrorCode.invalid_share_session_epoch
    assert room.share_acknowledge(1)[0] is ErrorCode.invalid_share_session_epoch
    assert room.share_acknowledge(2)[0] is ErrorCode.none
    assert room.share_acknowledge(2, member="stranger")[0] is ErrorCode.share_session_not_found


def test_only_the_leader_gives_records_out(room: ShareRoom) -> None:
    answer = room.share_fetch(0, broker=2)
    part = answer.responses[0].partitions[0]
    assert (part.error_code, part.current_leader.leader_id) == (ErrorCode.not_leader_or_follower, 1)
    assert [endpoint.node_id for endpoint in answer.node_endpoints] == [1]


def test_the_next_leader_goes_on_where_the_last_one_was(room: ShareRoom) -> None:
    room.acquired(0)
    assert room.share_acknowledge(1, (0, 3, (ACCEPT, RELEASE, ACCEPT, RELEASE))) == (ErrorCode.none, [ErrorCode.none])
    assert room.acquired(2) == [(1, 1, 2), (3, 3, 2)]
    room.cluster.crash(1)
    room.run(12)
    room.until_opened(broker=2)
    # 1 and 3 were out with m1, whom the new leader does not know: what was written down of them counts.
    assert room.acquired(0, member="m2", broker=2) == [(1, 1, 2), (3, 3, 2)]
    assert room.take_facts(SharePartitionOpened) == [SharePartitionOpened("g", "orders", 0, 2, 1, 1)]


def test_the_next_share_coordinator_knows_what_the_last_one_did(room: ShareRoom) -> None:
    room.acquired(0)
    assert room.share_acknowledge(1, (0, 1, (ACCEPT,))) == (ErrorCode.none, [ErrorCode.none])
    before = room.summary()
    coordinator = room.share_coordinator
    assert coordinator == 2
    room.cluster.crash(coordinator)
    room.run(12)
    assert room.share_coordinator != coordinator
    assert room.summary() == before
    assert [fact.records for fact in room.take_facts(ShareStateLoaded)] == [2]
    assert room.share_acknowledge(2, (2, 3, (ACCEPT,))) == (ErrorCode.none, [ErrorCode.none])


def test_an_acknowledgement_waits_for_a_share_coordinator_that_is_gone(room: ShareRoom) -> None:
    room.acquired(0)
    coordinator = room.share_coordinator
    assert coordinator == 2
    room.cluster.crash(coordinator)
    room.client.answers.clear()
    answer = room.share_fetch(1, (0, 3, (ACCEPT,)), within_s=20)
    assert answer.responses[0].partitions[0].acknowledge_error_code == 0
    assert room.summary()[2:] == (0, 4)


def test_a_copy_of_a_world_goes_on_by_itself(room: ShareRoom) -> None:
    room.acquired(0)
    fork: World = room.world.fork()
    room.run(31)
    fork.run_until(room.world.now_us)
    ours, theirs = (world.nodes["broker-1"].share_partitions.known[room.key] for world in (room.world, fork))
    assert ours.window == theirs.window
    assert ours.window is not theirs.window
