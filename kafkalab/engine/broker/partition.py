"""One replica of one partition, as the broker that holds it sees it: leader or follower.

The leader alone takes writes and decides what is committed. The high watermark is the end of what
every in-sync replica has: it never goes back on a leader, and it stands still while fewer than
`min.insync.replicas` are in sync (kafka.cluster.Partition).
"""

from dataclasses import dataclass
from struct import Struct
from typing import TYPE_CHECKING
from uuid import UUID

from kafkalab.engine.broker.appending_facts import tell_appended, tell_duplicate
from kafkalab.engine.broker.follower_state import FollowerState
from kafkalab.engine.broker.in_sync_set import InSyncSet
from kafkalab.engine.controller.metadata import NO_LEADER, PartitionImage
from kafkalab.engine.events import (
    BecameFollower,
    BecameLeader,
    HighWatermarkAdvanced,
    LogCompacted,
    LogStartMoved,
    LogTruncated,
    SegmentDeleted,
)
from kafkalab.engine.log.appended import Appended
from kafkalab.engine.log.compaction import Cleanable
from kafkalab.engine.log.log import Log
from kafkalab.engine.refused import Refused
from kafkalab.wire.dialect import FetchPartitionResult
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker, PartitionKey

_LENGTH_AND_EPOCH = Struct(">ii")
"""Of a record batch, from its byte 8 on."""


@dataclass(frozen=True, slots=True)
class FilesDue:
    """Files of segments that were dropped some time ago go for good."""

    key: "PartitionKey"

    def fire(self, broker: "Broker") -> None:
        partition = broker.partitions.get(self.key)
        if partition is not None:
            # By whichever clock it was set aside.
            partition.log.delete_set_aside(max(broker.clock_ms, broker.date_ms))


class Partition:
    def __init__(self, broker: "Broker", key: "PartitionKey", topic_id: UUID, log: Log, high_watermark: int) -> None:
        self.broker = broker
        self.key = key
        self.topic, self.partition = key
        self.topic_id = topic_id
        self.log = log
        self.high_watermark = min(max(high_watermark, log.start_offset), log.end_offset)
        self.leader_id = NO_LEADER
        self.is_leader = False
        """Whether `leader_id` is this broker."""
        self.leader_epoch = -1
        self.partition_epoch = -1
        self.replicas: tuple[int, ...] = ()
        self.in_sync = InSyncSet(self)
        self.leader_epoch_start = 0
        """Where the log ended when this broker took up the lead."""
        self.follower_states: dict[int, FollowerState] = {}
        """On the leader: what it knows of each other replica."""
        self._empty_result = FetchPartitionResult(self.partition)

    @property
    def isr(self) -> tuple[int, ...]:
        """As the controller has it."""
        return self.in_sync.committed

    @property
    def maximal_isr(self) -> tuple[int, ...]:
        """Who counts while a proposal is under way: a newcomer already, a leaver still."""
        return self.in_sync.maximal

    @property
    def effective_min_isr(self) -> int:
        least, replicas = self.log.config.min_insync_replicas, len(self.replicas)
        return least if least < replicas else replicas

    @property
    def last_stable_offset(self) -> int:
        """Below it every transaction has ended, and that is replicated: as far as read_committed goes."""
        producers = self.log.producers
        if not producers.open and not producers.ended:
            return self.high_watermark
        unstable = producers.first_unstable(self.high_watermark)
        if unstable is None:
            return self.high_watermark
        return min(self.high_watermark, max(unstable, self.log.start_offset))

    @property
    def low_watermark(self) -> int:
        """On the leader: the first offset that some live replica still has."""
        starts = [self.log.start_offset]
        for state in self.follower_states.values():
            broker = self.broker.metadata.brokers.get(state.broker_id)
            if broker is not None and not broker.fenced:
                starts.append(state.log_start)
        return min(starts)

    # -- what the controller decides -----------------------------------------------------------

    def become_leader(self, image: PartitionImage) -> bool:
        """Take up the image. True if this begins a leader epoch of this broker."""
        new_epoch = image.leader_epoch > self.leader_epoch
        if not new_epoch and image.partition_epoch <= self.partition_epoch:
            # The answer to AlterPartition was quicker than the metadata log.
            return False
        was_leader = self.is_leader
        self._take_up(image)
        others = [replica for replica in image.replicas if replica != self.broker.broker_id]
        self.follower_states = {each: self.follower_states.get(each) or FollowerState(each) for each in others}
        if new_epoch:
            self.leader_epoch_start = self.log.end_offset
            self.log.begin_epoch(self.leader_epoch)
            for state in self.follower_states.values():
                in_sync = state.broker_id in self.isr
                state.reset(in_sync, not was_leader, self.log.end_offset, self.broker.now_ms)
            self.broker.tell(BecameLeader(*self.key, self.broker.broker_id, self.leader_epoch, self.log.end_offset))
        # The ISR may be down to this broker alone.
        self.advance_high_watermark()
        self.broker.purgatory.touch(self.key)
        return new_epoch

    def become_follower(self, image: PartitionImage) -> bool:
        """Take up the image. True if there is a new leader epoch, so that fetching begins anew."""
        new_epoch = image.leader_epoch > self.leader_epoch
        if not new_epoch and image.partition_epoch <= self.partition_epoch:
            return False
        self._take_up(image)
        self.follower_states = {}
        if new_epoch:
            self.broker.tell(BecameFollower(*self.key, self.broker.broker_id, self.leader_id, self.leader_epoch))
        self.broker.purgatory.touch(self.key)
        return new_epoch

    def _take_up(self, image: PartitionImage) -> None:
        self.leader_id = image.leader
        self.is_leader = image.leader == self.broker.broker_id
        self.leader_epoch = image.leader_epoch
        self.partition_epoch = image.partition_epoch
        self.replicas = image.replicas
        self.in_sync.commit(image.isr)

    # -- the leader ----------------------------------------------------------------------------

    def append_as_leader(
        self,
        data: bytes,
        required_acks: int,
        *,
        from_client: bool = True,
        verified: int | None = None,
        transaction_version: int = 1,
    ) -> Appended:
        """Append one batch, of a client or of a coordinator. Refused, with nothing written, where Kafka
        refuses it. `verified` and `transaction_version` are as `Log.append_as_leader` has them."""
        if not self.is_leader:
            raise Refused(ErrorCode.not_leader_or_follower)
        if required_acks == -1 and len(self.isr) < self.effective_min_isr:
            raise Refused(
                ErrorCode.not_enough_replicas,
                f"The size of the current ISR {len(self.isr)} is insufficient to satisfy the min.isr requirement"
                f" of {self.effective_min_isr} for partition {self.topic}-{self.partition}",
            )
        appended = self.log.append_as_leader(
            data,
            self.leader_epoch,
            self.broker.clock_ms,
            check_sequence=from_client,
            verified=verified,
            transaction_version=transaction_version,
        )
        if appended.duplicate:
            tell_duplicate(self, data)
            return appended
        tell_appended(self, appended)
        self.advance_high_watermark()
        self.broker.purgatory.touch(self.key)
        return appended

    def advance_high_watermark(self) -> bool:
        """Move it to the end of what is replicated enough (Partition.maybeIncrementLeaderHW)."""
        if not self.is_leader or len(self.in_sync.committed) < self.effective_min_isr:
            return False
        end = committed = self.log.end_offset
        members = self.in_sync.maximal
        for state in self.follower_states.values():
            # A replica that has caught up is waited for even before the controller lets it in.
            if state.log_end < committed and (state.broker_id in members or self._is_about_to_join(state, end)):
                committed = state.log_end
        if committed <= self.high_watermark:
            return False
        self.high_watermark = committed
        self.broker.tell(HighWatermarkAdvanced(*self.key, self.broker.broker_id, committed))
        self.broker.purgatory.touch(self.key)
        return True

    def _is_about_to_join(self, state: FollowerState, end: int) -> bool:
        lag_ms = self.broker.config.replica_lag_time_max_ms
        return state.caught_up(end, self.broker.now_ms, lag_ms) and self.in_sync.eligible(state)

    def follower_fetched(self, state: FollowerState, offset: int, log_start: int, broker_epoch: int) -> None:
        """A follower asks for `offset`: it has all before it (Partition.updateFollowerFetchState)."""
        if (
            offset == state.log_end == self.log.end_offset == state.leader_end_at_last_fetch
            and log_start == state.log_start
            and broker_epoch == state.broker_epoch
            and state.broker_id in self.in_sync.committed
        ):
            # Nothing new to it or to the leader: only the time of it counts.
            state.last_fetch_ms = state.last_caught_up_ms = self.broker.now_us // 1000
            return
        log_end_before, log_start_before = state.log_end, state.log_start
        state.fetched(offset, log_start, broker_epoch, self.log.end_offset, self.broker.now_us // 1000)
        if state.broker_id not in self.in_sync.committed:
            self.in_sync.maybe_expand(state)
        if offset != log_end_before:
            self.advance_high_watermark()
        if log_start != log_start_before:
            self.broker.purgatory.touch(self.key)

    def replicated(self, required_offset: int) -> ErrorCode | None:
        """How a write up to there with acks=all ended; None while it is open."""
        if not self.is_leader:
            return ErrorCode.not_leader_or_follower
        if self.high_watermark < required_offset:
            return None
        if len(self.maximal_isr) < self.effective_min_isr:
            return ErrorCode.not_enough_replicas_after_append
        return ErrorCode.none

    def delete_records_before(self, offset: int) -> int:
        """Move the log's start up, -1 for all that is committed; the offset that was meant."""
        if not self.is_leader:
            raise Refused(ErrorCode.not_leader_or_follower)
        if not self.log.config.deletes:
            raise Refused(ErrorCode.policy_violation)
        target = self.high_watermark if offset == -1 else offset
        if not 0 <= target <= self.high_watermark:
            raise Refused(ErrorCode.offset_out_of_range)
        self.advance_log_start(target, "records were deleted on request")
        return target

    # -- the follower --------------------------------------------------------------------------

    def append_as_follower(self, data: bytes, leader_high_watermark: int, leader_log_start: int) -> None:
        """Append what the leader sent, to the byte as it is there."""
        data = self._without_later_epochs(data)
        if data:
            tell_appended(self, self.log.append_as_follower(data))
        self._set_follower_high_watermark(leader_high_watermark)
        if leader_log_start > self.log.start_offset:
            self.advance_log_start(leader_log_start, "as on the leader")

    def truncate_to(self, offset: int, reason: str) -> None:
        before = self.log.end_offset
        after = self.log.truncate_to(offset)
        if after == before:
            return
        self.high_watermark = min(self.high_watermark, after)
        self.broker.replicas.cleaner.truncated(self)
        self.broker.tell(LogTruncated(*self.key, self.broker.broker_id, before, after, reason))

    def restart_at(self, offset: int) -> None:
        """Drop everything: the leader's log begins only here."""
        before = self.log.end_offset
        self.log.truncate_fully(offset)
        self.high_watermark = offset
        self.broker.replicas.cleaner.truncated(self)
        reason = f"the leader's log begins at {offset} only"
        self.broker.tell(LogTruncated(*self.key, self.broker.broker_id, before, offset, reason))

    def _set_follower_high_watermark(self, leader_high_watermark: int) -> None:
        mine = max(min(leader_high_watermark, self.log.end_offset), self.log.start_offset)
        if mine == self.high_watermark:
            return
        self.high_watermark = mine
        self.broker.tell(HighWatermarkAdvanced(*self.key, self.broker.broker_id, mine))
        self.broker.purgatory.touch(self.key)

    def _without_later_epochs(self, data: bytes) -> bytes:
        """Leave out what was written under a leader this broker has not heard of (KAFKA-18723)."""
        position = 0
        while position < len(data):
            length, epoch = _LENGTH_AND_EPOCH.unpack_from(data, position + 8)
            if epoch > self.leader_epoch:
                return data[:position]
            position += length + 12
        return data

    # -- both ----------------------------------------------------------------------------------

    def check_epoch(self, current_leader_epoch: int) -> None:
        """Refuse who knows an older or a newer leader epoch; a negative one is none (KIP-320)."""
        if current_leader_epoch >= 0 and current_leader_epoch != self.leader_epoch:
            older = current_leader_epoch < self.leader_epoch
            raise Refused(ErrorCode.fenced_leader_epoch if older else ErrorCode.unknown_leader_epoch)

    def advance_log_start(self, offset: int, reason: str) -> None:
        if offset <= self.log.start_offset:
            return
        self.log.advance_start(offset)
        self.high_watermark = max(self.high_watermark, offset)
        self.broker.tell(LogStartMoved(*self.key, self.broker.broker_id, offset, reason))
        self.broker.purgatory.touch(self.key)

    def apply_retention(self) -> None:
        """Drop whole segments that are too old or too many, none of it uncommitted."""
        before = self.log.start_offset
        deleted = self.log.apply_retention(self.broker.clock_ms, self.high_watermark)
        for each in deleted:
            self.broker.tell(
                SegmentDeleted(
                    *self.key, self.broker.broker_id, each.base_offset, each.end_offset, each.size, each.reason.value
                )
            )
        if self.log.start_offset > before:
            reason = deleted[-1].reason.value
            self.broker.tell(LogStartMoved(*self.key, self.broker.broker_id, self.log.start_offset, reason))
            self.broker.purgatory.touch(self.key)
        self._wait_for_files()

    def compact(self, part: Cleanable) -> None:
        """Keep of each key the last record. Raises CorruptBatch, with nothing done, on damaged segments."""
        done = self.log.compact(part, self.broker.date_ms)
        self.broker.tell(
            LogCompacted(
                *self.key,
                self.broker.broker_id,
                done.first_dirty,
                done.end_offset,
                done.removed,
                done.size_before,
                done.size_after,
            )
        )
        self._wait_for_files()

    def _wait_for_files(self) -> None:
        if self.log.set_aside:
            self.broker.wake_in(self.log.config.file_delete_delay_ms * 1000, FilesDue(self.key))

    def empty_result(self) -> FetchPartitionResult:
        """What a fetch with nothing new gets: the same object until one of its offsets moves."""
        result = self._empty_result
        if (
            result.high_watermark != self.high_watermark
            or result.log_start_offset != self.log.start_offset
            or result.last_stable_offset != self.last_stable_offset
        ):
            result = self._empty_result = FetchPartitionResult(
                self.partition,
                high_watermark=self.high_watermark,
                last_stable_offset=self.last_stable_offset,
                log_start_offset=self.log.start_offset,
            )
        return result
