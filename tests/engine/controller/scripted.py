"""A real node that says what a test tells it to, and keeps the answers."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from kio.schema.alter_partition.v3.request import AlterPartitionRequest, BrokerState, PartitionData, TopicData
from kio.schema.alter_partition_reassignments.v1.request import (
    AlterPartitionReassignmentsRequest,
    ReassignablePartition,
    ReassignableTopic,
)
from kio.schema.broker_heartbeat.v2.request import BrokerHeartbeatRequest
from kio.schema.broker_registration.v4.request import BrokerRegistrationRequest, Listener
from kio.schema.create_topics.v7.request import (
    CreatableReplicaAssignment,
    CreatableTopic,
    CreatableTopicConfig,
    CreateTopicsRequest,
)
from kio.schema.elect_leaders.v2.request import ElectLeadersRequest, TopicPartitions
from kio.schema.incremental_alter_configs.v1.request import (
    AlterableConfig,
    AlterConfigsResource,
    IncrementalAlterConfigsRequest,
)
from kio.schema.unregister_broker.v0.request import UnregisterBrokerRequest

from kafkalab.engine.config import BrokerConfig
from kafkalab.engine.controller.controller import FEATURES, Controller
from kafkalab.engine.controller.metadata import METADATA_TOPIC, METADATA_TOPIC_ID, PartitionImage
from kafkalab.engine.disk import MemoryDisk
from kafkalab.engine.events import Event, NodeCrashed, NodeStarted
from kafkalab.engine.node import ConnectionLost, Node, Request, Response, Started
from kafkalab.engine.spec import CONTROLLER_ID, ClusterSpec, broker_node, controller_node
from kafkalab.engine.world import World
from kafkalab.wire.api import ApiKey
from kafkalab.wire.dialect import FetchPartition, FetchRequest, FetchTopic

CONTROLLER = controller_node(CONTROLLER_ID)
SECOND_US = 1_000_000

BEGUN = 3 + len(FEATURES) + 1
"""Offset of the first record of a broker: after the quorum's own, the features and min.insync.replicas."""


@dataclass(frozen=True)
class Say:
    request: Request


class Peer(Node):
    """Speaks for one broker."""

    def __init__(self, broker_id: int) -> None:
        super().__init__(broker_node(broker_id))
        self.broker_id = broker_id
        self.answers: dict[int, Any] = {}
        self.lost: list[str] = []

    def handle(self, message: Any) -> None:
        match message:
            case Say(request):
                self.send(CONTROLLER, request)
            case Response():
                self.answers[message.correlation_id] = message.body
            case ConnectionLost(peer):
                self.lost.append(peer)
            case Started():
                pass


@dataclass
class Cluster:
    """A controller and as many scripted brokers as are asked for."""

    spec: ClusterSpec = field(default_factory=lambda: ClusterSpec.local(3))
    settings: dict[str, str] = field(default_factory=dict)
    world: World = field(default_factory=lambda: World(seed=7))
    disk: MemoryDisk = field(default_factory=MemoryDisk)
    epochs: dict[int, int] = field(default_factory=dict)
    facts: list[Event] = field(default_factory=list)
    correlation_id: int = 0

    def __post_init__(self) -> None:
        self.world.on_event.append(self._hear)
        self.start_controller()
        for broker in self.spec.brokers:
            self.world.start(Peer(broker.id))
        self.world.run_until(0)
        self.facts.clear()

    def _hear(self, _now_us: int, _node: str, event: Event) -> None:
        if not isinstance(event, NodeStarted | NodeCrashed):
            self.facts.append(event)

    @property
    def controller(self) -> Controller:
        node = self.world.nodes[CONTROLLER]
        assert isinstance(node, Controller)
        return node

    def start_controller(self) -> None:
        config = BrokerConfig.parse(self.settings)
        self.world.start(Controller(self.spec, CONTROLLER_ID, config, self.disk))
        self.world.run_until(self.world.now_us)

    def restart_controller(self) -> None:
        self.world.crash(CONTROLLER)
        self.start_controller()

    def peer(self, broker_id: int) -> Peer:
        node = self.world.nodes[broker_node(broker_id)]
        assert isinstance(node, Peer)
        return node

    def say(self, broker_id: int, api_key: int, body: Any, channel: str = "controller") -> int:
        """Send, and do not wait: returns the correlation id."""
        self.correlation_id += 1
        name = broker_node(broker_id)
        request = Request(name, channel, self.correlation_id, api_key, -1, name, body)
        self.world.tell_node(name, Say(request))
        self.world.run_until(self.world.now_us)
        return self.correlation_id

    def ask(self, broker_id: int, api_key: int, body: Any) -> Any:
        return self.peer(broker_id).answers[self.say(broker_id, api_key, body)]

    def take_facts(self) -> list[Event]:
        """What has happened since they were taken last."""
        facts, self.facts = self.facts, []
        return facts

    # -- what brokers say ------------------------------------------------------------------------

    def register(
        self, broker_id: int, *, incarnation: int = 1, cluster_id: str | None = None, previous_epoch: int = -1
    ) -> Any:
        """`previous_epoch` is that of a life that ended in good order."""
        spec = self.spec.broker(broker_id)
        body = BrokerRegistrationRequest(
            broker_id=broker_id,
            cluster_id=cluster_id or self.spec.cluster_id,
            incarnation_id=UUID(int=1000 * broker_id + incarnation),
            listeners=(Listener(name="PLAINTEXT", host=spec.host, port=spec.port, security_protocol=0),),
            features=(),
            rack=spec.rack,
            previous_broker_epoch=previous_epoch,
        )
        answer = self.ask(broker_id, ApiKey.BROKER_REGISTRATION, body)
        if answer.broker_epoch >= 0:
            self.epochs[broker_id] = answer.broker_epoch
        return answer

    def heartbeat(self, broker_id: int, *, offset: int | None = None, fence: bool = False, stop: bool = False) -> Any:
        """`offset` is how far the broker has replayed; as far as there is unless given."""
        body = BrokerHeartbeatRequest(
            broker_id=broker_id,
            broker_epoch=self.epochs.get(broker_id, -1),
            current_metadata_offset=self.controller.image.offset if offset is None else offset,
            want_fence=fence,
            want_shut_down=stop,
        )
        return self.ask(broker_id, ApiKey.BROKER_HEARTBEAT, body)

    def bring_up(self, *broker_ids: int) -> None:
        for broker_id in broker_ids:
            self.register(broker_id)
            self.heartbeat(broker_id)

    def pass_seconds(self, seconds: float, alive: tuple[int, ...] = ()) -> None:
        """Let time go by, in which these brokers send their heartbeats."""
        until_us = self.world.now_us + int(seconds * SECOND_US)
        while self.world.now_us + SECOND_US <= until_us:
            self.world.run_until(self.world.now_us + SECOND_US)
            for broker_id in alive:
                self.heartbeat(broker_id)
        self.world.run_until(until_us)

    def unregister(self, broker_id: int) -> Any:
        return self.ask(1, ApiKey.UNREGISTER_BROKER, UnregisterBrokerRequest(broker_id=broker_id))

    def elect(self, election_type: int, *partitions: tuple[str, int], everywhere: bool = False) -> list[Any]:
        """(topic, partition, error) of each that was answered for."""
        asked = tuple(TopicPartitions(topic=topic, partitions=(number,)) for topic, number in partitions)
        body = ElectLeadersRequest(election_type=election_type, topic_partitions=None if everywhere else asked)
        answer = self.ask(1, ApiKey.ELECT_LEADERS, body)
        if answer.error_code:
            return [answer.error_code]
        return [
            (topic.topic, each.partition_id, each.error_code)
            for topic in answer.replica_election_results
            for each in topic.partition_result
        ]

    def reassign(
        self, name: str, replicas: tuple[int, ...] | None, *, partition: int = 0, factor_may_change: bool = True
    ) -> tuple[Any, str | None]:
        moved = ReassignablePartition(partition_index=partition, replicas=replicas)
        body = AlterPartitionReassignmentsRequest(
            topics=(ReassignableTopic(name=name, partitions=(moved,)),),
            allow_replication_factor_change=factor_may_change,
        )
        result = self.ask(1, ApiKey.ALTER_PARTITION_REASSIGNMENTS, body).responses[0].partitions[0]
        return result.error_code, result.error_message

    def alter_config(
        self, name: str, value: str | None, *, topic: str = "", broker: str = "", operation: int | None = None
    ) -> tuple[Any, str | None]:
        """Of a topic, or of a broker: "" is all of them. The operation is to set, or to delete if there is no value."""
        chosen = (1 if value is None else 0) if operation is None else operation
        resource = AlterConfigsResource(
            resource_type=2 if topic else 4,
            resource_name=topic or broker,
            configs=(AlterableConfig(name=name, config_operation=chosen, value=value),),
        )
        body = IncrementalAlterConfigsRequest(resources=(resource,), validate_only=False)
        result = self.ask(1, ApiKey.INCREMENTAL_ALTER_CONFIGS, body).responses[0]
        return result.error_code, result.error_message

    def create(
        self,
        *topics: CreatableTopic,
        broker_id: int = 1,
        validate_only: bool = False,
        configs: dict[str, str] | None = None,
    ) -> Any:
        if configs:
            set_ = tuple(CreatableTopicConfig(name=key, value=value) for key, value in configs.items())
            topics = tuple(replace(each, configs=set_) for each in topics)
        body = CreateTopicsRequest(topics=topics, timeout=timedelta(seconds=30), validate_only=validate_only)
        return self.ask(broker_id, ApiKey.CREATE_TOPICS, body)

    def alter(
        self,
        topic: str | None,
        isr: tuple[int, ...],
        *,
        broker_id: int = 1,
        partition: int = 0,
        leader_epoch: int | None = None,
        partition_epoch: int | None = None,
        broker_epoch: int | None = None,
        recovery_state: int = 0,
        epochs: dict[int, int] | None = None,
    ) -> Any:
        """AlterPartition as the leader would send it, save for what is given."""
        known = self.controller.image.partition(topic or "", partition)
        data = PartitionData(
            partition_index=partition,
            leader_epoch=leader_epoch if leader_epoch is not None else known.leader_epoch if known else 0,
            new_isr_with_epochs=tuple(
                BrokerState(broker_id=member, broker_epoch={**self.epochs, **(epochs or {})}.get(member, -1))
                for member in isr
            ),
            leader_recovery_state=recovery_state,
            partition_epoch=partition_epoch if partition_epoch is not None else known.partition_epoch if known else 0,
        )
        topic_id = self.controller.image.topics[topic].topic_id if topic else UUID(int=404)
        body = AlterPartitionRequest(
            broker_id=broker_id,
            broker_epoch=self.epochs[broker_id] if broker_epoch is None else broker_epoch,
            topics=(TopicData(topic_id=topic_id, partitions=(data,)),),
        )
        return self.ask(broker_id, ApiKey.ALTER_PARTITION, body)

    def rejoin_isr(self, topic: str, partition: int, *, leader: int, isr: tuple[int, ...]) -> None:
        answer = self.alter(topic, isr, broker_id=leader, partition=partition)
        assert answer.topics[0].partitions[0].isr == isr, answer

    def fetch(self, broker_id: int, offset: int, *, max_wait_ms: int = 500, last_epoch: int = -1) -> int:
        partition = FetchPartition(0, offset, 1 << 20, last_fetched_epoch=last_epoch)
        body = FetchRequest(
            (FetchTopic(METADATA_TOPIC, METADATA_TOPIC_ID, (partition,)),), max_wait_ms, 1, replica_id=broker_id
        )
        return self.say(broker_id, ApiKey.FETCH, body, "metadata")

    def partition(self, topic: str, partition: int = 0) -> PartitionImage:
        image = self.controller.image.partition(topic, partition)
        assert image is not None
        return image


def topic(
    name: str, partitions: int = -1, replicas: int = -1, configs: dict[str, str | None] | None = None
) -> CreatableTopic:
    return CreatableTopic(
        name=name,
        num_partitions=partitions,
        replication_factor=replicas,
        assignments=(),
        configs=tuple(CreatableTopicConfig(name=key, value=value) for key, value in (configs or {}).items()),
    )


def assigned(name: str, *replicas: tuple[int, ...]) -> CreatableTopic:
    """A topic whose partition 0, 1, ... is on these brokers."""
    return CreatableTopic(
        name=name,
        num_partitions=-1,
        replication_factor=-1,
        assignments=tuple(
            CreatableReplicaAssignment(partition_index=index, broker_ids=ids) for index, ids in enumerate(replicas)
        ),
        configs=(),
    )
