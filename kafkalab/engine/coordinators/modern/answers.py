"""The answers to ConsumerGroupHeartbeat, and to ConsumerGroupDescribe."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from kio.schema.consumer_group_describe.v1.response import Assignment as DescribedAssignment
from kio.schema.consumer_group_describe.v1.response import DescribedGroup, Member
from kio.schema.consumer_group_describe.v1.response import TopicPartitions as DescribedPartitions
from kio.schema.consumer_group_heartbeat.v1.response import (
    Assignment,
    ConsumerGroupHeartbeatResponse,
    TopicPartitions,
)
from kio.schema.types import GroupId, TopicName
from kio.static.primitive import i8, i32, i32Timedelta

from kafkalab.engine.controller.metadata import MetadataImage
from kafkalab.engine.coordinators.answers import NO_THROTTLE
from kafkalab.engine.coordinators.groups import Groups
from kafkalab.engine.coordinators.modern.assignors import SERVER_ASSIGNORS
from kafkalab.engine.coordinators.modern.group import ConsumerGroup
from kafkalab.engine.coordinators.modern.member import ConsumerMember, TopicIdPartition, by_topic_id
from kafkalab.engine.coordinators.turn import Turn
from kafkalab.engine.node import Request
from kafkalab.wire.errors import ErrorCode

CLASSIC_MEMBER, CONSUMER_MEMBER = i8(0), i8(1)


@dataclass(frozen=True, slots=True)
class HeartbeatStored:
    """What a heartbeat led to is replicated; one that led to nothing comes after what was written before it."""

    request: Request
    answer: Any

    def committed(self, groups: Groups, turn: Turn) -> None:
        turn.answer(self.request, self.answer)

    def failed(self, groups: Groups, turn: Turn, error: ErrorCode) -> None:
        turn.answer(self.request, heartbeat_refused(error))


@dataclass(frozen=True, slots=True)
class Stored:
    """Nobody waits for it."""

    def committed(self, groups: Groups, turn: Turn) -> None:
        pass

    def failed(self, groups: Groups, turn: Turn, error: ErrorCode) -> None:
        pass


def heartbeat_answer(
    member_id: str, epoch: int, interval_ms: int, assigned: Iterable[TopicIdPartition] | None
) -> ConsumerGroupHeartbeatResponse:
    """`assigned`: None when there is nothing new for the member."""
    assignment = None
    if assigned is not None:
        assignment = Assignment(
            topic_partitions=tuple(
                TopicPartitions(topic_id=topic_id, partitions=tuple(map(i32, numbers)))
                for topic_id, numbers in by_topic_id(assigned).items()
            )
        )
    return ConsumerGroupHeartbeatResponse(
        throttle_time=NO_THROTTLE,
        error_code=ErrorCode.none,
        member_id=member_id,
        member_epoch=i32(epoch),
        heartbeat_interval=i32Timedelta.parse(timedelta(milliseconds=interval_ms)),
        assignment=assignment,
    )


def heartbeat_refused(error: ErrorCode, message: str | None = None) -> ConsumerGroupHeartbeatResponse:
    return ConsumerGroupHeartbeatResponse(
        throttle_time=NO_THROTTLE,
        error_code=error,
        error_message=message,
        member_epoch=i32(0),
        heartbeat_interval=NO_THROTTLE,
    )


def describe_consumer_group(groups: Groups, group_id: str, image: MetadataImage) -> DescribedGroup:
    group = groups.get(group_id)
    if not isinstance(group, ConsumerGroup):
        why = f"Group {group_id} not found." if group is None else f"Group {group_id} is not a consumer group."
        return describe_consumer_group_refused(group_id, ErrorCode.group_id_not_found, why)
    return DescribedGroup(
        error_code=ErrorCode.none,
        group_id=GroupId(group_id),
        group_state=group.state.value,
        group_epoch=i32(group.epoch),
        assignment_epoch=i32(group.assignment_epoch),
        assignor_name=group.preferred_assignor(SERVER_ASSIGNORS[0]),
        members=tuple(_member(group, member, image) for member in group.members.values()),
    )


def describe_consumer_group_refused(group_id: str, error: ErrorCode, message: str | None = None) -> DescribedGroup:
    return DescribedGroup(
        error_code=error,
        error_message=message,
        group_id=GroupId(group_id),
        group_state="",
        group_epoch=i32(0),
        assignment_epoch=i32(0),
        assignor_name="",
        members=(),
    )


def _member(group: ConsumerGroup, member: ConsumerMember, image: MetadataImage) -> Member:
    wants = member.wants
    return Member(
        member_id=member.member_id,
        instance_id=wants.instance_id,
        rack_id=wants.rack_id,
        member_epoch=i32(member.has.epoch),
        client_id=wants.client_id,
        client_host=wants.client_host,
        subscribed_topic_names=tuple(map(TopicName, wants.topics)),
        subscribed_topic_regex=wants.regex,
        assignment=_assignment(member.has.assigned, image),
        target_assignment=_assignment(group.target.get(member.member_id, ()), image),
        member_type=CLASSIC_MEMBER if member.speaks_classic else CONSUMER_MEMBER,
    )


def _assignment(partitions: Iterable[TopicIdPartition], image: MetadataImage) -> DescribedAssignment:
    """Topics that were deleted are left out: they have no name to be told by."""
    return DescribedAssignment(
        topic_partitions=tuple(
            DescribedPartitions(
                topic_id=topic_id,
                topic_name=TopicName(image.topic_names[topic_id]),
                partitions=tuple(map(i32, numbers)),
            )
            for topic_id, numbers in by_topic_id(partitions).items()
            if topic_id in image.topic_names
        )
    )
