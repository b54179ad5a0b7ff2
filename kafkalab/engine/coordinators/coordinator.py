"""The group coordinator of one broker: a shard for each `__consumer_offsets` partition that it leads.

It decides (joining.py, membership.py, offsets.py ...), writes what was decided to the partition,
and answers. It comes with the leadership of the partition and goes with it: the next leader reads
the same records and goes on. Long logs are read piece by piece, and meanwhile members hear
COORDINATOR_LOAD_IN_PROGRESS (org.apache.kafka.coordinator.group.GroupCoordinatorService,
org.apache.kafka.coordinator.common.runtime.CoordinatorRuntime).
"""

from typing import TYPE_CHECKING

from kio.schema.heartbeat.v4.request import HeartbeatRequest
from kio.schema.leave_group.v5.request import LeaveGroupRequest
from kio.schema.leave_group.v5.response import MemberResponse

from kafkalab.engine.coordinator_place import partition_of
from kafkalab.engine.coordinators import membership, offset_deletion
from kafkalab.engine.coordinators.classic_group import ClassicGroup
from kafkalab.engine.coordinators.deletion import Deletion, delete, tombstones
from kafkalab.engine.coordinators.expirations import expire
from kafkalab.engine.coordinators.groups import Group
from kafkalab.engine.coordinators.joining import join
from kafkalab.engine.coordinators.modern import classic_members
from kafkalab.engine.coordinators.modern.answers import Stored
from kafkalab.engine.coordinators.modern.fencing import expire_members, sessions_after_load
from kafkalab.engine.coordinators.modern.group import ConsumerGroup
from kafkalab.engine.coordinators.modern.heartbeat import heartbeat as consumer_group_heartbeat
from kafkalab.engine.coordinators.offsets import commit, expire_offsets, fetch, fetch_refused, forget_topics
from kafkalab.engine.coordinators.pending_offsets import TransactionEnd
from kafkalab.engine.coordinators.rebalance import prepare_rebalance, send_away
from kafkalab.engine.coordinators.records import OFFSETS_TOPIC, decode, encode
from kafkalab.engine.coordinators.shard import Shard
from kafkalab.engine.coordinators.transactional_commit import commit_in_transaction
from kafkalab.engine.coordinators.turn import Turn, Write, storage_error
from kafkalab.engine.coordinators.wakes import CheckOffsets, GroupDeadline, GroupWrite, LoadMore
from kafkalab.engine.events import CoordinatorLoaded, CoordinatorUnloaded, OffsetCommitted
from kafkalab.engine.log.transactions import marker_of
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.wire import batches
from kafkalab.wire.dialect import OffsetFetchGroup, OffsetFetchGroupResult
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker

LOAD_BYTES = 1 << 20
"""How much of a log is read in one step (offsets.load.buffer.size is 5 MB; ours must not be felt)."""


class GroupCoordinator:
    def __init__(self, broker: "Broker") -> None:
        self.broker = broker
        self.shards: dict[int, Shard] = {}
        """By partition of `__consumer_offsets`."""
        self._checks_offsets = False

    @property
    def groups(self) -> dict[str, Group]:
        """Every group coordinated here."""
        return {group_id: group for shard in self.shards.values() for group_id, group in shard.groups.items()}

    def partition_for(self, group_id: str) -> int:
        """The partition of `__consumer_offsets` that holds the group; its leader coordinates it."""
        offsets_topic = self.broker.metadata.topics.get(OFFSETS_TOPIC)
        count = len(offsets_topic.partitions) if offsets_topic else self.broker.config.offsets_topic_num_partitions
        return partition_of(group_id, count)

    # -- leadership comes and goes -----------------------------------------------------------

    def on_leader(self, partition: int, leader_epoch: int) -> None:
        """This broker leads the partition now. Led already, under an older epoch, changes nothing."""
        if partition in self.shards:
            return
        self.shards[partition] = Shard(
            partition, leader_epoch, next_offset=self.broker.partition(OFFSETS_TOPIC, partition).log.start_offset
        )
        self.load_more(partition, leader_epoch)
        if not self._checks_offsets:
            self._checks_offsets = True
            self._wake_to_check_offsets()

    def on_resign(self, partition: int) -> None:
        """Another leads it, or nobody. Whoever waits for an answer is sent looking for the new coordinator."""
        shard = self.shards.pop(partition, None)
        if shard is None:
            return
        turn = self._turn()
        shard.fail_following(turn, ErrorCode.not_coordinator)
        for group in shard.groups.values():
            if isinstance(group, ClassicGroup):
                send_away(group, turn)
        self._answer(turn)
        self.broker.tell(CoordinatorUnloaded(self.broker.broker_id, partition))

    def load_more(self, partition: int, leader_epoch: int) -> None:
        """Read the next piece of the log; at its end the shard is ready."""
        shard = self.shards.get(partition)
        if shard is None or not shard.loading or shard.leader_epoch != leader_epoch:
            return
        led = self.broker.partition(OFFSETS_TOPIC, partition)
        data = led.log.read(shard.next_offset, LOAD_BYTES, led.log.end_offset, True)
        for batch in batches.headers(data):
            producer_id = batch.producer_id if batch.is_transactional else None
            if batch.is_control:
                marker = marker_of(batch)
                if marker is not None:
                    shard.ended(batch.last_offset, TransactionEnd(batch.producer_id, marker.committed))
            else:
                for record in batches.records(batch):
                    decoded = decode(record.key, record.value)
                    if decoded is not None and record.offset >= shard.next_offset:
                        shard.load(record.offset, decoded, producer_id)
            shard.next_offset = batch.next_offset
        self._commit(shard)
        if data and shard.next_offset < led.log.end_offset:
            self.broker.wake_in(0, LoadMore(partition, leader_epoch))
            return
        shard.loading = False
        self.broker.tell(CoordinatorLoaded(self.broker.broker_id, partition, shard.loaded_records))
        for group in list(shard.groups.values()):
            turn = self._turn()
            if isinstance(group, ConsumerGroup):
                sessions_after_load(group, self.broker.metadata, turn)
            else:
                for member in group.members.values():
                    turn.heard_of(member)
                if len(group.members) > turn.config.group_max_size:
                    prepare_rebalance(group, turn, "it has more members than are allowed")
            self._carry_out(shard, turn, group.group_id)
        self.broker.share_groups.after_load(shard)

    # -- requests: each raises Refused, or sees to the answer -----------------------------------

    def join(self, request: Request) -> None:
        group_id = request.body.group_id
        shard, turn = self._member_shard(group_id), self._turn()
        group = shard.groups.get(group_id)
        if isinstance(group, ConsumerGroup) and group.members:
            classic_members.join(group, request, self.broker.metadata, turn)
        else:
            if isinstance(group, ConsumerGroup) and not request.body.member_id:
                turn.write(tombstones(group, self.broker.metadata, turn), Stored())
                self._carry_out(shard, turn, group_id)
                turn = self._turn()
            join(shard.groups, request, turn)
        self._carry_out(shard, turn, group_id)

    def sync(self, request: Request) -> None:
        group_id = request.body.group_id
        shard, turn = self._member_shard(group_id), self._turn()
        group = shard.groups.get(group_id)
        if isinstance(group, ConsumerGroup):
            classic_members.sync(group, request, self.broker.metadata, turn)
        else:
            membership.sync(shard.groups, request, turn)
        self._carry_out(shard, turn, group_id)

    def heartbeat(self, body: HeartbeatRequest) -> ErrorCode:
        shard, turn = self._member_shard(body.group_id), self._turn()
        group = shard.groups.get(body.group_id)
        if isinstance(group, ConsumerGroup):
            error = classic_members.heartbeat(group, body, turn)
        else:
            error = membership.heartbeat(shard.groups, body, turn)
        self._carry_out(shard, turn, body.group_id)
        return error

    def leave(self, body: LeaveGroupRequest) -> tuple[MemberResponse, ...]:
        shard, turn = self._member_shard(body.group_id), self._turn()
        group = shard.groups.get(body.group_id)
        if isinstance(group, ConsumerGroup):
            answers = classic_members.leave(group, body, self.broker.metadata, turn)
        else:
            answers = membership.leave(shard.groups, body, turn)
        self._carry_out(shard, turn, body.group_id)
        return answers

    def consumer_group_heartbeat(self, request: Request) -> None:
        group_id = request.body.group_id
        shard, turn = self._member_shard(group_id), self._turn()
        consumer_group_heartbeat(shard.groups, request, self.broker.metadata, turn)
        self._carry_out(shard, turn, group_id)

    def delete_offsets(self, request: Request) -> None:
        group_id = request.body.group_id
        shard, turn = self.shard_of(group_id), self._turn()
        offset_deletion.delete_offsets(shard, request, self.broker.metadata, turn)
        self._carry_out(shard, turn, group_id)

    def commit(self, request: Request) -> None:
        group_id = request.body.group_id
        shard, turn = self.shard_of(group_id), self._turn()
        commit(shard.groups, request, self.broker.metadata, turn)
        self._carry_out(shard, turn, group_id)

    def commit_in_transaction(self, request: Request, verified: int) -> None:
        group_id = request.body.group_id
        shard, turn = self.shard_of(group_id), self._turn()
        commit_in_transaction(shard.groups, request, verified, self.broker.metadata, turn)
        self._carry_out(shard, turn, group_id)

    def fetch(self, asked: OffsetFetchGroup, require_stable: bool = False) -> OffsetFetchGroupResult:
        try:
            shard = self.shard_of(asked.group_id)
        except Refused as refused:
            return fetch_refused(asked, refused.error_code)
        unstable = shard.unstable(asked.group_id) if require_stable else {}
        try:
            return fetch(shard.groups, asked, self.broker.metadata, unstable)
        except Refused as refused:
            return fetch_refused(asked, refused.error_code)

    def delete(self, request: Request) -> None:
        deletion = Deletion(request, dict.fromkeys(request.body.groups_names))
        turn = self._turn()
        for group_id in list(deletion.results):
            try:
                shard = self.shard_of(group_id)
                if group_id in shard.share_groups:
                    self.broker.share_groups.delete(shard, group_id, deletion)
                    continue
                group_turn = self._turn()
                delete(shard, group_id, deletion, self.broker.metadata, group_turn)
                self._carry_out(shard, group_turn, group_id)
            except Refused as refused:
                deletion.settle(group_id, refused.error_code, turn)
        if not deletion.results:
            deletion.answer_if_settled(turn)
        self._answer(turn)

    # -- the ends of transactions ---------------------------------------------------------------

    def check_takes_markers(self, partition: int) -> None:
        """Refused, so that the transaction coordinator tries again, until the partition's groups are known here."""
        shard = self.shards.get(partition)
        if shard is None or shard.loading:
            raise Refused(ErrorCode.not_leader_or_follower)

    def marker_written(self, partition: int, offset: int, producer_id: int, committed: bool) -> None:
        self.shards[partition].ended(offset, TransactionEnd(producer_id, committed))

    def marker_replicated(self, partition: int) -> None:
        """What it decided about counts now."""
        shard = self.shards.get(partition)
        if shard is not None and not shard.loading:
            self._commit(shard)

    # -- timers and finished writes ------------------------------------------------------------

    def deadline(self, due: GroupDeadline) -> None:
        shard = self.shards.get(due.partition)
        group = shard.groups.get(due.group_id) if shard else None
        if shard is None or group is None or group.wake_at_us != due.at_us:
            return
        group.wake_at_us = None
        turn = self._turn()
        if isinstance(group, ConsumerGroup):
            expire_members(group, self.broker.metadata, turn)
        else:
            expire(group, turn)
        self._carry_out(shard, turn, due.group_id)

    def on_topics_deleted(self, topics: tuple[str, ...]) -> None:
        """Their offsets go too, before a topic of the same name could inherit them."""
        for shard in self.shards.values():
            for group in [] if shard.loading else list(shard.groups.values()):
                turn = self._turn()
                forget_topics(group, topics, turn)
                self._carry_out(shard, turn, group.group_id)

    def check_offsets(self) -> None:
        if not self.shards:
            self._checks_offsets = False
            return
        for shard in self.shards.values():
            for group in [] if shard.loading else list(shard.groups.values()):
                turn = self._turn()
                expire_offsets(group, self.broker.metadata, shard.unstable(group.group_id), turn)
                self._carry_out(shard, turn, group.group_id)
        self._wake_to_check_offsets()

    def written(self, waited: GroupWrite, error: ErrorCode) -> None:
        """A write of ours is committed, or failed. Its sequel finds no group if the shard has gone."""
        shard = self.shards.get(waited.partition)
        turn = self._turn()
        if shard is None or shard.leader_epoch != waited.leader_epoch:
            waited.write.sequel.failed({}, turn, ErrorCode.not_coordinator)
            self._answer(turn)
            return
        if error == ErrorCode.none:
            self._commit(shard)
            waited.write.sequel.committed(shard.groups, turn)
            for sequel in shard.due_to_follow(self.broker.partition(OFFSETS_TOPIC, waited.partition).high_watermark):
                sequel.committed(shard.groups, turn)
        else:
            waited.write.sequel.failed(shard.groups, turn, storage_error(error))
            shard.fail_following(turn, storage_error(error))
        self._carry_out(shard, turn, waited.write.records[0].group)

    # -- for the share groups among them ---------------------------------------------------------

    def begin_turn(self, group_id: str) -> tuple[Shard, Turn]:
        """Where the group is, and what deciding on it leads to. Refused if it is not coordinated here."""
        if not group_id:
            raise Refused(ErrorCode.invalid_group_id)
        return self.shard_of(group_id), self._turn()

    def carry_out(self, shard: Shard, turn: Turn, group_id: str) -> None:
        self._carry_out(shard, turn, group_id)

    # -- carrying out ----------------------------------------------------------------------------

    def shard_of(self, group_id: str) -> Shard:
        """Refused if this broker does not coordinate the group, or not yet."""
        shard = self.shards.get(self.partition_for(group_id))
        if shard is None:
            raise Refused(ErrorCode.not_coordinator)
        if shard.loading:
            raise Refused(ErrorCode.coordinator_load_in_progress)
        if shard.uncommitted:
            self._commit(shard)
        return shard

    def _commit(self, shard: Shard) -> None:
        """What is replicated by now counts."""
        shard.commit_up_to(self.broker.partition(OFFSETS_TOPIC, shard.partition).high_watermark)
        materialised, shard.materialised = shard.materialised, []
        for record in materialised:
            if record.value is not None:
                self.broker.tell(OffsetCommitted(record.group, record.topic, record.partition, record.value.offset))

    def _member_shard(self, group_id: str) -> Shard:
        """Only offsets may be stored for the group without a name."""
        if not group_id:
            raise Refused(ErrorCode.invalid_group_id)
        shard = self.shard_of(group_id)
        if group_id in shard.share_groups:
            raise Refused(ErrorCode.group_id_not_found, f"Group {group_id} is a share group.")
        return shard

    def _turn(self) -> Turn:
        return Turn(self.broker.now_us, self.broker.random, self.broker.config)

    def _carry_out(self, shard: Shard, turn: Turn, group_id: str) -> None:
        while turn.writes:
            self._append(shard, turn.writes.pop(0), turn)
        self._answer(turn)
        group = shard.groups.get(group_id)
        if group is None:
            return
        if isinstance(group, ConsumerGroup):
            group.take_deadlines(turn.deadlines)
        due_us = group.next_deadline_us
        if due_us is not None and (group.wake_at_us is None or due_us < group.wake_at_us):
            group.wake_at_us = due_us
            wake = GroupDeadline(shard.partition, group_id, due_us)
            self.broker.wake_in(max(due_us - self.broker.now_us, 0), wake)

    def _append(self, shard: Shard, write: Write, turn: Turn) -> None:
        if not write.records:
            if shard.last_written < self.broker.partition(OFFSETS_TOPIC, shard.partition).high_watermark:
                write.sequel.committed(shard.groups, turn)
            else:
                shard.following.append((shard.last_written, write.sequel))
            return
        encoded = [encode(record) for record in write.records]
        waiting = GroupWrite(shard.partition, shard.leader_epoch, write)
        try:
            offset = self.broker.append_as_coordinator(OFFSETS_TOPIC, shard.partition, encoded, waiting, write.producer)
        except Refused as refused:
            write.sequel.failed(shard.groups, turn, storage_error(refused.error_code))
            return
        producer_id = write.producer.producer_id if write.producer is not None else None
        shard.written(offset, write.records, producer_id)

    def _answer(self, turn: Turn) -> None:
        for event in turn.events:
            self.broker.tell(event)
        for request, body in turn.answers:
            self.broker.respond(request, body)

    def _wake_to_check_offsets(self) -> None:
        self.broker.wake_in(self.broker.config.offsets_retention_check_interval_ms * 1000, CheckOffsets())
