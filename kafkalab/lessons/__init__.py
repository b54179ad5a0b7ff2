"""Lessons: what an author writes, how it is checked, and how it is played on a learner's own cluster.

read_lessons(directory)            every lesson, or LessonRefused with file and line
check(lesson, range(1, 6))         plays it with its solutions under five seeds
opened(lesson, seed)               the lab it begins with
truth(lab, section)                the right answer, by a hidden fork that runs ahead, and what beliefs say
"""

from kafkalab.lessons.carrying import Carrying, look
from kafkalab.lessons.check import Checked, check
from kafkalab.lessons.facts import ROOTS
from kafkalab.lessons.lesson import Lesson, Section, read_lesson, read_lessons
from kafkalab.lessons.located import LessonRefused
from kafkalab.lessons.play import Truth, Watch, carry_out, opened, same, truth

__all__ = [
    "ROOTS",
    "Carrying",
    "Checked",
    "Lesson",
    "LessonRefused",
    "Section",
    "Truth",
    "Watch",
    "carry_out",
    "check",
    "look",
    "opened",
    "read_lesson",
    "read_lessons",
    "same",
    "truth",
]
