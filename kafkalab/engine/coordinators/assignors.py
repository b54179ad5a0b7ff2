"""Who reads what: the group's leader computes it, and the broker only passes it on.

The four assignors of Kafka's consumer. Each takes every member's subscription and the number of
partitions of each topic; topics that do not exist are passed over. The two sticky ones, which
remember, are in sticky.py (org.apache.kafka.clients.consumer.RangeAssignor, RoundRobinAssignor).
"""

from collections.abc import Mapping

from kafkalab.engine.coordinators.consumer_protocol import (
    PROTOCOL_TYPE,
    MalformedMetadata,
    Subscription,
    TopicPartition,
    decode_assignment,
    decode_subscription,
    encode_assignment,
    encode_sticky_user_data,
    encode_subscription,
    with_sticky_memory,
)
from kafkalab.engine.coordinators.sticky import assign_cooperatively, assign_stickily

__all__ = [
    "ASSIGNORS",
    "COOPERATIVE_STICKY",
    "PROTOCOL_TYPE",
    "RANGE",
    "ROUND_ROBIN",
    "STICKY",
    "MalformedMetadata",
    "Subscription",
    "TopicPartition",
    "assign",
    "decode_assignment",
    "decode_subscription",
    "encode_assignment",
    "encode_subscription",
    "join_metadata",
]

RANGE = "range"
ROUND_ROBIN = "roundrobin"
STICKY = "sticky"
COOPERATIVE_STICKY = "cooperative-sticky"
ASSIGNORS = (RANGE, ROUND_ROBIN, STICKY, COOPERATIVE_STICKY)

Subscriptions = Mapping[str, Subscription]
Assignment = dict[str, list[TopicPartition]]


def assign(assignor: str, members: Subscriptions, partitions: Mapping[str, int]) -> Assignment:
    """Every member with its partitions, an empty list for those that get none.

    Under cooperative-sticky a partition that another member still owns is left out: that member
    gives it up first, and a second rebalance hands it over (KIP-429).
    """
    match assignor:
        case "range":
            return _range(members, partitions)
        case "roundrobin":
            return _round_robin(members, partitions)
        case "sticky":
            return assign_stickily({name: with_sticky_memory(member) for name, member in members.items()}, partitions)
        case "cooperative-sticky":
            return assign_cooperatively(members, partitions)
    raise ValueError(f"no assignor is called {assignor!r}; there are {', '.join(ASSIGNORS)}")


def join_metadata(
    assignor: str,
    topics: tuple[str, ...],
    owned: tuple[TopicPartition, ...],
    generation: int,
    rack_id: str | None = None,
) -> bytes:
    """What a member tells in JoinGroup for one of its assignors.

    An eager member has given up everything by the time it joins: `owned` then reaches only the
    sticky assignor's own memory, as what it last had.
    """
    match assignor:
        case "cooperative-sticky":
            user_data = generation.to_bytes(4, "big", signed=True)
            return encode_subscription(Subscription(topics, owned, generation, user_data, rack_id))
        case "sticky":
            memory = encode_sticky_user_data(owned, generation) if owned else None
            return encode_subscription(Subscription(topics, (), generation, memory, rack_id))
    return encode_subscription(Subscription(topics, (), generation, None, rack_id))


def _range(members: Subscriptions, partitions: Mapping[str, int]) -> Assignment:
    """Topic by topic: neighbouring partitions to each subscriber, the first ones get one more."""
    assignment: Assignment = {name: [] for name in members}
    for topic in _topics(members, partitions):
        subscribers = [name for name in _in_order(members) if topic in members[name].topics]
        share, extra = divmod(partitions[topic], len(subscribers))
        first = 0
        for place, name in enumerate(subscribers):
            end = first + share + (place < extra)
            assignment[name].extend((topic, partition) for partition in range(first, end))
            first = end
    return assignment


def _round_robin(members: Subscriptions, partitions: Mapping[str, int]) -> Assignment:
    """All partitions in a row, dealt out like cards; who does not want the topic is passed over."""
    assignment: Assignment = {name: [] for name in members}
    names = _in_order(members)
    turn = 0
    for topic in _topics(members, partitions):
        for partition in range(partitions[topic]):
            while topic not in members[names[turn % len(names)]].topics:
                turn += 1
            assignment[names[turn % len(names)]].append((topic, partition))
            turn += 1
    return assignment


def _topics(members: Subscriptions, partitions: Mapping[str, int]) -> list[str]:
    """The topics that exist and that somebody wants, sorted."""
    wanted = {topic: None for member in members.values() for topic in member.topics}
    return sorted(topic for topic in wanted if partitions.get(topic, 0) > 0)


def _in_order(members: Subscriptions) -> list[str]:
    """Static members first, by instance id: so their partitions stay when their member ids change."""

    def place(name: str) -> tuple[bool, str, str]:
        instance_id = members[name].instance_id
        return instance_id is None, instance_id or "", name

    return sorted(members, key=place)
