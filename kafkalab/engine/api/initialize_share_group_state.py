"""InitializeShareGroupState (83): where a share group begins with a partition.

Sent by the group's coordinator to the share coordinator; answered once it is replicated.
"""

from typing import TYPE_CHECKING
from uuid import UUID

from kio.schema.initialize_share_group_state.v0.response import (
    InitializeShareGroupStateResponse,
    InitializeStateResult,
    PartitionResult,
)
from kio.static.primitive import i32

from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.engine.share.coordinator import Gathering

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker


def handle(broker: "Broker", request: Request) -> InitializeShareGroupStateResponse | None:
    return broker.share_coordinator.take(request, answer)  # type: ignore[no-any-return]


def answer(gathering: Gathering) -> InitializeShareGroupStateResponse:
    return InitializeShareGroupStateResponse(
        results=tuple(
            InitializeStateResult(
                topic_id=topic.topic_id,
                partitions=tuple(_result(gathering, topic.topic_id, each.partition) for each in topic.partitions),
            )
            for topic in gathering.request.body.topics
        )
    )


def refuse(request: Request, refused: Refused) -> InitializeShareGroupStateResponse:
    return InitializeShareGroupStateResponse(results=())


def _result(gathering: Gathering, topic_id: UUID | None, partition: int) -> PartitionResult:
    result = gathering.result(topic_id, partition)
    return PartitionResult(partition=i32(partition), error_code=result.error_code, error_message=result.error_message)
