"""Members that speak the classic protocol inside a consumer group, while a group is on its way to KIP-848.

To them it looks like a classic group that rebalances by itself: Heartbeat answers REBALANCE_IN_PROGRESS
when there is a step to take, JoinGroup takes it and answers at once, SyncGroup tells the assignment. The
generation they know is their member epoch; nobody among them leads
(org.apache.kafka.coordinator.group.GroupMetadataManager: classicGroupJoinToConsumerGroup and its neighbours).
"""

from dataclasses import dataclass, replace

from kio.schema.heartbeat.v4.request import HeartbeatRequest
from kio.schema.join_group.v9.request import JoinGroupRequest
from kio.schema.join_group.v9.response import JoinGroupResponse
from kio.schema.leave_group.v5.request import LeaveGroupRequest
from kio.schema.leave_group.v5.response import MemberResponse
from kio.schema.sync_group.v5.request import SyncGroupRequest
from kio.schema.sync_group.v5.response import SyncGroupResponse
from kio.static.primitive import i32

from kafkalab.engine.controller.metadata import MetadataImage
from kafkalab.engine.coordinators.answers import NO_THROTTLE, join_refused, milliseconds, sync_refused
from kafkalab.engine.coordinators.consumer_protocol import (
    PROTOCOL_TYPE,
    MalformedMetadata,
    decode_subscription,
)
from kafkalab.engine.coordinators.consumer_protocol import Subscription as ClassicSubscription
from kafkalab.engine.coordinators.groups import Groups
from kafkalab.engine.coordinators.modern.answers import Stored
from kafkalab.engine.coordinators.modern.draft import Draft
from kafkalab.engine.coordinators.modern.fencing import fence
from kafkalab.engine.coordinators.modern.group import ConsumerGroup, Deadline, DeadlineKind
from kafkalab.engine.coordinators.modern.heartbeat import check_instance, static_member, subscribe, take_step
from kafkalab.engine.coordinators.modern.member import (
    ClassicProtocol,
    ConsumerMember,
    MemberState,
    Subscription,
    TopicIdPartition,
)
from kafkalab.engine.coordinators.modern.migration import (
    DISABLED,
    Downgraded,
    classic_assignment,
    downgrade,
    may_downgrade,
)
from kafkalab.engine.coordinators.modern.targets import compute_target_if_due
from kafkalab.engine.coordinators.turn import Turn
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.wire.errors import ErrorCode

KNOWS_MEMBER_ID_REQUIRED = 4


def join(group: ConsumerGroup, request: Request, image: MetadataImage, turn: Turn) -> None:
    body: JoinGroupRequest = request.body
    config = turn.config
    if config.group_consumer_migration_policy.lower() == DISABLED:
        raise Refused(ErrorCode.inconsistent_group_protocol)
    member_id = body.member_id or turn.new_member_id("")[1:]
    if len(group.members) >= config.group_consumer_max_size and member_id not in group.members:
        raise Refused(ErrorCode.group_max_size_reached)
    protocols = tuple((protocol.name, bytes(protocol.metadata)) for protocol in body.protocols)
    if not _is_spoken(group, body.protocol_type, protocols):
        raise Refused(ErrorCode.inconsistent_group_protocol)
    if not body.member_id and body.group_instance_id is None and request.api_version >= KNOWS_MEMBER_ID_REQUIRED:
        turn.answer(request, join_refused(request, ErrorCode.member_id_required, member_id))
        return
    subscription = _subscription(protocols[0][1])
    draft = Draft(group, image, turn)
    replaced = group.static_member(body.group_instance_id)
    if body.group_instance_id is None:
        member = draft.group.members.get(member_id) or ConsumerMember(member_id)
    else:
        create = not body.member_id
        member = static_member(draft, member_id, body.group_instance_id, -1, (), create=create, classic=True)
    session_ms = milliseconds(body.session_timeout)
    rebalance_ms = milliseconds(body.rebalance_timeout)
    rebalance_ms = session_ms if rebalance_ms < 0 else rebalance_ms
    wants = Subscription(
        body.group_instance_id,
        subscription.rack_id or member.wants.rack_id,
        request.client_id or "",
        request.client_host,
        tuple(sorted(dict.fromkeys(subscription.topics))),
        "",
        rebalance_ms,
        None,
        ClassicProtocol(session_ms, protocols),
    )
    if member_id not in group.members:
        draft.joined(member_id, request.client_id or "")
    changed = subscribe(draft, member, replace(member, wants=wants))
    turn.arm(Deadline(DeadlineKind.JOIN, member_id, None))
    turn.arm(Deadline(DeadlineKind.SESSION, member_id, turn.in_ms(session_ms)))
    turn.arm(Deadline(DeadlineKind.SYNC, member_id, turn.in_ms(rebalance_ms)))
    reported = [(image.topics[topic].topic_id, number) for topic, number in subscription.owned if topic in image.topics]
    was_last_consumer = replaced is not None and not replaced.speaks_classic
    if was_last_consumer and may_downgrade(draft.group, [], turn):
        if draft.group.assignment_epoch >= draft.group.epoch:
            take_step(draft, member_id, reported, changed)
        answer = _joined(draft.group.members[member_id])
        stale = draft.group.assignment_epoch < draft.group.epoch
        downgrade(
            draft,
            Downgraded(group.group_id, JoinStored(request, answer), "the target is out of date", rebalances=stale),
        )
        return
    compute_target_if_due(draft, config.group_consumer_assignment_interval_ms)
    take_step(draft, member_id, reported, changed)
    draft.tell_of_state()
    turn.write(tuple(draft.records), JoinStored(request, _joined(draft.group.members[member_id])))


def _is_spoken(group: ConsumerGroup, protocol_type: str, protocols: tuple[tuple[str, bytes], ...]) -> bool:
    classic = [dict(member.wants.classic.protocols) for member in group.members.values() if member.wants.classic]
    return protocol_type == PROTOCOL_TYPE and any(all(name in each for each in classic) for name, _ in protocols)


def _subscription(metadata: bytes) -> ClassicSubscription:
    try:
        return decode_subscription(metadata)
    except MalformedMetadata as malformed:
        raise Refused(ErrorCode.inconsistent_group_protocol) from malformed


def _joined(member: ConsumerMember) -> JoinGroupResponse:
    assert member.wants.classic is not None
    return JoinGroupResponse(
        throttle_time=NO_THROTTLE,
        error_code=ErrorCode.none,
        generation_id=i32(member.has.epoch),
        protocol_type=PROTOCOL_TYPE,
        protocol_name=member.wants.classic.protocols[0][0],
        leader="",
        skip_assignment=False,
        member_id=member.member_id,
        members=(),
    )


@dataclass(frozen=True, slots=True)
class JoinStored:
    request: Request
    answer: JoinGroupResponse

    def committed(self, groups: Groups, turn: Turn) -> None:
        turn.answer(self.request, self.answer)

    def failed(self, groups: Groups, turn: Turn, error: ErrorCode) -> None:
        turn.answer(self.request, join_refused(self.request, error, self.answer.member_id))


@dataclass(frozen=True, slots=True)
class SyncFollows:
    """The assignment is told when the join that led to it is replicated."""

    request: Request
    answer: SyncGroupResponse

    def committed(self, groups: Groups, turn: Turn) -> None:
        turn.answer(self.request, self.answer)

    def failed(self, groups: Groups, turn: Turn, error: ErrorCode) -> None:
        turn.answer(self.request, sync_refused(error))


def sync(group: ConsumerGroup, request: Request, image: MetadataImage, turn: Turn) -> None:
    body: SyncGroupRequest = request.body
    member, classic = _classic_member(group, body.member_id, body.group_instance_id, body.generation_id)
    protocol = classic.protocols[0][0]
    if body.protocol_type not in (None, PROTOCOL_TYPE) or body.protocol_name not in (None, protocol):
        raise Refused(ErrorCode.inconsistent_group_protocol)
    if group.assignment_epoch > member.has.epoch and member.has.state is not MemberState.UNREVOKED_PARTITIONS:
        _expect_join(group, member, turn)
        raise Refused(ErrorCode.rebalance_in_progress)
    turn.arm(Deadline(DeadlineKind.SYNC, member.member_id, None))
    turn.arm(Deadline(DeadlineKind.SESSION, member.member_id, turn.in_ms(classic.session_timeout_ms)))
    answer = SyncGroupResponse(
        throttle_time=NO_THROTTLE,
        error_code=ErrorCode.none,
        protocol_type=body.protocol_type,
        protocol_name=body.protocol_name,
        assignment=classic_assignment(_assigned(member), image.topic_names),
    )
    turn.write((), SyncFollows(request, answer))


def heartbeat(group: ConsumerGroup, body: HeartbeatRequest, turn: Turn) -> ErrorCode:
    member, classic = _classic_member(group, body.member_id, body.group_instance_id, body.generation_id)
    turn.arm(Deadline(DeadlineKind.SESSION, member.member_id, turn.in_ms(classic.session_timeout_ms)))
    released = member.has.state is MemberState.UNRELEASED_PARTITIONS and not group.waits_for(member)
    unrevoked = member.has.state is MemberState.UNREVOKED_PARTITIONS
    if member.has.epoch < group.assignment_epoch or unrevoked or released:
        _expect_join(group, member, turn)
        return ErrorCode.rebalance_in_progress
    return ErrorCode.none


def leave(
    group: ConsumerGroup, body: LeaveGroupRequest, image: MetadataImage, turn: Turn
) -> tuple[MemberResponse, ...]:
    answers: list[MemberResponse] = []
    leaving: list[str] = []
    for leaver in body.members:
        error = ErrorCode.none
        try:
            if leaver.group_instance_id is None:
                member = group.member(leaver.member_id)
            else:
                known = group.static_member(leaver.group_instance_id)
                if known is None:
                    raise Refused(ErrorCode.unknown_member_id)
                if leaver.member_id:
                    check_instance(known, leaver.member_id, leaver.group_instance_id)
                member = known
            leaving.append(member.member_id)
        except Refused as refused:
            error = refused.error_code
        answers.append(
            MemberResponse(member_id=leaver.member_id, group_instance_id=leaver.group_instance_id, error_code=error)
        )
    if leaving:
        fence(group, list(dict.fromkeys(leaving)), "it said goodbye", image, turn, Stored())
    return tuple(answers)


def _classic_member(
    group: ConsumerGroup, member_id: str, instance_id: str | None, generation: int
) -> tuple[ConsumerMember, ClassicProtocol]:
    if instance_id is None:
        member = group.member(member_id)
    else:
        known = group.static_member(instance_id)
        if known is None:
            raise Refused(ErrorCode.unknown_member_id)
        check_instance(known, member_id, instance_id)
        member = known
    if member.wants.classic is None:
        raise Refused(ErrorCode.unknown_member_id)
    if generation != member.has.epoch:
        raise Refused(ErrorCode.illegal_generation)
    return member, member.wants.classic


def _expect_join(group: ConsumerGroup, member: ConsumerMember, turn: Turn) -> None:
    due_us = turn.in_ms(member.wants.rebalance_timeout_ms)
    turn.arm(Deadline(DeadlineKind.JOIN, member.member_id, due_us, if_absent=True))


def _assigned(member: ConsumerMember) -> tuple[TopicIdPartition, ...]:
    return tuple(member.has.assigned)
