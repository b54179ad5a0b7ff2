"""What a producer may do next with its transaction: the rules, as functions of what is known.

Each returns the metadata that is to be written, or DONE where nothing has to be, or raises Refused.
Nothing here changes anything (kafka.coordinator.transaction.TransactionCoordinator
.prepareInitProducerIdTransit, handleAddPartitionsToTransaction, endTransactionWithTV1, endTransaction).
"""

from dataclasses import dataclass
from typing import Final

from kafkalab.engine.refused import Refused
from kafkalab.engine.transactions.metadata import (
    LARGEST_EPOCH,
    LAST_EPOCH,
    NO_PRODUCER,
    PREPARED,
    VERSION_2,
    TopicPartition,
    TransactionMetadata,
    TransactionState,
    is_exhausted,
)
from kafkalab.wire.errors import ErrorCode

_S = TransactionState


class NeedsProducerId(Exception):
    """The epochs of this producer id are used up: decide again with a fresh one at hand."""


@dataclass(frozen=True, slots=True)
class Producer:
    """As the client names itself."""

    producer_id: int
    epoch: int


@dataclass(frozen=True, slots=True)
class Transaction:
    """A transactional id as its coordinator has it."""

    metadata: TransactionMetadata
    pending: TransactionState | None = None
    """Where it is going to: the record is written, and not committed yet."""


class Done:
    """Nothing has to be written: it is so already."""


DONE: Final = Done()


def initialize(
    known: Transaction, expected: Producer | None, timeout_ms: int, now_ms: int, fresh_id: int | None
) -> TransactionMetadata | None:
    """The next epoch for a producer that begins. None: its open transaction is to be aborted first.

    With `expected` it is a producer that goes on after an error, and must not have been replaced (KIP-360).
    """
    it = known.metadata
    if known.pending is not None:
        raise Refused(ErrorCode.concurrent_transactions)
    if expected is not None and not _may_go_on(it, expected):
        raise Refused(ErrorCode.producer_fenced)
    if it.state in PREPARED:
        raise Refused(ErrorCode.concurrent_transactions)
    if it.state is _S.ONGOING:
        return None
    if it.is_epoch_exhausted and (expected is None or expected.epoch == it.producer_epoch):
        if fresh_id is None:
            raise NeedsProducerId
        return it.with_new_producer(fresh_id, timeout_ms, now_ms, keep_last_epoch=expected is not None)
    if expected is None:
        return it.with_new_epoch(timeout_ms, it.producer_epoch + 1, NO_PRODUCER, now_ms)
    if it.producer_epoch in (NO_PRODUCER, expected.epoch):
        return it.with_new_epoch(timeout_ms, it.producer_epoch + 1, it.producer_epoch, now_ms)
    if expected.epoch == it.last_producer_epoch:
        # It asks again because the answer was lost. Had another one begun, there were no last epoch.
        return it.with_new_epoch(timeout_ms, it.producer_epoch, it.last_producer_epoch, now_ms)
    raise Refused(ErrorCode.producer_fenced)


def _may_go_on(it: TransactionMetadata, expected: Producer) -> bool:
    return (
        it.producer_epoch == NO_PRODUCER
        or expected.producer_id == it.producer_id
        or (expected.producer_id == it.previous_producer_id and is_exhausted(expected.epoch))
    )


def add_partitions(
    known: Transaction, producer: Producer, partitions: tuple[TopicPartition, ...], now_ms: int, client_version: int
) -> TransactionMetadata | Done:
    it = known.metadata
    if known.pending is not None:
        # First of all: what it is going to may make this producer id right.
        raise Refused(ErrorCode.concurrent_transactions)
    _check_producer(it, producer)
    if it.state in PREPARED:
        raise Refused(ErrorCode.concurrent_transactions)
    if it.state is _S.ONGOING and all(each in it.partitions for each in partitions):
        return DONE
    return it.with_partitions(partitions, now_ms, client_version)


def verify(
    known: Transaction, producer: Producer, partitions: tuple[TopicPartition, ...]
) -> dict[TopicPartition, ErrorCode]:
    """Whether these are in the transaction, for a leader that is about to append (KIP-890)."""
    it = known.metadata
    _check_producer(it, producer)
    if it.state in PREPARED:
        raise Refused(ErrorCode.concurrent_transactions)
    return {each: ErrorCode.none if each in it.partitions else ErrorCode.transaction_abortable for each in partitions}


def _check_producer(it: TransactionMetadata, producer: Producer) -> None:
    if it.producer_id != producer.producer_id:
        raise Refused(ErrorCode.invalid_producer_id_mapping)
    if it.producer_epoch != producer.epoch:
        raise Refused(ErrorCode.producer_fenced)


# -- the end ---------------------------------------------------------------------------------------


def end(
    known: Transaction, producer: Producer, *, commit: bool, client_version: int, now_ms: int, fresh_id: int | None
) -> TransactionMetadata | Done:
    """Commit or abort, as the producer asks."""
    if client_version < VERSION_2:
        return _end_without_bump(known, producer, commit, now_ms)
    return _end_with_bump(known, producer, commit, now_ms, fresh_id)


def _end_without_bump(known: Transaction, producer: Producer, commit: bool, now_ms: int) -> TransactionMetadata | Done:
    it = known.metadata
    _check_producer(it, producer)
    if known.pending is not None:
        raise Refused(ErrorCode.concurrent_transactions)
    if it.state is _S.ONGOING:
        return it.prepared(commit=commit, now_ms=now_ms, client_version=0)
    return _ended_already(it.state, commit)


def _end_with_bump(
    known: Transaction, producer: Producer, commit: bool, now_ms: int, fresh_id: int | None
) -> TransactionMetadata | Done:
    """The same epoch means the next end, one less means the last one asked for again."""
    it = known.metadata
    if known.pending is not None:
        raise Refused(ErrorCode.concurrent_transactions)
    again_after_rotation = (
        it.previous_producer_id == producer.producer_id and producer.epoch == LAST_EPOCH and it.producer_epoch == 0
    )
    again = it.producer_epoch == producer.epoch + 1
    if it.producer_id != producer.producer_id and not again_after_rotation:
        raise Refused(ErrorCode.invalid_producer_id_mapping)
    current = it.producer_epoch == producer.epoch
    if it.state in (_S.ONGOING, _S.EMPTY):
        is_valid = current
    elif it.state in PREPARED:
        is_valid = again
    else:
        is_valid = current or again or again_after_rotation
    if not is_valid:
        raise Refused(ErrorCode.producer_fenced)
    if again or again_after_rotation:
        return _ended_already(it.state, commit)
    if it.state is _S.ONGOING or not commit:
        return _bumped(it, commit, now_ms, fresh_id)
    raise Refused(ErrorCode.invalid_txn_state)


def _ended_already(state: TransactionState, commit: bool) -> Done:
    if state is (_S.COMPLETE_COMMIT if commit else _S.COMPLETE_ABORT):
        return DONE
    if state is (_S.PREPARE_COMMIT if commit else _S.PREPARE_ABORT):
        raise Refused(ErrorCode.concurrent_transactions)
    raise Refused(ErrorCode.invalid_txn_state)


def _bumped(it: TransactionMetadata, commit: bool, now_ms: int, fresh_id: int | None) -> TransactionMetadata:
    next_producer_id = NO_PRODUCER
    if it.is_epoch_exhausted:
        if fresh_id is None:
            raise NeedsProducerId
        next_producer_id = fresh_id
    return it.prepared(commit=commit, now_ms=now_ms, client_version=VERSION_2, next_producer_id=next_producer_id)


def fence(it: TransactionMetadata, now_ms: int, fresh_id: int | None) -> TransactionMetadata:
    """Abort an open transaction without its producer, which is locked out by the new epoch.

    Kafka passes through PrepareEpochFence in memory; no record ever has it.
    """
    assert it.state is _S.ONGOING
    assert it.producer_epoch < LARGEST_EPOCH
    return _bumped(it, False, now_ms, fresh_id)
