"""What is kept of a vote: the question, what the engine says, and what each seat said in each round."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from kafkalab.web.classroom.models import Room, Seat

LONGEST_ASK = 500
LONGEST_SAID = 300


class State(models.TextChoices):
    OPEN = "open", _("open")
    CLOSED = "closed", _("closed")


class Vote(models.Model):
    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="votes")
    mark = models.CharField(max_length=32, unique=True)
    asked_at = models.DateTimeField()
    ask = models.CharField(max_length=LONGEST_ASK)
    kind = models.CharField(max_length=8)
    """As in a lesson: number, choice, order, set or place."""
    choices = models.JSONField(default=dict)
    """What may be said, and its words: of the kinds choice and place."""
    lesson = models.PositiveSmallIntegerField(null=True)
    """Of whose section the question is; null for one of the instructor's own."""
    section = models.CharField(max_length=60, blank=True)
    round = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    revealed = models.PositiveSmallIntegerField(default=0)
    """Of the rounds up to this one the room has been shown what was said."""
    answer = models.JSONField(null=True)
    """The engine's, found by a hidden cluster that ran ahead; nobody is told before `ran`."""
    ran = models.BooleanField(default=False)
    """The engine has shown it."""

    class Meta:
        indexes = [models.Index(fields=["room", "asked_at"], name="votes_of_a_room")]
        ordering = ["-asked_at", "-id"]

    def __str__(self) -> str:
        return str(self.ask)

    @property
    def is_open(self) -> bool:
        return bool(self.state == State.OPEN)

    @property
    def is_revealed(self) -> bool:
        """The round that there is."""
        return bool(self.revealed >= self.round)


class Ballot(models.Model):
    vote = models.ForeignKey(Vote, on_delete=models.CASCADE, related_name="ballots")
    seat = models.ForeignKey(Seat, on_delete=models.CASCADE, related_name="ballots")
    round = models.PositiveSmallIntegerField()
    said = models.JSONField()
    """A number, the name of a choice, the id of a place, or a list."""
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["vote", "seat", "round"], name="a_seat_has_one_vote_in_a_round")]
