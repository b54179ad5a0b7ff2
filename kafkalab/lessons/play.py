"""Lessons are played on a lab in lab time: commands are carried out, time passes, facts are looked at.

What the right answer to a prediction is, nobody wrote down: a hidden fork of the learner's own cluster runs
ahead and is looked at.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from kafkalab.lab import Lab, Ports
from kafkalab.lessons.carrying import SECOND_US, SLICE_US, START_US, Carrying, look
from kafkalab.lessons.expressions import Answer
from kafkalab.lessons.facts import Facts
from kafkalab.lessons.lesson import Challenge, Lesson, Prediction, Section, Step
from kafkalab.lessons.work import Pieces, at_once

PIECE_US = 200_000
"""Of the lab's time at once, where others wait for their turn."""


def opened(lesson: Lesson, seed: int, name: str = "lesson", ports: Ports | None = None) -> Lab:
    """The cluster that the lesson begins with. It stands still until played. Raises LessonRefused.

    With `ports`, one for each broker, real clients may be let in there."""
    return at_once(_opening(lesson, seed, name, ports, START_US))


def _opening(lesson: Lesson, seed: int, name: str, ports: Ports | None, start_us: int) -> Pieces[Lab]:
    settings = replace(lesson.settings, seed=seed, name=name)
    lab = Lab.open(None, settings, ports, start_us=start_us)
    lab.listens = bool(ports)
    while not lab.ready:
        lab.advance(SLICE_US)
        yield
    yield from _carrying_out(lab, lesson.prepare, look(lab))
    return lab


def carry_out(lab: Lab, steps: Iterable[Step], before: Facts) -> None:
    """One after the other, each to its end. Raises LessonRefused where one does not end as it should."""
    at_once(_carrying_out(lab, steps, before))


def _carrying_out(lab: Lab, steps: Iterable[Step], before: Facts) -> Pieces[None]:
    carrying = Carrying(lab, steps, before)
    while not carrying.go_on():
        lab.advance(min(carrying.pause_us, PIECE_US))
        yield


def taking_to(
    lesson: Lesson, seed: int, index: int, name: str = "lesson", ports: Ports | None = None, start_us: int = START_US
) -> Pieces[Lab]:
    """The lab as it stands when that section's question is asked, if all before was solved as the lesson does it.
    Raises LessonRefused."""
    lab = yield from _opening(lesson, seed, name, ports, start_us)
    for section in lesson.sections[:index]:
        yield from _carrying_out(lab, section.setup, look(lab))
        yield from _carrying_out(lab, section.run, look(lab))
        if section.challenge is not None:
            yield from _solving(lab, section.challenge)
    yield from _carrying_out(lab, lesson.sections[index].setup, look(lab))
    return lab


def solve(lab: Lab, challenge: Challenge) -> None:
    """By its own solution. Raises LessonRefused where that does not reach the goal."""
    at_once(_solving(lab, challenge))


def _solving(lab: Lab, challenge: Challenge) -> Pieces[None]:
    before = look(lab)
    watch = Watch(challenge, before)
    yield from _carrying_out(lab, challenge.solution, before)
    end_us = lab.world.now_us + int((challenge.holds_s + 1) * SECOND_US)
    while not watch.reached(lab):
        if lab.world.now_us >= end_us:
            raise challenge.place.refused(f"the solution does not reach the goal: {challenge.goal.text}.")
        lab.advance(SLICE_US)
        yield


@dataclass(frozen=True)
class Truth:
    """What comes of a section's run, and what each wrong belief says would come of it."""

    answer: Answer
    by_belief: dict[str, Answer]
    before: Facts
    after: Facts


def truth(lab: Lab, section: Section) -> Truth:
    """By a fork that runs ahead; the lab itself stays where it is."""
    return at_once(foreseeing(lab, section))


def foreseeing(lab: Lab, section: Section) -> Pieces[Truth]:
    """The same, from how the lab stands now. Raises LessonRefused when it comes to that."""
    return _running_ahead(lab.fork(), section)


def _running_ahead(fork: Lab, section: Section) -> Pieces[Truth]:
    before = look(fork)
    yield from _carrying_out(fork, section.run, before)
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
