"""The states of a record in a share partition's window, one rule after the other."""

import pytest

from kafkalab.engine.refused import Refused
from kafkalab.engine.share.state import RecordState, StateBatch
from kafkalab.engine.share.window import (
    ACCEPT,
    GAP,
    RECORD_LIMIT,
    REJECT,
    RELEASE,
    RENEW,
    Acknowledged,
    Acquired,
    Change,
    Window,
    as_acquired,
)
from kafkalab.wire.errors import ErrorCode

AVAILABLE, ACQUIRED, ACKNOWLEDGED, ARCHIVED = RecordState
LOCK_US = 30_000_000


def states(window: Window) -> list[str]:
    return [f"{record.state.name.lower()} {record.delivery_count}" for record in window.records]


def given(window: Window, *, member: str = "a", most: int = 500, spans: tuple[tuple[int, int], ...] = ()) -> list[int]:
    return window.acquire(member, spans, most, LOCK_US)


def said(window: Window, first: int, last: int, *types: int, member: str = "a") -> Change:
    change = window.acknowledge(member, [Acknowledged(first, last, types)], 2 * LOCK_US)
    window.finish(change)
    return change


def refusal(window: Window, first: int, last: int, *types: int, member: str = "a") -> tuple[ErrorCode, str | None]:
    with pytest.raises(Refused) as caught:
        window.acknowledge(member, [Acknowledged(first, last, types)], 0)
    return caught.value.error_code, caught.value.message


def test_what_one_member_holds_no_other_is_given() -> None:
    window = Window(10)
    assert given(window, spans=((10, 12), (13, 13))) == [10, 11, 12, 13]
    assert given(window, member="b", spans=((10, 12), (13, 13), (14, 14))) == [14]
    assert [record.member for record in window.records] == ["a", "a", "a", "a", "b"]


def test_whole_batches_are_given_even_beyond_what_was_asked_for() -> None:
    window = Window(0)
    assert given(window, most=2, spans=((0, 2), (3, 5))) == [0, 1, 2]


def test_batches_that_were_aborted_are_given_to_nobody() -> None:
    window = Window(0)
    assert window.acquire("a", [(0, 1), (2, 3), (4, 4)], 500, LOCK_US, aborted=[(0, 1), (4, 4)]) == [2, 3]
    assert window.start_offset == 2
    assert states(window) == ["acquired 1", "acquired 1", "archived 0"]


def test_in_record_limit_mode_no_record_more_than_asked_for() -> None:
    window = Window(0)
    assert window.acquire("a", [(0, 2), (3, 5)], 2, LOCK_US, RECORD_LIMIT) == [0, 1]
    assert window.end_offset == 2


def test_accepted_records_at_the_start_move_the_start_offset() -> None:
    window = Window(0)
    given(window, spans=((0, 3),))
    said(window, 1, 2, ACCEPT)
    assert (window.start_offset, states(window)) == (
        0, ["acquired 1", "acknowledged 1", "acknowledged 1", "acquired 1"]
    )  # fmt: skip
    assert window.delivery_complete_count == 2
    said(window, 0, 0, ACCEPT)
    assert (window.start_offset, states(window)) == (3, ["acquired 1"])


def test_each_record_can_be_told_of_by_itself() -> None:
    window = Window(0)
    given(window, spans=((0, 3),))
    change = said(window, 0, 3, RELEASE, ACCEPT, REJECT, GAP)
    assert change.batches == (
        StateBatch(0, 0, AVAILABLE, 1), StateBatch(1, 1, ACKNOWLEDGED, 1), StateBatch(2, 3, ARCHIVED, 1)
    )  # fmt: skip
    assert states(window) == ["available 1", "acknowledged 1", "archived 1", "archived 1"]


def test_a_released_record_is_given_again_and_counts_one_delivery_more() -> None:
    window = Window(0)
    given(window, spans=((0, 1),))
    said(window, 0, 1, RELEASE)
    assert window.next_fetch_offset() == 0
    assert given(window, member="b", spans=((0, 1),)) == [0, 1]
    assert states(window) == ["acquired 2", "acquired 2"]


def test_at_the_delivery_limit_a_released_record_is_given_up() -> None:
    window = Window(0, delivery_count_limit=2)
    for _ in range(2):
        given(window, spans=((0, 0),))
        change = said(window, 0, 0, RELEASE)
    assert change.batches == (StateBatch(0, 0, ARCHIVED, 2),)
    assert (window.start_offset, states(window)) == (1, [])


def test_a_record_on_its_last_delivery_goes_alone() -> None:
    window = Window(0, delivery_count_limit=2)
    given(window, spans=((0, 2),))
    said(window, 0, 2, RELEASE, ACCEPT, RELEASE)
    assert given(window, spans=((0, 2), (3, 5))) == [0]
    assert given(window, spans=((0, 2), (3, 5))) == [2]
    assert given(window, spans=((3, 5),)) == [3, 4, 5]


def test_a_lock_that_ran_out_frees_its_records() -> None:
    window = Window(0)
    given(window, spans=((0, 1),))
    assert window.expire(LOCK_US - 1) == Change((), ())
    assert window.overdue(LOCK_US) == [("a", 0, 1)]
    window.finish(window.expire(LOCK_US))
    assert states(window) == ["available 1", "available 1"]
    assert refusal(window, 0, 1, ACCEPT)[0] is ErrorCode.invalid_record_state


def test_a_renewed_lock_runs_longer_and_nothing_is_written_down() -> None:
    window = Window(0)
    given(window, spans=((0, 1),))
    assert said(window, 0, 0, RENEW) == Change((), (), (0,))
    window.finish(window.expire(LOCK_US))
    assert states(window) == ["acquired 1", "available 1"]


def test_who_leaves_frees_what_it_held_and_nothing_else() -> None:
    window = Window(0)
    given(window, spans=((0, 0),))
    given(window, member="b", spans=((1, 1),))
    window.finish(window.release("a"))
    assert states(window) == ["available 1", "acquired 1"]


def test_only_the_holder_may_acknowledge() -> None:
    window = Window(0)
    given(window, spans=((0, 1),))
    assert refusal(window, 0, 1, ACCEPT, member="b") == (
        ErrorCode.invalid_record_state, "Member is not the owner of batch record"
    )  # fmt: skip
    assert states(window) == ["acquired 1", "acquired 1"]


def test_offsets_that_nobody_was_given_cannot_be_acknowledged() -> None:
    window = Window(0)
    assert refusal(window, 0, 0, ACCEPT)[0] is ErrorCode.invalid_record_state
    given(window, spans=((0, 1),))
    assert refusal(window, 0, 2, ACCEPT) == (
        ErrorCode.invalid_request,
        "Batch record not found. The last offset in request is past acquired records.",
    )


def test_a_refused_acknowledgement_changes_nothing_of_its_other_batches() -> None:
    window = Window(0)
    given(window, spans=((0, 1),))
    with pytest.raises(Refused):
        window.acknowledge("a", [Acknowledged(0, 0, (ACCEPT,)), Acknowledged(7, 7, (ACCEPT,))], 0)
    assert [record.becoming for record in window.records] == [None, None]


def test_while_a_change_is_written_down_the_record_belongs_to_nobody() -> None:
    window = Window(0)
    given(window, spans=((0, 0),))
    change = window.acknowledge("a", [Acknowledged(0, 0, (RELEASE,))], 0)
    assert given(window, member="b", spans=((0, 0),)) == []
    assert refusal(window, 0, 0, ACCEPT)[0] is ErrorCode.invalid_record_state
    assert window.expire(LOCK_US).batches == ()
    window.take_back(change)
    assert states(window) == ["acquired 1"]
    said(window, 0, 0, ACCEPT)
    assert window.start_offset == 1


def test_the_window_is_no_larger_than_it_may_be() -> None:
    window = Window(0, most_in_flight=3)
    given(window, spans=((0, 2),))
    assert window.room(window.next_fetch_offset()) == 0
    said(window, 1, 1, RELEASE)
    assert window.room(window.next_fetch_offset()) == 3


def test_what_compaction_has_taken_is_given_to_nobody() -> None:
    window = Window(0)
    given(window, spans=((0, 1),))
    said(window, 0, 1, RELEASE)
    # Offset 0 is gone from the log, and 2 to 4 between two batches.
    assert given(window, spans=((1, 1), (5, 5))) == [1, 5]
    assert (window.start_offset, states(window)) == (
        1, ["acquired 2", "archived 0", "archived 0", "archived 0", "acquired 1"]
    )  # fmt: skip


def test_what_retention_has_taken_is_gone_from_the_window() -> None:
    window = Window(0)
    given(window, spans=((0, 3),))
    window.log_starts_at(2)
    assert (window.start_offset, states(window)) == (2, ["acquired 1", "acquired 1"])
    assert said(window, 0, 1, ACCEPT) == Change((), ())
    said(window, 0, 2, ACCEPT)
    assert window.start_offset == 3


def test_a_new_leader_finds_free_what_was_out_with_somebody() -> None:
    window = Window(4)
    window.restore([StateBatch(4, 4, ACKNOWLEDGED, 1), StateBatch(6, 7, AVAILABLE, 3), StateBatch(9, 9, ARCHIVED, 5)])
    assert (window.start_offset, states(window)) == (
        5, ["available 0", "available 3", "available 3", "available 0", "archived 5"]
    )  # fmt: skip


def test_acquired_records_are_told_in_runs_of_one_delivery_count() -> None:
    window = Window(0)
    window.restore([StateBatch(0, 1, AVAILABLE, 1)])
    taken = given(window, spans=((0, 3), (4, 5), (6, 6)))
    assert as_acquired(window, taken, ((0, 3), (4, 5), (6, 6)), 500) == (Acquired(0, 1, 2), Acquired(2, 6, 1))
    assert as_acquired(window, taken, ((0, 3), (4, 5), (6, 6)), 2) == (
        Acquired(0, 1, 2), Acquired(2, 3, 1), Acquired(4, 5, 1), Acquired(6, 6, 1)
    )  # fmt: skip
