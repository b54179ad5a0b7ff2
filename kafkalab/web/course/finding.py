"""Concepts by name, and search over what lessons say. What a learner has not seen yet is not given away."""

from collections.abc import Iterable
from dataclasses import dataclass

from kafkalab.lessons import Lesson
from kafkalab.web.course.catalogue import lesson_href

LONGEST_QUERY = 100
MOST_FOUND = 30
AROUND = 70
"""Characters of text on each side of what was found."""


@dataclass(frozen=True)
class Concept:
    name: str
    lessons: tuple[tuple[Lesson, str], ...]
    """Each lesson that explains it, with its sentence."""


@dataclass(frozen=True)
class Found:
    lesson: Lesson
    kind: str
    """title, concept, belief or text"""
    name: str
    """Of the concept or the section."""
    before: str
    hit: str
    after: str
    href: str


def concepts(lessons: Iterable[Lesson]) -> list[Concept]:
    by_name: dict[str, list[tuple[Lesson, str]]] = {}
    for lesson in lessons:
        for name, sentence in lesson.concepts.items():
            by_name.setdefault(name, []).append((lesson, sentence))
    return [Concept(name, tuple(found)) for name, found in sorted(by_name.items(), key=lambda each: each[0].casefold())]


def search(lessons: Iterable[Lesson], finished: set[str], query: str) -> list[Found]:
    """Texts in which every word of the query stands; titles first. An explanation only of a finished lesson."""
    words = query[:LONGEST_QUERY].casefold().split()
    if not words:
        return []
    found = [each for lesson in lessons for each in _in_lesson(lesson, lesson.name in finished, words)]
    order = ("title", "concept", "belief", "text")
    return sorted(found, key=lambda each: (order.index(each.kind), each.lesson.number))[:MOST_FOUND]


def _in_lesson(lesson: Lesson, is_finished: bool, words: list[str]) -> Iterable[Found]:
    places = [("title", "", lesson.title), ("belief", "", lesson.belief)]
    places += [("concept", name, f"{name}: {sentence}") for name, sentence in lesson.concepts.items()]
    for section in lesson.sections:
        places += [("text", section.title, text) for text in (section.title, section.question, section.predict.ask)]
        if is_finished:
            places += [("text", section.title, text) for text in (section.explanation, section.variation)]
            places += [("text", section.title, claim.says) for claim in section.claims]
    for kind, name, text in places:
        plain = " ".join(text.replace("*", "").replace("`", "").split())
        folded = plain.casefold()
        if all(word in folded for word in words):
            yield Found(lesson, kind, name, *_cut(plain, folded, words[0]), lesson_href(lesson))


def _cut(plain: str, folded: str, word: str) -> tuple[str, str, str]:
    """Around the word: what comes before it, the word as it is written, what follows."""
    if len(folded) != len(plain):
        # A letter that folds to two has moved what comes after it.
        return "", "", plain[: 2 * AROUND]
    at = folded.index(word)
    end = at + len(word)
    before = plain[:at] if at <= AROUND else f"…{plain[at - AROUND : at]}"
    after = plain[end:] if len(plain) - end <= AROUND else f"{plain[end : end + AROUND]}…"
    return before, plain[at:end], after
