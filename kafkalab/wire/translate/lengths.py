"""A request's lengths are checked before kio reads it.

kio's native reader sets aside room for as many items as an array claims to have, and a claim of
two thousand million ends the whole process, not just the connection. So every length is walked
first: none may reach beyond the frame, and all arrays together may not have more than ITEMS_LIMIT
items, which no real request has and which would hold up everybody else.
"""

from collections.abc import Callable
from dataclasses import Field, fields, is_dataclass
from functools import cache
from struct import Struct
from typing import Any, cast

from kafkalab.wire.frames import Buffer
from kafkalab.wire.translate.by_name import shape_of
from kafkalab.wire.translate.compact import uvarint

ITEMS_LIMIT = 10_000

_INT8 = Struct(">b")
_INT16 = Struct(">h")
_INT32 = Struct(">i")
_VARINT_LAST_SHIFT = 28

_FIXED_SIZES = {
    "bool": 1,
    "int8": 1,
    "uint8": 1,
    "int16": 2,
    "uint16": 2,
    "error_code": 2,
    "int32": 4,
    "uint32": 4,
    "timedelta_i32": 4,
    "int64": 8,
    "uint64": 8,
    "float64": 8,
    "timedelta_i64": 8,
    "datetime_i64": 8,
    "uuid": 16,
}


class BadLength(Exception):
    """A length that cannot be true."""


class Walk:
    """How far the walk has come, how many items it may still meet, and what must be left out."""

    __slots__ = ("_left_out", "_size", "frame", "items_left", "position")

    def __init__(self, frame: Buffer, position: int) -> None:
        self.frame = frame
        self.position = position
        self.items_left = ITEMS_LIMIT
        self._size = len(frame)
        self._left_out: list[tuple[int, int, bytes]] = []
        """(start, end, what is to be there instead)"""

    def skip(self, size: int) -> None:
        self.position += size
        if self.position > self._size:
            raise BadLength(f"something goes {self.position - self._size} bytes beyond the end of the request")

    def uvarint(self) -> int:
        value = shift = 0
        while True:
            self.skip(1)
            byte = self.frame[self.position - 1]
            if byte < 0x80:
                return value | byte << shift
            value |= (byte & 0x7F) << shift
            shift += 7
            if shift > _VARINT_LAST_SHIFT:
                raise BadLength("a varint of more than five bytes")

    def number(self, form: Struct) -> int:
        start = self.position
        self.skip(form.size)
        value: int = form.unpack_from(self.frame, start)[0]
        return value

    def count(self, count: int) -> None:
        """An array of so many items comes."""
        if count > self._size - self.position:
            raise BadLength(f"an array of {count} items in {self._size - self.position} bytes")
        self.items_left -= count
        if self.items_left < 0:
            raise BadLength(f"more than {ITEMS_LIMIT} items in one request")

    def tags(self, known: "dict[int, Step]") -> None:
        """Tagged fields (KIP-482). Those that nobody knows are to be passed over; kio would refuse them."""
        start = self.position
        count = self.uvarint()
        if not count:
            return
        kept = []
        for _ in range(count):
            tag_start = self.position
            tag = self.uvarint()
            size = self.uvarint()
            end = self.position + size
            if tag not in known:
                self.skip(size)
                continue
            left_out = len(self._left_out)
            known[tag](self)
            if self.position != end or len(self._left_out) != left_out:
                raise BadLength(f"tagged field {tag} is not what its {size} bytes should be")
            kept.append(bytes(self.frame[tag_start:end]))
        if len(kept) < count:
            self._left_out.append((start, self.position, uvarint(len(kept)) + b"".join(kept)))

    def known_part(self, start: int) -> tuple[Buffer, int]:
        """The frame without what is to be left out, and where in it the body begins that began at `start`."""
        if not self._left_out:
            return self.frame, start
        parts: list[Buffer] = []
        for gap_start, gap_end, instead in self._left_out:
            parts += (self.frame[start:gap_start], instead)
            start = gap_end
        parts.append(self.frame[start:])
        return b"".join(parts), 0


Step = Callable[[Walk], None]


@cache
def walker(message: type) -> Step:
    """A step over one message, or part of a message, of a class of kio's."""
    flexible: bool = message.__flexible__  # type: ignore[attr-defined]
    steps: list[Step] = []
    tagged: dict[int, Step] = {}
    fixed = 0
    for field in fields(message):
        step = _step(field, flexible)
        if "tag" in field.metadata:
            tagged[field.metadata["tag"]] = step if callable(step) else _skip(step)
        elif not callable(step):
            fixed += step
        else:
            steps += ([_skip(fixed)] if fixed else []) + [step]
            fixed = 0
    if fixed:
        steps.append(_skip(fixed))
    if flexible:
        steps.append(lambda walk: walk.tags(tagged))

    def step_over(walk: Walk) -> None:
        for step in steps:
            step(walk)

    return step_over


def _step(field: Field[Any], flexible: bool) -> Step | int:
    """A step over this field, or its size if that is always the same."""
    shape = shape_of(field)
    if is_dataclass(shape.item):
        over_part = walker(cast(type, shape.item))
        if shape.is_array:
            return _array(over_part, flexible, shape.is_nullable)
        return _nullable(over_part) if shape.is_nullable else over_part
    kafka_type = field.metadata["kafka_type"]
    over_item = _FIXED_SIZES.get(kafka_type) or _sized(kafka_type, flexible)
    return _array(over_item, flexible, shape.is_nullable) if shape.is_array else over_item


def _skip(size: int) -> Step:
    return lambda walk: walk.skip(size)


def _sized(kafka_type: str, flexible: bool) -> Step:
    if flexible:
        return lambda walk: walk.skip(max(walk.uvarint() - 1, 0))
    form = _INT16 if kafka_type == "string" else _INT32

    def step(walk: Walk) -> None:
        size = walk.number(form)
        if size < -1:
            raise BadLength(f"a {kafka_type} of {size} bytes")
        walk.skip(max(size, 0))

    return step


def _array(item: Step | int, flexible: bool, nullable: bool) -> Step:
    def step(walk: Walk) -> None:
        count = walk.uvarint() - 1 if flexible else walk.number(_INT32)
        if count < 0:
            if count < -1 or not nullable:
                raise BadLength(f"an array of {count} items")
            return
        walk.count(count)
        if not callable(item):
            walk.skip(count * item)
            return
        for _ in range(count):
            item(walk)

    return step


def _nullable(item: Step) -> Step:
    """A single structure that may be null has a byte before it that says so (KIP-893)."""

    def step(walk: Walk) -> None:
        if walk.number(_INT8) >= 0:
            item(walk)

    return step
