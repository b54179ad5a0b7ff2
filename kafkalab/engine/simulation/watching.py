"""Replicas that note what is assigned to them, so that the referee need only look at those.

The referee must not trust the engine to say what it changed: the broker's table of replicas, and
in it every partition, log and in-sync set, are given classes that note each assignment which a
rule of the referee depends on. Nothing else about them is different.
"""

from typing import Any, TypeVar

from kafkalab.engine.broker.broker import Broker, PartitionKey
from kafkalab.engine.broker.in_sync_set import InSyncSet
from kafkalab.engine.broker.partition import Partition
from kafkalab.engine.log.log import Log

OF_PARTITION = frozenset({"high_watermark", "leader_id", "is_leader", "leader_epoch", "log"})
OF_LOG = frozenset({"start_offset", "end_offset"})

Changed = dict[PartitionKey, None]


class WatchedInSyncSet(InSyncSet):
    _watched_as: tuple[Changed, PartitionKey]

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)
        if name == "committed":
            changed, key = self._watched_as
            changed[key] = None


class WatchedLog(Log):
    _watched_as: tuple[Changed, PartitionKey]

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)
        if name in OF_LOG:
            changed, key = self._watched_as
            changed[key] = None


class WatchedPartition(Partition):
    _watched_as: tuple[Changed, PartitionKey]

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)
        if name in OF_PARTITION:
            changed, key = self._watched_as
            changed[key] = None


Watched = TypeVar("Watched", WatchedPartition, WatchedLog, WatchedInSyncSet)


class WatchedReplicas(dict[PartitionKey, Partition]):
    """Takes the place of `Replicas.partitions`."""

    def __init__(self) -> None:
        super().__init__()
        self.changed: Changed = {}
        """What was assigned to since the referee looked last."""

    def __setitem__(self, key: PartitionKey, partition: Partition) -> None:
        # In the copy of a history they are copies already, which note in the copy of this table.
        watched = partition if isinstance(partition, WatchedPartition) else self._watched(key, partition)
        super().__setitem__(key, watched)
        self.changed[key] = None

    def _watched(self, key: PartitionKey, partition: Partition) -> WatchedPartition:
        noted_in = (self.changed, key)
        watched = _remade(WatchedPartition, partition, noted_in)
        watched.log = _remade(WatchedLog, partition.log, noted_in)
        watched.in_sync = _remade(WatchedInSyncSet, partition.in_sync, noted_in)
        watched.in_sync.partition = watched
        return watched


def _remade(kind: type[Watched], part: Partition | Log | InSyncSet, noted_in: tuple[Changed, PartitionKey]) -> Watched:
    """The same as an object of that class from its beginning: one whose class is changed, Python reads more slowly."""
    made = kind.__new__(kind)
    object.__setattr__(made, "_watched_as", noted_in)
    for name, value in vars(part).items():
        object.__setattr__(made, name, value)
    return made


def watch(broker: Broker) -> None:
    """From the first moment of its life on, when it holds nothing yet."""
    assert not broker.replicas.partitions
    broker.replicas.partitions = WatchedReplicas()


def take_changed(broker: Broker) -> list[Partition]:
    """What was assigned to since the last time, as far as it is still there."""
    watched: WatchedReplicas = broker.replicas.partitions  # type: ignore[assignment]
    changed = watched.changed
    if not changed:
        return []
    found = [partition for key in changed if (partition := watched.get(key)) is not None]
    changed.clear()
    return found
