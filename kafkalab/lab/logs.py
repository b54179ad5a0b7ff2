"""What lies in the logs, replica by replica: lines of records, and one record opened down to its bytes."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kafkalab.engine.broker.partition import Partition
from kafkalab.lab import reading
from kafkalab.lab.reading import OpenedRecord, RecordLine
from kafkalab.wire.records import Record

if TYPE_CHECKING:
    from kafkalab.lab.lab import Lab


class Logs:
    def __init__(self, lab: "Lab") -> None:
        self.lab = lab

    def records(
        self, topic: str, partition: int, from_offset: int = 0, limit: int = 20, broker: int | None = None
    ) -> list[RecordLine]:
        """Of one replica, the leader's if none is named; nothing where it does not run."""
        replica = self._replica(topic, partition, broker)
        return reading.lines(replica, from_offset, limit) if replica else []

    def committed(self, topic: str, partition: int) -> Iterator[Record]:
        """All that a consumer with read_committed can get of the leader, whole; nothing where there is none."""
        replica = self._replica(topic, partition, None)
        return reading.committed(replica) if replica else iter(())

    def record(self, topic: str, partition: int, offset: int, broker: int | None = None) -> OpenedRecord | None:
        """One record down to its bytes."""
        replica = self._replica(topic, partition, broker)
        return reading.opened(replica, offset) if replica else None

    def chosen(self, opened: OpenedRecord) -> str:
        """How its partition was chosen."""
        return reading.chosen(opened, len(self.lab.image.topics[opened.topic].partitions))

    def find(self, topic: str, key: str, limit: int = 20) -> list[tuple[int, RecordLine]]:
        """The newest records with that key, each with its partition."""
        image = self.lab.image.topics.get(topic)
        found = []
        for partition in image.partitions if image else ():
            replica = self._replica(topic, partition, None)
            if replica is not None:
                found += [(partition, line) for line in reading.find(replica, key, limit)]
        return sorted(found, key=lambda each: -each[1].timestamp_ms)[:limit]

    def _replica(self, topic: str, partition: int, broker: int | None) -> Partition | None:
        if broker is None:
            image = self.lab.image.partition(topic, partition)
            broker = image.leader if image else -1
        node = self.lab.broker(broker)
        return node.partitions.get((topic, partition)) if node else None
