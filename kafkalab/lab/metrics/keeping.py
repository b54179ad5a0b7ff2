"""A lab's metrics: counted all the time, read when somebody asks, and once in a while for the history."""

from collections.abc import Iterator
from typing import TYPE_CHECKING
from uuid import UUID

from kafkalab.lab.metrics import clients, controller, groups, logs, replication, requests, traffic, waiting
from kafkalab.lab.metrics.counted import Counted
from kafkalab.lab.metrics.history import SAMPLE_EVERY_US, Chart, History
from kafkalab.lab.metrics.metric import Metric, Reading

if TYPE_CHECKING:
    from kafkalab.lab.lab import Lab

READERS = (replication, traffic, requests, controller, groups, clients, waiting, logs)
METRICS: tuple[Metric, ...] = tuple(metric for reader in READERS for metric in reader.METRICS)
GROUPS = tuple(dict.fromkeys(metric.group for metric in METRICS))
"""The headings under which they are found, in this order."""


class Metrics:
    def __init__(self, lab: "Lab") -> None:
        self.lab = lab
        self.counted = Counted(lab.topic_name, self._isr_of, self._sample, lab.world.now_us)
        self.history = History()

    def _sample(self, now_us: int) -> int:
        """When the next one is due."""
        self.history.add(now_us, self.read())
        return now_us + SAMPLE_EVERY_US

    def go_on_from(self, other: "Metrics") -> None:
        """In a fork: what was counted before goes on being counted, and the past is the same."""
        self.counted.go_on_from(other.counted)
        self.history.go_on_from(other.history)

    def read(self) -> Iterator[Reading]:
        """Every metric that has a chart, as it is now."""
        for reader in READERS:
            yield from reader.read(self.lab, self.counted)

    def read_all(self) -> Iterator[Reading]:
        """Those of single partitions too."""
        yield from self.read()
        for reader in (replication, logs):
            yield from reader.read_partitions(self.lab)

    def charts(self, group: str) -> list[Chart]:
        """How the metrics of a group went in the last ten minutes, up to now."""
        chosen = [metric for metric in METRICS if metric.group == group]
        return self.history.charts(chosen, self.lab.world.now_us, self.read())

    def _isr_of(self, topic_id: UUID, partition: int) -> tuple[int, ...]:
        image = self.lab.image
        name = image.topic_names.get(topic_id)
        found = image.partition(name, partition) if name is not None else None
        return found.isr if found is not None else ()
