"""What a request would make of a group, decided on a copy: the records it leads to, and the facts to tell.

The group itself changes when its log has taken the records, by replaying the same ones.
"""

from kafkalab.engine.controller.metadata import MetadataImage
from kafkalab.engine.coordinators.modern.group import ConsumerGroup
from kafkalab.engine.coordinators.modern.member import TopicIdPartition
from kafkalab.engine.coordinators.modern.records import (
    ConsumerGroupRecord,
    CurrentRecord,
    GroupEpoch,
    GroupEpochRecord,
    MemberRecord,
    RegexRecord,
    TargetEpochRecord,
    TargetRecord,
)
from kafkalab.engine.coordinators.modern.topics import metadata_hash
from kafkalab.engine.coordinators.records import GroupCoordinatorRecord
from kafkalab.engine.coordinators.turn import Turn
from kafkalab.engine.events import (
    ConsumerGroupEpochBumped,
    GroupStateChanged,
    MemberJoined,
    MemberLeft,
    MemberReconciled,
)


class Draft:
    def __init__(self, group: ConsumerGroup, image: MetadataImage, turn: Turn) -> None:
        self.group = group.draft()
        self.image = image
        self.turn = turn
        self.records: list[GroupCoordinatorRecord] = []
        self.reason = ""
        """Why the group's state is another than before."""
        self._state_before = group.state

    def put(self, record: ConsumerGroupRecord) -> None:
        self.group.replay(record)
        self.records.append(record)

    def bump(self, reason: str) -> None:
        """The group's epoch goes up: a new target is due."""
        self.reason = reason
        group = self.group
        self.put(
            GroupEpochRecord(
                group.group_id, GroupEpoch(group.epoch + 1, metadata_hash(group.subscribed_topics, self.image))
            )
        )
        self.turn.tell(ConsumerGroupEpochBumped(group.group_id, group.epoch, reason))

    def joined(self, member_id: str, client_id: str) -> None:
        self.turn.tell(MemberJoined(self.group.group_id, member_id, client_id))

    def remove(self, member_id: str, reason: str | None) -> None:
        """Its three records are taken back. `reason` is told, unless another takes its place."""
        group_id = self.group.group_id
        self.put(CurrentRecord(group_id, member_id, None))
        self.put(TargetRecord(group_id, member_id, None))
        self.put(MemberRecord(group_id, member_id, None))
        if reason is not None:
            self.turn.tell(MemberLeft(group_id, member_id, reason))

    def dissolve(self) -> None:
        """Tombstones for everything but its offsets."""
        group_id = self.group.group_id
        for member_id in list(self.group.members):
            self.remove(member_id, None)
        self.put(TargetEpochRecord(group_id, None))
        for regex in list(self.group.regexes):
            self.put(RegexRecord(group_id, regex, None))
        self.records.append(GroupEpochRecord(group_id, None))

    def tell_of(self, member_id: str) -> None:
        """How far it is on its way."""
        member = self.group.members[member_id]
        self.turn.tell(
            MemberReconciled(
                self.group.group_id,
                member_id,
                member.has.epoch,
                member.has.state.name.lower(),
                self.names(tuple(member.has.assigned)),
                self.names(tuple(member.has.revoking)),
                self.names(self.group.waits_for(member)),
            )
        )

    def names(self, partitions: tuple[TopicIdPartition, ...]) -> tuple[str, ...]:
        topic_names = self.image.topic_names
        return tuple(f"{topic_names.get(it, str(it))}-{number}" for it, number in sorted(partitions))

    def tell_of_state(self) -> None:
        before, after = self._state_before, self.group.state
        if before != after:
            reason = self.reason or _WHY[after.value]
            self.turn.tell(GroupStateChanged(self.group.group_id, before.value, after.value, self.group.epoch, reason))


_WHY = {
    "Empty": "its last member is gone",
    "Assigning": "a new target is due",
    "Reconciling": "there is a new target, which members are on their way to",
    "Stable": "every member has what the target gives it",
}
