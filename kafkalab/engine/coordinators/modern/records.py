"""The records of consumer groups in `__consumer_offsets`, byte for byte as Kafka 4.3 writes them.

The version of a key says which kind it is: 3 the group's epoch, 5 what a member wants, 6 the epoch of
the target, 7 one member's target, 8 how far a member is, 16 what a regular expression stands for.
Kind 4, the topics' partitions, was given up for a hash in Kafka 4.1 and is passed over (KIP-1101;
ConsumerGroupMetadataValue.json and its neighbours).
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass

from kafkalab.engine.coordinators.modern.member import (
    ClassicProtocol,
    CurrentAssignment,
    MemberState,
    Owned,
    Subscription,
    TopicIdPartition,
    by_topic_id,
)
from kafkalab.engine.record_codec import (
    Reader,
    compact,
    compact_nullable,
    int32s,
    key_of,
    number_of,
    read,
    tagged,
    tagged_int64,
    varint,
    written,
)

GROUP_EPOCH, MEMBER, TARGET_EPOCH, TARGET, CURRENT, REGEX = 3, 5, 6, 7, 8, 16


@dataclass(frozen=True, slots=True)
class GroupEpoch:
    epoch: int
    metadata_hash: int = 0
    """Of the topics that the group subscribes: when it changes, so does the group's epoch."""


@dataclass(frozen=True, slots=True)
class TargetEpoch:
    epoch: int
    computed_at_ms: int = 0


@dataclass(frozen=True, slots=True)
class ResolvedRegex:
    topics: tuple[str, ...]
    """Sorted."""
    version: int
    """The offset of the metadata it was resolved against."""
    resolved_at_ms: int


@dataclass(frozen=True, slots=True)
class GroupEpochRecord:
    group: str
    value: GroupEpoch | None


@dataclass(frozen=True, slots=True)
class MemberRecord:
    group: str
    member: str
    value: Subscription | None


@dataclass(frozen=True, slots=True)
class TargetEpochRecord:
    group: str
    value: TargetEpoch | None


@dataclass(frozen=True, slots=True)
class TargetRecord:
    group: str
    member: str
    value: tuple[TopicIdPartition, ...] | None


@dataclass(frozen=True, slots=True)
class CurrentRecord:
    group: str
    member: str
    value: CurrentAssignment | None


@dataclass(frozen=True, slots=True)
class RegexRecord:
    group: str
    regex: str
    value: ResolvedRegex | None


ConsumerGroupRecord = GroupEpochRecord | MemberRecord | TargetEpochRecord | TargetRecord | CurrentRecord | RegexRecord
"""A value of None takes back what the key is about."""


def encode_consumer_group(record: ConsumerGroupRecord) -> tuple[bytes, bytes | None]:
    match record:
        case GroupEpochRecord(group):
            return key_of(GROUP_EPOCH, group), written(record.value, _group_epoch)
        case MemberRecord(group, member):
            return key_of(MEMBER, group, member), written(record.value, _subscription)
        case TargetEpochRecord(group):
            return key_of(TARGET_EPOCH, group), written(record.value, _target_epoch)
        case TargetRecord(group, member):
            return key_of(TARGET, group, member), written(record.value, write_partitions)
        case CurrentRecord(group, member):
            return key_of(CURRENT, group, member), written(record.value, _current)
        case RegexRecord(group, regex):
            return key_of(REGEX, group, regex), written(record.value, _regex)


def decode_consumer_group(kind: int, key: Reader, value: bytes | None) -> ConsumerGroupRecord | None:
    """`key` stands behind its version. None for kinds that are not a consumer group's."""
    match kind:
        case 3:
            return GroupEpochRecord(key.string(), read(value, _read_group_epoch))
        case 5:
            return MemberRecord(key.string(), key.string(), read(value, _read_subscription))
        case 6:
            return TargetEpochRecord(key.string(), read(value, _read_target_epoch))
        case 7:
            return TargetRecord(key.string(), key.string(), read(value, read_partitions))
        case 8:
            return CurrentRecord(key.string(), key.string(), read(value, _read_current))
        case 16:
            return RegexRecord(key.string(), key.string(), read(value, _read_regex))
    return None


# -- writing ---------------------------------------------------------------------------------------


def _group_epoch(it: GroupEpoch) -> bytes:
    return struct.pack(">i", it.epoch) + tagged_int64(it.metadata_hash)


def _target_epoch(it: TargetEpoch) -> bytes:
    return struct.pack(">i", it.epoch) + tagged_int64(it.computed_at_ms)


def _subscription(it: Subscription) -> bytes:
    parts = [
        compact_nullable(it.instance_id),
        compact_nullable(it.rack_id),
        compact(it.client_id.encode()),
        compact(it.client_host.encode()),
        _strings(it.topics),
        compact_nullable(it.regex),
        struct.pack(">i", it.rebalance_timeout_ms),
        compact_nullable(it.assignor),
    ]
    if it.classic is None:
        parts.append(tagged({}))
    else:
        # A nullable struct says first that it is there.
        classic = b"\x01" + struct.pack(">i", it.classic.session_timeout_ms) + varint(len(it.classic.protocols) + 1)
        for name, metadata in it.classic.protocols:
            classic += compact(name.encode()) + compact(metadata) + b"\x00"
        classic += b"\x00"
        parts.append(tagged({0: classic}))
    return b"".join(parts)


def write_partitions(partitions: tuple[TopicIdPartition, ...]) -> bytes:
    topics = by_topic_id(partitions)
    parts = [varint(len(topics) + 1)]
    for topic_id, numbers in topics.items():
        parts += [topic_id.bytes, int32s(numbers), b"\x00"]
    return b"".join(parts) + b"\x00"


def _current(it: CurrentAssignment) -> bytes:
    head = struct.pack(">iib", it.epoch, it.previous_epoch, it.state)
    return head + _owned(it.assigned) + _owned(it.revoking) + b"\x00"


def _owned(partitions: Owned) -> bytes:
    topics = by_topic_id(partitions)
    parts = [varint(len(topics) + 1)]
    for topic_id, numbers in topics.items():
        epochs = int32s([partitions[topic_id, number] for number in numbers])
        parts += [topic_id.bytes, int32s(numbers), tagged({0: epochs})]
    return b"".join(parts)


def _regex(it: ResolvedRegex) -> bytes:
    return _strings(it.topics) + struct.pack(">qq", it.version, it.resolved_at_ms) + b"\x00"


def _strings(texts: Iterable[str]) -> bytes:
    each = [compact(text.encode()) for text in texts]
    return varint(len(each) + 1) + b"".join(each)


# -- reading ---------------------------------------------------------------------------------------


def _read_group_epoch(reader: Reader) -> GroupEpoch:
    return GroupEpoch(reader.int32(), number_of(reader.tags().get(0)))


def _read_target_epoch(reader: Reader) -> TargetEpoch:
    return TargetEpoch(reader.int32(), number_of(reader.tags().get(0)))


def _read_subscription(reader: Reader) -> Subscription:
    instance_id, rack_id = reader.nullable_string(), reader.nullable_string()
    client_id, client_host = reader.string(), reader.string()
    topics = tuple(reader.string() for _ in range(reader.count()))
    regex, timeout_ms, assignor = reader.nullable_string(), reader.int32(), reader.nullable_string()
    field = reader.tags().get(0)
    classic = _read_classic(field) if field and field[0] == 1 else None
    return Subscription(
        instance_id, rack_id, client_id, client_host, topics, regex or "", timeout_ms, assignor, classic
    )


def _read_classic(data: bytes) -> ClassicProtocol:
    reader = Reader(data[1:])
    reader.flexible = True
    session_ms = reader.int32()
    protocols: list[tuple[str, bytes]] = []
    for _ in range(reader.count()):
        protocols.append((reader.string(), reader.blob()))
        reader.tags()
    return ClassicProtocol(session_ms, tuple(protocols))


def read_partitions(reader: Reader) -> tuple[TopicIdPartition, ...]:
    partitions: list[TopicIdPartition] = []
    for _ in range(reader.count()):
        topic_id = reader.uuid()
        partitions += [(topic_id, number) for number in reader.int32s()]
        reader.tags()
    return tuple(partitions)


def _read_current(reader: Reader) -> CurrentAssignment:
    epoch, previous_epoch, state = reader.int32(), reader.int32(), reader.int8()
    known = MemberState(state) if state in MemberState.__members__.values() else MemberState.UNKNOWN
    return CurrentAssignment(epoch, previous_epoch, known, _read_owned(reader, epoch), _read_owned(reader, epoch))


def _read_owned(reader: Reader, epoch: int) -> Owned:
    """Without epochs of their own, partitions count as assigned in the member's."""
    owned: dict[TopicIdPartition, int] = {}
    for _ in range(reader.count()):
        topic_id = reader.uuid()
        numbers = reader.int32s()
        field = reader.tags().get(0)
        epochs = (max(epoch, 0),) * len(numbers)
        if field is not None:
            told = Reader(field)
            told.flexible = True
            epochs = told.int32s()
        owned.update({(topic_id, number): at for number, at in zip(numbers, epochs, strict=False)})
    return owned


def _read_regex(reader: Reader) -> ResolvedRegex:
    topics = tuple(reader.string() for _ in range(reader.count()))
    return ResolvedRegex(topics, reader.int64(), reader.int64())
