"""Links between nodes: latency, cuts, and what TCP promises on them.

A connection between two nodes keeps order and loses nothing: a message that cannot be delivered
breaks the connection, everything later on it is lost too, and both ends learn of it
(`ConnectionLost`) when TCP gives up. Loss of packets below TCP shows as delay.
"""

from dataclasses import dataclass, field
from random import Random

TCP_GIVES_UP_US = 2_000_000
"""How long both ends of a broken connection go on without knowing. Linux would take minutes; the
clients' own timeouts are what matters, and a lesson cannot wait for the kernel."""
RETRANSMIT_US = 200_000
"""Linux's smallest retransmission timeout (TCP_RTO_MIN)."""

Pair = tuple[str, str]


def pair(one: str, other: str) -> Pair:
    return (one, other) if one < other else (other, one)


@dataclass
class Link:
    """What a network fault may change about the way from one node to another."""

    latency_us: int = 0
    jitter_us: int = 0
    loss: float = 0.0
    """Chance in [0, 1) that a message needs one retransmission more."""
    half_open: float = 0.0
    """Chance in [0, 1] that whoever sends a request finds its connection gone right after, while the
    other end knows nothing of it and serves what has been sent."""


@dataclass
class Network:
    default: Link = field(default_factory=Link)
    links: dict[Pair, Link] = field(default_factory=dict)
    """Directed: (source, target). Absent means `default`."""
    cut: dict[Pair, None] = field(default_factory=dict)
    """Directed ways on which nothing passes. A dict because sets have no order."""
    islands: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Groups of nodes, by any name, that nothing reaches and nothing leaves."""
    broken_until_us: dict[Pair, int] = field(default_factory=dict)
    """Undirected connections that lost a message, until both ends have been told."""
    not_before_us: dict[Pair, int] = field(default_factory=dict)
    """Directed: the arrival of the last message, so that none overtakes it."""
    connection: dict[Pair, int] = field(default_factory=dict)
    """Undirected: how often the connection was made anew. Messages of an older one are void."""

    def number(self, one: str, other: str) -> int:
        return self.connection.get((one, other) if one < other else (other, one), 0)

    def ever_used(self, one: str, other: str) -> bool:
        ways = self.not_before_us
        return (one, other) in ways or (other, one) in ways or pair(one, other) in self.connection

    def passes(self, source: str, target: str) -> bool:
        if not (self.broken_until_us or self.cut or self.islands):
            return True
        return pair(source, target) not in self.broken_until_us and not self.is_cut(source, target)

    def is_cut(self, source: str, target: str) -> bool:
        if (source, target) in self.cut:
            return True
        return bool(self.islands) and any((source in island) != (target in island) for island in self.islands.values())

    def arrival_us(self, way: Pair, now_us: int, random: Random) -> int:
        """When a message sent now arrives. Only for ways that pass."""
        link = self.links.get(way, self.default) if self.links else self.default
        due_us = now_us + link.latency_us
        most_us = link.jitter_us
        if most_us:
            # As random.randrange draws it, without the way there: every message draws one.
            bits = (most_us + 1).bit_length()
            drawn_us = random.getrandbits(bits)
            while drawn_us > most_us:
                drawn_us = random.getrandbits(bits)
            due_us += drawn_us
        while link.loss and random.random() < link.loss:
            due_us += RETRANSMIT_US
        not_before_us = self.not_before_us.get(way, 0)
        if due_us < not_before_us:
            return not_before_us
        self.not_before_us[way] = due_us
        return due_us

    def opens_half(self, source: str, target: str, random: Random) -> bool:
        """Whether the connection is gone for `source`, and for nobody else, after what it just sent."""
        link = self.links.get((source, target), self.default)
        return link.half_open > 0 and random.random() < link.half_open

    def renew(self, one: str, other: str) -> None:
        """The old connection is gone at both ends; the next message makes a new one."""
        both = pair(one, other)
        self.broken_until_us.pop(both, None)
        self.connection[both] = self.connection.get(both, 0) + 1
        self.not_before_us.pop((one, other), None)
        self.not_before_us.pop((other, one), None)

    def forget(self, name: str) -> None:
        """Drop what is kept about a node that will not come back (a closed client connection)."""
        for table in (self.links, self.cut, self.broken_until_us, self.not_before_us, self.connection):
            for key in [key for key in table if name in key]:
                del table[key]
