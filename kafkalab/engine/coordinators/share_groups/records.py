"""The records of share groups in `__consumer_offsets`, byte for byte as Kafka 4.3 writes them.

The version of a key says which kind it is: 10 what a member wants, 11 the group's epoch, 12 the epoch
of the target, 13 one member's target, 14 what a member has, 15 which partitions the group has begun
to read (ShareGroupMetadataValue.json and its neighbours).
"""

import struct
from dataclasses import dataclass, field
from uuid import UUID

from kafkalab.engine.coordinators.modern.member import TopicIdPartition
from kafkalab.engine.coordinators.modern.records import read_partitions, write_partitions
from kafkalab.engine.record_codec import (
    Reader,
    compact,
    compact_nullable,
    int32s,
    key_of,
    number_of,
    read,
    tagged_int64,
    varint,
    written,
)

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
            return key_of(MEMBER, group, member), written(record.value, _subscription)
        case ShareEpochRecord(group):
            return key_of(GROUP_EPOCH, group), written(record.value, _epoch)
        case ShareTargetEpochRecord(group):
            return key_of(TARGET_EPOCH, group), written(record.value, _target_epoch)
        case ShareTargetRecord(group, member):
            return key_of(TARGET, group, member), written(record.value, write_partitions)
        case ShareCurrentRecord(group, member):
            return key_of(CURRENT, group, member), written(record.value, _assignment)
        case StatePartitionsRecord(group):
            return key_of(STATE_PARTITIONS, group), written(record.value, _state_partitions)


def decode_share_group(kind: int, key: Reader, value: bytes | None) -> ShareGroupRecord | None:
    """`key` stands behind its version. None for kinds that are not a share group's."""
    match kind:
        case 10:
            return ShareMemberRecord(key.string(), key.string(), read(value, _read_subscription))
        case 11:
            return ShareEpochRecord(key.string(), read(value, _read_epoch))
        case 12:
            return ShareTargetEpochRecord(key.string(), read(value, _read_target_epoch))
        case 13:
            return ShareTargetRecord(key.string(), key.string(), read(value, read_partitions))
        case 14:
            return ShareCurrentRecord(key.string(), key.string(), read(value, _read_assignment))
        case 15:
            return StatePartitionsRecord(key.string(), read(value, _read_state_partitions))
    return None


# -- writing ---------------------------------------------------------------------------------------


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
    return struct.pack(">i", it.epoch) + tagged_int64(it.computed_at_ms)


def _assignment(it: ShareAssignment) -> bytes:
    return struct.pack(">iib", it.epoch, it.previous_epoch, STABLE) + write_partitions(it.assigned)


def _state_partitions(it: StatePartitions) -> bytes:
    deleting = [topic_id.bytes + compact(name.encode()) + b"\x00" for topic_id, name in it.deleting]
    return b"".join((_topics(it.initializing), _topics(it.initialized), varint(len(deleting) + 1), *deleting, b"\x00"))


def _topics(topics: tuple[TopicPartitions, ...]) -> bytes:
    each = [it.topic_id.bytes + compact(it.name.encode()) + int32s(it.partitions) + b"\x00" for it in topics]
    return varint(len(each) + 1) + b"".join(each)


# -- reading ---------------------------------------------------------------------------------------


def _read_subscription(reader: Reader) -> ShareSubscription:
    rack_id, client_id, client_host = reader.nullable_string(), reader.string(), reader.string()
    return ShareSubscription(rack_id, client_id, client_host, tuple(reader.string() for _ in range(reader.count())))


def _read_epoch(reader: Reader) -> ShareEpoch:
    return ShareEpoch(reader.int32(), reader.int64())


def _read_target_epoch(reader: Reader) -> ShareTargetEpoch:
    return ShareTargetEpoch(reader.int32(), number_of(reader.tags().get(0)))


def _read_assignment(reader: Reader) -> ShareAssignment:
    epoch, previous_epoch, _state = reader.int32(), reader.int32(), reader.int8()
    return ShareAssignment(epoch, previous_epoch, read_partitions(reader))


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
        found.append(TopicPartitions(topic_id, name, reader.int32s()))
        reader.tags()
    return tuple(found)
