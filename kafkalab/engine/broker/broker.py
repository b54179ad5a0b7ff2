"""A broker: one process that holds replicas, answers clients, and does what the controller decides.

The broker itself only routes: requests go to the file of their API in `engine/api`, answers to
the part that asked, timers to whoever set them. What each part knows stays in that part:

- `router`      which request of a connection is being answered, and which ones wait behind it
- `authorizer`  who may do what; what a request needs is a table in `engine/security`
- `lifecycle`   registration, heartbeats, controlled shutdown
- `metadata_follower`  the replicated `__cluster_metadata` log and the image it yields
- `replicas`    the partitions on this broker: created, led, followed, deleted, checkpointed
- `fetchers`    copying from leaders
- `leader_quota`, `follower_quota`  how fast that may go
- `client_quotas`  how much clients may use
- `telemetry`   what clients tell of themselves
- `fetch_sessions`  what each reader reads, so that it need not say so again
- `purgatory`   requests that cannot be answered yet
- `groups`      the consumer groups that this broker coordinates
- `transactions`  the transactional ids that it coordinates
- `verifications`  what transaction coordinators are asked before a transaction begins in a partition here
- `share_groups`  the share groups among them
- `share_partitions`   what share groups hold of the partitions led here, and their sessions
- `share_coordinator`  what is remembered of share partitions; `persister` asks those who remember

A timer is any object with `fire(broker)`; it comes back through `Wake`.
"""

from dataclasses import dataclass
from types import ModuleType
from typing import Any
from uuid import UUID

from kafkalab.engine.api import ROUTES
from kafkalab.engine.broker import verification
from kafkalab.engine.broker.controller_channel import ControllerChannel, Forwarded
from kafkalab.engine.broker.coordinator_writes import CoordinatorProducer, CoordinatorWrite, append_as_coordinator
from kafkalab.engine.broker.fetch_sessions import FetchSessions
from kafkalab.engine.broker.fetchers import Fetchers
from kafkalab.engine.broker.isr import IsrProposals
from kafkalab.engine.broker.lifecycle import BrokerState, Lifecycle
from kafkalab.engine.broker.metadata_follower import MetadataFollower
from kafkalab.engine.broker.partition import Partition
from kafkalab.engine.broker.producer_ids import ProducerIds
from kafkalab.engine.broker.purgatory import Purgatory
from kafkalab.engine.broker.replicas import Replicas
from kafkalab.engine.broker.replication_quota import FOLLOWER, LEADER, ReplicationQuota
from kafkalab.engine.broker.router import Router
from kafkalab.engine.broker.silence import LOOK_EVERY_US, LookForSilence
from kafkalab.engine.broker.storage_limit import StorageLimit
from kafkalab.engine.broker.tampering import Tampering
from kafkalab.engine.broker.topic_creation import TopicCreation
from kafkalab.engine.broker.verification import Verifications
from kafkalab.engine.config import BrokerConfig
from kafkalab.engine.controller.metadata import MetadataImage
from kafkalab.engine.coordinators.coordinator import GroupCoordinator
from kafkalab.engine.coordinators.share_groups.service import ShareGroups
from kafkalab.engine.events import Event, LogDirFailed
from kafkalab.engine.faulty_disk import DiskFailure, FaultyDisk
from kafkalab.engine.node import Block, ConnectionLost, Halt, HangUp, Node, Request, Response, Started
from kafkalab.engine.quotas.client_quotas import ClientQuotas
from kafkalab.engine.refused import Refused
from kafkalab.engine.security.authorizer import Authorizer
from kafkalab.engine.share.coordinator import ShareCoordinator
from kafkalab.engine.share.latest_offsets import LatestOffsets
from kafkalab.engine.share.partitions import SharePartitions
from kafkalab.engine.share.persister import Persister
from kafkalab.engine.spec import ClusterSpec
from kafkalab.engine.telemetry.client_telemetry import ClientTelemetry
from kafkalab.engine.transactions.coordinator import TransactionCoordinator
from kafkalab.wire.errors import ErrorCode

PartitionKey = tuple[str, int]
"""A topic's name and a partition's number."""


@dataclass(frozen=True, slots=True)
class LookAtDisk:
    """Any access shows whether it still works."""

    def fire(self, broker: "Broker") -> None:
        broker.disk.exists("meta.properties")


class Broker(Node):
    def __init__(
        self, cluster: ClusterSpec, broker_id: int, config: BrokerConfig, disk: FaultyDisk, tampering: Tampering
    ) -> None:
        self.spec = cluster.broker(broker_id)
        super().__init__(self.spec.node)
        self.broker_id = broker_id
        self.cluster_id = cluster.cluster_id
        self.static_config = config
        self.config = config
        """With what has been set since the cluster runs."""
        self.disk = disk
        self.tampering = tampering
        self.storage_limit = StorageLimit(self, cluster.limits.stored_bytes // len(cluster.brokers))
        self._correlation_id = 0

        self.authorizer = Authorizer(config)
        self.router = Router(self)
        self.purgatory = Purgatory(self)
        self.fetch_sessions = FetchSessions(config.max_incremental_fetch_session_cache_slots)
        self.controller = ControllerChannel(self)
        self.metadata_follower = MetadataFollower(self, cluster)
        self.replicas = Replicas(self)
        self.leader_quota = ReplicationQuota(self, LEADER)
        self.follower_quota = ReplicationQuota(self, FOLLOWER)
        self.client_quotas = ClientQuotas(self)
        self.telemetry = ClientTelemetry(self)
        self.software: dict[str, tuple[str, str]] = {}
        """By source: name and version, as it introduced itself (KIP-511)."""
        self.isr_proposals = IsrProposals(self)
        self.fetchers = Fetchers(self)
        self.producer_ids = ProducerIds(self)
        self.topic_creation = TopicCreation(self)
        self.lifecycle = Lifecycle(self)
        self.groups = GroupCoordinator(self)
        self.transactions = TransactionCoordinator(self)
        self.verifications = Verifications(self)
        self.share_coordinator = ShareCoordinator(self)
        self.share_partitions = SharePartitions(self)
        self.persister = Persister(self)
        self.latest_offsets = LatestOffsets(self)
        self.share_groups = ShareGroups(self)

    # -- what it knows -----------------------------------------------------------------------

    @property
    def routes(self) -> dict[int, ModuleType]:
        """What it answers."""
        # Not kept in the node: a module cannot be copied, and a world can be forked.
        return ROUTES

    @property
    def metadata(self) -> MetadataImage:
        return self.metadata_follower.image

    @property
    def partitions(self) -> dict[PartitionKey, Partition]:
        """The replicas on this broker."""
        return self.replicas.partitions

    @property
    def epoch(self) -> int:
        """The broker epoch of this registration; -1 before the controller gave one."""
        return self.lifecycle.epoch

    @property
    def state(self) -> BrokerState:
        return self.lifecycle.state

    def reconfigure(self) -> None:
        """Take up the settings that the metadata has for this broker."""
        self.config = self.static_config.with_dynamic(self.metadata.broker_config(self.broker_id))
        self.leader_quota.bytes_per_second = self.config.leader_replication_throttled_rate
        self.follower_quota.bytes_per_second = self.config.follower_replication_throttled_rate

    def partition(self, topic: str, partition: int) -> Partition:
        """The replica here, leader or not (ReplicaManager.getPartitionOrError)."""
        found = self.replicas.partitions.get((topic, partition))
        if found is not None:
            return found
        if self.metadata.partition(topic, partition) is not None:
            raise Refused(ErrorCode.not_leader_or_follower)
        raise Refused(ErrorCode.unknown_topic_or_partition)

    def coordinator_for(self, topic: str) -> GroupCoordinator | TransactionCoordinator | ShareCoordinator | None:
        """Whose records lie in that topic."""
        match topic:
            case "__consumer_offsets":
                return self.groups
            case "__transaction_state":
                return self.transactions
            case "__share_group_state":
                return self.share_coordinator
        return None

    def topic_name(self, name: str, topic_id: UUID | None) -> str:
        """The name of a topic given by id, or by name if there is no id (KIP-516)."""
        if topic_id is None:
            return name
        known = self.metadata_follower.image.topic_names.get(topic_id)
        if known is None:
            raise Refused(ErrorCode.unknown_topic_id)
        return known

    # -- what its parts may do ---------------------------------------------------------------

    def next_correlation_id(self) -> int:
        self._correlation_id += 1
        return self._correlation_id

    def respond(self, request: Request, body: Any) -> None:
        """Answer a request, now or long after it came. Nothing goes out if its connection is gone.

        A body of None answers nothing and lets the next request of that connection in (acks=0).
        """
        self.router.answer(request, body)

    def forward(self, request: Request) -> None:
        """Let the controller answer instead (ForwardingManager)."""
        self.controller.forward(request, Forwarded(request))

    def ask_controller(self, api_key: int, body: Any, waiter: Any) -> None:
        """`waiter.answered(broker, body)` is called with the answer, `waiter.gave_up(broker)` when
        none came within 60 seconds."""
        self.controller.ask(api_key, body, waiter)

    def hang_up(self, source: str) -> None:
        """Close the connections with `source`, and forget what it waited for."""
        self.outbox.append(HangUp(source))
        self._forget(source)

    def give_up(self, peer: str) -> None:
        """It has not answered for too long: nothing on the connections with it counts any more."""
        self.hang_up(peer)
        self._lose(peer)

    def append_as_coordinator(
        self,
        topic: str,
        partition: int,
        records: list[tuple[bytes, bytes | None]],
        wait: CoordinatorWrite,
        producer: CoordinatorProducer | None = None,
        timeout_ms: int | None = None,
    ) -> int:
        """Write (key, value) records to a partition led here, and return the last offset.

        Once everything up to there is committed `wait.committed(broker)` is called, or
        `wait.failed(broker, error_code)` when it will not be; never before this call has returned.
        Refused if this broker does not lead the partition or too few replicas are in sync. With a
        `producer` they are part of its transaction.
        """
        return append_as_coordinator(self, topic, partition, records, wait, producer, timeout_ms)

    # -- the one entrance --------------------------------------------------------------------

    def handle(self, message: Any) -> None:
        try:
            # By class, those that come most often first: every message passes here.
            kind = message.__class__
            if kind is Request:
                self.router.take(message)
            elif kind is Response:
                self._take_answer(message)
            else:
                self._take_other(message)
            if self.purgatory.touched or self.router.ready or self.isr_proposals.unsent or self.fetchers.due:
                self._settle()
        except DiskFailure as failure:
            self._halt(str(failure))
            return
        delay_us = self.disk.take_delay_us()
        if delay_us:
            self.outbox.insert(0, Block(delay_us))

    def _take_other(self, message: Any) -> None:
        match message:
            case ConnectionLost(peer):
                self._lose(peer)
            case Started():
                self._start()
            case _:
                message.fire(self)

    def _halt(self, reason: str) -> None:
        """The only log directory is offline. What was not sent yet never will be."""
        self.disk.take_delay_us()
        self.outbox = [effect for effect in self.outbox if isinstance(effect, Event)]
        self.tell(LogDirFailed(self.broker_id, reason))
        self.outbox.append(Halt())

    def _settle(self) -> None:
        """Do what the message made possible: first answer those who waited, then let in the next."""
        while self.purgatory.touched or self.router.ready:
            self.purgatory.check_touched()
            self.router.handle_ready()
        if self.isr_proposals.unsent:
            self.isr_proposals.send()
        if self.fetchers.due:
            self.fetchers.send()

    def _take_answer(self, response: Response) -> None:
        match response.channel:
            case "fetcher":
                self.fetchers.answered(response)
            case "controller":
                self.controller.answered(response)
            case "metadata":
                self.metadata_follower.answered(response)
            case "markers":
                self.transactions.markers.answered(response)
            case verification.CHANNEL:
                self.verifications.answered(response)
            case "latest":
                self.latest_offsets.answered(response)
            case "persister":
                self.persister.answered(response)
            case channel:
                raise AssertionError(f"{self.name} has no channel {channel!r}")

    def _lose(self, peer: str) -> None:
        self._forget(peer)
        self.controller.lost(peer)
        self.metadata_follower.lost(peer)
        self.fetchers.lost(peer)
        self.transactions.markers.lost(peer)
        self.verifications.lost(peer)
        self.persister.lost(peer)
        self.latest_offsets.lost(peer)

    def _forget(self, source: str) -> None:
        self.router.forget(source)
        self.purgatory.forget(source)
        self.telemetry.forget(source)
        self.software.pop(source, None)
        self.share_partitions.forget(source)

    def _start(self) -> None:
        self.metadata_follower.start()
        self.replicas.start()
        self.lifecycle.start()
        self.wake_in(LOOK_EVERY_US, LookForSilence())
