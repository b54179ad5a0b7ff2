"""How members of a consumer group go: they leave, they fall silent, they do not give up what they must.

The group's epoch goes up, and the others get what they had. A static member may leave for a while;
its partitions wait for it. Where only members of the classic protocol are left, the group becomes a
classic one again (org.apache.kafka.coordinator.group.GroupMetadataManager: consumerGroupLeave,
consumerGroupFenceMembers).
"""

from dataclasses import replace

from kio.schema.consumer_group_heartbeat.v1.request import ConsumerGroupHeartbeatRequest

from kafkalab.engine.controller.metadata import MetadataImage
from kafkalab.engine.coordinators.groups import Groups
from kafkalab.engine.coordinators.modern.answers import HeartbeatStored, Stored, heartbeat_answer
from kafkalab.engine.coordinators.modern.draft import Draft
from kafkalab.engine.coordinators.modern.group import ConsumerGroup, Deadline, DeadlineKind
from kafkalab.engine.coordinators.modern.member import STATIC_LEAVING_EPOCH
from kafkalab.engine.coordinators.modern.migration import Downgraded, downgrade, may_downgrade
from kafkalab.engine.coordinators.modern.records import CurrentRecord, RegexRecord
from kafkalab.engine.coordinators.modern.topics import resolve
from kafkalab.engine.coordinators.turn import Sequel, Turn
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.wire.errors import ErrorCode

WHY = {
    DeadlineKind.SESSION: "its session timed out",
    DeadlineKind.REBALANCE: "it did not give up its partitions in time",
    DeadlineKind.JOIN: "it did not rejoin in time",
    DeadlineKind.SYNC: "it did not ask for its assignment in time",
}


def leave(groups: Groups, request: Request, image: MetadataImage, turn: Turn) -> None:
    body: ConsumerGroupHeartbeatRequest = request.body
    group = groups.get(body.group_id)
    if not isinstance(group, ConsumerGroup):
        why = "not found" if group is None else "is not a consumer group"
        raise Refused(ErrorCode.group_id_not_found, f"Group {body.group_id} {why}.")
    answer = heartbeat_answer(body.member_id, body.member_epoch, 0, None)
    if body.instance_id is None:
        member = group.member(body.member_id)
    else:
        known = group.static_member(body.instance_id)
        if known is None:
            raise Refused(ErrorCode.unknown_member_id, f"Instance id {body.instance_id} is unknown.")
        if known.member_id != body.member_id:
            raise Refused(
                ErrorCode.fenced_instance_id,
                f"Static member {body.member_id} with instance id {body.instance_id} was fenced by member "
                f"{known.member_id}.",
            )
        member = known
        if body.member_epoch == STATIC_LEAVING_EPOCH:
            # Its session goes on running: if it is not back by then, its partitions go to others.
            assigned = dict.fromkeys(member.has.assigned, 0)
            away = replace(member.has, epoch=STATIC_LEAVING_EPOCH, assigned=assigned, revoking={})
            draft = Draft(group, image, turn)
            draft.put(CurrentRecord(group.group_id, member.member_id, away))
            draft.tell_of(member.member_id)
            draft.tell_of_state()
            turn.write(tuple(draft.records), HeartbeatStored(request, answer))
            return
    fence(group, [member.member_id], "it said goodbye", image, turn, HeartbeatStored(request, answer))


def fence(
    group: ConsumerGroup, member_ids: list[str], reason: str, image: MetadataImage, turn: Turn, sequel: Sequel
) -> None:
    """Take these members out, and have a new target computed; the sequel follows when it is on record."""
    draft = Draft(group, image, turn)
    if may_downgrade(group, member_ids, turn):
        for member_id in member_ids:
            draft.remove(member_id, reason)
        downgrade(draft, Downgraded(group.group_id, sequel, "only members of the classic protocol are left"))
        return
    for member_id in member_ids:
        draft.remove(member_id, reason)
    still_wanted = draft.group.regex_members
    for regex in [regex for regex in draft.group.regexes if regex not in still_wanted]:
        draft.put(RegexRecord(group.group_id, regex, None))
    draft.bump(f"{', '.join(member_ids)} {'is' if len(member_ids) == 1 else 'are'} gone: {reason}")
    draft.tell_of_state()
    turn.write(tuple(draft.records), sequel)


def expire_members(group: ConsumerGroup, image: MetadataImage, turn: Turn) -> None:
    """Do what is due by now."""
    due = [each for each in group.deadlines.values() if each.at_us is not None and each.at_us <= turn.now_us]
    gone: dict[str, str] = {}
    for deadline in due:
        group.arm(replace(deadline, at_us=None))
        member = group.members.get(deadline.member_id)
        if deadline.kind is DeadlineKind.REGEX:
            _resolve(group, image, turn)
        elif member is not None and (deadline.kind is not DeadlineKind.REBALANCE or member.has.epoch == deadline.epoch):
            gone.setdefault(deadline.member_id, WHY[deadline.kind])
    for reason in dict.fromkeys(gone.values()):
        member_ids = [name for name, why in gone.items() if why == reason]
        fence(group, member_ids, reason, image, turn, Stored())


def _resolve(group: ConsumerGroup, image: MetadataImage, turn: Turn) -> None:
    """What the regular expressions stand for now; other topics than before raise the group's epoch."""
    draft = Draft(group, image, turn)
    changed = False
    for regex in group.regex_members:
        found, known = resolve(regex, image, turn.now_ms), group.regexes.get(regex)
        changed |= found.topics != (known.topics if known else ())
        draft.put(RegexRecord(group.group_id, regex, found))
    if changed:
        draft.bump("a regular expression stands for other topics now")
    draft.tell_of_state()
    if draft.records:
        turn.write(tuple(draft.records), Stored())


def sessions_after_load(group: ConsumerGroup, turn: Turn) -> None:
    """A new coordinator does not know when it was that members were heard of: all have a whole session."""
    for member in group.members.values():
        session_ms = turn.config.group_consumer_session_timeout_ms
        if member.wants.classic is not None:
            session_ms = member.wants.classic.session_timeout_ms
        turn.arm(Deadline(DeadlineKind.SESSION, member.member_id, turn.in_ms(session_ms)))
        if member.has.revoking and member.wants.classic is None:
            due_us = turn.in_ms(member.wants.rebalance_timeout_ms)
            turn.arm(Deadline(DeadlineKind.REBALANCE, member.member_id, due_us, member.has.epoch))
