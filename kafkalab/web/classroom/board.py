"""What the instructor's console shows: a tile a seat, who is stuck first.

Who has raised a hand comes first, in the order of the hands. Then whoever has made no step for longest, where each
hint that was asked for counts as two minutes more and a wrong prediction as one; who has finished a lesson and begun
no other comes last. A step is a deed in the course or a command in the lab.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from asgiref.sync import sync_to_async
from django.utils import timezone

from kafkalab.web.classroom.capacity import Capacity
from kafkalab.web.classroom.models import Room, Seat
from kafkalab.web.classroom.notes import Note, Notes, in_the_course
from kafkalab.web.classroom.places import (
    DESK,
    Place,
    on_call_at,
    place_name,
    places_of,
    spotlit,
    team_called,
    tenant_of,
)
from kafkalab.web.course.catalogue import catalogue

HINT_MIN = 2
WRONG_MIN = 1


@dataclass(frozen=True)
class Row:
    seat: Seat
    note: Note
    place: str
    course: dict[str, Any]


@dataclass
class Board:
    """Of one console that is open."""

    mark: str
    """Of the room."""
    _notes: Notes = field(default_factory=Notes)
    _capacity: Capacity = field(default_factory=Capacity)

    async def look(self, here: dict[str, int]) -> dict[str, Any] | None:
        """`here` counts the open pages by the marks of seats. None when the room is gone."""
        read = await sync_to_async(self._read)()
        if read is None:
            return None
        room, rows, places = read
        now = timezone.now()
        tiles = [
            tile(room, row, now, here.get(row.seat.mark, 0)) for row in sorted(rows, key=lambda row: rank(row, now))
        ]
        return {
            "type": "board",
            "tiles": tiles,
            "places": [{"place": each.name, "called": each.called, **lab_of(room, each.name)} for each in places],
            "desk": lab_of(room, DESK),
            "spotlight": room.spotlight,
            "projected": spotlit(room),
            "sent": room.sent_at is not None,
            "hands": sum(row.seat.hand_at is not None for row in rows),
            "capacity": self._capacity.told(),
        }

    def _read(self) -> tuple[Room, list[Row], list[Place]] | None:
        room = Room.objects.filter(mark=self.mark).first()
        if room is None:
            return None
        seats = list(room.seats.all())
        notes = self._notes.look(room, seats)
        places = places_of(room) if room.teams else []
        # Lessons are read here in the thread: the first time it takes a moment.
        lessons = {lesson.name: lesson for lesson in catalogue().lessons}
        rows = [
            Row(seat, notes[seat.mark], place_name(room, seat), in_the_course(notes[seat.mark], lessons))
            for seat in seats
        ]
        return room, rows, places


def step_at(row: Row) -> datetime:
    found = [at for at in (row.seat.joined_at, row.seat.did_at, row.note.at) if at is not None]
    return max(found)


def idle_min(row: Row, now: datetime) -> int:
    return max(0, int((now - step_at(row)).total_seconds() // 60))


def rank(row: Row, now: datetime) -> tuple[int, float, str]:
    """The smallest comes first."""
    if row.seat.hand_at is not None:
        return 0, row.seat.hand_at.timestamp(), row.seat.mark
    note = row.note
    if note.finished:
        return 2, step_at(row).timestamp(), row.seat.mark
    stuck_min = (now - step_at(row)).total_seconds() / 60 + HINT_MIN * note.hints + WRONG_MIN * (note.right is False)
    return 1, -stuck_min, row.seat.mark


def tile(room: Room, row: Row, now: datetime, here: int) -> dict[str, Any]:
    seat = row.seat
    hand_min = int((now - seat.hand_at).total_seconds() // 60) if seat.hand_at is not None else None
    return {
        "mark": seat.mark,
        "name": seat.name,
        "team": team_called(seat.team) if seat.team else "",
        "place": row.place,
        "here": here > 0,
        "hand_min": hand_min,
        "idle_min": idle_min(row, now),
        "did": seat.did,
        **row.course,
        **lab_of(room, row.place),
    }


def lab_of(room: Room, place: str) -> dict[str, Any]:
    tenant = tenant_of(room, place)
    if drilled := on_call_at(room, place):
        return {"lab": tenant.name if tenant is not None else drilled, "state": "drill"}
    if tenant is None:
        return {"lab": "", "state": "none"}
    state = "broken" if tenant.broken else "awake" if tenant.gateway is not None else "asleep"
    return {"lab": tenant.name, "state": state}
