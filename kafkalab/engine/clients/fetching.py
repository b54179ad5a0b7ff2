"""Where a consumer reads, and how it gets there: one position for each partition it was given.

A position comes from a committed offset, else from `auto.offset.reset`. It is checked against the
leader's epochs before it is used under a new leader, so that a log cut short is noticed (KIP-320).
Then one Fetch at a time goes to each leader, for all partitions there whose records are used up
(org.apache.kafka.clients.consumer.internals.SubscriptionState, OffsetFetcher, Fetcher).
"""

from collections import deque
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from kafkalab.engine.clients import requests
from kafkalab.engine.clients.client import Asked
from kafkalab.engine.clients.committed import told_apart
from kafkalab.engine.clients.metadata import MAX_AGE_US, NO_LEADER, STALE, backoff_us
from kafkalab.engine.clients.settled import Settled
from kafkalab.engine.events import PositionReset
from kafkalab.engine.spec import broker_node
from kafkalab.wire import batches
from kafkalab.wire.api import ApiKey
from kafkalab.wire.dialect import FetchPartition, FetchPartitionResult, FetchRequest, FetchResponse, FetchTopic
from kafkalab.wire.errors import ErrorCode
from kafkalab.wire.records import Record

if TYPE_CHECKING:
    from kafkalab.engine.clients.consumer import Consumer

TopicPartition = tuple[str, int]

LATEST, EARLIEST = -1, -2
"""ListOffsets' timestamps for the two ends."""
RESETS = {"latest": LATEST, "earliest": EARLIEST}


class Needs(Enum):
    """What a partition needs before it can be fetched."""

    COMMITTED = "the committed offset"
    RESET = "an end of the log"
    VALIDATION = "the leader's word that the position still exists"
    NOTHING = "nothing"


@dataclass(eq=False, slots=True)
class Reading:
    """One partition being read. Given up and given back, it is a new one: old answers do not fit it."""

    topic: str
    partition: int
    needs: Needs
    position: int | None = None
    """The offset of the next record for the application; what a commit would say."""
    next_fetch: int = -1
    """The offset behind the buffered records."""
    epoch: int = -1
    """The leader epoch of the record before `next_fetch`; -1 unknown."""
    leader_epoch: int = -1
    """The leader epoch under which the position was last found good."""
    committed: int | None = None
    reset_reason: str = ""
    buffered: deque[Record] = field(default_factory=deque)
    high_watermark: int = -1
    failures: int = 0
    not_before_us: int = 0
    nearer: int | None = None
    """The replica that the leader would rather have it read from (KIP-392)."""
    nearer_until_us: int = 0
    held_back: bool = False  # About to be given up: nothing more of it may reach the application.
    where: TopicPartition = field(init=False)

    def __post_init__(self) -> None:
        self.where = (self.topic, self.partition)

    def seek(self, offset: int, epoch: int) -> None:
        self.position = self.next_fetch = offset
        self.epoch = epoch
        self.buffered.clear()
        self.failures = 0
        self.nearer = None


class Fetching:
    def __init__(self, consumer: "Consumer") -> None:
        self.consumer = consumer
        self.readings: dict[TopicPartition, Reading] = {}
        self.settled = Settled()

    def start(self, partitions: list[TopicPartition], needs: Needs, reason: str) -> None:
        for topic, partition in partitions:
            self.readings[topic, partition] = Reading(topic, partition, needs, reset_reason=reason)
        self.settled.unsettle()
        self.readings = dict(sorted(self.readings.items()))

    def stop(self, partitions: list[TopicPartition]) -> None:
        for where in partitions:
            del self.readings[where]
        self.settled.unsettle()

    def consumed(self, reading: Reading, record: Record, last: bool) -> None:
        """The application is done with a record; `last` if it holds no more of this partition.

        Behind the last one that was fetched there may be offsets without a record for it.
        """
        reading.position = reading.next_fetch if last and not reading.buffered else record.offset + 1

    def find_positions(self) -> None:
        if self.settled.groups(self.consumer.metadata) is not None:
            return
        self._notice_new_leaders()
        lacking = [reading for reading in self.readings.values() if reading.needs is not Needs.NOTHING]
        if not lacking:
            self.settled.settle(self.readings, self.consumer.metadata)
            return
        for needs, api_key in (
            (Needs.RESET, ApiKey.LIST_OFFSETS),
            (Needs.VALIDATION, ApiKey.OFFSET_FOR_LEADER_EPOCH),
        ):
            pending = [reading for reading in lacking if reading.needs is needs]
            if pending:
                self._ask_where(pending, needs, api_key)

    # -- finding the position ----------------------------------------------------------------------

    def reset(self, reading: Reading, reason: str) -> None:
        """Go to the end of the log that the settings name, or fail if they name none."""
        if self.consumer.settings.auto_offset_reset not in RESETS:
            self.consumer.fail(f"{reading.topic}-{reading.partition}: {reason}, and auto.offset.reset=none")
            return
        self.settled.unsettle()
        reading.position = None
        reading.buffered.clear()
        reading.needs = Needs.RESET
        reading.reset_reason = reason

    def found(self, reading: Reading, offset: int, epoch: int) -> None:
        """A committed offset. Check it if it is known in which epoch it was read."""
        self.settled.unsettle()
        reading.seek(offset, epoch)
        reading.committed = offset
        reading.needs = Needs.VALIDATION if epoch >= 0 else Needs.NOTHING

    def _notice_new_leaders(self) -> None:
        topics, nothing = self.consumer.metadata.topics, Needs.NOTHING
        for reading in self.readings.values():
            if reading.needs is not nothing:
                continue
            topic = topics.get(reading.topic)
            known = topic.partitions.get(reading.partition) if topic is not None else None
            if known is None or known.leader == NO_LEADER or known.leader_epoch == reading.leader_epoch:
                continue
            if reading.epoch >= 0 and reading.leader_epoch >= 0:
                reading.needs = Needs.VALIDATION
            else:
                reading.leader_epoch = known.leader_epoch

    def _ask_where(self, pending: list[Reading], needs: Needs, api_key: ApiKey) -> None:
        """ListOffsets or OffsetForLeaderEpoch to each leader."""
        consumer = self.consumer
        for target, readings in self._by_leader(pending).items():
            if target in self._asked(api_key):
                continue
            asked: dict[TopicPartition, tuple[int, int]] = {}
            for reading in readings:
                known = consumer.metadata.leader(*reading.where)
                assert known is not None
                reset_to = RESETS.get(consumer.settings.auto_offset_reset, LATEST)
                asked[reading.where] = known.leader_epoch, reset_to if needs is Needs.RESET else reading.epoch
            body: Any = requests.offset_for_leader_epoch(asked)
            if needs is Needs.RESET:
                body = requests.list_offsets(asked, consumer.settings.isolation_level)
            about = [(reading, asked[reading.where][0]) for reading in readings]
            consumer.ask(target, api_key, body, self, about)

    def _take_ends(self, about: list[tuple[Reading, int]], body: Any) -> None:
        results = {(topic.name, end.partition_index): end for topic in body.topics for end in topic.partitions}
        for reading, epoch in about:
            if not self._current(reading, Needs.RESET):
                continue
            end = results[reading.where]
            if end.error_code != ErrorCode.none:
                self._failed(reading, end.error_code)
                continue
            reading.seek(end.offset, end.leader_epoch)
            reading.needs = Needs.NOTHING
            reading.leader_epoch = epoch
            self.consumer.tell(
                PositionReset(self.consumer.name, *reading.where, end.offset, self._why(reading.reset_reason))
            )

    def _why(self, reason: str) -> str:
        return f"{reason}, so auto.offset.reset={self.consumer.settings.auto_offset_reset} decides"

    def _take_epoch_ends(self, about: list[tuple[Reading, int]], body: Any) -> None:
        """A log that ends, in the epoch of our position, before our position was cut: what we read
        is gone (SubscriptionState.maybeCompleteValidation)."""
        results = {(topic.topic, end.partition): end for topic in body.topics for end in topic.partitions}
        for reading, epoch in about:
            if not self._current(reading, Needs.VALIDATION):
                continue
            end = results[reading.where]
            if end.error_code != ErrorCode.none:
                self._failed(reading, end.error_code)
                continue
            reading.leader_epoch = epoch
            reading.needs = Needs.NOTHING
            reading.failures = 0
            if end.end_offset < 0 or end.leader_epoch < 0:
                self.reset(reading, "the leader knows nothing of the epoch it was read in")
            elif end.end_offset < reading.next_fetch:
                self._truncated(reading, end.end_offset, end.leader_epoch)

    def _truncated(self, reading: Reading, end_offset: int, epoch: int) -> None:
        if self.consumer.settings.auto_offset_reset not in RESETS:
            self.consumer.fail(f"{reading.topic}-{reading.partition}: the log was cut back to {end_offset}")
            return
        offset = end_offset if reading.position is None else min(reading.position, end_offset)
        reading.seek(offset, epoch)
        reason = "the log was cut back while leaders changed: what was read beyond is gone"
        self.consumer.tell(PositionReset(self.consumer.name, *reading.where, offset, reason))

    # -- fetching ------------------------------------------------------------------------------------

    def fetch(self) -> None:
        """Ask each leader for more, unless it still has such a question."""
        nothing, groups = Needs.NOTHING, self.settled.groups(self.consumer.metadata)
        asked = self._asked(ApiKey.FETCH)
        if groups is not None:
            candidates = [reading for target, group in groups.items() if target not in asked for reading in group]
        else:
            candidates = [reading for reading in self.readings.values() if reading.needs is nothing]
        idle = [reading for reading in candidates if not reading.buffered]
        for target, readings in self._by_leader(idle, nearest=True).items() if idle else ():
            if target not in asked:
                self._fetch_from(target, readings)

    def _fetch_from(self, target: str, readings: list[Reading]) -> None:
        settings, topics = self.consumer.settings, self.consumer.metadata.topics
        max_bytes = settings.max_partition_fetch_bytes
        by_topic: dict[str, list[FetchPartition]] = {}
        for each in readings:
            part = FetchPartition(each.partition, each.next_fetch, max_bytes, each.leader_epoch)
            by_topic.setdefault(each.topic, []).append(part)
        body = FetchRequest(
            tuple(FetchTopic("", topics[topic].topic_id, tuple(parts)) for topic, parts in by_topic.items()),
            max_wait_ms=settings.fetch_max_wait_ms,
            min_bytes=settings.fetch_min_bytes,
            max_bytes=settings.fetch_max_bytes,
            isolation_level=settings.isolation_level,
            rack_id=settings.rack or "",
        )
        self.consumer.ask(target, ApiKey.FETCH, body, self, [(reading, reading.next_fetch) for reading in readings])

    def _take_records(self, about: list[tuple[Reading, int]], body: FetchResponse) -> None:
        metadata = self.consumer.metadata
        results = {
            (topic.name or metadata.name(topic.topic_id), result.partition): result
            for topic in body.topics
            for result in topic.partitions
        }
        for reading, offset in about:
            if not self._current(reading, Needs.NOTHING) or reading.next_fetch != offset:
                continue
            error = body.error_code
            result = results.get(reading.where)
            if result is None and error == ErrorCode.none:
                # The topic's id may be another by now.
                error = ErrorCode.unknown_topic_id
            if result is None or error != ErrorCode.none:
                self._failed(reading, error)
            else:
                self._take_partition(reading, result)

    def _take_partition(self, reading: Reading, result: FetchPartitionResult) -> None:
        error = result.error_code
        if error == ErrorCode.offset_out_of_range and reading.nearer is not None:
            # A follower may be behind its leader: the leader knows what is out of range.
            reading.nearer = None
            return
        if error == ErrorCode.offset_out_of_range:
            self.reset(reading, f"offset {reading.next_fetch} is out of range")
            return
        if error != ErrorCode.none:
            if self.consumer.metadata.follow(*reading.where, result.current_leader):
                return
            self._failed(reading, error)
            return
        reading.failures = 0
        reading.high_watermark = result.high_watermark
        if result.preferred_read_replica >= 0:
            self._read_nearer(reading, result.preferred_read_replica)
        try:
            for batch, is_readable in told_apart(result) if result.records else ():
                if is_readable:
                    wanted = (record for record in batches.records(batch) if record.offset >= reading.next_fetch)
                    reading.buffered.extend(wanted)
                reading.next_fetch = max(reading.next_fetch, batch.next_offset)
                reading.epoch = batch.partition_leader_epoch
        except batches.CorruptBatch as corrupt:
            self.consumer.fail(f"{reading.topic}-{reading.partition}: {corrupt}")
            return
        if not reading.buffered:
            reading.position = reading.next_fetch

    def _read_nearer(self, reading: Reading, replica: int) -> None:
        consumer = self.consumer
        if replica in consumer.metadata.brokers:
            self.settled.unsettle()
            reading.nearer = replica
            reading.nearer_until_us = consumer.now_us + MAX_AGE_US
            return
        # The leader would only say so again: wait until it is known where that replica is.
        consumer.metadata.request_update()
        reading.not_before_us = consumer.now_us + backoff_us(1, consumer.random)

    # -- answers ---------------------------------------------------------------------------------------

    def answered(self, asked: Asked, body: Any) -> None:
        if asked.api_key == ApiKey.FETCH:
            self._take_records(asked.about, body)
        elif asked.api_key == ApiKey.LIST_OFFSETS:
            self._take_ends(asked.about, body)
        else:
            self._take_epoch_ends(asked.about, body)

    def unanswered(self, asked: Asked, error: ErrorCode) -> None:
        for reading, _ in asked.about:
            self._failed(reading, error)

    def _failed(self, reading: Reading, error: ErrorCode) -> None:
        """Try again in a moment, under the leader that metadata will name."""
        consumer = self.consumer
        if error in STALE:
            consumer.metadata.request_update()
        elif not error.retriable:
            consumer.fail(f"{reading.topic}-{reading.partition}: {error.name.upper()}")
            return
        reading.nearer = None
        reading.failures += 1
        reading.not_before_us = consumer.now_us + backoff_us(reading.failures, consumer.random)

    def _current(self, reading: Reading, needs: Needs) -> bool:
        """Whether an answer still fits: the partition was not given up meanwhile, nor moved."""
        return self.readings.get(reading.where) is reading and reading.needs is needs

    def _read_from(self, reading: Reading, leader: int) -> int:
        """The nearer replica while it is there, or else the leader (Fetcher.selectReadReplica)."""
        consumer = self.consumer
        if reading.nearer is None or reading.nearer_until_us <= consumer.now_us:
            return leader
        if reading.nearer in consumer.metadata.brokers:
            return reading.nearer
        reading.nearer = None
        consumer.metadata.request_update()
        return leader

    def _by_leader(self, readings: list[Reading], nearest: bool = False) -> dict[str, list[Reading]]:
        """Those that may be asked about now, by the broker to ask: the leader, or with `nearest` whom it named."""
        consumer, metadata = self.consumer, self.consumer.metadata
        topics, now_us = metadata.topics, consumer.now_us
        groups: dict[str, list[Reading]] = {}
        for reading in readings:
            topic = topics.get(reading.topic)
            known = topic.partitions.get(reading.partition) if topic is not None else None
            if known is None or known.leader == NO_LEADER:
                metadata.request_update()
            elif reading.not_before_us > now_us:
                consumer.wake_at(reading.not_before_us)
            else:
                broker = known.leader
                if nearest and reading.nearer is not None:
                    broker = self._read_from(reading, broker)
                target = broker_node(broker)
                group = groups.get(target)
                if group is not None:
                    group.append(reading)
                elif consumer.ready(target):
                    groups[target] = [reading]
        return groups

    def _asked(self, api_key: int) -> list[str]:
        """Who still has such a question."""
        return [it.target for it in self.consumer.in_flight.values() if it.asker is self and it.api_key == api_key]
