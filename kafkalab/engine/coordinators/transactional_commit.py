"""A group's offsets as part of a transaction: with its records they become visible, or not at all.

(org.apache.kafka.coordinator.group.GroupCoordinatorService.commitTransactionalOffsets,
OffsetMetadataManager.commitTransactionalOffset.)
"""

from dataclasses import dataclass, replace

from kio.schema.txn_offset_commit.v5.request import TxnOffsetCommitRequest, TxnOffsetCommitRequestPartition
from kio.schema.txn_offset_commit.v5.response import (
    TxnOffsetCommitResponse,
    TxnOffsetCommitResponsePartition,
    TxnOffsetCommitResponseTopic,
)

from kafkalab.engine.broker.coordinator_writes import CoordinatorProducer
from kafkalab.engine.controller.metadata import MetadataImage
from kafkalab.engine.coordinators.answers import NO_THROTTLE
from kafkalab.engine.coordinators.classic_group import GroupState
from kafkalab.engine.coordinators.groups import Groups
from kafkalab.engine.coordinators.modern.group import ConsumerGroup
from kafkalab.engine.coordinators.records import OffsetAndMetadata, OffsetRecord
from kafkalab.engine.coordinators.turn import Turn
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.wire.errors import ErrorCode


def commit_in_transaction(groups: Groups, request: Request, verified: int, image: MetadataImage, turn: Turn) -> None:
    """Answered once the offsets are replicated; at once if there is none that can be stored.

    Raises Refused for all partitions that there are."""
    body: TxnOffsetCommitRequest = request.body
    _check_committer(groups, body)
    records: list[OffsetRecord] = []
    results: list[TxnOffsetCommitResponseTopic] = []
    for topic in body.topics:
        partitions: list[TxnOffsetCommitResponsePartition] = []
        for it in topic.partitions:
            error = _error(topic.name, it, image, turn)
            partitions.append(TxnOffsetCommitResponsePartition(partition_index=it.partition_index, error_code=error))
            if error is ErrorCode.none:
                stored = OffsetAndMetadata(
                    it.committed_offset, it.committed_leader_epoch, it.committed_metadata or "", turn.now_ms
                )
                records.append(OffsetRecord(body.group_id, topic.name, it.partition_index, stored))
        results.append(TxnOffsetCommitResponseTopic(name=topic.name, partitions=tuple(partitions)))
    answer = TxnOffsetCommitResponse(throttle_time=NO_THROTTLE, topics=tuple(results))
    if records:
        producer = CoordinatorProducer(body.producer_id, body.producer_epoch, verified)
        turn.write(tuple(records), PendingStored(request, answer), producer)
    else:
        turn.answer(request, answer)


def transactional_commit_refused(
    body: TxnOffsetCommitRequest, error: ErrorCode, image: MetadataImage | None
) -> TxnOffsetCommitResponse:
    """No to all; but what is not there by this image is not there first of all."""
    return TxnOffsetCommitResponse(
        throttle_time=NO_THROTTLE,
        topics=tuple(
            TxnOffsetCommitResponseTopic(
                name=topic.name,
                partitions=tuple(
                    TxnOffsetCommitResponsePartition(
                        partition_index=it.partition_index,
                        error_code=(image and _not_there(topic.name, it.partition_index, image)) or error,
                    )
                    for it in topic.partitions
                ),
            )
            for topic in body.topics
        ),
    )


def nothing_is_there(body: TxnOffsetCommitRequest, image: MetadataImage) -> bool:
    return all(_not_there(topic.name, it.partition_index, image) for topic in body.topics for it in topic.partitions)


def _check_committer(groups: Groups, body: TxnOffsetCommitRequest) -> None:
    """ClassicGroup.validateOffsetCommit: who says that it is a member has to be one, of this generation.
    Old clients say nothing, and the state of the group does not matter."""
    group = groups.get(body.group_id)
    if group is None:
        if body.generation_id >= 0:
            raise Refused(ErrorCode.illegal_generation)
        return
    if isinstance(group, ConsumerGroup):
        if body.generation_id >= 0 or body.member_id:
            member = group.member(body.member_id)
            if body.generation_id != member.has.epoch:
                classic = member.speaks_classic
                raise Refused(ErrorCode.illegal_generation if classic else ErrorCode.stale_member_epoch)
        return
    if body.generation_id < 0 and group.state == GroupState.EMPTY:
        return
    if body.generation_id >= 0 or body.member_id or body.group_instance_id is not None:
        group.member(body.member_id, body.group_instance_id)
        if body.generation_id != group.generation:
            raise Refused(ErrorCode.illegal_generation)


def _error(topic: str, it: TxnOffsetCommitRequestPartition, image: MetadataImage, turn: Turn) -> ErrorCode:
    missing = _not_there(topic, it.partition_index, image)
    if missing is not None:
        return missing
    text = it.committed_metadata or ""
    return ErrorCode.offset_metadata_too_large if len(text) > turn.config.offset_metadata_max_bytes else ErrorCode.none


def _not_there(topic: str, partition: int, image: MetadataImage) -> ErrorCode | None:
    return None if image.partition(topic, partition) is not None else ErrorCode.unknown_topic_or_partition


@dataclass(frozen=True, slots=True)
class PendingStored:
    request: Request
    answer: TxnOffsetCommitResponse

    def committed(self, groups: Groups, turn: Turn) -> None:
        turn.answer(self.request, self.answer)

    def failed(self, groups: Groups, turn: Turn, error: ErrorCode) -> None:
        """Partitions that had an error of their own keep it."""
        topics = tuple(
            replace(
                topic,
                partitions=tuple(
                    replace(it, error_code=error) if it.error_code is ErrorCode.none else it for it in topic.partitions
                ),
            )
            for topic in self.answer.topics
        )
        turn.answer(self.request, replace(self.answer, topics=topics))
