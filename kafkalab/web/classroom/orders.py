"""What an instructor does to a room: lock it, pause everybody, say something, set the timer, close it, delete it."""

from datetime import datetime, timedelta

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from kafkalab.web.classroom import telling
from kafkalab.web.classroom.desk_pages import room_of
from kafkalab.web.classroom.models import LONGEST_MESSAGE, Room
from kafkalab.web.classroom.places import all_tenants
from kafkalab.web.labs.consumers import close_those_of
from kafkalab.web.labs.open_labs import open_labs

LONGEST_TIMER_MIN = 240


@require_POST
async def order(request: HttpRequest, code: str) -> HttpResponse:
    """The field `order` says which; what there is none of changes nothing."""
    room = await room_of(request, code)
    asked = request.POST
    match asked.get("order", ""):
        case "lock":
            room.locked = True
        case "unlock":
            room.locked = False
        case "pause":
            room.paused = True
        case "go_on":
            room.paused = False
        case "say":
            room.message = " ".join(asked.get("message", "").split())[:LONGEST_MESSAGE]
        case "timer":
            room.timer_until = _until(asked.get("minutes", ""))
        case "close":
            room.closed_at, room.paused, room.spotlight = timezone.now(), False, ""
        case "open_again":
            room.closed_at = None
        case "delete" if not room.is_open:
            await _delete(room)
            return redirect("rooms")
    await sync_to_async(room.save)()
    await telling.tell_state(room)
    if not room.is_open:
        await _send_away(room)
    return redirect("room", room.code)


def _until(minutes: str) -> datetime | None:
    """None takes the timer away."""
    if not (minutes.isascii() and minutes.isdecimal() and 1 <= len(minutes) <= 3):
        return None
    return timezone.now() + timedelta(minutes=min(int(minutes), LONGEST_TIMER_MIN)) if int(minutes) else None


async def _send_away(room: Room) -> None:
    """Whoever still looks at a lab of the room comes through the gate again."""
    for tenant in all_tenants(room):
        if tenant.lab is not None:
            await close_those_of(tenant.lab)


async def _delete(room: Room) -> None:
    """With every lab in it."""
    assert open_labs.many is not None
    await _send_away(room)
    for tenant in all_tenants(room):
        open_labs.held.pop(tenant.name, None)
        open_labs.many.delete(tenant)
    await sync_to_async(room.delete)()
