"""Compaction keeps, of each key, the last record, under the offset that it always had.

A run looks at the dirty part of a log, what was written since the run before, and notes where each
key was last seen. Then it goes over the whole log from its start and copies what is still the last
word on its key (`LogCleanerManager`, `Cleaner`, `MemoryRecords.filterTo`). The active segment and
all that is not yet committed stay as they are.

A tombstone, a record without a value, deletes its key. It has to be seen before it may go itself:
the first run that copies it writes a delete horizon into its batch, `delete.retention.ms` ahead,
and a run after that moment leaves it out (KIP-534). The markers that end transactions go the same
way once nothing of their transaction is left; what was aborted goes at once.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from kafkalab.engine.disk import Disk
from kafkalab.engine.log.config import LogConfig
from kafkalab.engine.log.reading import segment_index
from kafkalab.engine.log.scan import checked_walk
from kafkalab.engine.log.segment import Segment
from kafkalab.engine.log.transactions import AbortedTransaction
from kafkalab.wire.batches import Batch, Buffer, CorruptBatch, Record, build, records, without_records

_LARGEST_SPAN = 0x7FFFFFFF
"""Offsets in a segment are written relative to its base, in 32 bits."""


@dataclass(frozen=True, slots=True)
class Cleanable:
    """What a run could do for a log now."""

    first_dirty: int
    first_uncleanable: int
    """Where a segment begins: a run takes whole ones."""
    clean_bytes: int
    dirty_bytes: int
    overdue: bool
    """Something in it has waited longer than `max.compaction.lag.ms`."""

    @property
    def dirty_ratio(self) -> float:
        total = self.clean_bytes + self.dirty_bytes
        return self.dirty_bytes / total if total else 0.0

    def is_due(self, config: LogConfig) -> bool:
        return (self.overdue and self.dirty_bytes > 0) or self.dirty_ratio > config.min_cleanable_dirty_ratio


@dataclass(frozen=True, slots=True)
class Compacted:
    """What a run did."""

    first_dirty: int
    end_offset: int
    """Everything before is clean now."""
    size_before: int
    size_after: int
    removed: int
    """How many records."""


def cleanable(
    segments: list[Segment], config: LogConfig, now_ms: int, start_offset: int, cleaned_offset: int, stable_offset: int
) -> Cleanable:
    """`cleaned_offset` is where the last run ended, -1 if there was none or nobody knows."""
    active = segments[-1]
    first_dirty = max(cleaned_offset, start_offset) if cleaned_offset <= active.end_offset else start_offset
    dirty = segments[segment_index(segments, first_dirty) : -1]
    bound = min(stable_offset, active.base_offset)
    if config.min_compaction_lag_ms > 0:
        youngest_ms = now_ms - config.min_compaction_lag_ms
        bound = min([bound, *(each.base_offset for each in dirty if each.largest_timestamp > youngest_ms)])
    first_uncleanable = segments[segment_index(segments, max(first_dirty, bound))].base_offset
    times = [time for each in dirty if each.size and (time := each.first_batch_timestamp()) > 0]
    return Cleanable(
        first_dirty,
        first_uncleanable,
        clean_bytes=sum(each.size for each in segments if each.base_offset < first_dirty),
        dirty_bytes=sum(each.size for each in dirty if each.base_offset < first_uncleanable),
        overdue=bool(times) and min(times) < now_ms - config.max_compaction_lag_ms,
    )


def groups(segments: list[Segment], config: LogConfig) -> list[list[Segment]]:
    """Neighbours that together are no larger than a segment may be: each group becomes one."""
    found: list[list[Segment]] = []
    size = index_size = 0
    for segment in segments:
        entries = 12 * max(len(segment.offsets), len(segment.times))
        size, index_size = size + segment.size, index_size + entries
        if (
            found
            and size <= config.segment_bytes
            and index_size <= config.segment_index_bytes
            and segment.end_offset - found[-1][0].base_offset <= _LARGEST_SPAN
        ):
            found[-1].append(segment)
        else:
            found.append([segment])
            size, index_size = segment.size, entries
    return found


class Compaction:
    """One run over one log. Feed it the segments in order: it remembers which transactions it is in."""

    def __init__(
        self,
        disk: Disk,
        segments: list[Segment],
        first_dirty: int,
        config: LogConfig,
        now_ms: int,
        last_of_producers: Mapping[int, int],
        aborted: Iterable[AbortedTransaction],
    ) -> None:
        """`segments` are all before the first uncleanable offset; `last_of_producers` tells the last
        offset of each active producer; `aborted` are the transactions with records in these segments, wherever
        their markers lie: the next segment may begin with one. Raises CorruptBatch if it cannot read the segments
        to their end."""
        self.disk = disk
        self.config = config
        self.now_ms = now_ms
        self.last_of_producers = last_of_producers
        self.removed = 0
        self.latest: dict[bytes, int] = {}
        """The last offset of each key in the dirty part."""
        self.latest_offset = -1
        """Of the dirty part."""
        self.markers: dict[int, None] = {}
        """The offsets of the markers that stay."""
        self._aborted: dict[int, list[tuple[int, int]]] = {}
        """Producer id to the (first, last) offsets of its aborted transactions."""
        self._with_data: dict[int, None] = {}
        """Producers of whose open transaction something was passed by."""
        for each in aborted:
            self._aborted.setdefault(each.producer_id, []).append((each.first_offset, each.last_offset))
        self._map(segments, first_dirty)

    def cleaned(self, segment: Segment) -> Iterator[Buffer]:
        """The batches that stay, as they stay."""
        for batch in _batches(self.disk, segment):
            kept = self._cleaned(batch)
            if kept is not None:
                yield kept

    # -- the first pass ------------------------------------------------------------------------

    def _map(self, segments: list[Segment], first_dirty: int) -> None:
        for segment in segments:
            if segment.end_offset <= first_dirty:
                continue
            for batch in _batches(self.disk, segment):
                self.latest_offset = batch.last_offset
                if batch.is_control or self._is_aborted(batch):
                    continue
                for record in records(batch):
                    if record.key is not None and record.offset >= first_dirty:
                        self.latest[record.key] = record.offset

    def _is_aborted(self, batch: Batch) -> bool:
        ranges = self._aborted.get(batch.producer_id, ()) if batch.is_transactional else ()
        return any(first <= batch.base_offset <= last for first, last in ranges)

    # -- the second pass -----------------------------------------------------------------------

    def _cleaned(self, batch: Batch) -> Buffer | None:
        horizon_ms = batch.delete_horizon_ms
        of_nothing = False
        if batch.is_control:
            of_nothing = batch.producer_id not in self._with_data
            self._with_data.pop(batch.producer_id, None)
            goes = of_nothing and horizon_ms is not None and horizon_ms <= self.now_ms
        else:
            goes = self._is_aborted(batch)
            if batch.is_transactional:
                self._with_data[batch.producer_id] = None
        found = records(batch)
        kept = [] if goes else [each for each in found if batch.is_control or self.keeps(each, batch)]
        self.removed += len(found) - len(kept)
        if not kept:
            return without_records(batch) if self._stays_when_empty(batch) else None
        if batch.is_control:
            self.markers[batch.last_offset] = None
        needs_horizon = horizon_ms is None and (of_nothing or any(record.value is None for record in kept))
        if len(kept) == len(found) and not needs_horizon:
            return batch.view
        return build(
            kept,
            base_offset=batch.base_offset,
            codec=batch.codec,
            leader_epoch=batch.partition_leader_epoch,
            producer_id=batch.producer_id,
            producer_epoch=batch.producer_epoch,
            base_sequence=batch.base_sequence,
            timestamp_type=batch.timestamp_type,
            is_transactional=batch.is_transactional,
            is_control=batch.is_control,
            last_offset_delta=batch.last_offset_delta,
            delete_horizon_ms=self.now_ms + self.config.delete_retention_ms if needs_horizon else horizon_ms,
        )

    def keeps(self, record: Record, batch: Batch) -> bool:
        """Whether a record is still the last word on its key, and for a tombstone: not heard by all yet."""
        if record.offset > self.latest_offset:
            return True
        if record.key is None or record.offset < self.latest.get(record.key, -1):
            return False
        horizon_ms = batch.delete_horizon_ms
        return record.value is not None or horizon_ms is None or self.now_ms < horizon_ms

    def _stays_when_empty(self, batch: Batch) -> bool:
        """A producer's last sequence number must not be forgotten, nor where the clean part ends."""
        if batch.has_producer_id and self.last_of_producers.get(batch.producer_id) == batch.last_offset:
            return True
        return batch.last_offset == self.latest_offset


def _batches(disk: Disk, segment: Segment) -> Iterator[Batch]:
    end = 0
    for position, batch in checked_walk(disk, segment.path, segment.size):
        yield batch
        end = position + batch.size
    if end != segment.size:
        raise CorruptBatch(f"{segment.path} cannot be read behind byte {end}")
