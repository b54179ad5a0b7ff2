"""FindCoordinator (10): which broker looks after a group, or after what a share group did with a partition.

It is the leader of the partition of `__consumer_offsets` that the group's name hashes to, and of
`__share_group_state` for group, topic id and partition in one word. The first one to ask for a
coordinator has that topic created, and is told to ask again.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from kio.schema.find_coordinator.v6.response import Coordinator, FindCoordinatorResponse
from kio.schema.types import BrokerId
from kio.static.primitive import i32

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
SHARE_SINCE = 6
SEVERAL_SINCE = 4
OLD_WORDS = {ErrorCode.none: "NONE", ErrorCode.coordinator_not_available: "The coordinator is not available."}
"""What the one answer says before there could be several; since then nothing is said."""


def handle(broker: "Broker", request: Request) -> FindCoordinatorResponse:
    if request.body.key_type not in TYPES or (request.body.key_type == SHARE and request.api_version < SHARE_SINCE):
        raise Refused(ErrorCode.invalid_request, MALFORMED)
    if request.body.key_type == TRANSACTION:
        # Not COORDINATOR_NOT_AVAILABLE: a client would try again for ever.
        raise Refused(ErrorCode.invalid_request, "This broker coordinates groups only, no transactions.")
    keys = request.body.coordinator_keys
    find = _find if request.body.key_type == GROUP else _find_share
    found = tuple(find(broker, key) for key in keys)
    if request.api_version < SEVERAL_SINCE:
        found = tuple(replace(each, error_message=OLD_WORDS[each.error_code]) for each in found)
    return FindCoordinatorResponse(throttle_time=NO_THROTTLE, coordinators=found)


def refuse(request: Request, refused: Refused) -> FindCoordinatorResponse:
    return FindCoordinatorResponse(
        throttle_time=NO_THROTTLE,
        coordinators=tuple(_nobody(key, refused.error_code, refused.message) for key in request.body.coordinator_keys),
    )


def _find(broker: "Broker", group_id: str) -> Coordinator:
    return _leader_of(broker, group_id, OFFSETS_TOPIC, broker.groups.partition_for(group_id))


def _find_share(broker: "Broker", key: str) -> Coordinator:
    """The key is group:topicId:partition (org.apache.kafka.server.share.SharePartitionKey.validate)."""
    group, *rest = key.rsplit(":", 2)
    if not group or len(rest) != 2 or not all(rest):
        return _nobody(key, ErrorCode.invalid_request, "")
    return _leader_of(broker, key, STATE_TOPIC, broker.share_coordinator.partition_for(key))


def _leader_of(broker: "Broker", key: str, topic: str, number: int) -> Coordinator:
    if topic not in broker.metadata.topics:
        broker.topic_creation.create(topic)
        return _nobody(key, ErrorCode.coordinator_not_available, "")
    partition = broker.metadata.partition(topic, number)
    leader = broker.metadata.brokers.get(partition.leader) if partition else None
    if leader is None or leader.fenced:
        return _nobody(key, ErrorCode.coordinator_not_available, "")
    return Coordinator(
        key=key,
        node_id=BrokerId(leader.broker_id),
        host=leader.host,
        port=i32(leader.port),
        error_code=ErrorCode.none,
        error_message="",
    )


def _nobody(key: str, error: ErrorCode, message: str | None = None) -> Coordinator:
    return Coordinator(key=key, node_id=BrokerId(-1), host="", port=i32(-1), error_code=error, error_message=message)
