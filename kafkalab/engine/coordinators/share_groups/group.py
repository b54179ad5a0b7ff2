"""A share group as replaying its records yields it, and the deadlines that only memory knows.

Members share partitions, so none must give up a partition before another gets it: each has its target
at its next heartbeat. What a group has begun to read is on record too, for the share coordinators are
told before any member is (org.apache.kafka.coordinator.group.modern.share.ShareGroup).
"""

from dataclasses import dataclass, field, replace
from enum import StrEnum

from kafkalab.engine.controller.metadata import MetadataImage
from kafkalab.engine.coordinators.modern.group import Deadline, DeadlineKind
from kafkalab.engine.coordinators.modern.member import TopicIdPartition
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
    StatePartitions,
    StatePartitionsRecord,
    TopicPartitions,
)
from kafkalab.engine.refused import Refused
from kafkalab.wire.errors import ErrorCode

PROTOCOL_TYPE = "share"
ASSIGNOR = "simple"


NOTHING = ShareSubscription()
JOINING = ShareAssignment()
NEW_GROUP = ShareEpoch(1)
NO_TARGET = ShareTargetEpoch(-1)
NOTHING_BEGUN = StatePartitions()


class ShareGroupState(StrEnum):
    EMPTY = "Empty"
    STABLE = "Stable"


@dataclass(frozen=True, slots=True)
class ShareMember:
    member_id: str
    wants: ShareSubscription = NOTHING
    has: ShareAssignment = JOINING


@dataclass(slots=True)
class ShareGroup:
    group_id: str
    group_epoch: ShareEpoch = NEW_GROUP
    target_epoch: ShareTargetEpoch = NO_TARGET
    members: dict[str, ShareMember] = field(default_factory=dict)
    target: dict[str, tuple[TopicIdPartition, ...]] = field(default_factory=dict)
    state_partitions: StatePartitions = NOTHING_BEGUN
    deadlines: dict[tuple[DeadlineKind, str], Deadline] = field(default_factory=dict)
    wake_at_us: int | None = None

    @property
    def epoch(self) -> int:
        return self.group_epoch.epoch

    @property
    def assignment_epoch(self) -> int:
        return self.target_epoch.epoch

    @property
    def state(self) -> ShareGroupState:
        return ShareGroupState.STABLE if self.members else ShareGroupState.EMPTY

    @property
    def subscribed_topics(self) -> tuple[str, ...]:
        topics = dict.fromkeys(topic for member in self.members.values() for topic in member.wants.topics)
        return tuple(sorted(topics))

    def member(self, member_id: str) -> ShareMember:
        member = self.members.get(member_id)
        if member is None:
            raise Refused(ErrorCode.unknown_member_id, f"Member {member_id} is not a member of group {self.group_id}.")
        return member

    @property
    def initialized(self) -> dict[TopicIdPartition, None]:
        return flat(self.state_partitions.initialized)

    def not_begun(self, image: MetadataImage) -> tuple[TopicIdPartition, ...]:
        """What members want and no share coordinator was told of yet."""
        begun = {**flat(self.state_partitions.initialized), **flat(self.state_partitions.initializing)}
        return tuple(
            (topic.topic_id, number)
            for name in self.subscribed_topics
            if (topic := image.topics.get(name)) is not None
            for number in sorted(topic.partitions)
            if (topic.topic_id, number) not in begun
        )

    # -- records -----------------------------------------------------------------------------------

    def draft(self) -> "ShareGroup":
        """A copy to decide on."""
        return replace(self, members=dict(self.members), target=dict(self.target), deadlines=dict(self.deadlines))

    def replay(self, record: ShareGroupRecord) -> None:
        """Apply one record. Apart from deadlines, the only way in which a group changes."""
        match record:
            case ShareEpochRecord(_, ShareEpoch() as value):
                self.group_epoch = value
            case ShareMemberRecord(_, name, None):
                self.members.pop(name, None)
            case ShareMemberRecord(_, name, ShareSubscription() as wants):
                self.members[name] = replace(self._known(name), wants=wants)
            case ShareTargetEpochRecord(_, value):
                self.target_epoch = value or NO_TARGET
            case ShareTargetRecord(_, name, None):
                self.target.pop(name, None)
            case ShareTargetRecord(_, name, tuple() as partitions):
                self.target[name] = partitions
            case ShareCurrentRecord(_, name, None):
                if name in self.members:
                    self.members[name] = replace(self.members[name], has=JOINING)
            case ShareCurrentRecord(_, name, ShareAssignment() as has):
                self.members[name] = replace(self._known(name), has=has)
            case StatePartitionsRecord(_, value):
                self.state_partitions = value or NOTHING_BEGUN

    def _known(self, member_id: str) -> ShareMember:
        return self.members.get(member_id) or ShareMember(member_id)

    # -- deadlines ---------------------------------------------------------------------------------

    def arm(self, deadline: Deadline) -> None:
        key = (deadline.kind, deadline.member_id)
        if deadline.at_us is None:
            self.deadlines.pop(key, None)
        else:
            self.deadlines[key] = deadline

    def forget_deadlines_of_the_gone(self) -> None:
        for key in [key for key in self.deadlines if key[1] not in self.members]:
            del self.deadlines[key]

    @property
    def next_deadline_us(self) -> int | None:
        return min((each.at_us for each in self.deadlines.values() if each.at_us is not None), default=None)


def flat(topics: tuple[TopicPartitions, ...]) -> dict[TopicIdPartition, None]:
    return {(topic.topic_id, number): None for topic in topics for number in topic.partitions}


def by_topic(partitions: dict[TopicIdPartition, None], image: MetadataImage) -> tuple[TopicPartitions, ...]:
    """Those of topics that there are, by topic."""
    topics: dict[str, list[int]] = {}
    for topic_id, number in sorted(partitions):
        name = image.topic_names.get(topic_id)
        if name is not None:
            topics.setdefault(name, []).append(number)
    return tuple(TopicPartitions(image.topics[name].topic_id, name, tuple(each)) for name, each in topics.items())
