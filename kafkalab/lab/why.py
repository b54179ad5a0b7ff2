"""Why something is as it is: the chain of what happened that led there, newest first.

From a fact back to the message whose handling told it, to the step that sent that message, and so on, as
the world recorded it. Steps that told nothing about the matter are counted and passed over. Where nothing
was sent (a broker is fenced because it was silent) the chain goes on at what silenced it. It ends with what
somebody did, with a request from outside, with a clock that ticks by itself, or where memory ends.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from kafkalab.engine.events import (
    BecameFollower,
    BecameLeader,
    BrokerFenced,
    ControllerStoodForElection,
    CoordinatorLoaded,
    CoordinatorUnloaded,
    Event,
    IsrShrunk,
    LogDirFailed,
    MemberJoined,
    MemberLeft,
    NodeCrashed,
    NodeExited,
    NodeFrozen,
    NodeStarted,
)
from kafkalab.lab import commands as order
from kafkalab.lab import controller_commands as controllers
from kafkalab.lab.admin_orders import ADMIN
from kafkalab.lab.causes import Act, Causes, Moment, Told, Way
from kafkalab.lab.client_commands import CrashProducer
from kafkalab.lab.fault_commands import FaultCommand, UndoFault
from kafkalab.lab.in_words import about_whom, way_in_words
from kafkalab.lab.reasons import in_order, known_reason
from kafkalab.lab.shell import shell
from kafkalab.lab.significance import FREQUENT
from kafkalab.lab.witness import EDGES

if TYPE_CHECKING:
    from kafkalab.lab.lab import Lab

MOST_LINKS = 16
MOST_HOPS = 20_000
"""A follower fetches again and again: what it came from may lie far back."""
MOST_OF_ONE_MOMENT = 5
LISTED = 12
TAKEN_UP = BecameFollower | BecameLeader | CoordinatorLoaded | CoordinatorUnloaded
SILENCED = NodeCrashed | NodeExited | NodeFrozen
LIFE = SILENCED | NodeStarted
SILENCING = (
    order.CrashBroker
    | order.StopBroker
    | order.FreezeBroker
    | order.IsolateBroker
    | order.CrashConsumer
    | CrashProducer
    | controllers.CrashController
    | controllers.StopController
    | controllers.FreezeController
    | controllers.IsolateController
    | FaultCommand
)


@dataclass(frozen=True, slots=True)
class Link:
    """One link of a chain."""

    kind: str
    """fact, act, begin, request, clock or forgotten."""
    text: str
    at_us: int
    moment: int
    about: str = ""
    """The id of the entity that it is about."""
    event: str = ""
    """The kind of fact."""
    how: str = ""
    """What was being handled when it was told."""
    between: int = 0
    """How many steps lie between it and the next link, that told nothing of the matter."""


@dataclass(frozen=True, slots=True)
class Explained:
    """What there is to say of an entity or a fact."""

    chain: tuple[Link, ...]
    """Newest first; empty where nothing is remembered."""
    facts: tuple[Link, ...]
    """What happened to the entity, newest first."""
    since_us: int
    """Before that nothing is remembered."""


class Why:
    def __init__(self, lab: "Lab") -> None:
        self._lab = lab
        self._causes: Causes = lab.causes

    def facts_about(self, entity_id: str, until_us: int | None = None) -> list[Told]:
        """What happened to an entity, newest first: of what happens all the time, only where there is nothing else."""
        for frequent in (False, True):
            newest = self._causes.newest_facts(frequent)
            by_then = (each for each in newest if until_us is None or each.at_us <= until_us)
            told = (each for each in by_then if _is_about(entity_id, each))
            if found := list(islice(told, LISTED)):
                return found
        return []

    def most_telling(self, facts: list[Told]) -> Told | None:
        """The newest that says more than that somebody took up what had been decided."""
        return next((each for each in facts if not isinstance(each.event, TAKEN_UP)), facts[0] if facts else None)

    def fact(self, moment: int, text: str) -> Told | None:
        """The one that was told in that moment in these words. None where it is forgotten."""
        return next((told for told in self._causes.told_at(moment) if told.event.sentence() == text), None)

    def explain(
        self, entity_id: str, moment: int | None = None, text: str = "", until_us: int | None = None
    ) -> "Explained":
        """Of a fact, if one is named, else of the most telling one about the entity, as it was known by a time."""
        facts = self.facts_about(entity_id, until_us) if entity_id else []
        asked = self.most_telling(facts) if moment is None else self.fact(moment, text)
        chain = self.chain(asked) if asked is not None else []
        return Explained(tuple(chain), tuple(map(self.line, facts)), self._causes.since_us)

    def chain(self, asked: Told) -> list[Link]:
        """Newest first; the first link is the fact itself."""
        return list(_Walk(self._lab, asked).links())[:MOST_LINKS]

    def line(self, told: Told) -> Link:
        about = about_whom(told.node, told.event)
        return Link(
            "fact", told.event.sentence(), told.at_us, told.moment, about[0] if about else "", type(told.event).__name__
        )


class _Walk:
    """One way back, from one fact."""

    def __init__(self, lab: "Lab", asked: Told) -> None:
        self._lab = lab
        self._causes: Causes = lab.causes
        self._asked = asked
        self._matter = _matter_of(asked.event)
        self._last = asked
        """The earliest fact so far."""

    def links(self) -> Iterator[Link]:
        moment = self._causes.at(self._asked.moment)
        facts = [self._asked, *self._told_before(self._asked)]
        pending: Link | None = None
        passed = 0
        for _ in range(MOST_HOPS):
            if facts:
                if pending is not None:
                    yield replace(pending, between=passed)
                *rest, self._last = facts
                yield from map(self._lab.why.line, rest)
                pending, passed = self._link(self._last, moment), 0
            if moment is None:
                break
            end = self._end(moment)
            if end is not None:
                assert pending is not None
                yield replace(pending, between=passed)
                yield end
                return
            before, facts = self._before(moment)
            passed += not facts
            moment = before
        assert pending is not None
        yield replace(pending, between=passed)
        since_us = self._causes.since_us
        yield Link("forgotten", "What was before that is not remembered any more.", since_us, -1)

    def _before(self, moment: Moment) -> tuple[Moment | None, list[Told]]:
        """Where it came from, and what was told there of the matter, newest first."""
        known = known_reason(self._causes, self._last)
        if known is None and moment.way.kind == "timer":
            known = self._what_silenced(moment)
        if known is not None:
            return self._causes.at(known.moment), [known, *self._told_before(known)]
        sender = self._causes.sender_of(moment)
        if sender is None:
            return None, []
        if moment.way.kind == "timer" and sender.way is moment.way:
            start = self._start_of(moment.way.target, moment.number)
            return (self._causes.at(start.moment), [start]) if start is not None else (None, [])
        told = [each for each in in_order(self._causes.told_at(sender.number)) if self._belongs(each, moment.way)]
        return sender, told[::-1][:MOST_OF_ONE_MOMENT]

    def _end(self, moment: Moment) -> Link | None:
        """What the chain ends with, if it ends there."""
        way = moment.way
        if way.kind == "outside":
            act = self._causes.act_at(moment.number)
            if act is not None and not self._is_secret(act):
                return self._act(act)
            text = "It came from outside." if moment.number else "The lab was started."
            return Link("begin", text, moment.at_us, moment.number)
        if way.source.startswith(EDGES):
            name = self._lab.visitors.name_of(way.source)
            text = f"{name}, a client from outside, sent {way_in_words(way)}."
            return Link("request", text, moment.at_us, moment.number, f"client:{name}")
        if way.kind != "timer":
            return None
        act = self._act_that_silenced(moment)
        if act is not None:
            return self._act(act)
        sender = self._causes.sender_of(moment)
        goes_round = sender is not None and sender.way is way
        if goes_round and self._what_silenced(moment) is None and self._start_of(way.target, moment.number) is None:
            return Link(
                "clock", f"{_capital(way_in_words(way))}: so it does all the time.", moment.at_us, moment.number
            )
        return None

    # -- facts -------------------------------------------------------------------------------

    def _told_before(self, fact: Told) -> list[Told]:
        """In the same moment, newest first."""
        told = in_order(self._causes.told_at(fact.moment))
        before = told[: next((at for at, each in enumerate(told) if each is fact), 0)]
        return [each for each in before if self._belongs(each)][::-1][:MOST_OF_ONE_MOMENT]

    def _belongs(self, told: Told, way: Way | None = None) -> bool:
        """Not about another partition or another group, nor about any partition where it is about none.

        `way` is how one came there: of whole processes it must be one at its ends."""
        event = told.event
        if isinstance(event, LIFE) and way is not None and event.node not in (way.source, way.target):
            return False
        if told.node == ADMIN or (hasattr(event, "partition") and not hasattr(event, "topic")):
            return False
        matter = _matter_of(event)
        if "partition" in matter and (event.__class__ in FREQUENT or "partition" not in self._matter):
            return bool(matter["partition"] == self._matter.get("partition"))
        return all(bool(self._matter.get(name, value) == value) for name, value in matter.items())

    def _link(self, told: Told, moment: Moment | None) -> Link:
        """The earliest of a moment says what was handled then."""
        how = way_in_words(moment.way) if moment is not None and moment.way.kind != "outside" else ""
        return replace(self._lab.why.line(told), how=how)

    def _act(self, act: Act) -> Link:
        return Link("act", shell(act.command, self._lab.bootstrap_servers), act.at_us, act.moment)

    def _is_secret(self, act: Act) -> bool:
        return act.unseen and self._lab.faults.secret

    # -- silence -----------------------------------------------------------------------------

    def _what_silenced(self, moment: Moment) -> Told | None:
        """What befell those who were silent, when it was that which a clock noticed."""
        silent = self._silent()
        if not silent:
            return None
        for told in self._causes.newest_facts():
            if told.moment < moment.number and told.moment < self._last.moment:
                if isinstance(told.event, SILENCED) and told.event.node in silent:
                    return told
                if isinstance(told.event, LogDirFailed) and told.node in silent:
                    return told
        return None

    def _act_that_silenced(self, moment: Moment) -> Act | None:
        """Where it left no fact behind: a cut in the network. What happened since counts first."""
        silent = self._silent()
        if not silent:
            return None
        befell = self._what_silenced(moment)
        for act in self._causes.newest_acts():
            if act.moment > moment.number or (befell is not None and act.moment <= befell.moment):
                continue
            if self._is_secret(act):
                continue
            hits = isinstance(act.command, SILENCING) and not isinstance(act.command, UndoFault)
            if hits and _hit_by(act.command, silent, self._lab):
                return act
        return None

    def _silent(self) -> tuple[str, ...]:
        """Who was not heard of, if that is what the earliest fact tells."""
        match self._last.event:
            case BrokerFenced(broker):
                return (f"broker-{broker}",)
            case IsrShrunk(_, _, before, after):
                return tuple(f"broker-{broker}" for broker in before if broker not in after)
            case ControllerStoodForElection(controller):
                ids = self._lab.cluster.spec.controllers
                return tuple(f"controller-{each}" for each in ids if each != controller)
            case MemberLeft(group, member):
                return tuple(
                    told.event.client
                    for told in self._causes.newest_facts()
                    if isinstance(told.event, MemberJoined) and (told.event.group, told.event.member) == (group, member)
                )
        return ()

    def _start_of(self, node: str, moment: int) -> Told | None:
        """Of a client: it does what it does because it was started."""
        if node.startswith(("broker-", "controller-")) or isinstance(self._last.event, NodeStarted):
            return None
        starts = (told for told in self._causes.newest_facts() if told.event == NodeStarted(node))
        return next((told for told in starts if told.moment <= moment), None)


def _is_about(entity_id: str, told: Told) -> bool:
    """What a client tells is about the client, and not about the partition or the group besides."""
    about = about_whom(told.node, told.event)
    if entity_id.startswith(("partition:", "group:")) and hasattr(told.event, "client"):
        return isinstance(told.event, MemberJoined) and entity_id in about
    return entity_id in about


def _matter_of(event: Event) -> dict[str, Any]:
    """What it is about, as far as facts about another one of that kind do not belong to it."""
    found = {name: getattr(event, name) for name in ("topic", "group", "transactional_id") if hasattr(event, name)}
    if hasattr(event, "partition") and hasattr(event, "topic"):
        found["partition"] = (event.topic, event.partition)
    return found


def _hit_by(command: Any, nodes: tuple[str, ...], lab: "Lab") -> bool:
    named = [str(getattr(command, field, "")) for field in ("one", "other", "name")]
    named += [f"broker-{command.broker}"] if hasattr(command, "broker") else []
    named += [f"controller-{command.controller}"] if hasattr(command, "controller") else []
    if hasattr(command, "rack"):
        named += [broker.node for broker in lab.cluster.spec.brokers if broker.rack == command.rack]
    return any(node in named for node in nodes)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
