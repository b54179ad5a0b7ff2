"""CreateTopics (19): the controller decides."""

from kio.schema.create_topics.v7.response import CreatableTopicResult, CreateTopicsResponse

from kafkalab.engine.api.forwarding import handle
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.wire.dialect import NOT_THROTTLED

__all__ = ["handle", "refuse"]


def refuse(request: Request, refused: Refused) -> CreateTopicsResponse:
    return CreateTopicsResponse(
        throttle_time=NOT_THROTTLED,
        topics=tuple(
            CreatableTopicResult(
                name=topic.name,
                topic_id=None,
                error_code=refused.error_code,
                error_message=refused.message,
                configs=(),
            )
            for topic in request.body.topics
        ),
    )
