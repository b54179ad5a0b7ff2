"""The bar above a learner's stage, in the room's own lab and in a lesson: who one is there, and what one is told."""

from typing import Any

from asgiref.sync import sync_to_async
from django.urls import reverse

from kafkalab.web.classroom import telling
from kafkalab.web.classroom.models import Seat
from kafkalab.web.classroom.rooms import seats_with
from kafkalab.web.classroom.seat_words import WORDS
from kafkalab.web.classroom.sending import BRANCH, sent


def bar_of(seat: Seat) -> dict[str, Any]:
    """What its template needs."""
    return {
        "room": seat.room,
        "seat": seat,
        "sent": sent.is_sent(seat.room),
        "sent_url": f"{reverse('seat', args=[seat.room.code])}?branch={BRANCH}",
        "room_socket": f"/ws/rooms/{seat.room.code}/",
        "room_words": {key: str(word) for key, word in WORDS.items()},
    }


async def bar_in_lesson(owner: str, lab: str) -> dict[str, Any]:
    """Of the room that this browser joined last; nothing if that is none that is open. A pause holds there too."""
    seats = await sync_to_async(seats_with)(owner)
    if not seats:
        return {}
    telling.hold_lab(seats[0].room, lab)
    return bar_of(seats[0])
