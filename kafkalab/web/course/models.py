"""What is kept of a learner: deeds, answers and their evidence, and nothing about the person.

A learner is the key of a browser (`kafkalab.web.labs.owners`) or, once the browser was attached to an account,
that of the account (`kafkalab.web.course.shelves`).
"""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

LONGEST_NAME = 60


class Kind(models.TextChoices):
    """What a learner can do in a lesson."""

    OPENED = "opened", _("opened")
    PREDICTED = "predicted", _("predicted")
    RAN = "ran", _("ran")
    SAW = "saw", _("saw")
    SOLVED = "solved", _("solved")
    HINTED = "hinted", _("asked for a hint")
    RESTORED = "restored", _("restored")
    FINISHED = "finished", _("finished")


class Deed(models.Model):
    """One thing that a learner did, and never changed afterwards."""

    learner = models.CharField(max_length=64)
    mark = models.CharField(max_length=32)
    """Random, and the same wherever the deed is carried: by it nothing is there twice."""
    lesson = models.CharField(max_length=LONGEST_NAME)
    section = models.CharField(max_length=LONGEST_NAME, blank=True)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    detail = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["learner", "mark"], name="a_deed_is_there_once")]
        indexes = [models.Index(fields=["learner", "at"], name="deeds_of_a_learner")]

    def __str__(self) -> str:
        return f"{self.lesson}/{self.section} {self.kind}"


class Answer(models.Model):
    """A learner's own words to one question of the workbook, in Markdown."""

    learner = models.CharField(max_length=64)
    question = models.CharField(max_length=8)
    text = models.TextField(blank=True)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["learner", "question"], name="one_answer_to_a_question")]


class Evidence(models.Model):
    """What a learner attached to an answer: a picture of the stage, a command and its output, a prediction."""

    learner = models.CharField(max_length=64)
    question = models.CharField(max_length=8)
    mark = models.CharField(max_length=32)
    kind = models.CharField(max_length=12)
    title = models.CharField(max_length=200)
    content = models.TextField()
    """Text; of a picture the data URI."""
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["learner", "mark"], name="a_piece_of_evidence_is_there_once")]
        ordering = ["at", "id"]


class CarryCode(models.Model):
    """A code that was shown to a learner, as its digest: who reads the table cannot use it."""

    digest = models.CharField(max_length=64, unique=True)
    learner = models.CharField(max_length=64)
    until = models.DateTimeField()


class Attached(models.Model):
    """A browser that belongs to an account until somebody logs out there."""

    learner = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
