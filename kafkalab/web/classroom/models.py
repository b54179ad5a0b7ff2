"""What is kept of a room: who holds it, who sits where, and how it stands just now.

A seat is the key of a browser (`kafkalab.web.labs.owners`) and a name that its learner chose. The labs lie beside the
database, in the data directory: `kafkalab.web.classroom.places` tells which is whose.
"""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

LONGEST_NAME = 30
LONGEST_TITLE = 80
LONGEST_MESSAGE = 300
LONGEST_LINE = 200


class Arrangement(models.TextChoices):
    OWN = "own", _("each learner has a cluster of their own")
    TEAMS = "teams", _("teams share a cluster")
    SHARED = "shared", _("everybody shares one cluster")


class Room(models.Model):
    mark = models.CharField(max_length=32, unique=True)
    """By which programs know it. Its labs have it in their owner's name."""
    code = models.CharField(max_length=6, unique=True)
    """By which people join."""
    title = models.CharField(max_length=LONGEST_TITLE)
    instructor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="rooms")
    arrangement = models.CharField(max_length=8, choices=Arrangement.choices, default=Arrangement.OWN)
    teams = models.PositiveSmallIntegerField(default=0)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    locked = models.BooleanField(default=False)
    """Nobody new comes in."""
    paused = models.BooleanField(default=False)
    """Nobody acts but the instructor."""
    message = models.CharField(max_length=LONGEST_MESSAGE, blank=True)
    timer_until = models.DateTimeField(null=True)
    spotlight = models.CharField(max_length=48, blank=True)
    """The place whose lab the projector shows, as `places` names it; "" for none."""
    sent_at = models.DateTimeField(null=True)
    """When the instructor's state went to everybody the last time."""

    def __str__(self) -> str:
        return f"{self.title} ({self.code})"

    @property
    def is_open(self) -> bool:
        return self.closed_at is None


class Seat(models.Model):
    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="seats")
    mark = models.CharField(max_length=32, unique=True)
    """By which the instructor's page knows it: nobody sits down with it."""
    key = models.CharField(max_length=64)
    """Of the browser."""
    name = models.CharField(max_length=LONGEST_NAME)
    folded = models.CharField(max_length=4 * LONGEST_NAME)
    """What two names that look alike have in common."""
    team = models.PositiveSmallIntegerField(default=0)
    joined_at = models.DateTimeField()
    hand_at = models.DateTimeField(null=True)
    """When it was raised, while it is."""
    did = models.CharField(max_length=LONGEST_LINE, blank=True)
    """The last command that was carried out in its lab, as a line."""
    did_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["room", "key"], name="a_browser_has_one_seat_in_a_room"),
            models.UniqueConstraint(fields=["room", "folded"], name="a_name_is_there_once_in_a_room"),
        ]
        indexes = [models.Index(fields=["key"], name="seats_of_a_browser")]
        ordering = ["joined_at", "id"]

    def __str__(self) -> str:
        return str(self.name)
