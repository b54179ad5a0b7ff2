"""What every client does: find the brokers, ask, match answers to questions, give up in time.

A client is one process on the network. It keeps one connection to each broker it talks to, and a
second one to its group's coordinator, since a broker answers the requests of one connection in
turn and a long fetch must not hold up a heartbeat. A request without an answer after its timeout
costs the connection and everything in flight on it, as in org.apache.kafka.clients.NetworkClient.

A subclass says in `progress` all that it wants to do now. It is called after every message, so
nothing has to remember to call it; a time to look again is asked for with `wake_at`.
"""

from typing import Any, Protocol

from kafkalab.engine.clients import requests
from kafkalab.engine.clients.metadata import ClientMetadata, backoff_us
from kafkalab.engine.events import ConnectionFailed
from kafkalab.engine.node import ANONYMOUS, ConnectionLost, Exit, HangUp, Node, Request, Response, Started
from kafkalab.engine.spec import broker_node
from kafkalab.wire.api import ApiKey
from kafkalab.wire.errors import ErrorCode
from kafkalab.wire.frozen import dataclass
from kafkalab.wire.throttle import throttle_ms_of

REQUEST_TIMEOUT_MS = 30_000
"""request.timeout.ms."""
RECONNECT_BACKOFF_US = 50_000
RECONNECT_BACKOFF_MAX_US = 1_000_000
"""reconnect.backoff.ms and reconnect.backoff.max.ms."""
DATA = "data"
COORDINATOR = "coordinator"
"""The names of a client's connections to one broker."""


@dataclass(frozen=True, slots=True)
class Tick:
    """Time to look again. Not a message of anybody's."""

    at_us: int


@dataclass(frozen=True, slots=True)
class Close:
    """Finish in good order, then end."""


class Asker(Protocol):
    """Whoever asked a question gets exactly one of these."""

    def answered(self, asked: "Asked", body: Any) -> None: ...

    def unanswered(self, asked: "Asked", error: ErrorCode) -> None:
        """`error` is network_exception or request_timed_out. The request may have been carried out."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request in flight."""

    correlation_id: int
    target: str
    channel: str
    api_key: int
    about: Any
    """What the asker wants to be reminded of."""
    asker: Asker
    sent_us: int
    deadline_us: int


class Client(Node):
    makes_topics = True
    """Whether asking for a topic may make it (allow.auto.create.topics)."""
    principal = ANONYMOUS
    """Who the brokers take it for."""
    listeners: dict[tuple[str, int], str] | None = None
    """Which node listens at which host and port. None: whatever address a broker is said to have, it is found."""

    def __init__(self, name: str, bootstrap: tuple[str, ...]) -> None:
        """`bootstrap` names the nodes to ask when no broker is known yet."""
        super().__init__(name)
        self.bootstrap = bootstrap
        self.client_id = name
        self.metadata = ClientMetadata()
        self.in_flight: dict[int, Asked] = {}
        self.last_error: str | None = None
        self.request_timeout_ms = REQUEST_TIMEOUT_MS
        self.closing = False
        self._next_correlation_id = 0
        self._next_deadline_us = 0
        """Nothing in flight is due before."""
        self._ticks: list[int] = []
        """When ticks are due, latest first: a new one is only made if it is earlier than all."""
        self.throttled_until_us: dict[str, int] = {}
        """Nodes that have said that they do not listen so long."""
        self._unreachable: dict[str, tuple[int, int]] = {}
        """Nodes whose connection broke: when to try again, and how often it broke in a row."""
        self._not_there: dict[str, str] = {}
        """Brokers that do not listen where they are said to: that address."""

    # -- for subclasses ------------------------------------------------------------------------

    def progress(self) -> None:
        """Do all that can be done now."""
        raise AssertionError(f"{type(self).__name__} does nothing")

    def command(self, message: Any) -> None:
        """Take an order of a person."""
        raise AssertionError(f"{self.name} was told {message!r} and has no handler")

    def ask(
        self,
        target: str,
        api_key: int,
        body: Any,
        asker: Asker,
        about: Any = None,
        *,
        channel: str = DATA,
        timeout_ms: int | None = None,
    ) -> None:
        """`timeout_ms`: None for request.timeout.ms; given by requests that wait for something by design."""
        correlation_id = self.post(target, api_key, body, channel)
        deadline_us = self.now_us + max(timeout_ms or 0, self.request_timeout_ms) * 1000
        self.in_flight[correlation_id] = Asked(
            correlation_id, target, channel, api_key, about, asker, self.now_us, deadline_us
        )
        self._next_deadline_us = min(self._next_deadline_us, deadline_us)

    def post(self, target: str, api_key: int, body: Any, channel: str = DATA) -> int:
        """Send a request that gets no answer, or whose answer nobody waits for."""
        correlation_id = self._next_correlation_id
        self._next_correlation_id = (correlation_id + 1) & 0x7FFFFFFF
        version = requests.SPOKEN[api_key]
        self.send(
            target,
            Request(
                self.name, channel, correlation_id, api_key, version, self.client_id, body, principal=self.principal
            ),
        )
        return correlation_id

    def ready(self, target: str) -> bool:
        """Whether a request for data may go there now: that connection may be throttled (KIP-219)."""
        until_us = self.throttled_until_us.get(target, 0)
        if until_us > self.now_us:
            self.wake_at(until_us)
            return False
        return self.reachable(target)

    def reachable(self, target: str) -> bool:
        """Whether a request may go there at all. If not, there will be a tick when it may."""
        broken = self._unreachable.get(target)
        if broken is None or broken[0] <= self.now_us:
            if target not in self._not_there:
                return True
            broken = self._knock_in_vain(target, is_first=broken is None)
        self.wake_at(broken[0])
        return False

    def _knock_in_vain(self, target: str, *, is_first: bool) -> tuple[int, int]:
        """Nobody of that name, or nobody who listens: to a client it is as if the connection broke."""
        address = self._not_there[target]
        if is_first:
            self.tell(ConnectionFailed(self.name, target, address))
        self.last_error = f"no connection to {target} at {address}"
        self._lose(target, ErrorCode.network_exception)
        return self._unreachable[target]

    def least_loaded(self) -> str | None:
        """Any broker that may be asked, the least busy one; None if all are out of reach just now."""
        known = [broker_node(broker) for broker in self.metadata.brokers] or list(self.bootstrap)
        reachable = [name for name in known if self.ready(name)]
        if not reachable:
            reachable = [name for name in self.bootstrap if self.ready(name)]
        if not reachable:
            return None
        busy = dict.fromkeys(reachable, 0)
        for asked in self.in_flight.values():
            if asked.target in busy:
                busy[asked.target] += 1
        least = min(busy.values())
        return self.random.choice([name for name in reachable if busy[name] == least])

    def wake_at(self, at_us: int) -> None:
        """There will be a tick at that time or before."""
        if not self._ticks or at_us < self._ticks[-1]:
            at_us = max(at_us, self.now_us)
            self._ticks.append(at_us)
            self.wake_in(at_us - self.now_us, Tick(at_us))

    def asking(self, asker: Asker, api_key: int) -> bool:
        """Whether the asker waits for an answer of that kind."""
        # No generator for what is asked after every message, and mostly of one or two.
        for asked in self.in_flight.values():
            if asked.asker is asker and asked.api_key == api_key:
                break
        else:
            return False
        return True

    def disregard(self, asker: Asker) -> None:
        """Whatever is in flight for the asker, its answer shall count for nothing."""
        self.in_flight = {number: asked for number, asked in self.in_flight.items() if asked.asker is not asker}

    def exit(self) -> None:
        self.outbox.append(Exit())

    # -- what arrives --------------------------------------------------------------------------

    def handle(self, message: Any) -> None:
        # By class, those that come most often first: every message passes here.
        kind = message.__class__
        if kind is Response:
            self._answer(message)
        elif kind is Tick:
            ticks, at_us = self._ticks, message.at_us
            while ticks and ticks[-1] <= at_us:
                ticks.pop()
        else:
            self._take_other(message)
        if self.now_us >= self._next_deadline_us:
            self._time_out()
        self.progress()
        # Last, because what made progress may have found that it needs newer metadata.
        self._refresh()
        self._watch_deadlines()

    def _take_other(self, message: Any) -> None:
        match message:
            case ConnectionLost(peer):
                self._lose(peer, ErrorCode.network_exception)
            case Started():
                pass
            case Close():
                self.closing = True
            case _:
                self.command(message)

    def answered(self, asked: Asked, body: Any) -> None:
        """Metadata, which every client asks for itself."""
        self.metadata.update(body, self.now_us, self.random)
        if self.listeners is not None:
            self._not_there = {
                broker_node(broker): f"{address[0]}:{address[1]}"
                for broker, address in self.metadata.addresses.items()
                if self.listeners.get(address) != broker_node(broker)
            }

    def unanswered(self, asked: Asked, error: ErrorCode) -> None:
        self.metadata.failed(self.random)

    def _answer(self, response: Response) -> None:
        self._unreachable.pop(response.source, None)
        asked = self.in_flight.pop(response.correlation_id, None)
        if asked is not None:
            throttle_ms = throttle_ms_of(response.body)
            if throttle_ms and asked.channel == DATA:
                self.throttled_until_us[asked.target] = self.now_us + throttle_ms * 1000
            asked.asker.answered(asked, response.body)

    def _lose(self, peer: str, error: ErrorCode) -> None:
        failures = self._unreachable.get(peer, (0, 0))[1] + 1
        pause_us = backoff_us(failures, self.random, RECONNECT_BACKOFF_US, RECONNECT_BACKOFF_MAX_US)
        self._unreachable[peer] = (self.now_us + pause_us, failures)
        self.metadata.request_update()
        lost = [asked for asked in self.in_flight.values() if asked.target == peer]
        for asked in lost:
            # An asker that hears of one loss may disregard the rest.
            if self.in_flight.pop(asked.correlation_id, None):
                asked.asker.unanswered(asked, error)

    def _time_out(self) -> None:
        late = [asked.target for asked in self.in_flight.values() if asked.deadline_us <= self.now_us]
        for target in dict.fromkeys(late):
            self.outbox.append(HangUp(target))
            self._lose(target, ErrorCode.request_timed_out)

    def _refresh(self) -> None:
        due_us = self.metadata.due_us()
        if due_us > self.now_us and self._ticks and due_us >= self._ticks[-1]:
            # Not yet, and there is a tick before.
            return
        if self.asking(self, ApiKey.METADATA):
            return
        if due_us > self.now_us:
            self.wake_at(due_us)
            return
        target = self.least_loaded()
        if target is not None:
            self.metadata.asking(self.now_us)
            body = requests.metadata(tuple(self.metadata.wanted), self.makes_topics)
            self.ask(target, ApiKey.METADATA, body, self)

    def _watch_deadlines(self) -> None:
        next_us = self._next_deadline_us
        if self.in_flight and (next_us <= self.now_us or not self._ticks or next_us < self._ticks[-1]):
            self._next_deadline_us = min([asked.deadline_us for asked in self.in_flight.values()])
            self.wake_at(self._next_deadline_us)
