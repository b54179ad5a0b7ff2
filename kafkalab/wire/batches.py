"""Records travel and rest in batches: 61 bytes of header, then the records, perhaps compressed.

Record batch v2 (KIP-98, `DefaultRecordBatch`), handled as bytes. A leader writes two fields of a
batch that it appends, the base offset and the leader epoch; both lie before the part that the
CRC-32C covers, so the records are neither copied nor read again. Records are decoded only where
someone looks.
"""

from collections.abc import Iterator, Sequence
from enum import IntEnum
from struct import Struct
from typing import NamedTuple

from crc32c import crc32c

from kafkalab.wire.compression import DECOMPRESSED_LIMIT, BadCompression, Codec, compress, decompress
from kafkalab.wire.errors import ErrorCode
from kafkalab.wire.records import BadRecord, Record, decode_records, encode_records

__all__ = [
    "HEADER_FIELDS",
    "HEADER_SIZE",
    "Batch",
    "Codec",
    "CorruptBatch",
    "Record",
    "TimestampType",
    "build",
    "check",
    "checked",
    "header",
    "headers",
    "recompressed",
    "records",
    "stamped",
    "with_append_time",
    "with_timestamps",
    "without_records",
]

Buffer = bytes | memoryview

MAGIC = 2
HEADER_SIZE = 61
LENGTH_ENDS_AT = 12
"""What `length` counts begins here, behind the base offset and the length itself."""
STAMP_SIZE = 16
"""Base offset, length and leader epoch: all that a leader writes anew."""
CRC_STARTS_AT = 21

HEADER_FIELDS = (
    ("base_offset", 0, 8),
    ("length", 8, 4),
    ("partition_leader_epoch", 12, 4),
    ("magic", 16, 1),
    ("crc", 17, 4),
    ("attributes", 21, 2),
    ("last_offset_delta", 23, 4),
    ("base_timestamp", 27, 8),
    ("max_timestamp", 35, 8),
    ("producer_id", 43, 8),
    ("producer_epoch", 51, 2),
    ("base_sequence", 53, 4),
    ("records_count", 57, 4),
)
"""(name, first byte, bytes) of each field of the header, for whoever shows a batch."""

NO_PRODUCER_ID = -1
NO_EPOCH = -1
NO_SEQUENCE = -1
NO_TIMESTAMP = -1

_HEADER = Struct(">qiibIhiqqqhii")
_STAMP = Struct(">qii")
_LENGTH = Struct(">i")
_CRC = Struct(">I")
_ATTRIBUTES = Struct(">h")
_MAX_TIMESTAMP = Struct(">q")

_CODEC_BITS = 0x07
_TIMESTAMP_TYPE_BIT = 0x08
_TRANSACTIONAL_BIT = 0x10
_CONTROL_BIT = 0x20
_DELETE_HORIZON_BIT = 0x40
_SEQUENCES = 1 << 31


class TimestampType(IntEnum):
    CREATE_TIME = 0
    LOG_APPEND_TIME = 1


class CorruptBatch(Exception):
    """These bytes are no batch that a broker may take. Carries the error code Kafka has for it."""

    def __init__(self, reason: str, error_code: ErrorCode = ErrorCode.corrupt_message) -> None:
        super().__init__(reason)
        self.reason = reason
        self.error_code = error_code


class Batch(NamedTuple):
    """A batch's header, and where in `data` the batch lies.

    A named tuple, because a log of small batches is walked at a rate at which a frozen dataclass
    costs three times as much.
    """

    base_offset: int
    length: int
    partition_leader_epoch: int
    magic: int
    crc: int
    attributes: int
    last_offset_delta: int
    base_timestamp: int
    max_timestamp: int
    producer_id: int
    producer_epoch: int
    base_sequence: int
    records_count: int
    position: int
    data: Buffer

    @property
    def size(self) -> int:
        return self.length + LENGTH_ENDS_AT

    @property
    def end(self) -> int:
        """Where in `data` the next batch begins."""
        return self.position + self.length + LENGTH_ENDS_AT

    @property
    def last_offset(self) -> int:
        return self.base_offset + self.last_offset_delta

    @property
    def next_offset(self) -> int:
        return self.base_offset + self.last_offset_delta + 1

    @property
    def codec(self) -> Codec:
        try:
            return Codec(self.attributes & _CODEC_BITS)
        except ValueError:
            raise CorruptBatch(f"compression codec {self.attributes & _CODEC_BITS} does not exist") from None

    @property
    def timestamp_type(self) -> TimestampType:
        return TimestampType.LOG_APPEND_TIME if self.attributes & _TIMESTAMP_TYPE_BIT else TimestampType.CREATE_TIME

    @property
    def is_transactional(self) -> bool:
        return bool(self.attributes & _TRANSACTIONAL_BIT)

    @property
    def is_control(self) -> bool:
        """It holds no data but a marker, such as the end of a transaction."""
        return bool(self.attributes & _CONTROL_BIT)

    @property
    def delete_horizon_ms(self) -> int | None:
        """When the tombstones in it may go (KIP-534). It then has the place of the base timestamp."""
        return self.base_timestamp if self.attributes & _DELETE_HORIZON_BIT else None

    @property
    def has_producer_id(self) -> bool:
        return self.producer_id > NO_PRODUCER_ID

    @property
    def last_sequence(self) -> int:
        """Sequence numbers go on with 0 behind 2147483647."""
        if self.base_sequence < 0:
            return self.base_sequence
        return (self.base_sequence + self.last_offset_delta) % _SEQUENCES

    @property
    def view(self) -> memoryview:
        """The whole batch, not copied."""
        return memoryview(self.data)[self.position : self.end]

    def __repr__(self) -> str:
        return f"<Batch {self.base_offset}..{self.last_offset}, {self.size} bytes, epoch {self.partition_leader_epoch}>"


def headers(data: Buffer, start: int = 0, end: int | None = None) -> Iterator[Batch]:
    """The batches that lie whole in data[start:end], not copied and their CRC not checked.

    It ends quietly where the bytes end, inside a batch too: compare the last `end`. Bytes that
    cannot be a batch at all raise CorruptBatch.
    """
    end = len(data) if end is None else end
    while start + HEADER_SIZE <= end:
        # Not by name, and made as `_make` would make it: whatever reads a log comes through here.
        fields = _HEADER.unpack_from(data, start)
        length, magic = fields[1], fields[3]
        if magic != MAGIC:
            raise _unknown_magic(magic)
        if length < HEADER_SIZE - LENGTH_ENDS_AT:
            raise CorruptBatch(f"Record size {length} is less than the minimum record overhead (14)")
        next_start = start + LENGTH_ENDS_AT + length
        if next_start > end:
            return
        yield tuple.__new__(Batch, (*fields, start, data))
        start = next_start


def header(data: Buffer, start: int = 0) -> Batch:
    """The batch that begins at `start`, which must be there whole."""
    for batch in headers(data, start):
        return batch
    raise CorruptBatch(f"{len(data) - start} bytes are not a whole batch")


def check(batch: Batch) -> None:
    """Raise CorruptBatch unless the CRC-32C fits the bytes."""
    actual = crc32c(memoryview(batch.data)[batch.position + CRC_STARTS_AT : batch.end])
    if actual != batch.crc:
        raise CorruptBatch(f"CRC-32C is {actual:08x} where the batch says {batch.crc:08x}")


def checked(data: Buffer) -> list[Batch]:
    """All batches of `data`, which must be whole ones to the last byte, each with a CRC that fits."""
    found = []
    position = 0
    for batch in headers(data):
        check(batch)
        found.append(batch)
        position = batch.end
    if position != len(data):
        _raise_torn(data, position)
    return found


def _raise_torn(data: Buffer, position: int) -> None:
    rest = len(data) - position
    # Magic 0 and 1 messages can be shorter than our header, and deserve their own answer.
    if rest > STAMP_SIZE and data[position + STAMP_SIZE] != MAGIC:
        raise _unknown_magic(data[position + STAMP_SIZE])
    raise CorruptBatch(f"the last {rest} bytes are not a whole batch")


def _unknown_magic(magic: int) -> CorruptBatch:
    if magic in (0, 1):
        return CorruptBatch(f"message format v{magic} is not taken since Kafka 4.0 (KIP-724)", ErrorCode.invalid_record)
    return CorruptBatch(f"Invalid magic found in record: {magic}")


def stamped(data: Buffer, base_offset: int, leader_epoch: int) -> tuple[bytes, memoryview]:
    """The one batch of `data` with its place in the log: 16 new bytes, and the rest as it lies there."""
    (length,) = _LENGTH.unpack_from(data, 8)
    return _STAMP.pack(base_offset, length, leader_epoch), memoryview(data)[STAMP_SIZE:]


def with_timestamps(data: Buffer, timestamp_type: TimestampType, max_timestamp: int) -> bytes:
    """A copy of the one batch in `data`, with another maximum and kind of timestamps, and a CRC that fits.

    The base timestamp and the records' deltas stay: whoever reads a LOG_APPEND_TIME batch takes
    the maximum for every record (`DefaultRecordBatch.setMaxTimestamp`).
    """
    head = bytearray(data[:HEADER_SIZE])
    rest = memoryview(data)[HEADER_SIZE:]
    (attributes,) = _ATTRIBUTES.unpack_from(head, 21)
    _ATTRIBUTES.pack_into(head, 21, attributes & ~_TIMESTAMP_TYPE_BIT | timestamp_type * _TIMESTAMP_TYPE_BIT)
    _MAX_TIMESTAMP.pack_into(head, 35, max_timestamp)
    return _sealed(head, rest)


def with_append_time(data: Buffer, now_ms: int) -> bytes:
    """As a topic with message.timestamp.type=LogAppendTime stores the one batch in `data`."""
    return with_timestamps(data, TimestampType.LOG_APPEND_TIME, now_ms)


def records(batch: Batch, limit: int = DECOMPRESSED_LIMIT) -> list[Record]:
    """What is in the batch. CorruptBatch (INVALID_RECORD) if it cannot be read, or unpacks to more than `limit`."""
    append_time_ms = batch.max_timestamp if batch.timestamp_type is TimestampType.LOG_APPEND_TIME else None
    try:
        return decode_records(
            decompress(batch.codec, _payload(batch), limit),
            batch.records_count,
            batch.base_offset,
            batch.base_timestamp,
            append_time_ms,
        )
    except (BadRecord, BadCompression) as error:
        raise CorruptBatch(str(error), ErrorCode.invalid_record) from error


def recompressed(batch: Batch, codec: Codec, limit: int = DECOMPRESSED_LIMIT) -> bytes:
    """The same batch with its records packed by another codec."""
    try:
        payload = compress(codec, decompress(batch.codec, _payload(batch), limit))
    except BadCompression as error:
        raise CorruptBatch(str(error), ErrorCode.invalid_record) from error
    return _assembled(batch._replace(attributes=batch.attributes & ~_CODEC_BITS | codec), payload)


def without_records(batch: Batch) -> bytes:
    """What compaction leaves of a batch that must stay for its numbers (`DefaultRecordBatch.writeEmptyHeader`)."""
    attributes = batch.attributes & ~(_CODEC_BITS | _DELETE_HORIZON_BIT)
    return _assembled(batch._replace(attributes=attributes, base_timestamp=NO_TIMESTAMP, records_count=0), b"")


def build(
    records: Sequence[Record],
    *,
    base_offset: int = 0,
    codec: Codec = Codec.NONE,
    leader_epoch: int = NO_EPOCH,
    producer_id: int = NO_PRODUCER_ID,
    producer_epoch: int = NO_EPOCH,
    base_sequence: int = NO_SEQUENCE,
    timestamp_type: TimestampType = TimestampType.CREATE_TIME,
    is_transactional: bool = False,
    is_control: bool = False,
    last_offset_delta: int | None = None,
    delete_horizon_ms: int | None = None,
) -> bytes:
    """One batch. The records' offsets ascend from `base_offset`; compaction may have left gaps.

    `last_offset_delta` is the last record's unless given: a cleaned batch keeps its old last
    offset, and may be empty.
    """
    timestamps = [record.timestamp_ms for record in records]
    base_timestamp = timestamps[0] if timestamps else NO_TIMESTAMP
    if delete_horizon_ms is not None:
        base_timestamp = delete_horizon_ms
    if last_offset_delta is None:
        last_offset_delta = records[-1].offset - base_offset
    attributes = (
        codec
        | timestamp_type * _TIMESTAMP_TYPE_BIT
        | is_transactional * _TRANSACTIONAL_BIT
        | is_control * _CONTROL_BIT
        | (delete_horizon_ms is not None) * _DELETE_HORIZON_BIT
    )
    payload = compress(codec, encode_records(records, base_offset, base_timestamp))
    head = _HEADER.pack(
        base_offset,
        HEADER_SIZE - LENGTH_ENDS_AT + len(payload),
        leader_epoch,
        MAGIC,
        0,
        attributes,
        last_offset_delta,
        base_timestamp,
        max(timestamps, default=NO_TIMESTAMP),
        producer_id,
        producer_epoch,
        base_sequence,
        len(timestamps),
    )
    return _sealed(bytearray(head), payload)


def _payload(batch: Batch) -> bytes:
    return bytes(memoryview(batch.data)[batch.position + HEADER_SIZE : batch.end])


def _assembled(batch: Batch, payload: bytes) -> bytes:
    """The header of `batch`, with length and CRC made to fit, and the payload behind it."""
    fields = batch._replace(length=HEADER_SIZE - LENGTH_ENDS_AT + len(payload))[:-2]
    return _sealed(bytearray(_HEADER.pack(*fields)), payload)


def _sealed(head: bytearray, rest: Buffer) -> bytes:
    """Both together, with the CRC of what they are now."""
    _CRC.pack_into(head, 17, crc32c(rest, crc32c(memoryview(head)[CRC_STARTS_AT:])))
    return b"".join((head, rest))
