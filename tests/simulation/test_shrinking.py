"""A history that breaks a rule is made small, and its tape breaks the same rule again."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from kafkalab.engine.simulation.history import History
from kafkalab.engine.simulation.plans import Schedule
from kafkalab.engine.simulation.schedule import schedule
from kafkalab.engine.simulation.shrink import Break, played, shrink
from kafkalab.lab import HistoryTape, load_tape, replay
from tests.simulation.planted.elections import anybody_alive_may_be_elected

TRIES = 70


def at_most(tries: int) -> Callable[[], bool]:
    left = iter(range(tries))
    return lambda: next(left, None) is not None


@cache
def broken_by_many_faults() -> tuple[Schedule, Break]:
    # The first of these breaks soon, which makes each try cheap.
    for seed in range(25, 81):
        plan = schedule(seed)
        if len(plan.faults) >= 12 and (found := played(plan)) is not None:
            return plan, found
    raise AssertionError("no history breaks")


def test_of_many_faults_the_few_stay_that_break_the_rule(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    anybody_alive_may_be_elected(monkeypatch.setattr)
    plan, found = broken_by_many_faults()
    assert shrink(plan, found.invariant, at_most(0)) == plan
    small = shrink(plan, found.invariant, at_most(TRIES))
    again = played(small)
    assert again is not None
    assert again.invariant == found.invariant
    # Two brokers that lead in turn: one goes, then the other.
    assert len(small.faults) <= 4
    assert small.chaos_us <= plan.chaos_us
    assert (len(small.producers), len(small.consumers)) <= (1, 1)
    assert sum(topic.partitions for topic in small.topics) <= 3

    HistoryTape(small, found.invariant).save(tmp_path / "small.jsonl")
    told: list[int] = []
    verdict = replay(load_tape(tmp_path / "small.jsonl"), lambda at_us, node, event: told.append(at_us))
    assert verdict.broken is not None
    assert (verdict.broken.invariant, verdict.at_us) == (again.invariant, again.at_us)
    assert told[0] == 0
    assert told[-1] <= verdict.at_us


def test_what_does_not_break_is_left_as_it_is() -> None:
    plan = schedule(3)
    assert shrink(plan, "L6", at_most(TRIES)) == plan


def test_a_history_plays_the_schedule_that_it_is_given() -> None:
    plan = schedule(7)
    assert History(7, plan).run() == History(7).run()
