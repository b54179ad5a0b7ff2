"""The object store of a lab, as a node of its world: it remembers what was put there, and in what order.

It is part of the world so that a lab that is forked or gone back in has its own: objects are shared, what is written
from then on is not. Whoever keeps them on a real disk does so from outside (`kafkalab.lab.archives`).
"""

from dataclasses import dataclass, field
from typing import Any

from kafkalab.archive.names import Archive
from kafkalab.engine.node import Node, Started

BUCKET = "object-store"
"""The node's name."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An object in the store."""

    name: str
    partition: int
    first: int
    """The offset that it goes on from."""
    next: int
    """The offset that the one after it goes on from."""
    size: int
    """In bytes, as stored."""
    records: int | None
    """None of one that an earlier life of the lab has written."""
    newest_ms: int | None
    """The timestamp of its last record; None likewise."""
    at_us: int | None
    """When it was stored."""
    because: str
    body: bytes | None
    """None where it lies in the lab's directory."""

    def __deepcopy__(self, _memo: dict[int, object]) -> "Stored":
        """Nothing in it ever changes: forked worlds share it."""
        return self


@dataclass(slots=True)
class Chain:
    """The objects of one partition, in order, and what they add up to."""

    objects: list[Stored] = field(default_factory=list)
    records: int = 0
    size: int = 0
    doubles: int = 0
    """Offsets that an object before has too."""

    @property
    def next(self) -> int:
        return self.objects[-1].next if self.objects else 0

    def add(self, stored: Stored, first_record: int) -> None:
        self.doubles += max(0, self.next - first_record)
        self.objects.append(stored)
        self.size += stored.size
        self.records += stored.records or 0


class Bucket(Node):
    def __init__(self) -> None:
        super().__init__(BUCKET)
        self.chains: dict[Archive, dict[int, Chain]] = {}
        self._names: dict[str, None] = {}

    def handle(self, message: Any) -> None:
        assert isinstance(message, Started), message

    def create(self, archive: Archive, stored: Stored, first_record: int) -> bool:
        """False, and nothing is stored, if there is an object of that name."""
        if stored.name in self._names:
            return False
        self._names[stored.name] = None
        self.chain(archive, stored.partition).add(stored, first_record)
        return True

    def chain(self, archive: Archive, partition: int) -> Chain:
        return self.chains.setdefault(archive, {}).setdefault(partition, Chain())

    def keep_outside(self, archive: Archive, kept: Stored) -> None:
        """The same object, whose bytes lie outside from now on."""
        objects = self.chain(archive, kept.partition).objects
        for index in range(len(objects) - 1, -1, -1):
            if objects[index].name == kept.name:
                objects[index] = kept
                return
