"""Files in memory, made of chunks that nobody changes: a copy shares them, so a fork costs next to nothing."""

from bisect import bisect_right
from typing import Any, Protocol


class MemoryFile:
    """Immutable chunks end to end. A copy shares them, which makes forking a world cheap."""

    __slots__ = ("chunks", "flushed", "size", "starts")

    def __init__(self) -> None:
        self.chunks: list[bytes] = []
        self.starts: list[int] = []
        """The position of each chunk."""
        self.size = 0
        self.flushed = 0
        """How many bytes would outlive a power cut."""

    def __deepcopy__(self, _memo: dict[int, Any]) -> "MemoryFile":
        copy = MemoryFile()
        copy.chunks = self.chunks.copy()
        copy.starts = self.starts.copy()
        copy.size = self.size
        copy.flushed = self.flushed
        return copy

    def append(self, chunk: bytes) -> None:
        if chunk:
            self.starts.append(self.size)
            self.chunks.append(chunk)
            self.size += len(chunk)

    def read(self, position: int, size: int) -> bytes:
        end = min(position + size, self.size)
        if position >= end:
            return b""
        first = bisect_right(self.starts, position) - 1
        chunk = self.chunks[first]
        skip = position - self.starts[first]
        if skip + end - position <= len(chunk):
            return chunk[skip : skip + end - position]
        last = bisect_right(self.starts, end - 1)
        return b"".join(self.chunks[first:last])[skip : skip + end - position]

    def truncate(self, size: int) -> None:
        keep = bisect_right(self.starts, size - 1)
        del self.chunks[keep:], self.starts[keep:]
        self.size = min(self.size, size)
        if keep:
            self.chunks[-1] = self.chunks[-1][: self.size - self.starts[-1]]
        self.flushed = min(self.flushed, self.size)


class Below(Protocol):
    """Bytes that stay as they are, wherever they lie."""

    size: int

    def read(self, position: int, size: int) -> bytes: ...


class ForkedFile:
    """A file that goes on, in memory, where the file of another disk stood."""

    __slots__ = ("_above", "_below", "_below_end", "flushed")

    def __init__(self, below: Below) -> None:
        self._below = below
        self._below_end = below.size
        """How much of it is still in this file."""
        self._above = MemoryFile()
        self.flushed = below.size

    def __deepcopy__(self, memo: dict[int, Any]) -> "ForkedFile":
        copy = ForkedFile(self._below)
        copy._below_end = self._below_end
        copy._above = self._above.__deepcopy__(memo)
        copy.flushed = self.flushed
        return copy

    @property
    def size(self) -> int:
        return self._below_end + self._above.size

    def append(self, chunk: bytes) -> None:
        self._above.append(chunk)

    def read(self, position: int, size: int) -> bytes:
        edge = self._below_end
        if position >= edge:
            return self._above.read(position - edge, size)
        found = self._below.read(position, min(size, edge - position))
        return found + self._above.read(0, size - len(found)) if size > len(found) else found

    def truncate(self, size: int) -> None:
        self._above.truncate(max(0, size - self._below_end))
        self._below_end = min(self._below_end, size)
        self.flushed = min(self.flushed, self.size)
