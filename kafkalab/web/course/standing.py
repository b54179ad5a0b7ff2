"""How far a learner has come, worked out from deeds: lesson by lesson, and where to go on."""

from collections.abc import Iterable
from dataclasses import dataclass

from kafkalab.lessons import Lesson, Section
from kafkalab.web.course.catalogue import lesson_href
from kafkalab.web.course.models import Deed, Kind


@dataclass(frozen=True)
class Standing:
    """Of one lesson."""

    lesson: Lesson
    state: str
    """new, begun or finished"""
    seen: int
    """How many sections were run."""
    href: str


@dataclass(frozen=True)
class Resume:
    """Where to go on: a section that was not run yet, of the lesson that was touched last."""

    lesson: Lesson
    section: Section | None
    has_begun: bool
    href: str


def standings(lessons: Iterable[Lesson], deeds: Iterable[Deed]) -> list[Standing]:
    by_lesson: dict[str, list[Deed]] = {}
    for deed in deeds:
        by_lesson.setdefault(deed.lesson, []).append(deed)
    return [_standing(lesson, by_lesson.get(lesson.name, [])) for lesson in lessons]


def _standing(lesson: Lesson, deeds: list[Deed]) -> Standing:
    ran = {deed.section for deed in deeds if deed.kind == Kind.RAN}
    finished = any(deed.kind == Kind.FINISHED for deed in deeds)
    state = "finished" if finished else "begun" if deeds else "new"
    seen = sum(section.name in ran for section in lesson.sections)
    return Standing(lesson, state, seen, lesson_href(lesson))


def resume(lessons: Iterable[Lesson], deeds: list[Deed]) -> Resume | None:
    """None when everything that there is has been finished."""
    by_name = {lesson.name: lesson for lesson in lessons}
    finished = {deed.lesson for deed in deeds if deed.kind == Kind.FINISHED}
    open_ones = [deed.lesson for deed in deeds if deed.lesson in by_name and deed.lesson not in finished]
    if open_ones:
        lesson = by_name[open_ones[-1]]
        ran = {deed.section for deed in deeds if deed.lesson == lesson.name and deed.kind == Kind.RAN}
        section = next((each for each in lesson.sections if each.name not in ran), None)
        return Resume(lesson, section, True, lesson_href(lesson))
    fresh = next((lesson for lesson in by_name.values() if lesson.name not in finished), None)
    return None if fresh is None else Resume(fresh, fresh.sections[0], False, lesson_href(fresh))
