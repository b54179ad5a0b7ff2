"""Which segments may go: whole ones only, the oldest first, up to the first that must stay.

By `UnifiedLog.deleteOldSegments`: none that reaches beyond the high watermark goes, whatever the
policy. The active segment can go too; an empty one that is the last never does. A segment's age is
that of its youngest record, so a single one dated ahead holds all that are older.
"""

from dataclasses import dataclass
from enum import Enum

from kafkalab.engine.log.config import LogConfig
from kafkalab.engine.log.segment import Segment


class Reason(Enum):
    """Why a segment was deleted, as a clause for a learner."""

    START = "all of it lies before the start of the log"
    SIZE = "the log is larger than retention.bytes"
    TIME = "its youngest record is older than retention.ms"


@dataclass(frozen=True)
class DeletedSegment:
    base_offset: int
    end_offset: int
    size: int
    reason: Reason


def deletable(
    segments: list[Segment], config: LogConfig, now_ms: int, start_offset: int, high_watermark: int
) -> list[tuple[Segment, Reason]]:
    """A prefix of the segments, each with the first rule that lets it go."""
    found: list[tuple[Segment, Reason]] = []
    total = sum(segment.size for segment in segments)
    for index, segment in enumerate(segments):
        following = segments[index + 1] if index + 1 < len(segments) else None
        end_offset = following.base_offset if following else segment.end_offset
        if end_offset > high_watermark or (following is None and segment.size == 0):
            break
        if following and end_offset <= start_offset:
            reason = Reason.START
        elif config.deletes and 0 <= config.retention_bytes <= total - segment.size:
            reason = Reason.SIZE
        elif config.deletes and 0 <= config.retention_ms < now_ms - _youngest_ms(segment):
            reason = Reason.TIME
        else:
            break
        found.append((segment, reason))
        total -= segment.size
    return found


def _youngest_ms(segment: Segment) -> int:
    return segment.largest_timestamp if segment.largest_timestamp >= 0 else segment.created_ms
