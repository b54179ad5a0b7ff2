"""The share partitions of the partitions that this broker leads, and what moves them.

A share partition is made when a member first fetches from it: the share coordinator is asked what
it remembers, and until it has answered there is nothing to give out. It is gone with the leadership,
and with it all locks; the next leader begins with what was written down
(kafka.server.share.SharePartitionManager, SharePartition).
"""

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

from kafkalab.engine.broker.partition import Partition
from kafkalab.engine.controller.group_configs import EARLIEST, READ_COMMITTED, reset_ms
from kafkalab.engine.events import (
    AbortedRecordsPassedOver,
    LockExpired,
    RecordsAcknowledged,
    RecordsAcquired,
    RecordsArchived,
    RecordsReleased,
    SharePartitionOpened,
    ShareStartOffsetMoved,
)
from kafkalab.engine.refused import Refused
from kafkalab.engine.share.aborted import aborted_batches
from kafkalab.engine.share.group_config import ShareGroupConfig
from kafkalab.engine.share.sessions import ShareSession, ShareSessions
from kafkalab.engine.share.state import UNINITIALIZED_START, RecordState, SharePartitionKey, StateBatch
from kafkalab.engine.share.window import RENEW, Acknowledged, Acquired, Change, Span, Window, as_acquired
from kafkalab.wire import batches
from kafkalab.wire.batches import Batch
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker, PartitionKey

FENCED = (ErrorCode.fenced_leader_epoch, ErrorCode.fenced_state_epoch, ErrorCode.unknown_topic_or_partition)
"""Another leader, or another beginning of the group, has taken over: what is known here is worth nothing."""


class Phase(Enum):
    OPENING = "opening"
    """The share coordinator has not said yet what it remembers."""
    ACTIVE = "active"


class ChangeWaiter(Protocol):
    def settled(self, broker: "Broker", key: SharePartitionKey, error_code: ErrorCode) -> None: ...


@dataclass
class SharePartition:
    key: SharePartitionKey
    topic: str
    leader_epoch: int
    number: int
    """No other share partition of this broker had it: what is under way belongs to this one."""
    window: Window
    phase: Phase = Phase.OPENING
    state_epoch: int = -1

    @property
    def partition_key(self) -> "PartitionKey":
        return (self.topic, self.key.partition)


@dataclass(frozen=True, slots=True)
class Opening:
    number: int

    def answered(self, broker: "Broker", key: SharePartitionKey, result: Any) -> None:
        broker.share_partitions.opened(key, self.number, result)

    def failed(self, broker: "Broker", key: SharePartitionKey, error_code: ErrorCode) -> None:
        broker.share_partitions.not_opened(key, self.number, error_code)


@dataclass(frozen=True, slots=True)
class Writing:
    """A change of the window that is being written down."""

    number: int
    change: Change
    member: str
    keep: bool
    """What ran out has run out, whether that could be written down or not."""
    waiter: ChangeWaiter | None = None

    def answered(self, broker: "Broker", key: SharePartitionKey, _result: Any) -> None:
        broker.share_partitions.written(key, self, ErrorCode.none)

    def failed(self, broker: "Broker", key: SharePartitionKey, error_code: ErrorCode) -> None:
        broker.share_partitions.written(key, self, error_code)


@dataclass(frozen=True, slots=True)
class LocksDue:
    key: SharePartitionKey
    number: int

    def fire(self, broker: "Broker") -> None:
        broker.share_partitions.expire(self.key, self.number)


class SharePartitions:
    def __init__(self, broker: "Broker") -> None:
        self.broker = broker
        self.sessions = ShareSessions()
        self.known: dict[SharePartitionKey, SharePartition] = {}
        self._numbers = 0

    # -- made and gone -----------------------------------------------------------------------------

    def led(self, key: SharePartitionKey) -> Partition:
        """The partition, if this broker leads it."""
        led = self.broker.partition(self.broker.topic_name("", key.topic_id), key.partition)
        if not led.is_leader:
            raise Refused(ErrorCode.not_leader_or_follower)
        return led

    def get(self, key: SharePartitionKey) -> SharePartition:
        """The share partition, perhaps still opening. Refused where this broker does not lead."""
        led = self.led(key)
        found = self.known.get(key)
        if found is not None and found.leader_epoch == led.leader_epoch:
            return found
        self._numbers += 1
        found = SharePartition(key, led.topic, led.leader_epoch, self._numbers, Window(0))
        self.known[key] = found
        self.broker.persister.read(key, led.leader_epoch, Opening(found.number))
        return found

    def opened(self, key: SharePartitionKey, number: int, result: Any) -> None:
        opening = self._same(key, number)
        if opening is None:
            return
        try:
            led = self.led(key)
        except Refused:
            del self.known[key]
            return
        config = ShareGroupConfig.of(self.broker, key.group)
        start = result.start_offset
        if start == UNINITIALIZED_START:
            start = self._where_to_begin(led, config)
        opening.state_epoch = result.state_epoch
        opening.window = Window(start, config.delivery_count_limit, config.partition_max_record_locks)
        opening.window.restore(
            StateBatch(each.first_offset, each.last_offset, RecordState(each.delivery_state), each.delivery_count)
            for each in result.state_batches
        )
        opening.window.log_starts_at(led.log.start_offset)
        opening.phase = Phase.ACTIVE
        self.broker.tell(
            SharePartitionOpened(
                key.group,
                *opening.partition_key,
                self.broker.broker_id,
                opening.window.start_offset,
                opening.state_epoch,
            )
        )
        self.broker.purgatory.touch(opening.partition_key)

    def not_opened(self, key: SharePartitionKey, number: int, _error_code: ErrorCode) -> None:
        """Whoever fetches next tries again."""
        if self._same(key, number) is not None:
            del self.known[key]

    def leads_no_more(self, partition_key: "PartitionKey") -> None:
        """Or under a new leader epoch: the locks are gone."""
        for key in [key for key, each in self.known.items() if each.partition_key == partition_key]:
            del self.known[key]

    def _where_to_begin(self, led: Partition, config: ShareGroupConfig) -> int:
        committed = config.isolation_level == READ_COMMITTED
        end = led.last_stable_offset if committed else led.high_watermark
        if config.auto_offset_reset == EARLIEST:
            return led.log.start_offset
        back_ms = reset_ms(config.auto_offset_reset)
        if back_ms is not None:
            found = led.log.offset_for_timestamp(self.broker.clock_ms - back_ms)
            return end if found is None else min(found.offset, end)
        return end

    def _same(self, key: SharePartitionKey, number: int) -> SharePartition | None:
        found = self.known.get(key)
        return found if found is not None and found.number == number else None

    def _heed(self, share: SharePartition) -> ShareGroupConfig:
        """The group's settings as they are now: they may have been changed since it was opened."""
        config = ShareGroupConfig.of(self.broker, share.key.group)
        share.window.delivery_count_limit = config.delivery_count_limit
        share.window.most_in_flight = config.partition_max_record_locks
        return config

    # -- giving out --------------------------------------------------------------------------------

    def readable(self, share: SharePartition, max_bytes: int) -> bytes:
        """What of the log may be given out next: whole batches."""
        led, window = self.led(share.key), share.window
        if led.log.start_offset > window.start_offset:
            self._log_start_moved(share, led.log.start_offset)
        offset = window.next_fetch_offset()
        config = self._heed(share)
        committed = config.isolation_level == READ_COMMITTED
        end = led.last_stable_offset if committed else led.high_watermark
        if offset >= end or not window.room(offset):
            return b""
        return led.log.read(offset, max_bytes, end, True)

    def acquire(
        self, share: SharePartition, member: str, data: bytes, most_records: int, batch_size: int, mode: int
    ) -> tuple[tuple[Acquired, ...], bytes]:
        """What the member got, and the part of `data` that it lies in."""
        window, config = share.window, self._heed(share)
        lock_us = config.record_lock_duration_ms * 1000
        reads_committed = config.isolation_level == READ_COMMITTED
        headers: list[Batch] = []
        taken: list[int] = []
        while data and not taken:
            headers = list(batches.headers(data))
            spans = [(each.base_offset, each.last_offset) for each in headers]
            aborted = aborted_batches(self.led(share.key).log, headers) if reads_committed else []
            start, end, next_offset = window.start_offset, window.end_offset, window.next_fetch_offset()
            most = min(most_records, window.room(next_offset))
            taken = window.acquire(member, spans, most, self.broker.now_us + lock_us, mode, aborted)
            self._tell_passed_over(share, [span for span in aborted if end <= span[1] < window.end_offset])
            self._tell_start(share, start)
            if not taken:
                # All that was read may have been aborted: then what comes behind it.
                went_on = window.next_fetch_offset() > next_offset
                data = self.readable(share, len(data)) if went_on else b""
        if not taken:
            return (), b""
        acquired = as_acquired(window, taken, spans, batch_size)
        for each in acquired:
            self.broker.tell(
                RecordsAcquired(
                    share.key.group,
                    *share.partition_key,
                    self.broker.broker_id,
                    self.sessions.client_of(share.key.group, member),
                    member,
                    each.first_offset,
                    each.last_offset,
                    each.delivery_count,
                )
            )
        self.broker.wake_in(lock_us, LocksDue(share.key, share.number))
        first = next(each for each in headers if each.last_offset >= taken[0])
        last = next(each for each in headers if each.last_offset >= taken[-1])
        return acquired, data[first.position : last.end]

    # -- taking back -------------------------------------------------------------------------------

    def acknowledge(
        self, key: SharePartitionKey, member: str, said: tuple[Acknowledged, ...], waiter: ChangeWaiter
    ) -> None:
        """`waiter.settled` is called, now or later."""
        self.led(key)
        share = self.known.get(key)
        if share is None:
            raise Refused(ErrorCode.unknown_topic_or_partition)
        config = self._heed(share)
        if not config.renew_acknowledge_enable and any(RENEW in each.types for each in said):
            raise Refused(ErrorCode.invalid_record_state, "Renewing acquisition locks is not enabled for the group.")
        lock_us = config.record_lock_duration_ms * 1000
        change = share.window.acknowledge(member, said, self.broker.now_us + lock_us)
        if change.renewed:
            self.broker.wake_in(lock_us, LocksDue(key, share.number))
        self._write(share, change, member, keep=False, waiter=waiter)

    def release_session(self, session: ShareSession) -> None:
        """Its member is gone: what it holds is free for others."""
        for topic_id, partition in session.partitions:
            share = self.known.get(SharePartitionKey(session.group, topic_id, partition))
            if share is not None:
                self._write(share, share.window.release(session.member), session.member, keep=True)
        if not any(other.group == session.group for other in self.sessions.open.values()):
            # Nobody of the group reads here: who comes next begins with what is written down by then.
            for key in [key for key in self.known if key.group == session.group]:
                del self.known[key]

    def forget(self, source: str) -> None:
        """The connection is gone, and with it the sessions that came on it."""
        for session in self.sessions.of_source(source):
            self.sessions.close(session.group, session.member)
            self.release_session(session)

    def expire(self, key: SharePartitionKey, number: int) -> None:
        share = self._same(key, number)
        if share is None:
            return
        for member, first, last in share.window.overdue(self.broker.now_us):
            where = (key.group, *share.partition_key, self.broker.broker_id)
            client = self.sessions.client_of(key.group, member)
            self.broker.tell(LockExpired(*where, client, member, first, last))
        self._write(share, share.window.expire(self.broker.now_us), "", keep=True)

    def _write(
        self, share: SharePartition, change: Change, member: str, *, keep: bool, waiter: ChangeWaiter | None = None
    ) -> None:
        if not change.batches:
            if waiter is not None:
                waiter.settled(self.broker, share.key, ErrorCode.none)
            return
        complete = share.window.delivery_complete_count + sum(
            each.last_offset - each.first_offset + 1 for each in change.batches if each.state.is_terminal
        )
        self.broker.persister.write(
            share.key,
            (share.state_epoch, share.leader_epoch),
            share.window.start_offset,
            complete,
            change.batches,
            Writing(share.number, change, member, keep, waiter),
        )

    def written(self, key: SharePartitionKey, write: Writing, error_code: ErrorCode) -> None:
        share = self._same(key, write.number)
        if share is not None:
            self._settle(share, write, error_code)
        if write.waiter is not None:
            write.waiter.settled(self.broker, key, error_code)

    def _settle(self, share: SharePartition, write: Writing, error_code: ErrorCode) -> None:
        if error_code in FENCED:
            del self.known[share.key]
            return
        if error_code is not ErrorCode.none and not write.keep:
            share.window.take_back(write.change)
            # Their locks may have run out meanwhile.
            self.broker.wake_in(0, LocksDue(share.key, share.number))
            return
        before = share.window.start_offset
        self._tell_change(share, write)
        share.window.finish(write.change)
        self._tell_start(share, before)
        self.broker.purgatory.touch(share.partition_key)

    # -- telling -----------------------------------------------------------------------------------

    def _tell_change(self, share: SharePartition, write: Writing) -> None:
        for each in write.change.batches:
            where = (share.key.group, *share.partition_key, self.broker.broker_id)
            what = (each.first_offset, each.last_offset, each.delivery_count)
            match each.state:
                case RecordState.ACKNOWLEDGED:
                    client = self.sessions.client_of(share.key.group, write.member)
                    self.broker.tell(RecordsAcknowledged(*where, client, write.member, *what))
                case RecordState.ARCHIVED:
                    self.broker.tell(RecordsArchived(*where, *what))
                case RecordState.AVAILABLE:
                    self.broker.tell(RecordsReleased(*where, *what))

    def _log_start_moved(self, share: SharePartition, offset: int) -> None:
        before = share.window.start_offset
        share.window.log_starts_at(offset)
        self._tell_start(share, before)

    def _tell_passed_over(self, share: SharePartition, aborted: list[Span]) -> None:
        for first, last in aborted:
            where = (share.key.group, *share.partition_key, self.broker.broker_id)
            self.broker.tell(AbortedRecordsPassedOver(*where, first, last))

    def _tell_start(self, share: SharePartition, before: int) -> None:
        if share.window.start_offset != before:
            self.broker.tell(
                ShareStartOffsetMoved(
                    share.key.group, *share.partition_key, self.broker.broker_id, share.window.start_offset
                )
            )
