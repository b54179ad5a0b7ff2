"""The world: every node, one queue of what happens next, the clock and the dice.

One seed and the same commands give one history. `step()` delivers exactly one message. Edges are
the places where the outside touches the world (a TCP connection of a real client): a name like a
node's, but its messages go to a callable.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from heapq import heappop, heappush
from random import Random
from typing import Any

from kafkalab.engine.due import TIMER, Blocked, ConnectionGone, TcpGivesUp, Unblock
from kafkalab.engine.events import (
    ConnectionHalfOpened,
    Event,
    NodeCrashed,
    NodeExited,
    NodeFrozen,
    NodeStarted,
    NodeThawed,
)
from kafkalab.engine.network import TCP_GIVES_UP_US, Network, pair
from kafkalab.engine.node import Block, ConnectionLost, Exit, Halt, HangUp, Node, Request, Response, Send, Started, Wake


def _nobody(message: Any) -> None:
    """At the end of a connection that stayed with the world from which this one was forked."""


CONNECTIONS_MAX_IDLE_US = 600_000_000
"""connections.max.idle.ms: when an end that hears nothing more closes its connection."""


class World:
    def __init__(self, seed: int = 0, start_us: int = 0, network: Network | None = None) -> None:
        self.seed = seed
        self.now_us = start_us
        self.random = Random(seed)
        self.network = network or Network()
        self.clock_ahead_us = 0
        """Of every machine's clock before `now_us`, which is what timers go by."""
        self.nodes: dict[str, Node] = {}
        self.frozen: dict[str, list[tuple[int, str, int, Any]]] = {}
        """Frozen nodes, each with what has arrived for it meanwhile."""
        self.blocked: dict[str, Blocked] = {}
        """Nodes that wait for their disk."""
        self.edges: dict[str, Callable[[Any], None]] = {}
        self.on_event: list[Callable[[int, str, Event], None]] = []
        """Called with (now_us, node name, event) for each fact."""
        self.on_life: list[Callable[[int, str, Event], None]] = []
        """Likewise, before those, for what the world itself tells: that a node starts, ends, stands still."""
        self.on_leaving: list[Callable[[str], None]] = []
        """Called with the name of a node that is about to end, while it can still be looked at."""
        self.on_message: list[Callable[[int, int, str, str, Request | Response], None]] = []
        """Called with (sent_us, due_us, source, target, message) for each message on the network."""
        self.on_step: Callable[[int, str, str, Any], None] | None = None
        """Called before each step with (number, source, target, message): see `sent` for the number."""
        self.steps = 0
        self.last_node = ""
        """Who acted in the last step."""
        self._known: dict[tuple[str, str], int] = {}
        """(node, peer) -> the number of the connection that the node believes it has."""
        self._queue: list[tuple[int, int, str, str, int, int, Any]] = []
        self.sent = 0
        """How many messages and timers there have been: the number of the last one. Each has its own, in order."""
        self._first_numbers: dict[int, int] = {}
        """Of what waited for a blocked node, and was queued again: as which message it was sent."""
        self._incarnations: dict[str, int] = {}

    # -- forking -----------------------------------------------------------------------------

    def fork(self) -> "World":
        """Another world that goes on from here by itself: the same commands, the same history.

        Immutable things are shared: what lies on disks in memory, messages on their way. Observers stay
        with the original, and so does the outside: in the fork its connections are gone."""
        copy = deepcopy(self)
        copy.hang_up_edges()
        return copy

    def __getstate__(self) -> dict[str, Any]:
        edges = dict.fromkeys(self.edges, _nobody)
        nobody: dict[str, list[Any]] = {"on_event": [], "on_life": [], "on_leaving": [], "on_message": []}
        return self.__dict__ | nobody | {"edges": edges, "on_step": None}

    def hang_up_edges(self) -> None:
        for name in list(self.edges):
            self.close_edge(name)

    # -- nodes -------------------------------------------------------------------------------

    def start(self, node: Node) -> None:
        """Bring a node to life. A crashed name comes back as a new node with the old disk."""
        assert node.name not in self.nodes, node.name
        self.nodes[node.name] = node
        node.clock_ahead_us = self.clock_ahead_us
        self._incarnations[node.name] = self._incarnations.get(node.name, 0) + 1
        self._tell(node.name, NodeStarted(node.name))
        self._push(self.now_us, node.name, node.name, TIMER, Started())

    def crash(self, name: str) -> None:
        """kill -9: memory is gone, and the kernel closes the sockets, so peers learn at once."""
        self._remove(name)
        self._tell(name, NodeCrashed(name))

    def freeze(self, name: str) -> None:
        """SIGSTOP: nothing runs, nothing is lost, and no peer is told."""
        self.frozen.setdefault(name, [])
        self._tell(name, NodeFrozen(name))

    def thaw(self, name: str) -> None:
        for _, source, number, message in self.frozen.pop(name):
            self._push(self.now_us, source, name, number, message)
        self._tell(name, NodeThawed(name))

    def _remove(self, name: str) -> None:
        for observe in self.on_leaving:
            observe(name)
        del self.nodes[name]
        self.frozen.pop(name, None)
        self.blocked.pop(name, None)
        self._incarnations[name] += 1
        for known in [known for known in self._known if known[0] == name]:
            del self._known[known]
        for other in [*self.nodes, *self.edges]:
            if self.network.ever_used(name, other):
                self.hang_up(name, other)

    # -- the network -------------------------------------------------------------------------

    def send(self, source: str, target: str, message: Request | Response) -> None:
        network, way = self.network, (source, target)
        # As long as none was made anew, every connection is the first one.
        number = network.number(source, target) if network.connection else 0
        if (network.broken_until_us or network.cut or network.islands) and not network.passes(source, target):
            # The source believes in the connection that the message is lost on, until it is told.
            self._known.setdefault(way, number)
            self._break_connection(source, target)
            return
        if target not in self.nodes and target not in self.edges:
            # Connection refused: the kernel of a machine without that process answers at once.
            self._lose(source, target, number)
            return
        known = self._known.setdefault(way, number)
        if known != number:
            # Written to a socket whose other end is gone: the peer's kernel answers with a reset.
            self._lose(source, target, known)
            return
        now_us = self.now_us
        due_us = network.arrival_us(way, now_us, self.random)
        for observe in self.on_message:
            observe(now_us, due_us, source, target, message)
        self.sent = sequence = self.sent + 1
        incarnation = self._incarnations.get(target, 0)
        heappush(self._queue, (due_us, sequence, source, target, number, incarnation, message))
        if network.links and message.__class__ is Request and network.opens_half(source, target, self.random):
            self.half_open(source, target)

    def half_open(self, one: str, other: str) -> None:
        """The connection is gone at the end of `one` only, as when a proxy between them resets one side.

        What `one` has sent arrives all the same, on the connection that `other` still holds open.
        TCP delivers once; but `one` asks again on a new connection, and so the request comes twice.
        """
        number = self.network.number(one, other)
        self.network.renew(one, other)
        # A name of its own, because for `other` the two are different connections. Nobody bears it,
        # so what is answered there finds the connection reset.
        old = f"{one}~{number}"
        for index, (due_us, sequence, source, target, of, incarnation, message) in enumerate(self._queue):
            if (source, target, of) == (one, other, number):
                self._queue[index] = (due_us, sequence, old, target, 0, incarnation, _from(old, message))
        for waiting in (self.frozen.get(other, []), self.blocked[other].arrived if other in self.blocked else []):
            for index, (due_us, source, of, message) in enumerate(waiting):
                if (source, of) == (one, number):
                    waiting[index] = (due_us, old, 0, _from(old, message))
        self._lose(one, other, number)
        self._lose(other, old, 0, CONNECTIONS_MAX_IDLE_US)
        self._tell(one, ConnectionHalfOpened(one, other))

    def hang_up(self, one: str, other: str) -> None:
        """`one` closes its connections with `other`, which is told at once, unless the way is cut."""
        old = number = self.network.number(one, other)
        # Where the way is cut the farewell is lost: the other end gives up by itself.
        in_us = 0 if self.network.passes(one, other) else TCP_GIVES_UP_US
        last_us = self.network.not_before_us.get((one, other), 0)
        self.network.renew(one, other)
        self._known.pop((one, other), None)
        if other in self.edges:
            # A client hears what was answered before, and then the end, as TCP has it.
            in_us = max(in_us, last_us - self.now_us)
            number = self._known[other, one] = self.network.number(one, other)
            answer = (one, other, old)
            self._queue[:] = [(*due[:4], number, *due[5:]) if due[2:5] == answer else due for due in self._queue]
        self._lose(other, one, number, in_us)

    def _break_connection(self, one: str, other: str) -> None:
        both = pair(one, other)
        if both in self.network.broken_until_us:
            return
        until_us = self.now_us + TCP_GIVES_UP_US
        self.network.broken_until_us[both] = until_us
        self._push(until_us, one, one, TIMER, TcpGivesUp(one, other))

    def _give_up(self, one: str, other: str) -> None:
        if pair(one, other) in self.network.broken_until_us:
            self.reset(one, other)

    def reset(self, one: str, other: str) -> None:
        """The connection breaks, as by a firewall between them, and both ends learn of it."""
        number = self.network.number(one, other)
        self.network.renew(one, other)
        self._lose(one, other, number)
        self._lose(other, one, number)

    def _lose(self, name: str, peer: str, number: int, in_us: int = 0) -> None:
        """Tell `name` that this connection with `peer` is gone."""
        self._push(self.now_us + in_us, peer, name, TIMER, ConnectionGone(peer, number))

    # -- edges -------------------------------------------------------------------------------

    def open_edge(self, name: str, deliver: Callable[[Any], None]) -> None:
        self.edges[name] = deliver

    def close_edge(self, name: str) -> None:
        """The outside hung up: every node that has heard from it is told."""
        del self.edges[name]
        for other in list(self.nodes):
            last_us = self.network.not_before_us.get((name, other))
            if last_us is not None:
                # The farewell does not overtake what was sent before it.
                self._lose(other, name, self.network.number(other, name), max(0, last_us - self.now_us))
        self.network.forget(name)
        for known in [known for known in self._known if name in known]:
            del self._known[known]

    # -- time --------------------------------------------------------------------------------

    def set_clocks(self, to_us: int) -> None:
        """Of every machine, to that date; timers go on undisturbed, as when a machine wakes up."""
        self.clock_ahead_us = to_us - self.now_us
        for node in self.nodes.values():
            node.clock_ahead_us = self.clock_ahead_us

    def next_due_us(self) -> int | None:
        return self._queue[0][0] if self._queue else None

    def step(self) -> bool:
        """Let the next thing happen. False when nothing is left to happen."""
        if not self._queue:
            return False
        due_us, sequence, source, target, number, incarnation, message = heappop(self._queue)
        self.now_us = due_us if due_us > self.now_us else self.now_us
        self.steps += 1
        sequence = self._first_numbers.pop(sequence, sequence) if self._first_numbers else sequence
        if self.on_step is not None:
            self.on_step(sequence, source, target, message)
        if number != TIMER:
            network = self.network
            if number != (network.number(source, target) if network.connection else 0):
                return True
        elif message.__class__ is TcpGivesUp:
            self._give_up(message.one, message.other)
            return True
        if self.frozen and target in self.frozen:
            if incarnation == self._incarnations[target]:
                self.frozen[target].append((due_us, source, number, message))
            return True
        if self.blocked and target in self.blocked and incarnation == self._incarnations[target]:
            if message.__class__ is Unblock:
                self._unblock(target)
            else:
                self.blocked[target].arrived.append((due_us, source, number, message))
                self.blocked[target].numbers.append(sequence)
            return True
        self.last_node = target
        if number != TIMER:
            way = (target, source)
            known = self._known.get(way)
            if known != number:
                self._known[way] = number
                if known is not None:
                    # A new connection, and nobody could say that the old one is gone.
                    self._deliver(target, incarnation, ConnectionLost(source))
        elif message.__class__ is ConnectionGone:
            if self._known.get((target, message.peer), message.number) > message.number:
                return True
            self._known.pop((target, message.peer), None)
            message = ConnectionLost(message.peer)
        node = self.nodes.get(target)
        if node is not None and incarnation == self._incarnations[target]:
            self._do(node, node.receive(message, self.now_us, self.random))
        else:
            self._deliver(target, incarnation, message)
        return True

    def _deliver(self, target: str, incarnation: int, message: Any) -> None:
        node = self.nodes.get(target)
        if node is None:
            deliver = self.edges.get(target)
            if deliver is not None:
                deliver(message)
        elif incarnation == self._incarnations[target]:
            self._do(node, node.receive(message, self.now_us, self.random))

    def run_until(self, until_us: int, after_each: Callable[[], None] | None = None) -> None:
        """Everything due up to and including `until_us`; afterwards that is the time.

        `after_each` is called after each step."""
        queue, step = self._queue, self.step
        while queue and queue[0][0] <= until_us:
            step()
            if after_each is not None:
                after_each()
        self.now_us = max(self.now_us, until_us)

    def tell_node(self, name: str, message: Any) -> None:
        """Give a node a message of its own at once, as a command of a person does."""
        self.last_node = name
        self._do(self.nodes[name], self.nodes[name].receive(message, self.now_us, self.random))

    def _unblock(self, name: str) -> None:
        blocked = self.blocked.pop(name)
        for (due_us, source, number, message), first in zip(blocked.arrived, blocked.numbers, strict=True):
            # Due when it was, so that nothing which arrives only now comes before it.
            self._push(due_us, source, name, number, message)
            self._first_numbers[self.sent] = first
        self._do(self.nodes[name], blocked.effects)

    def _hold_back(self, name: str, effects: list[Any]) -> None:
        """What the node has done is a fact already; only others hear of it later."""
        for effect in effects:
            if isinstance(effect, Event):
                self._tell(name, effect)
            elif isinstance(effect, Halt):
                self.crash(name)
                return
            else:
                self.blocked[name].effects.append(effect)

    def _do(self, node: Node, effects: list[Any]) -> None:
        name = node.name
        if self.blocked and name in self.blocked:
            self._hold_back(name, effects)
            return
        rest = iter(effects)
        for effect in rest:
            # The three that nearly all effects are come first, by their class: every step comes through here.
            kind = effect.__class__
            if kind is Send:
                self.send(name, effect.target, effect.message)
                continue
            if isinstance(effect, Event):
                now_us = self.now_us
                for observe in self.on_event:
                    observe(now_us, name, effect)
                continue
            if kind is Wake:
                at_us, now_us = effect.at_us, self.now_us
                self.sent = sequence = self.sent + 1
                due_us, incarnation = at_us if at_us > now_us else now_us, self._incarnations.get(name, 0)
                heappush(self._queue, (due_us, sequence, name, name, TIMER, incarnation, effect.message))
                continue
            match effect:
                case HangUp(peer):
                    self.hang_up(name, peer)
                case Block(for_us):
                    self.blocked[name] = Blocked()
                    self._hold_back(name, list(rest))
                    self._push(self.now_us + for_us, name, name, TIMER, Unblock())
                    return
                case Halt():
                    self.crash(name)
                    return
                case Exit():
                    self._remove(name)
                    self._tell(name, NodeExited(name))
                    return
                case _:
                    raise AssertionError(f"{name} wants {effect!r}, which nobody can do")

    def _tell(self, name: str, event: Event) -> None:
        for observe in (*self.on_life, *self.on_event):
            observe(self.now_us, name, event)

    def _push(self, due_us: int, source: str, target: str, number: int, message: Any) -> None:
        self.sent = sequence = self.sent + 1
        incarnation = self._incarnations.get(target, 0)
        heappush(self._queue, (due_us, sequence, source, target, number, incarnation, message))


def _from(source: str, message: Any) -> Any:
    """The message as if `source` had sent it."""
    return replace(message, source=source)
