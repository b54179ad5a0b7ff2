"""A node is told one thing and answers with what it wants done.

It never waits and knows no clock and no dice: both come with the message. Whatever a node keeps
must survive `copy.deepcopy` (a world can be forked), so no closures, generators or open files.
"""

from random import Random
from typing import Any

from kafkalab.engine.events import Event
from kafkalab.wire.frozen import dataclass

ANONYMOUS = "User:ANONYMOUS"
"""Whoever nobody has asked for a name (KafkaPrincipal.ANONYMOUS)."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it travels. Requests of one (source, channel) are answered one at a time, in order."""

    source: str
    """The node that asks; the answer goes back there."""
    channel: str
    """Which of the source's connections to this target it came on."""
    correlation_id: int
    """Unique among the requests that the source has in flight."""
    api_key: int
    api_version: int
    """The version the client spoke. `body` is in the dialect whatever this says."""
    client_id: str | None
    body: Any
    client_host: str = "/127.0.0.1"
    principal: str = ANONYMOUS
    """Who asks, as its listener has authenticated it."""
    listener: str = ""
    """The name of the listener that it came in by; "" for the first one."""

    def __deepcopy__(self, _memo: dict[int, Any]) -> "Request":
        """Nothing in it ever changes: forked worlds share it."""
        return self


@dataclass(frozen=True, slots=True)
class Response:
    """The answer to the request with the same channel and correlation id."""

    source: str
    channel: str
    correlation_id: int
    api_key: int
    body: Any

    def __deepcopy__(self, _memo: dict[int, Any]) -> "Response":
        return self


@dataclass(frozen=True, slots=True)
class Started:
    """The first message of every node's life."""


@dataclass(frozen=True, slots=True)
class ConnectionLost:
    """Every connection with `peer` is gone: it crashed, was cut off, or hung up."""

    peer: str


@dataclass(frozen=True, slots=True)
class Send:
    """Put a request or a response on the network."""

    target: str
    message: Request | Response


@dataclass(frozen=True, slots=True)
class Wake:
    """Give me this message back at that moment. There is no cancelling: ignore what is stale."""

    at_us: int
    message: Any


@dataclass(frozen=True, slots=True)
class HangUp:
    """Close the connections with `peer`: it is told ConnectionLost."""

    peer: str


@dataclass(frozen=True, slots=True)
class Block:
    """What I did took this long: the rest of my effects come after it, and I hear nothing before."""

    for_us: int


@dataclass(frozen=True, slots=True)
class Halt:
    """This node ends itself at once, as Runtime.halt() does."""


@dataclass(frozen=True, slots=True)
class Exit:
    """This node ends itself in good order, as a process that returns from main()."""


Effect = Send | Wake | HangUp | Block | Halt | Exit | Event


class Node:
    """One process of the cluster: a broker, a controller, a client."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.now_us = 0
        self.clock_skew_us = 0
        """How far the machine's clock is off. Timers do not mind: they count what has passed."""
        self.clock_ahead_us = 0
        """How far the clocks of all machines are ahead of the world's time: see `World.set_clocks`."""
        self.random: Random = Random(0)
        self.outbox: list[Effect] = []

    @property
    def now_ms(self) -> int:
        return self.now_us // 1000

    @property
    def clock_ms(self) -> int:
        """What the machine's clock shows, for what is stamped with a date."""
        return (self.now_us + self.clock_ahead_us + self.clock_skew_us) // 1000

    @property
    def date_ms(self) -> int:
        """What the clock would show if it were right."""
        return (self.now_us + self.clock_ahead_us) // 1000

    def receive(self, message: Any, now_us: int, random: Random) -> list[Effect]:
        """Handle one message and return, in order, what is to be done because of it."""
        self.now_us = now_us
        self.random = random
        self.handle(message)
        effects = self.outbox
        self.outbox = []
        return effects

    def handle(self, message: Any) -> None:
        raise AssertionError(f"{self.name} was told {message!r} and has no handler")

    def send(self, target: str, message: Request | Response) -> None:
        self.outbox.append(Send(target, message))

    def wake_in(self, delay_us: int, message: Any) -> None:
        self.outbox.append(Wake(self.now_us + delay_us, message))

    def tell(self, event: Event) -> None:
        """State a fact that a learner may see."""
        self.outbox.append(event)
