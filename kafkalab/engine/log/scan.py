"""Walks along the batches of a segment file, by their headers alone or with every byte checked."""

from collections.abc import Iterator

from kafkalab.engine.disk import Disk
from kafkalab.wire.batches import HEADER_SIZE, Batch, CorruptBatch, check, headers

HEADER_WINDOW = 1 << 12
"""Bytes read at a time for headers: many small batches, or not too much of a large one."""
WINDOW = 1 << 18
"""Bytes read at a time where every byte is wanted."""
_ANY_SIZE = 1 << 62
"""For `headers`: the batch may go on behind the bytes that were read."""


def first_header(disk: Disk, path: str) -> Batch:
    return next(headers(disk.read(path, 0, HEADER_SIZE), 0, _ANY_SIZE))


def header_walk(disk: Disk, path: str, start: int, end: int) -> Iterator[tuple[int, Batch]]:
    """(position, header) of each batch that lies whole in [start, end). Only the header's numbers
    are of use: the bytes behind it may not have been read. CorruptBatch where none can be."""
    while start + HEADER_SIZE <= end:
        window = disk.read(path, start, HEADER_WINDOW)
        walked = 0
        while walked + HEADER_SIZE <= len(window):
            batch = next(headers(window, walked, _ANY_SIZE))
            if start + batch.size > end:
                return
            yield start, batch
            start += batch.size
            walked += batch.size


def checked_walk(disk: Disk, path: str, end: int) -> Iterator[tuple[int, Batch]]:
    """(position, batch) of each batch of the first `end` bytes, up to the first that is torn or corrupt."""
    start = 0
    window_size = WINDOW
    while start + HEADER_SIZE <= end:
        window = disk.read(path, start, min(window_size, end - start))
        walked = 0
        try:
            for batch in headers(window):
                check(batch)
                yield start + walked, batch
                walked = batch.end
            if walked == 0:
                # The batch is larger than the window, or torn.
                window_size = next(headers(window, 0, _ANY_SIZE)).size
                if start + window_size > end:
                    return
                continue
        except CorruptBatch:
            return
        start += walked
        window_size = WINDOW
