"""The records of `__transaction_state`, byte for byte as Kafka writes them.

The key is a transactional id, the value all that is known of it; a null value (a tombstone) takes it
back. Values are written as version 1, whose newer fields are tagged, and read from version 0 on
(TransactionLogKey.json, TransactionLogValue.json).
"""

import struct

from kafkalab.engine.record_codec import MalformedRecord, Reader, compact, int32s, key_of, number_of, tagged, varint
from kafkalab.engine.transactions.metadata import (
    NO_PRODUCER,
    NUMBERS,
    VERSION_0,
    TopicPartition,
    TransactionMetadata,
    TransactionState,
)

_KEY, _VALUE = 0, 1
_PREVIOUS_PRODUCER_ID, _NEXT_PRODUCER_ID, _CLIENT_VERSION = range(3)
"""Tags."""
_STATES = dict(enumerate(TransactionState))


class MalformedTransaction(Exception):
    """A record of `__transaction_state` that cannot be read."""


def encode(transactional_id: str, metadata: TransactionMetadata | None) -> tuple[bytes, bytes | None]:
    """Key and value; None takes the id back."""
    return key_of(_KEY, transactional_id), None if metadata is None else _value(metadata)


def decode(key: bytes | None, value: bytes | None) -> tuple[str, TransactionMetadata | None] | None:
    """None for kinds that are not ours. Raises MalformedTransaction."""
    if key is None:
        return None
    try:
        reader = Reader(key)
        if reader.int16() != _KEY:
            return None
        transactional_id = reader.string()
        return transactional_id, None if value is None else _read(transactional_id, value)
    except (MalformedRecord, KeyError) as error:
        raise MalformedTransaction(str(error)) from error


# -- writing ---------------------------------------------------------------------------------------


def _value(it: TransactionMetadata) -> bytes:
    head = struct.pack(
        ">hqhib", _VALUE, it.producer_id, it.producer_epoch, it.timeout_ms, NUMBERS[it.state]
    ) + _partitions(it)
    tags: dict[int, bytes] = {}
    if it.previous_producer_id != NO_PRODUCER:
        tags[_PREVIOUS_PRODUCER_ID] = struct.pack(">q", it.previous_producer_id)
    if it.next_producer_id != NO_PRODUCER:
        tags[_NEXT_PRODUCER_ID] = struct.pack(">q", it.next_producer_id)
    if it.client_version != VERSION_0:
        tags[_CLIENT_VERSION] = struct.pack(">h", it.client_version)
    return head + struct.pack(">qq", it.updated_ms, it.started_ms) + tagged(tags)


def _partitions(it: TransactionMetadata) -> bytes:
    if it.state is TransactionState.EMPTY:
        return b"\x00"
    by_topic: dict[str, list[int]] = {}
    for topic, partition in it.partitions:
        by_topic.setdefault(topic, []).append(partition)
    parts = [varint(len(by_topic) + 1)]
    for topic, partitions in by_topic.items():
        parts += [compact(topic.encode()), int32s(partitions), tagged({})]
    return b"".join(parts)


# -- reading ---------------------------------------------------------------------------------------


def _read(transactional_id: str, data: bytes) -> TransactionMetadata:
    reader = Reader(data)
    version = reader.int16()
    if version not in (0, _VALUE):
        raise MalformedTransaction(f"value version {version}")
    reader.flexible = version >= _VALUE
    producer_id, producer_epoch, timeout_ms, state = reader.int64(), reader.int16(), reader.int32(), reader.int8()
    partitions: list[TopicPartition] = []
    for _ in range(reader.count()):
        topic = reader.string()
        partitions += [(topic, partition) for partition in reader.int32s()]
        reader.tags()
    updated_ms, started_ms = reader.int64(), reader.int64()
    tags = reader.tags()
    return TransactionMetadata(
        transactional_id=transactional_id,
        producer_id=producer_id,
        previous_producer_id=number_of(tags.get(_PREVIOUS_PRODUCER_ID), NO_PRODUCER),
        next_producer_id=number_of(tags.get(_NEXT_PRODUCER_ID), NO_PRODUCER),
        producer_epoch=producer_epoch,
        timeout_ms=timeout_ms,
        state=_STATES[state],
        partitions=tuple(partitions),
        started_ms=started_ms,
        updated_ms=updated_ms,
        client_version=number_of(tags.get(_CLIENT_VERSION), VERSION_0),
    )
