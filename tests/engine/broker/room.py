"""A whole cluster on memory disks, and one scripted client that says what a test tells it to say."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from kio.schema.create_topics.v7.request import (
    CreatableReplicaAssignment,
    CreatableTopic,
    CreatableTopicConfig,
    CreateTopicsRequest,
)
from kio.schema.delete_topics.v6.request import DeleteTopicsRequest, DeleteTopicState

from kafkalab.engine.broker.broker import Broker
from kafkalab.engine.broker.partition import Partition
from kafkalab.engine.cluster import Cluster
from kafkalab.engine.disk import Disk, MemoryDisk
from kafkalab.engine.events import Event
from kafkalab.engine.network import Link, Network
from kafkalab.engine.node import ANONYMOUS, ConnectionLost, Node, Request, Response, Started
from kafkalab.engine.spec import ClusterSpec, broker_node
from kafkalab.engine.world import World
from kafkalab.wire import batches
from kafkalab.wire.api import ApiKey, newest
from kafkalab.wire.dialect import (
    FetchPartition,
    FetchPartitionResult,
    FetchRequest,
    FetchTopic,
    ProducePartition,
    ProducePartitionResult,
    ProduceRequest,
    ProduceTopic,
)

EPOCH_US = 1_700_000_000_000_000
SECOND_US = 1_000_000


@dataclass(frozen=True)
class Say:
    target: str
    request: Request


class Client(Node):
    """Says what it is told to, and keeps what it hears."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.answers: dict[int, Any] = {}
        self.lost: list[str] = []

    def handle(self, message: Any) -> None:
        match message:
            case Say(target, request):
                self.send(target, request)
            case Response():
                self.answers[message.correlation_id] = message.body
            case ConnectionLost(peer):
                self.lost.append(peer)
            case Started():
                pass


class Room:
    def __init__(
        self,
        brokers: int = 3,
        configs: dict[str, str] | None = None,
        latency_us: int = 0,
        new_disk: Callable[[str], Disk] = lambda _node: MemoryDisk(),
        racks: tuple[str, ...] = (),
        spec: ClusterSpec | None = None,
    ) -> None:
        self.world = World(7, EPOCH_US, Network(Link(latency_us)))
        spec = spec or ClusterSpec.local(brokers, racks=racks, broker_configs=configs or {})
        self.cluster = Cluster(spec, self.world, new_disk)
        self.facts: list[Event] = []
        self.world.on_event.append(self._hear)
        self.client = Client("client")
        self.world.start(self.client)
        self.principal = ANONYMOUS
        """As whom the client asks."""
        self._correlation_id = 0
        self.cluster.start()
        self.run(1)

    def _hear(self, _now_us: int, _node: str, event: Event) -> None:
        self.facts.append(event)

    def take_facts(self, *kinds: type[Event]) -> list[Event]:
        """What has happened since they were taken last, of these kinds."""
        facts, self.facts = self.facts, []
        return [fact for fact in facts if isinstance(fact, kinds)]

    def run(self, seconds: float) -> None:
        self.world.run_until(self.world.now_us + int(seconds * SECOND_US))

    def broker(self, broker_id: int) -> Broker:
        return self.cluster.brokers[broker_id]

    def replica(self, broker_id: int, topic: str = "orders", partition: int = 0) -> Partition:
        return self.broker(broker_id).partitions[topic, partition]

    # -- saying --------------------------------------------------------------------------------

    def say(
        self, broker_id: int, api_key: int, body: Any, api_version: int | None = None, channel: str = "wire"
    ) -> int:
        """Send, and do not wait: the correlation id."""
        self._correlation_id += 1
        version = newest(api_key) if api_version is None else api_version
        request = Request(
            "client", channel, self._correlation_id, api_key, version, "test", body, principal=self.principal
        )
        self.world.tell_node("client", Say(broker_node(broker_id), request))
        self.world.run_until(self.world.now_us)
        return self._correlation_id

    def ask(self, broker_id: int, api_key: int, body: Any, api_version: int | None = None, within_s: float = 2) -> Any:
        number = self.say(broker_id, api_key, body, api_version)
        until_us = self.world.now_us + int(within_s * SECOND_US)
        while number not in self.client.answers and (self.world.next_due_us() or until_us) < until_us:
            self.world.step()
        return self.client.answers[number]

    def create(self, *assignments: tuple[int, ...], topic: str = "orders", **configs: str) -> None:
        """One partition for each tuple of replicas; the first of each leads."""
        body = create_topics(topic, *assignments, **configs)
        answer = self.ask(next(iter(self.cluster.brokers)), ApiKey.CREATE_TOPICS, body)
        assert answer.topics[0].error_code == 0, answer
        # Followers join the fetch that is under way with the next one.
        self.run(1)

    def delete(self, topic: str, by_broker: int = 1) -> None:
        body = DeleteTopicsRequest(topics=(DeleteTopicState(name=topic, topic_id=None),), timeout=timedelta(seconds=30))
        answer = self.ask(by_broker, ApiKey.DELETE_TOPICS, body)
        assert answer.responses[0].error_code == 0, answer

    def produce(
        self, broker_id: int, *values: str, acks: int = -1, partition: int = 0, timeout_ms: int = 5000, **batch: Any
    ) -> ProducePartitionResult:
        body = produce_request(
            *values, acks=acks, partition=partition, timeout_ms=timeout_ms, now_ms=self.now_ms, **batch
        )
        answer = self.ask(broker_id, ApiKey.PRODUCE, body, within_s=timeout_ms / 1000 + 1)
        result: ProducePartitionResult = answer.topics[0].partitions[0]
        return result

    def fetch(self, broker_id: int, offset: int, partition: int = 0, **more: Any) -> FetchPartitionResult:
        answer = self.ask(broker_id, ApiKey.FETCH, fetch_request(offset, partition, **more))
        result: FetchPartitionResult = answer.topics[0].partitions[0]
        return result

    def values(self, broker_id: int, partition: int = 0, topic: str = "orders") -> list[tuple[int, int, str]]:
        """(offset, leader epoch, value) of everything in a replica's log."""
        log = self.replica(broker_id, topic, partition).log
        data = log.read(log.start_offset, 1 << 30, log.end_offset, True)
        return values_in(data)

    @property
    def now_ms(self) -> int:
        return self.world.now_us // 1000


def create_topics(topic: str, *assignments: tuple[int, ...], **configs: str) -> CreateTopicsRequest:
    wanted = CreatableTopic(
        name=topic,
        num_partitions=-1,
        replication_factor=-1,
        assignments=tuple(
            CreatableReplicaAssignment(partition_index=number, broker_ids=replicas)
            for number, replicas in enumerate(assignments)
        ),
        configs=tuple(
            CreatableTopicConfig(name=name.replace("_", "."), value=value) for name, value in configs.items()
        ),
    )
    return CreateTopicsRequest(topics=(wanted,), timeout=timedelta(seconds=30))


def values_in(data: bytes) -> list[tuple[int, int, str]]:
    return [
        (record.offset, batch.partition_leader_epoch, (record.value or b"").decode())
        for batch in batches.headers(data)
        for record in batches.records(batch)
    ]


def batch_of(*values: str, now_ms: int, **batch: Any) -> bytes:
    records = [batches.Record(number, now_ms, None, value.encode()) for number, value in enumerate(values)]
    return batches.build(records, **batch)


def produce_request(
    *values: str,
    acks: int = -1,
    topic: str = "orders",
    partition: int = 0,
    timeout_ms: int = 5000,
    now_ms: int = EPOCH_US // 1000,
    **batch: Any,
) -> ProduceRequest:
    data = batch_of(*values, now_ms=now_ms, **batch)
    return ProduceRequest(acks, timeout_ms, (ProduceTopic(topic, None, (ProducePartition(partition, data),)),))


def fetch_request(
    offset: int,
    partition: int = 0,
    *,
    topic: str = "orders",
    max_wait_ms: int = 0,
    min_bytes: int = 1,
    max_bytes: int = 1 << 20,
    replica_id: int = -1,
    replica_epoch: int = -1,
    current_leader_epoch: int = -1,
    last_fetched_epoch: int = -1,
    partition_max_bytes: int = 1 << 20,
    rack_id: str = "",
) -> FetchRequest:
    wanted = FetchPartition(partition, offset, partition_max_bytes, current_leader_epoch, last_fetched_epoch)
    return FetchRequest(
        topics=(FetchTopic(topic, None, (wanted,)),),
        max_wait_ms=max_wait_ms,
        min_bytes=min_bytes,
        max_bytes=max_bytes,
        replica_id=replica_id,
        replica_epoch=replica_epoch,
        rack_id=rack_id,
    )
