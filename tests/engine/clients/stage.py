"""A small world for the clients' tests: a cluster of three brokers, a topic, and what was told."""

from typing import Any

from kafkalab.engine.clients.admin import Admin, create_topic
from kafkalab.engine.clients.consumer import Consumer
from kafkalab.engine.clients.consumer_settings import ConsumerSettings
from kafkalab.engine.clients.producer import Producer, SendOne
from kafkalab.engine.clients.workload import ProducerSettings
from kafkalab.engine.cluster import Cluster
from kafkalab.engine.disk import MemoryDisk
from kafkalab.engine.events import Event, RecordAcked, RecordsAcked, RecordsDelivered
from kafkalab.engine.network import Link, Network
from kafkalab.engine.spec import ClusterSpec
from kafkalab.engine.world import World
from kafkalab.wire import batches
from kafkalab.wire.records import Record

SECOND = 1_000_000
EPOCH_US = 1_767_225_600 * SECOND
CONFIGS = {"offsets.topic.num.partitions": "4", "group.initial.rebalance.delay.ms": "0"}

TopicPartition = tuple[str, int]


class Stage:
    def __init__(self, seed: int = 1, partitions: int = 4, configs: dict[str, str] | None = None) -> None:
        self.world = World(seed, EPOCH_US, Network(Link(latency_us=500, jitter_us=200)))
        self.events: list[tuple[str, Event]] = []
        self.world.on_event.append(lambda _, node, event: self.events.append((node, event)))
        spec = ClusterSpec.local(3, seed=seed, broker_configs=CONFIGS | (configs or {}))
        self.cluster = Cluster(spec, self.world, lambda _: MemoryDisk())
        self.bootstrap = tuple(broker.node for broker in spec.brokers)
        self.cluster.start()
        self.run(5)
        self.admin = Admin("admin", self.bootstrap)
        self.world.start(self.admin)
        self.topic("orders", partitions, {"min.insync.replicas": "2"})

    def run(self, seconds: float) -> None:
        self.world.run_until(self.world.now_us + int(seconds * SECOND))

    def topic(self, name: str, partitions: int, configs: dict[str, str]) -> None:
        token = len(self.admin.outcomes)
        self.world.tell_node("admin", create_topic(token, name, partitions, 3, configs))
        self.run(2)
        assert self.admin.outcomes[token].ok, self.admin.outcomes

    def producer(self, name: str = "producer-1", **settings: Any) -> Producer:
        producer = Producer(name, self.bootstrap, ProducerSettings(**({"topic": "orders"} | settings)))
        self.world.start(producer)
        return producer

    def consumer(self, name: str = "consumer-1", **settings: Any) -> Consumer:
        consumer = Consumer(name, self.bootstrap, ConsumerSettings(**({"topics": ("orders",)} | settings)))
        self.world.start(consumer)
        return consumer

    def send(self, producer: Producer, token: int, topic: str = "orders", **record: Any) -> None:
        self.world.tell_node(producer.name, SendOne(token, topic, **record))

    def told(self, kind: type, node: str | None = None) -> list[Any]:
        return [event for who, event in self.events if isinstance(event, kind) and node in (None, who)]

    def leader(self, partition: int, topic: str = "orders") -> int:
        image = self.cluster.controller.image.partition(topic, partition)
        assert image is not None
        return image.leader

    def stored(self, partition: int, topic: str = "orders") -> list[Record]:
        """What the leader has up to its high watermark."""
        replica = self.cluster.brokers[self.leader(partition, topic)].partitions[topic, partition]
        data = replica.log.read(replica.log.start_offset, 2**31 - 1, replica.high_watermark, True)
        return [record for batch in batches.headers(data) for record in batches.records(batch)]

    def acked(self) -> list[tuple[TopicPartition, int]]:
        offsets = [((event.topic, event.partition), event.offset) for event in self.told(RecordAcked)]
        for event in self.told(RecordsAcked):
            where = event.topic, event.partition
            offsets += [(where, offset) for offset in range(event.first_offset, event.last_offset + 1)]
        return offsets

    def delivered(self, node: str | None = None) -> list[tuple[TopicPartition, int]]:
        return [
            ((event.topic, event.partition), offset)
            for event in self.told(RecordsDelivered, node)
            for offset in range(event.first_offset, event.last_offset + 1)
        ]
