"""The transaction coordinator of one broker: a shard for each `__transaction_state` partition that it leads.

It decides (deciding.py), writes what was decided to the partition, and answers once that is committed.
A transaction ends in two steps that anybody can see: the decision (Prepare) is a record of its own,
then every partition gets a marker (markers.py), and then comes the record that it is done (Complete).
Whoever coordinates after a crash finds the decision in the log and sends the markers again
(kafka.coordinator.transaction.TransactionCoordinator, TransactionStateManager; KIP-98, KIP-890).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from kafkalab.engine.broker.coordinator_writes import CoordinatorWriteAwaitingCommit
from kafkalab.engine.coordinator_place import TRANSACTIONS_TOPIC, partition_of
from kafkalab.engine.coordinators.turn import storage_error
from kafkalab.engine.events import (
    TransactionalIdForgotten,
    TransactionCoordinatorLoaded,
    TransactionCoordinatorUnloaded,
    TransactionStateChanged,
)
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.engine.transactions import deciding
from kafkalab.engine.transactions.deciding import Done, NeedsProducerId, Producer, Transaction
from kafkalab.engine.transactions.markers import Markers
from kafkalab.engine.transactions.metadata import (
    NO_PRODUCER,
    PREPARED,
    VERSION_0,
    VERSION_2,
    TopicPartition,
    TransactionMetadata,
    TransactionState,
)
from kafkalab.engine.transactions.records import decode, encode
from kafkalab.engine.transactions.scans import Scans
from kafkalab.engine.transactions.sequels import (
    AbortedBeforeInitialized,
    Ended,
    Initialized,
    Sequel,
)
from kafkalab.engine.transactions.shard import TransactionShard
from kafkalab.wire import batches
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker

T = TypeVar("T")
LOAD_BYTES = 1 << 20
"""How much of a log is read in one step (transaction.state.log.load.buffer.size is 5 MB; ours must not be felt)."""
LOAD_TIMEOUT_MS = 30_000
ENDS_WITH_NEW_EPOCH_FROM = 5
"""The version of EndTxn by which a client says that it knows transactions of version 2."""


class TransactionCoordinator:
    def __init__(self, broker: "Broker") -> None:
        self.broker = broker
        self.shards: dict[int, TransactionShard] = {}
        """By partition of `__transaction_state`."""
        self.markers = Markers(self)
        self.scans = Scans(self)

    @property
    def transactions(self) -> dict[str, TransactionMetadata]:
        """Every transactional id coordinated here."""
        return {
            transactional_id: known.metadata
            for shard in self.shards.values()
            for transactional_id, known in shard.transactions.items()
        }

    def partition_for(self, transactional_id: str) -> int:
        topic = self.broker.metadata.topics.get(TRANSACTIONS_TOPIC)
        count = len(topic.partitions) if topic else self.broker.config.transaction_state_log_num_partitions
        return partition_of(transactional_id, count)

    # -- leadership comes and goes -----------------------------------------------------------

    def on_leader(self, partition: int, leader_epoch: int) -> None:
        """This broker was elected. Even if it led before: another may have sent markers in between."""
        if partition in self.shards:
            self.on_resign(partition)
        start_offset = self.broker.partition(TRANSACTIONS_TOPIC, partition).log.start_offset
        self.shards[partition] = TransactionShard(partition, leader_epoch, next_offset=start_offset)
        self.load_more(partition, leader_epoch)
        self.scans.start()

    def on_resign(self, partition: int) -> None:
        """Another leads it, or nobody. Who waits for a write hears of it when the write fails."""
        if self.shards.pop(partition, None) is not None:
            self.markers.forget(partition)
            self.broker.tell(TransactionCoordinatorUnloaded(self.broker.broker_id, partition))

    def load_more(self, partition: int, leader_epoch: int) -> None:
        """Read the next piece of the log; once all of it is committed the shard is ready."""
        shard = self.shards.get(partition)
        if shard is None or not shard.loading or shard.leader_epoch != leader_epoch:
            return
        led = self.broker.partition(TRANSACTIONS_TOPIC, partition)
        data = led.log.read(shard.next_offset, LOAD_BYTES, led.log.end_offset, True)
        for batch in batches.headers(data):
            if not batch.is_control:
                for record in batches.records(batch):
                    decoded = decode(record.key, record.value)
                    if decoded is not None and record.offset >= shard.next_offset:
                        shard.loaded_records += 1
                        shard.replay(*decoded)
            shard.next_offset = batch.next_offset
        if data and shard.next_offset < led.log.end_offset:
            self.broker.wake_in(0, LoadMore(partition, leader_epoch))
        elif led.high_watermark < shard.next_offset:
            # What is not replicated could be lost again, and the markers it made us send could not.
            wait = CoordinatorWriteAwaitingCommit(LoadMore(partition, leader_epoch), shard.next_offset)
            self.broker.purgatory.watch(wait, ((TRANSACTIONS_TOPIC, partition),), LOAD_TIMEOUT_MS)
        else:
            self._loaded(shard)

    def _loaded(self, shard: TransactionShard) -> None:
        shard.loading = False
        self.broker.tell(TransactionCoordinatorLoaded(self.broker.broker_id, shard.partition, shard.loaded_records))
        for known in list(shard.transactions.values()):
            if known.metadata.state in PREPARED:
                self.markers.begin(shard, known.metadata)

    # -- requests: each raises Refused, or sees to the answer -----------------------------------

    def initialize(self, request: Request, transactional_id: str, expected: Producer | None, timeout_ms: int) -> None:
        shard = self.shard(transactional_id)
        now_ms = self.broker.clock_ms
        try:
            known = shard.transactions.get(transactional_id)
            if known is None:
                known = Transaction(_unused(transactional_id, self._fresh_id(), timeout_ms, now_ms))
                shard.transactions[transactional_id] = known
            following = self._decide(
                lambda fresh_id: deciding.initialize(known, expected, timeout_ms, now_ms, fresh_id)
            )
            if following is None:
                aborted = self._decide(lambda fresh_id: deciding.fence(known.metadata, now_ms, fresh_id))
                reason = "another producer begins with this transactional id, so the open one is aborted"
                self.write(shard, aborted, AbortedBeforeInitialized(request), reason)
                return
        except NeedsProducerId:
            self.broker.producer_ids.when_there(AwaitingProducerId(request))
            return
        reason = f"its producer begins, with epoch {following.producer_epoch} of id {following.producer_id}"
        self.write(shard, following, Initialized(request), reason)

    def add_partitions(
        self,
        transactional_id: str,
        producer: Producer,
        partitions: tuple[TopicPartition, ...],
        client_version: int,
        sequel: Sequel,
    ) -> None:
        shard, known = self._known(transactional_id)
        now_ms = self.broker.clock_ms
        following = deciding.add_partitions(known, producer, partitions, now_ms, client_version)
        if isinstance(following, Done):
            sequel.done(self.broker, known.metadata)
            return
        new = in_words([each for each in following.partitions if each not in known.metadata.partitions])
        self.write(shard, following, sequel, f"the producer writes to {', '.join(new) or 'nothing new'}")

    def verify(
        self, transactional_id: str, producer: Producer, partitions: tuple[TopicPartition, ...]
    ) -> dict[TopicPartition, ErrorCode]:
        _, known = self._known(transactional_id)
        return deciding.verify(known, producer, partitions)

    def end(self, request: Request) -> None:
        body = request.body
        shard, known = self._known(body.transactional_id)
        bumps = not -1 < request.api_version < ENDS_WITH_NEW_EPOCH_FROM
        producer = Producer(body.producer_id, body.producer_epoch)
        try:
            following = self._decide(
                lambda fresh_id: deciding.end(
                    known,
                    producer,
                    commit=body.committed,
                    client_version=VERSION_2 if bumps else VERSION_0,
                    now_ms=self.broker.clock_ms,
                    fresh_id=fresh_id,
                )
            )
        except NeedsProducerId:
            self.broker.producer_ids.when_there(AwaitingProducerId(request))
            return
        if isinstance(following, Done):
            Ended(request).done(self.broker, known.metadata)
            return
        self.write(shard, following, Ended(request), f"the producer {'commits' if body.committed else 'aborts'}")

    # -- finished writes ------------------------------------------------------------------------

    def write(self, shard: TransactionShard, following: TransactionMetadata, sequel: Sequel, reason: str) -> None:
        transactional_id = following.transactional_id
        written = TransactionWrite(shard.partition, shard.leader_epoch, transactional_id, following, sequel, reason)
        record = encode(transactional_id, following)
        if self._append(shard, record, written, following.timeout_ms):
            shard.pending(transactional_id, following.state)

    def forget(self, shard: TransactionShard, transactional_id: str) -> None:
        """Nobody has used the id for long."""
        written = TransactionWrite(shard.partition, shard.leader_epoch, transactional_id, None, None, "")
        timeout_ms = self.broker.config.request_timeout_ms
        if self._append(shard, encode(transactional_id, None), written, timeout_ms):
            shard.pending(transactional_id, TransactionState.DEAD)

    def _append(
        self,
        shard: TransactionShard,
        record: tuple[bytes, bytes | None],
        written: "TransactionWrite",
        timeout_ms: int,
    ) -> bool:
        try:
            self.broker.append_as_coordinator(
                TRANSACTIONS_TOPIC, shard.partition, [record], written, timeout_ms=timeout_ms
            )
        except Refused as refused:
            if written.sequel is not None:
                written.sequel.failed(self.broker, storage_error(refused.error_code))
            return False
        return True

    def written(self, write: "TransactionWrite", error: ErrorCode) -> None:
        """A write of ours is committed, or failed."""
        shard = self.shards.get(write.partition)
        if shard is None or shard.leader_epoch != write.leader_epoch:
            if write.sequel is not None:
                write.sequel.failed(self.broker, ErrorCode.not_coordinator)
            return
        if error is not ErrorCode.none:
            shard.pending(write.transactional_id, None)
            if write.sequel is not None:
                write.sequel.failed(self.broker, storage_error(error))
            return
        before = shard.transactions[write.transactional_id].metadata
        shard.replay(write.transactional_id, write.following)
        if write.following is None or write.sequel is None:
            self.broker.tell(TransactionalIdForgotten(write.transactional_id))
            return
        self.broker.tell(_transition(before, write.following, write.reason))
        write.sequel.done(self.broker, write.following)
        if write.following.state in PREPARED:
            self.markers.begin(shard, write.following)

    # -- what it knows ---------------------------------------------------------------------------

    def shard(self, transactional_id: str) -> TransactionShard:
        shard = self.shards.get(self.partition_for(transactional_id))
        if shard is None:
            raise Refused(ErrorCode.not_coordinator)
        if shard.loading:
            raise Refused(ErrorCode.coordinator_load_in_progress)
        return shard

    def _known(self, transactional_id: str) -> tuple[TransactionShard, Transaction]:
        shard = self.shard(transactional_id)
        known = shard.transactions.get(transactional_id)
        if known is None:
            raise Refused(ErrorCode.invalid_producer_id_mapping)
        return shard, known

    def fence(self, shard: TransactionShard, known: Transaction, sequel: Sequel, reason: str) -> None:
        """Abort without the producer. Raises NeedsProducerId when its epochs are used up."""
        now_ms = self.broker.clock_ms
        aborted = self._decide(lambda fresh_id: deciding.fence(known.metadata, now_ms, fresh_id))
        self.write(shard, aborted, sequel, reason)

    def _decide(self, decision: Callable[[int | None], T]) -> T:
        """A fresh producer id is taken only where one is needed: they are never given back."""
        try:
            return decision(None)
        except NeedsProducerId:
            return decision(self._fresh_id())

    def _fresh_id(self) -> int:
        fresh_id = self.broker.producer_ids.take()
        if fresh_id is None:
            raise NeedsProducerId
        return fresh_id


def _unused(transactional_id: str, producer_id: int, timeout_ms: int, now_ms: int) -> TransactionMetadata:
    """A transactional id that nobody has asked for before."""
    return TransactionMetadata(
        transactional_id=transactional_id, producer_id=producer_id, timeout_ms=timeout_ms, updated_ms=now_ms
    )


def _transition(before: TransactionMetadata, after: TransactionMetadata, reason: str) -> TransactionStateChanged:
    return TransactionStateChanged(
        after.transactional_id,
        before.state.value if before.producer_epoch != NO_PRODUCER else "nothing",
        after.state.value,
        after.producer_id,
        after.producer_epoch,
        in_words(after.partitions),
        reason,
    )


def in_words(partitions: list[TopicPartition] | tuple[TopicPartition, ...]) -> tuple[str, ...]:
    return tuple(f"{topic}-{partition}" for topic, partition in partitions)


@dataclass(frozen=True, slots=True)
class LoadMore:
    partition: int
    leader_epoch: int

    def fire(self, broker: "Broker") -> None:
        broker.transactions.load_more(self.partition, self.leader_epoch)

    def committed(self, broker: "Broker") -> None:
        broker.transactions.load_more(self.partition, self.leader_epoch)

    def failed(self, broker: "Broker", error_code: ErrorCode) -> None:
        """Not led any more, and then there is no shard; or not replicated yet, and then the wait goes on."""
        broker.transactions.load_more(self.partition, self.leader_epoch)


@dataclass(frozen=True, slots=True)
class AwaitingProducerId:
    """A request that is asked again when the controller has given a block of producer ids."""

    request: Request

    def there(self, broker: "Broker") -> None:
        broker.router.ask_again(self.request)

    def refused(self, broker: "Broker", error: ErrorCode) -> None:
        broker.router.refuse(self.request, Refused(error))


@dataclass(frozen=True, slots=True)
class TransactionWrite:
    """A transition on its way to being committed."""

    partition: int
    leader_epoch: int
    transactional_id: str
    following: TransactionMetadata | None
    """None: the id is forgotten."""
    sequel: Sequel | None
    reason: str

    def committed(self, broker: "Broker") -> None:
        broker.transactions.written(self, ErrorCode.none)

    def failed(self, broker: "Broker", error_code: ErrorCode) -> None:
        broker.transactions.written(self, error_code)
