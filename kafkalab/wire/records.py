"""One record: when it was made, a key, a value and headers, packed with variable-length numbers.

Inside a batch a record says its offset and timestamp as distances from the batch's first. Numbers
are zigzag varints (KIP-98, `DefaultRecord`): small ones, of either sign, take one byte.
"""

from collections.abc import Sequence

from kafkalab.wire.frozen import dataclass

Header = tuple[str, bytes | None]


@dataclass(frozen=True, slots=True)
class Record:
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[Header, ...] = ()


class BadRecord(Exception):
    """The bytes are not the records that the batch promised."""


_NULL = b"\x01"
"""The length -1."""
_NOTHING = b"\x00"
"""The length 0."""
_VARINT_MAX_BYTES = 10
_VARINT_MAX_SHIFT = 7 * _VARINT_MAX_BYTES


def varint(value: int) -> bytes:
    """Zigzag: 0, -1, 1, -2 become 0, 1, 2, 3, then seven bits a byte, lowest first."""
    zigzag = value << 1 if value >= 0 else ~(value << 1)
    if zigzag < 0x80:
        return _ONE_BYTE[zigzag]
    out = bytearray()
    while zigzag >= 0x80:
        out.append(zigzag & 0x7F | 0x80)
        zigzag >>= 7
    out.append(zigzag)
    return bytes(out)


_ONE_BYTE = tuple(bytes((number,)) for number in range(0x80))


def read_varint(data: bytes, position: int) -> tuple[int, int]:
    """(value, position behind it). IndexError where the data ends inside."""
    byte = data[position]
    position += 1
    if byte < 0x80:
        return (byte >> 1) ^ -(byte & 1), position
    zigzag = byte & 0x7F
    shift = 7
    while True:
        byte = data[position]
        position += 1
        zigzag |= (byte & 0x7F) << shift
        if byte < 0x80:
            return (zigzag >> 1) ^ -(zigzag & 1), position
        shift += 7
        if shift >= _VARINT_MAX_SHIFT:
            raise BadRecord(f"a number of more than {_VARINT_MAX_BYTES} bytes")


def encode_records(records: Sequence[Record], base_offset: int, base_timestamp: int) -> bytes:
    out: list[bytes] = []
    for record in records:
        body = [
            b"\x00",  # Attributes: none are defined.
            varint(record.timestamp_ms - base_timestamp),
            varint(record.offset - base_offset),
            *_sized(record.key),
            *_sized(record.value),
            varint(len(record.headers)) if record.headers else _NOTHING,
        ]
        for name, value in record.headers:
            body += _sized(name.encode())
            body += _sized(value)
        encoded = b"".join(body)
        out += (varint(len(encoded)), encoded)
    return b"".join(out)


def _sized(value: bytes | None) -> tuple[bytes, ...]:
    return (_NULL,) if value is None else (varint(len(value)), value)


def decode_records(
    data: bytes,
    count: int,
    base_offset: int,
    base_timestamp: int,
    append_time_ms: int | None = None,
) -> list[Record]:
    """`append_time_ms` is every record's timestamp where the broker's clock overrules theirs."""
    found = []
    position = 0
    try:
        for _ in range(count):
            record, position = _decode_record(data, position, base_offset, base_timestamp, append_time_ms)
            found.append(record)
    except IndexError:
        raise BadRecord(f"{count} records were promised and the bytes end in record {len(found)}") from None
    except UnicodeDecodeError as error:
        raise BadRecord(f"a header's name in record {len(found)} is not UTF-8: {error}") from None
    if position != len(data):
        raise BadRecord(f"{len(data) - position} bytes are left behind the last record")
    return found


def _decode_record(
    data: bytes, position: int, base_offset: int, base_timestamp: int, append_time_ms: int | None
) -> tuple[Record, int]:
    size, position = read_varint(data, position)
    end = position + size
    if size < 0 or end > len(data):
        raise BadRecord(f"a record of {size} bytes with {len(data) - position} left")
    timestamp_delta, position = read_varint(data, position + 1)
    offset_delta, position = read_varint(data, position)
    # What most records lack, a key or headers, is seen from one byte.
    if data[position] == _NULL[0]:
        key, position = None, position + 1
    else:
        key, position = _read_sized(data, position, end)
    value, position = _read_sized(data, position, end)
    headers: tuple[Header, ...] = ()
    if data[position] == _NOTHING[0]:
        position += 1
    else:
        count, position = read_varint(data, position)
        headers, position = _read_headers(data, position, end, count)
    if position != end:
        raise BadRecord(f"a record said it had {size} bytes and has {size - end + position}")
    timestamp_ms = base_timestamp + timestamp_delta if append_time_ms is None else append_time_ms
    return Record(base_offset + offset_delta, timestamp_ms, key, value, headers), end


def _read_headers(data: bytes, position: int, end: int, count: int) -> tuple[tuple[Header, ...], int]:
    if count < 0 or count > end - position:
        raise BadRecord(f"{count} headers in {end - position} bytes")
    headers: list[Header] = []
    for _ in range(count):
        name, position = _read_sized(data, position, end)
        if name is None:
            raise BadRecord("a header without a name")
        value, position = _read_sized(data, position, end)
        headers.append((name.decode(), value))
    return tuple(headers), position


def _read_sized(data: bytes, position: int, end: int) -> tuple[bytes | None, int]:
    size, position = read_varint(data, position)
    if size < 0:
        return None, position
    if position + size > end:
        raise BadRecord(f"a field of {size} bytes with {end - position} left in its record")
    return data[position : position + size], position + size
