"""Rolling and retention: when a segment ends, and when it may go."""

from kafkalab.engine.disk import MemoryDisk
from kafkalab.engine.log import Log
from kafkalab.engine.log.retention import DeletedSegment, Reason
from tests.engine.log.building import DIRECTORY, NOW_MS, append, batch, contents, new_log, segment_bases

DAY_MS = 86_400_000


def one_a_segment(*times_ms: int, **config: object) -> Log:
    """A segment for each record."""
    log = new_log(segment_bytes=80, **config)
    for number, at_ms in enumerate(times_ms):
        append(log, f"{number}", at_ms=at_ms)
    assert segment_bases(log) == list(range(len(times_ms)))
    return log


def gone(log: Log, now_ms: int, high_watermark: int | None = None) -> list[tuple[int, Reason]]:
    deleted = log.apply_retention(now_ms, log.end_offset if high_watermark is None else high_watermark)
    return [(segment.base_offset, segment.reason) for segment in deleted]


def test_a_segment_ends_when_the_next_batch_has_no_room() -> None:
    size = len(batch("x"))
    for room, bases in ((3 * size - 1, [0, 2, 4]), (3 * size, [0, 3])):
        log = new_log(segment_bytes=room)
        for _ in range(5):
            append(log, "x")
        assert segment_bases(log) == bases


def test_a_segment_ends_by_the_records_time_and_not_by_the_clock() -> None:
    log = new_log(segment_ms=1000)
    for at_ms in (5000, 6000, 6001, 5500, 7002):
        append(log, "x", at_ms=at_ms)
    assert segment_bases(log) == [0, 2, 4]


def test_a_segment_whose_records_have_no_time_ends_by_the_clock() -> None:
    log = new_log(segment_ms=1000)
    append(log, "x", at_ms=-1)
    append(log, "y", at_ms=-1)
    assert segment_bases(log) == [0]
    log = new_log(log.disk, segment_ms=1000)
    assert segment_bases(log) == [0]


def test_a_segment_ends_when_its_index_is_full() -> None:
    log = new_log(segment_index_bytes=24, index_interval_bytes=0)
    for number in range(6):
        append(log, f"{number}", at_ms=NOW_MS)
    assert segment_bases(log) == [0, 4]


def test_an_empty_segment_is_not_rolled() -> None:
    log = new_log()
    assert (log.roll(), segment_bases(log)) == (0, [0])
    append(log, "x")
    assert (log.roll(), log.roll(), segment_bases(log)) == (1, 1, [0, 1])


def test_segments_go_by_the_time_of_their_youngest_record() -> None:
    log = one_a_segment(100, 200, 300, retention_ms=50)
    assert gone(log, 150) == []
    assert gone(log, 151) == [(0, Reason.TIME)]
    assert (log.start_offset, contents(log)) == (1, [(1, "1"), (2, "2")])
    assert gone(log, 351) == [(1, Reason.TIME), (2, Reason.TIME)]
    assert (log.start_offset, log.end_offset, segment_bases(log)) == (3, 3, [3])
    assert gone(log, 10**15) == []


def test_one_record_dated_ahead_holds_all_behind_it() -> None:
    log = one_a_segment(100, 10**9, 300, retention_ms=50)
    assert gone(log, 1000) == [(0, Reason.TIME)]


def test_nothing_goes_that_the_high_watermark_does_not_cover() -> None:
    log = one_a_segment(100, 200, 300, retention_ms=50)
    assert gone(log, 1000, high_watermark=0) == []
    assert gone(log, 1000, high_watermark=2) == [(0, Reason.TIME), (1, Reason.TIME)]


def test_segments_go_by_size_while_what_stays_is_enough() -> None:
    log = one_a_segment(1, 1, 1, 1, retention_ms=-1)
    size = log.segments[0].size
    log = one_a_segment(1, 1, 1, 1, retention_ms=-1, retention_bytes=2 * size + 1)
    assert gone(log, 10**15) == [(0, Reason.SIZE)]
    log = one_a_segment(1, 1, 1, 1, retention_ms=-1, retention_bytes=2 * size)
    assert log.apply_retention(0, 4) == [
        DeletedSegment(0, 1, size, Reason.SIZE),
        DeletedSegment(1, 2, size, Reason.SIZE),
    ]


def test_what_lies_before_the_start_goes_whatever_the_policy() -> None:
    log = one_a_segment(1, 1, 1, retention_ms=0, retention_bytes=0, cleanup_policy=("compact",))
    assert gone(log, 10**15) == []
    log.advance_start(2)
    assert gone(log, 10**15) == [(0, Reason.START), (1, Reason.START)]
    assert (segment_bases(log), log.start_offset) == ([2], 2)


def test_records_without_a_time_are_as_old_as_the_log_has_been_open() -> None:
    log = new_log(retention_ms=DAY_MS)
    append(log, "x", at_ms=-2)
    assert gone(log, NOW_MS + DAY_MS) == []
    assert gone(log, NOW_MS + DAY_MS + 1) == [(0, Reason.TIME)]


def test_files_of_deleted_segments_are_gone_and_stay_gone() -> None:
    disk = MemoryDisk()
    log = new_log(disk, segment_bytes=80, retention_ms=50)
    for at_ms in (100, 200, 900):
        append(log, "x", at_ms=at_ms)
    assert gone(log, 500) == [(0, Reason.TIME), (1, Reason.TIME)]
    log.delete_set_aside(500 + 60_000)
    assert [path for path in disk.names() if path.endswith((".log", "index", ".snapshot"))] == [
        log.active.path,
        log.active.path.replace(".log", ".snapshot"),
    ]
    again = new_log(disk, segment_bytes=80)
    assert (again.start_offset, contents(again)) == (2, [(2, "x")])


def test_files_of_deleted_segments_stay_for_a_minute() -> None:
    disk = MemoryDisk()
    log = new_log(disk, segment_bytes=80, retention_ms=50)
    for at_ms in (100, 900):
        append(log, "x", at_ms=at_ms)
    assert gone(log, 500) == [(0, Reason.TIME)]
    aside = f"{DIRECTORY}/{0:020d}.log.deleted"
    log.delete_set_aside(500 + 59_999)
    assert disk.exists(aside)
    log.delete_set_aside(500 + 60_000)
    assert not disk.exists(aside)


def test_files_that_were_waiting_go_when_the_log_is_opened() -> None:
    disk = MemoryDisk()
    log = new_log(disk, segment_bytes=80, retention_ms=50)
    for at_ms in (100, 900):
        append(log, "x", at_ms=at_ms)
    assert gone(log, 500) == [(0, Reason.TIME)]
    assert contents(new_log(disk)) == [(1, "x")]
    assert [path for path in disk.names() if path.endswith(".deleted")] == []


def test_what_would_wait_for_compaction_too_long_is_rolled() -> None:
    log = new_log(segment_ms=10**9, max_compaction_lag_ms=1000, cleanup_policy=("compact",))
    for at_ms in (5000, 6000, 6001):
        append(log, "x", at_ms=at_ms)
    assert segment_bases(log) == [0, 2]


def test_jitter_closes_segments_earlier_and_not_all_at_once() -> None:
    def age_at_roll(directory: str) -> int:
        log = new_log(directory=directory, segment_ms=1000, segment_jitter_ms=900)
        at_ms = 0
        while len(log.segments) == 1:
            append(log, "x", at_ms=at_ms)
            at_ms += 20
        return at_ms

    ages = [age_at_roll(f"t-{partition}") for partition in range(8)]
    assert all(100 <= age <= 1040 for age in ages)
    assert len({*ages}) > 3
