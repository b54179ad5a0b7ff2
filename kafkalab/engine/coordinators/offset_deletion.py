"""OffsetDelete: a group forgets how far it has read of some partitions (KIP-496).

Not of topics that it is reading: those of a group whose members subscribe them are refused one by one
(org.apache.kafka.coordinator.group.OffsetMetadataManager.deleteOffsets).
"""

from dataclasses import dataclass

from kio.schema.offset_delete.v0.request import OffsetDeleteRequest
from kio.schema.offset_delete.v0.response import (
    OffsetDeleteResponse,
    OffsetDeleteResponsePartition,
    OffsetDeleteResponseTopic,
)

from kafkalab.engine.controller.metadata import MetadataImage
from kafkalab.engine.coordinators.answers import NO_THROTTLE
from kafkalab.engine.coordinators.classic_group import ClassicGroup, GroupState
from kafkalab.engine.coordinators.groups import Groups
from kafkalab.engine.coordinators.records import OffsetRecord
from kafkalab.engine.coordinators.shard import Shard
from kafkalab.engine.coordinators.turn import Turn
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.wire.errors import ErrorCode


def delete_offsets(shard: Shard, request: Request, image: MetadataImage, turn: Turn) -> None:
    """Answered when the tombstones are replicated."""
    body: OffsetDeleteRequest = request.body
    group = shard.groups.get(body.group_id)
    if group is None:
        raise Refused(ErrorCode.group_id_not_found)
    if isinstance(group, ClassicGroup) and group.state != GroupState.EMPTY and group.protocol_type != "consumer":
        # What its members do with their topics only they know.
        raise Refused(ErrorCode.non_empty_group)
    known = dict.fromkeys(shard.offset_keys(body.group_id))
    records: list[OffsetRecord] = []
    topics: list[OffsetDeleteResponseTopic] = []
    for topic in body.topics:
        partitions: list[OffsetDeleteResponsePartition] = []
        for it in topic.partitions:
            error = ErrorCode.none
            if image.partition(topic.name, it.partition_index) is None:
                error = ErrorCode.unknown_topic_or_partition
            elif group.subscribes(topic.name):
                error = ErrorCode.group_subscribed_to_topic
            elif (topic.name, it.partition_index) in known:
                records.append(OffsetRecord(body.group_id, topic.name, it.partition_index, None))
            partitions.append(OffsetDeleteResponsePartition(partition_index=it.partition_index, error_code=error))
        topics.append(OffsetDeleteResponseTopic(name=topic.name, partitions=tuple(partitions)))
    answer = OffsetDeleteResponse(error_code=ErrorCode.none, throttle_time=NO_THROTTLE, topics=tuple(topics))
    turn.write(tuple(records), OffsetsDeleted(request, answer))


def offsets_not_deleted(error: ErrorCode) -> OffsetDeleteResponse:
    return OffsetDeleteResponse(error_code=error, throttle_time=NO_THROTTLE, topics=())


@dataclass(frozen=True, slots=True)
class OffsetsDeleted:
    request: Request
    answer: OffsetDeleteResponse

    def committed(self, groups: Groups, turn: Turn) -> None:
        turn.answer(self.request, self.answer)

    def failed(self, groups: Groups, turn: Turn, error: ErrorCode) -> None:
        turn.answer(self.request, offsets_not_deleted(error))
