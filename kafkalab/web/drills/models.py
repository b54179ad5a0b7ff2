"""What is kept of an incident, so that it goes on after the process has ended, and of one that is over."""

from django.db import models


class Kept(models.Model):
    """One incident. What is said of somebody is the key of a browser or a seat, and no name."""

    owner = models.CharField(max_length=64)
    lab = models.CharField(max_length=80)
    drill = models.PositiveIntegerField()
    """Its number."""
    seed = models.PositiveIntegerField()
    room = models.CharField(max_length=40, blank=True)
    """By what whoever led it calls the room; "" where somebody played alone."""
    of = models.PositiveIntegerField(default=0)
    """The number of the room's drill."""
    head = models.TextField()
    """The first line of the lab's tape."""
    briefed = models.BooleanField(default=False)
    state = models.JSONField()
    moments = models.TextField()
    real_clients = models.BooleanField(default=False)
    """Some took part: what they sent is on no tape."""
    over = models.BooleanField(default=False)
    began_at = models.DateTimeField(auto_now_add=True)
    at = models.DateTimeField(auto_now=True)

    class Meta:
        indexes = [
            models.Index(fields=["owner", "drill", "at"], name="incidents_of_a_learner"),
            models.Index(fields=["room", "at"], name="incidents_of_a_room"),
        ]

    def __str__(self) -> str:
        return f"{self.lab}: drill {self.drill}, seed {self.seed}"


class KeptLine(models.Model):
    """One more order on the tape, or one more entry of the timeline, as JSON."""

    TAPE, TIMELINE = "tape", "timeline"

    kept = models.ForeignKey(Kept, on_delete=models.CASCADE, related_name="lines")
    kind = models.CharField(max_length=8)
    number = models.PositiveIntegerField()
    text = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kept", "kind", "number"], name="a_line_is_there_once")]
        ordering = ["number"]


class RoomDrill(models.Model):
    """The drill of a room: there is one at a time."""

    room = models.CharField(max_length=40)
    """Its mark."""
    drill = models.PositiveIntegerField()
    seed = models.PositiveIntegerField()
    stop_after_min = models.PositiveSmallIntegerField(default=0)
    """After so many minutes it ends for whoever is not done; 0: it does not."""
    stop_when_broken = models.BooleanField(default=False)
    """It ends for whomever something happened that must never happen."""
    began_at = models.DateTimeField(auto_now_add=True)
    closed = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["room", "closed"], name="drills_of_a_room")]

    def __str__(self) -> str:
        return f"drill {self.drill} in room {self.room}"
