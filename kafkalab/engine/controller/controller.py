"""The controller: it alone decides what the cluster is, and writes it down before it is so.

Decide, write, replay: a request is turned into records, the records are appended to
`__cluster_metadata` in one batch, and only replaying them changes the image. What a controller
knows after a restart is therefore exactly what it knew before, save who was heard of when
(org.apache.kafka.controller.QuorumController). Brokers fetch the same log and replay it too.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from kafkalab.engine.config import BrokerConfig
from kafkalab.engine.controller import (
    altering_configs,
    brokers,
    elect_leaders,
    elections,
    isr,
    producer_ids,
    reassignments,
    topics,
)
from kafkalab.engine.controller.decision import Decision
from kafkalab.engine.controller.facts import facts
from kafkalab.engine.controller.metadata import (
    BROKER,
    ConfigRecord,
    FeatureLevelRecord,
    MetadataImage,
    MetadataRecord,
    RegisterBrokerRecord,
)
from kafkalab.engine.controller.metadata_log import MetadataLog
from kafkalab.engine.controller.sessions import Sessions
from kafkalab.engine.disk import Disk
from kafkalab.engine.node import ConnectionLost, Exit, Node, Request, Response, Started
from kafkalab.engine.refused import Refused
from kafkalab.engine.spec import ClusterSpec, controller_node
from kafkalab.wire.api import ApiKey
from kafkalab.wire.dialect import FetchResponse

FEATURES = {"metadata.version": 30, elections.ELR_FEATURE: 1}
"""Levels that a new cluster is formatted with: 4.3-IV0. What is not built yet is not finalized."""

_REFUSALS = {
    ApiKey.BROKER_REGISTRATION: brokers.registration_refused,
    ApiKey.BROKER_HEARTBEAT: brokers.heartbeat_refused,
    ApiKey.ALTER_PARTITION: isr.alter_partition_refused,
    ApiKey.ALLOCATE_PRODUCER_IDS: producer_ids.allocation_refused,
    ApiKey.ELECT_LEADERS: elect_leaders.election_refused,
    ApiKey.UNREGISTER_BROKER: brokers.unregistration_refused,
}
"""How the requests that are refused as a whole say so; the others refuse item by item."""


@dataclass(frozen=True, slots=True)
class Shutdown:
    """A person asks for it, as SIGTERM does."""


@dataclass(frozen=True, slots=True)
class CheckSessions:
    """A broker may have been silent for too long."""


@dataclass(frozen=True, slots=True)
class CheckFetches:
    """A broker's fetch may have waited long enough."""


@dataclass(frozen=True, slots=True)
class RestoreLeaders:
    """It is time to look for leaders that are not the preferred ones, and for partitions without any."""


class Controller(Node):
    def __init__(self, cluster: ClusterSpec, controller_id: int, config: BrokerConfig, disk: Disk) -> None:
        super().__init__(controller_node(controller_id))
        self.controller_id = controller_id
        self.static_config = config
        self.config = config
        """With what has been set for all brokers since."""
        self.disk = disk
        self.image = MetadataImage(cluster.cluster_id, controller_id)
        self.sessions = Sessions(config.broker_session_timeout_ms * 1000)
        self.metadata_log: MetadataLog
        """From `Started` on."""
        self._checking_sessions = False
        self._not_back: dict[int, None] = {}
        """Brokers that were known when this controller started, and have not started since."""
        self._may_spread = False
        """Every one of them has: soon leaderships can be where they belong."""

    @property
    def epoch(self) -> int:
        """The epoch in which it leads the metadata log; higher than any in which something was written."""
        return self.metadata_log.epoch

    def handle(self, message: Any) -> None:
        match message:
            case Request():
                self._take(message)
            case CheckSessions():
                self._check_sessions()
            case CheckFetches():
                self._answer(self.metadata_log.answer_overdue(self.now_us))
            case ConnectionLost(peer):
                self.metadata_log.forget(peer)
            case RestoreLeaders():
                self._restore_leaders()
            case Started():
                self._start()
            case Shutdown():
                self.metadata_log.close()
                self.outbox.append(Exit())
            case _:
                super().handle(message)

    # -- requests ------------------------------------------------------------------------------

    def _take(self, request: Request) -> None:
        if request.api_key == ApiKey.FETCH:
            response = self.metadata_log.fetch(request, self.now_us)
            if response is None:
                self.wake_in(request.body.max_wait_ms * 1000, CheckFetches())
            else:
                self._respond(request, response)
            return
        try:
            decision = self._decide(request)
        except Refused as refused:
            decision = Decision(_REFUSALS[ApiKey(request.api_key)](refused))
        self._carry_out(decision)
        self._respond(request, decision.body)
        self._spread_leaders()
        self._watch_sessions()

    def _decide(self, request: Request) -> Decision:
        image, config, body = self.image, self.config, request.body
        match request.api_key:
            case ApiKey.BROKER_HEARTBEAT:
                return brokers.heartbeat(image, config, self.sessions, body, self.now_us)
            case ApiKey.ALTER_PARTITION:
                return isr.alter_partition(image, config, body)
            case ApiKey.BROKER_REGISTRATION:
                return brokers.register(image, config, self.sessions, body, self.now_us)
            case ApiKey.ALLOCATE_PRODUCER_IDS:
                return producer_ids.allocate(image, body)
            case ApiKey.CREATE_TOPICS:
                return topics.create_topics(image, config, body, self.random, self.static_config)
            case ApiKey.DELETE_TOPICS:
                return topics.delete_topics(image, config, body)
            case ApiKey.CREATE_PARTITIONS:
                return topics.create_partitions(image, body, self.random)
            case ApiKey.ELECT_LEADERS:
                return elect_leaders.elect_leaders(image, config, body)
            case ApiKey.ALTER_PARTITION_REASSIGNMENTS:
                return reassignments.alter_reassignments(image, config, body)
            case ApiKey.LIST_PARTITION_REASSIGNMENTS:
                return reassignments.list_reassignments(image, body)
            case ApiKey.ALTER_CONFIGS:
                return altering_configs.replace_configs(image, config, body)
            case ApiKey.INCREMENTAL_ALTER_CONFIGS:
                return altering_configs.alter_configs(image, config, body)
            case ApiKey.UNREGISTER_BROKER:
                return brokers.unregister(image, config, self.sessions, body.broker_id)
            case api_key:
                raise AssertionError(f"no broker asks a controller for API {api_key}")

    def _respond(self, request: Request, body: Any) -> None:
        answer = Response(self.name, request.channel, request.correlation_id, request.api_key, body)
        self.send(request.source, answer)

    # -- decide, write, replay -----------------------------------------------------------------

    def _carry_out(self, decision: Decision) -> None:
        if not decision.records:
            return
        for fact in facts(self.image, decision.records, decision.reason):
            self.tell(fact)
        self._write(decision.records)

    def _write(self, records: tuple[MetadataRecord, ...]) -> None:
        first_offset = self.metadata_log.append(records, self.now_ms)
        for index, record in enumerate(records):
            self.image.replay(record, first_offset + index)
            if isinstance(record, RegisterBrokerRecord) and self._not_back.pop(record.broker_id, True) is None:
                self._may_spread = not self._not_back
        self._reconfigure()
        self._answer(self.metadata_log.answer_waiting())

    def _answer(self, answers: Iterable[tuple[Request, FetchResponse]]) -> None:
        for request, body in answers:
            self._respond(request, body)

    def _start(self) -> None:
        self.metadata_log = MetadataLog(self.disk, self.controller_id, self.now_ms)
        for offset, record in self.metadata_log.records():
            self.image.replay(record, offset)
        if not self.image.features:
            self._format()
        self._reconfigure()
        self._not_back = dict.fromkeys(self.image.brokers)
        for broker in self.image.brokers.values():
            if not broker.fenced:
                self.sessions.touch(broker.broker_id, self.now_us)
        self._watch_sessions()
        self._restore_leaders_later()

    def _format(self) -> None:
        """What a new cluster begins with (kafka-storage.sh format)."""
        levels = tuple(FeatureLevelRecord(name, level) for name, level in FEATURES.items())
        # With ELR the cluster's value is always written down: all brokers must go by the same one.
        min_isr = self.static_config.topic_defaults.get(elections.MIN_ISR, "1")
        self._write((*levels, ConfigRecord(BROKER, "", elections.MIN_ISR, min_isr)))

    def _reconfigure(self) -> None:
        self.config = self.static_config.with_dynamic(self.image.broker_config(None))

    # -- timers --------------------------------------------------------------------------------

    def _watch_sessions(self) -> None:
        """One wake for all brokers, at the earliest moment at which one can be overdue."""
        expiry_us = self.sessions.next_expiry_us()
        if expiry_us is not None and not self._checking_sessions:
            self._checking_sessions = True
            self.wake_in(expiry_us - self.now_us, CheckSessions())

    def _check_sessions(self) -> None:
        self._checking_sessions = False
        for broker_id in self.sessions.expired(self.now_us):
            self._carry_out(brokers.fence(self.image, self.config, self.sessions, broker_id))
        self._watch_sessions()

    def _restore_leaders(self) -> None:
        if self.config.auto_leader_rebalance_enable:
            self._prefer_leaders()
        unclean = tuple(elections.unclean_elections(self.image, self.config.topic_defaults))
        self._carry_out(Decision(records=unclean, reason="no replica in sync is left, and this one lives"))
        self._restore_leaders_later()

    def _prefer_leaders(self) -> None:
        changes = tuple(elections.preferred_elections(self.image, self.config.topic_defaults))
        self._carry_out(Decision(records=changes, reason="it is the preferred replica"))

    def _spread_leaders(self) -> None:
        """After a restart of everything whoever came first leads. Do not wait five minutes to mend that."""
        if not self._may_spread or not elections.all_in_sync(self.image):
            return
        self._may_spread = False
        if self.config.auto_leader_rebalance_enable:
            self._prefer_leaders()

    def _restore_leaders_later(self) -> None:
        self.wake_in(self.config.leader_imbalance_check_interval_seconds * 1_000_000, RestoreLeaders())
