"""Lessons are played on a lab in lab time: commands are carried out, time passes, facts are looked at.

What the right answer to a prediction is, nobody wrote down: a hidden fork of the learner's own cluster runs
ahead and is looked at.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from kafkalab.lab import Command, Lab, Outcome
from kafkalab.lessons.expressions import Answer
from kafkalab.lessons.facts import Facts, facts_of
from kafkalab.lessons.lesson import UNTIL_AT_MOST_S, Challenge, Lesson, Prediction, Section, Step

SLICE_US = 20_000
SECOND_US = 1_000_000
START_US = 1_767_225_600 * SECOND_US
"""2026-01-01: a lesson's cluster is the same at whatever time of the day it is opened."""


def opened(lesson: Lesson, seed: int) -> Lab:
    """The cluster that the lesson begins with. It stands still until played. Raises LessonRefused."""
    settings = lesson.settings
    lab = Lab.open(None, type(settings)(**{**_fields(settings), "seed": seed}), start_us=START_US)
    while not lab.ready:
        lab.advance(SLICE_US)
    carry_out(lab, lesson.prepare, look(lab))
    return lab


def _fields(settings: Any) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in settings.__slots__}


def look(lab: Lab) -> Facts:
    return facts_of(lab.view(), lab.world.now_us - START_US)


def carry_out(lab: Lab, steps: Iterable[Step], before: Facts) -> None:
    """One after the other, each to its end. Raises LessonRefused where one does not end as it should."""
    for step in steps:
        if step.until is not None:
            _wait_until(lab, step, before)
        elif step.order is not None:
            _order(lab, step, step.order.command(before, look(lab)))
        else:
            lab.advance(int(step.wait_s * SECOND_US))


def _order(lab: Lab, step: Step, command: Command) -> None:
    heard: list[Outcome] = []
    lab.do(command, heard.append)
    end_us = lab.world.now_us + int(2 * UNTIL_AT_MOST_S * SECOND_US)
    while not heard and lab.world.now_us < end_us:
        lab.advance(SLICE_US)
    if not heard:
        raise step.place.refused("the command had no answer in two minutes of the lab.")
    if heard[0].ok and step.refused:
        raise step.place.refused(f'the command was carried out; "{step.refused}" was expected.')
    if not heard[0].ok and (not step.refused or step.refused not in (heard[0].error or "")):
        raise step.place.refused(f"the command was refused: {heard[0].error}")


def _wait_until(lab: Lab, step: Step, before: Facts) -> None:
    assert step.until is not None
    end_us = lab.world.now_us + int(UNTIL_AT_MOST_S * SECOND_US)
    while not step.until.reached(before=before, now=look(lab)):
        if lab.world.now_us >= end_us:
            raise step.place.refused(f"{step.until.text} did not come true in {UNTIL_AT_MOST_S:g} s of the lab.")
        lab.advance(5 * SLICE_US)


@dataclass(frozen=True)
class Truth:
    """What comes of a section's run, and what each wrong belief says would come of it."""

    answer: Answer
    by_belief: dict[str, Answer]
    before: Facts
    after: Facts


def truth(lab: Lab, section: Section) -> Truth:
    """By a fork that runs ahead; the lab itself stays where it is."""
    fork = lab.fork()
    before = look(fork)
    carry_out(fork, section.run, before)
    return told(section.predict, before, look(fork))


def told(predict: Prediction, before: Facts, after: Facts) -> Truth:
    by_belief = {belief.name: belief.answer.value(before=before, after=after) for belief in predict.beliefs}
    return Truth(predict.answer.value(before=before, after=after), by_belief, before, after)


def same(kind: str, one: Answer, other: Answer) -> bool:
    """Whether two answers to a question of that kind say the same."""
    if kind == "number":
        return _number(one) is not None and _number(one) == _number(other)
    if kind == "set":
        return isinstance(one, list) and isinstance(other, list) and sorted(map(str, one)) == sorted(map(str, other))
    if kind == "order":
        return isinstance(one, list) and isinstance(other, list) and [*map(str, one)] == [*map(str, other)]
    return str(one) == str(other)


def _number(value: Answer) -> float | None:
    try:
        return None if isinstance(value, bool | list | dict | None) else float(value)
    except ValueError:
        return None


class Watch:
    """Looks whether a challenge's goal is reached, and has been for as long as it must."""

    def __init__(self, challenge: Challenge, before: Facts) -> None:
        self.challenge = challenge
        self.before = before
        self._since_us: int | None = None

    def reached(self, lab: Lab) -> bool:
        now_us = lab.world.now_us
        if not self.challenge.goal.reached(before=self.before, now=look(lab)):
            self._since_us = None
            return False
        if self._since_us is None:
            self._since_us = now_us
        return now_us - self._since_us >= self.challenge.holds_s * SECOND_US
