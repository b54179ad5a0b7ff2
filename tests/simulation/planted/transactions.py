"""Rules of transactions, wilfully broken."""

from dataclasses import replace
from typing import Any

from kafkalab.engine.broker.partition import Partition
from kafkalab.engine.log import recovery
from kafkalab.engine.log.producers import Producers
from kafkalab.engine.log.transactions import TransactionIndex
from kafkalab.engine.refused import Refused
from kafkalab.engine.transactions import deciding
from kafkalab.engine.transactions.coordinator import TransactionCoordinator
from kafkalab.engine.transactions.deciding import Transaction
from kafkalab.engine.transactions.markers import Markers
from kafkalab.engine.transactions.metadata import PREPARED, TransactionState
from kafkalab.engine.transactions.scans import Scans
from kafkalab.engine.transactions.shard import TransactionShard
from kafkalab.wire.errors import ErrorCode
from tests.simulation.planted.patch import Patch


def one_partition_of_an_abort_is_told_to_commit(patch: Patch) -> None:
    """When a transaction is aborted the marker for the first partition of its topic says COMMIT."""
    rightly = Markers._queue

    def queue(own: Markers, marker: Any) -> None:
        first = tuple(each for each in marker.partitions if each[1] == 0)
        rest = tuple(each for each in marker.partitions if each[1] != 0)
        if marker.commit or not first:
            rightly(own, marker)
            return
        rightly(own, replace(marker, commit=True, partitions=first))
        if rest:
            rightly(own, replace(marker, partitions=rest))

    patch(Markers, "_queue", queue)


def the_last_stable_offset_is_the_high_watermark(patch: Patch) -> None:
    """Who reads only what is committed is shown open transactions."""
    patch(Partition, "last_stable_offset", property(lambda partition: partition.high_watermark))


def the_last_stable_offset_is_that_of_the_newest_transaction(patch: Patch) -> None:
    """Only the transaction that began last holds the last stable offset back."""

    def first_unstable(producers: Producers, high_watermark: int) -> int | None:
        producers.ended = {}
        return max(producers.open, default=None)

    patch(Producers, "first_unstable", first_unstable)


def a_transaction_that_timed_out_keeps_its_epoch(patch: Patch) -> None:
    """Who aborts a transaction in its producer's place leaves the epoch as it is."""
    rightly = deciding.fence

    def fence(it: Any, now_ms: int, fresh_id: int | None) -> Any:
        following = rightly(it, now_ms, fresh_id)
        return replace(following, producer_epoch=it.producer_epoch)

    patch(deciding, "fence", fence)


def a_newcomer_gets_the_epoch_of_the_one_before(patch: Patch) -> None:
    """Two producers of one transactional id are given the same epoch, if there was one before."""
    rightly = deciding.initialize

    def initialize(known: Transaction, *rest: Any) -> Any:
        following = rightly(known, *rest)
        if following is None or known.metadata.producer_epoch < 0:
            return following
        return replace(following, producer_epoch=known.metadata.producer_epoch)

    patch(deciding, "initialize", initialize)


def nobody_is_fenced_by_producer_epochs(patch: Patch) -> None:
    """Neither a coordinator nor a leader minds that a producer has been replaced."""
    rightly = Producers.check

    def check(producers: Producers, batch: Any, from_client: bool, verified: int | None) -> None:
        try:
            rightly(producers, batch, from_client, verified)
        except Refused as refused:
            if refused.error_code is not ErrorCode.invalid_producer_epoch:
                raise

    patch(Producers, "check", check)
    patch(deciding, "_check_producer", lambda known, producer: None)


def any_epoch_may_end_a_transaction(patch: Patch) -> None:
    """EndTxn under an older epoch ends what is open now."""
    rightly = deciding.end

    def end(known: Transaction, producer: Any, **how: Any) -> Any:
        if known.metadata.state is TransactionState.ONGOING:
            producer = replace(producer, epoch=known.metadata.producer_epoch)
        return rightly(known, producer, **how)

    patch(deciding, "end", end)


def what_was_decided_is_forgotten_when_the_coordinator_moves(patch: Patch) -> None:
    """The new coordinator of a transaction that is being ended does not send the markers again."""

    def loaded(own: TransactionCoordinator, shard: TransactionShard) -> None:
        shard.loading = False

    patch(TransactionCoordinator, "_loaded", loaded)


def open_transactions_are_forgotten_when_the_coordinator_moves(patch: Patch) -> None:
    """The new coordinator believes that nothing is open."""
    rightly = TransactionShard.replay

    def replay(shard: TransactionShard, transactional_id: str, metadata: Any) -> None:
        if shard.loading and metadata is not None and metadata.state is TransactionState.ONGOING:
            metadata = replace(metadata, state=TransactionState.EMPTY, partitions=())
        rightly(shard, transactional_id, metadata)

    patch(TransactionShard, "replay", replay)


def markers_go_out_before_the_decision_is_stored(patch: Patch) -> None:
    """The coordinator does not wait for the decision to be committed."""
    rightly = TransactionCoordinator.write

    def write(own: TransactionCoordinator, shard: TransactionShard, following: Any, *rest: Any) -> None:
        rightly(own, shard, following, *rest)
        known = shard.transactions.get(following.transactional_id)
        if known is not None and following.state in PREPARED and known.pending is following.state:
            before = shard.transactions[following.transactional_id]
            shard.transactions[following.transactional_id] = replace(before, metadata=following)
            own.markers.begin(shard, following)

    patch(TransactionCoordinator, "write", write)


def markers_of_an_old_coordinator_are_taken(patch: Patch) -> None:
    """A partition does not look at the coordinator's epoch, nor at that of the producer."""
    patch(Producers, "check_marker", lambda producers, batch, marker, version: None)


def markers_are_sent_to_the_first_partition_only(patch: Patch) -> None:
    """A transaction counts as complete when one partition has its marker."""
    rightly = Markers.begin

    def begin(own: Markers, shard: TransactionShard, metadata: Any) -> None:
        kept = replace(metadata, partitions=metadata.partitions[:1])
        known = shard.transactions[metadata.transactional_id]
        shard.transactions[metadata.transactional_id] = replace(known, metadata=kept)
        rightly(own, shard, kept)

    patch(Markers, "begin", begin)


def nobody_looks_for_transactions_that_are_open_too_long(patch: Patch) -> None:
    """A transaction whose producer is gone stays open."""
    patch(Scans, "abort_timed_out", lambda scans: None)


def nobody_is_told_what_was_aborted(patch: Patch) -> None:
    """No ABORT marker leaves an entry in the transaction index."""
    patch(TransactionIndex, "add", lambda index, aborted: None)


def aborted_transactions_are_forgotten_at_a_restart(patch: Patch) -> None:
    """The transaction index of a log that is opened again is empty."""

    def load(index: TransactionIndex, data: bytes) -> bool:
        index.entries, index.lost = [], False
        return True

    patch(TransactionIndex, "load", load)
    patch(TransactionIndex, "lose", lambda index: None)


def open_transactions_are_not_read_from_the_log(patch: Patch) -> None:
    """After a restart or a truncation a log does not know which of its transactions are open."""
    rightly = recovery.load_producers

    def load_producers(*rest: Any) -> None:
        rightly(*rest)
        producers: Producers = rest[3]
        producers.open.clear()
        for producer in producers.by_id.values():
            producer.transaction_start = None

    patch(recovery, "load_producers", load_producers)


def leaders_ask_nobody_whether_a_transaction_is_open(patch: Patch) -> None:
    """A leader takes what a producer writes in a transaction that its coordinator knows nothing of."""
    rightly = Producers.check

    def check(producers: Producers, batch: Any, from_client: bool, verified: int | None) -> None:
        try:
            rightly(producers, batch, from_client, None)
        except Refused as refused:
            if refused.error_code is not ErrorCode.invalid_txn_state:
                raise

    patch(Producers, "check", check)
    patch(Producers, "verify", lambda producers, *rest: 0)
