"""FindCoordinator (10): which broker looks after a group, or after a transactional id.

It is the leader of the partition of `__consumer_offsets`, or of `__transaction_state`, that the name
hashes to. The first one to ask for a coordinator has that topic created, and is told to ask again.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from kio.schema.find_coordinator.v6.response import Coordinator, FindCoordinatorResponse
from kio.schema.types import BrokerId
from kio.static.primitive import i32

from kafkalab.engine.coordinator_place import TRANSACTIONS_TOPIC, coordinator_of
from kafkalab.engine.coordinators.answers import NO_THROTTLE
from kafkalab.engine.coordinators.records import OFFSETS_TOPIC
from kafkalab.engine.node import Request
from kafkalab.engine.refused import MALFORMED, Refused
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker

GROUP, TRANSACTION, SHARE = TYPES = (0, 1, 2)
"""FindCoordinatorRequest.CoordinatorType."""
SHARE_SINCE = 6
SEVERAL_SINCE = 4
OLD_WORDS = {ErrorCode.none: "NONE", ErrorCode.coordinator_not_available: "The coordinator is not available."}
"""What the one answer says before there could be several; since then nothing is said."""


def handle(broker: "Broker", request: Request) -> FindCoordinatorResponse:
    if request.body.key_type not in TYPES or (request.body.key_type == SHARE and request.api_version < SHARE_SINCE):
        raise Refused(ErrorCode.invalid_request, MALFORMED)
    if request.body.key_type == SHARE:
        # Not COORDINATOR_NOT_AVAILABLE: a client would try again for ever.
        raise Refused(ErrorCode.invalid_request, "This broker coordinates no share groups.")
    topic = OFFSETS_TOPIC if request.body.key_type == GROUP else TRANSACTIONS_TOPIC
    found = tuple(_find(broker, key, topic, request.listener) for key in request.body.coordinator_keys)
    if request.api_version < SEVERAL_SINCE:
        found = tuple(replace(each, error_message=OLD_WORDS[each.error_code]) for each in found)
    return FindCoordinatorResponse(throttle_time=NO_THROTTLE, coordinators=found)


def refuse(request: Request, refused: Refused) -> FindCoordinatorResponse:
    return FindCoordinatorResponse(
        throttle_time=NO_THROTTLE,
        coordinators=tuple(_nobody(key, refused.error_code, refused.message) for key in request.body.coordinator_keys),
    )


def _find(broker: "Broker", name: str, topic: str, listener: str) -> Coordinator:
    if topic not in broker.metadata.topics:
        broker.topic_creation.create(topic)
    leader = coordinator_of(name, topic, broker.metadata)
    if leader is None:
        return _nobody(name, ErrorCode.coordinator_not_available, "")
    host, port = leader.reached_by(listener)
    return Coordinator(
        key=name,
        node_id=BrokerId(leader.broker_id),
        host=host,
        port=i32(port),
        error_code=ErrorCode.none,
        error_message="",
    )


def _nobody(key: str, error: ErrorCode, message: str | None = None) -> Coordinator:
    return Coordinator(key=key, node_id=BrokerId(-1), host="", port=i32(-1), error_code=error, error_message=message)
