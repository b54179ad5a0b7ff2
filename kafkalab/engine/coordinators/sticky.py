"""Partitions stay where they are unless balance demands a move (KIP-54, KIP-429, KIP-341).

When all members want the same topics a share is a number, and one pass does (`_share_evenly`).
Else partitions are handed to whoever has least and may have them, and then moved one by one as
long as a move helps (`_Balancing`). Members and topics are taken in sorted order, so the result
depends on nothing else (org.apache.kafka.clients.consumer.internals.AbstractStickyAssignor).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from kafkalab.engine.coordinators.consumer_protocol import Subscription, TopicPartition

Subscriptions = Mapping[str, Subscription]
Assignment = dict[str, list[TopicPartition]]


@dataclass(frozen=True, slots=True)
class _Claims:
    """What the members say they own, where they contradict each other settled by generation."""

    owner: dict[TopicPartition, str]
    owned: Assignment
    """By member; without what is disputed, gone, or no longer wanted by the member."""
    disputed: dict[TopicPartition, None]
    """Claimed by two members of one generation: neither keeps it."""
    previous: dict[TopicPartition, str]
    """Who had it in the generation before the newest."""


def assign_stickily(members: Subscriptions, partitions: Mapping[str, int]) -> Assignment:
    return _assign(members, partitions, _claims(members, partitions))


def assign_cooperatively(members: Subscriptions, partitions: Mapping[str, int]) -> Assignment:
    claims = _claims(members, partitions)
    target = _assign(members, partitions, claims)
    return {
        name: [it for it in share if it not in claims.disputed and claims.owner.get(it, name) == name]
        for name, share in target.items()
    }


def _assign(members: Subscriptions, partitions: Mapping[str, int], claims: _Claims) -> Assignment:
    wanted = {topic: None for member in members.values() for topic in member.topics}
    counts = {topic: partitions[topic] for topic in sorted(wanted) if partitions.get(topic, 0) > 0}
    if len({frozenset(member.topics) for member in members.values()}) == 1:
        return _share_evenly(counts, claims)
    return _Balancing(members, counts, claims).balanced()


def _claims(members: Subscriptions, partitions: Mapping[str, int]) -> _Claims:
    owner: dict[TopicPartition, str] = {}
    disputed: dict[TopicPartition, None] = {}
    previous: dict[TopicPartition, str] = {}
    for name in sorted(members, key=lambda name: (-members[name].generation, name)):
        for it in members[name].owned:
            topic, partition = it
            if not 0 <= partition < partitions.get(topic, 0):
                continue
            if it not in owner:
                owner[it] = name
            elif owner[it] == name:
                continue
            elif members[name].generation == members[owner[it]].generation:
                disputed[it] = None
            else:
                previous.setdefault(it, name)
    owned: Assignment = {name: [] for name in sorted(members)}
    for it, name in owner.items():
        if it not in disputed and it[0] in members[name].topics:
            owned[name].append(it)
    return _Claims(owner, owned, disputed, previous)


def _share_evenly(counts: Mapping[str, int], claims: _Claims) -> Assignment:
    """Each member keeps up to its share; the rest go round, first to those below the smaller share."""
    share, over_share = divmod(sum(counts.values()), len(claims.owned))
    assignment: Assignment = {}
    below: list[str] = []
    at_share: list[str] = []
    for name, owned in claims.owned.items():
        owned.sort(key=lambda it: (it[1], it[0]))
        if len(owned) < share:
            assignment[name] = owned
            below.append(name)
        elif len(owned) > share and over_share > 0:
            assignment[name] = owned[: share + 1]
            over_share -= 1
        else:
            assignment[name] = owned[:share]
            at_share.append(name)
    kept = {it for owned in assignment.values() for it in owned}
    free = [(topic, p) for topic, count in counts.items() for p in range(count) if (topic, p) not in kept]
    place = 0
    for it in free:
        if below:
            name = below[place % len(below)]
            assignment[name].append(it)
            if len(assignment[name]) < share:
                place = place % len(below) + 1
                continue
            place %= len(below)
            below.remove(name)
            at_share.append(name)
        else:
            assignment[at_share.pop(0)].append(it)
    return assignment


class _Balancing:
    """Members that want different topics: the most balanced outcome that few moves lead to."""

    def __init__(self, members: Subscriptions, counts: Mapping[str, int], claims: _Claims) -> None:
        self.counts = counts
        self.previous = claims.previous
        self.wants = {name: [topic for topic in counts if topic in members[name].topics] for name in sorted(members)}
        self.takers = {topic: [name for name in self.wants if topic in self.wants[name]] for topic in counts}
        self.assignment = claims.owned
        self.owner = {it: name for name, owned in claims.owned.items() for it in owned}
        self.moves: dict[TopicPartition, tuple[str, str]] = {}
        """Partition: (where it was before this rebalance, where it has been moved)."""
        # A member that dropped a topic has to revoke anyway, so everything may move at once.
        self.revocation_required = any(
            it[0] in counts and it[0] not in members[name].topics for name in members for it in members[name].owned
        )

    def balanced(self) -> Assignment:
        topics = sorted(self.counts, key=lambda topic: (len(self.takers[topic]), topic))
        every = [(topic, partition) for topic in topics for partition in range(self.counts[topic])]
        free = [it for it in every if it not in self.owner]
        for it in free:
            self._give(it, self._least_loaded(it[0]))
        if not self.revocation_required:
            # What nobody had costs nobody anything to move.
            self._move_while_it_helps(free)
        self._move_while_it_helps(every)
        return self.assignment

    def _move_while_it_helps(self, partitions: list[TopicPartition]) -> None:
        """Each move evens out two members that are two or more apart, so this comes to an end."""
        again = True
        while again:
            again = False
            for it in partitions:
                target = self._better_owner(it)
                if target is not None:
                    self._move(it, target)
                    again = True

    def _better_owner(self, it: TopicPartition) -> str | None:
        mine = len(self.assignment[self.owner[it]])
        earlier = self.previous.get(it)
        if earlier in self.takers[it[0]] and mine > len(self.assignment[earlier]) + 1:
            return earlier
        least = self._least_loaded(it[0])
        return least if mine > len(self.assignment[least]) + 1 else None

    def _least_loaded(self, topic: str) -> str:
        return min(self.takers[topic], key=lambda name: (len(self.assignment[name]), name))

    def _give(self, it: TopicPartition, name: str) -> None:
        self.assignment[name].append(it)
        self.owner[it] = name

    def _move(self, it: TopicPartition, target: str) -> None:
        """Move `it`, or better: bring back one of its topic that went the opposite way (two moves less)."""
        source = self.owner[it]
        origin = self.moves[it][0] if it in self.moves else source
        for other, way in self.moves.items():
            if other[0] == it[0] and way == (target, origin) and self.owner[other] == source:
                it = other
                break
        origin = self.moves.pop(it, (source, ""))[0]
        if origin != target:
            self.moves[it] = (origin, target)
        self.assignment[source].remove(it)
        self._give(it, target)
