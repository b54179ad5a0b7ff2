"""The records of `__share_group_state`, byte for byte as Kafka writes them.

A snapshot says all of a share partition, an update what has changed since. The key's version tells
the two apart; a snapshot with a null value forgets the share partition (ShareSnapshotKey.json,
ShareSnapshotValue.json, ShareUpdateKey.json, ShareUpdateValue.json).
"""

import struct
from dataclasses import dataclass
from uuid import UUID

from kafkalab.engine.share.state import RecordState, SharePartitionKey, SharePartitionState, StateBatch

STATE_TOPIC = "__share_group_state"
_SNAPSHOT, _UPDATE = 0, 1
_COMPLETE_COUNT_TAG = 0
_UNTOLD = -1


@dataclass(frozen=True, slots=True)
class ShareSnapshot:
    key: SharePartitionKey
    state: SharePartitionState | None
    """None: forgotten."""


@dataclass(frozen=True, slots=True)
class ShareUpdate:
    key: SharePartitionKey
    snapshot_epoch: int
    leader_epoch: int
    """-1: as it was."""
    start_offset: int
    """-1: as it was."""
    delivery_complete_count: int
    batches: tuple[StateBatch, ...]


ShareStateRecord = ShareSnapshot | ShareUpdate


class MalformedState(Exception):
    """A record of `__share_group_state` that cannot be read."""


def encode(record: ShareStateRecord) -> tuple[bytes, bytes | None]:
    """Key and value."""
    match record:
        case ShareSnapshot(key, state):
            return _key(_SNAPSHOT, key), None if state is None else _snapshot_value(state)
        case ShareUpdate(key):
            return _key(_UPDATE, key), _update_value(record)


def decode(key: bytes | None, value: bytes | None) -> ShareStateRecord | None:
    """None for a kind that this version does not know. Raises MalformedState."""
    try:
        return _decode(key, value)
    except (struct.error, IndexError, ValueError) as error:
        raise MalformedState(str(error)) from error


def _decode(key: bytes | None, value: bytes | None) -> ShareStateRecord | None:
    if key is None:
        return None
    kind, length = struct.unpack_from(">hh", key)
    if kind not in (_SNAPSHOT, _UPDATE):
        return None
    group, rest = key[4 : 4 + length].decode(), key[4 + length :]
    (partition,) = struct.unpack_from(">i", rest, 16)
    name = SharePartitionKey(group, UUID(bytes=rest[:16]), partition)
    if kind == _SNAPSHOT:
        return ShareSnapshot(name, None if value is None else _read_snapshot(value))
    return None if value is None else _read_update(name, value)


# -- writing ---------------------------------------------------------------------------------------


def _key(kind: int, key: SharePartitionKey) -> bytes:
    group = key.group.encode()
    return struct.pack(">hh", kind, len(group)) + group + key.topic_id.bytes + struct.pack(">i", key.partition)


def _snapshot_value(it: SharePartitionState) -> bytes:
    head = struct.pack(
        ">hiiiqqq", 0, it.snapshot_epoch, it.state_epoch, it.leader_epoch, it.start_offset, it.created_ms, it.written_ms
    )
    return head + _batches(it.batches) + _tags(it.delivery_complete_count)


def _update_value(it: ShareUpdate) -> bytes:
    head = struct.pack(">hiiq", 0, it.snapshot_epoch, it.leader_epoch, it.start_offset)
    return head + _batches(it.batches) + _tags(it.delivery_complete_count)


def _batches(batches: tuple[StateBatch, ...]) -> bytes:
    # One too high, as everywhere in flexible versions: 0 would be null.
    return _varint(len(batches) + 1) + b"".join(
        struct.pack(">qqbhB", each.first_offset, each.last_offset, each.state, each.delivery_count, 0)
        for each in batches
    )


def _tags(delivery_complete_count: int) -> bytes:
    if delivery_complete_count == _UNTOLD:
        return b"\x00"
    return struct.pack(">BBBi", 1, _COMPLETE_COUNT_TAG, 4, delivery_complete_count)


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


# -- reading ---------------------------------------------------------------------------------------


def _read_snapshot(value: bytes) -> SharePartitionState:
    _known_version(value)
    snapshot_epoch, state_epoch, leader_epoch, start, created, written = struct.unpack_from(">iiiqqq", value, 2)
    batches, position = _read_batches(value, 38)
    return SharePartitionState(
        snapshot_epoch, state_epoch, leader_epoch, start, _read_tags(value, position), batches, created, written
    )


def _read_update(key: SharePartitionKey, value: bytes) -> ShareUpdate:
    _known_version(value)
    snapshot_epoch, leader_epoch, start = struct.unpack_from(">iiq", value, 2)
    batches, position = _read_batches(value, 18)
    return ShareUpdate(key, snapshot_epoch, leader_epoch, start, _read_tags(value, position), batches)


def _known_version(value: bytes) -> None:
    (version,) = struct.unpack_from(">h", value)
    if version != 0:
        raise MalformedState(f"value version {version}")


def _read_batches(value: bytes, position: int) -> tuple[tuple[StateBatch, ...], int]:
    count, position = _read_varint(value, position)
    found = []
    for _ in range(count - 1):
        first, last, state, deliveries = struct.unpack_from(">qqbh", value, position)
        found.append(StateBatch(first, last, RecordState(state), deliveries))
        position = _after_tags(value, position + 19)
    return tuple(found), position


def _read_tags(value: bytes, position: int) -> int:
    complete = _UNTOLD
    count, position = _read_varint(value, position)
    for _ in range(count):
        tag, position = _read_varint(value, position)
        size, position = _read_varint(value, position)
        if tag == _COMPLETE_COUNT_TAG:
            (complete,) = struct.unpack_from(">i", value, position)
        position += size
    return complete


def _after_tags(value: bytes, position: int) -> int:
    count, position = _read_varint(value, position)
    for _ in range(count):
        _, position = _read_varint(value, position)
        size, position = _read_varint(value, position)
        position += size
    return position


def _read_varint(value: bytes, position: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = value[position]
        position += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, position
        shift += 7
