"""ConsumerGroupHeartbeat: joining, staying, changing one's mind, all in one request (KIP-848).

A heartbeat says what changed since the last one; the answer says what changes for the member. In
between, the coordinator may raise the group's epoch, compute a target, and take this one member a
step towards it. Nobody waits for anybody: other members learn of it at their own heartbeats
(org.apache.kafka.coordinator.group.GroupMetadataManager.consumerGroupHeartbeat).
"""

from dataclasses import replace

from kio.schema.consumer_group_heartbeat.v1.request import ConsumerGroupHeartbeatRequest

from kafkalab.engine.controller.metadata import MetadataImage
from kafkalab.engine.coordinators.answers import milliseconds
from kafkalab.engine.coordinators.groups import Groups
from kafkalab.engine.coordinators.modern.answers import HeartbeatStored, heartbeat_answer
from kafkalab.engine.coordinators.modern.assignors import SERVER_ASSIGNORS
from kafkalab.engine.coordinators.modern.draft import Draft
from kafkalab.engine.coordinators.modern.fencing import leave
from kafkalab.engine.coordinators.modern.group import ConsumerGroup, Deadline, DeadlineKind
from kafkalab.engine.coordinators.modern.member import (
    JOINING_EPOCH,
    LEAVING_EPOCH,
    STATIC_LEAVING_EPOCH,
    ConsumerMember,
    CurrentAssignment,
    MemberState,
    Subscription,
    TopicIdPartition,
)
from kafkalab.engine.coordinators.modern.migration import upgraded
from kafkalab.engine.coordinators.modern.reconciliation import Reported, reconciled
from kafkalab.engine.coordinators.modern.records import CurrentRecord, MemberRecord, RegexRecord, TargetRecord
from kafkalab.engine.coordinators.modern.targets import compute_target_if_due
from kafkalab.engine.coordinators.modern.topics import check_regex, metadata_hash, topic_ids
from kafkalab.engine.coordinators.turn import Turn
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.wire.errors import ErrorCode

REGEX_PAUSE_MS = 10_000
"""Regular expressions are not resolved more often than this (REGEX_BATCH_REFRESH_MIN_INTERVAL_MS)."""
FIRST_WITH_CLIENTS_MEMBER_ID = 1


def heartbeat(groups: Groups, request: Request, image: MetadataImage, turn: Turn) -> None:
    """Answered when what it led to is replicated. Raises Refused."""
    body: ConsumerGroupHeartbeatRequest = request.body
    check_request(body, request.api_version)
    if body.member_epoch in (LEAVING_EPOCH, STATIC_LEAVING_EPOCH):
        leave(groups, request, image, turn)
        return
    draft = _draft(groups, body, image, turn)
    group = draft.group
    member_id = body.member_id or turn.new_member_id("")[1:]
    _check_room(group, member_id, turn.config.group_consumer_max_size)
    reported = owned_partitions(body)
    joining = body.member_epoch == JOINING_EPOCH
    is_new = member_id not in group.members
    if body.instance_id is None:
        member = _dynamic_member(group, member_id, body.member_epoch, reported)
    else:
        member = static_member(draft, member_id, body.instance_id, body.member_epoch, reported, create=joining)
    updated = replace(member, wants=_wants(member.wants, body, request))
    had = member.has.assigned
    if is_new:
        draft.joined(member_id, request.client_id or "")
    changed = subscribe(draft, member, updated)
    compute_target_if_due(draft, turn.config.group_consumer_assignment_interval_ms)
    has = take_step(draft, member_id, reported, changed)
    turn.arm(Deadline(DeadlineKind.SESSION, member_id, turn.in_ms(turn.config.group_consumer_session_timeout_ms)))
    is_full = (
        milliseconds(body.rebalance_timeout) != -1
        and (body.subscribed_topic_names is not None or body.subscribed_topic_regex is not None)
        and body.topic_partitions is not None
    )
    draft.tell_of_state()
    told = has.assigned if joining or is_full or has.assigned != had else None
    answer = heartbeat_answer(member_id, has.epoch, turn.config.group_consumer_heartbeat_interval_ms, told)
    turn.write(tuple(draft.records), HeartbeatStored(request, answer))


def check_request(body: ConsumerGroupHeartbeatRequest, api_version: int) -> None:
    """GroupCoordinatorService.throwIfConsumerGroupHeartbeatRequestIsInvalid, in its order and words."""

    def must_not_be_blank(text: str | None, name: str) -> None:
        if text is not None and not text.strip():
            raise Refused(ErrorCode.invalid_request, f"{name} can't be empty.")

    epoch = body.member_epoch
    if api_version >= FIRST_WITH_CLIENTS_MEMBER_ID or epoch > 0 or epoch == LEAVING_EPOCH:
        must_not_be_blank(body.member_id, "MemberId")
    must_not_be_blank(body.group_id, "GroupId")
    must_not_be_blank(body.instance_id, "InstanceId")
    must_not_be_blank(body.rack_id, "RackId")
    if epoch == JOINING_EPOCH:
        if milliseconds(body.rebalance_timeout) == -1:
            raise Refused(ErrorCode.invalid_request, "RebalanceTimeoutMs must be provided in first request.")
        if body.topic_partitions is None or body.topic_partitions:
            raise Refused(ErrorCode.invalid_request, "TopicPartitions must be empty when (re-)joining.")
        if body.subscribed_topic_names is None and body.subscribed_topic_regex is None:
            raise Refused(
                ErrorCode.invalid_request,
                "Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining.",
            )
    elif epoch == STATIC_LEAVING_EPOCH and body.instance_id is None:
        raise Refused(ErrorCode.invalid_request, "InstanceId can't be null.")
    elif epoch < STATIC_LEAVING_EPOCH:
        raise Refused(ErrorCode.invalid_request, "MemberEpoch is invalid.")
    if body.server_assignor is not None and body.server_assignor not in SERVER_ASSIGNORS:
        raise Refused(
            ErrorCode.unsupported_assignor,
            f"ServerAssignor {body.server_assignor} is not supported. "
            f"Supported assignors: {', '.join(SERVER_ASSIGNORS)}.",
        )


def owned_partitions(body: ConsumerGroupHeartbeatRequest) -> Reported:
    if body.topic_partitions is None:
        return None
    return [
        (topic.topic_id, int(number))
        for topic in body.topic_partitions
        if topic.topic_id is not None
        for number in topic.partitions
    ]


def _draft(groups: Groups, body: ConsumerGroupHeartbeatRequest, image: MetadataImage, turn: Turn) -> Draft:
    """The group, made if it is not there, made of a classic one if that may be."""
    known = groups.get(body.group_id)
    if isinstance(known, ConsumerGroup):
        return Draft(known, image, turn)
    if body.member_epoch != JOINING_EPOCH:
        why = f"Consumer group {body.group_id} not found." if known is None else not_ours(body.group_id)
        raise Refused(ErrorCode.group_id_not_found, why)
    if known is None:
        return Draft(ConsumerGroup(body.group_id), image, turn)
    return upgraded(known, image, turn)


def not_ours(group_id: str) -> str:
    return f"Group {group_id} is not a consumer group."


def _check_room(group: ConsumerGroup, member_id: str, max_size: int) -> None:
    if len(group.members) >= max_size and member_id not in group.members:
        raise Refused(
            ErrorCode.group_max_size_reached,
            f"The consumer group has reached its maximum capacity of {max_size} members.",
        )


def _dynamic_member(group: ConsumerGroup, member_id: str, epoch: int, reported: Reported) -> ConsumerMember:
    member = group.members.get(member_id) if epoch == JOINING_EPOCH else group.member(member_id)
    member = member or ConsumerMember(member_id)
    check_epoch(member, epoch, reported)
    return member


def static_member(
    draft: Draft,
    member_id: str,
    instance_id: str,
    epoch: int,
    reported: Reported,
    *,
    create: bool,
    classic: bool = False,
) -> ConsumerMember:
    """The member with that instance id; on joining, under a new member id if the old one has left for a while."""
    group = draft.group
    known = group.static_member(instance_id)
    if not create:
        if known is None:
            raise Refused(ErrorCode.unknown_member_id, f"Instance id {instance_id} is unknown.")
        check_instance(known, member_id, instance_id)
        if not classic:
            check_epoch(known, epoch, reported)
        return known
    if known is None:
        return group.members.get(member_id, ConsumerMember(member_id))
    if not classic and not known.speaks_classic and known.has.epoch != STATIC_LEAVING_EPOCH:
        raise Refused(
            ErrorCode.unreleased_instance_id,
            f"Static member {member_id} with instance id {instance_id} cannot join the group because the instance id "
            f"is owned by {known.member_id} member.",
        )
    target = group.target.get(known.member_id, ())
    draft.remove(known.member_id, None)
    draft.put(MemberRecord(group.group_id, member_id, known.wants))
    draft.put(TargetRecord(group.group_id, member_id, target))
    draft.put(CurrentRecord(group.group_id, member_id, replace(known.has, epoch=JOINING_EPOCH, previous_epoch=0)))
    return group.members[member_id]


def check_instance(known: ConsumerMember, member_id: str, instance_id: str) -> None:
    if known.member_id != member_id:
        raise Refused(
            ErrorCode.fenced_instance_id,
            f"Static member {member_id} with instance id {instance_id} was fenced by member {known.member_id}.",
        )


def check_epoch(member: ConsumerMember, epoch: int, reported: Reported) -> None:
    """One that got no answer may be an epoch behind, if it has nothing that it should not have."""
    mine = member.has.epoch
    if epoch in (JOINING_EPOCH, mine):
        return
    subset = reported is not None and all(it in member.has.assigned for it in reported)
    if epoch < mine and epoch == member.has.previous_epoch and subset:
        return
    raise Refused(
        ErrorCode.fenced_member_epoch,
        f"The consumer group member has a {'greater' if epoch > mine else 'smaller'} member epoch ({epoch}) than the "
        f"one known by the group coordinator ({mine}). The member must abandon all its partitions and rejoin.",
    )


def _wants(known: Subscription, body: ConsumerGroupHeartbeatRequest, request: Request) -> Subscription:
    """What is not told has not changed."""
    timeout_ms = milliseconds(body.rebalance_timeout)
    names, regex = body.subscribed_topic_names, body.subscribed_topic_regex
    return Subscription(
        known.instance_id if body.instance_id is None else body.instance_id,
        known.rack_id if body.rack_id is None else body.rack_id,
        request.client_id or "",
        request.client_host,
        known.topics if names is None else tuple(sorted(dict.fromkeys(names))),
        known.regex if regex is None else regex,
        known.rebalance_timeout_ms if timeout_ms == -1 else timeout_ms,
        known.assignor if body.server_assignor is None else body.server_assignor,
    )


def subscribe(draft: Draft, member: ConsumerMember, updated: ConsumerMember) -> bool:
    """Write down what is new about it, and raise the group's epoch if that matters to others.

    Whether the member's own subscription changed.
    """
    group, name = draft.group, updated.member_id
    counts = group.regex_members
    known_before = name in group.members
    if updated.wants != member.wants or not known_before:
        if updated.wants.regex and updated.wants.regex != member.wants.regex and updated.wants.regex not in counts:
            check_regex(updated.wants.regex)
        draft.put(MemberRecord(group.group_id, name, updated.wants))
    names_changed = updated.wants.topics != member.wants.topics
    regex_changed = updated.wants.regex != member.wants.regex
    settled = False
    if regex_changed:
        if member.wants.regex and counts.get(member.wants.regex) == 1:
            draft.put(RegexRecord(group.group_id, member.wants.regex, None))
        settled = not updated.wants.regex or updated.wants.regex in group.regexes
    _resolve_soon(draft)
    if names_changed or settled:
        draft.bump(f"{name} {'changed what it wants' if known_before else 'joined'}")
    elif metadata_hash(group.subscribed_topics, draft.image) != group.group_epoch.metadata_hash:
        draft.bump("the subscribed topics changed")
    return names_changed or regex_changed


def _resolve_soon(draft: Draft) -> None:
    """Not within this request: a large cluster has many topics, and the member hears at its next heartbeat."""
    group, turn = draft.group, draft.turn
    wanted = group.regex_members
    if not wanted:
        return
    last_ms = max((each.resolved_at_ms for each in group.regexes.values()), default=None)
    if last_ms is not None and turn.now_ms <= last_ms + REGEX_PAUSE_MS:
        return
    missing = any(regex not in group.regexes for regex in wanted)
    stale = any(each.version < draft.image.offset for each in group.regexes.values())
    old = last_ms is not None and turn.now_ms > last_ms + turn.config.group_consumer_regex_refresh_interval_ms
    if missing or stale or old:
        turn.arm(Deadline(DeadlineKind.REGEX, "", turn.now_us, if_absent=True))


def take_step(draft: Draft, member_id: str, reported: Reported, changed: bool) -> CurrentAssignment:
    """One step of this member towards the target, if there is one to take."""
    group, turn = draft.group, draft.turn
    member = group.members[member_id]
    had = member.has
    if not changed and had.is_reconciled_to(group.assignment_epoch):
        return had
    target: tuple[TopicIdPartition, ...] = group.target.get(member_id, ())
    has = reconciled(
        had,
        max(group.assignment_epoch, 0),
        target,
        topic_ids(group.topics_of(member), draft.image),
        reported,
        group.is_free,
        subscription_changed=changed,
    )
    if has != had:
        draft.put(CurrentRecord(group.group_id, member_id, has))
        draft.tell_of(member_id)
        if not group.members[member_id].speaks_classic:
            unrevoked = has.state is MemberState.UNREVOKED_PARTITIONS
            at_us = turn.in_ms(member.wants.rebalance_timeout_ms) if unrevoked else None
            turn.arm(Deadline(DeadlineKind.REBALANCE, member_id, at_us, has.epoch))
    return has
