"""What the group coordinator does for share groups beyond deciding: it tells the share coordinators, and asks them.

A partition is begun with the share coordinator before it is assigned to anybody, and forgotten there
before the group forgets it. Both are on record first, so that the next coordinator can end what this
one began (org.apache.kafka.coordinator.group.GroupCoordinatorService).
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from kio.schema.list_groups.v5.response import ListedGroup
from kio.schema.share_group_describe.v1.response import DescribedGroup
from kio.schema.types import GroupId

from kafkalab.engine.coordinators.deletion import Deletion, DeletionStored, deleted
from kafkalab.engine.coordinators.modern.answers import Stored
from kafkalab.engine.coordinators.modern.member import TopicIdPartition
from kafkalab.engine.coordinators.shard import Shard
from kafkalab.engine.coordinators.share_groups.answers import describe_share_group, describe_share_group_refused
from kafkalab.engine.coordinators.share_groups.group import PROTOCOL_TYPE, ShareGroup, by_topic, flat
from kafkalab.engine.coordinators.share_groups.heartbeat import (
    ShareDraft,
    expire_share_members,
    heartbeat,
    share_group,
    share_sessions_after_load,
)
from kafkalab.engine.coordinators.share_groups.records import (
    ShareEpochRecord,
    ShareTargetEpoch,
    ShareTargetEpochRecord,
    StatePartitionsRecord,
)
from kafkalab.engine.coordinators.turn import Turn
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.engine.share.group_config import ShareGroupConfig
from kafkalab.engine.share.state import UNINITIALIZED_START, SharePartitionKey
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker


@dataclass(frozen=True, slots=True)
class Beginning:
    """A share coordinator is being told of a partition."""

    def answered(self, broker: "Broker", key: SharePartitionKey, _result: Any) -> None:
        broker.share_groups.begun(key, known=True)

    def failed(self, broker: "Broker", key: SharePartitionKey, error_code: ErrorCode) -> None:
        # One that knows a newer beginning knows the partition.
        broker.share_groups.begun(key, known=error_code is ErrorCode.fenced_state_epoch)


@dataclass(frozen=True, slots=True)
class ShareGroupDeadline:
    """The earliest deadline of a share group as it was when this was set."""

    partition: int
    group_id: str
    at_us: int

    def fire(self, broker: "Broker") -> None:
        broker.share_groups.deadline(self)


@dataclass
class Forgetting:
    """The state of groups goes before the groups do: then the request is taken up again."""

    request: Request
    left: int
    failed_groups: dict[str, None]

    def answered(self, broker: "Broker", key: SharePartitionKey, _result: Any) -> None:
        broker.share_groups.forgotten(key)
        self._one_less(broker)

    def failed(self, broker: "Broker", key: SharePartitionKey, _error_code: ErrorCode) -> None:
        self.failed_groups[key.group] = None
        self._one_less(broker)

    def _one_less(self, broker: "Broker") -> None:
        self.left -= 1
        if self.left:
            return
        if self.failed_groups:
            error = ErrorCode.coordinator_not_available
            broker.respond(self.request, deleted(dict.fromkeys(self.request.body.groups_names, error)))
        else:
            broker.groups.delete(self.request)


class ShareGroups:
    def __init__(self, broker: "Broker") -> None:
        self.broker = broker

    def heartbeat(self, request: Request) -> None:
        group_id = request.body.group_id
        shard, turn = self.broker.groups.begin_turn(group_id)
        config = ShareGroupConfig.of(self.broker, group_id)
        to_begin = heartbeat(shard, request, self.broker.metadata, config, turn)
        self._carry_out(shard, turn, group_id)
        if to_begin and group_id in shard.share_groups:
            self._begin(shard.share_groups[group_id])

    def describe(self, group_id: str) -> DescribedGroup:
        try:
            return describe_share_group(self.find(group_id), self.broker.metadata)
        except Refused as refused:
            return describe_share_group_refused(group_id, refused.error_code, refused.message)

    def find(self, group_id: str) -> ShareGroup:
        """Refused if it is not here, or of another kind."""
        shard, _ = self.broker.groups.begin_turn(group_id)
        return share_group(shard, group_id)

    def deadline(self, due: "ShareGroupDeadline") -> None:
        shard = self.broker.groups.shards.get(due.partition)
        group = shard.share_groups.get(due.group_id) if shard else None
        if shard is None or group is None or group.wake_at_us != due.at_us:
            return
        group.wake_at_us = None
        turn = self._turn()
        expire_share_members(group, self.broker.metadata, turn)
        self._carry_out(shard, turn, due.group_id)

    def listed(self, states: tuple[str, ...], types: tuple[str, ...]) -> tuple[ListedGroup, ...]:
        wanted_states = [each.lower() for each in states]
        if types and PROTOCOL_TYPE not in [each.lower() for each in types]:
            return ()
        return tuple(
            ListedGroup(
                group_id=GroupId(group.group_id),
                protocol_type=PROTOCOL_TYPE,
                group_state=group.state.value,
                group_type=PROTOCOL_TYPE,
            )
            for shard in self.broker.groups.shards.values()
            if not shard.loading
            for group in shard.share_groups.values()
            if not states or group.state.value.lower() in wanted_states
        )

    def delete(self, shard: Shard, group_id: str, deletion: Deletion) -> None:
        group, turn = shard.share_groups[group_id], self._turn()
        if group.members:
            raise Refused(ErrorCode.non_empty_group)
        draft = ShareDraft(group, self.broker.metadata, turn)
        draft.dissolve()
        turn.write(tuple(draft.records), DeletionStored(group_id, deletion))
        self._carry_out(shard, turn, group_id)

    def _turn(self) -> Turn:
        return Turn(self.broker.now_us, self.broker.random, self.broker.config)

    def _carry_out(self, shard: Shard, turn: Turn, group_id: str) -> None:
        deadlines = turn.deadlines
        self.broker.groups.carry_out(shard, turn, group_id)
        group = shard.share_groups.get(group_id)
        if group is None:
            return
        for deadline in deadlines:
            group.arm(deadline)
        group.forget_deadlines_of_the_gone()
        due_us = group.next_deadline_us
        if due_us is not None and (group.wake_at_us is None or due_us < group.wake_at_us):
            group.wake_at_us = due_us
            wake = ShareGroupDeadline(shard.partition, group_id, due_us)
            self.broker.wake_in(max(due_us - self.broker.now_us, 0), wake)

    # -- partitions that the group begins with -----------------------------------------------------

    def after_load(self, shard: Shard) -> None:
        """End what the last coordinator began; and all members have a whole session."""
        for group in list(shard.share_groups.values()):
            turn = self._turn()
            share_sessions_after_load(group, turn, ShareGroupConfig.of(self.broker, group.group_id).session_timeout_ms)
            self._carry_out(shard, turn, group.group_id)
            if group.state_partitions.initializing:
                self._begin(group)

    def _begin(self, group: ShareGroup) -> None:
        for topic_id, number in flat(group.state_partitions.initializing):
            key = SharePartitionKey(group.group_id, topic_id, number)
            self.broker.persister.initialize(key, group.epoch, UNINITIALIZED_START, Beginning())

    def begun(self, key: SharePartitionKey, *, known: bool) -> None:
        """The share coordinator knows of it; or it could not be told, and a heartbeat will try again."""
        place = (key.topic_id, key.partition)
        group = self._still_here(key.group)
        if group is None or (not known and place not in flat(group.state_partitions.initializing)):
            return
        state = group.state_partitions
        initializing = {it: None for it in flat(state.initializing) if it != place}
        initialized = {**flat(state.initialized), **({place: None} if known else {})}
        self._write_state(group, initializing, initialized)

    def forgotten(self, key: SharePartitionKey) -> None:
        group = self._still_here(key.group)
        if group is not None:
            place = (key.topic_id, key.partition)
            kept = {it: None for it in flat(group.state_partitions.initialized) if it != place}
            self._write_state(group, flat(group.state_partitions.initializing), kept)

    def _write_state(
        self, group: ShareGroup, initializing: dict[TopicIdPartition, None], initialized: dict[TopicIdPartition, None]
    ) -> None:
        image = self.broker.metadata
        state = replace(
            group.state_partitions,
            initializing=by_topic(initializing, image),
            initialized=by_topic(initialized, image),
        )
        shard, turn = self.broker.groups.begin_turn(group.group_id)
        turn.write((StatePartitionsRecord(group.group_id, state),), Stored())
        self._carry_out(shard, turn, group.group_id)

    def _still_here(self, group_id: str) -> ShareGroup | None:
        try:
            return self.find(group_id)
        except Refused:
            # The group is gone, or another coordinator has it, who ends what was begun.
            return None

    # -- what goes, and what is begun anew -----------------------------------------------------------

    def forget_state_first(self, request: Request) -> bool:
        """Whether there is state of the groups that are to be deleted; once it is gone they are."""
        keys = [key for group_id in request.body.groups_names for key in self._keys_to_forget(group_id)]
        if keys:
            forgetting = Forgetting(request, len(keys), {})
            for key in keys:
                self.broker.persister.delete(key, forgetting)
        return bool(keys)

    def _keys_to_forget(self, group_id: str) -> list[SharePartitionKey]:
        group = self._still_here(group_id) if group_id else None
        if group is None or group.members:
            return []
        return [SharePartitionKey(group_id, *place) for place in group.initialized]

    def find_or_new(self, group_id: str) -> ShareGroup:
        """Refused if it is not for this coordinator, or of another kind."""
        if not group_id:
            raise Refused(ErrorCode.invalid_group_id, "The group id is invalid.")
        shard, _ = self.broker.groups.begin_turn(group_id)
        if group_id in shard.groups or group_id in shard.share_groups:
            return share_group(shard, group_id)
        return ShareGroup(group_id)

    def make(self, group: ShareGroup) -> None:
        """It is on record from now on, if it was not: a group that nobody has joined yet."""
        shard, turn = self.broker.groups.begin_turn(group.group_id)
        if group.group_id not in shard.share_groups:
            epoch = ShareEpochRecord(group.group_id, group.group_epoch)
            target = ShareTargetEpochRecord(group.group_id, ShareTargetEpoch(group.epoch))
            turn.write((epoch, target), Stored())
            self._carry_out(shard, turn, group.group_id)

    def begun_by(self, group_id: str) -> dict[TopicIdPartition, None]:
        """The partitions that a group has begun with; a group that is not there has begun with none.
        Refused if it is not for this coordinator."""
        if not group_id:
            return {}
        shard, _ = self.broker.groups.begin_turn(group_id)
        group = shard.share_groups.get(group_id)
        return group.initialized if group is not None else {}
