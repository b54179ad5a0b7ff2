"""Lessons: what an author writes, how it is checked, and how it is played on a learner's own cluster.

read_lessons(directory)            every lesson, or LessonRefused with file and line
check(lesson, range(1, 6))         plays it with its solutions under five seeds
opened(lesson, seed)               the lab it begins with
truth(lab, section)                the right answer, by a hidden fork that runs ahead, and what beliefs say
read_questions(file)               the workbook's, and exported and imported: its answers as one file
copied(answer, runs_of(texts))     how much of an answer stands in the lessons word for word
"""

from kafkalab.lessons.carrying import SLICE_US, START_US, Carrying, look
from kafkalab.lessons.check import Checked, check
from kafkalab.lessons.copied import Copied, copied, runs_of
from kafkalab.lessons.expressions import Expression
from kafkalab.lessons.facts import ROOTS, Facts
from kafkalab.lessons.lesson import Lesson, Section, Step, read_lesson, read_lessons, steps
from kafkalab.lessons.located import LessonRefused, Located, Place, read_yaml
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
    "SLICE_US",
    "START_US",
    "Book",
    "Carrying",
    "Checked",
    "Copied",
    "Entry",
    "Expression",
    "Facts",
    "Lesson",
    "LessonRefused",
    "Located",
    "Piece",
    "Place",
    "Question",
    "Section",
    "Step",
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
    "read_yaml",
    "runs_of",
    "same",
    "steps",
    "truth",
]
