"""A sink in the lab: a consumer that puts what it reads into the lab's object store.

It is the consumer of `kafkalab.engine.clients`, a static member of its group; but where it reads on, the store says
and not the group, and what it commits there is how far the store has come. A write takes time: the object is there
when the bytes have arrived, and the sink knows it when the answer has. Killed in between, it does not know.
"""

from dataclasses import dataclass
from typing import Any

from kafkalab.archive.bucket import Bucket, Stored
from kafkalab.archive.events import ArchiveGoesOn, ObjectRefused, ObjectStored
from kafkalab.archive.formats import encode
from kafkalab.archive.names import Archive, topic_id_text
from kafkalab.archive.sink import Buffering, Cut, Sink
from kafkalab.engine.clients.consumer import Consumer
from kafkalab.engine.clients.consumer_settings import ConsumerSettings
from kafkalab.engine.clients.fetching import Needs, Reading, TopicPartition
from kafkalab.engine.events import PartitionsAssigned, RecordsDelivered
from kafkalab.engine.node import Halt
from kafkalab.wire.records import Record

ARRIVES_US = 60_000
BYTES_PER_US = 100
ANSWER_US = 20_000
"""How long a PUT takes: a store far away, and 100 MB/s to it."""
WHENS = ("now", "before a write", "after a write")


@dataclass(frozen=True, slots=True)
class ArchiverSettings:
    topic: str
    format: str
    buffering: Buffering

    @property
    def group(self) -> str:
        """Each archive has one: those who write the same share its partitions."""
        return f"archive-{self.topic}.{self.format}"


@dataclass(frozen=True, slots=True)
class PutArrives:
    """Time for the store to have the whole object."""

    cut: Cut


@dataclass(frozen=True, slots=True)
class PutAnswered:
    """Time for its answer to be there."""

    cut: Cut
    created: bool


@dataclass(frozen=True, slots=True)
class DieAtWrite:
    """End at the next write, when its object is not there yet, or when it is and the answer is not."""

    after: bool


class Archiver(Consumer):
    def __init__(self, name: str, bootstrap: tuple[str, ...], wanted: ArchiverSettings, bucket: Bucket) -> None:
        settings = ConsumerSettings(
            (wanted.topic,), wanted.group, instance_id=name, isolation_level=1, max_poll_records=10_000
        )
        super().__init__(name, bootstrap, settings)
        self.wanted = wanted
        self.bucket = bucket
        self.sink = Sink(wanted.buffering)
        self.archive: Archive | None = None
        """None until the cluster has told the topic's id."""
        self._unplaced: list[TopicPartition] = []
        """Partitions that it was given, and does not read yet."""
        self._dies: DieAtWrite | None = None

    def command(self, message: Any) -> None:
        match message:
            case PutArrives(cut):
                self._arrive(cut)
            case PutAnswered(cut, created):
                self._answered(cut, created)
            case DieAtWrite():
                self._dies = message
            case _:
                super().command(message)

    def progress(self) -> None:
        """Its position is what the store has, and not what was fetched: only that is committed."""
        for where, lane in self.sink.lanes.items():
            self.fetching.readings[where].position = lane.first
        super().progress()

    def fail(self, reason: str) -> None:
        for where in list(self.sink.lanes):
            self.sink.give_up(where)
        self._unplaced = []
        super().fail(reason)

    # -- where to read -----------------------------------------------------------------------------------------

    def partitions_assigned(self, partitions: list[TopicPartition]) -> None:
        self._unplaced += partitions
        if partitions:
            given = tuple(f"{topic}-{partition}" for topic, partition in partitions)
            self.tell(PartitionsAssigned(self.name, self.wanted.group, given))

    def partitions_revoked(self, partitions: list[TopicPartition]) -> None:
        """Whoever has them next reads again what is held here."""
        for where in partitions:
            self.sink.give_up(where)
        self._unplaced = [where for where in self._unplaced if where not in partitions]
        super().partitions_revoked([where for where in partitions if where in self.fetching.readings])

    def _place(self) -> None:
        known = self.metadata.topics.get(self.wanted.topic)
        if known is None:
            return
        self.archive = Archive(self.wanted.topic, topic_id_text(known.topic_id), self.wanted.format)
        for where in self._unplaced:
            self._go_on(where)
        self._unplaced = []

    def _go_on(self, where: TopicPartition) -> None:
        assert self.archive is not None
        first = self.bucket.chain(self.archive, where[1]).next
        self.sink.begin(where, first)
        self.fetching.start([where], Needs.NOTHING, "the store says where to go on")
        self.fetching.readings[where].seek(first, -1)
        self.tell(ArchiveGoesOn(self.name, *where, first))

    # -- what is read ------------------------------------------------------------------------------------------

    def _background(self) -> None:
        super()._background()
        if self._unplaced:
            self._place()
        self._write()

    def _polling(self) -> bool:
        return super()._polling() and not any(self.sink.is_full(where) for where in self.sink.lanes)

    def _deliver(self, done: list[tuple[Reading, Record]]) -> None:
        """Its application is the sink."""
        by_reading: dict[TopicPartition, list[Record]] = {}
        for reading, record in done:
            by_reading.setdefault(reading.where, []).append(record)
        for where, records in by_reading.items():
            lane = self.sink.lanes.get(where)
            if lane is None:
                # It was given up since the poll.
                continue
            if records[0].offset < lane.next:
                self.fail(
                    f"{where[0]}-{where[1]} has another record at offset {records[0].offset}, where the archive has "
                    "come farther: the log has lost what was archived"
                )
                return
            for record in records:
                self.sink.take(where, record, self.now_us)
            self.delivered += len(records)
            self.tell(RecordsDelivered(self.name, *where, records[0].offset, records[-1].offset, len(records)))
        self._write()

    # -- what is written ---------------------------------------------------------------------------------------

    def _write(self) -> None:
        for cut in self.sink.due(self.now_us):
            self._put(cut)
        due_us = self.sink.next_due_us()
        if due_us is not None:
            self.wake_at(due_us)

    def _put(self, cut: Cut) -> None:
        size = sum(len(record.value or b"") + len(record.key or b"") for record in cut.records)
        self.wake_in(ARRIVES_US + size // BYTES_PER_US, PutArrives(cut))

    def _arrive(self, cut: Cut) -> None:
        """At the store."""
        if self._dies is not None and not self._dies.after:
            self.outbox.append(Halt())
            return
        assert self.archive is not None
        where, records = cut.where, cut.records
        name = self.archive.name(where[1], cut.first)
        body = encode(self.wanted.format, *where, records)
        stored = Stored(
            name, where[1], cut.first, cut.next, len(body), len(records), records[-1].timestamp_ms, self.now_us,
            cut.because, body,
        )  # fmt: skip
        created = self.bucket.create(self.archive, stored, records[0].offset)
        if created:
            first, last = records[0].offset, records[-1].offset
            self.tell(ObjectStored(self.name, *where, name, first, last, len(records), cut.because))
        if self._dies is not None:
            self.outbox.append(Halt())
            return
        self.wake_in(ANSWER_US, PutAnswered(cut, created))

    def _answered(self, cut: Cut, created: bool) -> None:
        where = cut.where
        lane = self.sink.lanes.get(where)
        if lane is None or lane.writing is not cut:
            # The partition is somebody else's by now.
            return
        if created:
            self.sink.wrote(cut)
            return
        assert self.archive is not None
        self.tell(ObjectRefused(self.name, *where, self.archive.name(where[1], cut.first)))
        self.fetching.stop([where])
        self._go_on(where)

    # -- the end -----------------------------------------------------------------------------------------------

    def _close(self) -> None:
        """What is held is written first, however little it is."""
        if not self.failed:
            for cut in self.sink.rest():
                self._put(cut)
            if any(lane.writing is not None for lane in self.sink.lanes.values()):
                return
        super()._close()
