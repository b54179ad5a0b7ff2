"""Which brokers get the replicas of a new partition: stripes over the racks, then over the brokers.

The rules are those of org.apache.kafka.metadata.placement.StripedReplicaPlacer. Each rack hands
out its brokers in a window that moves on by one for every partition, and the rack that is asked
first moves on too, so that leaders and replicas spread evenly without anybody counting them.
"""

from collections.abc import Iterable
from random import Random

from kafkalab.engine.controller.metadata import BrokerImage
from kafkalab.engine.refused import Refused
from kafkalab.wire.errors import ErrorCode


def place(
    brokers: Iterable[BrokerImage], partitions: int, replication_factor: int, random: Random
) -> list[tuple[int, ...]]:
    """The replicas of each partition, the preferred leader first. Fenced brokers may follow, not lead.

    Refuses with INVALID_REPLICATION_FACTOR.
    """
    usable = [broker for broker in brokers if not broker.in_controlled_shutdown]
    if replication_factor <= 0:
        raise _impossible(f"Invalid replication factor {replication_factor}: the replication factor must be positive.")
    if replication_factor > len(usable):
        raise _impossible(
            f"The target replication factor of {replication_factor} cannot be reached because only "
            f"{len(usable)} broker(s) are registered or some brokers have all "
            "their log directories cordoned."
        )
    if all(broker.fenced for broker in usable):
        raise _impossible("All brokers are currently fenced.")
    racks = _Racks(usable, random)
    return [racks.place(replication_factor) for _ in range(partitions)]


def _impossible(reason: str) -> Refused:
    return Refused(ErrorCode.invalid_replication_factor, reason)


class _Window:
    """Brokers in a ring; each epoch (one partition) starts one further on and sees each broker once."""

    def __init__(self, broker_ids: list[int], random: Random) -> None:
        self.broker_ids = sorted(broker_ids)
        self.start = random.randrange(len(broker_ids)) if broker_ids else 0
        self.taken = 0
        self.epoch = 0

    def next(self, epoch: int) -> int | None:
        if not self.broker_ids:
            return None
        if epoch != self.epoch:
            self.epoch = epoch
            self.taken = 0
            self.start = (self.start + 1) % len(self.broker_ids)
        if self.taken == len(self.broker_ids):
            return None
        self.taken += 1
        return self.broker_ids[(self.start + self.taken - 1) % len(self.broker_ids)]


class _Rack:
    def __init__(self, brokers: list[BrokerImage], random: Random) -> None:
        self.fenced = _Window([broker.broker_id for broker in brokers if broker.fenced], random)
        self.unfenced = _Window([broker.broker_id for broker in brokers if not broker.fenced], random)

    def next(self, epoch: int) -> int | None:
        unfenced = self.unfenced.next(epoch)
        return self.fenced.next(epoch) if unfenced is None else unfenced


class _Racks:
    def __init__(self, brokers: list[BrokerImage], random: Random) -> None:
        # Brokers without a rack share one that has no name.
        names = sorted({broker.rack or "" for broker in brokers})
        self.racks = [_Rack([broker for broker in brokers if (broker.rack or "") == name], random) for name in names]
        self.unfenced_count = sum(not broker.fenced for broker in brokers)
        self.first = random.randrange(len(names))
        self.epoch = 0
        self.random = random

    def place(self, replication_factor: int) -> tuple[int, ...]:
        if self.epoch == self.unfenced_count > 1:
            self._shuffle()
        count = len(self.racks)
        leader_rack, leader = self._leader()
        replicas = [leader]
        turn = self.first
        skip_leader_rack = True
        while len(replicas) < replication_factor:
            if turn == leader_rack and skip_leader_rack:
                # The leader's rack has given one already and is passed over, once.
                skip_leader_rack = False
            elif (broker := self.racks[turn].next(self.epoch)) is not None:
                replicas.append(broker)
            turn = (turn + 1) % count
        self.epoch += 1
        self.first = (self.first + 1) % count
        return tuple(replicas)

    def _leader(self) -> tuple[int, int]:
        """The first rack that has an unfenced broker, and that broker."""
        rack = self.first
        while (broker := self.racks[rack].unfenced.next(self.epoch)) is None:
            rack = (rack + 1) % len(self.racks)
        return rack, broker

    def _shuffle(self) -> None:
        """Every window has come round: mix, so that the same stripes do not come again."""
        self.random.shuffle(self.racks)
        for rack in self.racks:
            self.random.shuffle(rack.fenced.broker_ids)
            self.random.shuffle(rack.unfenced.broker_ids)
        self.epoch = 0
