"""How one member gets from what it has to its target, heartbeat by heartbeat, waiting for nobody else.

It first gives up what is not its own any more and says so; then its epoch moves on, and it gets those
partitions of its target that no other member still has; the rest comes as they are released
(KIP-848; org.apache.kafka.coordinator.group.modern.consumer.CurrentAssignmentBuilder).
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from uuid import UUID

from kafkalab.engine.coordinators.modern.member import CurrentAssignment, MemberState, Owned, TopicIdPartition
from kafkalab.engine.refused import Refused
from kafkalab.wire.errors import ErrorCode

Reported = Collection[TopicIdPartition] | None
"""The partitions that a member says it has; None when it said nothing new."""


def reconciled(
    has: CurrentAssignment,
    target_epoch: int,
    target: tuple[TopicIdPartition, ...],
    subscribed: Collection[UUID],
    reported: Reported,
    is_free: Callable[[TopicIdPartition], bool],
    *,
    subscription_changed: bool,
) -> CurrentAssignment:
    """The member's next step; `has` itself if there is none to take now.

    `is_free`: no member has that partition, not even one that is about to give it up.
    """
    match has.state:
        case MemberState.STABLE:
            if has.epoch == target_epoch:
                return _unsubscribed(has, subscribed, reported) if subscription_changed else has
        case MemberState.UNREVOKED_PARTITIONS:
            if _still_owns(reported, has.revoking):
                return _unsubscribed(has, subscribed, reported) if subscription_changed else has
        case MemberState.UNKNOWN:
            if reported is None or reported:
                raise Refused(ErrorCode.fenced_member_epoch)
    return _next(has, target_epoch, target, subscribed, reported, is_free)


def _next(
    has: CurrentAssignment,
    target_epoch: int,
    target: tuple[TopicIdPartition, ...],
    subscribed: Collection[UUID],
    reported: Reported,
    is_free: Callable[[TopicIdPartition], bool],
) -> CurrentAssignment:
    wanted = {it: None for it in target if it[0] in subscribed}
    kept = {it: at for it, at in has.assigned.items() if it in wanted}
    revoking = {it: at for it, at in has.assigned.items() if it not in wanted}
    if revoking and _still_owns(reported, revoking):
        # It stays in its epoch until it says that it has given these up.
        return CurrentAssignment(has.epoch, has.epoch, MemberState.UNREVOKED_PARTITIONS, kept, revoking)
    missing = [it for it in wanted if it not in kept]
    released = [it for it in missing if is_free(it) or it in has.revoking]
    state = MemberState.STABLE if len(released) == len(missing) else MemberState.UNRELEASED_PARTITIONS
    return CurrentAssignment(
        target_epoch,
        has.epoch,
        state,
        kept | dict.fromkeys(released, target_epoch),
    )


def _unsubscribed(has: CurrentAssignment, subscribed: Collection[UUID], reported: Reported) -> CurrentAssignment:
    """Topics that it no longer wants it has to give up even before a new target is computed."""
    dropped: Mapping[TopicIdPartition, int] = {it: at for it, at in has.assigned.items() if it[0] not in subscribed}
    if not dropped:
        return has
    assigned = {it: at for it, at in has.assigned.items() if it not in dropped}
    revoking = {**has.revoking, **dropped}
    if _still_owns(reported, revoking):
        return CurrentAssignment(has.epoch, has.epoch, MemberState.UNREVOKED_PARTITIONS, assigned, revoking)
    return replace(has, previous_epoch=has.epoch, assigned=assigned)


def _still_owns(reported: Reported, revoking: Owned) -> bool:
    """A member that says nothing of what it owns has not given anything up."""
    return reported is None or any(it in revoking for it in reported)
