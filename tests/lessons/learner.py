"""A learner without a page: says things to a sitting, and lets the lab's time pass."""

from pathlib import Path
from typing import Any

from kafkalab.lab import Outcome, parse_command
from kafkalab.lessons import Lesson, read_lesson
from kafkalab.lessons.phases import Note
from kafkalab.lessons.play import taking_to
from kafkalab.lessons.sitting import Sitting
from kafkalab.lessons.sitting_commands import GoOn, PlayRun, Predict, SaySeen
from kafkalab.lessons.sitting_shown import shown
from kafkalab.lessons.work import at_once

LESSONS = Path(__file__).parents[2] / "fixtures" / "lessons"
SLICE_US = 20_000
Deed = tuple[str, str, dict[str, Any]]


def sitting_at(number: int, seed: int = 1, begin_at: int = 0) -> tuple[Sitting, list[Deed]]:
    """And what it notes."""
    [file] = LESSONS.glob(f"{number:02}-*.md")
    deeds: list[Deed] = []
    return sitting_of(read_lesson(file), seed, begin_at, lambda *deed: deeds.append(deed)), deeds


def sitting_of(lesson: Lesson, seed: int, begin_at: int, note: Note) -> Sitting:
    """Whose hidden lab runs ahead at once, however long that takes."""
    lab = at_once(taking_to(lesson, seed, begin_at))
    return Sitting(lesson, lab, seed, begin_at, at_once_s=60, note=note)


def wait(sitting: Sitting, seconds: float) -> None:
    """As the clock on the wall goes on: the lab's own time stands still where it was held."""
    for _ in range(int(seconds * 1_000_000 / SLICE_US)):
        lab = sitting.shown
        if lab.time is None or lab.time.pace:
            lab.advance(SLICE_US)
        sitting.go_on()


def wait_for(sitting: Sitting, *phases: str) -> None:
    for _ in range(200):
        if sitting.phase in phases or sitting.error:
            break
        wait(sitting, 0.5)
    assert sitting.phase in phases, (sitting.phase, sitting.error)


def through(sitting: Sitting, answer: str, seen: str = "") -> dict[str, Any]:
    """Predict, run and look: the section as it is then explained."""
    sitting.do(Predict(answer))
    sitting.do(PlayRun())
    wait_for(sitting, "saw", "explained")
    if sitting.phase == "saw":
        sitting.do(SaySeen(seen))
    section: dict[str, Any] = shown(sitting)["section"]
    return section


def to_the_challenge(sitting: Sitting, answer: str, seen: str = "") -> None:
    through(sitting, answer, seen)
    sitting.do(GoOn())
    assert sitting.phase == "challenge"


def order(sitting: Sitting, command: str, **fields: Any) -> list[Outcome]:
    """What a learner does by himself, on the page or by a tool."""
    heard: list[Outcome] = []
    sitting.shown.do(parse_command({"command": command, **fields}), heard.append)
    return heard
