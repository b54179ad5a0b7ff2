from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafkalab.engine.coordinators.records import (
    GroupMetadata,
    GroupRecord,
    MalformedRecord,
    MemberMetadata,
    OffsetAndMetadata,
    OffsetRecord,
    decode,
    encode,
)

INT32 = st.integers(-(2**31), 2**31 - 1)
INT64 = st.integers(-(2**63), 2**63 - 1)
TEXT = st.text(max_size=40)

OFFSETS = st.builds(OffsetAndMetadata, INT64, INT32, TEXT, INT64, st.just(-1), st.none() | st.uuids())
MEMBERS = st.builds(
    MemberMetadata,
    TEXT,
    st.none() | TEXT,
    TEXT,
    TEXT,
    st.integers(0, 2**31 - 1),
    st.integers(0, 2**31 - 1),
    st.binary(max_size=300),
    st.binary(max_size=300),
)
GROUPS = st.builds(
    GroupMetadata, TEXT, INT32, st.none() | TEXT, st.none() | TEXT, INT64, st.lists(MEMBERS, max_size=3).map(tuple)
)


@given(TEXT, TEXT, INT32, st.none() | OFFSETS)
def test_offset_records_come_back_as_they_were(
    group: str, topic: str, partition: int, value: OffsetAndMetadata | None
) -> None:
    record = OffsetRecord(group, topic, partition, value)
    assert decode(*encode(record)) == record


@given(TEXT, st.none() | GROUPS)
def test_group_records_come_back_as_they_were(group: str, value: GroupMetadata | None) -> None:
    record = GroupRecord(group, value)
    assert decode(*encode(record)) == record


def test_an_offset_lies_on_disk_as_kafka_writes_it() -> None:
    record = OffsetRecord("g", "orders", 2, OffsetAndMetadata(5, 1, "x", 1000, -1, UUID(int=7)))
    assert encode(record) == (
        bytes.fromhex("0001 0001 67 0006 6f7264657273 00000002"),
        bytes.fromhex(
            "0004 0000000000000005 00000001 02 78 00000000000003e8 01 00 10 00000000000000000000000000000007"
        ),
    )


def test_a_group_lies_on_disk_as_kafka_writes_it() -> None:
    member = MemberMetadata("m", None, "c", "/h", 3, 2, b"\x01", b"")
    record = GroupRecord("g", GroupMetadata("consumer", 1, "range", "m", 9, (member,)))
    assert encode(record) == (
        bytes.fromhex("0002 0001 67"),
        bytes.fromhex(
            "0004 09 636f6e73756d6572 00000001 06 72616e6765 02 6d 0000000000000009"
            " 02 02 6d 00 02 63 03 2f68 00000003 00000002 02 01 01 00 00"
        ),
    )


def test_an_offset_with_an_expiry_of_its_own_is_written_as_version_1() -> None:
    record = OffsetRecord("g", "orders", 2, OffsetAndMetadata(5, -1, "x", 1000, 2000))
    _, value = encode(record)
    assert value == bytes.fromhex("0001 0000000000000005 0001 78 00000000000003e8 00000000000007d0")
    assert decode(*encode(record)) == record


def test_older_values_are_read() -> None:
    key, _ = encode(OffsetRecord("g", "orders", 2, None))
    version_3 = bytes.fromhex("0003 0000000000000005 00000004 0001 78 00000000000003e8")
    assert decode(key, version_3) == OffsetRecord("g", "orders", 2, OffsetAndMetadata(5, 4, "x", 1000))
    key, _ = encode(GroupRecord("g", None))
    version_0 = bytes.fromhex(
        "0000 0001 63 00000001 ffff ffff 00000001 0001 6d 0001 63 0001 68 00000002 00000000 00000000"
    )
    member = MemberMetadata("m", None, "c", "h", 2, 2, b"", b"")
    assert decode(key, version_0) == GroupRecord("g", GroupMetadata("c", 1, None, None, -1, (member,)))


def test_kinds_of_record_that_are_not_ours_are_passed_over() -> None:
    assert decode(bytes.fromhex("0014 0001 67"), b"\x00\x00") is None
    assert decode(None, b"") is None


@given(st.binary(max_size=60))
def test_bytes_that_are_no_record_are_refused(value: bytes) -> None:
    key, _ = encode(GroupRecord("g", None))
    try:
        decode(key, value)
    except MalformedRecord:
        return


def test_a_value_cut_short_is_refused() -> None:
    key, value = encode(OffsetRecord("g", "orders", 2, OffsetAndMetadata(5)))
    assert value is not None
    with pytest.raises(MalformedRecord):
        decode(key, value[:-3])
