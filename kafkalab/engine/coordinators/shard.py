"""The groups of one partition of `__consumer_offsets`: what replaying that partition yields.

What a classic group does from second to second lives in memory only and is ahead of its records,
so its records are replayed when a coordinator takes over and not at run time. Offsets and
deletions change by replay alone, and an offset only once it is below the high watermark: nobody is
told of an offset that a failover could take back
(org.apache.kafka.coordinator.group.GroupCoordinatorShard).
"""

from collections import deque
from dataclasses import dataclass, field

from kafkalab.engine.coordinators.classic_group import ClassicGroup, GroupState
from kafkalab.engine.coordinators.consumer_protocol import TopicPartition
from kafkalab.engine.coordinators.groups import Group, Groups
from kafkalab.engine.coordinators.modern.group import ConsumerGroup
from kafkalab.engine.coordinators.modern.records import ConsumerGroupRecord, GroupEpochRecord
from kafkalab.engine.coordinators.pending_offsets import PendingOffsets, TransactionalOffset, TransactionEnd
from kafkalab.engine.coordinators.records import GroupCoordinatorRecord, GroupRecord, OffsetRecord
from kafkalab.engine.coordinators.share_groups.group import ShareGroup
from kafkalab.engine.coordinators.share_groups.records import ShareEpochRecord, ShareGroupRecord
from kafkalab.engine.coordinators.turn import Sequel, Turn
from kafkalab.wire.errors import ErrorCode

OffsetChange = OffsetRecord | TransactionalOffset | TransactionEnd


@dataclass
class Shard:
    partition: int
    leader_epoch: int
    """Of the election that made this broker load it."""
    loading: bool = True
    next_offset: int = 0
    """Where loading goes on; once it is over, what lies before was found in the log."""
    loaded_records: int = 0
    groups: Groups = field(default_factory=dict)
    share_groups: dict[str, ShareGroup] = field(default_factory=dict)
    uncommitted: deque[tuple[int, OffsetChange]] = field(default_factory=deque)
    """Offsets in the log that are not yet replicated, each with the offset of its record."""
    pending: PendingOffsets = field(default_factory=PendingOffsets)
    materialised: list[OffsetRecord] = field(default_factory=list)
    """What the ends of transactions have made the groups' offsets, until somebody tells of it."""
    last_written: int = -1
    """The offset of our newest record."""
    following: deque[tuple[int, Sequel]] = field(default_factory=deque)
    """What has nothing to write itself, and comes after the record at that offset."""

    def load(self, offset: int, record: GroupCoordinatorRecord, producer_id: int | None = None) -> None:
        """A record of the log as it was found; of that producer's transaction, or of none."""
        self.loaded_records += 1
        match record:
            case GroupRecord(group_id, None):
                if isinstance(self.groups.get(group_id), ClassicGroup):
                    self._leave_offsets(group_id)
            case GroupRecord():
                self._restore(record)
            case OffsetRecord():
                self._append(offset, record, producer_id)
            case _ if isinstance(record, ShareGroupRecord):
                self._replay_share(record)
            case _:
                self._replay_modern(record)

    def written(self, offset: int, records: tuple[GroupCoordinatorRecord, ...], producer_id: int | None = None) -> None:
        """Our own records went into the log; the last one of them at `offset`."""
        self.last_written = offset
        downgraded: dict[str, None] = {}
        for record in records:
            match record:
                case GroupRecord(group_id, None):
                    if isinstance(self.groups.get(group_id), ClassicGroup):
                        self._leave_offsets(group_id)
                case GroupRecord():
                    if record.group in downgraded:
                        self._restore(record)
                case OffsetRecord():
                    self._append(offset, record, producer_id)
                case _ if isinstance(record, ShareGroupRecord):
                    self._replay_share(record)
                case _:
                    if isinstance(record, GroupEpochRecord) and record.value is None:
                        downgraded[record.group] = None
                    self._replay_modern(record)

    def ended(self, offset: int, end: TransactionEnd) -> None:
        """A marker went into the log, or was found there."""
        self.uncommitted.append((offset, end))

    def _append(self, offset: int, record: OffsetRecord, producer_id: int | None) -> None:
        change = record if producer_id is None else TransactionalOffset(producer_id, record)
        self.uncommitted.append((offset, change))

    def commit_up_to(self, high_watermark: int) -> None:
        while self.uncommitted and self.uncommitted[0][0] < high_watermark:
            self._replay(*self.uncommitted.popleft())

    def unstable(self, group_id: str) -> dict[TopicPartition, None]:
        """The partitions for which a transaction has yet to decide what the group's offset is."""
        found = self.pending.of_group(group_id)
        for _, change in self.uncommitted:
            if isinstance(change, TransactionalOffset) and change.record.group == group_id:
                found[change.record.topic, change.record.partition] = None
        return found

    def due_to_follow(self, high_watermark: int) -> list[Sequel]:
        """Those whose predecessors are committed."""
        due: list[Sequel] = []
        while self.following and self.following[0][0] < high_watermark:
            due.append(self.following.popleft()[1])
        return due

    def fail_following(self, turn: Turn, error: ErrorCode) -> None:
        while self.following:
            self.following.popleft()[1].failed(self.groups, turn, error)

    def offset_keys(self, group_id: str) -> list[TopicPartition]:
        """Every partition that the group has an offset for, or will have when all is replicated."""
        group = self.groups.get(group_id)
        keys = dict.fromkeys(group.offsets) if group else {}
        for _, change in self.uncommitted:
            if isinstance(change, OffsetRecord) and change.group == group_id:
                keys[change.topic, change.partition] = None
        return list(keys | self.unstable(group_id))

    def _replay_share(self, record: ShareGroupRecord) -> None:
        if isinstance(record, ShareEpochRecord) and record.value is None:
            self.share_groups.pop(record.group, None)
        elif record.value is not None or record.group in self.share_groups:
            self.share_groups.setdefault(record.group, ShareGroup(record.group)).replay(record)

    def _replay_modern(self, record: ConsumerGroupRecord) -> None:
        group = self.groups.get(record.group)
        if isinstance(record, GroupEpochRecord) and record.value is None:
            if isinstance(group, ConsumerGroup):
                self._leave_offsets(record.group)
            return
        if not isinstance(group, ConsumerGroup):
            if record.value is None or (group is not None and group.protocol_type is not None):
                return
            group = ConsumerGroup(record.group, offsets=group.offsets if group else {})
            self.groups[record.group] = group
        group.replay(record)

    def _restore(self, record: GroupRecord) -> None:
        assert record.value is not None
        group = self.groups.get(record.group)
        if not isinstance(group, ClassicGroup):
            group = ClassicGroup(record.group, offsets=group.offsets if group else {})
            self.groups[record.group] = group
        group.restore(record.value)

    def _leave_offsets(self, group_id: str) -> None:
        """The group is gone. Its offsets have records of their own, and another kind of group may take them over."""
        offsets = self.groups.pop(group_id).offsets
        if offsets or self.pending.of_group(group_id):
            self.groups[group_id] = ClassicGroup(group_id, offsets=offsets)

    def _replay(self, offset: int, change: OffsetChange) -> None:
        match change:
            case TransactionalOffset():
                self.groups.setdefault(change.record.group, ClassicGroup(change.record.group))
                self.pending.store(offset, change)
            case TransactionEnd():
                for record in self.pending.end(change):
                    self._replay_offset(record)
                    # What was found in the log is no news: it came to count in the time of whoever led it then.
                    if offset >= self.next_offset:
                        self.materialised.append(record)
            case OffsetRecord():
                self.pending.settled(offset, change)
                self._replay_offset(change)

    def _replay_offset(self, record: OffsetRecord) -> None:
        key = (record.topic, record.partition)
        if record.value is not None:
            # Whoever commits without being a member makes a simple group, which only stores offsets.
            self.groups.setdefault(record.group, ClassicGroup(record.group)).offsets[key] = record.value
            return
        group = self.groups.get(record.group)
        if group is None:
            return
        group.offsets.pop(key, None)
        if not group.offsets and not self.pending.of_group(record.group) and _is_unused(group):
            del self.groups[record.group]


def _is_unused(group: Group) -> bool:
    """A simple group, which is there for its offsets alone."""
    if isinstance(group, ConsumerGroup) or group.protocol_type is not None:
        return False
    return group.state == GroupState.EMPTY and not group.pending_joins
