"""The answers to JoinGroup and SyncGroup, which often go out long after they were asked for."""

from datetime import timedelta

from kio.schema.join_group.v9.response import JoinGroupResponse, JoinGroupResponseMember
from kio.schema.sync_group.v5.response import SyncGroupResponse
from kio.static.primitive import i32, i32Timedelta

from kafkalab.engine.coordinators.classic_group import ClassicGroup, Member
from kafkalab.engine.node import Request
from kafkalab.wire.errors import ErrorCode

NO_THROTTLE = i32Timedelta.parse(timedelta(0))


def milliseconds(duration: timedelta) -> int:
    return round(duration.total_seconds() * 1000)


def joined(group: ClassicGroup, member: Member, *, skip_assignment: bool = False) -> JoinGroupResponse:
    """The generation as it is. Only the leader is told who the members are and what they want."""
    members: tuple[JoinGroupResponseMember, ...] = ()
    if group.leader == member.member_id:
        members = tuple(
            JoinGroupResponseMember(
                member_id=each.member_id,
                group_instance_id=each.instance_id,
                metadata=each.metadata(group.protocol),
            )
            for each in group.members.values()
        )
    return JoinGroupResponse(
        throttle_time=NO_THROTTLE,
        error_code=ErrorCode.none,
        generation_id=i32(group.generation),
        protocol_type=group.protocol_type,
        protocol_name=group.protocol,
        leader=group.leader or "",
        skip_assignment=skip_assignment,
        member_id=member.member_id,
        members=members,
    )


def join_refused(request: Request, error: ErrorCode, member_id: str) -> JoinGroupResponse:
    return JoinGroupResponse(
        throttle_time=NO_THROTTLE,
        error_code=error,
        generation_id=i32(-1),
        protocol_type=None,
        # Before version 7 the name could not be null (JoinGroupResponse's constructor).
        protocol_name=None if request.api_version >= 7 else "",
        leader="",
        skip_assignment=False,
        member_id=member_id,
        members=(),
    )


def synced(group: ClassicGroup, member: Member) -> SyncGroupResponse:
    return SyncGroupResponse(
        throttle_time=NO_THROTTLE,
        error_code=ErrorCode.none,
        protocol_type=group.protocol_type,
        protocol_name=group.protocol,
        assignment=member.assignment,
    )


def sync_refused(error: ErrorCode) -> SyncGroupResponse:
    return SyncGroupResponse(
        throttle_time=NO_THROTTLE, error_code=error, protocol_type=None, protocol_name=None, assignment=b""
    )
