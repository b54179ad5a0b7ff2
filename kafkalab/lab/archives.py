"""The archives of a lab: sinks that run in it, the store that they write to, and what both look like.

The store is a node of the world (`kafkalab.archive.bucket`). Of a lab on disk, each object goes into the lab's
directory too, from outside the engine and in the order in which they were stored; there the next life finds them.
A fork reads those, and keeps what it writes itself in memory: nothing gets into the directory twice.
"""

from collections import deque
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kafkalab.archive import reading
from kafkalab.archive.archiver import Archiver, ArchiverSettings, DieAtWrite
from kafkalab.archive.bucket import BUCKET, Bucket, Chain, Stored
from kafkalab.archive.events import ObjectStored
from kafkalab.archive.formats import decode
from kafkalab.archive.names import Archive, topic_id_text
from kafkalab.archive.reading import Compared
from kafkalab.archive.sink import Buffering, Lane
from kafkalab.archive.store import Objects, StoreUnreachable
from kafkalab.engine.clients.client import Close
from kafkalab.engine.events import Event
from kafkalab.lab.archive_commands import ArchiveCommand, CrashArchive, StartArchive, StopArchive
from kafkalab.lab.not_possible import NotPossible
from kafkalab.wire.records import Record

if TYPE_CHECKING:
    from kafkalab.lab.lab import Lab

Entity = dict[str, Any]
SECOND_US = 1_000_000
SHOWN = 12
"""Objects of each partition that are part of a frame: the newest."""
MOST_READ_BACK = 64 << 20
"""Bytes of objects: all else on the event loop waits for it."""


class Archives:
    def __init__(self, lab: "Lab", directory: Path | None) -> None:
        self.lab = lab
        self.problem = ""
        """Why objects are not in the directory yet, if they are not."""
        self._directory = directory
        self._kept: Objects | None = None
        """Where those lie that no memory holds."""
        self._unwritten: deque[tuple[Archive, Stored]] = deque()
        """One that could not be written holds up those behind it: a later one alone would leave a hole."""
        lab.world.on_event.append(self._on_event)

    def go_on_from(self, other: "Archives") -> None:
        """In a fork."""
        self._kept = other._kept

    # -- acting ------------------------------------------------------------------------------------------------

    def do(self, command: ArchiveCommand, name: str) -> dict[str, Any]:
        """`name` is a free one for a sink that is to be started. Raises NotPossible."""
        match command:
            case StartArchive():
                self._start(replace(command, name=name))
                return {"name": name}
            case StopArchive(name):
                self.lab.kept_clients.forget(name)
                self.lab.world.tell_node(self._sink(name).name, Close())
            case CrashArchive(name, "now"):
                self.lab.world.crash(self._sink(name).name)
            case CrashArchive(name, when):
                self.lab.world.tell_node(self._sink(name).name, DieAtWrite(after=when == "after a write"))
        return {}

    def _start(self, command: StartArchive) -> None:
        assert command.name is not None
        bucket = self._bucket()
        self.lab.kept_clients.keep(command)
        buffering = Buffering.of(command.buffer_mib, command.buffer_s)
        wanted = ArchiverSettings(command.topic, command.format, buffering)
        self.lab.start_client(Archiver(command.name, self.lab.bootstrap_nodes, wanted, bucket))

    def _sink(self, name: str) -> Archiver:
        found = self.lab.consumers.get(name)
        if not isinstance(found, Archiver):
            raise NotPossible(name=f"{name} is no sink of this lab")
        return found

    # -- the store ---------------------------------------------------------------------------------------------

    @property
    def bucket(self) -> Bucket | None:
        """None as long as nothing was archived."""
        found = self.lab.world.nodes.get(BUCKET)
        assert found is None or isinstance(found, Bucket)
        return found

    def read(self, archive: Archive, stored: Stored) -> list[Record]:
        """Raises StoreUnreachable and NotOfThisFormat."""
        body = stored.body
        if body is None:
            assert self._kept is not None, stored.name
            body = self._kept.read(stored.name)
        return decode(archive.format, body)

    def compared(self, archive: Archive, partition: int) -> Compared:
        """Every object read back, beside the log. Raises NotPossible, StoreUnreachable and NotOfThisFormat."""
        bucket = self.bucket
        assert bucket is not None
        image = self.lab.image.topics.get(archive.topic)
        if image is None or topic_id_text(image.topic_id) != archive.topic_id:
            raise NotPossible(topic=f"{archive.topic} is not any more what was archived: it was deleted")
        if sum(chain.size for chain in bucket.chains[archive].values()) > MOST_READ_BACK:
            raise NotPossible(archive="is too large to be read back here: `manage.py archive --verify` does it")
        stored = (record for each in bucket.chain(archive, partition).objects for record in self.read(archive, each))
        return reading.compared(stored, self.lab.logs.committed(archive.topic, partition))

    def _bucket(self) -> Bucket:
        """Raises NotPossible when the directory cannot be read."""
        found = self.bucket
        if found is not None:
            return found
        made = Bucket()
        if self._directory is not None:
            try:
                self._kept = Objects.at(self._directory)
                _fill(made, self._kept)
            except StoreUnreachable as unreachable:
                raise NotPossible(command=f"must wait: {unreachable}") from None
        self.lab.world.start(made)
        return made

    def _on_event(self, _now_us: int, _node: str, event: Event) -> None:
        if isinstance(event, ObjectStored) and self._directory is not None:
            assert self.bucket is not None
            for archive, chains in self.bucket.chains.items():
                chain = chains.get(event.partition)
                if chain is not None and chain.objects and chain.objects[-1].name == event.name:
                    self._unwritten.append((archive, chain.objects[-1]))
            self._keep()

    def _keep(self) -> None:
        """In the directory, whatever has not got there yet, in order."""
        assert self._kept is not None
        assert self.bucket is not None
        self.problem = ""
        while self._unwritten:
            archive, stored = self._unwritten[0]
            assert stored.body is not None
            try:
                self._kept.create(stored.name, stored.body)
            except StoreUnreachable as unreachable:
                self.problem = str(unreachable)
                return
            self._unwritten.popleft()
            self.bucket.keep_outside(archive, replace(stored, body=None))

    # -- showing -----------------------------------------------------------------------------------------------

    def entities(self) -> dict[str, Entity]:
        bucket = self.bucket
        if bucket is None:
            return {}
        sinks = [sink for sink in self.lab.consumers.values() if isinstance(sink, Archiver)]
        found: dict[str, Entity] = {}
        for archive, chains in bucket.chains.items():
            here = [each for each in sinks if each.archive == archive]
            name = f"{archive.topic}.{archive.format}"
            found[f"archive:{name}"] = self._entity(name, archive, chains, here)
            found[f"archive_objects:{name}"] = _objects(name, chains)
        return found

    def _entity(self, name: str, archive: Archive, chains: dict[int, Chain], sinks: list[Archiver]) -> Entity:
        """Of several sinks that share its partitions the first one is named."""
        sink = sinks[0] if sinks else None
        world = self.lab.world
        newest = [chain.objects[-1].newest_ms for chain in chains.values() if chain.objects]
        ages = [(world.now_us + world.clock_ahead_us) // 1000 - each for each in newest if each is not None]
        lanes = {where: lane for each in sinks for where, lane in each.sink.lanes.items()}
        return {
            "kind": "archive",
            "archive": name,
            "topic": archive.topic,
            "topic_id": archive.topic_id,
            "format": archive.format,
            "sink": sink.name if sink is not None else None,
            "state": "crashed or stopped" if sink is None else "failed" if sink.failed else "running",
            "buffer_mib": sink.sink.buffering.size_bytes >> 20 if sink is not None else None,
            "buffer_s": sink.sink.buffering.for_us // SECOND_US if sink is not None else None,
            "objects": sum(len(chain.objects) for chain in chains.values()),
            "records": sum(chain.records for chain in chains.values()),
            "size": sum(chain.size for chain in chains.values()),
            "doubles": sum(chain.doubles for chain in chains.values()),
            "newest_age_s": min(ages) // 1000 if ages else None,
            "held": sum(len(lane.held) for lane in lanes.values()),
            "problem": self.problem,
            "partitions": [
                _partition(number, chain, lanes.get((archive.topic, number)), world.now_us)
                for number, chain in sorted(chains.items())
            ],
        }


def _partition(number: int, chain: Chain, lane: Lane | None, now_us: int) -> Entity:
    since_us = lane.since_us if lane is not None else None
    return {
        "partition": number,
        "next": chain.next,
        "held": len(lane.held) if lane is not None else 0,
        "held_size": lane.size if lane is not None else 0,
        "held_s": (now_us - since_us) // SECOND_US if since_us is not None else 0,
        "writing": lane is not None and lane.writing is not None,
    }


def _objects(name: str, chains: dict[int, Chain]) -> Entity:
    """By itself: it changes with each write, and what a sink holds with each record."""
    return {
        "kind": "archive_objects",
        "archive": name,
        "written": [
            {
                "name": each.name,
                "partition": each.partition,
                "first": each.first,
                "next": each.next,
                "records": each.records,
                "size": each.size,
                "because": each.because,
                "at_us": each.at_us,
            }
            for _, chain in sorted(chains.items())
            for each in chain.objects[-SHOWN:]
        ],
    }


def _fill(bucket: Bucket, objects: Objects) -> None:
    """With what an earlier life of the lab has stored. Only the last object of a partition is read: where another one
    ends is where the next begins."""
    for archive in _archives(objects):
        listed = reading.listed(objects, archive)
        known = reading.ends(objects, archive)
        for index, each in enumerate(listed):
            is_last = index + 1 == len(listed) or listed[index + 1].partition != each.partition
            end = known[each.partition] if is_last else listed[index + 1].first
            stored = Stored(each.name, each.partition, each.first, end, each.size, None, None, None, "", None)
            bucket.create(archive, stored, each.first)


def _archives(objects: Objects) -> list[Archive]:
    parts = [name.split("/") for name in objects.listed("")]
    return list(dict.fromkeys(Archive(*each[:3]) for each in parts if len(each) == 5))
