"""The numbers that let a broker tell a repeat from news."""

from kafkalab.engine.clients.accumulator import Accumulator, Batch, Outgoing
from kafkalab.engine.clients.sequences import LAST_SEQUENCE, Sequences, advanced
from kafkalab.wire.errors import ErrorCode


def batch_of(count: int) -> Batch:
    batch = Batch("orders", 0, created_us=0)
    for serial in range(count):
        batch.add(Outgoing(serial, None, b"v", (), 0), 13)
    return batch


def numbers(batch: Batch) -> tuple[int, int, int]:
    return batch.producer_id, batch.producer_epoch, batch.base_sequence


def begun(*sizes: int) -> tuple[Sequences, list[Batch]]:
    sequences = Sequences()
    sequences.begin(7, 0)
    batches = [batch_of(size) for size in sizes]
    for batch in batches:
        sequences.number(batch)
    return sequences, batches


def test_sequence_numbers_count_records_and_wrap() -> None:
    _, batches = begun(3, 2, 1)
    assert [numbers(batch) for batch in batches] == [(7, 0, 0), (7, 0, 3), (7, 0, 5)]
    assert advanced(LAST_SEQUENCE, 1) == 0
    assert advanced(LAST_SEQUENCE - 1, 4) == 2


def test_nothing_is_sent_before_there_is_a_producer_id() -> None:
    assert not Sequences().may_send(batch_of(1))


def test_after_a_failure_only_the_first_in_flight_may_be_sent_again() -> None:
    sequences, (first, second) = begun(1, 1)
    assert [sequences.may_send(batch) for batch in (first, second)] == [True, False]
    sequences.acked(first)
    assert sequences.may_send(second)


def test_out_of_order_is_worth_a_retry_only_behind_a_batch_that_is_still_missing() -> None:
    sequences, (first, second) = begun(1, 1)
    error = ErrorCode.out_of_order_sequence_number
    assert [sequences.may_retry(batch, error) for batch in (first, second)] == [False, True]


def test_a_batch_that_failed_for_good_raises_the_epoch_and_the_rest_begins_at_0_again() -> None:
    sequences, (first, second, third) = begun(2, 3, 1)
    sequences.failed(first, ErrorCode.message_too_large, more_tries=True)
    assert not sequences.may_send(second)
    sequences.settle()
    assert [numbers(second), numbers(third)] == [(7, 1, 0), (7, 1, 3)]
    assert sequences.may_send(second)


def test_the_epoch_is_not_raised_while_an_old_number_is_on_the_wire() -> None:
    sequences, (first, second) = begun(1, 1)
    second.on_the_wire = True
    sequences.failed(first, ErrorCode.message_too_large, more_tries=True)
    sequences.settle()
    assert numbers(second) == (7, 0, 1)
    second.on_the_wire = False
    sequences.settle()
    assert numbers(second) == (7, 1, 0)


def test_an_expired_batch_whose_fate_stays_unknown_raises_the_epoch() -> None:
    sequences, (only,) = begun(1)
    sequences.expired(only)
    following = batch_of(1)
    assert not sequences.may_send(following)
    sequences.settle()
    sequences.number(following)
    assert numbers(following) == (7, 1, 0)


def test_a_used_up_epoch_asks_for_another_producer_id() -> None:
    sequences = Sequences()
    sequences.begin(7, 2**15 - 1)
    first, second = batch_of(1), batch_of(1)
    sequences.number(first)
    sequences.number(second)
    sequences.failed(first, ErrorCode.message_too_large, more_tries=True)
    sequences.settle()
    assert sequences.producer_id == -1
    sequences.renewed(8, 0)
    assert numbers(second) == (8, 0, 0)


def test_batches_to_be_sent_again_wait_in_the_order_of_their_numbers() -> None:
    _, (first, second, third) = begun(1, 1, 1)
    accumulator = Accumulator()
    accumulator.append(("orders", 0), Outgoing(9, None, b"new", (), 0), 100, 0)
    for batch in (third, first, second):
        batch.attempts = 1
        accumulator.put_back(batch)
    assert list(accumulator.queues["orders", 0])[:3] == [first, second, third]
