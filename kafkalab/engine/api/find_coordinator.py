"""FindCoordinator (10): which broker looks after a group, a transactional id, or a partition of a share group.

It is the leader of the partition of `__consumer_offsets`, of `__transaction_state`, or of
`__share_group_state`, that the name hashes to; of a share group that is group, topic id and partition in one
word. The first one to ask for a coordinator has that topic created, and is told to ask again.
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
from kafkalab.engine.share.records import STATE_TOPIC
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker

GROUP, TRANSACTION, SHARE = TYPES = (0, 1, 2)
"""FindCoordinatorRequest.CoordinatorType."""
TOPICS = {GROUP: OFFSETS_TOPIC, TRANSACTION: TRANSACTIONS_TOPIC, SHARE: STATE_TOPIC}
SHARE_SINCE = 6
SEVERAL_SINCE = 4
OLD_WORDS = {ErrorCode.none: "NONE", ErrorCode.coordinator_not_available: "The coordinator is not available."}
"""What the one answer says before there could be several; since then nothing is said."""


def handle(broker: "Broker", request: Request) -> FindCoordinatorResponse:
    if request.body.key_type not in TYPES or (request.body.key_type == SHARE and request.api_version < SHARE_SINCE):
        raise Refused(ErrorCode.invalid_request, MALFORMED)
    find = _find_share if request.body.key_type == SHARE else _find
    topic = TOPICS[request.body.key_type]
    found = tuple(find(broker, key, topic, request.listener) for key in request.body.coordinator_keys)
    if request.api_version < SEVERAL_SINCE:
        found = tuple(replace(each, error_message=OLD_WORDS[each.error_code]) for each in found)
    return FindCoordinatorResponse(throttle_time=NO_THROTTLE, coordinators=found)


def refuse(request: Request, refused: Refused) -> FindCoordinatorResponse:
    return FindCoordinatorResponse(
        throttle_time=NO_THROTTLE,
        coordinators=tuple(_nobody(key, refused.error_code, refused.message) for key in request.body.coordinator_keys),
    )


def _find_share(broker: "Broker", key: str, topic: str, listener: str) -> Coordinator:
    """The key is group:topicId:partition (org.apache.kafka.server.share.SharePartitionKey.validate)."""
    group, *rest = key.rsplit(":", 2)
    if not group or len(rest) != 2 or not all(rest):
        return _nobody(key, ErrorCode.invalid_request, "")
    return _find(broker, key, topic, listener)


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
