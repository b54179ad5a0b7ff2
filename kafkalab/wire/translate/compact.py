"""The few pieces of Kafka's protocol that our own encoders are made of.

Kafka has two forms of everything with a length: the old one counts in a fixed integer, -1 for
null; the compact one of KIP-482 counts in an unsigned varint, one too many, 0 for null.
"""

from struct import Struct
from uuid import UUID

from kafkalab.wire.dialect import LeaderHint, NodeEndpoint

INT32 = Struct(">i")
NO_TAGS = b"\x00"

_INT16 = Struct(">h")
_LEADER = Struct(">iib")
_COMPACT_NULL = b"\x00"
_ZERO_UUID = bytes(16)
_ONE_BYTE = tuple(bytes((number,)) for number in range(0x80))


def uvarint(value: int) -> bytes:
    if value < 0x80:
        return _ONE_BYTE[value]
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def array_size(size: int, is_compact: bool) -> bytes:
    """Of an array, and of bytes too."""
    return uvarint(size + 1) if is_compact else INT32.pack(size)


def null_array(is_compact: bool) -> bytes:
    return _COMPACT_NULL if is_compact else INT32.pack(-1)


def string(value: str, is_compact: bool) -> bytes:
    encoded = value.encode()
    return (uvarint(len(encoded) + 1) if is_compact else _INT16.pack(len(encoded))) + encoded


def nullable_string(value: str | None, is_compact: bool) -> bytes:
    if value is None:
        return _COMPACT_NULL if is_compact else _INT16.pack(-1)
    return string(value, is_compact)


def uuid(value: UUID | None) -> bytes:
    return _ZERO_UUID if value is None else value.bytes


def tags(fields: dict[int, bytes]) -> bytes:
    """Tagged fields, in ascending order. None may be there that has its default: librdkafka before
    2.2 then cannot read the message."""
    parts = [uvarint(len(fields))]
    for tag, value in fields.items():
        parts += (uvarint(tag), uvarint(len(value)), value)
    return b"".join(parts)


def leader(hint: LeaderHint) -> bytes:
    """As the value of a tag: who leads now (KIP-951)."""
    return _LEADER.pack(hint.leader_id, hint.leader_epoch, 0)


def endpoints(nodes: tuple[NodeEndpoint, ...]) -> bytes:
    """As the value of a tag: where to find those who lead now (KIP-951)."""
    parts = [array_size(len(nodes), is_compact=True)]
    for node in nodes:
        parts += (
            INT32.pack(node.node_id),
            string(node.host, is_compact=True),
            INT32.pack(node.port),
            nullable_string(node.rack, is_compact=True),
            NO_TAGS,
        )
    return b"".join(parts)
