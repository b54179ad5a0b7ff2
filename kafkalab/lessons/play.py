"""Lessons are played on a lab in lab time: commands are carried out, time passes, facts are looked at.

What the right answer to a prediction is, nobody wrote down: a hidden fork of the learner's own cluster runs
ahead and is looked at.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from kafkalab.lab import Lab
from kafkalab.lessons.carrying import SECOND_US, SLICE_US, START_US, Carrying, look
from kafkalab.lessons.expressions import Answer
from kafkalab.lessons.facts import Facts
from kafkalab.lessons.lesson import Challenge, Lesson, Prediction, Section, Step


def opened(lesson: Lesson, seed: int, name: str = "lesson", ports: tuple[int, ...] = ()) -> Lab:
    """The cluster that the lesson begins with. It stands still until played. Raises LessonRefused.

    With `ports`, one for each broker, real clients may be let in there."""
    settings = replace(lesson.settings, seed=seed, name=name)
    lab = Lab.open(None, settings, ports, start_us=START_US)
    lab.listens = bool(ports)
    while not lab.ready:
        lab.advance(SLICE_US)
    carry_out(lab, lesson.prepare, look(lab))
    return lab


def carry_out(lab: Lab, steps: Iterable[Step], before: Facts) -> None:
    """One after the other, each to its end. Raises LessonRefused where one does not end as it should."""
    carrying = Carrying(lab, steps, before)
    while not carrying.go_on():
        lab.advance(carrying.pause_us)


def taken_to(lesson: Lesson, seed: int, index: int, name: str = "lesson", ports: tuple[int, ...] = ()) -> Lab:
    """The lab as it stands when that section's question is asked, if all before was solved as the lesson does it.
    Raises LessonRefused."""
    lab = opened(lesson, seed, name, ports)
    for section in lesson.sections[:index]:
        carry_out(lab, section.setup, look(lab))
        carry_out(lab, section.run, look(lab))
        if section.challenge is not None:
            solve(lab, section.challenge)
    carry_out(lab, lesson.sections[index].setup, look(lab))
    return lab


def solve(lab: Lab, challenge: Challenge) -> None:
    """By its own solution. Raises LessonRefused where that does not reach the goal."""
    before = look(lab)
    watch = Watch(challenge, before)
    carry_out(lab, challenge.solution, before)
    end_us = lab.world.now_us + int((challenge.holds_s + 1) * SECOND_US)
    while not watch.reached(lab):
        if lab.world.now_us >= end_us:
            raise challenge.place.refused(f"the solution does not reach the goal: {challenge.goal.text}.")
        lab.advance(SLICE_US)


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

    @property
    def holding(self) -> bool:
        return self._since_us is not None

    def held_us(self, lab: Lab) -> int:
        """For how long by now; 0 where it is not reached, or was not when somebody last looked."""
        return 0 if self._since_us is None else lab.world.now_us - self._since_us
