"""Reading from segments what is no longer at hand in the tail."""

from bisect import bisect_right
from typing import NamedTuple

from kafkalab.engine.disk import Disk
from kafkalab.engine.log.scan import header_walk
from kafkalab.engine.log.segment import Segment
from kafkalab.engine.log.tail import span
from kafkalab.wire.batches import Batch, header


class StoredBatch(NamedTuple):
    """Where a batch lies, for whoever shows it."""

    segment: int
    """The base offset of its segment."""
    position: int
    batch: Batch


def read(
    disk: Disk, segments: list[Segment], offset: int, max_bytes: int, *, upper_offset: int, min_one_batch: bool
) -> bytes:
    """As `Log.read`. The bytes are of one segment: who wants more asks again."""
    for segment in segments[segment_index(segments, offset) :]:
        found = segment.find(offset)
        if found is None:
            # The offset lies in a gap at the end of this segment.
            continue
        position, first = found
        if first.next_offset > upper_offset or (first.size > max_bytes and not min_one_batch):
            return b""
        data = disk.read(segment.path, position, min(max(max_bytes, first.size), segment.size - position))
        _, end = span(data, offset, max_bytes, upper_offset, min_one_batch)
        return data if end == len(data) else data[:end]
    return b""


def headers_between(disk: Disk, segments: list[Segment], start_offset: int, end_offset: int) -> list[StoredBatch]:
    found = []
    for segment in segments[segment_index(segments, start_offset) :]:
        if segment.base_offset >= end_offset:
            break
        position = segment.offsets.position_before(start_offset)
        for at, batch in header_walk(disk, segment.path, position, segment.size):
            if batch.base_offset >= end_offset:
                break
            if batch.last_offset >= start_offset:
                found.append(StoredBatch(segment.base_offset, at, batch))
    return found


def batch_at(disk: Disk, segments: list[Segment], offset: int) -> StoredBatch | None:
    segment = segments[segment_index(segments, offset)]
    found = segment.find(offset)
    if found is None or found[1].base_offset > offset:
        return None
    position, head = found
    return StoredBatch(segment.base_offset, position, header(disk.read(segment.path, position, head.size)))


def segment_index(segments: list[Segment], offset: int) -> int:
    """Of the last segment that does not begin behind the offset."""
    return max(0, bisect_right(segments, offset, key=_base_offset) - 1)


def _base_offset(segment: Segment) -> int:
    return segment.base_offset
