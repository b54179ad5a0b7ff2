"""Every drill that is shipped: its solution wins, its wrong moves do not, and nor does doing nothing."""

from pathlib import Path

import pytest

from kafkalab.drills import check, read_drill, read_drills

DRILLS = Path(__file__).parents[2] / "fixtures" / "drills"


def test_drills_have_numbers_of_their_own() -> None:
    numbers = [drill.number for drill in read_drills(DRILLS)]
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize("file", sorted(DRILLS.glob("[0-9]*.md")), ids=lambda file: file.stem)
def test_the_solution_wins_and_no_wrong_move_does(file: Path) -> None:
    drill = read_drill(file)
    checked = check(drill, range(1, 2))
    wins = {played.name: played.incident.won for played in checked.plays}
    assert wins == {"": True, **{wrong.name: False for wrong in drill.wrong_moves}, "nothing": False}


@pytest.mark.parametrize("file", sorted(DRILLS.glob("[0-9]*.md")), ids=lambda file: file.stem)
def test_seeds_vary_what_breaks(file: Path) -> None:
    drill = read_drill(file)
    assert len({tuple(drill.drawn(seed).items()) for seed in range(1, 20)}) > 1
    assert drill.drawn(7) == drill.drawn(7)
