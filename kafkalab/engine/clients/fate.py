"""What became of a record that was sent by hand: whoever sent it wants to know."""

from dataclasses import dataclass
from enum import Enum

from kafkalab.wire.errors import ErrorCode


class FateState(Enum):
    WAITING = "waiting"
    """For its topic to be known, or in a batch, or on its way."""
    ACKED = "acked"
    UNCONFIRMED = "unconfirmed"
    """Sent with acks=0: nobody will ever say."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a record sent by hand."""

    serial: int
    topic: str
    state: FateState = FateState.WAITING
    partition: int | None = None
    how: str = ""
    offset: int = -1
    timestamp_ms: int = -1
    error: ErrorCode = ErrorCode.none
