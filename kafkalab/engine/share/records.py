"""The records of `__share_group_state`, byte for byte as Kafka writes them.

A snapshot says all of a share partition, an update what has changed since. The key's version tells
the two apart; a snapshot with a null value forgets the share partition (ShareSnapshotKey.json,
ShareSnapshotValue.json, ShareUpdateKey.json, ShareUpdateValue.json).
"""

import struct
from dataclasses import dataclass

from kafkalab.engine.record_codec import MalformedRecord, Reader, key_of, number_of, read, tagged, varint
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
    except (MalformedRecord, ValueError) as error:
        raise MalformedState(str(error)) from error


def _decode(key: bytes | None, value: bytes | None) -> ShareStateRecord | None:
    if key is None:
        return None
    reader = Reader(key)
    kind = reader.int16()
    if kind not in (_SNAPSHOT, _UPDATE):
        return None
    name = SharePartitionKey(reader.string(), reader.uuid(), reader.int32())
    if kind == _SNAPSHOT:
        return ShareSnapshot(name, read(value, _read_snapshot))
    return read(value, lambda fields: _read_update(name, fields))


# -- writing ---------------------------------------------------------------------------------------


def _key(kind: int, key: SharePartitionKey) -> bytes:
    return key_of(kind, key.group) + key.topic_id.bytes + struct.pack(">i", key.partition)


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
    return varint(len(batches) + 1) + b"".join(
        struct.pack(">qqbhB", each.first_offset, each.last_offset, each.state, each.delivery_count, 0)
        for each in batches
    )


def _tags(delivery_complete_count: int) -> bytes:
    if delivery_complete_count == _UNTOLD:
        return tagged({})
    return tagged({_COMPLETE_COUNT_TAG: struct.pack(">i", delivery_complete_count)})


# -- reading ---------------------------------------------------------------------------------------


def _read_snapshot(reader: Reader) -> SharePartitionState:
    snapshot_epoch, state_epoch, leader_epoch = reader.int32(), reader.int32(), reader.int32()
    start, created, written = reader.int64(), reader.int64(), reader.int64()
    batches, complete = _read_batches(reader), _read_complete_count(reader)
    return SharePartitionState(snapshot_epoch, state_epoch, leader_epoch, start, complete, batches, created, written)


def _read_update(key: SharePartitionKey, reader: Reader) -> ShareUpdate:
    snapshot_epoch, leader_epoch, start = reader.int32(), reader.int32(), reader.int64()
    batches, complete = _read_batches(reader), _read_complete_count(reader)
    return ShareUpdate(key, snapshot_epoch, leader_epoch, start, complete, batches)


def _read_batches(reader: Reader) -> tuple[StateBatch, ...]:
    found = []
    for _ in range(reader.count()):
        first, last, state, deliveries = reader.int64(), reader.int64(), reader.int8(), reader.int16()
        found.append(StateBatch(first, last, RecordState(state), deliveries))
        reader.tags()
    return tuple(found)


def _read_complete_count(reader: Reader) -> int:
    return number_of(reader.tags().get(_COMPLETE_COUNT_TAG), _UNTOLD)
