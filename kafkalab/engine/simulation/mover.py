"""Consume, transform, produce, exactly once: a workload of histories that does nothing else.

A mover reads one partition after the other of its source, writes a copy of what it read to the same
partition of its sink, and commits how far it came for its group in the same transaction. If the
transaction is aborted it begins again where the group stands. A mover that is fenced ends, as the
process of a careful application does, and whoever watches over it starts another one.
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from kafkalab.engine.clients import requests
from kafkalab.engine.clients.client import Asked, Client
from kafkalab.engine.clients.committed import told_apart
from kafkalab.engine.clients.coordinator_link import NOT_THE_ONE, CoordinatorLink
from kafkalab.engine.clients.metadata import backoff_us
from kafkalab.engine.spec import broker_node
from kafkalab.wire import batches
from kafkalab.wire.api import ApiKey
from kafkalab.wire.dialect import (
    FetchPartition,
    FetchRequest,
    FetchTopic,
    OffsetFetchGroup,
    OffsetFetchRequest,
    OffsetFetchTopic,
    ProducePartition,
    ProduceRequest,
    ProduceTopic,
)
from kafkalab.wire.errors import ErrorCode
from kafkalab.wire.records import Record

if TYPE_CHECKING:
    from kafkalab.engine.simulation.plans import MoverPlan

FENCED = (
    ErrorCode.producer_fenced,
    ErrorCode.invalid_producer_epoch,
    ErrorCode.invalid_producer_id_mapping,
    ErrorCode.invalid_txn_state,
)
"""After which nothing is left to do but to begin anew, as another process."""
REQUEST_TIMEOUT_MS = 5_000
WAIT_MS = 300
MOST_BYTES = 4_000
READ_COMMITTED = 1


class Stage(Enum):
    INITIALIZING = "initialising its transactional id"
    LOOKING = "asking where its group stands"
    READING = "reading"
    WRITING = "writing"
    SENDING_OFFSETS = "sending offsets"
    ENDING = "ending its transaction"


def copy_of(partition: int, offset: int) -> bytes:
    return f"copy of {partition}@{offset}".encode()


def copied(value: bytes) -> int:
    """The offset of what it is a copy of."""
    return int(value.rpartition(b"@")[2])


class Mover(Client):
    makes_topics = False

    def __init__(self, name: str, bootstrap: tuple[str, ...], plan: "MoverPlan") -> None:
        super().__init__(name, bootstrap)
        self.request_timeout_ms = REQUEST_TIMEOUT_MS
        self.metadata.want(plan.source)
        self.metadata.want(plan.sink)
        self.moving = Moving(self, plan)

    def progress(self) -> None:
        if self.closing:
            self.exit()
        else:
            self.moving.progress()


@dataclass
class Moving:
    mover: Mover
    plan: "MoverPlan"
    stage: Stage = Stage.INITIALIZING
    moved: int = 0
    """Records in transactions that were committed."""
    ended: int = 0
    """Transactions."""
    _producer: tuple[int, int] = (-1, -1)
    _positions: dict[int, int] = field(default_factory=dict)
    _turn: int = 0
    """Whose partition's turn it is."""
    _held: list[int] = field(default_factory=list)
    """Offsets of what was read and is to be copied."""
    _aborts: bool = False
    _failures: int = 0
    _not_before_us: int = 0

    def __post_init__(self) -> None:
        self._coordinator = CoordinatorLink(self.mover, self.plan.transactional_id, requests.TRANSACTION)
        self._group = CoordinatorLink(self.mover, self.plan.group)

    def has_moved(self, partition: int, end_offset: int) -> bool:
        """Whether a transaction ended that holds the last record before this offset, if there is one."""
        return self.stage is Stage.READING and self._positions.get(partition, 0) >= end_offset

    def progress(self) -> None:
        mover = self.mover
        if any(asked.asker is self for asked in mover.in_flight.values()):
            return
        if mover.now_us < self._not_before_us:
            mover.wake_at(self._not_before_us)
            return
        match self.stage:
            case Stage.INITIALIZING:
                plan = self.plan
                begins = requests.init_producer_id(plan.transactional_id, plan.transaction_timeout_ms)
                self._ask(self._coordinator, ApiKey.INIT_PRODUCER_ID, begins)
            case Stage.LOOKING:
                self._look()
            case Stage.READING:
                self._read()
            case Stage.WRITING:
                self._write()
            case Stage.SENDING_OFFSETS:
                self._send_offsets()
            case Stage.ENDING:
                ends = requests.end_txn(self.plan.transactional_id, *self._producer, not self._aborts)
                self._ask(self._coordinator, ApiKey.END_TXN, ends)

    # -- questions ---------------------------------------------------------------------------------

    def _ask(self, link: CoordinatorLink, api_key: int, body: Any) -> None:
        if link.target() is not None:
            link.ask(api_key, body, self)

    def _look(self) -> None:
        count = self.mover.metadata.count(self.plan.source)
        if not count:
            self._later()
            return
        topic = OffsetFetchTopic(self.plan.source, None, tuple(range(count)))
        body = OffsetFetchRequest((OffsetFetchGroup(self.plan.group, (topic,)),), require_stable=True)
        self._ask(self._group, ApiKey.OFFSET_FETCH, body)

    def _read(self) -> None:
        source, number = self.plan.source, self._turn
        target = self._leader(source, number)
        if target is not None:
            part = FetchPartition(number, self._positions[number], MOST_BYTES)
            topic = FetchTopic("", self.mover.metadata.topics[source].topic_id, (part,))
            body = FetchRequest((topic,), max_wait_ms=WAIT_MS, min_bytes=1, isolation_level=READ_COMMITTED)
            self.mover.ask(target, ApiKey.FETCH, body, self)

    def _write(self) -> None:
        sink, number = self.plan.sink, self._turn
        target = self._leader(sink, number)
        if target is None:
            return
        producer_id, epoch = self._producer
        records = [
            Record(index, self.mover.now_ms, None, copy_of(number, offset)) for index, offset in enumerate(self._held)
        ]
        # Each transaction has an epoch of its own, in which this is the only batch.
        data = batches.build(
            records, producer_id=producer_id, producer_epoch=epoch, base_sequence=0, is_transactional=True
        )
        topic_id = self.mover.metadata.topics[sink].topic_id
        topic = ProduceTopic("", topic_id, (ProducePartition(number, data),))
        body = ProduceRequest(-1, REQUEST_TIMEOUT_MS, (topic,), self.plan.transactional_id)
        self.mover.ask(target, ApiKey.PRODUCE, body, self)

    def _send_offsets(self) -> None:
        offsets = {(self.plan.source, self._turn): self._held[-1] + 1}
        body = requests.txn_offset_commit(self.plan.transactional_id, self.plan.group, *self._producer, offsets)
        self._ask(self._group, ApiKey.TXN_OFFSET_COMMIT, body)

    def _leader(self, topic: str, partition: int) -> str | None:
        """If it is known and may be asked now."""
        known = self.mover.metadata.leader(topic, partition)
        if known is None:
            self.mover.metadata.request_update()
            self._later()
            return None
        target = broker_node(known.leader)
        return target if self.mover.ready(target) else None

    # -- answers -----------------------------------------------------------------------------------

    def answered(self, asked: Asked, body: Any) -> None:
        match asked.api_key:
            case ApiKey.INIT_PRODUCER_ID if self._is_well(body.error_code, self._coordinator):
                self._producer = (body.producer_id, body.producer_epoch)
                self.stage = Stage.LOOKING
            case ApiKey.OFFSET_FETCH:
                self._found(body.groups[0])
            case ApiKey.FETCH:
                self._take(body)
            case ApiKey.PRODUCE:
                error = body.topics[0].partitions[0].error_code
                if error is ErrorCode.duplicate_sequence_number or self._is_well(error):
                    self.stage = Stage.SENDING_OFFSETS
            case ApiKey.TXN_OFFSET_COMMIT:
                if self._is_well(body.topics[0].partitions[0].error_code, self._group):
                    number = self.ended + 1
                    self._end(aborts=self.plan.abort_every > 0 and number % self.plan.abort_every == 0)
            case ApiKey.END_TXN if self._is_well(body.error_code, self._coordinator):
                self._producer = (body.producer_id, body.producer_epoch)
                self._has_ended()

    def unanswered(self, asked: Asked, error: ErrorCode) -> None:
        self._coordinator.lost()
        self._group.lost()
        self._later()

    def _found(self, group: Any) -> None:
        results = [result for topic in group.topics for result in topic.partitions]
        error = next((each.error_code for each in results if each.error_code is not ErrorCode.none), group.error_code)
        if self._is_well(error, self._group):
            self._positions = {result.partition: max(result.offset, 0) for result in results}
            self.stage = Stage.READING

    def _take(self, body: Any) -> None:
        result = body.topics[0].partitions[0] if body.topics else None
        error = body.error_code if result is None else result.error_code
        if error is not ErrorCode.none:
            self.mover.metadata.request_update()
            self._later()
        position = self._positions[self._turn]
        self._held = []
        for batch, is_for_me in told_apart(result) if result is not None else ():
            if len(self._held) >= self.plan.records_per_transaction:
                break
            if is_for_me:
                offsets = [record.offset for record in batches.records(batch) if record.offset >= position]
                self._held += offsets[: self.plan.records_per_transaction - len(self._held)]
            position = max(self._held[-1] + 1 if is_for_me and self._held else batch.next_offset, position)
        if self._held:
            self.stage = Stage.WRITING
        else:
            self._positions[self._turn] = position
            self._next_turn()

    def _is_well(self, error: ErrorCode, link: CoordinatorLink | None = None) -> bool:
        if error is ErrorCode.none:
            self._failures = 0
            return True
        if link is not None and error in NOT_THE_ONE:
            link.lost()
        if error in FENCED:
            self.mover.exit()
        elif error.retriable or error in NOT_THE_ONE:
            self.mover.metadata.request_update()
            self._later()
        elif self.stage in (Stage.WRITING, Stage.SENDING_OFFSETS):
            self._end(aborts=True)
        else:
            self.mover.exit()
        return False

    def _end(self, *, aborts: bool) -> None:
        self.stage, self._aborts = Stage.ENDING, aborts

    def _has_ended(self) -> None:
        self.ended += 1
        if self._aborts:
            self.stage = Stage.LOOKING
            return
        self.moved += len(self._held)
        self._positions[self._turn] = self._held[-1] + 1
        self.stage = Stage.READING
        self._next_turn()

    def _next_turn(self) -> None:
        self._turn = (self._turn + 1) % len(self._positions)

    def _later(self) -> None:
        self._failures += 1
        self._not_before_us = self.mover.now_us + backoff_us(self._failures, self.mover.random)
        self.mover.wake_at(self._not_before_us)
