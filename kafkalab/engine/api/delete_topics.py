"""DeleteTopics (20): the controller decides."""

from kio.schema.delete_topics.v6.response import DeletableTopicResult, DeleteTopicsResponse

from kafkalab.engine.api.forwarding import handle
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.wire.dialect import NOT_THROTTLED

__all__ = ["handle", "refuse"]


def refuse(request: Request, refused: Refused) -> DeleteTopicsResponse:
    return DeleteTopicsResponse(
        throttle_time=NOT_THROTTLED,
        responses=tuple(
            DeletableTopicResult(
                name=topic.name,
                topic_id=topic.topic_id,
                error_code=refused.error_code,
                error_message=refused.message,
            )
            for topic in request.body.topics
        ),
    )
