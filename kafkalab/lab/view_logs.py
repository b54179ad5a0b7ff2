"""Topics, partitions and replicas as entities: what the log lens draws.

A cluster has hundreds of replicas and few of them move between two frames. Each entity is made
again only when one of the numbers it is made of has changed, and the end of a log is read on from
where it was read before.
"""

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from zlib import crc32

from kafkalab.engine.broker.partition import Partition
from kafkalab.engine.controller.metadata import NO_LEADER, MetadataImage, PartitionImage, TopicImage
from kafkalab.engine.events import Event, LogCompacted, LogStartMoved, LogTruncated
from kafkalab.engine.log.log import Log
from kafkalab.engine.log.transactions import marker_of
from kafkalab.lab.reading import text
from kafkalab.wire import batches
from kafkalab.wire.batches import Batch, CorruptBatch

Entity = dict[str, Any]
Key = tuple[str, int]

TAIL_RECORDS = 16
KEY_CHARACTERS = 24
GLYPHS = 12
MOST_READ = 64 * 1024
MOST_RECORDS_OPENED = 64
MOST_BYTES_OPENED = 128 * 1024
"""A batch beyond these is drawn without its keys: nobody can see single records at that rate."""
OPENED_KEPT = 500
INTERNAL = ("__consumer_offsets", "__transaction_state", "__cluster_metadata", "__share_group_state")


Cell = list[Any]
"""A record as a log shows it: [offset, the key's first characters or None, the key's glyph, bytes, leader epoch], and
behind them what it is where it is not data. Most of what goes to browsers is these: that is why they have no names."""


def glyph(key: bytes | None) -> int:
    return -1 if key is None else crc32(key) % GLYPHS


def cells(batch: Batch) -> list[Cell]:
    """One cell a record, the last sixteen of the batch at most."""
    kind = _control(batch) if batch.is_control else "data"
    if batch.records_count > MOST_RECORDS_OPENED or batch.size > MOST_BYTES_OPENED:
        size = batch.size // max(batch.records_count, 1)
        first = max(batch.base_offset, batch.next_offset - TAIL_RECORDS)
        return [_cell(batch, offset, None, size, kind) for offset in range(first, batch.next_offset)]
    try:
        found = batches.records(batch)
    except CorruptBatch:
        return [_cell(batch, batch.base_offset, None, batch.size, kind)]
    shown = []
    for record in found[-TAIL_RECORDS:]:
        size = len(record.key or b"") + len(record.value or b"")
        what = "tombstone" if record.value is None and not batch.is_control else kind
        shown.append(_cell(batch, record.offset, record.key, size, what))
    return shown


def _control(batch: Batch) -> str:
    """How a transaction ends, or that it is another kind of control batch."""
    try:
        marker = marker_of(batch)
    except CorruptBatch:
        return "control"
    if marker is None:
        return "control"
    return "commit" if marker.committed else "abort"


def _cell(batch: Batch, offset: int, key: bytes | None, size: int, kind: str) -> Cell:
    shown = text(key[: 4 * KEY_CHARACTERS]) if key is not None else None
    said = shown[:KEY_CHARACTERS] if shown is not None else None
    cell: Cell = [offset, said, glyph(key), size, batch.partition_leader_epoch]
    return cell if kind == "data" else [*cell, kind]


class Opened:
    """The cells of batches that were opened lately: all replicas of a partition hold the same ones."""

    def __init__(self) -> None:
        self._cells: dict[tuple[int, int, int, int], list[Cell]] = {}

    def cells(self, batch: Batch) -> list[Cell]:
        same = (batch.base_offset, batch.partition_leader_epoch, batch.crc, batch.max_timestamp)
        found = self._cells.get(same)
        if found is None:
            if len(self._cells) >= OPENED_KEPT:
                self._cells.clear()
            found = self._cells[same] = cells(batch)
        return found


class Tail:
    """The last records of one replica's log."""

    def __init__(self, log: Log, opened: "Opened") -> None:
        self.log = log
        self.opened = opened
        self.end = -1
        self.cells: deque[Cell] = deque(maxlen=TAIL_RECORDS)

    def read_on(self) -> list[Cell]:
        log = self.log
        offset = max(self.end, log.end_offset - TAIL_RECORDS, log.start_offset)
        if offset != self.end:
            self.cells.clear()
        while offset < log.end_offset:
            data = log.read(offset, MOST_READ, log.end_offset, True)
            if not data:
                break
            for batch in batches.headers(data):
                self.cells.extend(cell for cell in self.opened.cells(batch) if cell[0] >= offset)
                offset = max(offset, batch.next_offset)
        self.end = log.end_offset
        return [cell for cell in self.cells if cell[0] >= log.start_offset]


class Ends(NamedTuple):
    """Of a partition, as its leader has them; without a leader, as they were last."""

    log_start: int
    high_watermark: int
    log_end: int
    min_isr: int
    last_stable_offset: int


class LogsView:
    """`replica_of` gives a live broker's replica or None."""

    def __init__(self, replica_of: Callable[[int, Key], Partition | None]) -> None:
        self.leaders: dict[int, int] = {}
        """How many partitions each broker leads, as of the last look."""
        self.offline = self.under_replicated = self.under_min_isr = 0
        self.more = False
        """There are new partitions that the last look left for the next."""
        self._replica_of = replica_of
        self._opened = Opened()
        self._tails: dict[tuple[Key, int], Tail] = {}
        self._made_of: dict[str, tuple[Any, ...]] = {}
        self._entities: dict[str, Entity] = {}

    def go_on_from(self, other: "LogsView", image: MetadataImage) -> None:
        """In a fork: what was known of replicas that no broker has just now, and of partitions without a leader."""
        for name, entity in other._entities.items():
            if entity["kind"] == "topic":
                continue
            key = (entity["topic"], entity["partition"])
            broker = entity["broker"] if entity["kind"] == "replica" else _leader(image, key)
            if self._replica_of(broker, key) is None:
                self._entities[name], self._made_of[name] = entity, other._made_of[name]

    def on_event(self, event: Event) -> None:
        match event:
            case (
                LogTruncated(topic, partition, broker)
                | LogStartMoved(topic, partition, broker)
                | LogCompacted(topic, partition, broker)
            ):
                # What is there now may have other records at offsets that were read before.
                self._tails.pop(((topic, partition), broker), None)
                self._made_of.pop(f"replica:{topic}:{partition}:{broker}", None)

    def look(self, image: MetadataImage, most_new: int | None = None) -> dict[str, Entity]:
        """All entities; those that did not change are the very objects of the last look.

        With `most_new`, of partitions that no look has shown yet at most so many."""
        shown: dict[str, Entity] = {}
        self.more = False
        self.leaders = dict.fromkeys(image.brokers, 0)
        self.offline = self.under_replicated = self.under_min_isr = 0
        for topic in image.topics.values():
            self._look_at_topic(shown, topic, image.topic_config(topic.name))
            for part in topic.partitions.values():
                if most_new is not None and f"partition:{topic.name}:{part.partition}" not in self._entities:
                    if most_new == 0:
                        self.more = True
                        continue
                    most_new -= 1
                self._look_at(shown, topic.name, part)
        for gone in [name for name in self._entities if name not in shown]:
            self._made_of.pop(gone, None)
        for known in [known for known in self._tails if f"replica:{known[0][0]}:{known[0][1]}:{known[1]}" not in shown]:
            del self._tails[known]
        self._entities = shown
        return dict(shown)

    def _keep(self, name: str, made_of: tuple[Any, ...], make: Callable[[], Entity]) -> Entity:
        if self._made_of.get(name) == made_of:
            return self._entities[name]
        self._made_of[name] = made_of
        return make()

    def _look_at_topic(self, shown: dict[str, Entity], topic: TopicImage, configs: dict[str, str]) -> None:
        name = f"topic:{topic.name}"
        made_of = (topic.topic_id, len(topic.partitions), tuple(configs.items()))
        shown[name] = self._keep(name, made_of, lambda: _topic(topic, configs))

    def _look_at(self, shown: dict[str, Entity], topic: str, part: PartitionImage) -> None:
        key = (topic, part.partition)
        leading = self._replica_of(part.leader, key) if part.leader != NO_LEADER else None
        name = f"partition:{topic}:{part.partition}"
        before = self._entities.get(name)
        if leading is not None:
            self.leaders[part.leader] = self.leaders.get(part.leader, 0) + 1
            log = leading.log
            ends = Ends(
                log.start_offset,
                leading.high_watermark,
                log.end_offset,
                leading.effective_min_isr,
                leading.last_stable_offset,
            )
        elif before is not None:
            ends = Ends(*(before[name] for name in Ends._fields))
        else:
            ends = Ends(0, 0, 0, 1, 0)
        self.offline += part.leader == NO_LEADER
        self.under_replicated += len(part.isr) < len(part.replicas)
        self.under_min_isr += len(part.isr) < ends.min_isr
        shown[name] = self._keep(name, (part, ends), lambda: _partition(topic, part, ends))
        for broker in part.replicas:
            self._look_at_replica(shown, key, part, broker, ends.log_end)

    def _look_at_replica(
        self, shown: dict[str, Entity], key: Key, part: PartitionImage, broker: int, leader_end: int
    ) -> None:
        name = f"replica:{key[0]}:{key[1]}:{broker}"
        replica = self._replica_of(broker, key)
        in_sync = broker in part.isr
        if replica is None:
            before = self._entities.get(name) or _absent(key, broker)
            lag = max(0, leader_end - before["log_end"])
            shown[name] = self._keep(
                name, ("offline", in_sync, lag), lambda: before | {"role": "offline", "in_sync": in_sync, "lag": lag}
            )
            return
        log = replica.log
        role = "leader" if part.leader == broker else "follower"
        ends = (log.start_offset, replica.high_watermark, log.end_offset, replica.last_stable_offset)
        made_of = (role, in_sync, replica.leader_epoch, leader_end, len(log.segments), *ends)
        shown[name] = self._keep(name, made_of, lambda: self._replica(replica, role, in_sync, leader_end))

    def _replica(self, replica: Partition, role: str, in_sync: bool, leader_end: int) -> Entity:
        key, broker, log = replica.key, replica.broker.broker_id, replica.log
        tail = self._tails.get((key, broker))
        if tail is None or tail.log is not log:
            # A restarted broker, or a topic made again under its old name.
            tail = self._tails[key, broker] = Tail(log, self._opened)
        return {
            "kind": "replica",
            "topic": key[0],
            "partition": key[1],
            "broker": broker,
            "role": role,
            "in_sync": in_sync,
            "log_start": log.start_offset,
            "log_end": log.end_offset,
            "high_watermark": replica.high_watermark,
            "last_stable_offset": replica.last_stable_offset,
            "lag": max(0, leader_end - log.end_offset),
            "leader_epoch": replica.leader_epoch,
            "bytes": log.size,
            "segments": list(_segments(replica)),
            "tail": tail.read_on(),
        }


def _leader(image: MetadataImage, key: Key) -> int:
    topic = image.topics.get(key[0])
    part = topic.partitions.get(key[1]) if topic is not None else None
    return part.leader if part is not None else NO_LEADER


def _segments(replica: Partition) -> Iterator[Entity]:
    for segment in replica.log.segments:
        yield {"base": segment.base_offset, "end": segment.end_offset, "bytes": segment.size}


def _topic(topic: TopicImage, configs: dict[str, str]) -> Entity:
    first = next(iter(topic.partitions.values()), None)
    return {
        "kind": "topic",
        "topic": topic.name,
        "topic_id": str(topic.topic_id),
        "partitions": len(topic.partitions),
        "replication_factor": len(first.replicas) if first else 0,
        "internal": topic.name in INTERNAL,
        "configs": dict(configs),
    }


def _partition(topic: str, part: PartitionImage, ends: Ends) -> Entity:
    return {
        "kind": "partition",
        "topic": topic,
        "partition": part.partition,
        "leader": part.leader,
        "preferred": part.replicas[0],
        "leader_epoch": part.leader_epoch,
        "partition_epoch": part.partition_epoch,
        "replicas": list(part.replicas),
        "isr": list(part.isr),
        "elr": list(part.eligible_leader_replicas),
        "adding": list(part.adding_replicas),
        "removing": list(part.removing_replicas),
        "recovering": part.leader_recovery_state != 0,
        "min_isr": ends.min_isr,
        "high_watermark": ends.high_watermark,
        "last_stable_offset": ends.last_stable_offset,
        "log_start": ends.log_start,
        "log_end": ends.log_end,
        "under_replicated": len(part.isr) < len(part.replicas),
        "offline": part.leader == NO_LEADER,
    }


def _absent(key: Key, broker: int) -> Entity:
    """A replica on a broker that has not run since this lab was opened: nothing is known of it."""
    return {
        "kind": "replica",
        "topic": key[0],
        "partition": key[1],
        "broker": broker,
        "role": "offline",
        "in_sync": False,
        "log_start": 0,
        "log_end": 0,
        "high_watermark": 0,
        "last_stable_offset": 0,
        "lag": 0,
        "leader_epoch": -1,
        "bytes": 0,
        "segments": [],
        "tail": [],
    }
