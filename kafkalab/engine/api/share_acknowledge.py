"""ShareAcknowledge (79): a member says of the records it was given whether it is done with them.

Accepted, released for another try, rejected for good, or not finished yet: renewed. It goes with the
member's share session, and the answer comes when the share coordinator has written it down (KIP-932).
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from kio.schema.share_acknowledge.v2.response import (
    LeaderIdAndEpoch,
    NodeEndpoint,
    PartitionData,
    ShareAcknowledgeResponse,
    ShareAcknowledgeTopicResponse,
)
from kio.schema.types import BrokerId
from kio.static.primitive import i32, i32Timedelta

from kafkalab.engine.api.leader_hints import endpoints, hint_for
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.engine.share.acknowledging import Acknowledging, Outcome, Place
from kafkalab.engine.share.group_config import ShareGroupConfig
from kafkalab.engine.share.sessions import FINAL_EPOCH, FIRST_EPOCH, ShareSession
from kafkalab.wire.dialect import NOT_THROTTLED
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker

RENEW_SINCE = 2


@dataclass
class AnswerAcknowledge:
    request: Request
    session: ShareSession | None
    """To be closed when all is settled."""

    def acknowledged(self, broker: "Broker", outcomes: dict[Place, Outcome]) -> None:
        if self.session is not None:
            broker.share_partitions.release_session(self.session)
        broker.respond(self.request, answer(broker, self.request, outcomes))


def handle(broker: "Broker", request: Request) -> None:
    body = request.body
    sessions = broker.share_partitions.sessions
    if not body.group_id or not body.member_id:
        raise Refused(ErrorCode.invalid_request)
    closing = None
    if body.share_session_epoch == FIRST_EPOCH:
        raise Refused(ErrorCode.invalid_share_session_epoch)
    if body.share_session_epoch == FINAL_EPOCH:
        closing = sessions.of(body.group_id, body.member_id)
        sessions.close(body.group_id, body.member_id)
    else:
        sessions.resume(body.group_id, body.member_id, body.share_session_epoch)
    said = {
        (topic.topic_id, each.partition_index): each.acknowledgement_batches
        for topic in body.topics
        for each in topic.partitions
    }
    may_renew = request.api_version >= RENEW_SINCE and body.is_renew_ack
    then = AnswerAcknowledge(request, closing)
    Acknowledging(body.group_id, body.member_id, then).begin(broker, said, may_renew=may_renew)


def answer(broker: "Broker", request: Request, outcomes: dict[Place, Outcome]) -> ShareAcknowledgeResponse:
    topics: dict[object, list[PartitionData]] = {}
    hints = []
    for (topic_id, partition), outcome in outcomes.items():
        hint = hint_for(broker, outcome.error_code, broker.metadata.topic_names.get(topic_id, ""), partition)
        if hint.leader_id >= 0:
            hints.append(hint)
        topics.setdefault(topic_id, []).append(
            PartitionData(
                partition_index=i32(partition),
                error_code=outcome.error_code,
                error_message=outcome.message,
                current_leader=LeaderIdAndEpoch(
                    leader_id=i32(max(hint.leader_id, 0)), leader_epoch=i32(max(hint.leader_epoch, 0))
                ),
            )
        )
    lock_ms = ShareGroupConfig.of(broker, request.body.group_id).record_lock_duration_ms
    return ShareAcknowledgeResponse(
        throttle_time=NOT_THROTTLED,
        error_code=ErrorCode.none,
        acquisition_lock_timeout=i32Timedelta.parse(timedelta(milliseconds=lock_ms)),
        responses=tuple(
            ShareAcknowledgeTopicResponse(topic_id=topic_id, partitions=tuple(parts))  # type: ignore[arg-type]
            for topic_id, parts in topics.items()
        ),
        node_endpoints=tuple(
            NodeEndpoint(node_id=BrokerId(each.node_id), host=each.host, port=i32(each.port), rack=each.rack)
            for each in endpoints(broker, hints, request.listener)
        ),
    )


def refuse(request: Request, refused: Refused) -> ShareAcknowledgeResponse:
    return ShareAcknowledgeResponse(
        throttle_time=NOT_THROTTLED,
        error_code=refused.error_code,
        error_message=refused.message,
        acquisition_lock_timeout=i32Timedelta.parse(timedelta(0)),
        responses=(),
        node_endpoints=(),
    )
