"""CreatePartitions (37): the controller decides."""

from kio.schema.create_partitions.v3.response import CreatePartitionsResponse, CreatePartitionsTopicResult

from kafkalab.engine.api.forwarding import handle
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.wire.dialect import NOT_THROTTLED

__all__ = ["handle", "refuse"]


def refuse(request: Request, refused: Refused) -> CreatePartitionsResponse:
    return CreatePartitionsResponse(
        throttle_time=NOT_THROTTLED,
        results=tuple(
            CreatePartitionsTopicResult(name=topic.name, error_code=refused.error_code, error_message=refused.message)
            for topic in request.body.topics
        ),
    )
