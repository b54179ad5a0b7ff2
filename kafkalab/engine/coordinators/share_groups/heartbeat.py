"""ShareGroupHeartbeat: a member joins, stays, changes its mind and leaves, all in one request.

The group's epoch goes up with every such change, a target is computed for it, and the member has its
own at once. A partition that the group reads for the first time is assigned to nobody until the share
coordinator knows of it (org.apache.kafka.coordinator.group.GroupMetadataManager.shareGroupHeartbeat).
"""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kafkalab.engine.controller.metadata import MetadataImage
from kafkalab.engine.coordinators.modern.answers import Stored
from kafkalab.engine.coordinators.modern.group import Deadline, DeadlineKind
from kafkalab.engine.coordinators.modern.targets import is_due
from kafkalab.engine.coordinators.modern.topics import metadata_hash
from kafkalab.engine.coordinators.records import GroupCoordinatorRecord
from kafkalab.engine.coordinators.share_groups.answers import ShareHeartbeatStored, heartbeat_answer
from kafkalab.engine.coordinators.share_groups.assignor import assign
from kafkalab.engine.coordinators.share_groups.group import ASSIGNOR, ShareGroup, ShareMember, by_topic, flat
from kafkalab.engine.coordinators.share_groups.records import (
    ShareAssignment,
    ShareCurrentRecord,
    ShareEpoch,
    ShareEpochRecord,
    ShareGroupRecord,
    ShareMemberRecord,
    ShareSubscription,
    ShareTargetEpoch,
    ShareTargetEpochRecord,
    ShareTargetRecord,
    StatePartitionsRecord,
)
from kafkalab.engine.coordinators.turn import Sequel, Turn
from kafkalab.engine.events import (
    ConsumerGroupEpochBumped,
    GroupStateChanged,
    MemberJoined,
    MemberLeft,
    TargetAssignmentComputed,
)
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.engine.share.group_config import ShareGroupConfig
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.coordinators.shard import Shard

JOINING_EPOCH, LEAVING_EPOCH = 0, -1


class ShareDraft:
    """What a request would make of the group: the records it leads to, replayed on a copy."""

    def __init__(self, group: ShareGroup, image: MetadataImage, turn: Turn) -> None:
        self.group = group.draft()
        self.image = image
        self.turn = turn
        self.records: list[GroupCoordinatorRecord] = []
        self._state_before = group.state

    def put(self, record: ShareGroupRecord) -> None:
        self.group.replay(record)
        self.records.append(record)

    def bump(self, reason: str) -> None:
        group = self.group
        hashed = metadata_hash(group.subscribed_topics, self.image)
        self.put(ShareEpochRecord(group.group_id, ShareEpoch(group.epoch + 1, hashed)))
        self.turn.tell(ConsumerGroupEpochBumped(group.group_id, group.epoch, reason))

    def remove(self, member_id: str, reason: str) -> None:
        group_id = self.group.group_id
        self.put(ShareCurrentRecord(group_id, member_id, None))
        self.put(ShareTargetRecord(group_id, member_id, None))
        self.put(ShareMemberRecord(group_id, member_id, None))
        self.turn.tell(MemberLeft(group_id, member_id, reason))

    def dissolve(self) -> None:
        """Tombstones for everything there is of it."""
        group_id = self.group.group_id
        self.put(StatePartitionsRecord(group_id, None))
        self.put(ShareTargetEpochRecord(group_id, None))
        self.records.append(ShareEpochRecord(group_id, None))

    def compute_target_if_due(self, interval_ms: int) -> None:
        group, turn = self.group, self.turn
        if group.assignment_epoch >= group.epoch:
            return
        if not is_due(group.target_epoch.computed_at_ms, interval_ms, turn.now_ms):
            return
        begun = group.initialized
        wishes = {
            name: tuple(
                (topic.topic_id, number)
                for each in member.wants.topics
                if (topic := self.image.topics.get(each)) is not None
                for number in sorted(topic.partitions)
                if (topic.topic_id, number) in begun
            )
            for name, member in group.members.items()
        }
        for name, partitions in assign(wishes, group.target).items():
            if group.target.get(name) != partitions:
                self.put(ShareTargetRecord(group.group_id, name, partitions))
        self.put(ShareTargetEpochRecord(group.group_id, ShareTargetEpoch(group.epoch, turn.now_ms)))
        turn.tell(TargetAssignmentComputed(group.group_id, group.epoch, ASSIGNOR))

    def tell_of_state(self, reason: str) -> None:
        before, after = self._state_before, self.group.state
        if before != after:
            self.turn.tell(GroupStateChanged(self.group.group_id, before.value, after.value, self.group.epoch, reason))


def heartbeat(shard: "Shard", request: Request, image: MetadataImage, config: ShareGroupConfig, turn: Turn) -> bool:
    """Answered when what it led to is replicated. Whether the share coordinators are to be told of partitions."""
    body = request.body
    check_request(body)
    if body.member_epoch == LEAVING_EPOCH:
        group = share_group(shard, body.group_id)
        member = group.member(body.member_id)
        sequel = ShareHeartbeatStored(request, heartbeat_answer(body.member_id, LEAVING_EPOCH, 0, None))
        fence(group, [member.member_id], "it said goodbye", image, turn, sequel)
        return False
    draft = ShareDraft(_group_to_be_in(shard, body), image, turn)
    group, member_id = draft.group, body.member_id
    if len(group.members) >= turn.config.group_share_max_size and member_id not in group.members:
        raise Refused(
            ErrorCode.group_max_size_reached,
            f"The share group has reached its maximum capacity of {turn.config.group_share_max_size} members.",
        )
    joining = body.member_epoch == JOINING_EPOCH
    is_new = member_id not in group.members
    member = ShareMember(member_id) if is_new and joining else group.member(member_id)
    _check_epoch(member, body.member_epoch)
    wants = _wants(member.wants, body, request)
    if is_new:
        turn.tell(MemberJoined(group.group_id, member_id, request.client_id or ""))
    if is_new or wants != member.wants:
        draft.put(ShareMemberRecord(group.group_id, member_id, wants))
    _bump_if_changed(draft, member, wants, is_new)
    draft.compute_target_if_due(turn.config.group_share_assignment_interval_ms)
    had = member.has
    target = group.target.get(member_id, ())
    if is_new or had.epoch != group.assignment_epoch or had.assigned != target:
        has = ShareAssignment(max(group.assignment_epoch, 0), had.epoch, target)
        draft.put(ShareCurrentRecord(group.group_id, member_id, has))
    else:
        has = had
    turn.arm(Deadline(DeadlineKind.SESSION, member_id, turn.in_ms(config.session_timeout_ms)))
    told = has.assigned if joining or body.subscribed_topic_names is not None or has.assigned != had.assigned else None
    to_begin = group.not_begun(image)
    if to_begin:
        begun = {**flat(group.state_partitions.initializing), **dict.fromkeys(to_begin)}
        state = replace(group.state_partitions, initializing=by_topic(begun, image))
        draft.put(StatePartitionsRecord(group.group_id, state))
    draft.tell_of_state("its first member joined")
    answer = heartbeat_answer(member_id, has.epoch, config.heartbeat_interval_ms, told)
    turn.write(tuple(draft.records), ShareHeartbeatStored(request, answer))
    return bool(to_begin)


def check_request(body: Any) -> None:
    """GroupCoordinatorService.throwIfShareGroupHeartbeatRequestIsInvalid, in its order and words."""
    if not body.member_id:
        raise Refused(ErrorCode.invalid_request)
    for name, text in (("MemberId", body.member_id), ("GroupId", body.group_id), ("RackId", body.rack_id)):
        if text is not None and not text.strip():
            raise Refused(ErrorCode.invalid_request, f"{name} can't be empty.")
    if body.member_epoch == JOINING_EPOCH:
        if not body.subscribed_topic_names:
            raise Refused(ErrorCode.invalid_request, "SubscribedTopicNames must be set in first request.")
    elif body.member_epoch < LEAVING_EPOCH:
        raise Refused(ErrorCode.invalid_request, "MemberEpoch is invalid.")


def share_group(shard: "Shard", group_id: str) -> ShareGroup:
    group = shard.share_groups.get(group_id)
    if group is None:
        why = "is not a share group" if group_id in shard.groups else "not found"
        raise Refused(ErrorCode.group_id_not_found, f"Group {group_id} {why}.")
    return group


def _group_to_be_in(shard: "Shard", body: Any) -> ShareGroup:
    known = body.group_id in shard.groups or body.group_id in shard.share_groups
    if not known:
        if body.member_epoch == JOINING_EPOCH:
            return ShareGroup(body.group_id)
        raise Refused(ErrorCode.group_id_not_found, f"Share group {body.group_id} not found.")
    return share_group(shard, body.group_id)


def _check_epoch(member: ShareMember, epoch: int) -> None:
    mine = member.has.epoch
    if epoch in (JOINING_EPOCH, mine) or (epoch < mine and epoch == member.has.previous_epoch):
        return
    raise Refused(
        ErrorCode.fenced_member_epoch,
        f"The share group member has a {'greater' if epoch > mine else 'smaller'} member epoch ({epoch}) than the "
        f"one known by the group coordinator ({mine}). The member must abandon all its partitions and rejoin.",
    )


def _wants(known: ShareSubscription, body: Any, request: Request) -> ShareSubscription:
    """What is not told has not changed."""
    names = body.subscribed_topic_names
    return ShareSubscription(
        known.rack_id if body.rack_id is None else body.rack_id,
        request.client_id or "",
        request.client_host,
        known.topics if names is None else tuple(sorted(dict.fromkeys(names))),
    )


def _bump_if_changed(draft: ShareDraft, member: ShareMember, wants: ShareSubscription, is_new: bool) -> None:
    group, image = draft.group, draft.image
    hashed = metadata_hash(group.subscribed_topics, image)
    assigned = {it for partitions in group.target.values() for it in partitions}
    wanted = {image.topics[name].topic_id for name in group.subscribed_topics if name in image.topics}
    if is_new or wants.topics != member.wants.topics:
        draft.bump(f"{member.member_id} {'joined' if is_new else 'changed what it wants'}")
    elif hashed != group.group_epoch.metadata_hash:
        draft.bump("the subscribed topics changed")
    elif any(it not in assigned and it[0] in wanted for it in group.initialized) and (
        group.assignment_epoch >= group.epoch
    ):
        draft.bump("the share coordinator knows of more partitions now")


def fence(
    group: ShareGroup, member_ids: list[str], reason: str, image: MetadataImage, turn: Turn, sequel: Sequel
) -> None:
    draft = ShareDraft(group, image, turn)
    for member_id in member_ids:
        draft.remove(member_id, reason)
    draft.bump(f"{', '.join(member_ids)} {'is' if len(member_ids) == 1 else 'are'} gone: {reason}")
    draft.tell_of_state("its last member is gone")
    turn.write(tuple(draft.records), sequel)


def expire_share_members(group: ShareGroup, image: MetadataImage, turn: Turn) -> None:
    """Those who were not heard of in time."""
    due = [each for each in group.deadlines.values() if each.at_us is not None and each.at_us <= turn.now_us]
    for deadline in due:
        group.arm(replace(deadline, at_us=None))
    gone = [each.member_id for each in due if each.member_id in group.members]
    if gone:
        fence(group, gone, "its session timed out", image, turn, Stored())


def share_sessions_after_load(group: ShareGroup, turn: Turn, session_timeout_ms: int) -> None:
    for name in group.members:
        turn.arm(Deadline(DeadlineKind.SESSION, name, turn.in_ms(session_timeout_ms)))
