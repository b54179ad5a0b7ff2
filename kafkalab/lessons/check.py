"""Every lesson is solved before anybody is given it: predictions, claims, goals and solutions are played.

A goal must be false before its solution and true after it; each belief must be wrong for one seed at least;
each claim of an explanation must hold for every seed; and what a hidden copy of the cluster foresees must come.
"""

from collections import Counter
from dataclasses import dataclass, field

from kafkalab.lab import Lab
from kafkalab.lessons.carrying import look
from kafkalab.lessons.expressions import Answer
from kafkalab.lessons.lesson import Lesson, Section
from kafkalab.lessons.play import carry_out, opened, same, solve, told, truth


@dataclass
class Checked:
    """What came of playing a lesson under some seeds."""

    lesson: Lesson
    seeds: int
    wrong_in: Counter[str] = field(default_factory=Counter)
    """In how many seeds each belief, by section and name, gives another answer than the engine."""
    played_us: int = 0
    """How much of the lab's time one play takes, on the last seed."""


def check(lesson: Lesson, seeds: range) -> Checked:
    """Raises LessonRefused with file and line of what does not come true."""
    checked = Checked(lesson, len(seeds))
    for seed in seeds:
        lab = opened(lesson, seed)
        began_us = lab.world.now_us
        for section in lesson.sections:
            _play(lab, section, checked)
        checked.played_us = lab.world.now_us - began_us
    for section in lesson.sections:
        for belief in section.predict.beliefs:
            if not checked.wrong_in[f"{section.name}: {belief.name}"]:
                raise belief.answer.place.refused(
                    f'the belief "{belief.name}" was right in each of {len(seeds)} seeds: it is no wrong belief.'
                )
    return checked


def _play(lab: Lab, section: Section, checked: Checked) -> None:
    carry_out(lab, section.setup, look(lab))
    foreseen = truth(lab, section).answer
    before = look(lab)
    carry_out(lab, section.run, before)
    after = look(lab)
    found = told(section.predict, before, after)
    kind, choices = section.predict.kind, section.predict.choices
    if not same(kind, foreseen, found.answer):
        words = f"a hidden copy of the cluster came to {foreseen!r}, and the cluster itself to {found.answer!r}."
        raise section.predict.answer.place.refused(words)
    if choices and str(found.answer) not in choices:
        raise section.predict.answer.place.refused(f"the engine's answer {found.answer!r} is none of the choices.")
    if kind == "place" and not _there(section.predict.among, found.answer, lab):
        words = f"the engine's answer {found.answer!r} is no {section.predict.among} on the stage."
        raise section.predict.answer.place.refused(words)
    for name, answer in found.by_belief.items():
        if not same(kind, answer, found.answer):
            checked.wrong_in[f"{section.name}: {name}"] += 1
    if section.saw is not None:
        seen = section.saw.answer.value(before=before, after=after)
        if section.saw.choices and str(seen) not in section.saw.choices:
            raise section.saw.answer.place.refused(f"what is seen, {seen!r}, is none of the choices.")
        if section.saw.kind == "place" and not _there(section.saw.among, seen, lab):
            raise section.saw.answer.place.refused(f"what is seen, {seen!r}, is no {section.saw.among} on the stage.")
    for claim in section.claims:
        if not claim.holds.holds(before=before, after=after):
            raise claim.holds.place.refused(f'"{claim.says}" does not hold: {claim.holds.text}.')
    if section.challenge is not None:
        goal = section.challenge.goal
        now = look(lab)
        if goal.reached(before=now, now=now):
            raise goal.place.refused("the goal is reached before anything was done.")
        solve(lab, section.challenge)


def _there(among: str, answer: Answer, lab: Lab) -> bool:
    return str(answer).startswith(f"{among}:") and str(answer) in lab.view()
