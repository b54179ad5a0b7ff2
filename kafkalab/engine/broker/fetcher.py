"""A follower copies its leader by asking for what comes next: one fetch loop for each leader.

The same Fetch as any consumer's, with the follower's name on it. Its offset says what the follower
has, and its last epoch under whom that was written: where the leader knows better it answers with
a diverging epoch, and the follower cuts its log back (KIP-595; kafka.server.AbstractFetcherThread,
ReplicaFetcherThread). The leader keeps a session for it, so that a fetch with nothing new is short
however many partitions there are (KIP-227).
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from kio.schema.list_offsets.v11.request import ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic
from kio.schema.types import BrokerId, TopicName
from kio.static.primitive import i8, i32, i32Timedelta, i64

from kafkalab.engine.broker.partition import Partition
from kafkalab.engine.broker.reader_session import SESSION_ERRORS, ReaderSession
from kafkalab.engine.node import Request, Response
from kafkalab.engine.refused import Refused
from kafkalab.engine.spec import broker_node
from kafkalab.wire.api import ApiKey, newest
from kafkalab.wire.dialect import (
    EpochEndOffset,
    FetchPartition,
    FetchPartitionResult,
    FetchRequest,
    FetchResponse,
    FetchTopic,
    ForgottenTopic,
)
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker, PartitionKey

LATEST, EARLIEST = -1, -2
"""Timestamps of ListOffsets that stand for the ends of a log."""


@dataclass(slots=True)
class FetchState:
    """How the copying of one partition goes."""

    partition: Partition
    asked: FetchPartition | None = None
    """What was asked for last; None if nothing was since it last changed."""
    last: FetchPartitionResult | None = None
    """An answer without records that has been dealt with: the same object again says nothing new."""
    not_before_us: int = 0
    failed: bool = False
    """Fenced: until the metadata log brings a newer leader epoch there is nothing to try."""
    in_sync: bool = False
    """Whether it had all that the leader had committed, when it got something last."""
    end_sought: int | None = None
    """LATEST, then EARLIEST, while the leader is asked where its log lies, after OFFSET_OUT_OF_RANGE."""


@dataclass(frozen=True, slots=True)
class FetchAgain:
    leader_id: int

    def fire(self, broker: "Broker") -> None:
        broker.fetchers.resume(self.leader_id)


class Fetcher:
    def __init__(self, broker: "Broker", leader_id: int) -> None:
        self.broker = broker
        self.leader_id = leader_id
        self.node = broker_node(leader_id)
        self.states: dict[PartitionKey, FetchState] = {}
        """In the order in which they are asked for: who got records goes to the end, so that none starves."""
        self.session = ReaderSession()
        self.in_flight: int | None = None
        self._asked_us = 0
        self._changed: dict[PartitionKey, None] = {}
        """What the next request may have to say something new about."""
        self._look_again_us = 0
        """When what a throttle holds back is looked at again, even if nothing comes until then."""

    def add(self, partition: Partition) -> None:
        self.states[partition.key] = FetchState(partition)
        self._changed[partition.key] = None

    def remove(self, key: "PartitionKey") -> None:
        if self.states.pop(key, None) is not None:
            self._changed[key] = None

    def resume(self) -> None:
        """A pause is over."""
        self._changed.update(dict.fromkeys(key for key, state in self.states.items() if state.asked is None))

    def send(self) -> None:
        if self.in_flight is not None:
            return
        quota = self.broker.follower_quota
        if quota.partitions:
            self._changed.update(dict.fromkeys(key for key in self.states if quota.throttles(key)))
        for key in self._changed:
            state = self.states.get(key)
            if state is not None and state.end_sought is not None and self._ready(state):
                self._ask(ApiKey.LIST_OFFSETS, self._where_does_your_log_lie(state, state.end_sought))
                return
        changed, self._changed = self._changed, {}
        for key in changed if self.session.goes_on else self.states:
            self._say(key)
        topics, forgotten = self.session.request()
        if topics or forgotten or self.session.told:
            self._ask(ApiKey.FETCH, self._fetch_request(topics, forgotten))

    def answered(self, response: Response) -> None:
        if response.correlation_id != self.in_flight:
            return
        self.in_flight = None
        if response.api_key == ApiKey.LIST_OFFSETS:
            self._take_offsets(response.body)
        elif not self.session.answered(response.body):
            if response.body.error_code not in SESSION_ERRORS:
                self._pause_all()
        else:
            self._take(response.body)

    def lost(self) -> None:
        self.in_flight = None
        self.session.lost()
        self._pause_all()

    def waits_since(self, at_us: int) -> bool:
        """Whether it has had no answer since then or longer."""
        return self.in_flight is not None and self._asked_us <= at_us

    # -- asking --------------------------------------------------------------------------------

    def _ask(self, api_key: int, body: Any) -> None:
        name = self.broker.name
        self.in_flight = self.broker.next_correlation_id()
        self._asked_us = self.broker.now_us
        request = Request(name, "fetcher", self.in_flight, api_key, newest(api_key), name, body)
        self.broker.send(self.node, request)

    def _ready(self, state: FetchState) -> bool:
        return not state.failed and state.not_before_us <= self.broker.now_us

    def _say(self, key: "PartitionKey") -> None:
        """Let the session know what is asked of this partition now."""
        state = self.states.get(key)
        if state is None or state.end_sought is not None or not self._ready(state):
            self.session.forget(key)
            return
        if not state.in_sync and self.broker.follower_quota.holds_back(key):
            state.asked = state.last = None
            self.session.forget(key)
            self._look_again()
            return
        if state.asked is None:
            log = state.partition.log
            state.asked = FetchPartition(
                key[1],
                log.end_offset,
                self.broker.config.replica_fetch_max_bytes,
                state.partition.leader_epoch,
                log.epochs.latest,
                log.start_offset,
            )
        self.session.want(key, state.partition.topic_id, state.asked)

    def _fetch_request(self, topics: tuple[FetchTopic, ...], forgotten: tuple[ForgottenTopic, ...]) -> FetchRequest:
        config = self.broker.config
        return FetchRequest(
            topics=topics,
            max_wait_ms=config.replica_fetch_wait_max_ms,
            min_bytes=config.replica_fetch_min_bytes,
            max_bytes=config.replica_fetch_response_max_bytes,
            session_id=self.session.id,
            session_epoch=self.session.epoch,
            forgotten_topics=forgotten,
            replica_id=self.broker.broker_id,
            replica_epoch=self.broker.epoch,
        )

    # -- taking what comes ---------------------------------------------------------------------

    def _take(self, body: FetchResponse) -> None:
        for topic in body.topics:
            for result in topic.partitions:
                key = (topic.name, result.partition)
                state = self.states.get(key)
                if state is None or state.asked is None or result is state.last:
                    continue
                self._take_one(key, state, result)

    def _take_one(self, key: "PartitionKey", state: FetchState, result: FetchPartitionResult) -> None:
        partition = state.partition
        match result.error_code:
            case ErrorCode.none if result.diverging_epoch.epoch >= 0:
                self._truncate(partition, result.diverging_epoch)
                self._ask_anew(state)
            case ErrorCode.none if result.records:
                self._append(key, state, result)
            case ErrorCode.none:
                before = partition.log.start_offset
                partition.append_as_follower(b"", result.high_watermark, result.log_start_offset)
                state.last = result
                state.in_sync = partition.log.end_offset >= result.high_watermark
                if partition.log.start_offset != before:
                    self._ask_anew(state)
            case ErrorCode.offset_out_of_range:
                state.end_sought = LATEST
                self._ask_anew(state)
            case ErrorCode.fenced_leader_epoch:
                state.failed = True
                self._ask_anew(state)
            case _:
                self._pause(state)

    def _append(self, key: "PartitionKey", state: FetchState, result: FetchPartitionResult) -> None:
        try:
            state.partition.append_as_follower(result.records, result.high_watermark, result.log_start_offset)
        except Refused:
            # Bytes that are no batches, or not those that were asked for: ask once more.
            self._pause(state)
            return
        state.in_sync = state.partition.log.end_offset >= result.high_watermark
        if self.broker.follower_quota.throttles(key):
            self.broker.follower_quota.record(len(result.records))
        self._ask_anew(state)
        del self.states[key]
        self.states[key] = state

    def _ask_anew(self, state: FetchState) -> None:
        state.asked = state.last = None
        self._changed[state.partition.key] = None

    def _pause(self, state: FetchState) -> None:
        backoff_us = self.broker.config.replica_fetch_backoff_ms * 1000
        state.not_before_us = self.broker.now_us + backoff_us
        self._ask_anew(state)
        self.broker.wake_in(backoff_us, FetchAgain(self.leader_id))

    def _pause_all(self) -> None:
        backoff_us = self.broker.config.replica_fetch_backoff_ms * 1000
        for state in self.states.values():
            state.not_before_us = self.broker.now_us + backoff_us
            self._ask_anew(state)
        self.broker.wake_in(backoff_us, FetchAgain(self.leader_id))

    def _look_again(self) -> None:
        if self._look_again_us <= self.broker.now_us:
            # Of a millisecond at least: nothing but time changes what is held back.
            backoff_us = max(self.broker.config.replica_fetch_backoff_ms, 1) * 1000
            self._look_again_us = self.broker.now_us + backoff_us
            self.broker.wake_in(backoff_us, FetchAgain(self.leader_id))

    def _truncate(self, partition: Partition, leader_end: EpochEndOffset) -> None:
        """Cut back to where the leader's and the own log parted (getOffsetTruncationState)."""
        log = partition.log
        reason = f"the leader's epoch {leader_end.epoch} ends at {leader_end.end_offset}"
        epoch, end = log.epochs.end_offset_for(leader_end.epoch, log.end_offset)
        if end == -1:
            target = leader_end.end_offset
        elif epoch != leader_end.epoch:
            # The leader has an epoch this log has not: cut to the end of the one below, and ask again.
            target = end
        else:
            target = min(end, leader_end.end_offset)
        partition.truncate_to(min(target, log.end_offset), reason)

    # -- out of range --------------------------------------------------------------------------

    def _where_does_your_log_lie(self, state: FetchState, end_sought: int) -> ListOffsetsRequest:
        topic, number = state.partition.key
        wanted = ListOffsetsPartition(
            partition_index=i32(number),
            current_leader_epoch=i32(state.partition.leader_epoch),
            timestamp=i64(end_sought),
        )
        return ListOffsetsRequest(
            replica_id=BrokerId(self.broker.broker_id),
            isolation_level=i8(0),
            topics=(ListOffsetsTopic(name=TopicName(topic), partitions=(wanted,)),),
            timeout=i32Timedelta.parse(timedelta(0)),
        )

    def _take_offsets(self, body: Any) -> None:
        topic = body.topics[0]
        answer = topic.partitions[0]
        state = self.states.get((topic.name, answer.partition_index))
        if state is None or state.end_sought is None:
            return
        if answer.error_code is not ErrorCode.none:
            self._pause(state)
            return
        partition = state.partition
        own_end = partition.log.end_offset
        if state.end_sought == LATEST and answer.offset >= own_end:
            state.end_sought = EARLIEST
            self._ask_anew(state)
            return
        if state.end_sought == LATEST:
            partition.truncate_to(answer.offset, f"the leader's log ends at {answer.offset}")
        elif answer.offset > own_end:
            partition.restart_at(answer.offset)
        state.end_sought = None
        self._ask_anew(state)
