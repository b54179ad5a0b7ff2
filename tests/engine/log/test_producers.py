"""Idempotent producers: a retry is answered and not written; a gap, or an old epoch, is refused."""

import pytest

from kafkalab.engine.disk import MemoryDisk
from kafkalab.engine.log import Appended, Log
from kafkalab.engine.log.producers import EXPIRES_AFTER_MS, LAST_SEQUENCE, Producers
from kafkalab.engine.refused import Refused
from kafkalab.wire.batches import header
from kafkalab.wire.errors import ErrorCode
from tests.engine.log.building import DIRECTORY, NOW_MS, append, batch, contents, from_producer, new_log


def send(log: Log, data: bytes) -> Appended:
    return log.append_as_leader(data, 0, NOW_MS)


def refusal(log: Log, data: bytes) -> ErrorCode:
    with pytest.raises(Refused) as refused:
        send(log, data)
    return refused.value.error_code


def test_each_of_the_last_five_batches_is_known_when_it_comes_again() -> None:
    log = new_log()
    batches = [from_producer(sequence, count=2) for sequence in range(0, 12, 2)]
    for data in batches:
        send(log, data)
    again = [send(log, data) for data in batches[1:]]
    assert again == [Appended(first, first + 1, 0, NOW_MS + 1, duplicate=True) for first in range(2, 12, 2)]
    assert (log.end_offset, refusal(log, batches[0])) == (12, ErrorCode.out_of_order_sequence_number)


def test_a_gap_in_the_sequence_is_refused() -> None:
    log = new_log()
    send(log, from_producer(0))
    assert refusal(log, from_producer(2)) is ErrorCode.out_of_order_sequence_number
    assert send(log, from_producer(1)).first_offset == 1


def test_part_of_a_known_batch_is_no_duplicate() -> None:
    log = new_log()
    send(log, from_producer(0, count=3))
    assert refusal(log, from_producer(0, count=2)) is ErrorCode.out_of_order_sequence_number
    assert refusal(log, from_producer(1, count=2)) is ErrorCode.out_of_order_sequence_number


def test_an_unknown_producer_may_begin_anywhere() -> None:
    assert send(new_log(), from_producer(41)).duplicate is False


def test_an_older_epoch_is_refused_and_a_newer_one_begins_at_zero() -> None:
    log = new_log()
    send(log, from_producer(0, epoch=1))
    assert refusal(log, from_producer(1, epoch=0)) is ErrorCode.invalid_producer_epoch
    assert refusal(log, from_producer(1, epoch=2)) is ErrorCode.out_of_order_sequence_number
    assert send(log, from_producer(0, epoch=2)).first_offset == 1
    assert refusal(log, from_producer(1, epoch=1)) is ErrorCode.invalid_producer_epoch


def test_sequences_go_on_with_zero_behind_the_last() -> None:
    log = new_log()
    send(log, from_producer(LAST_SEQUENCE - 1, count=2))
    assert send(log, from_producer(0)).first_offset == 2
    other = new_log()
    across = from_producer(LAST_SEQUENCE, count=3)
    send(other, across)
    assert send(other, across).duplicate
    assert refusal(other, from_producer(3)) is ErrorCode.out_of_order_sequence_number
    assert send(other, from_producer(2)).first_offset == 3


def test_producers_do_not_share_sequences() -> None:
    log = new_log()
    offsets = [send(log, from_producer(0, producer_id=producer)).first_offset for producer in (1, 2, 3)]
    assert offsets == [0, 1, 2]


def test_batches_without_a_producer_id_are_never_duplicates() -> None:
    log = new_log()
    assert [send(log, batch("same")).first_offset for _ in range(3)] == [0, 1, 2]
    assert log.producers.by_id == {}


def test_the_cluster_itself_writes_without_a_sequence() -> None:
    log = new_log()
    data = from_producer(5)
    log.append_as_leader(data, 0, NOW_MS, check_sequence=False)
    assert log.append_as_leader(data, 0, NOW_MS, check_sequence=False).first_offset == 1


def test_a_follower_learns_the_same_and_takes_over() -> None:
    leader, follower = new_log(), new_log()
    batches = [from_producer(sequence) for sequence in range(7)]
    for data in batches:
        send(leader, data)
    follower.append_as_follower(leader.read(0, 1 << 20))
    assert follower.producers.by_id == leader.producers.by_id
    assert follower.append_as_leader(batches[4], 1, NOW_MS) == Appended(4, 4, 0, NOW_MS, duplicate=True)
    assert follower.append_as_leader(from_producer(7), 1, NOW_MS).first_offset == 7


@pytest.mark.parametrize("clean", [True, False])
@pytest.mark.parametrize("rolled_after", [0, 3, 6, 8])
def test_the_window_outlives_a_restart(clean: bool, rolled_after: int) -> None:
    disk = MemoryDisk()
    log = new_log(disk)
    batches = [from_producer(sequence) for sequence in range(8)]
    for count, data in enumerate(batches):
        if count == rolled_after:
            log.roll()
        send(log, data)
    log.close(clean)
    again = new_log(disk)
    assert again.producers.by_id == log.producers.by_id
    assert [send(again, data).first_offset for data in batches[3:]] == [3, 4, 5, 6, 7]


def test_what_is_cut_off_is_forgotten() -> None:
    log = new_log()
    for sequence in range(8):
        send(log, from_producer(sequence))
        if sequence == 2:
            log.roll()
    log.truncate_to(6)
    assert refusal(log, from_producer(7)) is ErrorCode.out_of_order_sequence_number
    assert send(log, from_producer(4)) == Appended(4, 4, 0, NOW_MS, duplicate=True)
    assert send(log, from_producer(6)).first_offset == 6
    log.truncate_fully(20)
    assert log.producers.by_id == {}


def test_a_snapshot_of_what_was_lost_is_not_believed() -> None:
    disk = MemoryDisk()
    log = new_log(disk)
    for sequence in range(4):
        send(log, from_producer(sequence))
    log.close()
    disk.truncate(log.active.path, log.size - 1)
    again = new_log(disk)
    assert send(again, from_producer(3)) == Appended(3, 3, log.size // 4)


def test_a_producer_is_forgotten_a_day_after_its_last_record() -> None:
    log = new_log(retention_ms=-1)
    send(log, from_producer(0))
    log.apply_retention(NOW_MS + EXPIRES_AFTER_MS - 1, log.end_offset)
    assert list(log.producers.by_id) == [7]
    log.apply_retention(NOW_MS + EXPIRES_AFTER_MS, log.end_offset)
    assert list(log.producers.by_id) == []


def test_a_damaged_snapshot_is_not_believed() -> None:
    producers = Producers()
    producers.remember(header(from_producer(3, count=2)), 10)
    snapshot = producers.to_bytes()
    damaged = [snapshot[:at] + bytes([snapshot[at] ^ 1]) + snapshot[at + 1 :] for at in range(len(snapshot))]
    torn = [snapshot[:at] for at in range(len(snapshot))]
    assert [Producers().load(data) for data in damaged + torn] == [False] * 2 * len(snapshot)
    again = Producers()
    assert again.load(snapshot)
    assert again.by_id == producers.by_id


def test_only_snapshots_of_segments_stay() -> None:
    disk = MemoryDisk()
    log = new_log(disk)
    append(log, "a", "b")
    log.roll()
    append(log, "c")
    log.close()
    new_log(disk)
    names = [path for path in disk.names() if path.endswith(".snapshot")]
    assert (names, contents(log)) == ([f"{DIRECTORY}/{2:020d}.snapshot"], [(0, "a"), (1, "b"), (2, "c")])
