"""A rebalance: everybody joins again, one of them decides who gets what, everybody fetches it.

The join phase ends when all known members have asked to join, or its time is up; a group that was
empty waits a little for more members first. Who is missing at the end is thrown out, unless it is
a static member (org.apache.kafka.coordinator.group.GroupMetadataManager: prepareRebalance,
tryCompleteInitialRebalanceElseSchedule, completeClassicGroupJoin, propagateAssignment).
"""

from dataclasses import dataclass, field

from kafkalab.engine.coordinators.answers import join_refused, joined, sync_refused, synced
from kafkalab.engine.coordinators.classic_group import ClassicGroup, GroupState, Member
from kafkalab.engine.coordinators.groups import Groups, classic_group
from kafkalab.engine.coordinators.turn import Turn
from kafkalab.engine.events import GroupAssigned, MemberLeft
from kafkalab.wire.errors import ErrorCode


def rebalance_or_complete(group: ClassicGroup, turn: Turn, reason: str) -> None:
    """Begin a rebalance; if one is under way, see whether its join phase can end."""
    if group.state == GroupState.PREPARING_REBALANCE:
        complete_join_if_all_are_here(group, turn)
    else:
        prepare_rebalance(group, turn, reason)


def prepare_rebalance(group: ClassicGroup, turn: Turn, reason: str) -> None:
    if group.state == GroupState.COMPLETING_REBALANCE:
        refuse_syncs(group, turn, ErrorCode.rebalance_in_progress)
    group.pending_syncs.clear()
    group.sync_due_us = None
    initial = group.state == GroupState.EMPTY
    turn.transition(group, GroupState.PREPARING_REBALANCE, reason)
    if initial:
        delay_ms = turn.config.group_initial_rebalance_delay_ms
        group.join_due_us = turn.in_ms(delay_ms)
        group.initial_delay_ms = (delay_ms, max(group.rebalance_timeout_ms - delay_ms, 0))
    elif group.all_have_joined:
        complete_join(group, turn)
    else:
        group.join_due_us = turn.in_ms(group.rebalance_timeout_ms)


def complete_join_if_all_are_here(group: ClassicGroup, turn: Turn) -> None:
    """Not in the first join phase of an empty group: that one waits for members yet unknown."""
    preparing = group.state == GroupState.PREPARING_REBALANCE
    if preparing and group.previous_state != GroupState.EMPTY and group.all_have_joined:
        complete_join(group, turn)


def join_phase_is_due(group: ClassicGroup, turn: Turn) -> None:
    """Its time is up. An empty group's is extended as long as newcomers arrive (KIP-134)."""
    if group.initial_delay_ms is not None and group.new_member_added and group.initial_delay_ms[1] > 0:
        delay_ms, remaining_ms = group.initial_delay_ms
        next_ms = min(turn.config.group_initial_rebalance_delay_ms, remaining_ms)
        group.new_member_added = False
        group.initial_delay_ms = (next_ms, max(remaining_ms - delay_ms, 0))
        group.join_due_us = turn.in_ms(next_ms)
    else:
        complete_join(group, turn)


def complete_join(group: ClassicGroup, turn: Turn) -> None:
    """End the join phase: the next generation is whoever has joined."""
    group.join_due_us = group.initial_delay_ms = None
    group.new_member_added = False
    for member in list(group.members.values()):
        if member.awaiting_join is None and member.instance_id is None:
            group.remove(member.member_id)
            turn.tell(MemberLeft(group.group_id, member.member_id, "it did not rejoin in time"))
    if group.members and not _leader_has_joined(group):
        # Only static members are left and none is back: wait until they are, or their sessions end.
        group.join_due_us = turn.in_ms(group.rebalance_timeout_ms)
        return
    group.generation += 1
    group.pending_syncs.clear()
    group.protocol = group.elected_protocol() if group.members else None
    group.compute_subscribed_topics()
    if not group.members:
        turn.transition(group, GroupState.EMPTY, "its last member is gone")
        turn.write((group.record(),), GroupStored())
        return
    turn.transition(group, GroupState.COMPLETING_REBALANCE, "the join phase is over")
    for member in group.members.values():
        answer_join(group, member, turn)
        turn.heard_of(member)
        member.is_new = False
        group.pending_syncs[member.member_id] = None
    group.sync_due_us = turn.in_ms(group.rebalance_timeout_ms)


def _leader_has_joined(group: ClassicGroup) -> bool:
    """Whether the leader is here, or another that is takes its place."""
    if group.leader is not None and group.members[group.leader].awaiting_join is not None:
        return True
    for member in group.members.values():
        if member.awaiting_join is not None:
            group.leader = member.member_id
            return True
    return False


def answer_join(group: ClassicGroup, member: Member, turn: Turn, *, skip_assignment: bool = False) -> None:
    if member.awaiting_join is not None:
        turn.answer(member.awaiting_join, joined(group, member, skip_assignment=skip_assignment))
        member.awaiting_join = None


def refuse_join(member: Member, turn: Turn, error: ErrorCode, member_id: str) -> None:
    if member.awaiting_join is not None:
        turn.answer(member.awaiting_join, join_refused(member.awaiting_join, error, member_id))
        member.awaiting_join = None


def refuse_syncs(group: ClassicGroup, turn: Turn, error: ErrorCode) -> None:
    """The assignment that is being waited for will not come: all have to join again."""
    for member in group.members.values():
        member.assignment = b""
        if member.awaiting_sync is not None:
            turn.answer(member.awaiting_sync, sync_refused(error))
            member.awaiting_sync = None
            turn.heard_of(member)


def send_away(group: ClassicGroup, turn: Turn) -> None:
    """The group is coordinated elsewhere now: whoever waits for an answer has to look for its coordinator."""
    for member in group.members.values():
        refuse_join(member, turn, ErrorCode.not_coordinator, member.member_id)
        if member.awaiting_sync is not None:
            turn.answer(member.awaiting_sync, sync_refused(ErrorCode.not_coordinator))
            member.awaiting_sync = None


def remove_member(group: ClassicGroup, member: Member, turn: Turn, reason: str) -> None:
    """Take it out, without yet drawing conclusions for the group.

    One that waits in the join phase is told UNKNOWN_MEMBER_ID, so that it tries again if it lives.
    """
    refuse_join(member, turn, ErrorCode.unknown_member_id, "")
    if member.awaiting_sync is not None:
        turn.answer(member.awaiting_sync, sync_refused(ErrorCode.unknown_member_id))
        member.awaiting_sync = None
    group.remove(member.member_id)
    turn.tell(MemberLeft(group.group_id, member.member_id, reason))


@dataclass(frozen=True, slots=True)
class GroupStored:
    """An empty generation is on record. If it is not, the one before would come back and time out."""

    def committed(self, groups: Groups, turn: Turn) -> None:
        pass

    def failed(self, groups: Groups, turn: Turn, error: ErrorCode) -> None:
        pass


@dataclass(frozen=True, slots=True)
class AssignmentStored:
    """The leader's assignment is on record: everybody who waits for it gets it.

    Unless the group has moved on meanwhile.
    """

    group_id: str
    generation: int
    assignments: dict[str, bytes] = field(compare=False)

    def committed(self, groups: Groups, turn: Turn) -> None:
        group = self._still_waiting(groups)
        if group is None:
            return
        turn.tell(GroupAssigned(group.group_id, group.generation, group.leader or ""))
        turn.transition(group, GroupState.STABLE, "the leader's assignment is stored")
        for member in group.members.values():
            member.assignment = self.assignments.get(member.member_id, b"")
            if member.awaiting_sync is not None:
                turn.answer(member.awaiting_sync, synced(group, member))
                member.awaiting_sync = None
                # A session that ended while the answer was held back did not count.
                turn.heard_of(member)

    def failed(self, groups: Groups, turn: Turn, error: ErrorCode) -> None:
        group = self._still_waiting(groups)
        if group is None:
            return
        refuse_syncs(group, turn, error)
        prepare_rebalance(group, turn, f"storing the assignment failed with {error.name}")

    def _still_waiting(self, groups: Groups) -> ClassicGroup | None:
        group = classic_group(groups, self.group_id)
        if group is None or group.state != GroupState.COMPLETING_REBALANCE or group.generation != self.generation:
            return None
        return group
