"""Replicas that note what is assigned to them, so that the referee need only look at those.

The referee must not trust the engine to say what it changed: the broker's table of replicas, and
in it every partition, log and in-sync set, are given classes that note each assignment which a
rule of the referee depends on. Nothing else about them is different.
"""

from typing import Any

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
        self.__dict__[name] = value
        if name == "committed":
            changed, key = self._watched_as
            changed[key] = None


class WatchedLog(Log):
    _watched_as: tuple[Changed, PartitionKey]

    def __setattr__(self, name: str, value: Any) -> None:
        self.__dict__[name] = value
        if name in OF_LOG:
            changed, key = self._watched_as
            changed[key] = None


class WatchedPartition(Partition):
    _watched_as: tuple[Changed, PartitionKey]

    def __setattr__(self, name: str, value: Any) -> None:
        self.__dict__[name] = value
        if name in OF_PARTITION:
            changed, key = self._watched_as
            changed[key] = None


class WatchedReplicas(dict[PartitionKey, Partition]):
    """Takes the place of `Replicas.partitions`."""

    def __init__(self) -> None:
        super().__init__()
        self.changed: Changed = {}
        """What was assigned to since the referee looked last."""

    def __setitem__(self, key: PartitionKey, partition: Partition) -> None:
        super().__setitem__(key, partition)
        self.changed[key] = None
        for part, watched in (
            (partition, WatchedPartition),
            (partition.log, WatchedLog),
            (partition.in_sync, WatchedInSyncSet),
        ):
            part.__dict__["_watched_as"] = (self.changed, key)
            part.__class__ = watched


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
