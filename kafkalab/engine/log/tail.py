"""The end of a log in memory: what was just appended is what everybody reads.

Followers and consumers at the tail get the very bytes object that was written, so a batch lies in
memory once however many read it, and no read touches the disk. (Kafka leaves this to the page
cache and sendfile.)
"""

from bisect import bisect_left, bisect_right
from typing import Any, NamedTuple

from kafkalab.wire.batches import headers

MAX_BYTES = 4 << 20
MAX_RUNS = 1024


class Run(NamedTuple):
    """Batches as one append wrote them."""

    base_offset: int
    next_offset: int
    data: bytes


class Tail:
    """The last runs of a log, without a gap between them; one at least, however large."""

    def __init__(self) -> None:
        self.runs: list[Run] = []
        self._bases: list[int] = []
        self._size = 0

    def __deepcopy__(self, _memo: dict[int, Any]) -> "Tail":
        copy = Tail()
        copy.runs = self.runs.copy()
        copy._bases = self._bases.copy()
        copy._size = self._size
        return copy

    def add(self, base_offset: int, next_offset: int, data: bytes) -> None:
        self.runs.append(Run(base_offset, next_offset, data))
        self._bases.append(base_offset)
        self._size += len(data)
        if self._size > MAX_BYTES or len(self.runs) > MAX_RUNS:
            self._drop_oldest()

    def forget_before(self, offset: int) -> None:
        """What begins before it is no longer as it was written."""
        keep = bisect_left(self._bases, offset)
        self._size -= sum(len(run.data) for run in self.runs[:keep])
        del self.runs[:keep], self._bases[:keep]

    def clear(self) -> None:
        self.runs.clear()
        self._bases.clear()
        self._size = 0

    def read(self, offset: int, max_bytes: int, upper_offset: int, min_one_batch: bool) -> bytes | None:
        """Whole batches from the one that holds the offset, all below `upper_offset`. None: it is not here."""
        at = bisect_right(self._bases, offset) - 1
        if at < 0:
            return None
        if at == len(self.runs) - 1:
            last = self.runs[at]
            if last.base_offset == offset and last.next_offset <= upper_offset and len(last.data) <= max_bytes:
                return last.data
        chunks: list[bytes] = []
        size = 0
        for run in self.runs[at:]:
            if (chunks and size >= max_bytes) or run.base_offset >= upper_offset:
                break
            data = run.data
            if run.base_offset >= offset and run.next_offset <= upper_offset and size + len(data) <= max_bytes:
                start, end = 0, len(data)
            else:
                start, end = span(data, offset, max_bytes - size, upper_offset, min_one_batch and not chunks)
            if start == end and run.next_offset <= offset:
                # The offset is in a gap behind this run.
                continue
            if start < end:
                chunks.append(data if end - start == len(data) else data[start:end])
                size += end - start
            if end < len(data):
                break
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def _drop_oldest(self) -> None:
        drop = 0
        while drop < len(self.runs) - 1 and (self._size > MAX_BYTES or len(self.runs) - drop > MAX_RUNS // 2):
            self._size -= len(self.runs[drop].data)
            drop += 1
        del self.runs[:drop], self._bases[:drop]


def span(data: bytes, offset: int, max_bytes: int, upper_offset: int, min_one_batch: bool) -> tuple[int, int]:
    """The part [start, end) of `data` that a read from `offset` may have: whole batches, and where
    allowed one that is larger than `max_bytes`. Empty at (0, 0)."""
    start: int | None = None
    end = 0
    for batch in headers(data):
        if batch.last_offset < offset:
            continue
        if batch.next_offset > upper_offset:
            break
        if start is None:
            start = end = batch.position
        if batch.end - start > max_bytes and not (min_one_batch and end == start):
            break
        end = batch.end
    return (0, 0) if start is None else (start, end)
