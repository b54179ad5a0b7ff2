"""Facts whose reason is an earlier fact, and not the message that happened to bring them about.

A group is stable because it had been rebalancing; that the last heartbeat of some member led there says
nothing. A replica is in sync again because it follows its leader; what it fetched last does not matter.
"""

from collections.abc import Callable

from kafkalab.engine.events import (
    BecameFollower,
    BrokerFenced,
    BrokerRegistered,
    BrokerUnfenced,
    ConsumerGroupEpochBumped,
    ControlledShutdownStarted,
    Event,
    GroupAssigned,
    GroupStateChanged,
    IsrExpanded,
    MemberJoined,
    MemberLeft,
    MemberReconciled,
    TargetAssignmentComputed,
)
from kafkalab.lab.causes import Causes, Told

REBALANCING = ("PreparingRebalance", "CompletingRebalance")
BEGIN = (BrokerFenced, BrokerUnfenced, BrokerRegistered, ControlledShutdownStarted, MemberJoined, MemberLeft)
"""Of what is decided at once, these are the reason for the rest, in whatever order it is written down."""


def in_order(told: list[Told]) -> list[Told]:
    """What one moment told, reasons first."""
    return sorted(told, key=lambda each: not isinstance(each.event, BEGIN))


def known_reason(causes: Causes, told: Told) -> Told | None:
    """The newest earlier fact that is the reason for this one. None where the way of the messages says it best."""
    is_reason = _reason_of(told.event)
    if is_reason is None:
        return None
    return next((each for each in causes.newest_facts() if each.moment < told.moment and is_reason(each.event)), None)


def _reason_of(event: Event) -> Callable[[Event], bool] | None:
    match event:
        case IsrExpanded(topic, partition, before, after):
            came = [broker for broker in after if broker not in before]
            return lambda it: (
                isinstance(it, BecameFollower) and (it.topic, it.partition) == (topic, partition) and it.broker in came
            )
        case GroupStateChanged(group, before) if before in REBALANCING:
            return lambda it: isinstance(it, GroupStateChanged) and (it.group, it.after) == (group, before)
        case GroupAssigned(group):
            return lambda it: isinstance(it, GroupStateChanged) and (it.group, it.after) == (group, REBALANCING[1])
        case MemberReconciled(group, _, epoch):
            return lambda it: isinstance(it, TargetAssignmentComputed) and (it.group, it.epoch) == (group, epoch)
        case TargetAssignmentComputed(group, epoch):
            return lambda it: isinstance(it, ConsumerGroupEpochBumped) and (it.group, it.epoch) == (group, epoch)
    return None
