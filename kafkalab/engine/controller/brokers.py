"""Brokers come, live and go: registration, heartbeats, fencing, controlled shutdown.

    FENCED -> UNFENCED              once it has replayed its own registration
    UNFENCED -> CONTROLLED_SHUTDOWN it wants to stop, and leads something
    any -> SHUTDOWN_NOW             it leads nothing any more and every active broker knows that
    any -> FENCED                   it was silent for a session

The rules are those of ClusterControlManager.registerBroker,
BrokerHeartbeatManager.calculateNextBrokerState and ReplicationControlManager.processBrokerHeartbeat.
"""

from datetime import timedelta
from enum import Enum

from kio.schema.broker_heartbeat.v2.request import BrokerHeartbeatRequest
from kio.schema.broker_heartbeat.v2.response import BrokerHeartbeatResponse
from kio.schema.broker_registration.v4.request import BrokerRegistrationRequest
from kio.schema.broker_registration.v4.response import BrokerRegistrationResponse
from kio.schema.unregister_broker.v0.response import UnregisterBrokerResponse
from kio.static.primitive import i32Timedelta, i64

from kafkalab.engine.config import BrokerConfig
from kafkalab.engine.controller.decision import Decision
from kafkalab.engine.controller.elections import (
    broker_back,
    broker_gone,
    broker_lost_data,
    has_leaderships,
)
from kafkalab.engine.controller.metadata import (
    BrokerImage,
    BrokerRegistrationChangeRecord,
    MetadataImage,
    MetadataRecord,
    RegisterBrokerRecord,
    UnregisterBrokerRecord,
)
from kafkalab.engine.controller.sessions import Sessions
from kafkalab.engine.refused import Refused
from kafkalab.engine.spec import Endpoint
from kafkalab.wire.errors import ErrorCode

ZERO = i32Timedelta.parse(timedelta(0))


class BrokerState(Enum):
    """BrokerControlState."""

    FENCED = "fenced"
    UNFENCED = "unfenced"
    CONTROLLED_SHUTDOWN = "controlled shutdown"
    SHUTDOWN_NOW = "shutdown now"

    @property
    def fenced(self) -> bool:
        return self in (BrokerState.FENCED, BrokerState.SHUTDOWN_NOW)


def check_epoch(image: MetadataImage, broker_id: int, broker_epoch: int) -> BrokerImage:
    """The broker, if it speaks under its present registration. Refuses with STALE_BROKER_EPOCH."""
    broker = image.brokers.get(broker_id)
    if broker is None:
        raise Refused(ErrorCode.stale_broker_epoch, f"No broker registration found for broker id {broker_id}")
    if broker.epoch != broker_epoch:
        raise Refused(
            ErrorCode.stale_broker_epoch, f"Expected broker epoch {broker.epoch}, but got broker epoch {broker_epoch}"
        )
    return broker


# -- registration ----------------------------------------------------------------------------------


def register(
    image: MetadataImage, config: BrokerConfig, sessions: Sessions, body: BrokerRegistrationRequest, now_us: int
) -> Decision:
    """Give a broker its epoch. A new incarnation starts fenced, and out of every ISR.

    If it cannot name the epoch of its last life, that life ended badly, and no ELR holds it either.
    """
    if body.cluster_id != image.cluster_id:
        raise Refused(
            ErrorCode.inconsistent_cluster_id,
            f"Expected cluster ID {image.cluster_id}, but got cluster ID {body.cluster_id}",
        )
    if body.incarnation_id is None or not body.listeners:
        raise Refused(ErrorCode.invalid_registration, "A registration needs an incarnation id and a listener.")
    before = image.brokers.get(body.broker_id)
    if before and before.incarnation_id == body.incarnation_id:
        # The answer was lost: the broker is known already, under this epoch.
        return Decision(_registered(before.epoch))
    if before and sessions.valid(body.broker_id, now_us) and not before.in_controlled_shutdown:
        raise Refused(
            ErrorCode.duplicate_broker_registration,
            "Another broker is registered with that broker id. If the broker was recently restarted this should "
            "self-resolve once the heartbeat manager expires the broker's session.",
        )
    left = broker_gone if before and body.previous_broker_epoch == before.epoch else broker_lost_data
    changes = tuple(left(image, body.broker_id, config.topic_defaults))
    epoch = image.offset + 1 + len(changes)
    listener, *others = body.listeners
    more = tuple(Endpoint(each.name, each.host, each.port, each.security_protocol) for each in others)
    registration = RegisterBrokerRecord(
        body.broker_id, epoch, body.incarnation_id, listener.host, listener.port, body.rack, more_endpoints=more
    )
    sessions.end(body.broker_id)
    return Decision(_registered(epoch), (*changes, registration), f"broker {body.broker_id} was started again")


def unregister(image: MetadataImage, config: BrokerConfig, sessions: Sessions, broker_id: int) -> Decision:
    """Forget a broker for good: UnregisterBroker (64). Its replicas stay assigned, and out of sync."""
    broker = image.brokers.get(broker_id)
    if broker is None:
        raise Refused(ErrorCode.broker_id_not_registered, f"Broker ID {broker_id} is not currently registered")
    sessions.end(broker_id)
    # Who comes back under this id may be another machine with an empty disk.
    changes = tuple(broker_lost_data(image, broker_id, config.topic_defaults))
    answer = UnregisterBrokerResponse(throttle_time=ZERO, error_code=ErrorCode.none, error_message=None)
    record = UnregisterBrokerRecord(broker_id, broker.epoch)
    return Decision(answer, (*changes, record), f"broker {broker_id} was unregistered")


def unregistration_refused(refused: Refused) -> UnregisterBrokerResponse:
    return UnregisterBrokerResponse(throttle_time=ZERO, error_code=refused.error_code, error_message=refused.message)


def _registered(epoch: int) -> BrokerRegistrationResponse:
    return BrokerRegistrationResponse(throttle_time=ZERO, error_code=ErrorCode.none, broker_epoch=i64(epoch))


def registration_refused(refused: Refused) -> BrokerRegistrationResponse:
    return BrokerRegistrationResponse(throttle_time=ZERO, error_code=refused.error_code)


# -- heartbeats ------------------------------------------------------------------------------------


def heartbeat(
    image: MetadataImage, config: BrokerConfig, sessions: Sessions, body: BrokerHeartbeatRequest, now_us: int
) -> Decision:
    broker = check_epoch(image, body.broker_id, body.broker_epoch)
    before, after = _state(broker), _next_state(image, sessions, broker, body)
    records, reason = _transition(image, config, broker, before, after)
    if after.fenced:
        sessions.end(body.broker_id)
    else:
        session = sessions.touch(body.broker_id, now_us, body.current_metadata_offset)
        if after is BrokerState.CONTROLLED_SHUTDOWN and session.controlled_shutdown_offset < 0:
            session.controlled_shutdown_offset = image.offset + len(records)
    answer = BrokerHeartbeatResponse(
        throttle_time=ZERO,
        error_code=ErrorCode.none,
        is_caught_up=body.current_metadata_offset >= broker.epoch,
        is_fenced=after.fenced,
        should_shut_down=after is BrokerState.SHUTDOWN_NOW,
    )
    return Decision(answer, records, reason)


def heartbeat_refused(refused: Refused) -> BrokerHeartbeatResponse:
    return BrokerHeartbeatResponse(throttle_time=ZERO, error_code=refused.error_code, should_shut_down=False)


def _state(broker: BrokerImage) -> BrokerState:
    if broker.fenced:
        return BrokerState.FENCED
    return BrokerState.CONTROLLED_SHUTDOWN if broker.in_controlled_shutdown else BrokerState.UNFENCED


def _next_state(
    image: MetadataImage, sessions: Sessions, broker: BrokerImage, body: BrokerHeartbeatRequest
) -> BrokerState:
    match _state(broker):
        case BrokerState.FENCED:
            if body.want_shut_down:
                return BrokerState.SHUTDOWN_NOW
            # The epoch of a broker is the offset of its registration.
            if not body.want_fence and body.current_metadata_offset >= broker.epoch:
                return BrokerState.UNFENCED
            return BrokerState.FENCED
        case BrokerState.UNFENCED:
            if body.want_fence:
                return BrokerState.SHUTDOWN_NOW if body.want_shut_down else BrokerState.FENCED
            if not body.want_shut_down:
                return BrokerState.UNFENCED
            leads = has_leaderships(image, broker.broker_id)
            return BrokerState.CONTROLLED_SHUTDOWN if leads else BrokerState.SHUTDOWN_NOW
        case _:
            session = sessions.by_broker.get(broker.broker_id)
            # After a restart the controller has forgotten where the shutdown began: begin anew.
            known = session is not None and session.controlled_shutdown_offset >= 0
            if session is None or not known or has_leaderships(image, broker.broker_id):
                return BrokerState.CONTROLLED_SHUTDOWN
            if session.controlled_shutdown_offset > sessions.lowest_active_offset(image):
                return BrokerState.CONTROLLED_SHUTDOWN
            return BrokerState.SHUTDOWN_NOW


def _transition(
    image: MetadataImage, config: BrokerConfig, broker: BrokerImage, before: BrokerState, after: BrokerState
) -> tuple[tuple[MetadataRecord, ...], str]:
    """The records that take a broker from one state to the next, and why."""
    if before is after:
        return (), ""
    match after:
        case BrokerState.UNFENCED:
            unfence = BrokerRegistrationChangeRecord(broker.broker_id, broker.epoch, fenced=False)
            changes = broker_back(image, broker.broker_id, config.topic_defaults)
            return (unfence, *changes), f"broker {broker.broker_id} is back"
        case BrokerState.CONTROLLED_SHUTDOWN:
            leaving = BrokerRegistrationChangeRecord(broker.broker_id, broker.epoch, in_controlled_shutdown=True)
            changes = broker_gone(image, broker.broker_id, config.topic_defaults)
            return (leaving, *changes), f"broker {broker.broker_id} is about to shut down"
        case BrokerState.SHUTDOWN_NOW:
            return _fenced(image, config, broker), f"broker {broker.broker_id} shuts down"
        case BrokerState.FENCED:
            return _fenced(image, config, broker), f"broker {broker.broker_id} asked to be fenced"


def fence(image: MetadataImage, config: BrokerConfig, sessions: Sessions, broker_id: int) -> Decision:
    """A broker was silent for a session: others take over what it led."""
    silent_s = sessions.timeout_us / 1_000_000
    sessions.end(broker_id)
    records = _fenced(image, config, image.brokers[broker_id])
    return Decision(records=records, reason=f"broker {broker_id} was silent for {silent_s:g} s")


def _fenced(image: MetadataImage, config: BrokerConfig, broker: BrokerImage) -> tuple[MetadataRecord, ...]:
    changes = broker_gone(image, broker.broker_id, config.topic_defaults)
    if broker.fenced:
        return tuple(changes)
    return (*changes, BrokerRegistrationChangeRecord(broker.broker_id, broker.epoch, fenced=True))
