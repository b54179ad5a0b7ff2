"""The rules of the transaction coordinator, cell by cell (KIP-98, KIP-360, KIP-890)."""

from typing import Any

import pytest

from kafkalab.engine.refused import Refused
from kafkalab.engine.transactions import deciding
from kafkalab.engine.transactions.deciding import DONE, NeedsProducerId, Producer, Transaction
from kafkalab.engine.transactions.metadata import (
    LAST_EPOCH,
    VERSION_0,
    VERSION_2,
    TransactionMetadata,
    TransactionState,
)
from kafkalab.wire.errors import ErrorCode

S = TransactionState
ORDERS = (("orders", 0), ("orders", 1))
EPOCH = 7
"""What the coordinator has."""
OPEN = (S.ONGOING, S.PREPARE_COMMIT, S.PREPARE_ABORT)


def known(state: TransactionState, epoch: int = EPOCH, version: int = VERSION_2, **changes: Any) -> TransactionMetadata:
    given: dict[str, Any] = {
        "transactional_id": "transfer",
        "producer_id": 4000,
        "previous_producer_id": 4000,
        "producer_epoch": epoch,
        "last_producer_epoch": epoch - 1,
        "timeout_ms": 60_000,
        "state": state,
        "partitions": ORDERS if state in OPEN else (),
        "started_ms": -1 if state is S.EMPTY else 100,
        "updated_ms": 200,
        "client_version": version,
    }
    return TransactionMetadata(**given | changes)


def asked_to_end(
    it: TransactionMetadata,
    commit: bool,
    epoch: int,
    version: int,
    producer_id: int = 4000,
    fresh_id: int | None = None,
    pending: TransactionState | None = None,
) -> Any:
    """The metadata that follows, DONE, or the error."""
    try:
        return deciding.end(
            Transaction(it, pending),
            Producer(producer_id, epoch),
            commit=commit,
            client_version=version,
            now_ms=300,
            fresh_id=fresh_id,
        )
    except Refused as refused:
        return refused.error_code


FENCED, INVALID = ErrorCode.producer_fenced, ErrorCode.invalid_txn_state
CONCURRENT = ErrorCode.concurrent_transactions
GOES_ON = object()
COMMIT, ABORT = True, False

WITHOUT_BUMP = {
    (S.ONGOING, COMMIT): S.PREPARE_COMMIT,
    (S.ONGOING, ABORT): S.PREPARE_ABORT,
    (S.EMPTY, COMMIT): INVALID,
    (S.EMPTY, ABORT): INVALID,
    (S.PREPARE_COMMIT, COMMIT): CONCURRENT,
    (S.PREPARE_COMMIT, ABORT): INVALID,
    (S.PREPARE_ABORT, COMMIT): INVALID,
    (S.PREPARE_ABORT, ABORT): CONCURRENT,
    (S.COMPLETE_COMMIT, COMMIT): DONE,
    (S.COMPLETE_COMMIT, ABORT): INVALID,
    (S.COMPLETE_ABORT, COMMIT): INVALID,
    (S.COMPLETE_ABORT, ABORT): DONE,
}
CURRENT, RETRY = EPOCH, EPOCH - 1
WITH_BUMP = {
    (S.ONGOING, COMMIT, CURRENT): S.PREPARE_COMMIT,
    (S.ONGOING, COMMIT, RETRY): FENCED,
    (S.ONGOING, ABORT, CURRENT): S.PREPARE_ABORT,
    (S.ONGOING, ABORT, RETRY): FENCED,
    (S.EMPTY, COMMIT, CURRENT): INVALID,
    (S.EMPTY, COMMIT, RETRY): FENCED,
    (S.EMPTY, ABORT, CURRENT): S.PREPARE_ABORT,
    (S.EMPTY, ABORT, RETRY): FENCED,
    (S.PREPARE_COMMIT, COMMIT, CURRENT): FENCED,
    (S.PREPARE_COMMIT, COMMIT, RETRY): CONCURRENT,
    (S.PREPARE_COMMIT, ABORT, CURRENT): FENCED,
    (S.PREPARE_COMMIT, ABORT, RETRY): INVALID,
    (S.PREPARE_ABORT, COMMIT, CURRENT): FENCED,
    (S.PREPARE_ABORT, COMMIT, RETRY): INVALID,
    (S.PREPARE_ABORT, ABORT, CURRENT): FENCED,
    (S.PREPARE_ABORT, ABORT, RETRY): CONCURRENT,
    (S.COMPLETE_COMMIT, COMMIT, CURRENT): INVALID,
    (S.COMPLETE_COMMIT, COMMIT, RETRY): DONE,
    (S.COMPLETE_COMMIT, ABORT, CURRENT): S.PREPARE_ABORT,
    (S.COMPLETE_COMMIT, ABORT, RETRY): INVALID,
    (S.COMPLETE_ABORT, COMMIT, CURRENT): INVALID,
    (S.COMPLETE_ABORT, COMMIT, RETRY): INVALID,
    (S.COMPLETE_ABORT, ABORT, CURRENT): S.PREPARE_ABORT,
    (S.COMPLETE_ABORT, ABORT, RETRY): DONE,
}


def words(cell: Any) -> str:
    return " ".join(
        part.value if isinstance(part, TransactionState) else "commit" if part is True else "abort" if part is False
        else "again" if part == RETRY else "now"
        for part in cell
    )  # fmt: skip


def outcome(answer: Any) -> Any:
    return answer.state if isinstance(answer, TransactionMetadata) else answer


@pytest.mark.parametrize(("cell", "expected"), WITHOUT_BUMP.items(), ids=map(words, WITHOUT_BUMP))
def test_how_a_transaction_of_version_1_ends(cell: tuple[Any, ...], expected: Any) -> None:
    state, commit = cell
    assert outcome(asked_to_end(known(state, version=VERSION_0), commit, EPOCH, VERSION_0)) == expected


@pytest.mark.parametrize("state", [S.EMPTY, S.ONGOING, S.PREPARE_COMMIT, S.PREPARE_ABORT, S.COMPLETE_COMMIT])
@pytest.mark.parametrize("epoch", [EPOCH - 1, EPOCH + 1])
def test_in_version_1_any_other_epoch_is_fenced(state: TransactionState, epoch: int) -> None:
    assert asked_to_end(known(state, version=VERSION_0), COMMIT, epoch, VERSION_0) is FENCED


def test_in_version_1_the_epoch_stays() -> None:
    it = known(S.ONGOING, version=VERSION_0)
    following = asked_to_end(it, COMMIT, EPOCH, VERSION_0)
    assert following == known(S.PREPARE_COMMIT, version=VERSION_0, updated_ms=300)
    assert following.completed(400) == known(S.COMPLETE_COMMIT, version=VERSION_0, updated_ms=400)


@pytest.mark.parametrize(("cell", "expected"), WITH_BUMP.items(), ids=map(words, WITH_BUMP))
def test_how_a_transaction_of_version_2_ends(cell: tuple[Any, ...], expected: Any) -> None:
    state, commit, epoch = cell
    assert outcome(asked_to_end(known(state), commit, epoch, VERSION_2)) == expected


@pytest.mark.parametrize("state", [S.EMPTY, S.ONGOING, S.PREPARE_COMMIT, S.COMPLETE_COMMIT, S.COMPLETE_ABORT])
@pytest.mark.parametrize("epoch", [EPOCH - 2, EPOCH + 1])
def test_in_version_2_an_epoch_that_is_neither_now_nor_before_is_fenced(state: TransactionState, epoch: int) -> None:
    assert asked_to_end(known(state), ABORT, epoch, VERSION_2) is FENCED


def test_in_version_2_each_end_brings_a_new_epoch() -> None:
    following = asked_to_end(known(S.ONGOING), COMMIT, EPOCH, VERSION_2)
    assert following == known(S.PREPARE_COMMIT, epoch=EPOCH + 1, updated_ms=300)
    assert following.completed(400) == known(S.COMPLETE_COMMIT, epoch=EPOCH + 1, updated_ms=400)


def test_an_abort_of_nothing_begins_and_ends_at_once() -> None:
    following = asked_to_end(known(S.EMPTY), ABORT, EPOCH, VERSION_2)
    assert following == known(S.PREPARE_ABORT, epoch=EPOCH + 1, partitions=(), started_ms=300, updated_ms=300)


def test_the_last_epoch_ends_with_another_producer_id() -> None:
    it = known(S.ONGOING, epoch=LAST_EPOCH)
    with pytest.raises(NeedsProducerId):
        asked_to_end(it, COMMIT, LAST_EPOCH, VERSION_2)
    following = asked_to_end(it, COMMIT, LAST_EPOCH, VERSION_2, fresh_id=5000)
    # The markers still bear the old id, with the one epoch that no producer ever gets.
    assert following == known(S.PREPARE_COMMIT, epoch=LAST_EPOCH + 1, next_producer_id=5000, updated_ms=300)
    done = following.completed(400)
    assert done == known(S.COMPLETE_COMMIT, epoch=0, producer_id=5000, last_producer_epoch=LAST_EPOCH, updated_ms=400)
    assert asked_to_end(done, COMMIT, LAST_EPOCH, VERSION_2) is DONE
    assert asked_to_end(done, ABORT, LAST_EPOCH, VERSION_2) is INVALID


def test_while_a_transition_is_written_the_end_has_to_wait() -> None:
    it = known(S.ONGOING)
    assert asked_to_end(it, COMMIT, EPOCH, VERSION_2, pending=S.ONGOING) is CONCURRENT
    # Version 2 looks at that before the producer, which may be the one that it is going to.
    assert asked_to_end(it, COMMIT, EPOCH, VERSION_2, producer_id=1, pending=S.ONGOING) is CONCURRENT
    assert asked_to_end(it, COMMIT, EPOCH, VERSION_0, pending=S.ONGOING) is CONCURRENT
    assert asked_to_end(it, COMMIT, EPOCH - 1, VERSION_0, pending=S.ONGOING) is FENCED


@pytest.mark.parametrize("version", [VERSION_0, VERSION_2])
def test_another_producer_id_is_none_of_this_transactional_id(version: int) -> None:
    error = asked_to_end(known(S.ONGOING), COMMIT, EPOCH, version, producer_id=1)
    assert error is ErrorCode.invalid_producer_id_mapping


# -- InitProducerId ------------------------------------------------------------------------------------


def initialized(
    it: TransactionMetadata,
    expected: Producer | None = None,
    fresh_id: int | None = None,
    pending: TransactionState | None = None,
) -> Any:
    try:
        return deciding.initialize(Transaction(it, pending), expected, 30_000, 300, fresh_id)
    except Refused as refused:
        return refused.error_code


def begun(epoch: int, last: int, **changes: Any) -> TransactionMetadata:
    return known(S.EMPTY, epoch=epoch, last_producer_epoch=last, timeout_ms=30_000, updated_ms=300, **changes)


@pytest.mark.parametrize("state", [S.EMPTY, S.COMPLETE_COMMIT, S.COMPLETE_ABORT])
def test_a_producer_that_begins_gets_the_next_epoch(state: TransactionState) -> None:
    assert initialized(known(state)) == begun(EPOCH + 1, -1)


def test_the_first_producer_of_an_id_gets_epoch_0() -> None:
    assert initialized(known(S.EMPTY, epoch=-1)) == begun(0, -1)
    assert initialized(known(S.EMPTY, epoch=-1), Producer(9, 9)) == begun(0, -1)


def test_an_open_transaction_is_aborted_before_another_producer_begins() -> None:
    it = known(S.ONGOING)
    assert initialized(it) is None
    assert deciding.fence(it, 300, None) == known(S.PREPARE_ABORT, epoch=EPOCH + 1, updated_ms=300)


def test_until_another_begins_a_producer_that_was_shut_out_is_as_good_as_one_that_asks_again() -> None:
    """Apache Kafka 4.3.1 cannot tell them apart either: the abort raised the epoch once, as its own would have."""
    aborted = deciding.fence(known(S.ONGOING), 300, None).completed(300)
    assert asked_to_end(aborted, COMMIT, EPOCH, VERSION_2) is INVALID
    assert asked_to_end(aborted, ABORT, EPOCH, VERSION_2) is DONE
    assert initialized(aborted, Producer(4000, EPOCH)) == begun(EPOCH + 1, EPOCH)
    other = initialized(aborted)
    assert other == begun(EPOCH + 2, -1)
    for epoch in (EPOCH, EPOCH + 1):
        assert asked_to_end(other, ABORT, epoch, VERSION_2) is FENCED
        assert initialized(other, Producer(4000, epoch)) is FENCED


def test_whose_last_epoch_is_shut_out_has_another_producer_id_after_it() -> None:
    it = known(S.ONGOING, epoch=LAST_EPOCH)
    with pytest.raises(NeedsProducerId):
        deciding.fence(it, 300, None)
    aborted = deciding.fence(it, 300, 5000)
    assert aborted == known(S.PREPARE_ABORT, epoch=LAST_EPOCH + 1, next_producer_id=5000, updated_ms=300)
    done = aborted.completed(300)
    assert asked_to_end(done, COMMIT, LAST_EPOCH, VERSION_2) is INVALID
    assert asked_to_end(done, ABORT, LAST_EPOCH, VERSION_2) is DONE
    assert initialized(done) == begun(1, -1, producer_id=5000, previous_producer_id=5000)


@pytest.mark.parametrize("state", [S.PREPARE_COMMIT, S.PREPARE_ABORT])
def test_nobody_begins_while_markers_are_written(state: TransactionState) -> None:
    assert initialized(known(state)) is CONCURRENT


def test_nobody_begins_while_a_transition_is_written() -> None:
    assert initialized(known(S.EMPTY), Producer(1, 1), pending=S.EMPTY) is CONCURRENT


def test_a_producer_goes_on_with_its_own_epoch() -> None:
    assert initialized(known(S.EMPTY), Producer(4000, EPOCH)) == begun(EPOCH + 1, EPOCH)


def test_a_producer_that_lost_the_answer_gets_the_same_again() -> None:
    assert initialized(known(S.EMPTY), Producer(4000, EPOCH - 1)) == begun(EPOCH, EPOCH - 1)


@pytest.mark.parametrize("expected", [Producer(4000, EPOCH - 2), Producer(4000, EPOCH + 1), Producer(1, EPOCH)])
def test_a_producer_that_was_replaced_does_not_go_on(expected: Producer) -> None:
    assert initialized(known(S.EMPTY), expected) is FENCED


def test_after_another_has_begun_the_epoch_before_is_no_retry() -> None:
    it = initialized(known(S.EMPTY))
    assert initialized(it, Producer(4000, EPOCH)) is FENCED


def test_after_the_last_epoch_comes_another_producer_id() -> None:
    it = known(S.EMPTY, epoch=LAST_EPOCH)
    with pytest.raises(NeedsProducerId):
        initialized(it)
    assert initialized(it, fresh_id=5000) == begun(0, -1, producer_id=5000)
    kept = initialized(it, Producer(4000, LAST_EPOCH), fresh_id=5000)
    assert kept == begun(0, LAST_EPOCH, producer_id=5000)
    # It asks again because it never heard of the new id.
    assert initialized(kept, Producer(4000, LAST_EPOCH)) == begun(
        0, LAST_EPOCH, producer_id=5000, previous_producer_id=5000
    )


# -- AddPartitionsToTxn --------------------------------------------------------------------------------

ORDERS_2 = (("orders", 2),)


IN_CHARGE = Producer(4000, EPOCH)


def added(
    it: TransactionMetadata,
    producer: Producer = IN_CHARGE,
    partitions: Any = ORDERS_2,
    pending: TransactionState | None = None,
) -> Any:
    try:
        return deciding.add_partitions(Transaction(it, pending), producer, partitions, 300, VERSION_2)
    except Refused as refused:
        return refused.error_code


@pytest.mark.parametrize("state", [S.EMPTY, S.COMPLETE_COMMIT, S.COMPLETE_ABORT])
def test_the_first_partition_begins_a_transaction(state: TransactionState) -> None:
    assert added(known(state)) == known(S.ONGOING, partitions=ORDERS_2, started_ms=300, updated_ms=300)


def test_more_partitions_join_the_open_transaction() -> None:
    assert added(known(S.ONGOING)) == known(S.ONGOING, partitions=ORDERS + ORDERS_2, updated_ms=300)
    assert added(known(S.ONGOING), partitions=ORDERS) is DONE


@pytest.mark.parametrize(
    ("it", "producer", "pending", "error"),
    [
        (known(S.PREPARE_COMMIT), Producer(4000, EPOCH), None, CONCURRENT),
        (known(S.PREPARE_ABORT), Producer(4000, EPOCH), None, CONCURRENT),
        (known(S.EMPTY), Producer(1, EPOCH), S.EMPTY, CONCURRENT),
        (known(S.ONGOING), Producer(1, EPOCH), None, ErrorCode.invalid_producer_id_mapping),
        (known(S.ONGOING), Producer(4000, EPOCH - 1), None, FENCED),
        (known(S.ONGOING), Producer(4000, EPOCH + 1), None, FENCED),
    ],
)
def test_who_may_not_add_partitions(it: TransactionMetadata, producer: Producer, pending: Any, error: Any) -> None:
    assert added(it, producer, pending=pending) is error


def test_a_leader_is_told_which_partitions_are_in_the_transaction() -> None:
    told = deciding.verify(Transaction(known(S.ONGOING)), Producer(4000, EPOCH), (*ORDERS[:1], *ORDERS_2))
    assert told == {("orders", 0): ErrorCode.none, ("orders", 2): ErrorCode.transaction_abortable}
    with pytest.raises(Refused) as refused:
        deciding.verify(Transaction(known(S.PREPARE_COMMIT)), Producer(4000, EPOCH), ORDERS)
    assert refused.value.error_code is CONCURRENT
