"""From a time to an offset: the first in offset order that is not older, however the times run."""

import pytest
from crc32c import crc32c
from hypothesis import example, given
from hypothesis import strategies as st

from kafkalab.engine.log import Log
from kafkalab.engine.refused import Refused
from kafkalab.wire.batches import Codec
from kafkalab.wire.errors import ErrorCode
from tests.engine.log.building import NOW_MS, append, batch, new_log


def log_of(*times_ms: int, **config: object) -> Log:
    log = new_log(**config)
    for at_ms in times_ms:
        append(log, "x", at_ms=at_ms)
    return log


@pytest.mark.parametrize(
    ("asked", "answer"),
    [(0, (100, 0, 0)), (100, (100, 0, 0)), (101, (500, 1, 0)), (300, (500, 1, 0)), (501, (600, 3, 0)), (601, None)],
)
def test_the_first_record_that_is_not_older(asked: int, answer: tuple[int, int, int] | None) -> None:
    assert log_of(100, 500, 200, 600).offset_for_timestamp(asked) == answer


def test_the_record_within_the_batch_is_found() -> None:
    log = new_log()
    append(log, "a", "b", "c", at_ms=100, codec=Codec.LZ4, epoch=4)
    assert log.offset_for_timestamp(101) == (101, 1, 4)


def test_records_before_the_start_are_not_found() -> None:
    log = log_of(100, 500, 200, 600)
    log.advance_start(2)
    assert [log.offset_for_timestamp(asked) for asked in (50, 400)] == [(200, 2, 0), (600, 3, 0)]


def test_with_the_brokers_time_a_batch_is_of_one_time() -> None:
    log = new_log(log_append_time=True)
    append(log, "a", "b")
    log.advance_start(1)
    assert log.offset_for_timestamp(NOW_MS) == (NOW_MS, 1, 0)


def test_the_highest_time_and_its_first_record() -> None:
    assert log_of(100, 500, 200, 500).max_timestamp_offset() == (500, 1, 0)
    assert log_of(100, 500, 200, 501, segment_bytes=80).max_timestamp_offset() == (501, 3, 0)
    assert new_log().max_timestamp_offset() is None


@example(times=[5, 6], asked=5, interval=0, segment_bytes=1 << 20, reopened=False)
@given(
    times=st.lists(st.integers(0, 8), min_size=1, max_size=40),
    asked=st.integers(0, 9),
    interval=st.sampled_from([0, 100, 4096]),
    segment_bytes=st.sampled_from([100, 400, 1 << 20]),
    reopened=st.booleans(),
)
def test_the_indexes_change_no_answer(
    times: list[int], asked: int, interval: int, segment_bytes: int, reopened: bool
) -> None:
    config = {"index_interval_bytes": interval, "segment_bytes": segment_bytes}
    log = log_of(*times, **config)
    if reopened:
        log.close()
        log = new_log(log.disk, **config)
    expected = next(((at_ms, offset, 0) for offset, at_ms in enumerate(times) if at_ms >= asked), None)
    highest = max(times)
    assert log.offset_for_timestamp(asked) == expected
    assert log.max_timestamp_offset() == (highest, times.index(highest), 0)


def test_a_batch_that_holds_no_records_after_all_is_refused_when_it_is_read() -> None:
    log = new_log()
    data = _with_count(batch("a", at_ms=100), 2)
    log.append_as_leader(data, 0, NOW_MS)
    with pytest.raises(Refused) as refusal:
        log.offset_for_timestamp(50)
    assert refusal.value.error_code is ErrorCode.invalid_record


def _with_count(data: bytes, count: int) -> bytes:
    """A batch that says it has more records than it has, with a CRC that fits."""
    body = data[21:23] + (count - 1).to_bytes(4, "big") + data[27:57] + count.to_bytes(4, "big") + data[61:]
    return data[:17] + crc32c(body).to_bytes(4, "big") + body
