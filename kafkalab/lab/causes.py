"""What came of what: which step sent the message that a later step handled, and what each of them told.

A moment is a step of the world, or what was done to it from outside between two steps. The world numbers
messages in the order of sending, so whoever knows the number of the last one before each moment knows in
which moment any message was sent: three numbers a moment are enough, and no message carries anything.
What is kept is bounded; what is older is forgotten from its beginning on.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Container, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from kafkalab.engine.events import Event
from kafkalab.engine.node import Request, Response
from kafkalab.engine.world import World
from kafkalab.lab.significance import FREQUENT
from kafkalab.lab.witness import EDGES

MOST_MOMENTS = 400_000
"""Ten minutes of a lab in which sixty records a second flow; thirty-six bytes each."""
MOST_FACTS = 8_000
MOST_FREQUENT_FACTS = 6_000
MOST_ACTS = 500
WAYS_KNOWN = 4_000
MOST_HIDDEN = 12
"""So many messages that are not shown may lie between two that are."""
FORGOTTEN_AT_ONCE = 4
"""One part in so many, when it is full."""


class Way(NamedTuple):
    """From whom to whom, and what: steps have few of them, and share them."""

    source: str
    target: str
    kind: str
    """request, answer, timer, or outside: no message was handled."""
    what: Any
    """An API key, or a timer's class; nothing outside."""


OUTSIDE = Way("", "", "outside", None)


class Moment(NamedTuple):
    number: int
    at_us: int
    way: Way
    by: int
    """The number of the message that was handled; 0 outside."""


class Told(NamedTuple):
    """A fact, and when it was told."""

    moment: int
    at_us: int
    node: str
    event: Event


@dataclass(frozen=True, slots=True)
class Act:
    """Something a person did."""

    moment: int
    at_us: int
    command: Any
    unseen: bool = False
    """By a drill: nobody is told of it before the debrief."""


class Causes:
    def __init__(self, world: World) -> None:
        self._world = world
        self._forgotten = 0
        """How many moments there were before the first that is kept."""
        self._sent = array("q")
        """Of each moment: the number of the last message before it."""
        self._by = array("q")
        self._at_us = array("q")
        self._ways: list[Way] = []
        self._known: dict[Any, Way] = {}
        self._facts: list[Told] = []
        self._frequent: list[Told] = []
        self._acts: list[Act] = []
        self.outside()
        world.on_step = self.on_step

    def go_on_from(self, other: "Causes", until_us: int | None = None) -> None:
        """In a fork, whose past is the same up to its beginning: now, or at that moment."""
        end = len(other._by) if until_us is None else bisect_right(other._at_us, until_us)
        self._forgotten = other._forgotten
        self._sent, self._by, self._at_us = other._sent[:end], other._by[:end], other._at_us[:end]
        self._ways = other._ways[:end]
        number = self._forgotten + end
        self._facts, self._frequent = (
            facts[: bisect_left(facts, number, key=_moment_of)] for facts in (other._facts, other._frequent)
        )
        self._acts = other._acts[: bisect_left(other._acts, number, key=_moment_of)]
        self.outside()

    # -- what happens ------------------------------------------------------------------------

    @property
    def moment(self) -> int:
        """The number of the present one."""
        return self._forgotten + len(self._by) - 1

    def led_from(self, shown: Container[int]) -> int:
        """The number of the last of these messages that led to the present moment; 0 where none did lately.

        What a clock set going was not led to by what had wound it up."""
        index = len(self._by) - 1
        for _ in range(MOST_HIDDEN):
            number, way = self._by[index], self._ways[index]
            if number in shown:
                return number
            if way.kind in ("outside", "timer") or way.source.startswith(EDGES):
                break
            index = bisect_left(self._sent, number) - 1
            if index < 0:
                break
        return 0

    def next_number(self) -> int:
        """Of a message that is being sent."""
        return self._world.sent + 1

    def on_step(self, number: int, source: str, target: str, message: Any) -> None:
        kind = message.__class__
        key = (source, target, message.api_key, kind) if kind is Request or kind is Response else (source, target, kind)
        way = self._known.get(key)
        if way is None:
            way = self._way(key, source, target)
        self._sent.append(self._world.sent)
        self._by.append(number)
        self._at_us.append(self._world.now_us)
        self._ways.append(way)
        if len(self._by) > MOST_MOMENTS:
            self._forget()

    def outside(self) -> None:
        """What comes now is done by none of the nodes."""
        self._sent.append(self._world.sent)
        self._by.append(0)
        self._at_us.append(self._world.now_us)
        self._ways.append(OUTSIDE)

    def act(self, command: Any, unseen: bool = False) -> None:
        """What comes now is done by a person, until the next step or `outside`."""
        self.outside()
        self._acts.append(Act(self.moment, self._world.now_us, command, unseen))
        _bound(self._acts, MOST_ACTS)

    def on_event(self, now_us: int, node: str, event: Event) -> None:
        frequent = event.__class__ in FREQUENT
        facts = self._frequent if frequent else self._facts
        facts.append(Told(self.moment, now_us, node, event))
        _bound(facts, MOST_FREQUENT_FACTS if frequent else MOST_FACTS)

    def _way(self, key: Any, source: str, target: str) -> Way:
        if len(self._known) >= WAYS_KNOWN:
            self._known.clear()
        if len(key) == 3:
            way = Way(source, target, "timer", key[2])
        else:
            way = Way(source, target, "request" if key[3] is Request else "answer", key[2])
        self._known[key] = way
        return way

    def _forget(self) -> None:
        gone = len(self._by) // FORGOTTEN_AT_ONCE
        for kept in (self._sent, self._by, self._at_us, self._ways):
            del kept[:gone]
        self._forgotten += gone

    # -- what is remembered ------------------------------------------------------------------

    @property
    def since_us(self) -> int:
        """Before that nothing is known."""
        return self._at_us[0]

    def at(self, number: int) -> Moment | None:
        """None where it is forgotten."""
        index = number - self._forgotten
        if not 0 <= index < len(self._by):
            return None
        return Moment(number, self._at_us[index], self._ways[index], self._by[index])

    def sender_of(self, moment: Moment) -> Moment | None:
        """The moment in which the message was sent that was handled then. None where that is forgotten, or where
        nobody here sent it: it came from outside."""
        if moment.way.kind == "outside" or moment.way.source.startswith(EDGES):
            return None
        index = bisect_left(self._sent, moment.by) - 1
        return self.at(self._forgotten + index) if index >= 0 else None

    def act_at(self, number: int) -> Act | None:
        index = bisect_left(self._acts, number, key=_moment_of)
        return self._acts[index] if index < len(self._acts) and self._acts[index].moment == number else None

    def told_at(self, number: int) -> list[Told]:
        """In the order of telling, but for those that come by the thousand, which come first."""
        found = []
        for facts in (self._frequent, self._facts):
            index = bisect_left(facts, number, key=_moment_of)
            while index < len(facts) and facts[index].moment == number:
                found.append(facts[index])
                index += 1
        return found

    def newest_facts(self, frequent: bool = False) -> Iterator[Told]:
        return reversed(self._frequent if frequent else self._facts)

    def newest_acts(self) -> Iterator[Act]:
        return reversed(self._acts)

    def lately(self, most: int) -> list[Moment]:
        """The last moments, oldest first."""
        first = max(self._forgotten, self.moment + 1 - most)
        return [each for number in range(first, self.moment + 1) if (each := self.at(number)) is not None]


def _moment_of(one: "Told | Act") -> int:
    return one.moment


def _bound(kept: list[Any], most: int) -> None:
    if len(kept) > most:
        del kept[: most // FORGOTTEN_AT_ONCE]
