"""What the world sends to itself: that a connection is over, and that a node is done with what it did."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class TcpGivesUp:
    one: str
    other: str


@dataclass(frozen=True, slots=True)
class ConnectionGone:
    """What becomes ConnectionLost, unless the node has a newer connection with the peer by then."""

    peer: str
    number: int


@dataclass(frozen=True, slots=True)
class Unblock:
    """What a node did takes no longer."""


@dataclass(slots=True)
class Blocked:
    """A node that waits for its disk."""

    effects: list[Any] = field(default_factory=list)
    """To be done when it is over."""
    arrived: list[tuple[int, str, int, Any]] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    """Of what has arrived, in the same order: as which messages they were sent."""
