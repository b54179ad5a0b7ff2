"""ReadShareGroupState (84): what is remembered of a share partition.

Sent by a partition's new leader to the share coordinator, who from then on refuses older leaders.
"""

from typing import TYPE_CHECKING
from uuid import UUID

from kio.schema.read_share_group_state.v0.response import (
    PartitionResult,
    ReadShareGroupStateResponse,
    ReadStateResult,
    StateBatch,
)
from kio.static.primitive import i8, i16, i32, i64

from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.engine.share.coordinator import Gathering
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker


def handle(broker: "Broker", request: Request) -> ReadShareGroupStateResponse | None:
    return broker.share_coordinator.take(request, answer)  # type: ignore[no-any-return]


def answer(gathering: Gathering) -> ReadShareGroupStateResponse:
    return ReadShareGroupStateResponse(
        results=tuple(
            ReadStateResult(
                topic_id=topic.topic_id,
                partitions=tuple(_result(gathering, topic.topic_id, each.partition) for each in topic.partitions),
            )
            for topic in gathering.request.body.topics
        )
    )


def refuse(request: Request, refused: Refused) -> ReadShareGroupStateResponse:
    return ReadShareGroupStateResponse(results=())


def _result(gathering: Gathering, topic_id: UUID | None, partition: int) -> PartitionResult:
    result = gathering.result(topic_id, partition)
    if result.error_code is not ErrorCode.none:
        return PartitionResult(
            partition=i32(partition),
            error_code=result.error_code,
            error_message=result.error_message,
            state_epoch=i32(0),
            start_offset=i64(0),
            state_batches=(),
        )
    state = result.state
    return PartitionResult(
        partition=i32(partition),
        error_code=ErrorCode.none,
        error_message=None,
        state_epoch=i32(state.state_epoch),
        start_offset=i64(state.start_offset),
        state_batches=tuple(
            StateBatch(
                first_offset=i64(each.first_offset),
                last_offset=i64(each.last_offset),
                delivery_state=i8(each.state),
                delivery_count=i16(each.delivery_count),
            )
            for each in state.batches
        ),
    )
