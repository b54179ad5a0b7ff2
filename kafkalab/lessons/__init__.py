"""Lessons: what an author writes, how it is checked, and how it is played on a learner's own cluster.

read_lessons(directory)            every lesson, or LessonRefused with file and line
check(lesson, range(1, 6))         plays it with its solutions under five seeds
opened(lesson, seed)               the lab it begins with
truth(lab, section)                the right answer, by a hidden fork that runs ahead, and what beliefs say
"""

from kafkalab.lessons.check import Checked, check
from kafkalab.lessons.expressions import Expression
from kafkalab.lessons.facts import ROOTS, Facts
from kafkalab.lessons.lesson import Lesson, Section, Step, read_lesson, read_lessons, steps
from kafkalab.lessons.located import LessonRefused, Located, Place, read_yaml
from kafkalab.lessons.play import SLICE_US, START_US, Truth, Watch, carry_out, look, opened, same, truth

__all__ = [
    "ROOTS",
    "SLICE_US",
    "START_US",
    "Checked",
    "Expression",
    "Facts",
    "Lesson",
    "LessonRefused",
    "Located",
    "Place",
    "Section",
    "Step",
    "Truth",
    "Watch",
    "carry_out",
    "check",
    "look",
    "opened",
    "read_lesson",
    "read_lessons",
    "read_yaml",
    "same",
    "steps",
    "truth",
]
