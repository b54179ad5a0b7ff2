"""Putting a cleaned segment in the place of those it was made from, so that a kill at any moment is harmless.

The cleaned batches are written beside, into `<base>.log.cleaned`, and brought to the platter. Its
renaming to `.swap` decides: from then on the cleaned segment counts. Then the old files are set
aside and the new one gets its name. Whoever opens the log drops a `.cleaned`, and takes a `.swap`
to its end; the old files go in ascending order, so that those left over are always the later ones,
and no older value comes back without the newer one (`LocalLog.replaceSegments`, `LogLoader`).
"""

from collections.abc import Iterable

from kafkalab.engine.disk import Disk
from kafkalab.engine.log.config import LogConfig
from kafkalab.engine.log.scan import header_walk
from kafkalab.engine.log.segment import DELETED, INDEXES, LOG, Segment, stem
from kafkalab.wire.batches import Buffer, header

CLEANED, SWAP = ".cleaned", ".swap"
WRITE_SIZE = 1 << 20


def write_beside(disk: Disk, new: Segment, kept: Iterable[Buffer], config: LogConfig) -> None:
    """Write the batches that stay next to the segment whose name `new` has."""
    path = new.path + CLEANED
    disk.delete(path)
    disk.append(path, b"")
    waiting: list[Buffer] = []
    size = 0
    for data in kept:
        batch = header(data)
        new.note(batch.size, batch.last_offset, batch.max_timestamp, config.index_interval_bytes)
        waiting.append(data)
        size += len(data)
        if size >= WRITE_SIZE:
            disk.append(path, *waiting)
            waiting, size = [], 0
    if waiting:
        disk.append(path, *waiting)
    disk.flush(path)


def swap_in(disk: Disk, new: Segment, old: list[Segment]) -> list[str]:
    """Let `new` take the place of `old`; the names under which the old files are left."""
    disk.rename(new.path + CLEANED, new.path + SWAP)
    aside = [segment.set_aside() for segment in old]
    disk.rename(new.path + SWAP, new.path)
    new.seal()
    return aside


def finish(disk: Disk, directory: str) -> list[str]:
    """What a kill has left behind is undone or brought to its end. Returns the files that are there then."""
    names = disk.names(directory)
    left_behind = [path for path in names if path.endswith((CLEANED, DELETED))]
    half_done = [path for path in names if path.endswith(LOG + SWAP)]
    for path in left_behind:
        disk.delete(path)
    for path in half_done:
        _finish_swap(disk, directory, path)
    return disk.names(directory) if left_behind or half_done else names


def _finish_swap(disk: Disk, directory: str, path: str) -> None:
    name = path.removesuffix(SWAP)
    base_offset = int(name.rpartition("/")[2].removesuffix(LOG))
    end_offset = base_offset + 1
    for _, batch in header_walk(disk, path, 0, disk.size(path)):
        end_offset = batch.next_offset
    for other in disk.names(directory):
        number = other.rpartition("/")[2].removesuffix(LOG)
        if other.endswith(LOG) and number.isdigit() and base_offset <= int(number) < end_offset:
            for suffix in (*INDEXES, LOG):
                disk.delete(stem(directory, int(number)) + suffix)
    for suffix in INDEXES:
        disk.delete(stem(directory, base_offset) + suffix)
    disk.rename(path, name)
