"""DeleteShareGroupOffsets (92): a share group that nobody is in forgets how far it came with topics."""

from typing import TYPE_CHECKING

from kio.schema.delete_share_group_offsets.v0.response import (
    DeleteShareGroupOffsetsResponse,
    DeleteShareGroupOffsetsResponseTopic,
)

from kafkalab.engine.coordinators.answers import NO_THROTTLE
from kafkalab.engine.coordinators.share_groups.offsets import Changing, forget
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.engine.share.words import said
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker


def handle(broker: "Broker", request: Request) -> None:
    forget(broker, request, _answer)


def _answer(broker: "Broker", changing: Changing) -> DeleteShareGroupOffsetsResponse:
    topics = []
    for asked in changing.request.body.topics:
        image = broker.metadata.topics.get(asked.topic_name)
        errors = [error for (name, _), error in changing.results.items() if name == asked.topic_name]
        error = next((each for each in errors if each is not ErrorCode.none), ErrorCode.none)
        error = error if image else ErrorCode.unknown_topic_or_partition
        topics.append(
            DeleteShareGroupOffsetsResponseTopic(
                topic_name=asked.topic_name,
                topic_id=image.topic_id if image else None,
                error_code=error,
                error_message=said(error),
            )
        )
    return DeleteShareGroupOffsetsResponse(
        throttle_time=NO_THROTTLE, error_code=ErrorCode.none, responses=tuple(topics)
    )


def refuse(request: Request, refused: Refused) -> DeleteShareGroupOffsetsResponse:
    return DeleteShareGroupOffsetsResponse(
        throttle_time=NO_THROTTLE,
        error_code=refused.error_code,
        error_message=said(refused.error_code, refused.message),
        responses=(),
    )
