"""The answers to ShareGroupHeartbeat and to ShareGroupDescribe."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from kio.schema.share_group_describe.v1.response import Assignment as DescribedAssignment
from kio.schema.share_group_describe.v1.response import DescribedGroup, Member
from kio.schema.share_group_describe.v1.response import TopicPartitions as DescribedPartitions
from kio.schema.share_group_heartbeat.v1.response import Assignment, ShareGroupHeartbeatResponse, TopicPartitions
from kio.schema.types import GroupId, TopicName
from kio.static.primitive import i32, i32Timedelta

from kafkalab.engine.controller.metadata import MetadataImage
from kafkalab.engine.coordinators.answers import NO_THROTTLE
from kafkalab.engine.coordinators.groups import Groups
from kafkalab.engine.coordinators.modern.member import TopicIdPartition, by_topic_id
from kafkalab.engine.coordinators.share_groups.group import ASSIGNOR, ShareGroup, ShareMember
from kafkalab.engine.coordinators.turn import Turn
from kafkalab.engine.node import Request
from kafkalab.engine.share.words import said
from kafkalab.wire.errors import ErrorCode


@dataclass(frozen=True, slots=True)
class ShareHeartbeatStored:
    request: Request
    answer: Any

    def committed(self, groups: Groups, turn: Turn) -> None:
        turn.answer(self.request, self.answer)

    def failed(self, groups: Groups, turn: Turn, error: ErrorCode) -> None:
        turn.answer(self.request, heartbeat_refused(error))


def heartbeat_answer(
    member_id: str, epoch: int, interval_ms: int, assigned: Iterable[TopicIdPartition] | None
) -> ShareGroupHeartbeatResponse:
    """`assigned`: None when there is nothing new for the member."""
    assignment = None
    if assigned is not None:
        assignment = Assignment(
            topic_partitions=tuple(
                TopicPartitions(topic_id=topic_id, partitions=tuple(map(i32, numbers)))
                for topic_id, numbers in by_topic_id(assigned).items()
            )
        )
    return ShareGroupHeartbeatResponse(
        throttle_time=NO_THROTTLE,
        error_code=ErrorCode.none,
        member_id=member_id,
        member_epoch=i32(epoch),
        heartbeat_interval=i32Timedelta.parse(timedelta(milliseconds=interval_ms)),
        assignment=assignment,
    )


def heartbeat_refused(error: ErrorCode, message: str | None = None) -> ShareGroupHeartbeatResponse:
    return ShareGroupHeartbeatResponse(
        throttle_time=NO_THROTTLE,
        error_code=error,
        error_message=message,
        member_epoch=i32(0),
        heartbeat_interval=NO_THROTTLE,
    )


def describe_share_group(group: ShareGroup, image: MetadataImage) -> DescribedGroup:
    return DescribedGroup(
        error_code=ErrorCode.none,
        group_id=GroupId(group.group_id),
        group_state=group.state.value,
        group_epoch=i32(group.epoch),
        assignment_epoch=i32(group.assignment_epoch),
        assignor_name=ASSIGNOR,
        members=tuple(_member(member, image) for member in group.members.values()),
    )


def describe_share_group_refused(group_id: str, error: ErrorCode, message: str | None = None) -> DescribedGroup:
    return DescribedGroup(
        error_code=error,
        error_message=said(error, message),
        group_id=GroupId(group_id),
        group_state="",
        group_epoch=i32(0),
        assignment_epoch=i32(0),
        assignor_name="",
        members=(),
    )


def _member(member: ShareMember, image: MetadataImage) -> Member:
    return Member(
        member_id=member.member_id,
        rack_id=member.wants.rack_id,
        member_epoch=i32(member.has.epoch),
        client_id=member.wants.client_id,
        client_host=member.wants.client_host,
        subscribed_topic_names=tuple(map(TopicName, member.wants.topics)),
        assignment=DescribedAssignment(
            topic_partitions=tuple(
                DescribedPartitions(
                    topic_id=topic_id,
                    topic_name=TopicName(image.topic_names[topic_id]),
                    partitions=tuple(map(i32, numbers)),
                )
                for topic_id, numbers in by_topic_id(member.has.assigned).items()
                if topic_id in image.topic_names
            )
        ),
    )
