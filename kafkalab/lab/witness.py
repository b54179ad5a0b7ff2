"""What happened between two frames, in words and as packets on the network.

Whatever the rate, a frame stays small: where there are many, of the facts that come by the thousand (appends,
acks) one is told of each place, of packets one on each way, and the others are counted: that many would hide one
another on the stage. Heartbeats and fetches that bring nothing are not
shown: they would hide everything else. Nor is what the lab's own admin client says of itself: what
it brought about is told by those who did it.
"""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import fields
from typing import TYPE_CHECKING, Any
from uuid import UUID

from kafkalab.engine.events import Event
from kafkalab.engine.node import Request, Response
from kafkalab.lab.admin_orders import ADMIN
from kafkalab.lab.ledger import batches_in
from kafkalab.lab.significance import FREQUENT, is_significant
from kafkalab.lab.terminal_commands import TERMINAL
from kafkalab.wire.api import ApiKey, name_of
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.lab.causes import Causes

MOST_EVENTS = 200
MOST_FREQUENT_EVENTS = 60
MOST_PACKETS = 60
FEW = 16
"""So many facts, and so many packets, are told of in any case."""
EDGES = "client-"
"""How the names of connections from outside begin."""

LONGEST_LINE = 400
"""Of a command, as everybody is told of it: a record's value may be long."""
NOT_SHOWN = dict.fromkeys(
    (ApiKey.HEARTBEAT, ApiKey.SHARE_GROUP_HEARTBEAT, ApiKey.BROKER_HEARTBEAT, ApiKey.API_VERSIONS)
)

NUMBERS_KEPT = 4_000

Way = tuple[int, str, str, bool]
"""API, from, to, and whether it is an answer."""
Place = tuple[type[Event], str, str | None, int | None]
"""Kind, node, topic and partition."""
Told = tuple[int, str, Event, int, int]
"""(at_us, node, event, moment, by): the latter two as `kafkalab.lab.causes` numbers them."""


class Witness:
    def __init__(
        self,
        name_of_node: Callable[[str], str],
        topic_name: Callable[[UUID | None], str | None],
        causes: "Causes",
    ) -> None:
        self._name_of_node = name_of_node
        self._topic_name = topic_name
        self._causes = causes
        self._numbers: dict[int, None] = {}
        """Of messages that were shown, oldest first: what comes later says by which of them it came about."""
        self.beats = 0
        """How many facts and messages there were that can be seen."""
        self.significant = 0
        """How many of them matter by themselves."""
        self._events: deque[Told] = deque(maxlen=MOST_EVENTS)
        self._frequent: list[Told] = []
        self._places: dict[Place, None] = {}
        """Where there were some since the last frame."""
        self._counts: Counter[str] = Counter()
        self._commands: list[dict[str, Any]] = []
        self._packets: list[dict[str, Any]] = []
        self._last_on: dict[Way, dict[str, Any]] = {}
        """Of these, the last one on each way."""
        self._packet_counts: Counter[Way] = Counter()
        self._record_counts: Counter[Way] = Counter()
        """How many records the packets carried that are only counted."""

    def go_on_from(self, other: "Witness") -> None:
        """In a fork: facts that nobody has been told yet."""
        self._events.extend(other._events)
        self._frequent = list(other._frequent)
        self._places = dict(other._places)
        self._counts = Counter(other._counts)

    def on_event(self, now_us: int, node: str, event: Event) -> None:
        if node in (ADMIN, TERMINAL):
            return
        self.beats += 1
        if is_significant(node, event):
            self.significant += 1
        if event.__class__ not in FREQUENT:
            if len(self._events) == MOST_EVENTS:
                self._counts[type(self._events[0][2]).__name__] += 1
            self._events.append((now_us, node, event, *self._now()))
            return
        place = event.__class__, node, getattr(event, "topic", None), getattr(event, "partition", None)
        if _is_one_too_many(place in self._places, len(self._frequent), MOST_FREQUENT_EVENTS):
            self._counts[event.__class__.__name__] += 1
        else:
            self._places[place] = None
            self._frequent.append((now_us, node, event, *self._now()))

    def on_command(self, now_us: int, line: str) -> None:
        """Somebody acted: everybody's timeline shows when, and what that was as a command line."""
        self._commands.append({"kind": "Commanded", "at_us": now_us, "text": line[:LONGEST_LINE], "node": "lab"})

    def on_message(self, sent_us: int, due_us: int, source: str, target: str, message: Request | Response) -> None:
        api_key = message.api_key
        if api_key in NOT_SHOWN:
            return
        response = message.__class__ is Response
        if api_key == ApiKey.FETCH and not (response and _brings_records(message.body)):
            return
        if api_key == ApiKey.SHARE_FETCH and not (response and _brings_acquired(message.body)):
            return
        self.beats += 1
        way = api_key, source, target, response
        if _is_one_too_many(way in self._last_on, len(self._packets), MOST_PACKETS):
            self._packet_counts[way] += 1
            self._record_counts[way] += self._records(api_key, message.body, response)
            return
        moment, by = self._now()
        number = self._causes.next_number()
        packet = {
            "kind": "Packet",
            "number": number,
            "moment": moment,
            "by": 0 if source.startswith(EDGES) else by,
            "api": name_of(api_key),
            "source": self._name_of_node(source),
            "target": self._name_of_node(target),
            "sent_us": sent_us,
            "due_us": due_us,
            "response": response,
            "client_id": None if response else message.client_id,  # type: ignore[union-attr]
        }
        self._numbers[number] = None
        if len(self._numbers) > NUMBERS_KEPT:
            del self._numbers[next(iter(self._numbers))]
        if response and (error := _first_error(message.body)) is not None:
            packet["error"] = error
        packet = self._last_on[way] = packet | self._cargo(api_key, message.body, response)
        self._packets.append(packet)

    def _now(self) -> tuple[int, int]:
        """(the moment, by which message that was shown)"""
        return self._causes.moment, self._causes.led_from(self._numbers)

    def take(self) -> list[dict[str, Any]]:
        """Everything since the last frame, in the order it happened, counts last."""
        told = sorted([*self._events, *self._frequent], key=lambda one: one[0])
        shown = [*self._commands, *(self.describe(*one) for one in told)]
        for way, packet in self._last_on.items():
            if way in self._packet_counts:
                packet |= {"more": self._packet_counts.pop(way), "more_records": self._record_counts[way]}
        shown += self._packets
        shown += [{"kind": "EventCount", "of": of, "count": count} for of, count in self._counts.items()]
        shown += [
            {
                "kind": "PacketCount",
                "api": name_of(api_key),
                "source": self._name_of_node(source),
                "target": self._name_of_node(target),
                "response": response,
                "count": count,
                "records": self._record_counts[api_key, source, target, response],
            }
            for (api_key, source, target, response), count in self._packet_counts.items()
        ]
        self._events.clear()
        self._commands.clear()
        self._frequent = []
        self._places.clear()
        self._counts.clear()
        self.forget_packets()
        return shown

    def forget_packets(self) -> None:
        """Nobody watches any more: what flew meanwhile is of no interest to whoever comes next."""
        self._packets = []
        self._last_on.clear()
        self._packet_counts.clear()
        self._record_counts.clear()

    def _cargo(self, api_key: int, body: Any, response: bool) -> dict[str, Any]:
        """Which topic and partition a packet is about, where that is one, and how many records it carries."""
        if api_key not in (ApiKey.PRODUCE, ApiKey.FETCH):
            return {}
        only_full = api_key == ApiKey.FETCH
        parts = [
            (topic.name or self._topic_name(topic.topic_id), part)
            for topic in body.topics
            for part in topic.partitions
            if not only_full or part.records
        ]
        cargo: dict[str, Any] = {}
        if response == only_full:
            cargo["count"] = sum(number for _, part in parts for _, _, number in batches_in(part.records or b""))
        topics = dict.fromkeys(name for name, _ in parts)
        if len(topics) == 1 and None not in topics:
            cargo["topic"] = parts[0][0]
            if len(parts) == 1:
                cargo["partition"] = parts[0][1].partition
        return cargo

    @staticmethod
    def _records(api_key: int, body: Any, response: bool) -> int:
        """Of a packet that is only counted. Produce carries them out, and Fetch's answers back."""
        if (api_key, response) not in ((ApiKey.PRODUCE, False), (ApiKey.FETCH, True)):
            return 0
        parts = (part for topic in body.topics for part in topic.partitions)
        return sum(number for part in parts for _, _, number in batches_in(part.records or b""))

    @staticmethod
    def describe(at_us: int, node: str, event: Event, moment: int, by: int) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "kind": type(event).__name__,
            "at_us": at_us,
            "text": event.sentence(),
            "node": node,
            "moment": moment,
            "by": by,
        }
        for spec in fields(event):  # type: ignore[arg-type]
            value = getattr(event, spec.name)
            shown.setdefault(spec.name, list(value) if isinstance(value, tuple) else value)
        return shown


def _is_one_too_many(known: bool, there: int, most: int) -> bool:
    return there >= most or (known and there >= FEW)


def _first_error(body: Any) -> str | None:
    """What an answer refuses, of all of it or of one partition, under Kafka's name."""
    parts = (part for topic in getattr(body, "topics", None) or () for part in getattr(topic, "partitions", ()))
    for place in (body, *parts):
        error = getattr(place, "error_code", ErrorCode.none)
        if error is not ErrorCode.none:
            return str(error.name).upper()
    return None


def _brings_records(body: Any) -> bool:
    return any(part.records for topic in body.topics for part in topic.partitions)


def _brings_acquired(body: Any) -> bool:
    return any(part.acquired_records for topic in body.responses for part in topic.partitions)
