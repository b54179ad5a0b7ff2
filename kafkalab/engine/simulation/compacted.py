"""What the referee knows of logs that change behind their end: by compaction, and by retention.

Replicas are compacted each on its own, so two of them need not hold the same records, nor the same
bytes. What must hold is judged record by record: a record that is there is the one that was written
there, the last word on each key is kept, and a tombstone is heard by whoever reads in time.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from kafkalab.engine.broker.partition import Partition
from kafkalab.engine.events import LogCompacted, SegmentDeleted
from kafkalab.engine.log.log import Log
from kafkalab.engine.log.retention import Reason
from kafkalab.engine.log.transactions import AbortedTransaction
from kafkalab.engine.simulation.sight import Broken, ReplicaKey, TopicNumber
from kafkalab.wire import batches
from kafkalab.wire.batches import Batch, Record

Place = tuple[TopicNumber, int]
NOBODY = -1


@dataclass
class CompactedLogs:
    held: dict[ReplicaKey, dict[int, Record]] = field(default_factory=dict)
    """What each replica held when it was last looked at, by offset."""
    written: dict[Place, dict[tuple[int, int], Record]] = field(default_factory=dict)
    """What was ever written at (offset, leader epoch). A leader that has been deposed and does not know
    it yet may write under an offset after its successor did."""
    writers: dict[ReplicaKey, dict[int, int]] = field(default_factory=dict)
    """By offset, of what was written in transactions: by which producer. Markers are nobody's."""
    horizons: dict[tuple[TopicNumber, int, int], int] = field(default_factory=dict)
    """(topic id, partition, offset of a tombstone) -> from when on it may go."""
    cut: dict[ReplicaKey, int] = field(default_factory=dict)
    """Where each replica's log was cut off last."""
    _records: dict[tuple[TopicNumber, int, int, int], Record] = field(default_factory=dict)
    """By topic id, partition, leader epoch and offset."""
    _spans: dict[tuple[TopicNumber, int, int, int], tuple[int, int, int, int]] = field(default_factory=dict)
    """The same with a batch's base offset -> last offset, producer id, epoch and sequence."""
    _served: dict[tuple[TopicNumber, int, int], Record] = field(default_factory=dict)
    runs: int = 0

    def appended(self, replica: ReplicaKey, partition: Partition, offset: int) -> None:
        """L1 no offset twice, on a leader none left out; L2 the same record in all replicas."""
        where = f"{partition.topic}-{partition.partition} on broker {replica[2]}"
        place = replica[:2]
        held, written = self.held.setdefault(replica, {}), self.written.setdefault(place, {})
        before = partition.log.epochs.epoch_at(offset - 1) if offset > partition.log.start_offset else -1
        for batch in stored(partition.log, offset):
            epoch = batch.partition_leader_epoch
            if batch.base_offset < offset or batch.last_offset < batch.base_offset:
                raise Broken("L1", f"{where}: a batch at {batch.base_offset}, expected {offset} or more")
            if batch.base_offset > offset and partition.is_leader and epoch == partition.leader_epoch:
                raise Broken("L1", f"{where}: the leader left out {offset} to {batch.base_offset}")
            if epoch < before:
                raise Broken("L1", f"{where}: epoch {epoch} after {before} at {offset}")
            span = (batch.last_offset, batch.producer_id, batch.producer_epoch, batch.base_sequence)
            if self._spans.setdefault((*place, epoch, batch.base_offset), span) != span:
                raise Broken("L2", f"{where}: two batches at offset {batch.base_offset} of one leader epoch")
            if batch.is_transactional:
                writer = NOBODY if batch.is_control else batch.producer_id
                offsets = range(batch.base_offset, batch.next_offset)
                self.writers.setdefault(replica, {}).update(dict.fromkeys(offsets, writer))
            for record in batches.records(batch):
                if self._records.setdefault((*place, epoch, record.offset), record) != record:
                    raise Broken("L2", f"{where}: two records at offset {record.offset} of one leader epoch")
                held[record.offset] = written[record.offset, epoch] = record
            offset, before = batch.next_offset, epoch
        if offset != partition.log.end_offset:
            raise Broken("L1", f"{where}: the log ends at {offset}, it says {partition.log.end_offset}")

    def truncated(self, replica: ReplicaKey, end_offset: int) -> None:
        self.cut[replica] = end_offset
        held = self.held.get(replica, {})
        for offset in [offset for offset in held if offset >= end_offset]:
            del held[offset]

    def compacted(self, replica: ReplicaKey, partition: Partition, fact: LogCompacted, now_ms: int) -> None:
        """L10: nothing is new or moved, what is not committed is untouched, each key has its last record."""
        self.runs += 1
        where = f"{partition.topic}-{partition.partition} on broker {replica[2]}"
        log, start = partition.log, partition.log.start_offset
        before = {offset: record for offset, record in self.held.get(replica, {}).items() if offset >= start}
        there = list(stored(log, start))
        found = {each.offset: each for batch in there for each in batches.records(batch)}
        after = {offset: record for offset, record in found.items() if offset >= start}
        if list(after) != sorted(after):
            raise Broken("L10", f"{where}: records lie in another order than that of their offsets")
        for offset, record in after.items():
            if before.get(offset) != record:
                raise Broken("L10", f"{where}: {record} at {offset}, where {before.get(offset)} was")
        self._keeps_numbers(replica, where, log, there, fact.end_offset)
        no_word = self._no_word(replica, log)
        last = {
            record.key: offset
            for offset, record in before.items()
            if offset < fact.end_offset and offset not in no_word
        }
        for offset, record in before.items():
            if offset in no_word and offset < min(partition.high_watermark, fact.end_offset):
                continue
            if offset in after:
                if offset < fact.end_offset and last[record.key] != offset:
                    raise Broken("L10", f"{where}: {offset} stayed, though {last[record.key]} supersedes it")
                continue
            if offset >= min(partition.high_watermark, fact.end_offset):
                raise Broken("L10", f"{where}: {offset} is gone and was not committed, or not cleaned")
            if last[record.key] == offset and now_ms < self._may_go_from(replica, record):
                raise Broken("L10", f"{where}: the last record of {record.key!r}, at {offset}, is gone")
        for offset, record in after.items():
            if record.value is None and offset < fact.end_offset:
                horizon_ms = now_ms + log.config.delete_retention_ms
                self.horizons.setdefault((*replica[:2], offset), horizon_ms)
        self.held[replica] = after

    def _no_word(self, replica: ReplicaKey, log: Log) -> dict[int, None]:
        """What supersedes nothing and need not stay: markers, and what was aborted."""
        aborted = log.aborted_between(log.start_offset, log.end_offset)
        return {
            offset: None
            for offset, writer in self.writers.get(replica, {}).items()
            if writer == NOBODY or _is_within(aborted, writer, offset)
        }

    def _keeps_numbers(self, replica: ReplicaKey, where: str, log: Log, there: list[Batch], end_offset: int) -> None:
        """The last sequence number of each producer, and the end of the clean part, can still be read.

        What was its last before a truncation cut off the later ones may have been cleaned by then: only
        the snapshot of producers has it, in Kafka too."""
        ends = {batch.last_offset: batch for batch in there}
        for producer_id, producer in log.producers.by_id.items():
            if not producer.batches:
                continue
            last = producer.batches[-1]
            batch = ends.get(last.last_offset)
            if last.first_offset < log.start_offset or last.last_offset < self.cut.get(replica, 0):
                continue
            if batch is None or (batch.producer_id, batch.last_sequence) != (producer_id, last.last_sequence):
                raise Broken("L10", f"{where}: the last batch of producer {producer_id} is gone: {last}")
        if end_offset > log.start_offset and end_offset - 1 not in ends:
            raise Broken("L10", f"{where}: nothing says any more that the clean part ends at {end_offset}")

    def _may_go_from(self, replica: ReplicaKey, record: Record) -> int:
        never = 1 << 63
        return self.horizons.get((*replica[:2], record.offset), never) if record.value is None else never

    def served(self, place: Place, batch: Batch, where: str) -> None:
        """L8 a reader finds at an offset what was there before, or nothing."""
        for record in batches.records(batch):
            if self._served.setdefault((*place, record.offset), record) != record:
                raise Broken("L8", f"{where}: offset {record.offset} changed")

    def is_superseded(self, place: Place, leader: Partition, offset: int, value: bytes | None) -> bool:
        """Whether a record that is not in the leader's log was rightly taken out of it."""
        keys = [each.key for each in self.written[place].values() if (each.offset, each.value) == (offset, value)]
        later = [each.offset for each in self.written[place].values() if each.key in keys]
        there = {each.offset for batch in stored(leader.log) for each in batches.records(batch)}
        return any(each in there or (*place, each) in self.horizons for each in later if each >= offset)


def retained(partition: Partition, fact: SegmentDeleted) -> None:
    """L11: only whole segments go, none that is active or not committed, and only as the policy says."""
    where = f"{partition.topic}-{partition.partition} on broker {fact.broker}"
    log = partition.log
    if fact.end_offset > partition.high_watermark:
        raise Broken("L11", f"{where}: deleted up to {fact.end_offset}, committed is {partition.high_watermark}")
    if not fact.end_offset <= log.segments[0].base_offset <= log.start_offset:
        raise Broken("L11", f"{where}: deleted up to {fact.end_offset}, left {log.segments} from {log.start_offset}")
    if not log.config.deletes and fact.reason != Reason.START.value:
        raise Broken("L11", f"{where}: deleted because {fact.reason}, and only compacts")


def stored(log: Log, offset: int | None = None) -> Iterator[Batch]:
    """The batches from this offset on, or from the log's start."""
    offset = log.start_offset if offset is None else max(offset, log.start_offset)
    while offset < log.end_offset and (part := log.read(offset, 1 << 20)):
        for batch in batches.headers(part):
            yield batch
            offset = batch.next_offset


def committed(log: Log) -> Iterator[Batch]:
    """What counts of it: no markers, and nothing that was aborted."""
    aborted = log.aborted_between(log.start_offset, log.end_offset)
    for batch in stored(log):
        is_aborted = batch.is_transactional and _is_within(aborted, batch.producer_id, batch.base_offset)
        if not batch.is_control and not is_aborted:
            yield batch


def _is_within(aborted: Iterable[AbortedTransaction], producer_id: int, offset: int) -> bool:
    return any(it.producer_id == producer_id and it.first_offset <= offset < it.last_offset for it in aborted)


def last_words(log: Log) -> dict[bytes | None, tuple[int, bytes]]:
    """What a reader of all of it ends up with: (offset, value) of each key that is not deleted."""
    found: dict[bytes | None, tuple[int, bytes]] = {}
    for batch in committed(log):
        for record in batches.records(batch):
            found.pop(record.key, None)
            if record.value is not None:
                found[record.key] = (record.offset, record.value)
    return found
