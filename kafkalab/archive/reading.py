"""What lies in an archive: where it goes on, what was written, and whether every record is there once."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from kafkalab.archive.formats import decode
from kafkalab.archive.names import Archive
from kafkalab.archive.store import Objects
from kafkalab.wire.records import Record


@dataclass(frozen=True, slots=True)
class Listed:
    """An object as the store lists it."""

    name: str
    partition: int
    first: int
    size: int


def listed(objects: Objects, archive: Archive) -> list[Listed]:
    """In the order of partitions and offsets."""
    found = []
    for name, size in objects.listed(archive.prefix).items():
        place = archive.place(name)
        if place is not None:
            found.append(Listed(name, *place, size))
    return sorted(found, key=lambda each: (each.partition, each.first))


def read(objects: Objects, archive: Archive, name: str) -> list[Record]:
    """Raises StoreUnreachable and NotOfThisFormat."""
    return decode(archive.format, objects.read(name))


def ends(objects: Objects, archive: Archive) -> dict[int, int]:
    """Where each partition goes on: the offset after the last record in the store. 0 where there is none.

    Found by reading the last object of each, and in no other place: what is in the store is what was archived."""
    last = {each.partition: each for each in listed(objects, archive)}
    return {partition: read(objects, archive, each.name)[-1].offset + 1 for partition, each in last.items()}


def archived(objects: Objects, archive: Archive, partition: int) -> Iterator[Record]:
    """Every record of the partition, in the order in which the objects have them."""
    for each in listed(objects, archive):
        if each.partition == partition:
            yield from read(objects, archive, each.name)


@dataclass(slots=True)
class Compared:
    """What of a partition's log is in the store."""

    records: int = 0
    """In the store."""
    once: int = 0
    """Of the log, in the store once and byte for byte."""
    doubles: list[int] = field(default_factory=list)
    """Offsets that the store has a second time."""
    missing: list[int] = field(default_factory=list)
    """Offsets of the log, before the archive's end, that the store does not have."""
    wrong: list[int] = field(default_factory=list)
    """Offsets under which the store has something else than the log."""
    not_in_log: int = 0
    """In the store alone: retention has taken them from the log, or a leader that never had them."""
    not_yet: int = 0
    """In the log behind the archive's end."""

    @property
    def is_whole(self) -> bool:
        return not (self.doubles or self.missing or self.wrong)


def compared(stored: Iterable[Record], log: Iterable[Record]) -> Compared:
    """Both in the order of their offsets; a double stands out in the store by not going on."""
    found = Compared()
    in_log = iter(log)
    logged = next(in_log, None)
    end = -1
    for record in stored:
        found.records += 1
        if record.offset <= end:
            found.doubles.append(record.offset)
            continue
        end = record.offset
        while logged is not None and logged.offset < record.offset:
            found.missing.append(logged.offset)
            logged = next(in_log, None)
        if logged is None or logged.offset > record.offset:
            found.not_in_log += 1
            continue
        if logged == record:
            found.once += 1
        else:
            found.wrong.append(record.offset)
        logged = next(in_log, None)
    found.not_yet = sum(1 for _ in in_log) + (logged is not None)
    return found
