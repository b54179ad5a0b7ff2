"""The log cleaner of a broker: now and then it compacts the dirtiest of its logs.

Every `log.cleaner.backoff.ms` it looks at all logs whose policy is to compact, and cleans the one
with the largest dirty ratio, if it is over `min.cleanable.dirty.ratio` or too much of it has waited
longer than `max.compaction.lag.ms`; then the next one at once, until none is left. How far each log
is clean goes to `cleaner-offset-checkpoint`. Replicas are cleaned each on its own: which old
records a replica still has differs, what they come to does not (LogCleaner, LogCleanerManager).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kafkalab.engine.broker import checkpoints
from kafkalab.engine.events import LogUncleanable
from kafkalab.engine.log.compaction import Cleanable
from kafkalab.wire.batches import CorruptBatch

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker, PartitionKey
    from kafkalab.engine.broker.partition import Partition


@dataclass(frozen=True, slots=True)
class CleanDue:
    def fire(self, broker: "Broker") -> None:
        broker.replicas.cleaner.run()


@dataclass(frozen=True, slots=True)
class CompactTopic:
    """A person asks for it: whatever the dirty ratio, without waiting."""

    topic: str

    def fire(self, broker: "Broker") -> None:
        broker.replicas.cleaner.compact_topic(self.topic)


class Cleaner:
    def __init__(self, broker: "Broker") -> None:
        self.broker = broker
        self.uncleanable: dict[PartitionKey, None] = {}
        """Logs with batches that cannot be read. They are left alone until the broker starts again."""
        self._cleaned: dict[PartitionKey, int] = {}
        """As checkpointed last."""

    def start(self) -> None:
        self._cleaned = checkpoints.read_offsets(self.broker.disk, checkpoints.CLEANED)
        self._wake_in(self.broker.config.log_cleaner_backoff_ms)

    def cleaned_offset(self, key: "PartitionKey") -> int:
        return self._cleaned.get(key, -1)

    def run(self) -> None:
        filthiest = self._filthiest()
        cleaned = filthiest is not None and self._clean(*filthiest)
        for partition in self._compacted():
            partition.apply_retention()
        self._wake_in(0 if cleaned else self.broker.config.log_cleaner_backoff_ms)

    def compact_topic(self, topic: str) -> None:
        for partition in self._compacted():
            part = self._cleanable(partition)
            if partition.topic == topic and part.dirty_bytes:
                self._clean(partition, part)

    def truncated(self, partition: "Partition") -> None:
        """What comes in the place of records that were cut off is dirty, whatever was there before."""
        if partition.log.cleaned_offset < self.cleaned_offset(partition.key):
            self._checkpoint(partition)

    def forget(self, key: "PartitionKey") -> None:
        self.uncleanable.pop(key, None)
        if self._cleaned.pop(key, None) is not None:
            checkpoints.write_offsets(self.broker.disk, checkpoints.CLEANED, self._cleaned)

    def _compacted(self) -> list["Partition"]:
        return [each for each in self.broker.partitions.values() if each.log.config.is_compacted]

    def _cleanable(self, partition: "Partition") -> Cleanable:
        return partition.log.cleanable(self.broker.date_ms, partition.last_stable_offset)

    def _filthiest(self) -> "tuple[Partition, Cleanable] | None":
        found = [(each, self._cleanable(each)) for each in self._compacted() if each.key not in self.uncleanable]
        due = [(each, part) for each, part in found if part.is_due(each.log.config)]
        return max(due, key=lambda one: one[1].dirty_ratio, default=None)

    def _clean(self, partition: "Partition", part: Cleanable) -> bool:
        try:
            partition.compact(part)
        except CorruptBatch as corrupt:
            self.uncleanable[partition.key] = None
            self.broker.tell(LogUncleanable(*partition.key, self.broker.broker_id, corrupt.reason))
            return False
        self._checkpoint(partition)
        return True

    def _checkpoint(self, partition: "Partition") -> None:
        self._cleaned[partition.key] = partition.log.cleaned_offset
        checkpoints.write_offsets(self.broker.disk, checkpoints.CLEANED, self._cleaned)

    def _wake_in(self, delay_ms: int) -> None:
        self.broker.wake_in(delay_ms * 1000, CleanDue())
