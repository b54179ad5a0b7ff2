"""What lies in the world's queue besides messages, and what is held back while a node waits for its disk."""

from dataclasses import dataclass, field
from typing import Any

TIMER = -1
"""In the place of a connection number: not from the network, cannot be cut."""


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
    effects: list[Any] = field(default_factory=list)
    """To be done when it is over."""
    arrived: list[tuple[int, str, int, Any]] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    """Of what has arrived, in the same order: as which messages they were sent."""
