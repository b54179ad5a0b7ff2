"""The records of `__consumer_offsets`, byte for byte as Kafka writes them.

A key says what a record is about, its version which kind: 0 and 1 a committed offset, 2 a classic
group; those of consumer groups are in modern/records.py, those of share groups in share_groups/records.py.
A null value (a tombstone) takes it back. Values are written as version 4, the
first flexible one, and read from version 0 on (OffsetCommitKey.json, OffsetCommitValue.json,
GroupMetadataKey.json, GroupMetadataValue.json).
"""

import struct
from dataclasses import dataclass
from uuid import UUID

from kafkalab.engine.coordinators.modern.records import (
    ConsumerGroupRecord,
    decode_consumer_group,
    encode_consumer_group,
)
from kafkalab.engine.coordinators.share_groups.records import (
    SHARE_KINDS,
    ShareGroupRecord,
    decode_share_group,
    encode_share_group,
)
from kafkalab.engine.record_codec import (
    MalformedRecord,
    Reader,
    compact,
    compact_nullable,
    string,
    varint,
)

OFFSETS_TOPIC = "__consumer_offsets"
NO_TIMESTAMP = -1


@dataclass(frozen=True, slots=True)
class OffsetAndMetadata:
    offset: int
    leader_epoch: int = -1
    metadata: str = ""
    commit_timestamp_ms: int = NO_TIMESTAMP
    expire_timestamp_ms: int = NO_TIMESTAMP
    """Only commits of version 2 to 4 ask for one; the broker's retention applies to all others."""
    topic_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class MemberMetadata:
    member_id: str
    instance_id: str | None
    client_id: str
    client_host: str
    rebalance_timeout_ms: int
    session_timeout_ms: int
    subscription: bytes
    assignment: bytes


@dataclass(frozen=True, slots=True)
class GroupMetadata:
    protocol_type: str
    """"" of a group without one."""
    generation: int
    protocol: str | None
    leader: str | None
    state_since_ms: int = NO_TIMESTAMP
    members: tuple[MemberMetadata, ...] = ()


@dataclass(frozen=True, slots=True)
class OffsetRecord:
    group: str
    topic: str
    partition: int
    value: OffsetAndMetadata | None
    """None: forgotten."""


@dataclass(frozen=True, slots=True)
class GroupRecord:
    group: str
    value: GroupMetadata | None
    """None: deleted."""


GroupCoordinatorRecord = OffsetRecord | GroupRecord | ConsumerGroupRecord | ShareGroupRecord

_OFFSET_KEY, _GROUP_KEY, _VALUE = 1, 2, 4


def encode(record: GroupCoordinatorRecord) -> tuple[bytes, bytes | None]:
    """Key and value."""
    match record:
        case OffsetRecord(group, topic, partition, offset):
            key = struct.pack(">h", _OFFSET_KEY) + string(group) + string(topic) + struct.pack(">i", partition)
            return key, None if offset is None else _offset_value(offset)
        case GroupRecord(group, metadata):
            key = struct.pack(">h", _GROUP_KEY) + string(group)
            return key, None if metadata is None else _group_value(metadata)
    if isinstance(record, ShareGroupRecord):
        return encode_share_group(record)
    return encode_consumer_group(record)


def decode(key: bytes | None, value: bytes | None) -> GroupCoordinatorRecord | None:
    """None for kinds that are not ours. Raises MalformedRecord."""
    if key is None:
        return None
    reader = Reader(key)
    kind = reader.int16()
    if kind in (0, _OFFSET_KEY):
        group, topic, partition = reader.string(), reader.string(), reader.int32()
        return OffsetRecord(group, topic, partition, None if value is None else _read_offset(value))
    if kind == _GROUP_KEY:
        group = reader.string()
        return GroupRecord(group, None if value is None else _read_group(value))
    if kind in SHARE_KINDS:
        return decode_share_group(kind, reader, value)
    return decode_consumer_group(kind, reader, value)


# -- writing ---------------------------------------------------------------------------------------


def _offset_value(it: OffsetAndMetadata) -> bytes:
    if it.expire_timestamp_ms != NO_TIMESTAMP:
        # Version 1 is the only one with a place for it, and has none for the leader epoch.
        head = struct.pack(">hq", 1, it.offset) + string(it.metadata)
        return head + struct.pack(">qq", it.commit_timestamp_ms, it.expire_timestamp_ms)
    head = struct.pack(">hqi", _VALUE, it.offset, it.leader_epoch) + compact(it.metadata.encode())
    tags = b"\x00" if it.topic_id is None else b"\x01\x00\x10" + it.topic_id.bytes
    return head + struct.pack(">q", it.commit_timestamp_ms) + tags


def _group_value(it: GroupMetadata) -> bytes:
    parts = [
        struct.pack(">h", _VALUE),
        compact(it.protocol_type.encode()),
        struct.pack(">i", it.generation),
        compact_nullable(it.protocol),
        compact_nullable(it.leader),
        struct.pack(">q", it.state_since_ms),
        varint(len(it.members) + 1),
    ]
    for member in it.members:
        parts += [
            compact(member.member_id.encode()),
            compact_nullable(member.instance_id),
            compact(member.client_id.encode()),
            compact(member.client_host.encode()),
            struct.pack(">ii", member.rebalance_timeout_ms, member.session_timeout_ms),
            compact(member.subscription),
            compact(member.assignment),
            b"\x00",
        ]
    parts.append(b"\x00")
    return b"".join(parts)


# -- reading ---------------------------------------------------------------------------------------


def _value(data: bytes) -> tuple[int, Reader]:
    reader = Reader(data)
    version = reader.int16()
    if not 0 <= version <= _VALUE:
        raise MalformedRecord(f"value version {version}")
    reader.flexible = version >= _VALUE
    return version, reader


def _read_offset(data: bytes) -> OffsetAndMetadata:
    version, reader = _value(data)
    offset = reader.int64()
    leader_epoch = reader.int32() if version >= 3 else -1
    metadata, committed_ms = reader.string(), reader.int64()
    expire_ms = reader.int64() if version == 1 else NO_TIMESTAMP
    topic_id = reader.tags().get(0)
    return OffsetAndMetadata(
        offset, leader_epoch, metadata, committed_ms, expire_ms, UUID(bytes=topic_id) if topic_id else None
    )


def _read_group(data: bytes) -> GroupMetadata:
    version, reader = _value(data)
    protocol_type, generation = reader.string(), reader.int32()
    protocol, leader = reader.nullable_string(), reader.nullable_string()
    state_since_ms = reader.int64() if version >= 2 else NO_TIMESTAMP
    members = tuple(_read_member(version, reader) for _ in range(reader.count()))
    return GroupMetadata(protocol_type, generation, protocol, leader, state_since_ms, members)


def _read_member(version: int, reader: Reader) -> MemberMetadata:
    member_id = reader.string()
    instance_id = reader.nullable_string() if version >= 3 else None
    client_id, client_host = reader.string(), reader.string()
    rebalance_ms = reader.int32() if version >= 1 else -1
    session_ms = reader.int32()
    subscription, assignment = reader.blob(), reader.blob()
    reader.tags()
    return MemberMetadata(
        member_id,
        instance_id,
        client_id,
        client_host,
        rebalance_ms if rebalance_ms >= 0 else session_ms,
        session_ms,
        subscription,
        assignment,
    )
