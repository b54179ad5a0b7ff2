"""What became of an append: where the records are now, and what that began."""

from kafkalab.engine.log.transactions import EndedTransaction
from kafkalab.wire.batches import NO_TIMESTAMP
from kafkalab.wire.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Appended:
    first_offset: int
    last_offset: int
    size: int
    """Bytes written; 0 for a duplicate."""
    log_append_time_ms: int = NO_TIMESTAMP
    """-1 where the records keep the producer's time."""
    duplicate: bool = False
    """Written before: the offsets are those of the first time."""
    rolled: tuple[int, ...] = ()
    """Base offsets of the segments that this began."""
    ended: EndedTransaction | None = None
    """By a marker that a leader wrote."""
