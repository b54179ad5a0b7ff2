"""What happens in a group when nothing happens: sessions end, phases run out of time.

(org.apache.kafka.coordinator.group.GroupMetadataManager: expireClassicGroupMemberHeartbeat,
expirePendingSync.)
"""

from kafkalab.engine.coordinators.classic_group import ClassicGroup, GroupState, Member
from kafkalab.engine.coordinators.rebalance import (
    complete_join,
    join_phase_is_due,
    prepare_rebalance,
    rebalance_or_complete,
    remove_member,
)
from kafkalab.engine.coordinators.turn import Turn


def expire(group: ClassicGroup, turn: Turn) -> None:
    """Do what is due by now."""
    for member_id, lapses_at_us in list(group.pending_joins.items()):
        if lapses_at_us <= turn.now_us and member_id in group.pending_joins:
            group.remove(member_id)
            _complete_join_if_nobody_is_missing(group, turn)
    for member in list(group.members.values()):
        if member.expires_at_us is not None and member.expires_at_us <= turn.now_us:
            _expire_session(group, member, turn)
    if group.sync_due_us is not None and group.sync_due_us <= turn.now_us:
        _expire_syncs(group, turn)
    if group.join_due_us is not None and group.join_due_us <= turn.now_us:
        join_phase_is_due(group, turn)


def _expire_session(group: ClassicGroup, member: Member, turn: Turn) -> None:
    if group.members.get(member.member_id) is not member:
        return
    if not member.is_new and (member.awaiting_join is not None or member.awaiting_sync is not None):
        # It cannot be heard of while it waits for us; its session begins anew with the answer.
        member.expires_at_us = None
        return
    reason = "it never got its first generation" if member.is_new else "its session timed out"
    remove_member(group, member, turn, reason)
    if group.state in (GroupState.STABLE, GroupState.COMPLETING_REBALANCE):
        rebalance_or_complete(group, turn, f"{member.member_id} is gone: {reason}")
    else:
        _complete_join_if_nobody_is_missing(group, turn)


def _complete_join_if_nobody_is_missing(group: ClassicGroup, turn: Turn) -> None:
    """Here even in the first join phase: this is how a group becomes empty again."""
    if group.state == GroupState.PREPARING_REBALANCE and group.all_have_joined:
        complete_join(group, turn)


def _expire_syncs(group: ClassicGroup, turn: Turn) -> None:
    group.sync_due_us = None
    missing = list(group.pending_syncs)
    if not missing or group.state not in (GroupState.COMPLETING_REBALANCE, GroupState.STABLE):
        return
    for member_id in missing:
        remove_member(group, group.members[member_id], turn, "it did not ask for its assignment in time")
    prepare_rebalance(group, turn, "members did not ask for their assignment in time")
