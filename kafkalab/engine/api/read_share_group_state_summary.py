"""ReadShareGroupStateSummary (87): how far a share group has come with a partition.

Sent by the group's coordinator to the share coordinator, for those who describe the group.
"""

from typing import TYPE_CHECKING
from uuid import UUID

from kio.schema.read_share_group_state_summary.v1.response import (
    PartitionResult,
    ReadShareGroupStateSummaryResponse,
    ReadStateSummaryResult,
)
from kio.static.primitive import i32, i64

from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.engine.share.coordinator import Gathering

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker


def handle(broker: "Broker", request: Request) -> ReadShareGroupStateSummaryResponse | None:
    return broker.share_coordinator.take(request, answer)  # type: ignore[no-any-return]


def answer(gathering: Gathering) -> ReadShareGroupStateSummaryResponse:
    return ReadShareGroupStateSummaryResponse(
        results=tuple(
            ReadStateSummaryResult(
                topic_id=topic.topic_id,
                partitions=tuple(_result(gathering, topic.topic_id, each.partition) for each in topic.partitions),
            )
            for topic in gathering.request.body.topics
        )
    )


def refuse(request: Request, refused: Refused) -> ReadShareGroupStateSummaryResponse:
    return ReadShareGroupStateSummaryResponse(results=())


def _result(gathering: Gathering, topic_id: UUID | None, partition: int) -> PartitionResult:
    result = gathering.result(topic_id, partition)
    state = result.state
    return PartitionResult(
        partition=i32(partition),
        error_code=result.error_code,
        error_message=result.error_message,
        state_epoch=i32(state.state_epoch),
        leader_epoch=i32(state.leader_epoch),
        start_offset=i64(state.start_offset),
        delivery_complete_count=i32(state.delivery_complete_count),
    )
