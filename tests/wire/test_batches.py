"""Record batches: built, read, stamped and checked as bytes."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafkalab.wire.batches import (
    HEADER_FIELDS,
    HEADER_SIZE,
    Batch,
    CorruptBatch,
    Record,
    TimestampType,
    build,
    check,
    checked,
    header,
    headers,
    recompressed,
    records,
    stamped,
    with_append_time,
)
from kafkalab.wire.compression import Codec
from kafkalab.wire.errors import ErrorCode
from kafkalab.wire.records import BadRecord, decode_records

SOME = [
    Record(0, 1_700_000_000_000, b"key", b"value", (("trace", b"1"), ("none", None))),
    Record(1, 1_700_000_000_007, None, b""),
    Record(2, 1_699_999_999_999, b"", None),
]
WIRE_EXAMPLE = bytes.fromhex(
    "0000000000000000 00000044 ffffffff 02 c0e5d41f 0000 00000000"
    "0000018bcfe56800 0000018bcfe56800 ffffffffffffffff ffff ffffffff 00000001"
    "24 00 00 00 06 6b6579 0a 76616c7565 02 02 74 02 31"
)


def numbers(low: int, high: int) -> st.SearchStrategy[int]:
    return st.integers(low, high)


def some_records() -> st.SearchStrategy[list[Record]]:
    value = st.none() | st.binary(max_size=300)
    header_pairs = st.lists(st.tuples(st.text(max_size=5), value), max_size=3).map(tuple)
    content = st.tuples(numbers(-1, 1 << 45), value, value, header_pairs)
    return st.lists(content, min_size=1, max_size=20).map(
        lambda contents: [Record(offset, *content) for offset, content in enumerate(contents)]
    )


@given(some_records(), st.sampled_from(Codec), numbers(0, 1 << 60))
def test_what_is_built_can_be_read_again(content: list[Record], codec: Codec, base_offset: int) -> None:
    [batch] = checked(build(content, codec=codec))
    assert records(batch) == content
    head, rest = stamped(batch.view, base_offset, 3)
    [placed] = checked(head + rest)
    assert [record.offset for record in records(placed)] == [base_offset + record.offset for record in content]
    assert (placed.base_offset, placed.next_offset, placed.partition_leader_epoch) == (
        base_offset,
        base_offset + len(content),
        3,
    )


def test_a_batch_says_all_that_its_header_holds() -> None:
    data = build(
        SOME,
        base_offset=0,
        codec=Codec.ZSTD,
        leader_epoch=4,
        producer_id=1000,
        producer_epoch=2,
        base_sequence=2**31 - 2,
        is_transactional=True,
    )
    batch = header(data)
    assert batch == Batch(
        base_offset=0,
        length=len(data) - 12,
        partition_leader_epoch=4,
        magic=2,
        crc=int.from_bytes(data[17:21], "big"),
        attributes=0x14,
        last_offset_delta=2,
        base_timestamp=1_700_000_000_000,
        max_timestamp=1_700_000_000_007,
        producer_id=1000,
        producer_epoch=2,
        base_sequence=2**31 - 2,
        records_count=3,
        position=0,
        data=data,
    )
    assert (batch.size, batch.end, batch.last_offset, batch.next_offset) == (len(data), len(data), 2, 3)
    assert (batch.codec, batch.is_transactional, batch.is_control) == (Codec.ZSTD, True, False)
    assert (batch.timestamp_type, batch.delete_horizon_ms) == (TimestampType.CREATE_TIME, None)
    assert batch.last_sequence == 0
    assert repr(batch) == f"<Batch 0..2, {len(data)} bytes, epoch 4>"


def test_the_table_of_header_fields_covers_the_header_without_a_gap() -> None:
    ends = [start + size for _, start, size in HEADER_FIELDS]
    assert [start for _, start, _ in HEADER_FIELDS] == [0, *ends[:-1]]
    assert ends[-1] == HEADER_SIZE
    assert [name for name, _, _ in HEADER_FIELDS] == list(Batch._fields[:-2])


def test_walking_over_batches_finds_each_and_ends_before_a_torn_one() -> None:
    one = build(SOME)
    two = build([Record(3, 5, None, b"x")], base_offset=3)
    torn = (one + two)[:-1]
    assert [(batch.base_offset, batch.position, batch.end) for batch in headers(one + two)] == [
        (0, 0, len(one)),
        (3, len(one), len(one) + len(two)),
    ]
    assert [batch.position for batch in headers(torn)] == [0]
    assert [batch.position for batch in headers(one + two, len(one))] == [len(one)]
    assert list(headers(b"")) == []
    with pytest.raises(CorruptBatch):
        checked(torn)


def test_stamping_copies_no_record_and_leaves_the_checksum_right() -> None:
    data = build(SOME)
    head, rest = stamped(data, 500, 9)
    assert (len(head), rest.obj is data) == (16, True)
    [batch] = checked(head + rest)
    assert [record.offset for record in records(batch)] == [500, 501, 502]


def test_the_broker_s_clock_overrules_the_records() -> None:
    data = with_append_time(build(SOME, codec=Codec.LZ4), 1_800_000_000_000)
    [batch] = checked(data)
    assert (batch.timestamp_type, batch.max_timestamp) == (TimestampType.LOG_APPEND_TIME, 1_800_000_000_000)
    assert batch.base_timestamp == SOME[0].timestamp_ms
    assert {record.timestamp_ms for record in records(batch)} == {1_800_000_000_000}


@pytest.mark.parametrize("position", [*range(17, 27), 35, 57, 61, -1])
def test_a_bit_that_fell_over_is_found(position: int) -> None:
    data = bytearray(build(SOME))
    data[position] ^= 1
    with pytest.raises(CorruptBatch) as raised:
        check(header(bytes(data)))
    assert raised.value.error_code is ErrorCode.corrupt_message


@pytest.mark.parametrize(
    ("position", "value", "error_code"),
    [
        (16, b"\x00", ErrorCode.invalid_record),
        (16, b"\x01", ErrorCode.invalid_record),
        (16, b"\x03", ErrorCode.corrupt_message),
        (8, b"\x00\x00\x00\x00", ErrorCode.corrupt_message),
        (8, b"\xff\xff\xff\xff", ErrorCode.corrupt_message),
        (8, b"\x00\xff\xff\xff", ErrorCode.corrupt_message),
    ],
)
def test_bytes_that_can_be_no_batch_are_refused(position: int, value: bytes, error_code: ErrorCode) -> None:
    data = bytearray(build(SOME))
    data[position : position + len(value)] = value
    with pytest.raises(CorruptBatch) as raised:
        checked(bytes(data))
    assert raised.value.error_code is error_code


def test_a_short_message_of_an_old_format_is_told_from_garbage() -> None:
    # Offset 0, 14 bytes: crc, magic 0, attributes, no key, no value.
    old = bytes(8) + b"\x00\x00\x00\x0e" + b"\x12\x34\x56\x78" + b"\x00\x00" + b"\xff" * 8
    with pytest.raises(CorruptBatch) as raised:
        checked(old)
    assert raised.value.error_code is ErrorCode.invalid_record


@pytest.mark.parametrize("change", [{"records_count": 4}, {"records_count": 2}, {"records_count": 1 << 30}])
def test_a_batch_with_another_number_of_records_than_it_says_is_refused(change: dict[str, int]) -> None:
    with pytest.raises(CorruptBatch) as raised:
        records(header(build(SOME))._replace(**change))
    assert raised.value.error_code is ErrorCode.invalid_record


@given(st.sampled_from(Codec), st.data())
def test_damaged_records_are_refused_and_nothing_else_happens(codec: Codec, data: st.DataObject) -> None:
    damaged = bytearray(build(SOME, codec=codec))
    for _ in range(data.draw(numbers(1, 4))):
        damaged[data.draw(numbers(HEADER_SIZE, len(damaged) - 1))] = data.draw(numbers(0, 255))
    with suppress(CorruptBatch):
        assert len(records(header(bytes(damaged)))) == len(SOME)


def test_a_record_that_ends_before_its_size_says_is_refused() -> None:
    # A size of 7 where the fields fill 6 bytes: attributes, two deltas, no key, no value, no headers.
    with pytest.raises(BadRecord):
        decode_records(bytes.fromhex("0e 00 00 00 01 01 00 00"), 1, 0, 0)


def test_a_small_batch_that_unpacks_to_too_much_is_refused() -> None:
    bomb = header(build([Record(0, 0, None, bytes(5_000_000))], codec=Codec.ZSTD))
    assert bomb.size < 1000
    with pytest.raises(CorruptBatch):
        records(bomb, limit=1_000_000)


@pytest.mark.parametrize("codec", Codec)
def test_recompressing_changes_the_packing_and_nothing_in_it(codec: Codec) -> None:
    old = header(build(SOME, codec=Codec.GZIP, leader_epoch=2, producer_id=5, producer_epoch=0, base_sequence=9))
    [new] = checked(recompressed(old, codec))
    assert records(new) == SOME
    expected = old._replace(length=new.length, crc=new.crc, data=new.data, attributes=old.attributes & ~7 | codec)
    assert new == expected


def test_a_cleaned_batch_keeps_its_last_offset_and_may_be_empty() -> None:
    kept = header(build([Record(12, 7, b"k", b"v")], base_offset=10, last_offset_delta=5))
    assert (kept.base_offset, kept.last_offset, [record.offset for record in records(kept)]) == (10, 15, [12])
    empty = header(build([], base_offset=10, last_offset_delta=5, producer_id=1, producer_epoch=0, base_sequence=3))
    assert (empty.last_offset, empty.last_sequence, records(empty)) == (15, 8, [])
    horizon = header(build(SOME, delete_horizon_ms=1_700_000_000_500))
    assert (horizon.delete_horizon_ms, records(horizon)) == (1_700_000_000_500, SOME)


def test_a_batch_in_bytes() -> None:
    assert build([Record(0, 1_700_000_000_000, b"key", b"value", (("t", b"1"),))]) == WIRE_EXAMPLE
