"""The server's assignors: who should read what, computed by the coordinator.

Each takes the members with what they have as target until now, and how many partitions each topic
has; what nobody wants or does not exist is passed over by the caller. `uniform` is sticky and evens
out over all topics, `range` gives neighbouring partitions topic by topic, so that equally numbered
partitions of two topics meet (org.apache.kafka.coordinator.group.assignor.UniformAssignor, RangeAssignor).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from kafkalab.engine.coordinators.modern.member import TopicIdPartition

UNIFORM = "uniform"
RANGE = "range"
SERVER_ASSIGNORS = (UNIFORM, RANGE)
"""The first is the default."""
MAX_ROUNDS = 16
"""Of moving partitions between members that want different topics."""

Target = Mapping[str, tuple[TopicIdPartition, ...]]
"""By member id; partitions sorted."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A member as an assignor sees it."""

    topics: tuple[UUID, ...]
    """Those that exist."""
    instance_id: str | None = None
    target: tuple[TopicIdPartition, ...] = ()
    """What it was to have until now."""


def assign(assignor: str, members: Mapping[str, Candidate], counts: Mapping[UUID, int]) -> Target:
    """Every member with its partitions. `counts`: how many partitions each topic has."""
    match assignor:
        case "uniform":
            alike = len({frozenset(member.topics) for member in members.values()}) <= 1
            target = _share(members, counts) if alike else _balance(members, counts)
        case "range":
            target = _range(members, counts)
        case _:
            raise ValueError(f"no assignor of the server is called {assignor!r}")
    return {name: tuple(sorted(partitions)) for name, partitions in target.items()}


def _share(members: Mapping[str, Candidate], counts: Mapping[UUID, int]) -> dict[str, list[TopicIdPartition]]:
    """All want the same topics: everybody keeps up to a share, and gets what is missing to it."""
    topics = sorted(next(iter(members.values())).topics) if members else []
    every = [(topic_id, number) for topic_id in topics for number in range(counts[topic_id])]
    exists = frozenset(every)
    share, extras = divmod(len(every), max(len(members), 1))
    target: dict[str, list[TopicIdPartition]] = {}
    below: list[tuple[str, int]] = []
    for place, (name, member) in enumerate(members.items()):
        quota = share + (extras > 0)
        mine = [it for it in member.target if it in exists]
        target[name] = mine[:quota]
        missing = quota - len(target[name])
        takes_extra = extras > 0
        if missing > 0 and takes_extra and len(members) - place > extras:
            # A later member may already have the one partition more: leave it to that one.
            missing -= 1
            takes_extra = False
        if missing > 0:
            below.append((name, missing))
        extras -= takes_extra
    taken = frozenset(it for mine in target.values() for it in mine)
    free = [it for it in every if it not in taken]
    for name, missing in below:
        target[name] += free[:missing]
        del free[:missing]
    return target


def _balance(members: Mapping[str, Candidate], counts: Mapping[UUID, int]) -> dict[str, list[TopicIdPartition]]:
    """Members want different topics: keep what can stay, then move as long as two differ by more than one."""
    takers = {topic_id: [name for name, each in members.items() if topic_id in each.topics] for topic_id in counts}
    target: dict[str, list[TopicIdPartition]] = {
        name: [it for it in each.target if it[0] in each.topics and it[1] < counts[it[0]]]
        for name, each in members.items()
    }
    owner = {it: name for name, mine in target.items() for it in mine}
    # Topics that few want come first, as they leave the least choice.
    topics = sorted(
        (topic_id for topic_id in counts if takers[topic_id]), key=lambda it: (len(takers[it]), -counts[it], it)
    )
    for topic_id in topics:
        for number in range(counts[topic_id]):
            if (topic_id, number) not in owner:
                _give((topic_id, number), _least(takers[topic_id], target), target, owner)
    for _ in range(MAX_ROUNDS):
        moved = False
        for topic_id in topics:
            for number in range(counts[topic_id]):
                it = (topic_id, number)
                least = _least(takers[topic_id], target)
                if len(target[owner[it]]) > len(target[least]) + 1:
                    target[owner[it]].remove(it)
                    _give(it, least, target, owner)
                    moved = True
        if not moved:
            break
    return target


def _least(names: list[str], target: Mapping[str, list[TopicIdPartition]]) -> str:
    return min(names, key=lambda name: len(target[name]))


def _give(
    it: TopicIdPartition, name: str, target: dict[str, list[TopicIdPartition]], owner: dict[TopicIdPartition, str]
) -> None:
    target[name].append(it)
    owner[it] = name


def _range(members: Mapping[str, Candidate], counts: Mapping[UUID, int]) -> dict[str, list[TopicIdPartition]]:
    """Static members come first, by instance id: so what they get outlives their member ids."""
    order = sorted(members, key=lambda name: (members[name].instance_id is None, members[name].instance_id or name))
    target: dict[str, list[TopicIdPartition]] = {name: [] for name in order}
    for topic_id in sorted(counts):
        takers = [name for name in order if topic_id in members[name].topics]
        if not takers:
            continue
        share, extra = divmod(counts[topic_id], len(takers))
        first = 0
        for place, name in enumerate(takers):
            end = first + share + (place < extra)
            target[name] += [(topic_id, number) for number in range(first, end)]
            first = end
    return target
