"""What a learner has found out: rules that a cluster showed, and how well confidence and being right go together.

Only the first run of a section counts, since whoever runs it again knows what comes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from kafkalab.lessons import Lesson, Section
from kafkalab.web.course.catalogue import lesson_href
from kafkalab.web.course.models import Deed, Kind

SURE = 75
"""Percent from which on somebody was sure."""
BANDS = ((0, 50), (50, 75), (75, 101))
FEW = 3
"""Below so many predictions of a band nothing is said of it."""


@dataclass(frozen=True)
class Rule:
    """One prediction that was put to the test."""

    lesson: Lesson
    section: Section
    kind: str
    """corrected: sure, and wrong. found: wrong. known: right."""
    belief: str
    """What the wrong one says, where it was one of those that the lesson knows."""
    said: str
    answer: str
    confidence: int | None
    href: str

    @property
    def shown(self) -> list[str]:
        """What the cluster showed, as sentences that hold."""
        return [claim.says for claim in self.section.claims]


@dataclass(frozen=True)
class Band:
    """Predictions that were given with about the same confidence."""

    least: int
    most: int
    given: int
    right: int

    @property
    def percent(self) -> int:
        return round(100 * self.right / self.given) if self.given else 0

    @property
    def tells(self) -> bool:
        return self.given >= FEW


@dataclass(frozen=True)
class FoundOut:
    rules: tuple[Rule, ...]
    bands: tuple[Band, ...]
    solved: int
    """Challenges, by the learner's own doing."""
    unaided: int
    """Of those, without a hint."""

    @property
    def by_kind(self) -> dict[str, list[Rule]]:
        kinds = ("corrected", "found", "known")
        return {kind: [rule for rule in self.rules if rule.kind == kind] for kind in kinds}

    @property
    def was_too_sure(self) -> bool:
        """Sure is at least 75 %; whoever says so should be right about as often."""
        sure = self.bands[-1]
        return sure.tells and sure.percent < sure.least


def found_out(lessons: Iterable[Lesson], deeds: list[Deed]) -> FoundOut:
    sections = {(lesson.name, each.name): (lesson, each) for lesson in lessons for each in lesson.sections}
    first: dict[tuple[str, str], Deed] = {}
    for deed in deeds:
        at = (deed.lesson, deed.section)
        if deed.kind == Kind.RAN and at in sections and isinstance(deed.detail.get("right"), bool):
            first.setdefault(at, deed)
    rules = tuple(_rule(*sections[at], deed) for at, deed in first.items())
    hinted = {(deed.lesson, deed.section) for deed in deeds if deed.kind == Kind.HINTED}
    solved = {
        (deed.lesson, deed.section)
        for deed in deeds
        if deed.kind == Kind.SOLVED and deed.detail.get("by", "learner") == "learner"
    }
    return FoundOut(rules, tuple(_band(*edges, rules) for edges in BANDS), len(solved), len(solved - hinted))


def _rule(lesson: Lesson, section: Section, deed: Deed) -> Rule:
    detail = deed.detail
    confidence = _confidence(detail)
    known = {belief.name: belief.says for belief in section.predict.beliefs}
    belief = known.get(str(detail.get("belief", "")), "")
    right = detail["right"] is True
    kind = "known" if right else "corrected" if confidence is not None and confidence >= SURE else "found"
    said, answer = (in_words(section, detail.get(each)) for each in ("said", "answer"))
    return Rule(lesson, section, kind, belief, said, answer, confidence, lesson_href(lesson))


def _confidence(detail: dict[str, Any]) -> int | None:
    found = detail.get("confidence")
    return int(found) if isinstance(found, int | float) and 0 <= found <= 100 else None


def _band(least: int, most: int, rules: tuple[Rule, ...]) -> Band:
    inside = [rule for rule in rules if rule.confidence is not None and least <= rule.confidence < most]
    return Band(least, most - 1 if most <= 100 else 100, len(inside), sum(rule.kind == "known" for rule in inside))


def in_words(section: Section, value: object) -> str:
    """An answer as a learner reads it: a choice by its text, a list by its members."""
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(in_words(section, each) for each in value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return section.predict.choices.get(str(value), str(value))
