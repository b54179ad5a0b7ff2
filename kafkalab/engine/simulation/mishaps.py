"""Faults that have a story of their own: power that goes, a broker forgotten, requests that come twice, late.

Kafka does not wait for the platter: what was acked lies on several machines, and only one of them
may lose its power at a time. So the power goes only where every replica is in sync and none is
alone, and where the controller hears of everybody: it would elect the dead one if it fenced another
first. Until all are in sync again nobody else is killed or cut off: a controller cannot tell who was
only killed from who lost data, and trusts neither. Then nothing that was acked may be lost.
"""

from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from kio.schema.delete_topics.v6.request import DeleteTopicsRequest, DeleteTopicState
from kio.schema.types import BrokerId, TopicName
from kio.schema.unregister_broker.v0.request import UnregisterBrokerRequest

from kafkalab.engine.clients.admin import create_topic
from kafkalab.engine.clients.consumer import ChangeConsumer, Consumer
from kafkalab.engine.clients.requests import duration
from kafkalab.engine.cluster import Cluster
from kafkalab.engine.controller.elections import all_in_sync
from kafkalab.engine.controller.metadata import MetadataImage
from kafkalab.engine.disk import MemoryDisk
from kafkalab.engine.faulty_disk import FaultyDisk
from kafkalab.engine.node import Request, Response
from kafkalab.engine.simulation.meddling import Meddling
from kafkalab.engine.simulation.plans import Fault, TopicPlan
from kafkalab.engine.simulation.referee import Referee
from kafkalab.engine.world import World
from kafkalab.wire.api import ApiKey

COME_AGAIN = (ApiKey.PRODUCE, ApiKey.FETCH)
MOST_STALE = 4
KILLING = (
    *("kill", "coordinator kill", "stop", "disk full", "disk failed", "torn write", "unregister"),
    "rolling restart",
)
"""Kinds after which a broker is not trusted to have everything; a stop is among them if it takes too long."""
CUTTING = ("freeze", "coordinator freeze", "cut", "cut one way", "isolate", "slow link", "lossy link", "disk slow")
"""Kinds after which a broker may not be heard of."""
HEARD_OF_US = 3_000_000
"""A heartbeat comes every two seconds."""
SLOW_MS = 20_000
"""For each record: longer than max.poll.interval.ms."""


@dataclass
class Mishaps:
    cluster: Cluster
    dice: Random
    referee: Referee
    meddling: Meddling
    topics: tuple[TopicPlan, ...]
    stale: dict[str, "Eavesdropper"] = field(default_factory=dict)
    """By the broker that will hear these requests once more."""
    quick_ms: dict[str, int] = field(default_factory=dict)
    """What slow consumers took for a record before."""
    ghosts: list[str] = field(default_factory=list)
    lost_power: tuple[int, int] | None = None
    """(broker, broker epoch in that life) until everything is in sync again."""

    def forbids(self, fault: Fault) -> bool:
        """Whether the fault comes too soon after the power was lost."""
        return (fault.kind in (*KILLING, *CUTTING) or "controller" in fault.kind) and self._recovers()

    def begin(self, fault: Fault) -> bool:
        """Whether it was done."""
        world, node = self.cluster.world, fault.node
        match fault.kind:
            case "power loss" if node in world.nodes and self._may_lose_power():
                self._lose_power(node)
            case "unregister" if node in world.nodes:
                self.cluster.crash(_number(node))
                broker_id = BrokerId(_number(node))
                self.meddling.order(ApiKey.UNREGISTER_BROKER, UnregisterBrokerRequest(broker_id=broker_id))
            case "rolling restart" if node in world.nodes and node not in world.frozen:
                self.cluster.stop(_number(node))
            case "stale requests" if node not in self.stale:
                self.stale[node] = Eavesdropper(node)
                world.on_message.append(self.stale[node].overhear)
            case "slow consumer" if node in world.nodes:
                consumer = world.nodes[node]
                assert isinstance(consumer, Consumer)
                self.quick_ms.setdefault(node, consumer.settings.processing_ms)
                self._take_time(consumer, SLOW_MS)
            case "topic remade" if self.exists(node):
                state = DeleteTopicState(name=TopicName(node), topic_id=None)
                body = DeleteTopicsRequest(topics=(state,), timeout=duration(30_000))
                self.meddling.order(ApiKey.DELETE_TOPICS, body)
            case _:
                return False
        return True

    def mend(self, fault: Fault) -> None:
        """What a broker needs to come back is done by the caller."""
        match fault.kind:
            case "stale requests":
                self._come_again(fault.node)
            case "slow consumer":
                consumer = self.cluster.world.nodes.get(fault.node)
                quick_ms = self.quick_ms.pop(fault.node, None)
                if isinstance(consumer, Consumer) and quick_ms is not None:
                    self._take_time(consumer, quick_ms)
            case "topic remade" if not self.exists(fault.node):
                self.make(fault.node)

    def mend_everything(self) -> None:
        for node in list(self.stale):
            self._come_again(node)
        self._forget_ghosts()

    def exists(self, topic: str) -> bool:
        image = self._image()
        return image is not None and topic in image.topics

    def make(self, name: str) -> None:
        topic = next(topic for topic in self.topics if topic.name == name)
        order = create_topic(0, name, topic.partitions, topic.replication_factor, topic.settings)
        self.meddling.order(order.api_key, order.body)

    def _image(self) -> MetadataImage | None:
        return self.meddling.image()

    def _recovers(self) -> bool:
        if self.lost_power is None:
            return False
        image, (broker_id, epoch) = self._image(), self.lost_power
        if image is None or broker_id not in image.brokers:
            return True
        if image.brokers[broker_id].epoch > epoch and all_in_sync(image):
            self.lost_power = None
        return self.lost_power is not None

    def _may_lose_power(self) -> bool:
        image = self._image()
        ill = any(disk.failed or disk.free_bytes is not None or disk.tears_next_write for disk in self._disks())
        stopping = any(self.cluster.is_stopping(spec.id) for spec in self.cluster.spec.brokers)
        if ill or stopping or self._recovers() or len(self.cluster.brokers) < len(self.cluster.spec.brokers):
            return False
        if image is None or len(image.brokers) < len(self.cluster.spec.brokers) or not all_in_sync(image):
            return False
        if not self._everybody_is_heard_of():
            return False
        # Who was killed and has come back counts as in sync until the controller hears of it.
        if any(broker.epoch != image.brokers[number].epoch for number, broker in self.cluster.brokers.items()):
            return False
        return all(len(each.isr) > 1 for topic in image.topics.values() for each in topic.partitions.values())

    def _everybody_is_heard_of(self) -> bool:
        world, active = self.cluster.world, self.cluster.active_controller
        network = world.network
        if active is None or world.frozen or network.cut or network.islands or network.links or network.broken_until_us:
            return False
        heard_us = [session.last_contact_us for session in active.sessions.by_broker.values()]
        return len(heard_us) == len(self.cluster.spec.brokers) and min(heard_us) > world.now_us - HEARD_OF_US

    def _disks(self) -> list[FaultyDisk]:
        return [self.cluster.disks[spec.node] for spec in self.cluster.spec.brokers]

    def _lose_power(self, node: str) -> None:
        image = self._image()
        assert image is not None
        self.lost_power = _number(node), image.brokers[_number(node)].epoch
        self.cluster.crash(_number(node))
        disk = self.cluster.disks[node].disk
        assert isinstance(disk, MemoryDisk)
        disk.lose_unflushed(self.dice, torn=self.dice.random() < 0.5)
        self.referee.power_lost(_number(node))

    def _take_time(self, consumer: Consumer, processing_ms: int) -> None:
        settings = replace(consumer.settings, processing_ms=processing_ms)
        self.cluster.world.tell_node(consumer.name, ChangeConsumer(settings))

    def _come_again(self, node: str) -> None:
        """As if a client had tried again on a new connection, and the old one's bytes came after all."""
        self._forget_ghosts()
        eavesdropper = self.stale.pop(node, None)
        if eavesdropper is None:
            return
        world = self.cluster.world
        world.on_message.remove(eavesdropper.overhear)
        self.ghosts += replay(world, [(node, request) for request in eavesdropper.heard], 0)

    def _forget_ghosts(self) -> None:
        for ghost in self.ghosts:
            self.cluster.world.close_edge(ghost)
        self.ghosts.clear()


@dataclass
class Eavesdropper:
    """Writes down some of the requests that a broker gets."""

    node: str
    heard: list[Request] = field(default_factory=list)

    def overhear(self, _sent_us: int, _due_us: int, _source: str, target: str, message: Request | Response) -> None:
        if target == self.node and isinstance(message, Request) and message.api_key in COME_AGAIN:
            of_kind = sum(request.api_key == message.api_key for request in self.heard)
            if of_kind < MOST_STALE // len(COME_AGAIN):
                self.heard.append(message)


def replay(world: World, heard: list[tuple[str, Request]], number: int) -> list[str]:
    """Send these requests, each with its target, once more. Gives the ghosts that sent them."""
    ghosts: list[str] = []
    for place, (target, request) in enumerate(heard):
        ghost = f"{request.source} on an old connection {f'{number}.{place}' if number else place}"
        world.open_edge(ghost, _ignore)
        ghosts.append(ghost)
        world.send(ghost, target, replace(request, source=ghost))
    return ghosts


def _ignore(_message: Any) -> None:
    """Nobody listens on the old connection."""


def _number(node: str) -> int:
    return int(node.removeprefix("broker-"))
