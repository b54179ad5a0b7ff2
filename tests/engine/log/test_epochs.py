"""Leader epochs: what the cache answers, and what append and truncation do to it."""

import pytest

from kafkalab.engine.disk import MemoryDisk
from kafkalab.engine.log.epochs import LeaderEpochs
from tests.engine.log.building import append, new_log

LOG_END = 50


def epochs(*entries: tuple[int, int]) -> LeaderEpochs:
    found = LeaderEpochs(MemoryDisk(), "orders-0")
    for epoch, start_offset in entries:
        found.assign(epoch, start_offset)
    return found


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        (-1, (-1, -1)),  # The asker knows no epoch.
        (9, (9, LOG_END)),  # The latest.
        (10, (-1, -1)),  # Higher than any known.
        (1, (1, 10)),  # Below all: ends where the first higher one begins.
        (2, (2, 20)),
        (3, (2, 20)),  # Unknown, between two: the lower one, to where the higher begins.
        (5, (5, 40)),
        (8, (5, 40)),
    ],
)
def test_where_an_epoch_ended(asked: int, answer: tuple[int, int]) -> None:
    assert epochs((2, 10), (5, 20), (9, 40)).end_offset_for(asked, LOG_END) == answer


def test_a_log_without_epochs_knows_no_end() -> None:
    assert [epochs().end_offset_for(epoch, LOG_END) for epoch in (-1, 0, 1)] == [(-1, -1)] * 3


def test_an_epoch_keeps_its_first_start() -> None:
    assert epochs((1, 10), (1, 15)).entries == [(1, 10)]


def test_a_new_epoch_drops_what_contradicts_it() -> None:
    assert epochs((1, 0), (2, 20), (3, 20)).entries == [(1, 0), (3, 20)]
    assert epochs((1, 0), (4, 20), (3, 25)).entries == [(1, 0), (3, 25)]
    assert epochs((1, 0), (4, 20), (5, 10)).entries == [(1, 0), (5, 10)]


def test_negative_epochs_and_offsets_are_none() -> None:
    assert epochs((-1, 10), (1, -1)).entries == []


@pytest.mark.parametrize(
    ("end", "left"),
    [(9, []), (10, []), (11, [(2, 10)]), (20, [(2, 10)]), (21, [(2, 10), (5, 20)]), (99, [(2, 10), (5, 20), (9, 40)])],
)
def test_cutting_the_end_drops_epochs_that_begin_there(end: int, left: list[tuple[int, int]]) -> None:
    found = epochs((2, 10), (5, 20), (9, 40))
    found.truncate_from_end(end)
    assert found.entries == left


@pytest.mark.parametrize(
    ("start", "left"),
    [
        (5, [(2, 10), (5, 20), (9, 40)]),
        (10, [(2, 10), (5, 20), (9, 40)]),
        (15, [(2, 15), (5, 20), (9, 40)]),
        (20, [(5, 20), (9, 40)]),
        (45, [(9, 45)]),
    ],
)
def test_cutting_the_start_keeps_the_epoch_that_covers_it(start: int, left: list[tuple[int, int]]) -> None:
    found = epochs((2, 10), (5, 20), (9, 40))
    found.truncate_from_start(start)
    assert found.entries == left


def test_epochs_are_read_back_from_kafkas_checkpoint_format() -> None:
    disk = MemoryDisk()
    first = LeaderEpochs(disk, "orders-0")
    first.assign(0, 0)
    first.assign(3, 17)
    assert disk.read_whole("orders-0/leader-epoch-checkpoint") == b"0\n2\n0 0\n3 17\n"
    assert LeaderEpochs(disk, "orders-0").entries == [(0, 0), (3, 17)]


def test_who_wrote_an_offset_is_known() -> None:
    found = epochs((2, 10), (5, 20))
    assert [found.epoch_at(offset) for offset in (9, 10, 19, 20, 99)] == [-1, 2, 2, 5, 5]


def test_appending_under_a_new_epoch_is_noted_on_leader_and_follower() -> None:
    leader, follower = new_log(), new_log()
    append(leader, "a", "b", epoch=0)
    leader.begin_epoch(2)
    append(leader, "c", epoch=2)
    append(leader, "d", epoch=4)
    follower.append_as_follower(leader.read(0, 1 << 20))
    assert leader.epochs.entries == follower.epochs.entries == [(0, 0), (2, 2), (4, 3)]
    assert [leader.end_offset_for(epoch) for epoch in (0, 1, 2, 4, 5)] == [(0, 2), (0, 2), (2, 3), (4, 4), (-1, -1)]


def test_a_leadership_without_a_record_leaves_no_trace() -> None:
    log = new_log()
    append(log, "a", epoch=1)
    log.begin_epoch(2)
    log.begin_epoch(3)
    assert log.epochs.entries == [(1, 0), (3, 1)]


def test_truncation_takes_the_epochs_along() -> None:
    log = new_log()
    append(log, "a", "b", epoch=1)
    append(log, "c", epoch=2)
    log.truncate_to(2)
    assert (log.epochs.entries, log.end_offset_for(1)) == ([(1, 0)], (1, 2))
    log.truncate_fully(9)
    assert log.epochs.entries == []


def test_a_log_that_starts_later_starts_its_epochs_later() -> None:
    log = new_log()
    append(log, "a", "b", epoch=1)
    append(log, "c", "d", epoch=2)
    log.advance_start(3)
    assert log.epochs.entries == [(2, 3)]
