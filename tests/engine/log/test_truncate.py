"""Cutting a log: whole batches go, and everything that was derived from them goes along."""

import pytest

from kafkalab.engine.disk import MemoryDisk
from kafkalab.engine.log import Log
from kafkalab.engine.refused import Refused
from tests.engine.log.building import append, contents, new_log, segment_bases

VALUES = [(number, f"{number}") for number in range(12)]


def pairs(disk: MemoryDisk | None = None, **config: object) -> Log:
    """Six batches of two records, two batches a segment."""
    log = new_log(disk, segment_bytes=160, index_interval_bytes=10, **config)
    for number in range(0, 12, 2):
        append(log, f"{number}", f"{number + 1}")
    return log


@pytest.mark.parametrize("offset", range(14))
@pytest.mark.parametrize("restart", [False, True])
def test_the_batch_that_holds_the_offset_goes_with_all_behind_it(offset: int, restart: bool) -> None:
    disk = MemoryDisk()
    log = pairs(disk)
    assert segment_bases(log) == [0, 4, 8]
    end = min(offset - offset % 2, 12)
    assert (log.truncate_to(offset), log.end_offset) == (end, end)
    if restart:
        log = new_log(disk, segment_bytes=160, index_interval_bytes=10)
    assert contents(log) == VALUES[:end]
    append(log, "new", epoch=5)
    assert contents(log) == [*VALUES[:end], (end, "new")]


def test_a_log_cut_below_its_start_starts_there() -> None:
    log = pairs()
    log.advance_start(7)
    log.truncate_to(6)
    assert (log.start_offset, log.end_offset, contents(log)) == (6, 6, [])


def test_a_log_cut_below_its_first_segment_is_empty() -> None:
    log = pairs()
    log.apply_retention(0, 12)
    log.advance_start(8)
    log.apply_retention(0, 12)
    assert segment_bases(log) == [8]
    log.truncate_to(3)
    assert (log.start_offset, log.end_offset, segment_bases(log)) == (3, 3, [3])


def test_everything_goes_and_the_log_starts_elsewhere() -> None:
    disk = MemoryDisk()
    log = pairs(disk)
    log.truncate_fully(100)
    append(log, "first")
    assert contents(log) == contents(new_log(disk)) == [(100, "first")]
    assert [path for path in disk.names() if path.endswith(".log")] == [log.active.path]


def test_times_are_not_found_in_what_was_cut() -> None:
    log = new_log(index_interval_bytes=10)
    for number, at_ms in enumerate((100, 200, 900, 300)):
        append(log, f"{number}", at_ms=at_ms)
    log.truncate_to(2)
    assert (log.active.largest_timestamp, log.offset_for_timestamp(300)) == (200, None)
    append(log, "new", at_ms=250)
    assert log.offset_for_timestamp(201) == (250, 2, 0)


def test_the_start_moves_up_only_and_not_beyond_the_end() -> None:
    log = pairs()
    assert [log.advance_start(offset) for offset in (3, 3, 2, 12)] == [True, False, False, True]
    with pytest.raises(Refused):
        log.advance_start(13)
    assert (log.start_offset, contents(log)) == (12, [])


def test_a_deleted_log_leaves_no_file() -> None:
    disk = MemoryDisk()
    pairs(disk).delete()
    assert disk.names() == []
