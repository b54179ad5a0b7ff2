"""The lessons that there are, read again when a file changes; one that does not hold is left out and named."""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from django.conf import settings
from django.urls import reverse

from kafkalab.lessons import Lesson, LessonRefused, Question, read_lesson, read_questions, runs_of

LESSONS = settings.BASE_DIR / "fixtures" / "lessons"
WORKBOOK = settings.BASE_DIR / "fixtures" / "workbook.yaml"


@dataclass(frozen=True)
class Catalogue:
    lessons: tuple[Lesson, ...]
    """By number."""
    refusals: tuple[str, ...]
    """Of files that are no lessons as they stand: file, line, and why."""
    questions: tuple[Question, ...]

    @cached_property
    def runs(self) -> frozenset[tuple[str, ...]]:
        """Of words, in everything that the lessons say: what an answer may have been copied from."""
        return runs_of(each for lesson in self.lessons for each in texts_of(lesson))

    def numbered(self, number: int) -> Lesson | None:
        return next((lesson for lesson in self.lessons if lesson.number == number), None)

    def after(self, lesson: Lesson) -> Lesson | None:
        """The one that follows; None after the last."""
        return next((each for each in self.lessons if each.number > lesson.number), None)

    def helping(self, question: str) -> tuple[Lesson, ...]:
        """Those that lead to an answer to it."""
        return tuple(lesson for lesson in self.lessons if question in lesson.questions)


def catalogue() -> Catalogue:
    files = sorted(LESSONS.glob("[0-9]*.md"))
    return _read(tuple((file, file.stat().st_mtime_ns) for file in (*files, WORKBOOK)))


@lru_cache(maxsize=2)
def _read(stamped: tuple[tuple[Path, int], ...]) -> Catalogue:
    lessons, refusals = [], []
    for file, _ in stamped[:-1]:
        try:
            lessons.append(read_lesson(file))
        except LessonRefused as refused:
            refusals.append(str(refused))
    lessons.sort(key=lambda lesson: lesson.number)
    return Catalogue(tuple(lessons), tuple(refusals), read_questions(WORKBOOK))


def lesson_href(lesson: Lesson) -> str:
    """Where it is played."""
    return str(reverse("lesson", args=(lesson.number, lesson.name)))


def texts_of(lesson: Lesson) -> list[str]:
    """Everything that the lesson tells, in its own words."""
    told = [lesson.title, lesson.belief, *lesson.concepts.values(), *lesson.simplifications]
    for section in lesson.sections:
        told += [section.question, section.explanation, section.variation, section.predict.ask]
        told += [belief.says for belief in section.predict.beliefs]
        told += [claim.says for claim in section.claims]
    return [text for text in told if text]
