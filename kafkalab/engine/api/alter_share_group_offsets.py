"""AlterShareGroupOffsets (91): let a share group that nobody is in begin elsewhere."""

from typing import TYPE_CHECKING

from kio.schema.alter_share_group_offsets.v0.response import (
    AlterShareGroupOffsetsResponse,
    AlterShareGroupOffsetsResponsePartition,
    AlterShareGroupOffsetsResponseTopic,
)
from kio.static.primitive import i32

from kafkalab.engine.coordinators.answers import NO_THROTTLE
from kafkalab.engine.coordinators.share_groups.offsets import Changing, alter
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.engine.share.words import said
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker


def handle(broker: "Broker", request: Request) -> None:
    alter(broker, request, _answer)


def _answer(broker: "Broker", changing: Changing) -> AlterShareGroupOffsetsResponse:
    return AlterShareGroupOffsetsResponse(
        throttle_time=NO_THROTTLE,
        error_code=ErrorCode.none,
        responses=tuple(
            AlterShareGroupOffsetsResponseTopic(
                topic_name=topic.topic_name,
                topic_id=image.topic_id if (image := broker.metadata.topics.get(topic.topic_name)) else None,
                partitions=tuple(
                    AlterShareGroupOffsetsResponsePartition(
                        partition_index=i32(each.partition_index),
                        error_code=(error := changing.results[topic.topic_name, each.partition_index]),
                        error_message=said(error),
                    )
                    for each in topic.partitions
                ),
            )
            for topic in changing.request.body.topics
        ),
    )


def refuse(request: Request, refused: Refused) -> AlterShareGroupOffsetsResponse:
    return AlterShareGroupOffsetsResponse(
        throttle_time=NO_THROTTLE,
        error_code=refused.error_code,
        error_message=said(refused.error_code, refused.message),
        responses=(),
    )
