"""What group members tell each other through the coordinator, which passes it on unread.

A member's subscription travels inside JoinGroup, its assignment inside SyncGroup. A reader takes
a version that it does not know as the newest it knows, and ignores trailing bytes
(org.apache.kafka.clients.consumer.internals.ConsumerProtocol).
"""

import struct
from dataclasses import dataclass, replace
from io import BytesIO
from types import ModuleType

from kio.schema.consumer_protocol_assignment.v0 import data as assignment_v0
from kio.schema.consumer_protocol_assignment.v1 import data as assignment_v1
from kio.schema.consumer_protocol_assignment.v2 import data as assignment_v2
from kio.schema.consumer_protocol_assignment.v3 import data as assignment_v3
from kio.schema.consumer_protocol_subscription.v0 import data as subscription_v0
from kio.schema.consumer_protocol_subscription.v1 import data as subscription_v1
from kio.schema.consumer_protocol_subscription.v2 import data as subscription_v2
from kio.schema.consumer_protocol_subscription.v3 import data as subscription_v3
from kio.schema.types import TopicName
from kio.serial import entity_reader, entity_writer
from kio.serial.errors import SerialError
from kio.static.primitive import i32

PROTOCOL_TYPE = "consumer"
NEWEST = 3
NO_GENERATION = -1

TopicPartition = tuple[str, int]

_SUBSCRIPTIONS = (subscription_v0, subscription_v1, subscription_v2, subscription_v3)
_ASSIGNMENTS = (assignment_v0, assignment_v1, assignment_v2, assignment_v3)


class MalformedMetadata(Exception):
    """Bytes of a group member that are not what its protocol type promises."""


@dataclass(frozen=True, slots=True)
class Subscription:
    topics: tuple[str, ...]
    owned: tuple[TopicPartition, ...] = ()
    """What the member held when it asked to join."""
    generation: int = NO_GENERATION
    """In which generation it got them."""
    user_data: bytes | None = None
    rack_id: str | None = None
    instance_id: str | None = None
    """Not part of the bytes: JoinGroup carries it beside them."""


def encode_subscription(subscription: Subscription) -> bytes:
    entity = subscription_v3.ConsumerProtocolSubscription(
        topics=tuple(sorted(subscription.topics)),
        user_data=subscription.user_data,
        owned_partitions=tuple(
            subscription_v3.TopicPartition(topic=TopicName(topic), partitions=tuple(map(i32, partitions)))
            for topic, partitions in by_topic(subscription.owned).items()
        ),
        generation_id=i32(subscription.generation),
        rack_id=subscription.rack_id,
    )
    return _written(entity)


def decode_subscription(metadata: bytes, instance_id: str | None = None) -> Subscription:
    version, module = _version(metadata, _SUBSCRIPTIONS)
    entity = _read(module.ConsumerProtocolSubscription, metadata)
    if entity.topics is None:
        raise MalformedMetadata("null topics")
    return Subscription(
        topics=tuple(entity.topics),
        owned=_flat(entity.owned_partitions) if version >= 1 else (),
        generation=entity.generation_id if version >= 2 else NO_GENERATION,
        user_data=entity.user_data,
        rack_id=entity.rack_id if version >= 3 else None,
        instance_id=instance_id,
    )


def version_of(metadata: bytes) -> int:
    """Of a subscription, in the newest version at most. Raises MalformedMetadata."""
    return _version(metadata, _SUBSCRIPTIONS)[0]


def encode_assignment(partitions: list[TopicPartition] | tuple[TopicPartition, ...], version: int = NEWEST) -> bytes:
    """All versions have the same fields, and differ in the number before them."""
    entity = assignment_v3.ConsumerProtocolAssignment(
        assigned_partitions=tuple(
            assignment_v3.TopicPartition(topic=TopicName(topic), partitions=tuple(map(i32, numbers)))
            for topic, numbers in by_topic(partitions).items()
        ),
        user_data=None,
    )
    return _written(entity, version)


def decode_assignment(assignment: bytes) -> tuple[TopicPartition, ...]:
    """An empty assignment may come as no bytes at all: members that the leader left out get that."""
    if not assignment:
        return ()
    _, module = _version(assignment, _ASSIGNMENTS)
    return _flat(_read(module.ConsumerProtocolAssignment, assignment).assigned_partitions)


def by_topic(partitions: list[TopicPartition] | tuple[TopicPartition, ...]) -> dict[str, list[int]]:
    grouped: dict[str, list[int]] = {}
    for topic, partition in partitions:
        grouped.setdefault(topic, []).append(partition)
    return grouped


# -- the sticky assignor's memory: an eager member revokes before it joins, so it tells in user data ----


def encode_sticky_user_data(owned: tuple[TopicPartition, ...], generation: int) -> bytes:
    """StickyAssignor's user data, version 1."""
    parts = [struct.pack(">i", len(by_topic(owned)))]
    for topic, numbers in by_topic(owned).items():
        name = topic.encode()
        parts.append(struct.pack(f">h{len(name)}si{len(numbers)}i", len(name), name, len(numbers), *numbers))
    parts.append(struct.pack(">i", generation))
    return b"".join(parts)


def with_sticky_memory(subscription: Subscription) -> Subscription:
    """The subscription with `owned` and `generation` as its sticky user data has them.

    Unreadable user data count as none, as in Kafka. Version 0 ends before the generation.
    """
    data = subscription.user_data
    if not data:
        return replace(subscription, owned=(), generation=NO_GENERATION)
    owned: list[TopicPartition] = []
    try:
        (topics,) = struct.unpack_from(">i", data)
        position = 4
        for _ in range(topics):
            (length,) = struct.unpack_from(">h", data, position)
            name, count = struct.unpack_from(f">{max(length, 0)}si", data, position + 2)
            position += 6 + length
            if not 0 <= count <= len(data) // 4:
                raise MalformedMetadata(f"{count} partitions in {len(data)} bytes")
            numbers = struct.unpack_from(f">{count}i", data, position)
            position += 4 * count
            owned.extend((name.decode(), number) for number in numbers)
        generation = struct.unpack_from(">i", data, position)[0] if position < len(data) else NO_GENERATION
    except (struct.error, UnicodeDecodeError, MalformedMetadata):
        return replace(subscription, owned=(), generation=NO_GENERATION)
    return replace(subscription, owned=tuple(owned), generation=generation)


def _version(data: bytes, modules: tuple[ModuleType, ...]) -> tuple[int, ModuleType]:
    if len(data) < 2:
        raise MalformedMetadata("no version")
    version = int.from_bytes(data[:2], "big", signed=True)
    if version < 0:
        raise MalformedMetadata(f"version {version}")
    version = min(version, NEWEST)
    return version, modules[version]


def _read(entity: type, data: bytes):  # type: ignore[no-untyped-def]  # one of four versions of one shape
    try:
        return entity_reader(entity)(data, 2)[0]
    except (SerialError, ValueError) as error:
        raise MalformedMetadata(str(error)) from error


def _written(
    entity: subscription_v3.ConsumerProtocolSubscription | assignment_v3.ConsumerProtocolAssignment,
    version: int = NEWEST,
) -> bytes:
    buffer = BytesIO()
    buffer.write(struct.pack(">h", version))
    entity_writer(type(entity))(buffer, entity)
    return buffer.getvalue()


def _flat(topics) -> tuple[TopicPartition, ...]:  # type: ignore[no-untyped-def]  # TopicPartition of any version
    # kio reads a null array as None wherever it stands.
    if topics is None or any(topic.partitions is None for topic in topics):
        raise MalformedMetadata("null partitions")
    return tuple((topic.topic, partition) for topic in topics for partition in topic.partitions)
