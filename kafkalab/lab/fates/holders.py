"""Which replica holds which record, on brokers that run and on those that are down, and which may lead.

An offset alone says nothing: after an election another record may stand there. With the leader epoch
under which it was written it is the record's name, since logs that agree on both agree on all before.
"""

from typing import NamedTuple

from kafkalab.engine.broker.broker import Broker
from kafkalab.engine.broker.partition import Partition
from kafkalab.engine.cluster import Cluster
from kafkalab.engine.controller.elections import UNCLEAN_ENABLE
from kafkalab.engine.controller.metadata import NO_LEADER, PartitionImage
from kafkalab.engine.log.epochs import EpochStart
from kafkalab.engine.node import Node
from kafkalab.lab.fates.spans import Range

Key = tuple[str, int]
"""(topic, partition)"""


class Held(NamedTuple):
    """What one replica has: all from `start` to `end`, under these leader epochs."""

    broker: int
    start: int
    end: int
    epochs: tuple[EpochStart, ...]

    def part_of(self, epoch: int) -> Range:
        """What it has of that epoch; an empty range where that is nothing."""
        for place, entry in enumerate(self.epochs):
            if entry.epoch == epoch:
                behind = self.epochs[place + 1].start_offset if place + 1 < len(self.epochs) else self.end
                return max(entry.start_offset, self.start), min(behind, self.end)
        return 0, 0

    def holds(self, epoch: int, offset: int) -> bool:
        start, end = self.part_of(epoch)
        return start <= offset < end


class Holders:
    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._running: dict[str, Broker] = {broker.name: broker for broker in cluster.brokers.values()}
        self._down: dict[int, dict[Key, Held]] = {}
        """What brokers had when they went down: it lies on their disks."""

    def go_on_from(self, other: "Holders") -> None:
        self._down = dict(other._down)

    def started(self, node: str) -> None:
        found = self._cluster.world.nodes.get(node)
        if isinstance(found, Broker):
            self._running[node] = found
            self._down.pop(found.broker_id, None)

    def went_down(self, node: str) -> None:
        broker = self._running.pop(node, None)
        if broker is not None:
            self._down[broker.broker_id] = {key: _held(replica) for key, replica in broker.partitions.items()}

    def forget_topic(self, topic: str) -> None:
        for broker, held in self._down.items():
            self._down[broker] = {key: one for key, one in held.items() if key[0] != topic}

    def image(self, key: Key) -> PartitionImage | None:
        return self._cluster.image.partition(*key)

    def node(self, name: str) -> Node | None:
        """Whoever runs under that name."""
        return self._cluster.world.nodes.get(name)

    def replica(self, node: str, key: Key) -> Partition | None:
        """On a broker that runs."""
        broker = self._running.get(node)
        return broker.partitions.get(key) if broker is not None else None

    def leader(self, key: Key) -> Partition | None:
        part = self.image(key)
        broker = self._cluster.brokers.get(part.leader) if part is not None else None
        return broker.partitions.get(key) if broker is not None else None

    def of(self, key: Key) -> list[Held]:
        """What each replica of a partition has, or had when its broker went down."""
        part = self.image(key)
        found = [self._held_by(broker, key) for broker in part.replicas] if part is not None else []
        return [held for held in found if held is not None]

    def may_lead(self, key: Key) -> list[Held]:
        """Of those that can become the leader: the leader, who is in sync, and who is eligible though not in sync
        (KIP-966). Where nobody leads and the topic allows an unclean election, that is whoever comes."""
        part = self.image(key)
        if part is None:
            return []
        able = dict.fromkeys((part.leader, *part.isr, *part.eligible_leader_replicas))
        if part.leader == NO_LEADER and self._allows_unclean(key[0]):
            able = dict.fromkeys(part.replicas)
        found = [self._held_by(broker, key) for broker in able if broker != NO_LEADER]
        return [held for held in found if held is not None]

    def _allows_unclean(self, topic: str) -> bool:
        image = self._cluster.image
        for level in (image.topic_config(topic), image.broker_config(None), self._cluster.config.topic_defaults):
            if UNCLEAN_ENABLE in level:
                return str(level[UNCLEAN_ENABLE]).lower() == "true"
        return False

    def _held_by(self, broker: int, key: Key) -> Held | None:
        node = self._cluster.brokers.get(broker)
        if node is None:
            shelved = self._down.get(broker)
            return shelved.get(key) if shelved is not None else None
        replica = node.partitions.get(key)
        return _held(replica) if replica is not None else None


def _held(replica: Partition) -> Held:
    log = replica.log
    return Held(replica.broker.broker_id, log.start_offset, log.end_offset, tuple(log.epochs.entries))
