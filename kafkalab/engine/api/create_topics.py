"""CreateTopics (19): the controller decides; any broker passes the request on (KIP-590)."""

from datetime import timedelta
from typing import TYPE_CHECKING

from kio.schema.create_topics.v7.response import CreatableTopicResult, CreateTopicsResponse
from kio.static.primitive import i32Timedelta

from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker


def handle(broker: "Broker", request: Request) -> None:
    broker.forward(request)


def refuse(request: Request, refused: Refused) -> CreateTopicsResponse:
    return CreateTopicsResponse(
        throttle_time=i32Timedelta.parse(timedelta(0)),
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
