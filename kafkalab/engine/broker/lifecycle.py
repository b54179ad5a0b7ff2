"""A broker's life: register, catch up with the metadata, be let in, and leave in good order.

    STARTING -> RECOVERY            the controller has given a broker epoch
    RECOVERY -> RUNNING             caught up, and unfenced by the controller
    RUNNING -> PENDING_CONTROLLED_SHUTDOWN   asked to stop: its leaderships move away first
    any -> SHUTTING_DOWN            the controller says go, or nothing was begun yet

(kafka.server.BrokerLifecycleManager, KIP-631.)
"""

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any
from uuid import UUID

from kio.schema.broker_heartbeat.v2.request import BrokerHeartbeatRequest
from kio.schema.broker_registration.v4.request import BrokerRegistrationRequest, Listener
from kio.schema.types import BrokerId
from kio.static.primitive import i16, i64, u16

from kafkalab.engine.node import Exit
from kafkalab.wire.api import ApiKey
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker

FIRST_BACKOFF_MS = 100
SOON_MS = 50
"""The second heartbeat of a controlled shutdown: often the leaderships have moved by then."""
SHUTDOWN_WITHOUT_CONTROLLER_MS = 300_000


class BrokerState(Enum):
    """org.apache.kafka.metadata.BrokerState."""

    NOT_RUNNING = "not_running"
    STARTING = "starting"
    RECOVERY = "recovery"
    RUNNING = "running"
    PENDING_CONTROLLED_SHUTDOWN = "pending_controlled_shutdown"
    SHUTTING_DOWN = "shutting_down"


@dataclass(frozen=True, slots=True)
class Shutdown:
    """A person asks for it, as SIGTERM does."""

    def fire(self, broker: "Broker") -> None:
        broker.lifecycle.begin_shutdown()


@dataclass(frozen=True, slots=True)
class ShutdownOverdue:
    def fire(self, broker: "Broker") -> None:
        broker.lifecycle.shut_down()


@dataclass(frozen=True, slots=True)
class RegistrationAsked:
    def answered(self, broker: "Broker", body: Any) -> None:
        broker.lifecycle.registered(body)

    def gave_up(self, broker: "Broker") -> None:
        broker.lifecycle.register()


@dataclass(frozen=True, slots=True)
class RegisterAgain:
    def fire(self, broker: "Broker") -> None:
        broker.lifecycle.register()


@dataclass(frozen=True, slots=True)
class HeartbeatAsked:
    def answered(self, broker: "Broker", body: Any) -> None:
        broker.lifecycle.heartbeat_answered(body)

    def gave_up(self, broker: "Broker") -> None:
        broker.lifecycle.heartbeat_failed()


@dataclass(frozen=True, slots=True)
class HeartbeatDue:
    number: int

    def fire(self, broker: "Broker") -> None:
        broker.lifecycle.heartbeat_due(self.number)


class Lifecycle:
    def __init__(self, broker: "Broker") -> None:
        self.broker = broker
        self.state = BrokerState.NOT_RUNNING
        self.epoch = -1
        self.fenced = True
        """As the controller said in its last answer."""
        self.incarnation_id = UUID(int=0)
        self.ready_to_unfence = False
        self._refusals = 0
        self._heartbeats = 0
        self._heartbeat_open = False
        self._heartbeat_wanted = False
        self._told_to_wait = False

    def start(self) -> None:
        self.state = BrokerState.STARTING
        self.incarnation_id = UUID(int=self.broker.random.getrandbits(128), version=4)
        self.register()

    # -- registration --------------------------------------------------------------------------

    def register(self) -> None:
        if self.state is not BrokerState.STARTING:
            return
        spec = self.broker.spec
        body = BrokerRegistrationRequest(
            broker_id=BrokerId(spec.id),
            cluster_id=self.broker.cluster_id,
            incarnation_id=self.incarnation_id,
            listeners=tuple(
                Listener(
                    name=each.name,
                    host=each.host,
                    port=u16(each.port),
                    security_protocol=i16(each.security_protocol),
                )
                for each in spec.endpoints
            ),
            features=(),
            rack=spec.rack,
            previous_broker_epoch=i64(self.broker.replicas.epoch_of_clean_shutdown),
        )
        self.broker.ask_controller(ApiKey.BROKER_REGISTRATION, body, RegistrationAsked())

    def registered(self, body: Any) -> None:
        if self.state is not BrokerState.STARTING:
            return
        if body.error_code is not ErrorCode.none:
            # Most often DUPLICATE_BROKER_REGISTRATION: the session of an earlier life is still open.
            backoff_ms = min(FIRST_BACKOFF_MS << self._refusals, self.broker.config.broker_session_timeout_ms)
            self._refusals += 1
            self.broker.wake_in(backoff_ms * 1000, RegisterAgain())
            return
        self.epoch = body.broker_epoch
        self.state = BrokerState.RECOVERY
        # The first one always asks to be fenced: what this broker led it has not looked at yet.
        self._heartbeat_now()
        self.broker.metadata_follower.registered()

    def caught_up(self) -> None:
        """The metadata up to the own registration is replayed and acted upon."""
        self.ready_to_unfence = True
        self._heartbeat_now()

    # -- heartbeats ----------------------------------------------------------------------------

    def heartbeat_due(self, number: int) -> None:
        if number == self._heartbeats:
            self._heartbeat_now()

    def heartbeat_answered(self, body: Any) -> None:
        self._heartbeat_open = False
        if body.error_code is not ErrorCode.none:
            self.heartbeat_failed()
            return
        self.fenced = body.is_fenced
        if self.state is BrokerState.RECOVERY and not body.is_fenced:
            self.state = BrokerState.RUNNING
        if self.state is BrokerState.PENDING_CONTROLLED_SHUTDOWN:
            if body.should_shut_down:
                self.shut_down()
                return
            if not self._told_to_wait:
                self._told_to_wait = True
                self._heartbeat_in(SOON_MS)
                return
        self._heartbeat_in(0 if self._heartbeat_wanted else self.broker.config.broker_heartbeat_interval_ms)

    def heartbeat_failed(self) -> None:
        self._heartbeat_open = False
        self._heartbeat_in(FIRST_BACKOFF_MS)

    def _heartbeat_in(self, delay_ms: int) -> None:
        self._heartbeats += 1
        self.broker.wake_in(delay_ms * 1000, HeartbeatDue(self._heartbeats))

    def _heartbeat_now(self) -> None:
        if self._heartbeat_open or self.state is BrokerState.SHUTTING_DOWN:
            self._heartbeat_wanted = True
            return
        self._heartbeat_open = True
        self._heartbeat_wanted = False
        self._heartbeats += 1
        body = BrokerHeartbeatRequest(
            broker_id=BrokerId(self.broker.broker_id),
            broker_epoch=i64(self.epoch),
            current_metadata_offset=i64(self.broker.metadata.offset),
            want_fence=not self.ready_to_unfence,
            want_shut_down=self.state is BrokerState.PENDING_CONTROLLED_SHUTDOWN,
        )
        self.broker.ask_controller(ApiKey.BROKER_HEARTBEAT, body, HeartbeatAsked())

    # -- the end -------------------------------------------------------------------------------

    def begin_shutdown(self) -> None:
        if self.state is BrokerState.RUNNING and self.broker.config.controlled_shutdown_enable:
            self.state = BrokerState.PENDING_CONTROLLED_SHUTDOWN
            self._heartbeat_now()
            self.broker.wake_in(SHUTDOWN_WITHOUT_CONTROLLER_MS * 1000, ShutdownOverdue())
        elif self.state is not BrokerState.PENDING_CONTROLLED_SHUTDOWN:
            self.shut_down()

    def shut_down(self) -> None:
        self.state = BrokerState.SHUTTING_DOWN
        self.broker.replicas.close()
        self.broker.metadata_follower.close()
        self.broker.outbox.append(Exit())
