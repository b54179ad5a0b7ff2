"""The records of share groups in `__consumer_offsets`, byte for byte as Kafka 4.3 writes them.

The version of a key says which kind it is: 10 what a member wants, 11 the group's epoch, 12 the epoch
of the target, 13 one member's target, 14 what a member has, 15 which partitions the group has begun
to read (ShareGroupMetadataValue.json and its neighbours).
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

from kafkalab.engine.coordinators.modern.member import TopicIdPartition, by_topic_id
from kafkalab.engine.coordinators.record_codec import (
    MalformedRecord,
    Reader,
    compact,
    compact_nullable,
    string,
    varint,
)

T = TypeVar("T")

MEMBER, GROUP_EPOCH, TARGET_EPOCH, TARGET, CURRENT, STATE_PARTITIONS = range(10, 16)
SHARE_KINDS = range(10, 16)
STABLE = 0
"""The only state that a member of a share group has: nothing must be given up before others get it."""


@dataclass(frozen=True, slots=True)
class ShareSubscription:
    rack_id: str | None = None
    client_id: str = ""
    client_host: str = ""
    topics: tuple[str, ...] = ()
    """Sorted."""


@dataclass(frozen=True, slots=True)
class ShareEpoch:
    epoch: int
    metadata_hash: int = 0


@dataclass(frozen=True, slots=True)
class ShareTargetEpoch:
    epoch: int
    computed_at_ms: int = 0


@dataclass(frozen=True, slots=True)
class ShareAssignment:
    epoch: int = 0
    previous_epoch: int = 0
    assigned: tuple[TopicIdPartition, ...] = ()


@dataclass(frozen=True, slots=True)
class TopicPartitions:
    topic_id: UUID
    name: str
    partitions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class StatePartitions:
    """Of which partitions the share coordinators keep the group's state."""

    initializing: tuple[TopicPartitions, ...] = ()
    initialized: tuple[TopicPartitions, ...] = ()
    deleting: tuple[tuple[UUID, str], ...] = field(default=())


@dataclass(frozen=True, slots=True)
class ShareMemberRecord:
    group: str
    member: str
    value: ShareSubscription | None


@dataclass(frozen=True, slots=True)
class ShareEpochRecord:
    group: str
    value: ShareEpoch | None


@dataclass(frozen=True, slots=True)
class ShareTargetEpochRecord:
    group: str
    value: ShareTargetEpoch | None


@dataclass(frozen=True, slots=True)
class ShareTargetRecord:
    group: str
    member: str
    value: tuple[TopicIdPartition, ...] | None


@dataclass(frozen=True, slots=True)
class ShareCurrentRecord:
    group: str
    member: str
    value: ShareAssignment | None


@dataclass(frozen=True, slots=True)
class StatePartitionsRecord:
    group: str
    value: StatePartitions | None


ShareGroupRecord = (
    ShareMemberRecord
    | ShareEpochRecord
    | ShareTargetEpochRecord
    | ShareTargetRecord
    | ShareCurrentRecord
    | StatePartitionsRecord
)
"""A value of None takes back what the key is about."""


def encode_share_group(record: ShareGroupRecord) -> tuple[bytes, bytes | None]:
    match record:
        case ShareMemberRecord(group, member):
            return _key(MEMBER, group, member), _written(record.value, _subscription)
        case ShareEpochRecord(group):
            return _key(GROUP_EPOCH, group), _written(record.value, _epoch)
        case ShareTargetEpochRecord(group):
            return _key(TARGET_EPOCH, group), _written(record.value, _target_epoch)
        case ShareTargetRecord(group, member):
            return _key(TARGET, group, member), _written(record.value, _partitions)
        case ShareCurrentRecord(group, member):
            return _key(CURRENT, group, member), _written(record.value, _assignment)
        case StatePartitionsRecord(group):
            return _key(STATE_PARTITIONS, group), _written(record.value, _state_partitions)


def decode_share_group(kind: int, key: Reader, value: bytes | None) -> ShareGroupRecord | None:
    """`key` stands behind its version. None for kinds that are not a share group's."""
    match kind:
        case 10:
            return ShareMemberRecord(key.string(), key.string(), _read(value, _read_subscription))
        case 11:
            return ShareEpochRecord(key.string(), _read(value, _read_epoch))
        case 12:
            return ShareTargetEpochRecord(key.string(), _read(value, _read_target_epoch))
        case 13:
            return ShareTargetRecord(key.string(), key.string(), _read(value, _read_partitions))
        case 14:
            return ShareCurrentRecord(key.string(), key.string(), _read(value, _read_assignment))
        case 15:
            return StatePartitionsRecord(key.string(), _read(value, _read_state_partitions))
    return None


# -- writing ---------------------------------------------------------------------------------------


def _key(kind: int, *names: str) -> bytes:
    return struct.pack(">h", kind) + b"".join(string(name) for name in names)


def _written(value: T | None, write: Callable[[T], bytes]) -> bytes | None:
    return None if value is None else struct.pack(">h", 0) + write(value)


def _subscription(it: ShareSubscription) -> bytes:
    topics = [compact(topic.encode()) for topic in it.topics]
    return b"".join(
        (
            compact_nullable(it.rack_id),
            compact(it.client_id.encode()),
            compact(it.client_host.encode()),
            varint(len(topics) + 1),
            *topics,
            b"\x00",
        )
    )


def _epoch(it: ShareEpoch) -> bytes:
    return struct.pack(">iqB", it.epoch, it.metadata_hash, 0)


def _target_epoch(it: ShareTargetEpoch) -> bytes:
    computed_at = b"\x00" if it.computed_at_ms == 0 else b"\x01\x00\x08" + struct.pack(">q", it.computed_at_ms)
    return struct.pack(">i", it.epoch) + computed_at


def _assignment(it: ShareAssignment) -> bytes:
    return struct.pack(">iib", it.epoch, it.previous_epoch, STABLE) + _partitions(it.assigned)


def _partitions(partitions: tuple[TopicIdPartition, ...]) -> bytes:
    topics = by_topic_id(partitions)
    each = [topic_id.bytes + _int32s(tuple(numbers)) + b"\x00" for topic_id, numbers in topics.items()]
    return varint(len(each) + 1) + b"".join(each) + b"\x00"


def _state_partitions(it: StatePartitions) -> bytes:
    deleting = [topic_id.bytes + compact(name.encode()) + b"\x00" for topic_id, name in it.deleting]
    return b"".join((_topics(it.initializing), _topics(it.initialized), varint(len(deleting) + 1), *deleting, b"\x00"))


def _topics(topics: tuple[TopicPartitions, ...]) -> bytes:
    each = [it.topic_id.bytes + compact(it.name.encode()) + _int32s(it.partitions) + b"\x00" for it in topics]
    return varint(len(each) + 1) + b"".join(each)


def _int32s(numbers: tuple[int, ...]) -> bytes:
    return varint(len(numbers) + 1) + struct.pack(f">{len(numbers)}i", *numbers)


# -- reading ---------------------------------------------------------------------------------------


def _read(value: bytes | None, read: Callable[[Reader], T]) -> T | None:
    if value is None:
        return None
    reader = Reader(value)
    if (version := reader.int16()) != 0:
        raise MalformedRecord(f"value version {version}")
    reader.flexible = True
    return read(reader)


def _read_subscription(reader: Reader) -> ShareSubscription:
    rack_id, client_id, client_host = reader.nullable_string(), reader.string(), reader.string()
    return ShareSubscription(rack_id, client_id, client_host, tuple(reader.string() for _ in range(reader.count())))


def _read_epoch(reader: Reader) -> ShareEpoch:
    return ShareEpoch(reader.int32(), reader.int64())


def _read_target_epoch(reader: Reader) -> ShareTargetEpoch:
    epoch, computed_at = reader.int32(), reader.tags().get(0)
    return ShareTargetEpoch(epoch, 0 if computed_at is None else int.from_bytes(computed_at, "big", signed=True))


def _read_assignment(reader: Reader) -> ShareAssignment:
    epoch, previous_epoch, _state = reader.int32(), reader.int32(), reader.int8()
    return ShareAssignment(epoch, previous_epoch, _read_partitions(reader))


def _read_partitions(reader: Reader) -> tuple[TopicIdPartition, ...]:
    found: list[TopicIdPartition] = []
    for _ in range(reader.count()):
        topic_id = reader.uuid()
        found += [(topic_id, reader.int32()) for _ in range(reader.count())]
        reader.tags()
    return tuple(found)


def _read_state_partitions(reader: Reader) -> StatePartitions:
    initializing, initialized = _read_topics(reader), _read_topics(reader)
    deleting: list[tuple[UUID, str]] = []
    for _ in range(reader.count()):
        deleting.append((reader.uuid(), reader.string()))
        reader.tags()
    return StatePartitions(initializing, initialized, tuple(deleting))


def _read_topics(reader: Reader) -> tuple[TopicPartitions, ...]:
    found = []
    for _ in range(reader.count()):
        topic_id, name = reader.uuid(), reader.string()
        found.append(TopicPartitions(topic_id, name, tuple(reader.int32() for _ in range(reader.count()))))
        reader.tags()
    return tuple(found)
