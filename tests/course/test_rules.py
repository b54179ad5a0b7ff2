"""What a learner has found out, from deeds as a lesson's player notes them."""

from typing import Any

import pytest

from kafkalab.lessons.sitting_commands import GoOn, PlayRun, PlaySolution, Predict, SaySeen
from kafkalab.web.course.catalogue import catalogue
from kafkalab.web.course.predictions import predictions_for
from kafkalab.web.course.progress import deeds_of, note
from kafkalab.web.course.rules import Band, found_out
from tests.lessons.learner import sitting_at, wait, wait_for

ANN = "a" * 32
LESSON, SECTION = "what-acks-all-waits-for", "one-gone"
pytestmark = pytest.mark.django_db


def ran(section: str = SECTION, lesson: str = LESSON, **detail: Any) -> None:
    note(ANN, lesson, section, "ran", detail)


def of_ann() -> Any:
    return found_out(catalogue().lessons, deeds_of(ANN))


def test_what_the_player_notes_is_understood() -> None:
    sitting, deeds = sitting_at(7)
    sitting.do(Predict("error", 5, "all three must have it"))
    sitting.do(PlayRun())
    wait_for(sitting, "saw")
    sitting.do(SaySeen("2"))
    sitting.do(GoOn())
    sitting.do(PlaySolution(sure=True))
    while "solved" not in [kind for _, kind, _ in deeds]:
        wait(sitting, 0.5)
    for section, kind, detail in deeds:
        note(ANN, LESSON, section, kind, detail)
    found = of_ann()
    [rule] = found.rules
    assert (rule.kind, rule.confidence, rule.answer) == ("corrected", 100, "It is acked.")
    assert rule.said == "It fails, since one replica does not have it."
    assert rule.belief == "All three replicas must have it."
    assert rule.shown[0] == "With acks=all a record was acked when two of three replicas were in sync."
    assert (found.solved, found.unaided) == (0, 0)
    [made] = predictions_for(catalogue().helping("Q9"), deeds_of(ANN))
    assert made.content.split("\n")[1:] == [
        "Predicted: It fails, since one replica does not have it.",
        "Because: all three must have it",
        "Sure: 100 %",
        "What happened: It is acked.",
    ]


def test_only_the_first_run_of_a_section_counts() -> None:
    ran(said="error", confidence=60, answer="acked", right=False, belief="")
    ran(said="acked", confidence=100, answer="acked", right=True, belief="")
    assert [(rule.kind, rule.confidence) for rule in of_ann().rules] == [("found", 60)]


def test_confidence_is_held_against_being_right_once_there_is_enough() -> None:
    sections = [(lesson.name, each.name) for lesson in catalogue().lessons for each in lesson.sections]
    for at, (lesson, section) in enumerate(sections[:5]):
        ran(section, lesson, said="x", answer="x", right=at == 0, confidence=100 if at < 4 else 40)
    found = of_ann()
    assert found.bands == (Band(0, 49, 1, 0), Band(50, 74, 0, 0), Band(75, 100, 4, 1))
    assert [(band.tells, band.percent) for band in found.bands] == [(False, 0), (False, 0), (True, 25)]
    assert found.was_too_sure


def test_a_challenge_counts_as_solved_once_and_as_unaided_when_no_hint_was_asked_for() -> None:
    for section in ("a-second-group", "a-second-group", "one-more-record"):
        note(ANN, "a-log-not-a-queue", section, "solved", {"by": "learner", "hints": 0})
    note(ANN, "a-log-not-a-queue", "one-more-record", "hinted", {"tier": 1})
    note(ANN, LESSON, SECTION, "solved", {"by": "solution", "hints": 0})
    assert (of_ann().solved, of_ann().unaided) == (2, 1)


def test_deeds_of_lessons_that_are_gone_and_details_that_say_nothing_are_passed_over() -> None:
    ran("gone", said=1, answer=2, right=False)
    ran(lesson="no-such-lesson", said=1, answer=2, right=False)
    ran(said=1)
    assert of_ann().rules == ()
    ran(said=["a", 2.0], answer=None, right=False, confidence="much", belief=7)
    [rule] = of_ann().rules
    assert (rule.said, rule.answer, rule.confidence, rule.belief, rule.kind) == ("a, 2", "", None, "", "found")
