"""Offsets that a transaction has committed and not yet ended: they wait for its marker.

A COMMIT marker makes them the group's, an ABORT marker nobody's. What the group committed meanwhile
in another way counts for more: the later record in the log wins, not the later marker
(org.apache.kafka.coordinator.group.OffsetMetadataManager.replayEndTransactionMarker).
"""

from dataclasses import dataclass, field, replace

from kafkalab.engine.coordinators.consumer_protocol import TopicPartition
from kafkalab.engine.coordinators.records import OffsetRecord

OffsetKey = tuple[str, str, int]
"""Group, topic, partition."""


@dataclass(frozen=True, slots=True)
class TransactionalOffset:
    producer_id: int
    record: OffsetRecord


@dataclass(frozen=True, slots=True)
class TransactionEnd:
    producer_id: int
    committed: bool


@dataclass(frozen=True, slots=True)
class Pending:
    offset: int
    """Of its record in the log."""
    record: OffsetRecord
    superseded: bool = False
    """A later record has already settled what the group's offset is."""


@dataclass
class PendingOffsets:
    by_producer: dict[int, dict[OffsetKey, Pending]] = field(default_factory=dict)

    def store(self, offset: int, transactional: TransactionalOffset) -> None:
        record = transactional.record
        self.by_producer.setdefault(transactional.producer_id, {})[_key(record)] = Pending(offset, record)

    def end(self, end: TransactionEnd) -> list[OffsetRecord]:
        """What its transaction has committed for good."""
        ended = self.by_producer.pop(end.producer_id, {})
        if not end.committed:
            return []
        counting = [pending for pending in ended.values() if not pending.superseded]
        for pending in counting:
            self._supersede(_key(pending.record), pending.offset)
        return [pending.record for pending in counting]

    def settled(self, offset: int, record: OffsetRecord) -> None:
        """The group's offset was stored outside of any transaction, or forgotten: then it is forgotten here, too."""
        key = _key(record)
        if record.value is not None:
            self._supersede(key, offset)
            return
        for pending in self.by_producer.values():
            pending.pop(key, None)

    def of_group(self, group: str) -> dict[TopicPartition, None]:
        """The partitions whose offset for that group nobody can be sure of."""
        return {
            (topic, partition): None
            for pending in self.by_producer.values()
            for owner, topic, partition in pending
            if owner == group
        }

    def _supersede(self, key: OffsetKey, offset: int) -> None:
        for pending in self.by_producer.values():
            found = pending.get(key)
            if found is not None and found.offset < offset:
                pending[key] = replace(found, superseded=True)


def _key(record: OffsetRecord) -> OffsetKey:
    return record.group, record.topic, record.partition
