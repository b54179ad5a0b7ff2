"""OffsetForLeaderEpoch: where on the leader a leader epoch ended (KIP-101, KIP-320).

Consumers ask it after a change of leader, to learn whether what they read was cut away.
"""

from typing import TYPE_CHECKING

from kio.schema.offset_for_leader_epoch.v4.request import OffsetForLeaderPartition
from kio.schema.offset_for_leader_epoch.v4.response import (
    EpochEndOffset,
    OffsetForLeaderEpochResponse,
    OffsetForLeaderTopicResult,
)
from kio.static.primitive import i32, i64

from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.wire.dialect import NOT_THROTTLED
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker


def handle(broker: "Broker", request: Request) -> OffsetForLeaderEpochResponse:
    return OffsetForLeaderEpochResponse(
        throttle_time=NOT_THROTTLED,
        topics=tuple(
            OffsetForLeaderTopicResult(
                topic=topic.topic, partitions=tuple(_answer(broker, topic.topic, each) for each in topic.partitions)
            )
            for topic in request.body.topics
        ),
    )


def _answer(broker: "Broker", topic: str, wanted: OffsetForLeaderPartition) -> EpochEndOffset:
    try:
        partition = broker.partition(topic, wanted.partition)
        partition.check_epoch(wanted.current_leader_epoch)
        if not partition.is_leader:
            raise Refused(ErrorCode.not_leader_or_follower)
    except Refused as refused:
        return EpochEndOffset(error_code=refused.error_code, partition=wanted.partition)
    epoch, end_offset = partition.log.epochs.end_offset_for(wanted.leader_epoch, partition.log.end_offset)
    return EpochEndOffset(
        error_code=ErrorCode.none, partition=wanted.partition, leader_epoch=i32(epoch), end_offset=i64(end_offset)
    )


def refuse(request: Request, refused: Refused) -> OffsetForLeaderEpochResponse:
    return OffsetForLeaderEpochResponse(
        throttle_time=NOT_THROTTLED,
        topics=tuple(
            OffsetForLeaderTopicResult(
                topic=topic.topic,
                partitions=tuple(
                    EpochEndOffset(error_code=refused.error_code, partition=each.partition) for each in topic.partitions
                ),
            )
            for topic in request.body.topics
        ),
    )
