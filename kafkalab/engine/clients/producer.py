"""A producer that a learner runs: it makes records at a pace, or sends what it is given by hand.

This half is the application and `KafkaProducer.send`: it makes a record, waits for the topic to be
known, chooses the partition and puts the record into a batch. The other half is the sender.
"""

from collections import deque
from dataclasses import dataclass, replace
from typing import Any

from kafkalab.engine.clients.accumulator import Batch, Outgoing, TopicPartition, Unplaced
from kafkalab.engine.clients.client import Asked, Client
from kafkalab.engine.clients.fate import Fate, FateState
from kafkalab.engine.clients.partitioners import Chosen, Load, Partitioner
from kafkalab.engine.clients.sender import Sender
from kafkalab.engine.clients.transactions import Transactions, TransactionState
from kafkalab.engine.clients.workload import Pace, ProducerSettings, key_of, value_of
from kafkalab.engine.events import RecordAcked, RecordFailed, RecordsAcked, RecordSent, RecordsFailed
from kafkalab.wire.api import ApiKey
from kafkalab.wire.errors import ErrorCode
from kafkalab.wire.records import Header

BUFFER_FULL = "buffer full"
SHOWN_PER_S = 20
"""Up to this rate each record is told of; above it, each batch."""
FATES_KEPT = 1_000


@dataclass(frozen=True, slots=True)
class SendOne:
    """Send this one record."""

    token: int
    """By which its fate can be looked up."""
    topic: str
    key: bytes | None = None
    value: bytes | None = None
    headers: tuple[Header, ...] = ()
    partition: int | None = None
    """None lets the partitioner choose."""


@dataclass(frozen=True, slots=True)
class BeginTransaction:
    """What is sent from now on belongs together."""


@dataclass(frozen=True, slots=True)
class EndTransaction:
    """Commit what was sent since the transaction began, or abort it."""

    commit: bool


@dataclass(frozen=True, slots=True)
class Pause:
    """Make no more records."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Make records again."""


@dataclass(frozen=True, slots=True)
class ChangeProducer:
    """Go on with these settings."""

    settings: ProducerSettings


class Producer(Client):
    def __init__(self, name: str, bootstrap: tuple[str, ...], settings: ProducerSettings) -> None:
        super().__init__(name, bootstrap)
        assert not settings.problems(), settings.problems()
        self.settings = settings
        self.request_timeout_ms = settings.request_timeout_ms
        self.paused = False
        self.sent = 0
        """Records handed to the producer."""
        self.acked = 0
        self.unconfirmed = 0
        self.failed = 0
        self.retried = 0
        """Batches sent again."""
        self.bytes_acked = 0
        self.fates: dict[int, Fate] = {}
        """Of records sent by hand, by token."""
        self.last_offsets: dict[TopicPartition, int] = {}
        """The newest acked offset."""
        self.sender = Sender(self)
        self._made = 0
        self.unplaced: deque[Unplaced] = deque()
        """Records whose topic is not known yet: `send()` blocks."""
        self._topic_error: str | None = None
        """Why the topic is not known, as long as it is not."""
        self._partitioners: dict[str, Partitioner] = {}
        self._pace = Pace()
        self._full_since_us: int | None = None
        self._close_by_us: int | None = None
        if settings.topic is not None:
            self.metadata.want(settings.topic)

    # -- for the view ----------------------------------------------------------------------------

    @property
    def producer_id(self) -> int:
        return self.sender.sequences.producer_id

    @property
    def transactions(self) -> Transactions | None:
        """None without a transactional id."""
        return self.sender.transactions

    @property
    def producer_epoch(self) -> int:
        return self.sender.sequences.producer_epoch

    @property
    def buffered(self) -> int:
        """Records neither acked nor failed."""
        return self.sent - self.acked - self.unconfirmed - self.failed

    @property
    def requests_in_flight(self) -> int:
        return sum(asked.api_key == ApiKey.PRODUCE for asked in self.in_flight.values())

    @property
    def state(self) -> str:
        if self.closing:
            return "closing"
        if self.transactions is not None and self.transactions.state in (
            TransactionState.FATAL,
            TransactionState.INITIALIZING,
        ):
            return str(self.transactions.state.value)
        if self.unplaced:
            return "waiting for metadata"
        if self.sender.accumulator.bytes >= self.settings.buffer_memory:
            return BUFFER_FULL
        if self.settings.limit is not None and self._made >= self.settings.limit:
            return "finished"
        if self.paused:
            return "paused"
        return "running" if self.settings.rate_per_s else "idle"

    # -- orders ----------------------------------------------------------------------------------

    def command(self, message: Any) -> None:
        match message:
            case SendOne():
                self._send_by_hand(message)
            case BeginTransaction():
                if self.transactions is not None:
                    self.transactions.begin()
            case EndTransaction(commit):
                self._end_transaction(commit, "on request")
            case Pause():
                self.paused = True
            case Resume():
                self.paused = False
            case ChangeProducer(settings):
                self._change(settings)
            case _:
                super().command(message)

    def progress(self) -> None:
        self._make_due()
        self._place()
        self.sender.progress()
        if self.closing and not self.unplaced and not self.sender.outstanding() and self._transaction_is_over():
            self.exit()

    def answered(self, asked: Asked, body: Any) -> None:
        super().answered(asked, body)
        before = self._topic_error
        error = self.metadata.errors.get(self.settings.topic or "")
        self._topic_error = f"{self.settings.topic}: {error.name.upper()}" if error else None
        if self._topic_error or self.last_error == before:
            self.last_error = self._topic_error

    def _change(self, settings: ProducerSettings) -> None:
        assert not settings.problems(), settings.problems()
        assert settings.transactional_id == self.settings.transactional_id
        if (settings.partitioner, settings.key_ranges) != (self.settings.partitioner, self.settings.key_ranges):
            self._partitioners = {}
        if settings.rate_per_s != self.settings.rate_per_s:
            self._pace.stop()
        if settings.topic is not None:
            self.metadata.want(settings.topic)
        self.settings = settings
        self.request_timeout_ms = settings.request_timeout_ms

    # -- records ---------------------------------------------------------------------------------

    def _send_by_hand(self, order: SendOne) -> None:
        self.sent += 1
        record = Outgoing(self.sent, order.key, order.value, order.headers, self.clock_ms, order.token)
        self.fates[order.token] = Fate(self.sent, order.topic)
        if self.transactions is not None and self.transactions.state is not TransactionState.OPEN:
            # KafkaProducer.send throws: "no transaction is in progress".
            unplaced = Unplaced(record, order.topic, order.partition, self.now_us)
            self._failed_before_sending(unplaced, ErrorCode.invalid_txn_state)
        else:
            self._hand_over(record, order.topic, order.partition)
        if len(self.fates) > FATES_KEPT:
            del self.fates[next(iter(self.fates))]

    def _make_due(self) -> None:
        settings, state = self.settings, self.state
        if state != BUFFER_FULL:
            self._full_since_us = None
        if state != "running" or settings.topic is None:
            self._pace.stop()
            if state == BUFFER_FULL and settings.topic is not None and settings.rate_per_s and not self.paused:
                self._wait_for_room(settings.topic)
            return
        if settings.synchronous and self.buffered:
            # `send().get()`: the next record is made when the answer is there.
            return
        most = 1 if settings.synchronous else None
        for _ in range(self._pace.due(settings.rate_per_s, self.now_us, most)):
            if settings.limit is not None and self._made >= settings.limit:
                return
            if self.transactions is not None and not self._may_make():
                return
            self._hand_over(self._next_record(), settings.topic, None)
            self._end_if_full()
        self.wake_at(self._pace.next_us(self.now_us))

    def _next_record(self) -> Outgoing:
        self._made += 1
        self.sent += 1
        key = key_of(self.settings.key_pattern, self._made, self.random)
        value = value_of(self.settings, self.name, self._made, key)
        return Outgoing(self.sent, key, value, (), self.clock_ms)

    def _wait_for_room(self, topic: str) -> None:
        """The application stands in `send`, which throws when no memory was free for so long, and calls it again with
        its next record (KafkaProducer.doSend, BufferPool.allocate: BufferExhaustedException)."""
        patience_us = self.settings.max_block_ms * 1000
        since_us = self.now_us if self._full_since_us is None else self._full_since_us
        if since_us + patience_us <= self.now_us:
            since_us = self.now_us
            self._failed_before_sending(
                Unplaced(self._next_record(), topic, None, since_us), ErrorCode.request_timed_out
            )
        self._full_since_us = since_us
        self.wake_at(since_us + patience_us)

    def _may_make(self) -> bool:
        """Records that the producer makes begin a transaction, unless a person does that."""
        assert self.transactions is not None
        if self.settings.records_per_transaction:
            return self.transactions.begin()
        return self.transactions.state is TransactionState.OPEN

    def _end_if_full(self) -> None:
        """As an application does that commits after so many records."""
        settings = self.settings
        if self.transactions is None or not settings.records_per_transaction:
            return
        is_last = settings.limit is not None and self._made >= settings.limit
        if is_last or self.transactions.records >= settings.records_per_transaction:
            number = self.transactions.committed + self.transactions.aborted + 1
            aborts = settings.abort_every > 0 and number % settings.abort_every == 0
            self._end_transaction(not aborts, "as the application wanted")

    def _end_transaction(self, commit: bool, why: str) -> None:
        if self.transactions is not None and commit:
            self.transactions.commit()
        elif self.transactions is not None:
            self.transactions.abort(why)

    def _transaction_is_over(self) -> bool:
        """Whoever closes the producer aborts what is still open; if nobody answers, the coordinator will."""
        if self.transactions is None:
            return True
        self.transactions.abort("the producer is being closed")
        self._close_by_us = self._close_by_us or self.now_us + self.request_timeout_ms * 1000
        self.wake_at(self._close_by_us)
        self.sender.progress()
        return not self.transactions.ending or self.now_us >= self._close_by_us

    def _hand_over(self, record: Outgoing, topic: str, partition: int | None) -> None:
        if self.transactions is not None:
            self.transactions.records += 1
        self.metadata.want(topic)
        self.unplaced.append(Unplaced(record, topic, partition, self.now_us))

    def _place(self) -> None:
        """Every record whose topic is known by now gets its partition and goes into a batch."""
        if not self.unplaced:
            return
        waiting, self.unplaced = self.unplaced, deque()
        for unplaced in waiting:
            topic, partition = unplaced.topic, unplaced.partition
            error = self.metadata.errors.get(topic)
            partitions = self.metadata.count(topic)
            if unplaced.record.size > self.settings.max_request_size:
                self._failed_before_sending(unplaced, ErrorCode.message_too_large)
            elif partitions and (partition is None or partition < partitions):
                self._append(unplaced, partitions)
            elif error is not None and not error.retriable:
                self._failed_before_sending(unplaced, error)
            elif unplaced.since_us + self.settings.max_block_ms * 1000 <= self.now_us:
                self._failed_before_sending(unplaced, error or ErrorCode.unknown_topic_or_partition)
            else:
                self.unplaced.append(unplaced)
        if self.unplaced:
            self.metadata.request_update()
            self.wake_at(self.unplaced[0].since_us + self.settings.max_block_ms * 1000)

    def _append(self, unplaced: Unplaced, partitions: int) -> None:
        record, topic, accumulator = unplaced.record, unplaced.topic, self.sender.accumulator
        batch_size = self.settings.batch_size
        partitioner = self._partitioners.get(topic)
        if partitioner is None:
            partitioner = self._partitioners[topic] = Partitioner(self.settings.partitioner, self.settings.key_ranges)
        if unplaced.partition is not None:
            chosen = Chosen(unplaced.partition, "the sender asked for it")
        else:
            loads: list[Load] = []
            if partitioner.weighs(record.key):
                led = [number for number in range(partitions) if self.metadata.leader(topic, number)]
                loads = accumulator.loads(topic, led)
            chosen = partitioner.choose(record.key, partitions, loads, batch_size, self.random)
        complete = accumulator.append((topic, chosen.partition), record, batch_size, self.now_us)
        if chosen.partition == partitioner.sticky.partition and record.key is None:
            partitioner.sticky.appended(record.size, batch_size, complete)
        if record.token is not None:
            self._settle(record, FateState.WAITING, partition=chosen.partition, how=chosen.how)
        if self._shown(record):
            key = record.key.decode(errors="replace") if record.key is not None else None
            self.tell(RecordSent(self.name, record.serial, topic, chosen.partition, key, chosen.how))

    # -- what the sender reports -------------------------------------------------------------------

    def acked_batch(self, batch: Batch, base_offset: int, append_time_ms: int) -> None:
        """`base_offset` is -1 when a broker only knows that it has the batch already."""
        count = len(batch.records)
        self.acked += count
        self.bytes_acked += batch.size
        if base_offset >= 0:
            self.last_offsets[batch.where] = base_offset + count - 1
        hidden: list[int] = []
        for place, record in enumerate(batch.records):
            offset = base_offset + place if base_offset >= 0 else -1
            if record.token is not None:
                time_ms = append_time_ms if append_time_ms >= 0 else record.timestamp_ms
                self._settle(record, FateState.ACKED, offset=offset, timestamp_ms=time_ms)
            if self._shown(record):
                self.tell(RecordAcked(self.name, record.serial, batch.topic, batch.partition, offset))
            else:
                hidden.append(place)
        if hidden and base_offset >= 0:
            first, last = base_offset + hidden[0], base_offset + hidden[-1]
            self.tell(RecordsAcked(self.name, batch.topic, batch.partition, first, last, len(hidden)))

    def unconfirmed_batch(self, batch: Batch) -> None:
        self.unconfirmed += len(batch.records)
        for record in batch.records:
            self._settle(record, FateState.UNCONFIRMED, timestamp_ms=record.timestamp_ms)

    def failed_batch(self, batch: Batch, error: ErrorCode) -> None:
        self.failed += len(batch.records)
        self.last_error = f"{batch.topic}-{batch.partition}: {error.name.upper()}"
        for record in batch.records:
            self._settle(record, FateState.FAILED, error=error)
            if self._shown(record):
                self._tell_failed(record, batch.topic, batch.partition, error)
        hidden = [record.serial for record in batch.records if not self._shown(record)]
        if hidden:
            self.tell(RecordsFailed(self.name, *batch.where, len(hidden), error.name.upper(), hidden[0]))

    def _failed_before_sending(self, unplaced: Unplaced, error: ErrorCode) -> None:
        self.failed += 1
        self.last_error = f"{unplaced.topic}: {error.name.upper()}"
        self._settle(unplaced.record, FateState.FAILED, error=error)
        partition = -1 if unplaced.partition is None else unplaced.partition
        self._tell_failed(unplaced.record, unplaced.topic, partition, error)

    def _tell_failed(self, record: Outgoing, topic: str, partition: int, error: ErrorCode) -> None:
        self.tell(RecordFailed(self.name, record.serial, topic, partition, error.name.upper()))

    def _settle(self, record: Outgoing, state: FateState, **known: Any) -> None:
        if record.token is not None and record.token in self.fates:
            self.fates[record.token] = replace(self.fates[record.token], state=state, **known)

    def _shown(self, record: Outgoing) -> bool:
        return record.token is not None or self.settings.rate_per_s <= SHOWN_PER_S
