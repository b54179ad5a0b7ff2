"""The faults that are on: begun by a command, listed on the stage, and undone by their number.

Freezing and isolating a broker count among them. A fault that has spent itself (the torn write has
happened, the last wrong answer was given) is no longer listed.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from kafkalab.engine.broker.tampering import (
    AnswerWith,
    CoordinatorElsewhere,
    Leaderless,
    LosesAnswer,
    PosesAs,
    Rule,
    StaleLeader,
)
from kafkalab.engine.network import Link
from kafkalab.engine.spec import broker_node, controller_node
from kafkalab.lab import commands as order
from kafkalab.lab import controller_commands as controllers
from kafkalab.lab import fault_commands as fault
from kafkalab.lab.fault_labels import label
from kafkalab.lab.nowhere import is_own, leads_nowhere
from kafkalab.lab.parsing import snake_case
from kafkalab.wire.api import ApiKey
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.lab.lab import Lab

Breaking = (
    fault.FaultCommand
    | order.FreezeBroker
    | order.IsolateBroker
    | controllers.FreezeController
    | controllers.IsolateController
)
API_KEYS = {key.message_name: key for key in ApiKey}
OF_A_LINK = (fault.CutLink, fault.LosePackets, fault.DelayLink, fault.DuplicateConnections)
OF_THE_NETWORK = (*OF_A_LINK, fault.IsolateRack, order.IsolateBroker, controllers.IsolateController)


class NoSuchThing(Exception):
    """The fault names what is not there, or is on already."""

    def __init__(self, **reasons: str) -> None:
        super().__init__("; ".join(reasons.values()))
        self.reasons = reasons


@dataclass(frozen=True, slots=True)
class ActiveFault:
    number: int
    command: Breaking
    since_us: int

    @property
    def name(self) -> str:
        """Of its rules, wherever they are."""
        return f"fault-{self.number}"


class Faults:
    def __init__(self, lab: "Lab") -> None:
        self.lab = lab
        self._active: dict[int, ActiveFault] = {}
        self._last_number = 0
        self._unseen: dict[int, None] = {}
        """Those that a drill has begun: they are on no list, and only the drill can undo them."""
        self.secret = False
        """Something was ordered unseen, and nobody has been told yet."""
        self.unseen_now = False
        """What is ordered at this moment."""

    def go_on_from(self, other: "Faults") -> None:
        """In a fork, where the same is broken."""
        self._active = dict(other._active)
        self._last_number = other._last_number
        self._unseen = dict(other._unseen)
        self.secret = other.secret

    @contextmanager
    def begun_unseen(self, unseen: bool) -> Iterator[None]:
        """What is begun and undone meanwhile."""
        before, self.unseen_now = self.unseen_now, unseen
        self.secret = self.secret or unseen
        try:
            yield
        finally:
            self.unseen_now = before

    def reveal(self) -> None:
        """From now on everybody may know what was ordered unseen."""
        self._unseen.clear()
        self.secret = False

    def begin(self, command: Breaking) -> int:
        """Raises NoSuchThing."""
        self._check(command)
        self._last_number += 1
        begun = ActiveFault(self._last_number, command, self.lab.world.now_us)
        self._active[begun.number] = begun
        if self.unseen_now:
            self._unseen[begun.number] = None
        self._do(begun)
        return begun.number

    def leave_out(self) -> None:
        """One that was begun here another time is not: later ones have the numbers that they had."""
        self._last_number += 1

    def undo(self, number: int) -> None:
        """Raises NoSuchThing."""
        found = {each.number: each for each in self.active()}.get(number)
        if found is None or (number in self._unseen and not self.unseen_now):
            raise NoSuchThing(fault=f"{number} is no fault that is on")
        del self._active[number]
        self._undo(found)

    def heal_network(self) -> None:
        """Of what was broken unseen nobody knows, so only who has broken it so can heal it."""
        stays = {} if self.unseen_now else self._unseen
        self._active = {
            number: each
            for number, each in self._active.items()
            if number in stays or not isinstance(each.command, OF_THE_NETWORK)
        }
        self._wire()

    def active(self) -> list[ActiveFault]:
        """Those that are still on."""
        self._active = {number: each for number, each in self._active.items() if self._is_on(each)}
        return list(self._active.values())

    def entities(self) -> dict[str, dict[str, Any]]:
        return {
            f"fault:{each.number}": {
                "kind": "fault",
                "fault": each.number,
                "name": snake_case(type(each.command).__name__),
                "nodes": list(self._nodes(each.command)),
                "settings": {name: getattr(each.command, name) for name in each.command.__dataclass_fields__},
                "label": label(each.command),
                "says": type(each.command).__doc__,
                "since_us": each.since_us,
            }
            for each in self.active()
            if each.number not in self._unseen
        }

    # -- each kind -----------------------------------------------------------------------------

    def _check(self, command: Breaking) -> None:
        lab = self.lab
        if any(type(each.command) is type(command) and self._same(each.command, command) for each in self.active()):
            raise NoSuchThing(command="is on already: undo it first")
        for field in ("broker", "leader"):
            broker = getattr(command, field, None)
            if broker is not None and broker not in lab.broker_ids:
                raise NoSuchThing(**{field: f"must be one of {', '.join(map(str, lab.broker_ids))}"})
        known = [*lab.cluster.disks, *lab.world.nodes, *lab.world.edges]
        for field in ("one", "other"):
            node = getattr(command, field, None)
            if node is not None and node not in known:
                raise NoSuchThing(**{field: f"{node} is no node of this lab"})
        match command:
            case command if isinstance(command, OF_A_LINK) and command.one == command.other:
                raise NoSuchThing(other="must be another node")
            case fault.IsolateRack(rack) if not self._nodes(command):
                raise NoSuchThing(rack=f"{rack} is no rack of this lab")
            case fault.FailResponses(error=None, round_trip_ms=0):
                raise NoSuchThing(error="is needed, or a round trip")
            case fault.FailResponses(topic=None, partition=int()):
                raise NoSuchThing(topic="is needed for a partition")
            case fault.AdvertiseWrongAddress(_, host, port) if not leads_nowhere(host):
                own = lab.cluster.spec.brokers[0].host
                if not is_own(host, own):
                    raise NoSuchThing(host="must lead nowhere: a name under .invalid, .test or .example, or 192.0.2.1")
                if (own, port) in lab.listeners:
                    raise NoSuchThing(host=f"{lab.listeners[own, port]} listens at {host}:{port}")
            case fault.FailDisk(broker) if broker_node(broker) in lab.world.frozen:
                raise NoSuchThing(broker=f"{broker} is frozen: nothing reads its disk")

    def _same(self, one: Breaking, other: Breaking) -> bool:
        """Whether both break the same thing, so that the second would undo the first."""
        if isinstance(one, fault.FailResponses | fault.LoseAnswers | fault.HideLeader | fault.TellStaleLeader):
            return one == other
        return self._nodes(one) == self._nodes(other)

    def _nodes(self, command: Breaking) -> tuple[str, ...]:
        """Where the fault is."""
        if isinstance(command, fault.IsolateRack):
            return tuple(spec.node for spec in self.lab.cluster.spec.brokers if spec.rack == command.rack)
        if isinstance(command, OF_A_LINK):
            return (command.one, command.other)
        if isinstance(command, controllers.FreezeController | controllers.IsolateController):
            return (controller_node(command.controller),)
        broker = getattr(command, "broker", None)
        return tuple(broker_node(each) for each in (self.lab.broker_ids if broker is None else (broker,)))

    def _do(self, begun: ActiveFault) -> None:
        cluster = self.lab.cluster
        match begun.command:
            case fault.SlowDisk(broker, delay_ms):
                cluster.disks[broker_node(broker)].delay_us = delay_ms * 1000
            case fault.FillDisk(broker, free_bytes):
                cluster.disks[broker_node(broker)].free_bytes = free_bytes
            case fault.FailDisk(broker):
                cluster.fail_disk(broker)
            case fault.TearWrite(broker):
                cluster.disks[broker_node(broker)].tears_next_write = True
            case fault.AdvertiseWrongAddress(broker, host, port):
                cluster.advertised[broker] = (host, port)
            case fault.SkewClock(broker, by_ms):
                cluster.skew_clock(broker, by_ms * 1000)
            case order.FreezeBroker(broker):
                cluster.freeze(broker)
            case controllers.FreezeController(controller):
                cluster.freeze_controller(controller)
            case command if isinstance(command, OF_THE_NETWORK):
                self._wire()
            case command:
                for broker in self._liars(command):
                    cluster.tampering[broker].rules[begun.name] = _rule(command)

    def _undo(self, ended: ActiveFault) -> None:
        cluster = self.lab.cluster
        match ended.command:
            case fault.SlowDisk(broker):
                cluster.disks[broker_node(broker)].delay_us = 0
            case fault.FillDisk(broker):
                cluster.disks[broker_node(broker)].free_bytes = None
            case fault.FailDisk(broker):
                cluster.disks[broker_node(broker)].failed = False
            case fault.TearWrite(broker):
                cluster.disks[broker_node(broker)].tears_next_write = False
            case fault.AdvertiseWrongAddress(broker):
                del cluster.advertised[broker]
            case fault.SkewClock(broker):
                cluster.skew_clock(broker, 0)
            case order.FreezeBroker(broker):
                cluster.thaw(broker)
            case controllers.FreezeController(controller):
                cluster.thaw_controller(controller)
            case command if isinstance(command, OF_THE_NETWORK):
                self._wire()
            case command:
                for broker in self._liars(command):
                    cluster.tampering[broker].rules.pop(ended.name, None)

    def _is_on(self, each: ActiveFault) -> bool:
        cluster = self.lab.cluster
        match each.command:
            case order.FreezeBroker(broker):
                return broker_node(broker) in self.lab.world.frozen
            case controllers.FreezeController(controller):
                return controller_node(controller) in self.lab.world.frozen
            case fault.TearWrite(broker):
                return cluster.disks[broker_node(broker)].tears_next_write
            case fault.FailResponses() | fault.LoseAnswers() as command:
                return any(each.name in cluster.tampering[broker].rules for broker in self._liars(command))
        return True

    def _liars(self, command: Breaking) -> tuple[int, ...]:
        # Who the coordinator is said to be is one broker; it is said by all.
        broker = None if isinstance(command, fault.MoveCoordinator) else getattr(command, "broker", None)
        return self.lab.broker_ids if broker is None else (broker,)

    def _wire(self) -> None:
        """The network as all its faults together make it."""
        network = self.lab.world.network
        self.lab.cluster.heal()
        network.links.clear()
        for each in self._active.values():
            match each.command:
                case fault.CutLink(one, other, direction):
                    network.cut[one, other] = None
                    if direction == "both":
                        network.cut[other, one] = None
                case fault.LosePackets(one, other, percent):
                    for link in (self._link(one, other), self._link(other, one)):
                        link.loss = 1 - (1 - link.loss) * (1 - percent / 100)
                case fault.DelayLink(one, other, delay_ms, jitter_ms):
                    for link in (self._link(one, other), self._link(other, one)):
                        link.latency_us += delay_ms * 1000
                        link.jitter_us += jitter_ms * 1000
                case fault.DuplicateConnections(one, other, percent):
                    for link in (self._link(one, other), self._link(other, one)):
                        link.half_open = percent / 100
                case fault.IsolateRack() | order.IsolateBroker() | controllers.IsolateController() as command:
                    self.lab.cluster.isolate_all(each.name, self._nodes(command))

    def _link(self, source: str, target: str) -> Link:
        network = self.lab.world.network
        usual = network.default
        return network.links.setdefault((source, target), replace(usual))


def _rule(command: Breaking) -> Rule:
    match command:
        case fault.FailResponses():
            error = ErrorCode[command.error.lower()] if command.error else None
            key = API_KEYS[command.api]
            return AnswerWith(key, command.times, error, command.round_trip_ms, command.topic, command.partition)
        case fault.LoseAnswers(api, times, _, topic):
            return LosesAnswer(API_KEYS[api], times, topic)
        case fault.HideLeader(topic, partition):
            return Leaderless(topic, partition)
        case fault.TellStaleLeader(topic, partition, leader):
            return StaleLeader(topic, partition, leader)
        case fault.MoveCoordinator(group, broker):
            return CoordinatorElsewhere(group, broker)
        case fault.PoseAsKafka(release):
            return PosesAs(release)
    raise AssertionError(f"{command!r} makes nobody lie")
