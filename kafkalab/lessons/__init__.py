"""Lessons: what an author writes, how it is checked, and how it is played on a learner's own cluster.

read_lessons(directory)            every lesson, or LessonRefused with file and line
check(lesson, range(1, 6))         plays it with its solutions under five seeds
opened(lesson, seed)               the lab it begins with
truth(lab, section)                the right answer, by a hidden fork that runs ahead, and what beliefs say
read_questions(file)               the workbook's, and exported and imported: its answers as one file
copied(answer, runs_of(texts))     how much of an answer stands in the lessons word for word
"""

from kafkalab.lessons.carrying import Carrying, look
from kafkalab.lessons.check import Checked, check
from kafkalab.lessons.copied import Copied, copied, runs_of
from kafkalab.lessons.facts import ROOTS
from kafkalab.lessons.lesson import Lesson, Section, read_lesson, read_lessons
from kafkalab.lessons.located import LessonRefused
from kafkalab.lessons.play import Truth, Watch, carry_out, opened, same, truth
from kafkalab.lessons.workbook import (
    Book,
    Entry,
    Piece,
    Question,
    WorkbookRefused,
    clean,
    exported,
    imported,
    read_questions,
)

__all__ = [
    "ROOTS",
    "Book",
    "Carrying",
    "Checked",
    "Copied",
    "Entry",
    "Lesson",
    "LessonRefused",
    "Piece",
    "Question",
    "Section",
    "Truth",
    "Watch",
    "WorkbookRefused",
    "carry_out",
    "check",
    "clean",
    "copied",
    "exported",
    "imported",
    "look",
    "opened",
    "read_lesson",
    "read_lessons",
    "read_questions",
    "runs_of",
    "same",
    "truth",
]
