"""Doing and mending what a schedule says goes wrong."""

from dataclasses import dataclass, field
from random import Random

from kafkalab.engine.cluster import Cluster
from kafkalab.engine.disk import MemoryDisk
from kafkalab.engine.network import Link
from kafkalab.engine.simulation import controller_faults
from kafkalab.engine.simulation.meddling import Meddling
from kafkalab.engine.simulation.mishaps import Mishaps
from kafkalab.engine.simulation.movers import Movers
from kafkalab.engine.simulation.plans import CONTROLLER_KINDS, MOVER_KINDS, TRANSACTION_KINDS, Fault, TopicPlan
from kafkalab.engine.simulation.referee import Referee
from kafkalab.engine.simulation.zombies import Zombies

SLOW = Link(latency_us=400_000, jitter_us=200_000)
SLOW_WRITE_US = 30_000
CLOCK_SKEW_US = 1_800_000_000
"""Half an hour: at an hour Kafka begins to refuse timestamps (message.timestamp.after.max.ms)."""
LOSSY = Link(latency_us=500, jitter_us=500, loss=0.3)


@dataclass
class Faults:
    cluster: Cluster
    dice: Random
    referee: Referee
    topics: tuple[TopicPlan, ...]
    zombies: Zombies
    movers: Movers
    done: dict[str, int] = field(default_factory=dict)
    """How many of each kind were really done: a fault of a broker that is down already is none."""
    meddling: Meddling = field(init=False)
    mishaps: Mishaps = field(init=False)

    def __post_init__(self) -> None:
        self.meddling = Meddling(self.cluster, self.dice)
        self.mishaps = Mishaps(self.cluster, self.dice, self.referee, self.meddling, self.topics)

    def begin(self, fault: Fault) -> None:
        world = self.cluster.world
        alive = fault.node in world.nodes
        if self.mishaps.forbids(fault):
            return
        match fault.kind:
            case "kill" if alive:
                self.cluster.crash(broker_of(fault.node))
                self._tear(fault.node)
            case "stop" if alive and fault.node not in world.frozen:
                self.cluster.stop(broker_of(fault.node))
            case "freeze" if alive and fault.node not in world.frozen:
                world.freeze(fault.node)
            case "cut":
                self._cut(fault.node, fault.other)
                self._cut(fault.other, fault.node)
            case "cut one way":
                self._cut(fault.node, fault.other)
            case "isolate":
                for other in world.nodes:
                    if other != fault.node:
                        self._cut(fault.node, other)
                        self._cut(other, fault.node)
            case "slow link" | "lossy link":
                link = SLOW if fault.kind == "slow link" else LOSSY
                world.network.links[(fault.node, fault.other)] = link
                world.network.links[(fault.other, fault.node)] = link
            case "controller restart" if alive:
                world.crash(fault.node)
            case "disk slow":
                self.cluster.disks[fault.node].delay_us = SLOW_WRITE_US
            case "disk full":
                self.cluster.disks[fault.node].free_bytes = self.dice.choice([0, 2_000])
            case "disk failed":
                self.cluster.fail_disk(broker_of(fault.node))
            case "torn write":
                self.cluster.disks[fault.node].tears_next_write = True
            case "clock skew":
                self.cluster.skew_clock(broker_of(fault.node), self.dice.choice([-1, 1]) * CLOCK_SKEW_US)
            case "reset" if alive and fault.other in world.nodes:
                world.reset(fault.node, fault.other)
            case "consumer crash" if alive:
                world.crash(fault.node)
            case kind if kind in CONTROLLER_KINDS:
                if not controller_faults.begin(self.cluster, fault):
                    return
            case kind if kind in TRANSACTION_KINDS or kind in MOVER_KINDS:
                if not (self.zombies if kind in TRANSACTION_KINDS else self.movers).begin(fault):
                    return
            case "reassign" | "move leader" | "prefer leaders" | "change settings":
                if not self.meddling.begin(fault.kind):
                    return
            case _:
                if not self.mishaps.begin(fault):
                    return
        self.done[fault.kind] = self.done.get(fault.kind, 0) + 1

    def mend(self, fault: Fault) -> None:
        """Undo it. Consumers are brought back by the history, which knows how they were made."""
        world = self.cluster.world
        match fault.kind:
            case "kill" | "power loss" | "unregister":
                self._start(fault.node)
            case "stop" | "rolling restart":
                if fault.node in world.nodes and self.cluster.is_stopping(broker_of(fault.node)):
                    self.cluster.crash(broker_of(fault.node))
                self._start(fault.node)
            case "freeze":
                if fault.node in world.frozen:
                    world.thaw(fault.node)
            case "cut" | "cut one way" | "slow link" | "lossy link":
                self._heal((fault.node, fault.other), (fault.other, fault.node))
            case "isolate":
                self._heal(*[way for way in world.network.cut if fault.node in way])
            case "disk slow" | "disk full" | "disk failed" | "torn write":
                self.cluster.disks[fault.node].mend()
                if fault.kind != "disk slow":
                    self._start(fault.node)
            case "clock skew":
                self.cluster.skew_clock(broker_of(fault.node), 0)
            case "reassign" | "change settings":
                self.meddling.mend(fault.kind)
            case "controller restart":
                if fault.node not in world.nodes:
                    self.cluster.start_controller()
            case kind if kind in CONTROLLER_KINDS:
                controller_faults.mend(self.cluster, fault)
            case kind if kind in TRANSACTION_KINDS or kind in MOVER_KINDS:
                killed = (self.zombies if kind in TRANSACTION_KINDS else self.movers).mend(fault)
                if killed is not None:
                    self._start(killed)
            case _:
                self.mishaps.mend(fault)

    def mend_everything(self) -> None:
        world = self.cluster.world
        self.meddling.mend_everything()
        for name in list(world.frozen):
            world.thaw(name)
        self._heal(*world.network.cut, *world.network.links)
        controller_faults.mend_everything(self.cluster)
        self.mishaps.mend_everything()
        self.zombies.mend_everything()
        self.movers.undone.clear()
        for disk in self.cluster.disks.values():
            disk.mend()
        for broker in self.cluster.spec.brokers:
            if broker.node in world.nodes and self.cluster.is_stopping(broker.id):
                self.cluster.crash(broker.id)
            self.cluster.skew_clock(broker.id, 0)
            self._start(broker.node)

    def start_the_forgotten(self) -> None:
        """Who was unregistered only after it had come back must be started again, as in Kafka."""
        active = self.cluster.active_controller
        if active is None:
            return
        for broker_id, broker in self.cluster.brokers.items():
            if broker.epoch >= 0 and broker_id not in active.image.brokers:
                self.cluster.crash(broker_id)
                self.cluster.start_broker(broker_id)

    def _start(self, node: str) -> None:
        if node not in self.cluster.world.nodes:
            self.cluster.start_broker(broker_of(node))

    def _cut(self, source: str, target: str) -> None:
        self.cluster.world.network.cut[(source, target)] = None

    def _heal(self, *ways: tuple[str, str]) -> None:
        network = self.cluster.world.network
        for way in list(ways):
            network.cut.pop(way, None)
            network.links.pop(way, None)

    def _tear(self, node: str) -> None:
        """The write that was under way at the kill may have left a part of its bytes."""
        disk = self.cluster.disks[node].disk
        assert isinstance(disk, MemoryDisk)
        logs = [name for name in disk.names() if name.endswith(".log")]
        if logs and self.dice.random() < 0.5:
            path = self.dice.choice(logs)
            size = disk.size(path)
            if size and path == max(name for name in logs if name.rpartition("/")[0] == path.rpartition("/")[0]):
                # A batch like the ones before it, cut off somewhere.
                whole = disk.read(path, 0, min(size, 400))
                disk.append(path, whole[: self.dice.randrange(1, min(len(whole), 61))])


def broker_of(node: str) -> int:
    return int(node.removeprefix("broker-"))
