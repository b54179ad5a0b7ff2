"""The records of `__transaction_state`, byte for byte as Kafka writes them.

The key is a transactional id, the value all that is known of it; a null value (a tombstone) takes it
back. Values are written as version 1, whose newer fields are tagged, and read from version 0 on
(TransactionLogKey.json, TransactionLogValue.json).
"""

import struct

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
    name = transactional_id.encode()
    return struct.pack(">hh", _KEY, len(name)) + name, None if metadata is None else _value(metadata)


def decode(key: bytes | None, value: bytes | None) -> tuple[str, TransactionMetadata | None] | None:
    """None for kinds that are not ours. Raises MalformedTransaction."""
    if key is None:
        return None
    try:
        version, length = struct.unpack_from(">hh", key)
        if version != _KEY:
            return None
        transactional_id = key[4 : 4 + length].decode()
        return transactional_id, None if value is None else _read(transactional_id, value)
    except (struct.error, UnicodeDecodeError, IndexError, KeyError) as error:
        raise MalformedTransaction(str(error)) from error


# -- writing ---------------------------------------------------------------------------------------


def _value(it: TransactionMetadata) -> bytes:
    head = struct.pack(
        ">hqhib", _VALUE, it.producer_id, it.producer_epoch, it.timeout_ms, NUMBERS[it.state]
    ) + _partitions(it)
    tags = [
        (tag, data)
        for tag, data, default in (
            (_PREVIOUS_PRODUCER_ID, struct.pack(">q", it.previous_producer_id), it.previous_producer_id == NO_PRODUCER),
            (_NEXT_PRODUCER_ID, struct.pack(">q", it.next_producer_id), it.next_producer_id == NO_PRODUCER),
            (_CLIENT_VERSION, struct.pack(">h", it.client_version), it.client_version == VERSION_0),
        )
        if not default
    ]
    tagged = _varint(len(tags)) + b"".join(_varint(tag) + _varint(len(data)) + data for tag, data in tags)
    return head + struct.pack(">qq", it.updated_ms, it.started_ms) + tagged


def _partitions(it: TransactionMetadata) -> bytes:
    if it.state is TransactionState.EMPTY:
        return b"\x00"
    by_topic: dict[str, list[int]] = {}
    for topic, partition in it.partitions:
        by_topic.setdefault(topic, []).append(partition)
    parts = [_varint(len(by_topic) + 1)]
    for topic, partitions in by_topic.items():
        name = topic.encode()
        parts += [_varint(len(name) + 1), name, _varint(len(partitions) + 1)]
        parts += [struct.pack(f">{len(partitions)}i", *partitions), b"\x00"]
    return b"".join(parts)


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


# -- reading ---------------------------------------------------------------------------------------


class _Reader:
    def __init__(self, data: bytes, position: int) -> None:
        self.data = data
        self.position = position
        self.flexible = True

    def unpack(self, form: str) -> tuple[int, ...]:
        values = struct.unpack_from(">" + form, self.data, self.position)
        self.position += struct.calcsize(">" + form)
        return values

    def varint(self) -> int:
        number = shift = 0
        while True:
            byte = self.data[self.position]
            self.position += 1
            number |= (byte & 0x7F) << shift
            if byte < 0x80:
                return number
            shift += 7

    def size(self, form: str) -> int:
        return self.varint() - 1 if self.flexible else self.unpack(form)[0]

    def tags(self) -> dict[int, bytes]:
        found: dict[int, bytes] = {}
        for _ in range(self.varint() if self.flexible else 0):
            tag, length = self.varint(), self.varint()
            found[tag] = self.data[self.position : self.position + length]
            self.position += length
        return found


def _read(transactional_id: str, data: bytes) -> TransactionMetadata:
    (version,) = struct.unpack_from(">h", data)
    if version not in (0, _VALUE):
        raise MalformedTransaction(f"value version {version}")
    reader = _Reader(data, 2)
    reader.flexible = version >= _VALUE
    producer_id, producer_epoch, timeout_ms, state = reader.unpack("qhib")
    partitions: list[TopicPartition] = []
    for _ in range(reader.size("i")):
        length = reader.size("h")
        topic = data[reader.position : reader.position + length].decode()
        reader.position += length
        partitions += [(topic, partition) for partition in reader.unpack(f"{reader.size('i')}i")]
        reader.tags()
    updated_ms, started_ms = reader.unpack("qq")
    tags = reader.tags()
    return TransactionMetadata(
        transactional_id=transactional_id,
        producer_id=producer_id,
        previous_producer_id=_number(tags.get(_PREVIOUS_PRODUCER_ID), NO_PRODUCER),
        next_producer_id=_number(tags.get(_NEXT_PRODUCER_ID), NO_PRODUCER),
        producer_epoch=producer_epoch,
        timeout_ms=timeout_ms,
        state=_STATES[state],
        partitions=tuple(partitions),
        started_ms=started_ms,
        updated_ms=updated_ms,
        client_version=_number(tags.get(_CLIENT_VERSION), VERSION_0),
    )


def _number(data: bytes | None, default: int) -> int:
    return default if data is None else int.from_bytes(data, "big", signed=True)
