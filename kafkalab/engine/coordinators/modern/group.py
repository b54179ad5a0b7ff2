"""A consumer group of KIP-848 as replaying its records yields it, and the deadlines that only memory knows.

Three epochs drive it. The group's goes up with every change of who is in it and what they want; the
target is computed for one group epoch; each member's own follows the target when it has given up
what others are to get (org.apache.kafka.coordinator.group.modern.consumer.ConsumerGroup).
"""

from dataclasses import dataclass, field, replace
from enum import StrEnum

from kafkalab.engine.coordinators.consumer_protocol import TopicPartition
from kafkalab.engine.coordinators.modern.member import (
    LEAVING_EPOCH,
    ConsumerMember,
    CurrentAssignment,
    MemberState,
    Subscription,
    TopicIdPartition,
)
from kafkalab.engine.coordinators.modern.records import (
    ConsumerGroupRecord,
    CurrentRecord,
    GroupEpoch,
    GroupEpochRecord,
    MemberRecord,
    RegexRecord,
    ResolvedRegex,
    TargetEpoch,
    TargetEpochRecord,
    TargetRecord,
)
from kafkalab.engine.coordinators.records import OffsetAndMetadata
from kafkalab.engine.refused import Refused
from kafkalab.wire.errors import ErrorCode


class ConsumerGroupState(StrEnum):
    EMPTY = "Empty"
    ASSIGNING = "Assigning"
    """The target is older than the group."""
    RECONCILING = "Reconciling"
    """Some member does not yet have what the target gives it."""
    STABLE = "Stable"


class DeadlineKind(StrEnum):
    SESSION = "session"
    """The member was not heard of."""
    REBALANCE = "rebalance"
    """It did not give up its partitions."""
    JOIN = "join"
    """Speaking the classic protocol, it did not join again."""
    SYNC = "sync"
    """Speaking the classic protocol, it did not ask for its assignment."""
    REGEX = "regex"
    """Regular expressions are to be resolved; of the group, with "" for the member."""


@dataclass(frozen=True, slots=True)
class Deadline:
    kind: DeadlineKind
    member_id: str
    at_us: int | None
    """None takes it back."""
    epoch: int = 0
    """A rebalance's: it does not hold for a member that has moved on to another epoch."""
    if_absent: bool = False
    """One that is already set stays."""


NO_TARGET = TargetEpoch(-1)
NEW_GROUP = GroupEpoch(1)


@dataclass(slots=True)
class ConsumerGroup:
    group_id: str
    group_epoch: GroupEpoch = NEW_GROUP
    target_epoch: TargetEpoch = NO_TARGET
    members: dict[str, ConsumerMember] = field(default_factory=dict)
    target: dict[str, tuple[TopicIdPartition, ...]] = field(default_factory=dict)
    regexes: dict[str, ResolvedRegex] = field(default_factory=dict)
    """What each regular expression that members subscribe stands for at present."""
    offsets: dict[TopicPartition, OffsetAndMetadata] = field(default_factory=dict)
    """What is committed and replicated."""
    deadlines: dict[tuple[DeadlineKind, str], Deadline] = field(default_factory=dict)
    wake_at_us: int | None = None
    """The wake that is under way for this group."""

    # -- what follows from the records -----------------------------------------------------------

    @property
    def epoch(self) -> int:
        return self.group_epoch.epoch

    @property
    def assignment_epoch(self) -> int:
        return self.target_epoch.epoch

    @property
    def state(self) -> ConsumerGroupState:
        if not self.members:
            return ConsumerGroupState.EMPTY
        if self.epoch > self.assignment_epoch:
            return ConsumerGroupState.ASSIGNING
        if all(member.has.is_reconciled_to(self.assignment_epoch) for member in self.members.values()):
            return ConsumerGroupState.STABLE
        return ConsumerGroupState.RECONCILING

    @property
    def subscribed_topics(self) -> tuple[str, ...]:
        """Every topic that some member wants, by name or by regular expression; sorted."""
        topics = dict.fromkeys(topic for member in self.members.values() for topic in self.topics_of(member))
        return tuple(sorted(topics))

    def topics_of(self, member: ConsumerMember) -> tuple[str, ...]:
        resolved = self.regexes.get(member.wants.regex)
        return tuple(dict.fromkeys((*member.wants.topics, *(resolved.topics if resolved else ()))))

    def subscribes(self, topic: str) -> bool:
        return topic in self.subscribed_topics

    def member(self, member_id: str) -> ConsumerMember:
        member = self.members.get(member_id)
        if member is None:
            raise Refused(ErrorCode.unknown_member_id, f"Member {member_id} is not a member of group {self.group_id}.")
        return member

    def static_member(self, instance_id: str | None) -> ConsumerMember | None:
        if instance_id is None:
            return None
        return next((each for each in self.members.values() if each.wants.instance_id == instance_id), None)

    def is_free(self, partition: TopicIdPartition) -> bool:
        """Nobody has it, nor is still giving it up."""
        return all(
            partition not in each.has.assigned and partition not in each.has.revoking for each in self.members.values()
        )

    def waits_for(self, member: ConsumerMember) -> tuple[TopicIdPartition, ...]:
        """What its target gives it and others still have."""
        return tuple(
            it for it in self.target.get(member.member_id, ()) if it not in member.has.assigned and not self.is_free(it)
        )

    @property
    def regex_members(self) -> dict[str, int]:
        """How many members subscribe each regular expression."""
        counts: dict[str, int] = {}
        for member in self.members.values():
            if member.wants.regex:
                counts[member.wants.regex] = counts.get(member.wants.regex, 0) + 1
        return counts

    def preferred_assignor(self, default: str) -> str:
        """The one that most members name; the first named among equals."""
        votes: dict[str, int] = {}
        for member in self.members.values():
            if member.wants.assignor is not None:
                votes[member.wants.assignor] = votes.get(member.wants.assignor, 0) + 1
        return max(votes, key=lambda name: votes[name]) if votes else default

    # -- records -----------------------------------------------------------------------------------

    def draft(self) -> "ConsumerGroup":
        """A copy to decide on. Members and targets are values, so it goes no deeper."""
        return replace(
            self,
            members=dict(self.members),
            target=dict(self.target),
            regexes=dict(self.regexes),
            deadlines=dict(self.deadlines),
        )

    def replay(self, record: ConsumerGroupRecord) -> None:
        """Apply one record. Apart from deadlines, the only way in which a group changes."""
        match record:
            case GroupEpochRecord(_, GroupEpoch() as value):
                self.group_epoch = value
            case MemberRecord(_, name, None):
                self.members.pop(name, None)
            case MemberRecord(_, name, Subscription() as wants):
                self.members[name] = replace(self._known(name), wants=wants)
            case TargetEpochRecord(_, value):
                self.target_epoch = value or NO_TARGET
            case TargetRecord(_, name, None):
                self.target.pop(name, None)
            case TargetRecord(_, name, tuple() as partitions):
                self.target[name] = partitions
            case CurrentRecord(_, name, None):
                if name in self.members:
                    gone = CurrentAssignment(LEAVING_EPOCH, LEAVING_EPOCH, MemberState.STABLE)
                    self.members[name] = replace(self.members[name], has=gone)
            case CurrentRecord(_, name, CurrentAssignment() as has):
                self.members[name] = replace(self._known(name), has=has)
            case RegexRecord(_, regex, None):
                self.regexes.pop(regex, None)
            case RegexRecord(_, regex, ResolvedRegex() as resolved):
                self.regexes[regex] = resolved

    def _known(self, member_id: str) -> ConsumerMember:
        return self.members.get(member_id) or ConsumerMember(member_id)

    # -- deadlines ---------------------------------------------------------------------------------

    def arm(self, deadline: Deadline) -> None:
        key = (deadline.kind, deadline.member_id)
        if deadline.at_us is None:
            self.deadlines.pop(key, None)
        elif not (deadline.if_absent and key in self.deadlines):
            self.deadlines[key] = deadline

    def take_deadlines(self, deadlines: list[Deadline]) -> None:
        for deadline in deadlines:
            self.arm(deadline)
        for key in [key for key in self.deadlines if key[1] and key[1] not in self.members]:
            del self.deadlines[key]

    @property
    def next_deadline_us(self) -> int | None:
        return min((each.at_us for each in self.deadlines.values() if each.at_us is not None), default=None)
