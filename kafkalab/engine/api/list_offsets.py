"""ListOffsets: where a partition begins and ends, and which record was the first at or after a time.

A consumer is told of nothing beyond the high watermark, or beyond the last stable offset if it reads
only what is committed; a follower of the whole log. A new leader
may know that its high watermark is behind: then it says OFFSET_NOT_AVAILABLE rather than let a
consumer begin too early (KIP-207; kafka.cluster.Partition.fetchOffsetForTimestamp).
"""

from collections import Counter
from typing import TYPE_CHECKING

from kio.schema.list_offsets.v11.request import ListOffsetsPartition, ListOffsetsRequest
from kio.schema.list_offsets.v11.response import (
    ListOffsetsPartitionResponse,
    ListOffsetsResponse,
    ListOffsetsTopicResponse,
)
from kio.static.primitive import i32, i64

from kafkalab.engine.broker.partition import Partition
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.wire.dialect import NOT_THROTTLED
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker

READ_COMMITTED = 1
LATEST, EARLIEST, MAX_TIMESTAMP, EARLIEST_LOCAL, LATEST_TIERED, EARLIEST_PENDING_UPLOAD = -1, -2, -3, -4, -5, -6
SPECIAL_SINCE = {MAX_TIMESTAMP: 7, EARLIEST_LOCAL: 8, LATEST_TIERED: 9, EARLIEST_PENDING_UPLOAD: 11}
"""The version that brought each of them; the others have always been there."""
OFFSET_NOT_AVAILABLE_SINCE = 5
NOWHERE = (-1, -1, -1)

Place = tuple[int, int, int]
"""Timestamp, offset, leader epoch."""


def handle(broker: "Broker", request: Request) -> ListOffsetsResponse:
    body: ListOffsetsRequest = request.body
    times = Counter((topic.name, each.partition_index) for topic in body.topics for each in topic.partitions)
    return ListOffsetsResponse(
        throttle_time=NOT_THROTTLED,
        topics=tuple(
            ListOffsetsTopicResponse(
                name=topic.name,
                partitions=tuple(
                    _answer(broker, request, topic.name, each, times[topic.name, each.partition_index] > 1)
                    for each in {each.partition_index: each for each in topic.partitions}.values()
                ),
            )
            for topic in body.topics
        ),
    )


def _answer(
    broker: "Broker", request: Request, topic: str, wanted: ListOffsetsPartition, repeated: bool
) -> ListOffsetsPartitionResponse:
    try:
        if repeated:
            raise Refused(ErrorCode.invalid_request)
        timestamp, offset, epoch = _find(broker.partition(topic, wanted.partition_index), request, wanted)
    except Refused as refused:
        return ListOffsetsPartitionResponse(partition_index=wanted.partition_index, error_code=refused.error_code)
    return ListOffsetsPartitionResponse(
        partition_index=wanted.partition_index,
        error_code=ErrorCode.none,
        timestamp=i64(timestamp),
        offset=i64(offset),
        leader_epoch=i32(epoch),
    )


def _find(partition: Partition, request: Request, wanted: ListOffsetsPartition) -> Place:
    partition.check_epoch(wanted.current_leader_epoch)
    if not partition.is_leader:
        raise Refused(ErrorCode.not_leader_or_follower)
    log = partition.log
    of_follower = request.body.replica_id >= 0
    bound = log.end_offset if of_follower else partition.high_watermark
    if not of_follower and request.body.isolation_level == READ_COMMITTED:
        bound = partition.last_stable_offset
    behind = not of_follower and partition.leader_epoch_start > partition.high_watermark
    timestamp = wanted.timestamp
    if request.api_version < SPECIAL_SINCE.get(timestamp, 0):
        raise Refused(ErrorCode.unsupported_version)
    if timestamp == LATEST:
        if behind:
            raise _not_yet(request)
        return -1, bound, partition.leader_epoch
    if timestamp in (EARLIEST, EARLIEST_LOCAL):
        return -1, log.start_offset, log.epochs.epoch_at(log.start_offset)
    if timestamp in (LATEST_TIERED, EARLIEST_PENDING_UPLOAD):
        # Nothing lies in remote storage.
        return NOWHERE
    if timestamp < 0 and timestamp != MAX_TIMESTAMP:
        raise Refused(ErrorCode.unsupported_version)
    found = log.max_timestamp_offset() if timestamp == MAX_TIMESTAMP else log.offset_for_timestamp(timestamp)
    if found is None:
        return NOWHERE
    if found.offset < bound:
        return found
    if behind:
        raise _not_yet(request)
    return NOWHERE


def _not_yet(request: Request) -> Refused:
    known = request.api_version >= OFFSET_NOT_AVAILABLE_SINCE
    return Refused(ErrorCode.offset_not_available if known else ErrorCode.leader_not_available)


def refuse(request: Request, refused: Refused) -> ListOffsetsResponse:
    return ListOffsetsResponse(
        throttle_time=NOT_THROTTLED,
        topics=tuple(
            ListOffsetsTopicResponse(
                name=topic.name,
                partitions=tuple(
                    ListOffsetsPartitionResponse(partition_index=each.partition_index, error_code=refused.error_code)
                    for each in topic.partitions
                ),
            )
            for topic in request.body.topics
        ),
    )
