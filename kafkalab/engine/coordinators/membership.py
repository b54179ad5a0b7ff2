"""SyncGroup, Heartbeat and LeaveGroup: what a member does once it is in.

(org.apache.kafka.coordinator.group.GroupMetadataManager: classicGroupSync, classicGroupHeartbeat,
classicGroupLeave.)
"""

from kio.schema.heartbeat.v4.request import HeartbeatRequest
from kio.schema.leave_group.v5.request import LeaveGroupRequest, MemberIdentity
from kio.schema.leave_group.v5.response import MemberResponse
from kio.schema.sync_group.v5.request import SyncGroupRequest

from kafkalab.engine.coordinators.answers import synced
from kafkalab.engine.coordinators.classic_group import ClassicGroup, GroupState
from kafkalab.engine.coordinators.groups import Groups, classic_group
from kafkalab.engine.coordinators.rebalance import (
    AssignmentStored,
    complete_join_if_all_are_here,
    rebalance_or_complete,
    remove_member,
)
from kafkalab.engine.coordinators.turn import Turn
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.wire.errors import ErrorCode

TELLS_PROTOCOL = 5
"""The first SyncGroup version in which a member must name its protocol (KIP-559)."""


def sync(groups: Groups, request: Request, turn: Turn) -> None:
    """Answers at once, or keeps the request with the member until the assignment is stored."""
    body: SyncGroupRequest = request.body
    if request.api_version >= TELLS_PROTOCOL and (body.protocol_type is None or body.protocol_name is None):
        raise Refused(ErrorCode.inconsistent_group_protocol)
    group = _group_with_members(groups, body.group_id)
    member = group.member(body.member_id, body.group_instance_id)
    if body.generation_id != group.generation:
        raise Refused(ErrorCode.illegal_generation)
    if body.protocol_type not in (None, group.protocol_type) or body.protocol_name not in (None, group.protocol):
        raise Refused(ErrorCode.inconsistent_group_protocol)
    if group.state == GroupState.PREPARING_REBALANCE:
        raise Refused(ErrorCode.rebalance_in_progress)
    group.pending_syncs.pop(member.member_id, None)
    if not group.pending_syncs:
        group.sync_due_us = None
    if group.state == GroupState.STABLE:
        turn.answer(request, synced(group, member))
        return
    member.awaiting_sync = request
    if group.leader == member.member_id:
        given = {each.member_id: bytes(each.assignment) for each in body.assignments}
        assignments = {member_id: given.get(member_id, b"") for member_id in group.members}
        sequel = AssignmentStored(group.group_id, group.generation, assignments)
        turn.write((group.record(assignments),), sequel)


def heartbeat(groups: Groups, body: HeartbeatRequest, turn: Turn) -> ErrorCode:
    """REBALANCE_IN_PROGRESS while members have to join again: heard of, all the same."""
    group = _group_with_members(groups, body.group_id)
    member = group.member(body.member_id, body.group_instance_id)
    if body.generation_id != group.generation:
        raise Refused(ErrorCode.illegal_generation)
    turn.heard_of(member)
    return ErrorCode.rebalance_in_progress if group.state == GroupState.PREPARING_REBALANCE else ErrorCode.none


def leave(groups: Groups, body: LeaveGroupRequest, turn: Turn) -> tuple[MemberResponse, ...]:
    """Each member with its own error. One without a member id is named by its instance id."""
    group = classic_group(groups, body.group_id)
    if group is None:
        return tuple(_left(member, ErrorCode.unknown_member_id) for member in body.members)
    answers = tuple(_left(member, _leave(group, member, turn)) for member in body.members)
    if any(answer.error_code == ErrorCode.none for answer in answers):
        match group.state:
            case GroupState.STABLE | GroupState.COMPLETING_REBALANCE:
                rebalance_or_complete(group, turn, "a member left")
            case GroupState.PREPARING_REBALANCE:
                complete_join_if_all_are_here(group, turn)
    return answers


def _leave(group: ClassicGroup, leaver: MemberIdentity, turn: Turn) -> ErrorCode:
    member_id = leaver.member_id or group.static_members.get(leaver.group_instance_id or "", "")
    if member_id in group.pending_joins:
        group.remove(member_id)
        return ErrorCode.none
    try:
        member = group.member(member_id, leaver.group_instance_id)
    except Refused as refused:
        return refused.error_code
    remove_member(group, member, turn, leaver.reason or "it said goodbye")
    return ErrorCode.none


def _left(leaver: MemberIdentity, error: ErrorCode) -> MemberResponse:
    return MemberResponse(member_id=leaver.member_id, group_instance_id=leaver.group_instance_id, error_code=error)


def _group_with_members(groups: Groups, group_id: str) -> ClassicGroup:
    group = classic_group(groups, group_id)
    if group is None or group.state == GroupState.EMPTY:
        raise Refused(ErrorCode.unknown_member_id)
    return group
