"""Follows every lot from its producer through the logs to its readers, by what travels and what is told.

Where a batch was stored is read from the leader's log the moment it was appended: the ack may never
come, and a producer that hears nothing sends again.
"""

from collections.abc import Callable
from typing import Any

from kafkalab.engine.clients.consumer import Consumer
from kafkalab.engine.cluster import Cluster
from kafkalab.engine.events import (
    BecameFollower,
    BecameLeader,
    BrokerFenced,
    ConfigChanged,
    EligibleLeadersChanged,
    Event,
    GroupDeleted,
    IsrExpanded,
    IsrShrunk,
    LeaderElected,
    LogCompacted,
    LogRecovered,
    LogStartMoved,
    LogTruncated,
    NodeCrashed,
    NodeExited,
    NodeStarted,
    OffsetCommitted,
    PartitionsAssigned,
    PartitionWentOffline,
    PositionReset,
    ReassignmentEnded,
    RecordAcked,
    RecordFailed,
    RecordsAcked,
    RecordsAcknowledged,
    RecordsAppended,
    RecordsFailed,
    ReplicaDeleted,
    TopicDeleted,
    TransactionMarked,
)
from kafkalab.lab.fates.holders import Holders, Key
from kafkalab.lab.fates.lots import Copy, Given, Lot, Lots
from kafkalab.lab.fates.orphans import Orphans
from kafkalab.lab.fates.passed_over import PassedOver
from kafkalab.lab.fates.promises import Promises
from kafkalab.lab.fates.readers import Readers
from kafkalab.lab.fates.sending import Sending
from kafkalab.wire import batches

MOST_TWICE = 500
"""Lots with several copies that are looked at again and again; older ones count as they were last."""


class Following:
    def __init__(self, cluster: Cluster) -> None:
        self.holders = Holders(cluster)
        self.lots = Lots()
        self.lots.on_forgotten = self._on_forgotten
        self.promises = Promises(self.holders)
        self.readers = Readers()
        self.passed_over = PassedOver(cluster, self.holders, self.readers)
        self.sending = Sending(cluster.world, self.holders, self.lots, self.promises)
        self.orphans = Orphans(self.lots)
        self.aborted = 0
        """Records of transactions that ended so."""
        self.compacted_below: dict[Key, int] = {}
        self._compacted: dict[Key, dict[int, int]] = {}
        """How many records each broker removed."""
        self._stored_again = 0
        self._twice: dict[int, None] = {}

    def go_on_from(self, other: "Following") -> None:
        self.aborted, self._stored_again = other.aborted, other._stored_again
        self.compacted_below = dict(other.compacted_below)
        self._compacted = {key: dict(by_broker) for key, by_broker in other._compacted.items()}
        self._twice = dict(other._twice)
        self.holders.go_on_from(other.holders)
        self.lots.go_on_from(other.lots)
        self.promises.go_on_from(other.promises)
        self.readers.go_on_from(other.readers)
        self.passed_over.go_on_from(other.passed_over)
        self.sending.go_on_from(other.sending)
        self.orphans.go_on_from(other.orphans)

    def on_event(self, now_us: int, node: str, event: Event) -> None:
        hear = _HEARD.get(event.__class__)
        if hear is not None:
            hear(self, now_us, node, event)

    def _on_appended(self, now_us: int, node: str, event: RecordsAppended) -> None:
        key = (event.topic, event.partition)
        if not event.leader or event.topic.startswith("__"):
            return
        replica = self.holders.replica(node, key)
        if replica is None or event.first_offset < replica.log.start_offset:
            return
        data = replica.log.read(event.first_offset, event.size, event.last_offset + 1)
        for batch in batches.headers(data):
            if batch.is_control or batch.base_offset > event.last_offset:
                continue
            for lot in self.lots.of_batch(key, batch):
                if len(lot.copies) < lot.attempts:
                    self._stored(lot, Copy(batch.base_offset, batch.partition_leader_epoch))
                    break

    def _stored(self, lot: Lot, copy: Copy) -> None:
        if copy in lot.copies:
            return
        self.lots.change(lot.number, copies=(*lot.copies, copy))
        if lot.copies:
            self._twice[lot.number] = None
            if len(self._twice) > MOST_TWICE:
                oldest = self.lots[next(iter(self._twice))]
                del self._twice[oldest.number]
                self._stored_again += self._copies_too_many(oldest)

    def _on_forgotten(self, lot: Lot) -> None:
        self.orphans.on_forgotten(lot)
        if lot.number in self._twice:
            del self._twice[lot.number]
            self._stored_again += self._copies_too_many(lot)

    @property
    def stored_again(self) -> int:
        """Records that lie in a log more than once, counted without the first."""
        return self._stored_again + sum(self._copies_too_many(self.lots[number]) for number in self._twice)

    def _copies_too_many(self, lot: Lot) -> int:
        if lot.topic_deleted:
            return 0
        able = self.holders.may_lead(lot.key)
        start = self.promises.log_start(lot.key)
        alive = [
            copy
            for copy in lot.copies
            if copy.base_offset < start or any(held.holds(copy.epoch, copy.base_offset) for held in able)
        ]
        return max(0, len(alive) - 1) * lot.count

    def _on_marked(self, now_us: int, _: str, event: TransactionMarked) -> None:
        key = (event.topic, event.partition)
        for lot in self.lots.transaction_ended(event.producer_id, key, event.offset):
            self.lots.change(lot.number, outcome=event.result)
            if event.result == "abort":
                self.aborted += lot.count

    def _on_committed(self, now_us: int, _: str, event: OffsetCommitted) -> None:
        self.readers.on_committed(event.group, (event.topic, event.partition), event.offset)

    def _on_reset(self, now_us: int, _: str, event: PositionReset) -> None:
        self.readers.on_moved(event.client)
        reader = self.holders.node(event.client)
        if isinstance(reader, Consumer) and reader.settings.group is not None:
            self.passed_over.began_at(reader.settings.group, (event.topic, event.partition), event.offset)

    def _on_group_deleted(self, now_us: int, _: str, event: GroupDeleted) -> None:
        self.readers.forget_group(event.group)
        self.passed_over.forget_group(event.group)

    def _on_log_start(self, now_us: int, _: str, event: LogStartMoved) -> None:
        key = (event.topic, event.partition)
        image = self.holders.image(key)
        if image is not None and image.leader == event.broker:
            self.promises.log_starts_at(key, event.log_start, event.reason)

    @property
    def compacted(self) -> int:
        """Records that compaction removed. Every replica does so for itself, sooner or later."""
        return sum(max(by_broker.values()) for by_broker in self._compacted.values())

    def _on_compacted(self, now_us: int, _: str, event: LogCompacted) -> None:
        if event.topic.startswith("__"):
            return
        key = (event.topic, event.partition)
        by_broker = self._compacted.setdefault(key, {})
        by_broker[event.broker] = by_broker.get(event.broker, 0) + event.removed
        self.compacted_below[key] = max(event.end_offset, self.compacted_below.get(key, 0))

    def _on_topic_deleted(self, now_us: int, _: str, event: TopicDeleted) -> None:
        self.promises.topic_deleted(event.topic)
        self.holders.forget_topic(event.topic)
        self.readers.forget_topic(event.topic)
        self.passed_over.forget_topic(event.topic)
        self.lots.topic_deleted(event.topic)
        self.sending.topic_deleted(event.topic)
        for key in [key for key in self.compacted_below if key[0] == event.topic]:
            del self.compacted_below[key]

    def _on_start(self, now_us: int, _: str, event: NodeStarted) -> None:
        self.holders.started(event.node)
        self.sending.started(event.node)
        self.promises.touched()

    def _on_end(self, now_us: int, _: str, event: NodeCrashed | NodeExited) -> None:
        self.holders.went_down(event.node)
        self.promises.touched()

    def _on_touched(self, now_us: int, _: str, event: Any) -> None:
        self.promises.touched((event.topic, event.partition))

    def _on_leader(self, now_us: int, _: str, event: BecameLeader) -> None:
        key = (event.topic, event.partition)
        self.promises.touched(key)
        # Looked at before retention takes anything from the new leader's log.
        self.promises.lost(key)

    def _on_anything(self, now_us: int, _: str, event: Event) -> None:
        self.promises.touched()

    def cut_at(self, key: Key, offset: int) -> None:
        """An election was unclean: what was visible from there on is gone, and its offsets are given again."""
        for lot in self.lots.newest_first():
            copy = lot.promised
            if lot.key != key or copy is None or copy.base_offset + lot.count <= offset or lot.topic_deleted:
                continue
            base, first = copy.base_offset, max(0, offset - copy.base_offset)
            given = tuple(
                Given(reader, one.client, max(first, one.first - base), one.last - base)
                for reader, one in self.readers.given_between(key, base + first, base + lot.count - 1)
            )
            if given:
                self.lots.change(lot.number, given=lot.given + given)
        self.readers.cut_at(key, offset)


_HEARD: dict[type, Callable[..., None]] = {
    RecordsAppended: Following._on_appended,
    RecordAcked: lambda self, now_us, node, event: self.sending.heard(now_us, event),
    RecordsAcked: lambda self, now_us, node, event: self.sending.many_heard(now_us, event),
    RecordFailed: lambda self, now_us, node, event: self.sending.failed(now_us, event),
    RecordsFailed: lambda self, now_us, node, event: self.sending.many_failed(now_us, event),
    TransactionMarked: Following._on_marked,
    OffsetCommitted: Following._on_committed,
    RecordsAcknowledged: lambda self, now_us, node, event: self.readers.on_acknowledged(event),
    GroupDeleted: Following._on_group_deleted,
    PositionReset: Following._on_reset,
    PartitionsAssigned: lambda self, now_us, node, event: self.readers.on_moved(event.client),
    LogStartMoved: Following._on_log_start,
    LogCompacted: Following._on_compacted,
    TopicDeleted: Following._on_topic_deleted,
    NodeStarted: Following._on_start,
    NodeCrashed: Following._on_end,
    NodeExited: Following._on_end,
    LeaderElected: Following._on_touched,
    PartitionWentOffline: Following._on_touched,
    IsrShrunk: Following._on_touched,
    IsrExpanded: Following._on_touched,
    EligibleLeadersChanged: Following._on_touched,
    BecameLeader: Following._on_leader,
    BecameFollower: Following._on_touched,
    LogTruncated: Following._on_touched,
    LogRecovered: Following._on_touched,
    ReplicaDeleted: Following._on_touched,
    ReassignmentEnded: Following._on_touched,
    BrokerFenced: Following._on_anything,
    ConfigChanged: Following._on_anything,
}
