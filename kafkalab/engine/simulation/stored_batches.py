"""What is new in a log, read from its disk from where the referee stopped reading the last time."""

from collections.abc import Iterator

from kafkalab.engine.log.log import Log
from kafkalab.engine.log.segment import Segment
from kafkalab.engine.simulation.sight import Sight
from kafkalab.wire import batches
from kafkalab.wire.batches import Batch


def new_batches(log: Log, sight: Sight, offset: int) -> Iterator[Batch]:
    """The batches from this offset on, as they lie on the disk."""
    segments = _since(log, sight, offset)
    if segments is None:
        for stored in log.headers(offset, log.end_offset):
            yield stored.batch
        return
    position = sight.last_position
    for segment in segments:
        if segment.size > position:
            yield from batches.headers(log.disk.read(segment.path, position, segment.size - position))
        position = 0


def epoch_before(log: Log, sight: Sight, offset: int) -> int:
    """Under which the batch before this offset was written; -1 where the log begins."""
    if offset <= log.start_offset:
        return -1
    if sight.log_end == offset and sight.last_segment >= 0:
        return sight.last_epoch
    return log.headers(offset - 1, offset)[0].batch.partition_leader_epoch


def _since(log: Log, sight: Sight, offset: int) -> list[Segment] | None:
    """The segments from the one on in which the last batch lay; None if it is not there any more."""
    if sight.log_end != offset or sight.last_segment < 0:
        return None
    for number in range(len(log.segments) - 1, -1, -1):
        segment = log.segments[number]
        if segment.base_offset == sight.last_segment:
            return log.segments[number:] if segment.size >= sight.last_position else None
    return None
