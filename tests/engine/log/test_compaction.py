"""Compaction: of each key the last record stays, at its offset, and a tombstone outlives what it deletes."""

from kafkalab.engine.disk import MemoryDisk
from kafkalab.engine.log import Log
from kafkalab.engine.log.compaction import Cleanable, Compacted
from kafkalab.engine.log.transactions import AbortedTransaction
from kafkalab.wire.batches import Batch, Codec, TimestampType, build, headers, records
from kafkalab.wire.records import Record
from tests.engine.log.building import DIRECTORY, NOW_MS, new_log, segment_bases

DAY_MS = 86_400_000
COMPACT = {"cleanup_policy": ("compact",)}


def put(log: Log, *pairs: str, at_ms: int = NOW_MS, **fields: object) -> None:
    """One batch of records written as "key=value", or "key" for a tombstone."""
    found = []
    for index, pair in enumerate(pairs):
        key, has_value, value = pair.partition("=")
        found.append(Record(index, at_ms, key.encode(), value.encode() if has_value else None))
    log.append_as_leader(build(found, **fields), 0, NOW_MS, check_sequence="producer_id" in fields)  # type: ignore[arg-type]


def mark(log: Log, producer_id: int, commit: bool) -> None:
    """The end of a transaction."""
    control = Record(0, NOW_MS, bytes((0, 0, 0, commit)), bytes(6))
    data = build([control], producer_id=producer_id, producer_epoch=0, is_transactional=True, is_control=True)
    log.append_as_leader(data, 0, NOW_MS, check_sequence=False)


def compacted(*segments: tuple[str, ...], **config: object) -> Log:
    """A log with a batch for each record, rolled behind each group of them."""
    log = new_log(**COMPACT, **config)
    for pairs in segments:
        for pair in pairs:
            put(log, pair)
        log.roll()
    return log


def part(log: Log, now_ms: int = NOW_MS, stable_offset: int | None = None) -> Cleanable:
    return log.cleanable(now_ms, log.end_offset if stable_offset is None else stable_offset)


def clean(log: Log, now_ms: int = NOW_MS, stable_offset: int | None = None) -> Compacted:
    return log.compact(part(log, now_ms, stable_offset), now_ms)


def batches_of(log: Log) -> list[Batch]:
    found: list[Batch] = []
    for segment in log.segments:
        found += headers(log.disk.read_whole(segment.path))
    return found


def pairs_of(log: Log) -> list[tuple[int, str]]:
    """(offset, "key=value" or "key") of all records there are."""
    return [
        (each.offset, (each.key or b"").decode() + ("" if each.value is None else f"={each.value.decode()}"))
        for batch in batches_of(log)
        if not batch.is_control
        for each in records(batch)
    ]


def test_of_each_key_the_last_record_stays_where_it_was() -> None:
    log = compacted(("a=1", "b=1", "a=2"), ("c=1", "b=2"))
    put(log, "a=3")
    size = log.segments[0].size + log.segments[1].size
    done = clean(log)
    assert pairs_of(log) == [(2, "a=2"), (3, "c=1"), (4, "b=2"), (5, "a=3")]
    assert (log.start_offset, log.end_offset) == (0, 6)
    assert done == Compacted(0, 5, size, log.segments[0].size, removed=2)


def test_the_active_segment_is_left_alone() -> None:
    log = new_log(**COMPACT)
    for _ in range(3):
        put(log, "a=1")
    assert part(log) == Cleanable(0, 0, 0, 0, overdue=False)


def test_what_is_not_committed_is_left_alone_with_its_whole_segment() -> None:
    log = compacted(("a=1", "a=2"), ("a=3", "a=4"), ("a=5",))
    assert part(log, stable_offset=3).first_uncleanable == 2
    clean(log, stable_offset=3)
    assert pairs_of(log) == [(1, "a=2"), (2, "a=3"), (3, "a=4"), (4, "a=5")]


def test_what_is_younger_than_the_lag_is_left_alone() -> None:
    log = compacted(("a=1", "a=2"), ("a=3",), min_compaction_lag_ms=1000)
    put(log, "a=4", at_ms=NOW_MS + 5000)
    assert [part(log, NOW_MS + later).first_uncleanable for later in (999, 1000)] == [0, 3]


def test_a_log_is_due_when_more_than_half_of_it_is_dirty() -> None:
    log = compacted(("a=1",), ("b=1",))
    assert (part(log).dirty_ratio, part(log).is_due(log.config)) == (1.0, True)
    clean(log)
    assert (part(log).dirty_ratio, part(log).is_due(log.config)) == (0.0, False)
    put(log, "c=1")
    put(log, "d=1")
    log.roll()
    assert (part(log).dirty_ratio, part(log).is_due(log.config)) == (0.5, False)


def test_a_log_is_due_when_something_has_waited_too_long() -> None:
    log = compacted(("a=1", "b=1", "c=1"), max_compaction_lag_ms=1000)
    clean(log)
    put(log, "a=2")
    log.roll()
    due = [part(log, NOW_MS + later).is_due(log.config) for later in (1000, 1001)]
    assert (part(log).dirty_ratio, due) == (0.25, [False, True])


def test_only_the_dirty_part_tells_what_is_superseded() -> None:
    log = compacted(("a=1", "b=1"), ("a=2",))
    clean(log)
    assert pairs_of(log) == [(1, "b=1"), (2, "a=2")]
    put(log, "b=2")
    log.roll()
    assert part(log).first_dirty == 3
    clean(log)
    assert pairs_of(log) == [(2, "a=2"), (3, "b=2")]


def test_a_tombstone_goes_only_in_a_later_run_behind_its_horizon() -> None:
    log = compacted(("a=1", "b=1"), ("a",), delete_retention_ms=1000)
    clean(log, NOW_MS + 10**12)
    horizon_ms = NOW_MS + 10**12 + 1000
    assert pairs_of(log) == [(1, "b=1"), (2, "a")]
    assert [batch.delete_horizon_ms for batch in batches_of(log)] == [None, horizon_ms]
    put(log, "c=1")
    log.roll()
    clean(log, horizon_ms - 1)
    assert pairs_of(log) == [(1, "b=1"), (2, "a"), (3, "c=1")]
    put(log, "d=1")
    log.roll()
    clean(log, horizon_ms)
    assert pairs_of(log) == [(1, "b=1"), (3, "c=1"), (4, "d=1")]


def test_the_horizon_changes_no_record() -> None:
    log = new_log(**COMPACT)
    put(log, "a", "b=1", at_ms=NOW_MS - 77)
    before = [record for batch in batches_of(log) for record in records(batch)]
    log.roll()
    clean(log)
    (batch,) = batches_of(log)
    assert records(batch) == before
    assert (batch.base_timestamp, batch.max_timestamp) == (NOW_MS + DAY_MS, NOW_MS - 77)


def test_a_batch_keeps_its_numbers_whatever_goes_from_it() -> None:
    log = new_log(**COMPACT)
    fields = {"producer_id": 7, "producer_epoch": 3, "base_sequence": 0, "codec": Codec.GZIP}
    put(log, "a=1", "b=1", "c=1", **fields)
    before = batches_of(log)[0]
    put(log, "a=2")
    put(log, "c=2")
    log.roll()
    clean(log)
    after = batches_of(log)[0]
    assert pairs_of(log) == [(1, "b=1"), (3, "a=2"), (4, "c=2")]
    same = ("base_offset", "last_offset_delta", "partition_leader_epoch", "attributes", "max_timestamp")
    same += ("producer_id", "producer_epoch", "base_sequence")
    assert [getattr(after, name) for name in same] == [getattr(before, name) for name in same]
    assert (after.records_count, after.last_sequence) == (1, 2)


def test_append_time_stays_the_time_of_every_record() -> None:
    log = new_log(**COMPACT, log_append_time=True)
    put(log, "a=1", "b=1", at_ms=5)
    put(log, "a")
    log.roll()
    clean(log)
    assert [batch.timestamp_type for batch in batches_of(log)] == [TimestampType.LOG_APPEND_TIME] * 2
    assert [record.timestamp_ms for batch in batches_of(log) for record in records(batch)] == [NOW_MS, NOW_MS]


def test_the_last_batch_of_a_producer_stays_empty() -> None:
    log = new_log(**COMPACT)
    for sequence in range(3):
        put(log, "a=1", producer_id=7, producer_epoch=0, base_sequence=sequence)
    put(log, "a=2")
    log.roll()
    clean(log)
    assert [(batch.base_offset, batch.records_count, batch.base_sequence) for batch in batches_of(log)] == [
        (2, 0, 2),
        (3, 1, -1),
    ]
    again = new_log(log.disk, **COMPACT)
    assert again.producers.by_id[7].batches[-1].last_sequence == 2


def test_the_last_batch_of_a_run_stays_empty() -> None:
    leader = compacted(("a=1",), ("b=1", "a"), delete_retention_ms=1000)
    clean(leader)
    # A copy gets the tombstone with its horizon, so its own first run may leave it out.
    follower = new_log(directory="follower", **COMPACT)
    follower.append_as_follower(leader.read(0, 1 << 20))
    follower.roll()
    clean(follower, NOW_MS + 1000)
    assert [(each.base_offset, each.records_count) for each in batches_of(follower)] == [(1, 1), (2, 0)]
    assert (follower.end_offset, new_log(follower.disk, directory="follower", **COMPACT).end_offset) == (3, 3)
    put(follower, "c=1")
    follower.roll()
    clean(follower, NOW_MS + 1000)
    assert [(each.base_offset, each.records_count) for each in batches_of(follower)] == [(1, 1), (3, 1)]


def test_records_without_a_key_go() -> None:
    log = new_log()
    put(log, "a=1")
    keyless = build([Record(0, NOW_MS, None, b"x")])
    log.append_as_leader(keyless, 0, NOW_MS)
    put(log, "b=1")
    log.roll()
    clean(log)
    assert pairs_of(log) == [(0, "a=1"), (2, "b=1")]


def test_small_segments_become_one_up_to_the_size_of_a_segment() -> None:
    log = compacted(*[(f"{key}=1",) for key in "abcdefg"])
    size = log.segments[0].size
    log.config = new_log(**COMPACT, segment_bytes=3 * size).config
    clean(log)
    assert (segment_bases(log), log.segments[0].end_offset) == ([0, 3, 6, 7], 3)
    assert [offset for offset, _ in pairs_of(log)] == list(range(7))


def test_readers_pass_over_what_is_gone() -> None:
    log = compacted(("a=1", "b=1", "a=2"), ("b=2", "a=3"))
    put(log, "z=1")
    clean(log)
    firsts = [next(headers(log.read(offset, 1))).base_offset for offset in range(6)]
    assert firsts == [3, 3, 3, 3, 4, 5]


def test_aborted_records_go_and_do_not_supersede() -> None:
    log = new_log(**COMPACT)
    put(log, "a=1")
    put(log, "a=2", producer_id=7, producer_epoch=0, base_sequence=0, is_transactional=True)
    mark(log, 7, commit=False)
    put(log, "b=1", producer_id=7, producer_epoch=0, base_sequence=1, is_transactional=True)
    mark(log, 7, commit=True)
    put(log, "z=1")
    log.roll()
    clean(log)
    assert pairs_of(log) == [(0, "a=1"), (3, "b=1"), (5, "z=1")]
    assert [batch.base_offset for batch in batches_of(log) if batch.is_control] == [2, 4]


def test_aborted_records_do_not_supersede_where_their_marker_begins_the_next_segment() -> None:
    log = new_log(**COMPACT)
    put(log, "a=1")
    put(log, "a=2", producer_id=7, producer_epoch=0, base_sequence=0, is_transactional=True)
    log.roll()
    mark(log, 7, commit=False)
    clean(log)
    assert pairs_of(log) == [(0, "a=1")]


def test_who_was_aborted_is_told_as_long_as_the_marker_is_there() -> None:
    disk = MemoryDisk()
    log = new_log(disk, **COMPACT, delete_retention_ms=1000)
    put(log, "a=1", producer_id=7, producer_epoch=0, base_sequence=0, is_transactional=True)
    mark(log, 7, commit=False)
    put(log, "b=1", producer_id=7, producer_epoch=0, base_sequence=1)
    aborted = AbortedTransaction(7, 0, 1, 2)

    def told(now_ms: int) -> tuple[AbortedTransaction, ...]:
        put(log, "z=1")
        log.roll()
        clean(log, now_ms)
        found = log.aborted_between(0, log.end_offset)
        log.close()
        assert new_log(disk, **COMPACT).aborted_between(0, log.end_offset) == found
        return found

    assert [told(NOW_MS), told(NOW_MS), told(NOW_MS + 999)] == [(aborted,)] * 3
    assert told(NOW_MS + 1000) == ()


def test_a_marker_goes_a_horizon_after_its_transaction() -> None:
    log = new_log(**COMPACT, delete_retention_ms=1000)
    put(log, "a=1", producer_id=7, producer_epoch=0, base_sequence=0, is_transactional=True)
    mark(log, 7, commit=False)
    put(log, "b=1", producer_id=7, producer_epoch=0, base_sequence=1)

    def markers(now_ms: int) -> list[tuple[int, int | None]]:
        put(log, "z=1")
        log.roll()
        clean(log, now_ms)
        return [(batch.base_offset, batch.delete_horizon_ms) for batch in batches_of(log) if batch.is_control]

    assert markers(NOW_MS) == [(1, None)]
    assert markers(NOW_MS) == [(1, NOW_MS + 1000)]
    assert markers(NOW_MS + 999) == [(1, NOW_MS + 1000)]
    assert markers(NOW_MS + 1000) == []


def test_a_truncated_log_is_dirty_from_there_on() -> None:
    log = compacted(("a=1", "a=2"), ("b=1", "b=2"), segment_bytes=100)
    put(log, "c=1")
    clean(log)
    assert log.cleaned_offset == 4
    log.truncate_to(3)
    assert (log.cleaned_offset, part(log).first_dirty) == (log.active.base_offset, log.active.base_offset)
    log.truncate_fully(9)
    assert (log.cleaned_offset, part(log).first_dirty) == (-1, 9)


def test_a_checkpoint_beyond_the_log_is_not_believed() -> None:
    log = compacted(("a=1", "a=2"))
    log.cleaned_offset = 99
    assert part(log).first_dirty == 0


def test_a_copy_of_a_compacted_log_holds_the_same() -> None:
    log = compacted(("a=1", "b=1", "a=2"), ("b=2", "c=1"), ("c",))
    clean(log)
    put(log, "d=1")
    follower = new_log(directory="follower", **COMPACT)
    while data := log.read(follower.end_offset, 1):
        follower.append_as_follower(data)
    assert (pairs_of(follower), follower.end_offset) == (pairs_of(log), log.end_offset)
    again = new_log(follower.disk, directory="follower", **COMPACT)
    assert pairs_of(again) == pairs_of(log)


def test_a_cleaned_log_opens_whatever_its_policy_is_now() -> None:
    log = compacted(("a=1", "b=1"), ("b=2", "c=1"), ("b=3", "c=2"), ("d=1",), segment_bytes=160)
    clean(log)
    put(log, "e=1")
    assert any(one.end_offset < two.base_offset for one, two in zip(log.segments, log.segments[1:], strict=False))
    again = Log(log.disk, DIRECTORY, new_log().config, NOW_MS, log.cleaned_offset)
    assert (pairs_of(again), again.recovered_bytes) == (pairs_of(log), 0)


class Killed(Exception):
    """The process is gone."""


class DiskUntilKill(MemoryDisk):
    """Does so many operations and no more; the last write may leave a part of its bytes."""

    def __init__(self, files: MemoryDisk, operations: int) -> None:
        super().__init__()
        self.files = files.files
        self.left = operations

    def _count(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Killed

    def append(self, path: str, *chunks: bytes | memoryview) -> None:
        self.left -= 1
        if self.left < 0:
            whole = b"".join(chunks)
            super().append(path, whole[: len(whole) // 2])
            raise Killed
        super().append(path, *chunks)

    def write_whole(self, path: str, data: bytes) -> None:
        self._count()
        super().write_whole(path, data)

    def rename(self, old: str, new: str) -> None:
        self._count()
        super().rename(old, new)

    def delete(self, path: str) -> None:
        self._count()
        super().delete(path)


def last_words(log: Log) -> dict[str, str]:
    return {pair.partition("=")[0]: pair for _, pair in pairs_of(log)}


def test_a_kill_at_any_write_of_a_run_brings_nothing_back_and_loses_nothing() -> None:
    segments = (("a=1", "b=1", "c=1"), ("a=2", "b", "d=1"), ("c", "a=3"), ("d=2", "e=1"), ("e=2",))
    whole = compacted(*segments, segment_bytes=400)
    put(whole, "z=1")
    expected, before = last_words(whole), pairs_of(whole)
    kills = 0
    while True:
        log = compacted(*segments, segment_bytes=400)
        put(log, "z=1")
        disk = log.disk
        assert isinstance(disk, MemoryDisk)
        log.disk = DiskUntilKill(disk, kills)
        for segment in log.segments:
            segment.disk = log.disk
        try:
            clean(log)
        except Killed:
            kills += 1
            again = new_log(disk, **COMPACT)
            assert last_words(again) == expected
            assert set(pairs_of(again)) <= set(before)
            assert [offset for offset, _ in pairs_of(again)] == sorted(offset for offset, _ in pairs_of(again))
            assert (again.start_offset, again.end_offset, again.recovered_bytes) == (0, 12, 0)
            assert not [path for path in disk.names() if path.endswith((".cleaned", ".swap", ".deleted"))]
            clean(again)
            assert pairs_of(again) == pairs_of_a_whole_run(segments)
            continue
        break
    assert kills > 15


def pairs_of_a_whole_run(segments: tuple[tuple[str, ...], ...]) -> list[tuple[int, str]]:
    log = compacted(*segments, segment_bytes=400)
    put(log, "z=1")
    clean(log)
    return pairs_of(log)
