"""The primitives that records of coordinators are made of, in Kafka's two encodings.

Keys have lengths of fixed size; flexible values have varints, one too high, and end in tagged fields.
"""

import struct
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar
from uuid import UUID

T = TypeVar("T")


class MalformedRecord(Exception):
    """A record of a coordinator's topic that cannot be read."""


def string(text: str) -> bytes:
    data = text.encode()
    return struct.pack(">h", len(data)) + data


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def compact(data: bytes) -> bytes:
    return varint(len(data) + 1) + data


def compact_nullable(text: str | None) -> bytes:
    return b"\x00" if text is None else compact(text.encode())


def int32s(numbers: Sequence[int]) -> bytes:
    """An array of them."""
    return varint(len(numbers) + 1) + struct.pack(f">{len(numbers)}i", *numbers)


def tagged(fields: Mapping[int, bytes]) -> bytes:
    """The end of a flexible value, or of an item of one: the fields that have tags, in the order of these."""
    return varint(len(fields)) + b"".join(varint(tag) + varint(len(data)) + data for tag, data in fields.items())


def tagged_int64(number: int) -> bytes:
    """All tagged fields of what has one, with tag 0; none where it is its default of 0."""
    return tagged({0: struct.pack(">q", number)} if number else {})


def number_of(field: bytes | None, default: int = 0) -> int:
    """What a tagged field says."""
    return default if field is None else int.from_bytes(field, "big", signed=True)


def key_of(kind: int, *names: str) -> bytes:
    """A key whose version says which kind it is, about something that has these names."""
    return struct.pack(">h", kind) + b"".join(string(name) for name in names)


def written(value: T | None, write: Callable[[T], bytes]) -> bytes | None:
    """A flexible value of version 0; None takes back what its key is about."""
    return None if value is None else struct.pack(">h", 0) + write(value)


def read(value: bytes | None, read_fields: "Callable[[Reader], T]") -> T | None:
    """The other way. Raises MalformedRecord."""
    if value is None:
        return None
    reader = Reader(value)
    if (version := reader.int16()) != 0:
        raise MalformedRecord(f"value version {version}")
    reader.flexible = True
    return read_fields(reader)


class Reader:
    """A cursor over one key or value; `flexible` lengths are varints, one too high."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0
        self.flexible = False

    def take(self, size: int) -> bytes:
        end = self.position + size
        if size < 0 or end > len(self.data):
            raise MalformedRecord(f"{size} bytes wanted at {self.position} of {len(self.data)}")
        taken = self.data[self.position : end]
        self.position = end
        return taken

    def int8(self) -> int:
        return int.from_bytes(self.take(1), "big", signed=True)

    def int16(self) -> int:
        return int.from_bytes(self.take(2), "big", signed=True)

    def int32(self) -> int:
        return int.from_bytes(self.take(4), "big", signed=True)

    def int64(self) -> int:
        return int.from_bytes(self.take(8), "big", signed=True)

    def uuid(self) -> UUID:
        return UUID(bytes=self.take(16))

    def varint(self) -> int:
        number = shift = 0
        while True:
            byte = self.take(1)[0]
            number |= (byte & 0x7F) << shift
            if byte < 0x80:
                return number
            shift += 7

    def string(self) -> str:
        text = self.nullable_string()
        if text is None:
            raise MalformedRecord(f"null string before {self.position}")
        return text

    def nullable_string(self) -> str | None:
        length = self.varint() - 1 if self.flexible else self.int16()
        if length < 0:
            return None
        try:
            return self.take(length).decode()
        except UnicodeDecodeError as error:
            raise MalformedRecord(str(error)) from error

    def blob(self) -> bytes:
        return self.take(self.varint() - 1 if self.flexible else self.int32())

    def count(self) -> int:
        return self.varint() - 1 if self.flexible else self.int32()

    def int32s(self) -> tuple[int, ...]:
        count = self.count()
        return struct.unpack(f">{max(count, 0)}i", self.take(4 * count))

    def tags(self) -> dict[int, bytes]:
        if not self.flexible:
            return {}
        return {self.varint(): self.take(self.varint()) for _ in range(self.varint())}
