"""After a crash: every whole batch is there, what is torn is cut and told, and the log goes on."""

from copy import deepcopy
from pathlib import Path
from random import Random

import pytest

from kafkalab.engine.disk import FileDisk, MemoryDisk
from kafkalab.engine.log import Log
from tests.engine.log.building import DIRECTORY, NOW_MS, append, contents, from_producer, new_log, segment_bases

LAST = f"{DIRECTORY}/{0:020d}.log"


def crashed() -> tuple[MemoryDisk, int]:
    """A log of [0, 2), [2, 4), [4, 6) that was not closed, and where its last batch begins."""
    disk = MemoryDisk()
    log = new_log(disk)
    append(log, "a", "b", epoch=0)
    append(log, "c", "d", epoch=1)
    position = log.size
    append(log, "e", "f", epoch=2)
    return disk, position


WHOLE, LAST_BATCH_AT = crashed()
SIZE = WHOLE.size(LAST)


@pytest.mark.parametrize("size", range(LAST_BATCH_AT, SIZE))
def test_a_tail_torn_at_any_byte_is_cut_behind_the_last_whole_batch(size: int) -> None:
    disk = deepcopy(WHOLE)
    disk.truncate(LAST, size)
    log = new_log(disk)
    assert (contents(log), log.recovered_bytes) == (
        [(0, "a"), (1, "b"), (2, "c"), (3, "d")],
        size - LAST_BATCH_AT,
    )
    assert (disk.size(LAST), log.epochs.entries) == (LAST_BATCH_AT, [(0, 0), (1, 2)])
    append(log, "g", epoch=3)
    assert contents(log)[-1] == (4, "g")
    assert contents(new_log(disk)) == contents(log)


@pytest.mark.parametrize("at", range(LAST_BATCH_AT + 16, SIZE))
def test_a_tail_with_a_wrong_byte_is_cut_too(at: int) -> None:
    disk = deepcopy(WHOLE)
    data = disk.read_whole(LAST)
    disk.truncate(LAST, at)
    disk.append(LAST, bytes([data[at] ^ 1]) + data[at + 1 :])
    log = new_log(disk)
    assert (log.end_offset, log.recovered_bytes) == (4, SIZE - LAST_BATCH_AT)


def test_zeros_that_a_file_system_left_are_cut() -> None:
    disk = deepcopy(WHOLE)
    disk.append(LAST, bytes(500))
    log = new_log(disk)
    assert (log.end_offset, log.recovered_bytes) == (6, 500)


def test_a_log_that_was_closed_opens_without_a_check() -> None:
    disk = MemoryDisk()
    log = new_log(disk)
    append(log, "a")
    append(log, "b")
    log.close()
    data = disk.read_whole(LAST)
    disk.truncate(LAST, len(data) - 1)
    disk.append(LAST, b"?")
    # Nobody looked at the damaged byte; without the mark it is found.
    assert (new_log(disk).recovered_bytes, new_log(disk).recovered_bytes) == (0, len(data) // 2)


def test_the_mark_of_a_good_end_counts_for_one_start_and_for_those_files() -> None:
    disk = MemoryDisk()
    log = new_log(disk)
    append(log, "a")
    log.close()
    disk.append(LAST, b"torn")
    again = new_log(disk)
    assert (again.recovered_bytes, contents(again)) == (4, [(0, "a")])
    assert not [path for path in disk.names() if "clean" in path]


@pytest.mark.parametrize("clean", [True, False])
def test_everything_is_as_it_was_before(clean: bool) -> None:
    disk = MemoryDisk()
    log = new_log(disk, segment_bytes=300, index_interval_bytes=50)
    for number in range(20):
        append(log, f"record {number}", epoch=number // 7, at_ms=1000 + number % 5)
    log.advance_start(6)
    log.close(clean)
    again = new_log(disk, segment_bytes=300, index_interval_bytes=50)

    def state(log: Log) -> object:
        segments = [
            (each.base_offset, each.end_offset, each.size, each.largest_timestamp, each.offsets.to_bytes())
            for each in log.segments
        ]
        return log.start_offset, log.end_offset, log.size, log.epochs.entries, segments, contents(log)

    assert state(again) == state(log)


def test_indexes_that_are_lost_or_wrong_are_made_anew() -> None:
    disk = MemoryDisk()
    log = new_log(disk, segment_bytes=300, index_interval_bytes=50)
    for number in range(20):
        append(log, f"record {number}")
    log.close()
    before = {path: disk.read_whole(path) for path in disk.names() if path.endswith("index")}
    for count, path in enumerate(before):
        disk.write_whole(path, [b"", b"\xff" * 16, before[path][:-3]][count % 3])
        if count % 4 == 0:
            disk.delete(path)
    again = new_log(disk, segment_bytes=300, index_interval_bytes=50)
    assert contents(again) == contents(log)


def test_a_tear_in_an_older_segment_ends_the_log_there() -> None:
    disk = MemoryDisk()
    log = new_log(disk, segment_bytes=150)
    for number in range(8):
        append(log, f"record {number}")
    bases = segment_bases(log)
    torn = log.segments[2]
    gone = sum(segment.size for segment in log.segments[3:])
    disk.truncate(torn.path, torn.size - 1)
    again = new_log(disk, segment_bytes=150)
    assert segment_bases(again) == bases[:3]
    assert again.end_offset == torn.end_offset - 1
    assert again.recovered_bytes == gone + log.segments[0].size - 1
    assert [path for path in disk.names() if path.endswith(".log")] == [segment.path for segment in again.segments]


def test_an_older_segment_that_lost_its_last_batch_whole_ends_the_log_too() -> None:
    disk = MemoryDisk()
    log = new_log(disk, segment_bytes=160)
    for number in range(6):
        append(log, f"record {number}")
    disk.truncate(log.segments[1].path, log.segments[1].size // 2)
    assert contents(new_log(disk, segment_bytes=160)) == contents(log)[:3]


def test_what_follows_a_torn_segment_goes_with_its_snapshot_of_producers() -> None:
    disk = MemoryDisk()
    log = new_log(disk, segment_bytes=200)
    for sequence in range(6):
        log.append_as_leader(from_producer(sequence), 0, NOW_MS)
    first, second = log.segments[:2]
    assert disk.exists(f"{second.stem}.snapshot")
    disk.append(first.path, bytes(10))
    again = new_log(disk, segment_bytes=200)
    assert contents(again) == contents(log)[: second.base_offset]
    assert not disk.exists(f"{second.stem}.snapshot")
    # The producer goes on behind its last record that is left.
    assert again.append_as_leader(from_producer(second.base_offset), 0, NOW_MS).first_offset == second.base_offset


@pytest.mark.parametrize("seed", range(30))
def test_after_a_power_cut_the_log_is_a_prefix_that_has_all_that_was_flushed(seed: int) -> None:
    random = Random(seed)
    disk = MemoryDisk()
    log = new_log(disk, segment_bytes=400, index_interval_bytes=50)
    for number in range(random.randrange(1, 30)):
        append(log, *[f"{number}"] * random.randrange(1, 4), epoch=number // 9)
        if random.random() < 0.1:
            log.flush()
    before, flushed = contents(log), log.flushed_offset
    disk.lose_unflushed(random, torn=seed % 2 == 0)
    again = new_log(disk, segment_bytes=400, index_interval_bytes=50)
    after = contents(again)
    assert after == before[: len(after)]
    assert len(after) >= flushed
    assert all(entry.start_offset < again.end_offset for entry in again.epochs.entries)
    append(again, "next", epoch=9)
    assert contents(again) == [*after, (len(after), "next")]


def test_a_start_that_was_moved_up_stays_even_when_the_records_are_lost() -> None:
    disk = MemoryDisk()
    log = new_log(disk)
    for number in range(6):
        append(log, f"{number}")
    log.advance_start(4)
    assert contents(new_log(disk)) == [(4, "4"), (5, "5")]
    disk.truncate(LAST, 10)
    again = new_log(disk)
    assert (again.start_offset, again.end_offset, segment_bases(again)) == (4, 4, [4])


def test_epochs_that_the_checkpoint_lacks_are_read_from_the_batches() -> None:
    disk = deepcopy(WHOLE)
    disk.delete(f"{DIRECTORY}/leader-epoch-checkpoint")
    assert new_log(disk).epochs.entries == [(0, 0), (1, 2), (2, 4)]


def test_an_empty_log_opens_where_it_began() -> None:
    disk = MemoryDisk()
    log = new_log(disk)
    log.truncate_fully(40)
    again = new_log(disk)
    assert (again.start_offset, again.end_offset, contents(again)) == (40, 40, [])


def test_real_files_outlive_the_process(tmp_path: Path) -> None:
    first = FileDisk(tmp_path)
    log = new_log(first, segment_bytes=300)
    for number in range(12):
        append(log, f"record {number}")
    # No close of any kind: as after kill -9.
    second = FileDisk(tmp_path)
    again = new_log(second, segment_bytes=300)
    assert (contents(again), again.recovered_bytes) == (contents(log), 0)
    first.close()
    second.close()


def test_a_large_log_is_checked_in_windows() -> None:
    disk = MemoryDisk()
    log = new_log(disk)
    for size in (10, 300_000, 10, 700_000, 100_000, 200_000, 10):
        append(log, "x" * size)
    last = log.size
    append(log, "x" * 400_000)
    disk.truncate(LAST, log.size - 1)
    again = new_log(disk)
    assert (again.end_offset, again.size) == (7, last)
