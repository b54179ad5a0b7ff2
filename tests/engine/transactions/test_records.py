"""The records of `__transaction_state`, byte for byte."""

import pytest

from kafkalab.engine.transactions.metadata import TransactionMetadata, TransactionState
from kafkalab.engine.transactions.records import MalformedTransaction, decode, encode

ONGOING = TransactionMetadata(
    transactional_id="transfer",
    producer_id=4000,
    previous_producer_id=4000,
    producer_epoch=3,
    timeout_ms=60_000,
    state=TransactionState.ONGOING,
    partitions=(("orders", 0), ("orders", 2), ("bills", 1)),
    started_ms=100,
    updated_ms=200,
    client_version=2,
)
KEY = "0000 0008 7472616e73666572"
VALUE = (
    "0001 0000000000000fa0 0003 0000ea60 01"
    "03 07 6f7264657273 03 00000000 00000002 00 06 62696c6c73 02 00000001 00"
    "00000000000000c8 0000000000000064"
    "02 00 08 0000000000000fa0 02 02 0002"
)


def test_a_transaction_is_written_as_kafka_writes_it() -> None:
    assert encode("transfer", ONGOING) == (bytes.fromhex(KEY), bytes.fromhex(VALUE))
    assert decode(*encode("transfer", ONGOING)) == ("transfer", ONGOING)


def test_an_empty_transaction_has_null_for_its_partitions() -> None:
    it = TransactionMetadata(transactional_id="t", producer_id=1, producer_epoch=0, timeout_ms=5, updated_ms=9)
    key, value = encode("t", it)
    assert value == bytes.fromhex("0001 0000000000000001 0000 00000005 00 00 0000000000000009 ffffffffffffffff 00")
    assert decode(key, value) == ("t", it)


def test_the_next_producer_id_is_kept() -> None:
    it = TransactionMetadata(
        transactional_id="t",
        producer_id=1,
        next_producer_id=2,
        producer_epoch=32_767,
        timeout_ms=5,
        updated_ms=9,
        state=TransactionState.PREPARE_ABORT,
        client_version=2,
    )
    assert decode(*encode("t", it)) == ("t", it)


def test_a_tombstone_takes_an_id_back() -> None:
    assert encode("transfer", None) == (bytes.fromhex(KEY), None)
    assert decode(bytes.fromhex(KEY), None) == ("transfer", None)


def test_values_of_version_0_are_read() -> None:
    value = (
        "0000 0000000000000fa0 0003 0000ea60 01"
        "00000002 0006 6f7264657273 00000002 00000000 00000002 0005 62696c6c73 00000001 00000001"
        "00000000000000c8 0000000000000064"
    )
    read = decode(bytes.fromhex(KEY), bytes.fromhex(value))
    assert read is not None
    assert read[1] is not None
    assert (read[1].partitions, read[1].started_ms, read[1].previous_producer_id) == (ONGOING.partitions, 100, -1)


def test_other_kinds_are_passed_over_and_nonsense_is_refused() -> None:
    assert decode(bytes.fromhex("0001 0001 61"), b"") is None
    with pytest.raises(MalformedTransaction):
        decode(bytes.fromhex(KEY), bytes.fromhex("0001 00"))
