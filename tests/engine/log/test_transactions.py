"""What a log knows of transactions: who has one open, how it ended, and whose records are to be left out."""

import pytest

from kafkalab.engine.disk import MemoryDisk
from kafkalab.engine.log import Log
from kafkalab.engine.log.producers import ONGOING, Producer
from kafkalab.engine.log.transactions import (
    AbortedTransaction,
    EndedTransaction,
    Marker,
    TransactionIndex,
    aborted_between,
    marker_batch,
    marker_of,
)
from kafkalab.engine.refused import Refused
from kafkalab.wire.batches import build, header, records
from kafkalab.wire.errors import ErrorCode
from kafkalab.wire.records import Record
from tests.engine.log.building import DIRECTORY, NOW_MS, batch, new_log


def write(
    log: Log, producer: int, sequence: int, *, epoch: int = 0, verified: int | None = None, count: int = 1
) -> int:
    """Transactional records; the first one's offset."""
    data = batch(
        *["x"] * count, producer_id=producer, producer_epoch=epoch, base_sequence=sequence, is_transactional=True
    )
    return log.append_as_leader(data, 0, NOW_MS, verified=verified).first_offset


def end(
    log: Log, producer: int, commit: bool, *, epoch: int = 0, coordinator_epoch: int = 0, version: int = 1
) -> EndedTransaction | None:
    data = marker_batch(producer, epoch, Marker(commit, coordinator_epoch), NOW_MS)
    return log.append_as_leader(data, 0, NOW_MS, check_sequence=False, transaction_version=version).ended


def refusal(ask, *args, **how) -> ErrorCode:  # type: ignore[no-untyped-def]
    with pytest.raises(Refused) as refused:
        ask(*args, **how)
    return refused.value.error_code


def state(log: Log) -> tuple[object, ...]:
    """Everything that is derived from the log."""
    indexes = [(segment.base_offset, segment.transactions.entries) for segment in log.segments]
    return log.producers.by_id, log.producers.open, indexes


def test_a_marker_says_how_and_under_which_coordinator_byte_for_byte_as_kafka_does() -> None:
    data = marker_batch(7, 3, Marker(committed=True, coordinator_epoch=5), NOW_MS)
    marker = header(data)
    assert (marker.is_control, marker.is_transactional, marker.producer_id, marker.producer_epoch) == (True, True, 7, 3)
    assert records(marker) == [Record(0, NOW_MS, bytes.fromhex("0000 0001"), bytes.fromhex("0000 00000005"))]
    assert marker_of(marker) == Marker(committed=True, coordinator_epoch=5)
    assert marker_of(header(marker_batch(7, 3, Marker(False, 5), NOW_MS))) == Marker(False, 5)


def test_a_control_batch_of_another_kind_ends_nothing() -> None:
    new_leader = build([Record(0, NOW_MS, bytes.fromhex("0000 0002"), bytes(8))], producer_id=7, is_control=True)
    assert marker_of(header(new_leader)) is None


def test_a_transaction_is_open_from_its_first_record_to_its_marker() -> None:
    log = new_log()
    assert [write(log, 7, 0, count=2), write(log, 7, 2)] == [0, 2]
    assert (log.producers.open, log.producers.first_unstable(3)) == ({0: 7}, 0)
    assert end(log, 7, commit=True) == EndedTransaction(7, 0, 3, committed=True)
    assert log.producers.open == {}
    # Until the marker is replicated a new leader might not have it.
    assert [log.producers.first_unstable(high_watermark) for high_watermark in (3, 4)] == [0, None]


def test_the_oldest_of_several_transactions_counts() -> None:
    log = new_log()
    write(log, 7, 0)
    write(log, 8, 0)
    end(log, 7, commit=True)
    assert log.producers.first_unstable(2) == 0
    assert log.producers.first_unstable(3) == 1


def test_a_marker_for_nothing_is_written_and_ends_nothing() -> None:
    log = new_log()
    assert end(log, 7, commit=False) is None
    assert (log.end_offset, state(log)[1:]) == (1, ({}, [(0, [])]))


def test_aborted_transactions_are_told_to_whoever_reads_over_them() -> None:
    log = new_log()
    write(log, 7, 0)  # 0
    write(log, 8, 0)  # 1
    end(log, 8, commit=False)  # 2
    log.roll()
    end(log, 7, commit=False)  # 3
    write(log, 8, 1)  # 4
    end(log, 8, commit=True)  # 5
    first, second = AbortedTransaction(8, 1, 2, 0), AbortedTransaction(7, 0, 3, 4)
    assert log.aborted_between(0, 6) == (first, second)
    assert log.aborted_between(0, 1) == (second,)
    assert log.aborted_between(3, 6) == (second,)
    assert log.aborted_between(4, 6) == ()


def test_a_search_ends_where_everything_later_began_later() -> None:
    index, behind = TransactionIndex(), TransactionIndex()
    index.add(AbortedTransaction(1, 0, 5, 6))
    behind.add(AbortedTransaction(2, 3, 9, 10))
    assert aborted_between([index, behind], 0, 6) == (AbortedTransaction(1, 0, 5, 6),)
    assert aborted_between([index, behind], 0, 7) == tuple(index.entries + behind.entries)


def test_an_index_is_34_bytes_an_entry_and_half_of_one_is_not_believed() -> None:
    index, again = TransactionIndex(), TransactionIndex()
    index.add(AbortedTransaction(7, 0, 3, 4))
    data = index.to_bytes()
    assert data == bytes.fromhex("0000" + "%016x" * 4 % (7, 0, 3, 4))
    assert (again.load(data), again.entries) == (True, index.entries)
    assert not again.load(data[:-1])
    assert not again.load(b"\x00\x09" + data[2:])


# -- who may write -----------------------------------------------------------------------------------


def test_a_transaction_does_not_begin_before_its_coordinator_has_agreed() -> None:
    log = new_log()
    assert refusal(write, log, 7, 0, verified=ONGOING) is ErrorCode.invalid_txn_state
    number = log.producers.verify(7, 0, 0, raises_epoch=True, now_ms=NOW_MS)
    assert refusal(write, log, 7, 0, verified=number + 1) is ErrorCode.invalid_txn_state
    assert write(log, 7, 0, verified=number) == 0
    assert log.producers.verify(7, 0, 1, raises_epoch=True, now_ms=NOW_MS) == ONGOING
    assert write(log, 7, 1, verified=ONGOING) == 1


def test_what_the_coordinator_said_of_a_transaction_that_has_ended_meanwhile_does_not_count() -> None:
    log = new_log()
    number = log.producers.verify(7, 0, 0, raises_epoch=False, now_ms=NOW_MS)
    end(log, 7, commit=False)
    assert log.producers.verify(7, 0, 0, raises_epoch=False, now_ms=NOW_MS) != number
    assert refusal(write, log, 7, 0, verified=number) is ErrorCode.invalid_txn_state


def test_a_batch_behind_one_that_still_has_to_be_verified_waits_for_it() -> None:
    log = new_log()
    number = log.producers.verify(7, 0, 0, raises_epoch=False, now_ms=NOW_MS)
    assert log.producers.verify(7, 0, 1, raises_epoch=False, now_ms=NOW_MS) == number
    assert refusal(write, log, 7, 1, verified=number) is ErrorCode.out_of_order_sequence_number
    assert write(log, 7, 0, verified=number) == 0


def test_a_producer_whose_epoch_rises_with_each_transaction_begins_with_sequence_0() -> None:
    log = new_log()
    number = log.producers.verify(7, 0, 5, raises_epoch=True, now_ms=NOW_MS)
    assert refusal(write, log, 7, 5, verified=number) is ErrorCode.out_of_order_sequence_number
    number = log.producers.verify(8, 0, 5, raises_epoch=False, now_ms=NOW_MS)
    assert write(log, 8, 5, verified=number) == 0


def test_nothing_but_its_transaction_may_be_written_by_a_producer_that_has_one_open() -> None:
    log = new_log()
    write(log, 7, 0)
    plain = batch("x", producer_id=7, producer_epoch=0, base_sequence=1)
    assert refusal(log.append_as_leader, plain, 0, NOW_MS) is ErrorCode.invalid_txn_state
    end(log, 7, commit=True)
    assert log.append_as_leader(plain, 0, NOW_MS).first_offset == 2


def test_a_marker_fences_the_epochs_before_its_own() -> None:
    log = new_log()
    write(log, 7, 0)
    end(log, 7, commit=False, epoch=1)
    assert refusal(write, log, 7, 1) is ErrorCode.invalid_producer_epoch
    assert refusal(write, log, 7, 1, epoch=1) is ErrorCode.out_of_order_sequence_number
    assert write(log, 7, 0, epoch=1) == 2
    assert refusal(end, log, 7, commit=False, epoch=0) is ErrorCode.invalid_producer_epoch


def test_of_an_older_epoch_no_coordinator_is_asked() -> None:
    log = new_log()
    write(log, 7, 0)
    end(log, 7, commit=False, epoch=1)
    assert refusal(log.producers.verify, 7, 0, 0, raises_epoch=True, now_ms=NOW_MS) is ErrorCode.invalid_producer_epoch
    assert log.producers.verifications == {}
    assert log.producers.verify(7, 1, 0, raises_epoch=True, now_ms=NOW_MS) != ONGOING


def test_a_late_marker_does_not_end_the_next_transaction() -> None:
    log = new_log()
    write(log, 7, 0)
    assert end(log, 7, commit=True, epoch=1, version=2) == EndedTransaction(7, 0, 1, committed=True)
    # Said again because the answer was lost.
    assert end(log, 7, commit=True, epoch=1, version=2) is None
    write(log, 7, 0, epoch=1)
    assert refusal(end, log, 7, commit=True, epoch=1, version=2) is ErrorCode.invalid_producer_epoch
    assert end(log, 7, commit=True, epoch=2, version=2) == EndedTransaction(7, 3, 4, committed=True)


def test_before_epochs_rose_a_marker_had_that_of_its_transaction() -> None:
    log = new_log()
    write(log, 7, 0)
    assert end(log, 7, commit=True, version=1) == EndedTransaction(7, 0, 1, committed=True)
    assert write(log, 7, 1) == 2


def test_a_coordinator_that_was_replaced_ends_nothing() -> None:
    log = new_log()
    write(log, 7, 0)
    end(log, 7, commit=True, coordinator_epoch=4)
    write(log, 7, 1)
    assert refusal(end, log, 7, commit=False, coordinator_epoch=3) is ErrorCode.transaction_coordinator_fenced
    assert end(log, 7, commit=True, coordinator_epoch=4) == EndedTransaction(7, 2, 3, committed=True)


# -- and after what happens to logs ----------------------------------------------------------------------


def history(log: Log, roll_behind: tuple[int, ...] = ()) -> None:
    """Two aborted transactions, a committed one, and one that stays open."""
    steps = [
        lambda: write(log, 7, 0, count=2),
        lambda: write(log, 8, 0),
        lambda: end(log, 7, commit=False, epoch=1),
        lambda: write(log, 9, 0),
        lambda: end(log, 9, commit=False, epoch=1, coordinator_epoch=2),
        lambda: write(log, 7, 0, epoch=1),
        lambda: end(log, 8, commit=True, epoch=1),
    ]
    for number, step in enumerate(steps):
        step()
        if number in roll_behind:
            log.roll()


ABORTED = [AbortedTransaction(7, 0, 3, 2), AbortedTransaction(9, 4, 5, 2)]


def told(log: Log) -> tuple[object, ...]:
    entries = [entry for segment in log.segments for entry in segment.transactions.entries]
    producers = {
        number: (each.epoch, each.coordinator_epoch, each.transaction_start)
        for number, each in sorted(log.producers.by_id.items())
    }
    return entries, log.producers.open, producers


def test_a_log_tells_what_happened() -> None:
    log = new_log()
    history(log)
    assert told(log) == (ABORTED, {6: 7}, {7: (1, 0, 6), 8: (1, 0, None), 9: (1, 2, None)})
    assert log.producers.by_id[9] == Producer(1, [], 2, NOW_MS, None)


@pytest.mark.parametrize("clean", [True, False])
@pytest.mark.parametrize("roll_behind", [(), (0,), (1, 3), (2,), (0, 1, 2, 3, 4, 5, 6), (6,)])
def test_all_of_it_outlives_a_restart(clean: bool, roll_behind: tuple[int, ...]) -> None:
    disk = MemoryDisk()
    log = new_log(disk)
    history(log, roll_behind)
    log.close(clean)
    again = new_log(disk)
    assert state(again) == state(log)
    assert again.aborted_between(0, again.end_offset) == tuple(ABORTED)
    assert end(again, 7, commit=True, epoch=2, version=2) == EndedTransaction(7, 6, 8, committed=True)


@pytest.mark.parametrize("lost", [".index", ".timeindex", ".txnindex", ".snapshot"])
@pytest.mark.parametrize("clean", [True, False])
def test_it_is_read_from_the_batches_where_files_are_gone(lost: str, clean: bool) -> None:
    disk = MemoryDisk()
    log = new_log(disk)
    history(log, (2, 4))
    log.close(clean)
    for path in disk.names():
        if path.endswith(lost):
            disk.write_whole(path, b"\x00") if lost == ".txnindex" else disk.delete(path)
    assert state(new_log(disk)) == state(log)


def test_a_follower_learns_the_same() -> None:
    leader, follower = new_log(), new_log()
    history(leader)
    follower.append_as_follower(leader.read(0, 1 << 20))
    assert state(follower) == state(leader)


@pytest.mark.parametrize("roll_behind", [(), (1,), (2, 4)])
@pytest.mark.parametrize("at", range(9))
def test_what_is_cut_off_never_happened(at: int, roll_behind: tuple[int, ...]) -> None:
    log, other = new_log(), new_log()
    history(log, roll_behind)
    kept = log.truncate_to(at)
    data = log.read(0, 1 << 20, min_one_batch=False)
    while data:
        other.append_as_follower(data)
        data = log.read(other.end_offset, 1 << 20)
    assert (kept, told(log)) == (other.end_offset, told(other))


def test_an_index_goes_with_its_segment() -> None:
    disk = MemoryDisk()
    log = new_log(disk, retention_ms=1)
    history(log, (2, 6))
    assert [path for path in disk.names() if path.endswith(".txnindex")] == [
        f"{DIRECTORY}/{0:020d}.txnindex",
        f"{DIRECTORY}/{4:020d}.txnindex",
    ]
    log.apply_retention(NOW_MS + 10_000, 8)
    assert ([path for path in disk.names() if path.endswith(".txnindex")], log.aborted_between(8, 9)) == ([], ())


def test_a_producer_with_a_transaction_is_not_forgotten() -> None:
    log = new_log(retention_ms=-1)
    history(log)
    log.apply_retention(NOW_MS + 10 * 86_400_000, log.end_offset)
    assert list(log.producers.by_id) == [7]


def test_what_nobody_can_read_any_more_is_forgotten_with_everything() -> None:
    log = new_log()
    history(log)
    log.truncate_fully(20)
    assert told(log) == ([], {}, {})
