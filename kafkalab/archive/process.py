"""A sink as a process of its own: it reads a topic of any Kafka as a member of a group, and writes objects.

Where to go on is found in the store at each assignment, never in the group: the offsets that are committed there
are for whoever looks at the group's lag. So the process may be killed at any moment, and its successor, or a second
one that runs beside it, neither leaves out a record nor writes one twice.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import cast

from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient

from kafkalab.archive.formats import encode
from kafkalab.archive.names import NO_TOPIC_ID, Archive
from kafkalab.archive.reading import ends
from kafkalab.archive.sink import SECOND_US, Buffering, Cut, Sink
from kafkalab.archive.store import Objects
from kafkalab.wire.records import Record

MOST_AT_ONCE = 10_000
LONGEST_WAIT_S = 0.2
ASK_FOR_S = 15.0
QUIET: dict[str, str | int | bool] = {"log_level": 4, "enable.metrics.push": False}
"""Warnings only; and nobody waits at the end until a broker has taken the last metrics."""
SILENT = QUIET | {"log_level": 0}
"""What is asked once: that nobody answers is said once."""
ZERO_ID = "AAAAAAAAAAAAAAAAAAAAAA"
"""What a broker says that knows no topic ids."""


class ArchiveStopped(Exception):
    """It cannot go on; the message is one sentence for the person who started it."""


@dataclass(frozen=True, slots=True)
class Wanted:
    bootstrap: str
    topic: str
    format: str = "jsonl.gz"
    buffering: Buffering = field(default_factory=Buffering)
    group: str = ""
    """Empty: archive-TOPIC.FORMAT."""
    member: str = ""
    """A group.instance.id. A successor under the same name gets the partitions at once, without a session timeout."""
    until_end: bool = False
    """Stop when everything is in the store that was in the topic."""
    more: tuple[tuple[str, str], ...] = ()
    """Further settings of librdkafka, as security.protocol."""

    @property
    def group_id(self) -> str:
        return self.group or f"archive-{self.topic}.{self.format}"


def archive_of(wanted: Wanted) -> Archive:
    """The topic as the cluster knows it. Raises ArchiveStopped."""
    try:
        admin = AdminClient({**SILENT, "bootstrap.servers": wanted.bootstrap, **dict(wanted.more)})
        asked = admin.describe_topics(TopicCollection([wanted.topic]), request_timeout=ASK_FOR_S)
        # librdkafka writes them with + and /, Kafka's own tools with - and _.
        topic_id = str(asked[wanted.topic].result().topic_id).replace("+", "-").replace("/", "_")
    except KafkaException as error:
        raise ArchiveStopped(f"{wanted.topic} at {wanted.bootstrap}: {error.args[0].str()}.") from None
    return Archive(wanted.topic, NO_TOPIC_ID if topic_id == ZERO_ID else topic_id, wanted.format)


class Process:
    def __init__(self, wanted: Wanted, objects: Objects, say: Callable[[str], None]) -> None:
        """Raises ArchiveStopped."""
        self.wanted = wanted
        self.archive = archive_of(wanted)
        self.objects = objects
        self.sink = Sink(wanted.buffering)
        self.records = self.written = 0
        """How many records, in how many objects, this process has written."""
        self._say = say
        self._at_end: dict[int, bool] = {}
        self._assigned: dict[int, None] = {}
        self._again: dict[int, None] = {}
        """Partitions whose place must be found anew."""
        self._consumer = Consumer(
            {
                **QUIET,
                "bootstrap.servers": wanted.bootstrap,
                "group.id": wanted.group_id,
                "enable.auto.commit": False,
                "auto.offset.reset": "error",
                "enable.partition.eof": True,
                "isolation.level": "read_committed",
                **({"group.instance.id": wanted.member} if wanted.member else {}),
                **dict(wanted.more),
            }
        )

    def run(self, stopping: Callable[[], bool]) -> None:
        """Until somebody stops it, or the end is reached; what is held then is written. Raises ArchiveStopped, and
        StoreUnreachable."""
        self._consumer.subscribe(
            [self.wanted.topic], on_assign=self._assign, on_revoke=self._give_up, on_lost=self._give_up
        )
        try:
            while not stopping() and not (self.wanted.until_end and self._ended()):
                self._take(self._consumer.consume(MOST_AT_ONCE, self._wait_s()))
                for partition in list(self._again):
                    self._place(partition)
                for cut in self.sink.due(_now_us()):
                    self._write(cut)
            while rest := self.sink.rest():
                for cut in rest:
                    self._write(cut)
        except KafkaException as error:
            raise ArchiveStopped(f"{self.wanted.topic}: {error.args[0].str()}.") from None
        finally:
            self._consumer.close()

    # -- whose partitions --------------------------------------------------------------------------------------

    def _assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        known = ends(self.objects, self.archive)
        for each in partitions:
            each.offset = self._begin(each.partition, known.get(each.partition, 0))
        consumer.assign(partitions)
        for each in partitions:
            self._assigned[each.partition] = None
            self._at_end[each.partition] = False
            self._say(f"{each.topic}-{each.partition} goes on from offset {self._first(each.partition)}.")

    def _give_up(self, _consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Whoever has them next reads again what is held here."""
        for each in partitions:
            self.sink.give_up((each.topic, each.partition))
            self._assigned.pop(each.partition, None)
            self._at_end.pop(each.partition, None)
            self._again.pop(each.partition, None)

    def _begin(self, partition: int, first: int) -> int:
        """Where to read, when the store goes on from `first`. Raises ArchiveStopped."""
        there = TopicPartition(self.wanted.topic, partition)
        low, high = self._consumer.get_watermark_offsets(there, timeout=ASK_FOR_S)
        if first > high:
            raise ArchiveStopped(
                f"{there.topic}-{partition} ends at offset {high}, and the store goes on from {first}: "
                "the log has lost what was archived."
            )
        if first < low:
            lost = f"{first} to {low - 1}" if first < low - 1 else f"{first}"
            self._say(f"{there.topic}-{partition}: offsets {lost} were gone from the log before they were archived.")
        self.sink.begin((there.topic, partition), first)
        return max(low, first) if high else OFFSET_BEGINNING

    def _place(self, partition: int) -> None:
        """Somebody else has written, or the log begins later than it did."""
        del self._again[partition]
        offset = self._begin(partition, ends(self.objects, self.archive).get(partition, 0))
        self._consumer.seek(TopicPartition(self.wanted.topic, partition, offset))
        self._at_end[partition] = False

    def _first(self, partition: int) -> int:
        return self.sink.lanes[self.wanted.topic, partition].first

    # -- records -----------------------------------------------------------------------------------------------

    def _take(self, messages: list[Message]) -> None:
        now_us = _now_us()
        for message in messages:
            error = message.error()
            partition = message.partition()
            if partition is None:
                raise ArchiveStopped(f"{self.wanted.topic}: {error.str() if error else 'a message of no partition'}.")
            if error is None:
                where = (self.wanted.topic, partition)
                if where in self.sink.lanes:
                    self.sink.take(where, _record(message), now_us)
                    self._at_end[partition] = False
            elif error.code() == KafkaError._PARTITION_EOF:
                self._at_end[partition] = True
            elif error.code() == KafkaError._AUTO_OFFSET_RESET:
                self._again[partition] = None
            elif error.fatal() or not error.retriable():
                raise ArchiveStopped(f"{self.wanted.topic}: {error.str()}.")

    def _write(self, cut: Cut) -> None:
        topic, partition = cut.where
        name = self.archive.name(partition, cut.first)
        if not self.objects.create(name, encode(self.archive.format, topic, partition, cut.records)):
            self._say(f"{name} is there already: somebody else writes this archive too.")
            self._place_anew(partition)
            return
        self.sink.wrote(cut)
        self.written += 1
        self.records += len(cut.records)
        self._consumer.commit(offsets=[TopicPartition(topic, partition, cut.next)], asynchronous=True)
        self._say(f"{name} has {len(cut.records)} records, written because of its {cut.because}.")

    def _place_anew(self, partition: int) -> None:
        self._again[partition] = None
        self._place(partition)

    def _ended(self) -> bool:
        return bool(self._assigned) and all(self._at_end[each] for each in self._assigned)

    def _wait_s(self) -> float:
        due_us = self.sink.next_due_us()
        return LONGEST_WAIT_S if due_us is None else min(LONGEST_WAIT_S, max(0, due_us - _now_us()) / SECOND_US)


def logged(wanted: Wanted, partition: int) -> Iterator[Record]:
    """Every record that the partition's log has now, in order. Raises ArchiveStopped."""
    reader = Consumer(
        {
            **QUIET,
            "bootstrap.servers": wanted.bootstrap,
            "group.id": f"{wanted.group_id}-reader",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "enable.partition.eof": True,
            "isolation.level": "read_committed",
            **dict(wanted.more),
        }
    )
    try:
        reader.assign([TopicPartition(wanted.topic, partition, OFFSET_BEGINNING)])
        while True:
            for message in reader.consume(MOST_AT_ONCE, LONGEST_WAIT_S):
                error = message.error()
                if error is None:
                    yield _record(message)
                elif error.code() == KafkaError._PARTITION_EOF:
                    return
                elif error.fatal() or not error.retriable():
                    raise ArchiveStopped(f"{wanted.topic}: {error.str()}.")
    finally:
        reader.close()


def partitions_of(wanted: Wanted) -> list[int]:
    """Raises ArchiveStopped."""
    admin = AdminClient({**SILENT, "bootstrap.servers": wanted.bootstrap, **dict(wanted.more)})
    try:
        return sorted(admin.list_topics(wanted.topic, timeout=ASK_FOR_S).topics[wanted.topic].partitions)
    except KafkaException as error:
        raise ArchiveStopped(f"{wanted.topic} at {wanted.bootstrap}: {error.args[0].str()}.") from None


def _record(message: Message) -> Record:
    offset = message.offset()
    assert offset is not None, "a message without an error has an offset"
    # Its types allow for the forms in which a producer may give headers; a consumer gets pairs.
    said = cast(list[tuple[str, bytes | None]], message.headers() or [])
    return Record(offset, message.timestamp()[1], _bytes(message.key()), _bytes(message.value()), tuple(said))


def _bytes(data: str | bytes | None) -> bytes | None:
    return data.encode() if isinstance(data, str) else data


def _now_us() -> int:
    return time.monotonic_ns() // 1000
