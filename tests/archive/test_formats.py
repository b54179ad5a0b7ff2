"""What comes back from an object is what went in, byte for byte."""

import json

import pytest

from kafkalab.archive.formats import FORMATS, NotOfThisFormat, decode, encode
from kafkalab.wire.records import Record

RECORDS = [
    Record(0, 1_767_225_600_000, b"ann", '{"amount": "12 €"}'.encode()),
    Record(3, -1, None, None),
    Record(4, 5, b"", b"line\none\r\n\xe2\x80\xa8", (("h", b"1"), ("h", None), ("raw", b"\xff\x00"))),
    Record(2**40, 2**40, b"\xff\xfe", b"\x80"),
]


@pytest.mark.parametrize("format_name", FORMATS)
def test_records_come_back_whole(format_name: str) -> None:
    assert decode(format_name, encode(format_name, "orders", 2, RECORDS)) == RECORDS


@pytest.mark.parametrize("format_name", FORMATS)
def test_what_is_no_object_is_refused(format_name: str) -> None:
    with pytest.raises(NotOfThisFormat, match=f"no {'Parquet' if format_name == 'parquet' else format_name}"):
        decode(format_name, b"\x00nonsense")


def test_a_line_of_json_can_be_read_by_anybody() -> None:
    first, *_ = encode("jsonl", "orders", 2, RECORDS).splitlines()
    assert json.loads(first) == {
        "topic": "orders",
        "partition": 2,
        "offset": 0,
        "timestamp_ms": 1_767_225_600_000,
        "key": "ann",
        "value": '{"amount": "12 €"}',
    }
