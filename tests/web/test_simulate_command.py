"""`manage.py simulate`: what breaks is put on a tape, and the way to play it is told."""

import os
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from kafkalab.lab import HistoryTape, load_tape
from tests.simulation.planted.elections import anybody_alive_may_be_elected
from tests.simulation.test_shrinking import broken_by_many_faults


@pytest.mark.skipif(os.name == "nt", reason="the planted bug gets into the other process by fork")
def test_a_broken_history_is_taped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    anybody_alive_may_be_elected(monkeypatch.setattr)
    plan, found = broken_by_many_faults()
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command(
            "simulate", "--first", str(plan.seed), "--seeds", "1", "--no-shrink", "--tapes", str(tmp_path), stdout=out
        )
    tape = tmp_path / f"seed-{plan.seed}-{found.invariant}.jsonl"
    assert ended.value.code == 1
    assert f"seed {plan.seed} broke {found.invariant}: " in out.getvalue()
    assert f"manage.py replay {tape}\n" in out.getvalue()
    assert load_tape(tape) == HistoryTape(plan, found.invariant)


def test_a_history_that_holds_leaves_no_tape(tmp_path: Path) -> None:
    out = StringIO()
    call_command("simulate", "--first", "3", "--seeds", "1", "--jobs", "1", "--tapes", str(tmp_path), stdout=out)
    assert out.getvalue().startswith("1 histories held: ")
    assert list(tmp_path.iterdir()) == []
