"""JoinGroup: who may come in, under which id, and whether that upsets the group.

A dynamic member first gets an id and has to come back with it, so that one whose answer got lost
leaves no ghost behind (KIP-394). A static member that comes back under its instance id takes its
old place, at best without any rebalance (KIP-345, KIP-814)
(org.apache.kafka.coordinator.group.GroupMetadataManager.classicGroupJoin).
"""

from dataclasses import dataclass
from datetime import timedelta

from kio.schema.join_group.v9.request import JoinGroupRequest

from kafkalab.engine.coordinators.answers import join_refused, joined, sync_refused
from kafkalab.engine.coordinators.classic_group import ClassicGroup, GroupState, Member, Protocols
from kafkalab.engine.coordinators.groups import Groups, classic_group
from kafkalab.engine.coordinators.rebalance import (
    GroupStored,
    answer_join,
    complete_join_if_all_are_here,
    prepare_rebalance,
    rebalance_or_complete,
    refuse_join,
)
from kafkalab.engine.coordinators.records import GroupMetadata, GroupRecord
from kafkalab.engine.coordinators.turn import Turn
from kafkalab.engine.events import MemberJoined, MemberLeft
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.wire.errors import ErrorCode

NEW_MEMBER_JOIN_TIMEOUT_MS = 5 * 60 * 1000
"""How long a member in its first join may wait (ClassicGroup's newMemberJoinTimeoutMs)."""
KNOWS_MEMBER_ID_REQUIRED = 4
KNOWS_SKIP_ASSIGNMENT = 9
"""The first JoinGroup versions with these."""


def join(groups: Groups, request: Request, turn: Turn) -> None:
    """Answers at once, or keeps the request with the member until the join phase ends."""
    body: JoinGroupRequest = request.body
    _check_session_timeout(_ms(body.session_timeout), turn)
    protocols = _protocols(body)
    known = classic_group(groups, body.group_id)
    if known is None and body.member_id:
        raise Refused(ErrorCode.unknown_member_id)
    group = known or ClassicGroup(body.group_id, state_since_ms=turn.now_ms)
    if not _has_room_for(group, body.member_id, turn.config.group_max_size):
        if body.member_id in group.members:
            turn.tell(MemberLeft(group.group_id, body.member_id, "the group is full"))
        group.remove(body.member_id)
        turn.answer(request, join_refused(request, ErrorCode.group_max_size_reached, ""))
        return
    if not group.supports(body.protocol_type, protocols):
        raise Refused(ErrorCode.inconsistent_group_protocol)
    if body.member_id:
        _join_known(group, request, turn)
        return
    groups[body.group_id] = group
    _join_new(group, request, turn)
    if known is None and not turn.writes:
        # So that the group is known after a failover too, before it has had any generation.
        nothing_yet = GroupMetadata("", 0, None, None, group.state_since_ms)
        turn.write((GroupRecord(body.group_id, nothing_yet),), GroupStored())


def _check_session_timeout(session_timeout_ms: int, turn: Turn) -> None:
    config = turn.config
    if not config.group_min_session_timeout_ms <= session_timeout_ms <= config.group_max_session_timeout_ms:
        raise Refused(ErrorCode.invalid_session_timeout)


def _has_room_for(group: ClassicGroup, member_id: str, max_size: int) -> bool:
    """A group may shrink below a lowered limit: the last ones to rejoin are turned away."""
    match group.state:
        case GroupState.PREPARING_REBALANCE:
            member = group.members.get(member_id)
            return (member is not None and member.awaiting_join is not None) or group.awaiting_join < max_size
        case GroupState.COMPLETING_REBALANCE | GroupState.STABLE:
            return member_id in group.members or len(group.members) < max_size
    return True


def _join_new(group: ClassicGroup, request: Request, turn: Turn) -> None:
    body: JoinGroupRequest = request.body
    if body.group_instance_id is not None:
        member_id = turn.new_member_id(body.group_instance_id)
        old_id = group.static_members.get(body.group_instance_id)
        if old_id is None:
            _add(group, member_id, request, turn)
        else:
            _replace_static(group, old_id, member_id, request, turn)
        return
    member_id = turn.new_member_id(request.client_id or "")
    if request.api_version < KNOWS_MEMBER_ID_REQUIRED:
        _add(group, member_id, request, turn)
        return
    group.pending_joins[member_id] = turn.in_ms(_ms(body.session_timeout))
    turn.answer(request, join_refused(request, ErrorCode.member_id_required, member_id))


def _join_known(group: ClassicGroup, request: Request, turn: Turn) -> None:
    body: JoinGroupRequest = request.body
    if body.member_id in group.pending_joins:
        if body.group_instance_id is not None:
            raise Refused(ErrorCode.unknown_member_id)
        _add(group, body.member_id, request, turn)
        return
    member = group.member(body.member_id, body.group_instance_id)
    unchanged = member.protocols == _protocols(body)
    match group.state:
        case GroupState.PREPARING_REBALANCE:
            _rejoin(group, member, request, turn, f"{member.member_id} rejoins")
        case GroupState.COMPLETING_REBALANCE if unchanged:
            # It may not have got the answer that everybody got.
            turn.answer(request, joined(group, member))
        case GroupState.STABLE if unchanged and group.leader != member.member_id:
            turn.answer(request, joined(group, member))
        case GroupState.STABLE if unchanged:
            # The leader may have seen what does not show in subscriptions: new partitions, say.
            _rejoin(group, member, request, turn, f"its leader {member.member_id} asks for it")
        case GroupState.COMPLETING_REBALANCE | GroupState.STABLE:
            _rejoin(group, member, request, turn, f"{member.member_id} changed what it wants")
        case _:
            raise Refused(ErrorCode.unknown_member_id)


def _add(group: ClassicGroup, member_id: str, request: Request, turn: Turn) -> None:
    body: JoinGroupRequest = request.body
    if group.state == GroupState.PREPARING_REBALANCE and group.previous_state == GroupState.EMPTY:
        group.new_member_added = True
    member = Member(
        member_id,
        body.group_instance_id,
        request.client_id or "",
        request.client_host,
        _rebalance_timeout_ms(body),
        _ms(body.session_timeout),
        _protocols(body),
        awaiting_join=request,
        is_new=True,
        # It cannot heartbeat while its request is held back, and its connection tells nothing.
        expires_at_us=turn.in_ms(NEW_MEMBER_JOIN_TIMEOUT_MS),
    )
    group.add(member, body.protocol_type)
    turn.tell(MemberJoined(group.group_id, member_id, request.client_id or ""))
    rebalance_or_complete(group, turn, f"{member_id} joins")


def _rejoin(group: ClassicGroup, member: Member, request: Request, turn: Turn, reason: str) -> None:
    _update(member, request)
    rebalance_or_complete(group, turn, reason)


def _update(member: Member, request: Request) -> None:
    body: JoinGroupRequest = request.body
    member.protocols = _protocols(body)
    member.rebalance_timeout_ms = _rebalance_timeout_ms(body)
    member.session_timeout_ms = _ms(body.session_timeout)
    member.awaiting_join = request


def _replace_static(group: ClassicGroup, old_id: str, new_id: str, request: Request, turn: Turn) -> None:
    """The instance is back under a new member id; whoever still waits under the old one is fenced."""
    body: JoinGroupRequest = request.body
    old_leader = group.leader
    member = group.members[old_id]
    refuse_join(member, turn, ErrorCode.fenced_instance_id, old_id)
    if member.awaiting_sync is not None:
        turn.answer(member.awaiting_sync, sync_refused(ErrorCode.fenced_instance_id))
        member.awaiting_sync = None
    before = (member.protocols, member.rebalance_timeout_ms, member.session_timeout_ms)
    rename_member(group, member, new_id)
    # As in Kafka, its session is the one that it had until it is heard of again.
    turn.heard_of(member)
    _update(member, request)
    match group.state:
        case GroupState.STABLE if group.protocol == group.elected_protocol():
            sequel = StaticMemberStored(group.group_id, old_id, new_id, old_leader or "", *before)
            turn.write((group.record(),), sequel)
        case GroupState.STABLE:
            rebalance_or_complete(group, turn, f"{new_id} changes the protocol that all speak")
        case GroupState.COMPLETING_REBALANCE:
            # The leader may already be assigning to the old member id.
            prepare_rebalance(group, turn, f"static member {body.group_instance_id} came back as {new_id}")
        case _:
            complete_join_if_all_are_here(group, turn)


def rename_member(group: ClassicGroup, member: Member, new_id: str) -> None:
    """The same place in the group under another member id."""
    old_id, member.member_id = member.member_id, new_id
    group.members = {new_id if name == old_id else name: each for name, each in group.members.items()}
    if old_id in group.pending_syncs:
        del group.pending_syncs[old_id]
        group.pending_syncs[new_id] = None
    if member.instance_id is not None:
        group.static_members[member.instance_id] = new_id
    if group.leader == old_id:
        group.leader = new_id


@dataclass(frozen=True, slots=True)
class StaticMemberStored:
    """A static member's new id is on record, and no rebalance is needed."""

    group_id: str
    old_id: str
    new_id: str
    old_leader: str
    old_protocols: Protocols
    old_rebalance_timeout_ms: int
    old_session_timeout_ms: int

    def committed(self, groups: Groups, turn: Turn) -> None:
        group = classic_group(groups, self.group_id)
        member = group.members.get(self.new_id) if group else None
        if group is None or member is None or member.awaiting_join is None or group.state != GroupState.STABLE:
            return
        if member.awaiting_join.api_version >= KNOWS_SKIP_ASSIGNMENT:
            answer_join(group, member, turn, skip_assignment=group.leader == member.member_id)
            return
        # It would assign anew if it knew that it leads: so it is told that its old self does.
        leader, group.leader = group.leader, self.old_leader
        answer_join(group, member, turn)
        group.leader = leader

    def failed(self, groups: Groups, turn: Turn, error: ErrorCode) -> None:
        group = classic_group(groups, self.group_id)
        member = group.members.get(self.new_id) if group else None
        if group is None or member is None:
            return
        refuse_join(member, turn, error, "")
        member.protocols = self.old_protocols
        member.rebalance_timeout_ms = self.old_rebalance_timeout_ms
        member.session_timeout_ms = self.old_session_timeout_ms
        rename_member(group, member, self.old_id)
        turn.heard_of(member)


def _protocols(body: JoinGroupRequest) -> Protocols:
    return tuple((protocol.name, bytes(protocol.metadata)) for protocol in body.protocols)


def _rebalance_timeout_ms(body: JoinGroupRequest) -> int:
    """Version 0 had none: there the session timeout served for both."""
    given_ms = _ms(body.rebalance_timeout)
    return given_ms if given_ms >= 0 else _ms(body.session_timeout)


def _ms(duration: timedelta) -> int:
    return round(duration.total_seconds() * 1000)
