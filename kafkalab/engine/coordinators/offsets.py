"""How far a group has read: committed, asked for, and forgotten after a while.

An offset counts once its record is replicated; until then OffsetFetch answers the one before. An
offset belongs to a topic by id: a topic that was deleted and made again starts from nothing
(org.apache.kafka.coordinator.group.OffsetMetadataManager).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from kafkalab.engine.controller.metadata import MetadataImage
from kafkalab.engine.coordinators.classic_group import ClassicGroup, GroupState
from kafkalab.engine.coordinators.consumer_protocol import PROTOCOL_TYPE, TopicPartition, by_topic
from kafkalab.engine.coordinators.deletion import tombstones
from kafkalab.engine.coordinators.groups import Group, Groups
from kafkalab.engine.coordinators.modern.committers import check_commit, check_fetch
from kafkalab.engine.coordinators.modern.group import ConsumerGroup, ConsumerGroupState
from kafkalab.engine.coordinators.records import (
    NO_TIMESTAMP,
    GroupCoordinatorRecord,
    OffsetAndMetadata,
    OffsetRecord,
)
from kafkalab.engine.coordinators.turn import Turn
from kafkalab.engine.events import OffsetCommitted
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.wire.dialect import (
    OffsetCommitPartition,
    OffsetCommitPartitionResult,
    OffsetCommitRequest,
    OffsetCommitResponse,
    OffsetCommitTopic,
    OffsetCommitTopicResult,
    OffsetFetchGroup,
    OffsetFetchGroupResult,
    OffsetFetchPartitionResult,
    OffsetFetchTopic,
    OffsetFetchTopicResult,
)
from kafkalab.wire.errors import ErrorCode

KNOWS_GROUP_ID_NOT_FOUND = 9
"""The first OffsetCommit version with that error (KIP-848)."""
BROKER_RETENTION = -1
NOTHING_PENDING: Mapping[TopicPartition, None] = {}


def commit(groups: Groups, request: Request, image: MetadataImage, turn: Turn) -> None:
    """Answered once the offsets are replicated; at once if there is none that can be stored.

    Raises Refused for all partitions that there are."""
    body: OffsetCommitRequest = request.body
    _check_committer(groups, body, request.api_version, image, turn)
    records: list[OffsetRecord] = []
    results: list[OffsetCommitTopicResult] = []
    expire_ms = NO_TIMESTAMP if body.retention_time_ms == BROKER_RETENTION else turn.now_ms + body.retention_time_ms
    for topic in body.topics:
        name, _ = _resolved(topic.name, topic.topic_id, image)
        partitions: list[OffsetCommitPartitionResult] = []
        for it in topic.partitions:
            it_error = not_there(topic, it.partition, image) or _metadata_error(it, turn)
            partitions.append(OffsetCommitPartitionResult(it.partition, it_error))
            if it_error == ErrorCode.none:
                stored = OffsetAndMetadata(
                    it.offset, it.leader_epoch, it.metadata or "", turn.now_ms, expire_ms, image.topics[name].topic_id
                )
                records.append(OffsetRecord(body.group_id, name, it.partition, stored))
        results.append(OffsetCommitTopicResult(name, topic.topic_id, tuple(partitions)))
    answer = OffsetCommitResponse(tuple(results))
    if records:
        turn.write(tuple(records), OffsetsStored(request, answer, tuple(records)))
    else:
        turn.answer(request, answer)


def commit_refused(body: OffsetCommitRequest, error: ErrorCode, image: MetadataImage | None) -> OffsetCommitResponse:
    """No to all; but what is not there by this image is not there first of all."""
    return OffsetCommitResponse(
        tuple(
            OffsetCommitTopicResult(
                topic.name,
                topic.topic_id,
                tuple(
                    OffsetCommitPartitionResult(
                        it.partition, (image and not_there(topic, it.partition, image)) or error
                    )
                    for it in topic.partitions
                ),
            )
            for topic in body.topics
        )
    )


def not_there(topic: OffsetCommitTopic, partition: int, image: MetadataImage) -> ErrorCode | None:
    """Why no offset can be stored for that partition, whoever asks; None if it is there."""
    name, error = _resolved(topic.name, topic.topic_id, image)
    if error is ErrorCode.none and image.partition(name, partition) is None:
        return ErrorCode.unknown_topic_or_partition
    return None if error is ErrorCode.none else error


def _check_committer(groups: Groups, body: OffsetCommitRequest, version: int, image: MetadataImage, turn: Turn) -> None:
    """ClassicGroup.validateOffsetCommit. A commit counts as a heartbeat."""
    generation = body.generation_id_or_member_epoch
    group = groups.get(body.group_id)
    if group is None:
        if generation < 0:
            return
        missing = version >= KNOWS_GROUP_ID_NOT_FOUND
        raise Refused(ErrorCode.group_id_not_found if missing else ErrorCode.illegal_generation)
    if isinstance(group, ConsumerGroup):
        check_commit(group, body, version, image)
        return
    if generation < 0 and group.state == GroupState.EMPTY:
        return
    if generation < 0 and not body.member_id and body.group_instance_id is None:
        # Someone outside the group must not move the offsets of a group at work.
        raise Refused(ErrorCode.unknown_member_id)
    member = group.member(body.member_id, body.group_instance_id)
    if generation != group.generation:
        raise Refused(ErrorCode.illegal_generation)
    if group.state == GroupState.COMPLETING_REBALANCE:
        raise Refused(ErrorCode.rebalance_in_progress)
    turn.heard_of(member)


def _metadata_error(it: OffsetCommitPartition, turn: Turn) -> ErrorCode:
    too_long = it.metadata is not None and len(it.metadata) > turn.config.offset_metadata_max_bytes
    return ErrorCode.offset_metadata_too_large if too_long else ErrorCode.none


def _resolved(name: str, topic_id: UUID | None, image: MetadataImage) -> tuple[str, ErrorCode]:
    if topic_id is None and not name:
        return name, ErrorCode.unknown_topic_id
    if topic_id is None:
        return name, ErrorCode.none if name in image.topics else ErrorCode.unknown_topic_or_partition
    known = image.topic_names.get(topic_id)
    return (name, ErrorCode.unknown_topic_id) if known is None else (known, ErrorCode.none)


@dataclass(frozen=True, slots=True)
class OffsetsStored:
    request: Request
    answer: OffsetCommitResponse
    records: tuple[OffsetRecord, ...]

    def committed(self, groups: Groups, turn: Turn) -> None:
        for record in self.records:
            if record.value is not None:
                turn.tell(OffsetCommitted(record.group, record.topic, record.partition, record.value.offset))
        turn.answer(self.request, self.answer)

    def failed(self, groups: Groups, turn: Turn, error: ErrorCode) -> None:
        """Partitions that had an error of their own keep it."""
        topics = tuple(
            replace(
                topic,
                partitions=tuple(
                    replace(it, error_code=error) if it.error_code == ErrorCode.none else it for it in topic.partitions
                ),
            )
            for topic in self.answer.topics
        )
        turn.answer(self.request, OffsetCommitResponse(topics))


# -- OffsetFetch -----------------------------------------------------------------------------------


def fetch(
    groups: Groups,
    asked: OffsetFetchGroup,
    image: MetadataImage,
    unstable: Mapping[TopicPartition, None] = NOTHING_PENDING,
) -> OffsetFetchGroupResult:
    """What is not committed has offset -1; a group that does not exist has committed nothing. Of the
    `unstable` ones nothing is told."""
    group = groups.get(asked.group_id)
    if isinstance(group, ConsumerGroup):
        check_fetch(group, asked)
    topics = asked.topics
    if topics is None:
        known = by_topic(list(group.offsets)) if group else {}
        topics = tuple(OffsetFetchTopic(name, None, tuple(numbers)) for name, numbers in known.items())
        topics = tuple(topic for topic in topics if topic.name in image.topics)
    return OffsetFetchGroupResult(
        asked.group_id, tuple(_fetch_topic(group, topic, image, unstable) for topic in topics)
    )


def fetch_refused(asked: OffsetFetchGroup, error: ErrorCode) -> OffsetFetchGroupResult:
    return OffsetFetchGroupResult(asked.group_id, (), error)


def _fetch_topic(
    group: Group | None, asked: OffsetFetchTopic, image: MetadataImage, unstable: Mapping[TopicPartition, None]
) -> OffsetFetchTopicResult:
    name = asked.name
    if asked.topic_id is not None:
        known = image.topic_names.get(asked.topic_id)
        if known is None:
            unknown = tuple(
                OffsetFetchPartitionResult(number, error_code=ErrorCode.unknown_topic_id) for number in asked.partitions
            )
            return OffsetFetchTopicResult(name, asked.topic_id, unknown)
        name = known
    topic = image.topics.get(name)
    topic_id = topic.topic_id if topic else None
    partitions: list[OffsetFetchPartitionResult] = []
    for number in asked.partitions:
        it = group.offsets.get((name, number)) if group else None
        if (name, number) in unstable:
            partitions.append(OffsetFetchPartitionResult(number, error_code=ErrorCode.unstable_offset_commit))
        elif it is None or (it.topic_id is not None and it.topic_id != topic_id):
            partitions.append(OffsetFetchPartitionResult(number))
        else:
            partitions.append(OffsetFetchPartitionResult(number, it.offset, it.leader_epoch, it.metadata))
    return OffsetFetchTopicResult(name, topic_id, tuple(partitions))


# -- forgetting ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OffsetsForgotten:
    """Nobody waits for it; what could not be written is tried again at the next check."""

    def committed(self, groups: Groups, turn: Turn) -> None:
        pass

    def failed(self, groups: Groups, turn: Turn, error: ErrorCode) -> None:
        pass


def expire_offsets(group: Group, image: MetadataImage, unstable: Mapping[TopicPartition, None], turn: Turn) -> None:
    """Tombstones for offsets past retention or of deleted topics, and for a group that is empty of everything.
    What a transaction has yet to decide about is left alone."""
    expired = [
        it
        for it, stored in group.offsets.items()
        if it[0] not in image.topics or (it not in unstable and _is_expired(group, it[0], stored, turn))
    ]
    records: list[GroupCoordinatorRecord] = [OffsetRecord(group.group_id, *it, None) for it in expired]
    if len(expired) == len(group.offsets) and not unstable and _is_empty(group):
        records += tombstones(group, image, turn)
    if records:
        turn.write(tuple(records), OffsetsForgotten())


def _is_empty(group: Group) -> bool:
    if isinstance(group, ConsumerGroup):
        return group.state == ConsumerGroupState.EMPTY
    return group.state == GroupState.EMPTY and not group.pending_joins


def forget_topics(group: Group, topics: tuple[str, ...], turn: Turn) -> None:
    """Tombstones for the offsets of topics that were deleted (GroupCoordinatorShard.onPartitionsDeleted)."""
    records = tuple(OffsetRecord(group.group_id, *it, None) for it in group.offsets if it[0] in topics)
    if records:
        turn.write(records, OffsetsForgotten())


def _is_expired(group: Group, topic: str, stored: OffsetAndMetadata, turn: Turn) -> bool:
    if group.subscribes(topic):
        return False
    since_ms = stored.commit_timestamp_ms
    if isinstance(group, ClassicGroup) and group.protocol_type is not None:
        if group.state == GroupState.EMPTY:
            since_ms = group.state_since_ms if group.state_since_ms != NO_TIMESTAMP else since_ms
        elif group.state != GroupState.STABLE or group.protocol_type != PROTOCOL_TYPE:
            return False
    if stored.expire_timestamp_ms != NO_TIMESTAMP:
        return turn.now_ms >= stored.expire_timestamp_ms
    return turn.now_ms - since_ms >= turn.config.offsets_retention_minutes * 60_000
