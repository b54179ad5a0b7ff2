"""From a time to an offset, as ListOffsets asks (`UnifiedLog.fetchOffsetByTimestamp`).

The answer to "from when on" is the first record, in *offset* order, that is not older than that
time. Times need not rise along a log, so it is not always the nearest in time.
"""

from typing import NamedTuple

from kafkalab.engine.disk import Disk
from kafkalab.engine.log.scan import header_walk
from kafkalab.engine.log.segment import Segment
from kafkalab.engine.refused import Refused
from kafkalab.wire.batches import NO_TIMESTAMP, Batch, CorruptBatch, header, records
from kafkalab.wire.records import Record


class TimestampedOffset(NamedTuple):
    timestamp_ms: int
    offset: int
    leader_epoch: int


def first_at_or_after(
    disk: Disk, segments: list[Segment], timestamp_ms: int, start_offset: int
) -> TimestampedOffset | None:
    for segment in segments:
        if segment.largest_timestamp >= timestamp_ms:
            return _search(disk, segment, timestamp_ms, start_offset)
    return None


def with_max_timestamp(disk: Disk, segments: list[Segment], start_offset: int) -> TimestampedOffset | None:
    """The first record that has the highest timestamp of all."""
    highest = max(segments, key=lambda segment: segment.largest_timestamp)
    if highest.largest_timestamp == NO_TIMESTAMP:
        return None
    return _search(disk, highest, highest.largest_timestamp, start_offset)


def _search(disk: Disk, segment: Segment, timestamp_ms: int, start_offset: int) -> TimestampedOffset | None:
    from_offset = max(start_offset, segment.times.offset_before(timestamp_ms))
    position = segment.offsets.position_before(from_offset)
    for at, head in header_walk(disk, segment.path, position, segment.size):
        if head.max_timestamp < timestamp_ms or head.last_offset < start_offset:
            continue
        batch = header(disk.read(segment.path, at, head.size))
        for record in _readable(batch):
            if record.timestamp_ms >= timestamp_ms and record.offset >= start_offset:
                return TimestampedOffset(record.timestamp_ms, record.offset, batch.partition_leader_epoch)
    return None


def _readable(batch: Batch) -> list[Record]:
    """A leader does not unpack what clients send: that it is no records can come out here."""
    try:
        return records(batch)
    except CorruptBatch as corrupt:
        raise Refused(corrupt.error_code, corrupt.reason) from corrupt
