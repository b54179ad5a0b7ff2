"""A segment's two sparse indexes: offset to position, and timestamp to offset.

Sparse: one entry for about every `index.interval.bytes` of log, so a search ends in a short walk
along the log itself. In memory they are arrays; on disk they have Kafka's own formats
(`OffsetIndex`, `TimeIndex`) and are written when a segment is closed. They hold nothing that the
log does not: lost ones are built anew by reading it.
"""

import sys
from array import array
from bisect import bisect_left, bisect_right
from struct import Struct

_OFFSET_ENTRY = 8
"""Bytes on disk: offset relative to the segment's base (4), position in the segment (4)."""
_TIME_ENTRY = Struct(">qI")
"""Timestamp in ms, relative offset."""


class OffsetIndex:
    """(offset, position) pairs: the batch that ends with this offset begins at this position."""

    def __init__(self, base_offset: int, max_bytes: int) -> None:
        self.base_offset = base_offset
        self.max_entries = max_bytes // _OFFSET_ENTRY
        self._offsets = array("I")
        """Relative to the base offset."""
        self._positions = array("I")

    def __len__(self) -> int:
        return len(self._offsets)

    @property
    def is_full(self) -> bool:
        return len(self._offsets) >= self.max_entries

    @property
    def last_position(self) -> int:
        """Where the last batch that has an entry begins; 0 without entries."""
        return self._positions[-1] if self._positions else 0

    def add(self, offset: int, position: int) -> None:
        self._offsets.append(offset - self.base_offset)
        self._positions.append(position)

    def position_before(self, offset: int) -> int:
        """A position at or before the batch that holds the offset, with at most an interval between."""
        at = bisect_right(self._offsets, offset - self.base_offset)
        return self._positions[at - 1] if at else 0

    def truncate(self, size: int) -> None:
        """Forget the batches that do not begin before this position."""
        keep = bisect_left(self._positions, size)
        del self._offsets[keep:], self._positions[keep:]

    def to_bytes(self) -> bytes:
        pairs = array("I", bytes(_OFFSET_ENTRY * len(self)))
        pairs[0::2] = self._offsets
        pairs[1::2] = self._positions
        return _big_endian(pairs).tobytes()

    def load(self, data: bytes) -> bool:
        """Take over what `to_bytes` wrote; False for anything else, as far as that can be told."""
        if len(data) % _OFFSET_ENTRY:
            return False
        pairs = _big_endian(array("I", data))
        self._offsets, self._positions = pairs[0::2], pairs[1::2]
        return True


class TimeIndex:
    """(timestamp, offset) pairs: no record up to this offset has a higher timestamp. Both rise."""

    def __init__(self, base_offset: int, max_bytes: int) -> None:
        self.base_offset = base_offset
        self.max_entries = max_bytes // _TIME_ENTRY.size
        self._timestamps = array("q")
        self._offsets = array("I")

    def __len__(self) -> int:
        return len(self._timestamps)

    @property
    def is_full(self) -> bool:
        return len(self._timestamps) >= self.max_entries

    @property
    def last(self) -> tuple[int, int]:
        """(timestamp in ms, offset); (-1, base offset) without entries."""
        return self._entry(len(self._timestamps) - 1)

    def add(self, timestamp: int, offset: int) -> None:
        """Ignored unless the timestamp is higher than the last one's: time may stand still in a log."""
        if not self._timestamps or timestamp > self._timestamps[-1]:
            self._timestamps.append(timestamp)
            self._offsets.append(offset - self.base_offset)

    def offset_before(self, timestamp: int) -> int:
        """An offset such that only records from it on can have this timestamp or a higher one."""
        return self._entry(bisect_right(self._timestamps, timestamp) - 1)[1]

    def truncate(self, end_offset: int) -> None:
        """Forget what was said of records from this offset on."""
        keep = bisect_left(self._offsets, max(0, end_offset - self.base_offset))
        del self._timestamps[keep:], self._offsets[keep:]

    def to_bytes(self) -> bytes:
        return b"".join(map(_TIME_ENTRY.pack, self._timestamps, self._offsets))

    def load(self, data: bytes) -> bool:
        """As `OffsetIndex.load`."""
        if len(data) % _TIME_ENTRY.size:
            return False
        entries = list(_TIME_ENTRY.iter_unpack(data))
        self._timestamps = array("q", [timestamp for timestamp, _ in entries])
        self._offsets = array("I", [offset for _, offset in entries])
        return True

    def _entry(self, at: int) -> tuple[int, int]:
        if at < 0:
            return -1, self.base_offset
        return self._timestamps[at], self.base_offset + self._offsets[at]


def _big_endian(values: array) -> array:  # type: ignore[type-arg]
    """Kafka's byte order, from or to the machine's."""
    swapped = values[:]
    if sys.byteorder == "little":
        swapped.byteswap()
    return swapped
