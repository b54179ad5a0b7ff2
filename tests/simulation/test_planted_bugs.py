"""Rules wilfully broken, one at a time: a simulation that does not find them is itself broken.

Each hunt begins at the seed that MUTATIONS.md names, and goes on for a few histories more: a change
to the engine may let a bug show itself a little later. Where it does not, hunt it anew (`hunt.py`).
"""

import pytest

from tests.simulation.hunt import rows
from tests.simulation.planted import PLANTED, Planted, found_by

SEEDS_AT_MOST = 25
ROWS = rows()


def test_the_table_names_every_planted_bug_and_no_other() -> None:
    assert list(ROWS) == [planted.name for planted in PLANTED]


def test_every_planted_bug_was_found() -> None:
    assert [name for name, (invariant, _, _) in ROWS.items() if invariant == "nobody"] == []


@pytest.mark.parametrize("planted", PLANTED, ids=[planted.name for planted in PLANTED])
def test_a_broken_rule_is_found(planted: Planted, monkeypatch: pytest.MonkeyPatch) -> None:
    planted.plant(monkeypatch.setattr)
    begin = planted.seeds.index(int(ROWS[planted.name][1]))
    found = found_by(planted.seeds[begin : begin + SEEDS_AT_MOST])
    assert found is not None
    assert found[0] in planted.expected
