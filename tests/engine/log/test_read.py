"""Reading: whole batches, from the one that holds the offset, within the bounds that were given."""

from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafkalab.engine.disk import MemoryDisk
from kafkalab.engine.log import Log
from kafkalab.engine.log.tail import MAX_BYTES, MAX_RUNS
from kafkalab.engine.refused import Refused
from kafkalab.wire.batches import headers
from tests.engine.log.building import DIRECTORY, append, contents, new_log


def offsets(data: bytes) -> list[tuple[int, int]]:
    return [(batch.base_offset, batch.next_offset) for batch in headers(data)]


def three_batches() -> Log:
    """[0, 2), [2, 5), [5, 6)."""
    log = new_log()
    append(log, "a", "b")
    append(log, "c", "d", "e")
    append(log, "f")
    return log


def cold(log: Log) -> Log:
    """The same log without what it has at hand."""
    copy = deepcopy(log)
    copy.tail.clear()
    return copy


@pytest.mark.parametrize("see", [deepcopy, cold])
def test_a_read_begins_with_the_batch_that_holds_the_offset(see: object) -> None:
    log = see(three_batches())  # type: ignore[operator]
    assert [offsets(log.read(offset, 1 << 20)) for offset in range(7)] == [
        [(0, 2), (2, 5), (5, 6)],
        [(0, 2), (2, 5), (5, 6)],
        [(2, 5), (5, 6)],
        [(2, 5), (5, 6)],
        [(2, 5), (5, 6)],
        [(5, 6)],
        [],
    ]


@pytest.mark.parametrize("see", [deepcopy, cold])
def test_a_read_ends_at_the_upper_offset_or_the_size(see: object) -> None:
    log = see(three_batches())  # type: ignore[operator]
    first, second, _ = (batch.size for batch in headers(log.read(0, 1 << 20)))
    assert [offsets(log.read(0, 1 << 20, upper)) for upper in (0, 1, 2, 4, 5, 99)] == [
        [],
        [],
        [(0, 2)],
        [(0, 2)],
        [(0, 2), (2, 5)],
        [(0, 2), (2, 5), (5, 6)],
    ]
    assert [offsets(log.read(0, size)) for size in (0, first + second - 1, first + second)] == [
        [(0, 2)],
        [(0, 2)],
        [(0, 2), (2, 5)],
    ]
    assert [log.read(0, size, min_one_batch=False) for size in (0, first - 1)] == [b"", b""]


def test_no_batch_is_left_out_for_a_smaller_one_behind_it() -> None:
    log = new_log()
    append(log, "x")
    append(log, "y" * 500)
    append(log, "z")
    assert offsets(log.read(0, 300)) == offsets(cold(log).read(0, 300)) == [(0, 1)]


def test_offsets_outside_the_log_are_refused() -> None:
    log = three_batches()
    log.advance_start(3)
    for offset in (-1, 2, 7):
        with pytest.raises(Refused) as refusal:
            log.read(offset, 100)
        assert str(refusal.value) == (
            f"Received request for offset {offset} for partition {DIRECTORY}, but we only have log segments "
            "in the range 3 to 6."
        )
    assert offsets(log.read(3, 1)) == [(2, 5)]


def test_who_reads_the_tail_is_given_what_was_written() -> None:
    log = new_log()
    append(log, "a")
    append(log, "b")
    assert log.read(1, 1 << 20) is log.tail.runs[1].data is log.read(1, 1 << 20)
    assert isinstance(log.disk, MemoryDisk)
    assert log.disk.files[log.active.path].chunks[-1] is log.tail.runs[1].data


def test_the_tail_keeps_within_bounds_and_the_rest_is_read_from_the_disk() -> None:
    log = new_log()
    for _ in range(12):
        append(log, "x" * 500_000)
    for _ in range(MAX_RUNS + 1):
        append(log, "y")
    assert len(log.tail.runs) <= MAX_RUNS
    assert sum(len(run.data) for run in log.tail.runs) <= MAX_BYTES
    assert [offset for offset, _ in contents(log)] == list(range(log.end_offset))


def test_a_read_below_the_tail_goes_on_through_older_segments() -> None:
    log = new_log(segment_bytes=100)
    for number in range(6):
        append(log, f"{number}")
    log.tail.clear()
    append(log, "6")
    assert len(log.segments) == 7
    assert contents(log) == [(number, f"{number}") for number in range(7)]


@given(
    sizes=st.lists(st.integers(1, 3), min_size=1, max_size=12),
    ask=st.tuples(st.integers(0, 40), st.integers(0, 600), st.integers(0, 40), st.booleans()),
    kept=st.integers(0, 12),
)
def test_the_tail_and_the_disk_give_the_same(sizes: list[int], ask: tuple[int, int, int, bool], kept: int) -> None:
    log = new_log()
    for number, size in enumerate(sizes):
        if number == len(sizes) - kept:
            log.tail.clear()
        append(log, *["x" * 10] * size)
    offset, *bounds = ask
    offset = min(offset, log.end_offset)
    assert log.read(offset, *bounds) == cold(log).read(offset, *bounds)


def test_batches_are_shown_with_their_place() -> None:
    log = new_log(segment_bytes=200)
    for text in ("first", "second", "third", "fourth"):
        append(log, text, text)
    sizes = [batch.size for batch in headers(log.read(0, 1 << 20))]
    shown = [(each.segment, each.position, each.batch.base_offset) for each in log.headers(3, 7)]
    assert shown == [(0, sizes[0], 2), (4, 0, 4), (4, sizes[2], 6)]
    found = log.batch_at(5)
    assert found is not None
    assert (found.segment, found.position, found.batch.view) == (4, 0, log.read(5, 1))
    assert log.batch_at(8) is None


def test_the_index_leads_into_the_middle_of_a_segment() -> None:
    log = new_log(index_interval_bytes=200)
    for number in range(100):
        append(log, f"{number:03}")
    assert len(log.active.offsets) > 20
    log.tail.clear()
    assert [offsets(log.read(offset, 1)) for offset in range(100)] == [[(each, each + 1)] for each in range(100)]
