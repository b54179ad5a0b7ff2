"""What the hidden fork says of a section's run is what then happens on the learner's own cluster."""

from pathlib import Path

import pytest

from kafkalab.lessons import opened, read_lesson, truth
from kafkalab.lessons.play import carry_out, look, told

LESSONS = Path(__file__).parents[2] / "fixtures" / "lessons"


@pytest.mark.parametrize("name", ["05-sending-is-not-stored", "13-commit-and-crash"])
def test_a_fork_loses_and_repeats_what_the_learners_cluster_will(name: str) -> None:
    lesson = read_lesson(LESSONS / f"{name}.md")
    lab = opened(lesson, 1)
    for section in lesson.sections:
        carry_out(lab, section.setup, look(lab))
        foretold, before = truth(lab, section), look(lab)
        carry_out(lab, section.run, before)
        happened = told(section.predict, before, look(lab))
        assert (foretold.answer, foretold.by_belief) == (happened.answer, happened.by_belief)
        assert foretold.after["ledger"] == happened.after["ledger"]
    lab.close()
