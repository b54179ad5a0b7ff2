"""What an instructor does to a room: lock it, pause everybody, say something, set the timer, send a state, close it."""

from datetime import datetime, timedelta

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kafkalab.lab import LabsRefused, NotPossible, Tenant, parse_command
from kafkalab.web.classroom import telling
from kafkalab.web.classroom.desk_pages import room_of
from kafkalab.web.classroom.models import LONGEST_MESSAGE, Arrangement, Room, Seat
from kafkalab.web.classroom.places import (
    DESK,
    all_tenants,
    begun,
    desk_name,
    owner_name,
    place_name,
    places_of,
    tenant_of,
)
from kafkalab.web.classroom.sending import sent
from kafkalab.web.labs.consumers import close_those_of
from kafkalab.web.labs.open_labs import open_labs

LONGEST_TIMER_MIN = 240
CHANGED = ("closed_at", "locked", "paused", "message", "timer_until", "spotlight", "sent_at")
paused_here: dict[str, None] = {}
"""Labs in lab time whose clock a pause of the room has stopped: it goes on when the room does."""


class OrderRefused(Exception):
    """The message is one sentence for the instructor."""


@require_POST
async def order(request: HttpRequest, code: str) -> HttpResponse:
    """The field `order` says which. To the console's script only whether it was done, to a form the console."""
    room = await room_of(request, code)
    quietly = request.headers.get("HX-Request") == "true"
    asked = request.POST
    try:
        await _carry_out(room, asked.get("order", ""), asked.get("value", ""))
    except (OrderRefused, LabsRefused, NotPossible) as refused:
        return HttpResponse(str(refused), status=409, content_type="text/plain; charset=utf-8")
    if quietly:
        return HttpResponse(status=204)
    return redirect("room", room.code) if room.pk is not None else redirect("rooms")


async def _carry_out(room: Room, name: str, value: str) -> None:
    """Raises OrderRefused, LabsRefused and NotPossible."""
    before = {field: getattr(room, field) for field in CHANGED}
    match name:
        case "lock" | "unlock":
            room.locked = name == "lock"
        case "pause" | "go_on":
            room.paused = name == "pause"
            await _pause(room)
        case "say":
            room.message = " ".join(value.split())[:LONGEST_MESSAGE]
        case "timer":
            room.timer_until = _until(value)
        case "spotlight":
            await _check_place(room, value)
            room.spotlight = value
        case "send":
            await _send(room)
        case "begin_again":
            await _begin_again(room, value)
        case "remove":
            await _remove(room, value)
        case "lower_hands":
            await sync_to_async(Seat.objects.filter(room=room).update)(hand_at=None)
        case "close":
            room.closed_at, room.paused, room.spotlight = timezone.now(), False, ""
            sent.forget(room)
            await _pause(room)
        case "open_again":
            room.closed_at = None
        case "delete":
            await _delete(room)
            return
        case _:
            raise OrderRefused(_("There is no such order."))
    changed = [field for field, value in before.items() if getattr(room, field) != value]
    await sync_to_async(room.save)(update_fields=changed)
    await telling.tell_state(room)
    if name == "send":
        await telling.tell(room, {"type": "sent"})
    if name == "begin_again":
        await telling.tell(room, {"type": "begun_again", "place": value})
    if name == "lower_hands":
        await telling.tell(room, {"type": "hands"})
    if not room.is_open:
        await _put_to_sleep(room)


def _until(minutes: str) -> datetime | None:
    """None takes the timer away."""
    if not (minutes.isascii() and minutes.isdecimal() and len(minutes) <= 3 and int(minutes)):
        return None
    until: datetime = timezone.now() + timedelta(minutes=min(int(minutes), LONGEST_TIMER_MIN))
    return until


async def _pause(room: Room) -> None:
    """Or let all go on. Labs in lab time stand still; the clock of the wall goes on, where a real client is in."""
    telling.hold(room)
    telling.hold_lessons(room, {seat.key async for seat in Seat.objects.filter(room=room)})
    for tenant in all_tenants(room):
        lab = tenant.lab
        if lab is None or lab.time is None or tenant.owner == owner_name(room, DESK):
            continue
        if room.paused and not lab.time.paused:
            paused_here[tenant.name] = None
            lab.do(parse_command({"command": "pause_time"}), lambda outcome: None, unseen=True)
        elif not room.paused and tenant.name in paused_here:
            del paused_here[tenant.name]
            lab.do(parse_command({"command": "play_time"}), lambda outcome: None, unseen=True)


async def _check_place(room: Room, place: str) -> None:
    """Raises OrderRefused for one that is none; "" is nobody's."""
    known = {"", desk_name(room), *(each.name for each in await sync_to_async(places_of)(room))}
    if place not in known:
        raise OrderRefused(_("There is no such place in this room."))


async def _send(room: Room) -> None:
    if room.arrangement == Arrangement.SHARED:
        raise OrderRefused(_("Everybody shares your cluster already."))
    await sent.send(room)
    room.sent_at = timezone.now()


async def _begin_again(room: Room, place: str) -> None:
    await _check_place(room, place)
    tenant = tenant_of(room, place)
    if tenant is None or open_labs.many is None:
        raise OrderRefused(_("There is no such place in this room."))
    await _send_away([tenant])
    begun.pop(tenant.name, None)
    open_labs.many.begin_again(tenant)


async def _remove(room: Room, mark: str) -> None:
    """The seat, and its lab where it was its own."""
    seat = await Seat.objects.filter(room=room, mark=mark).afirst()
    if seat is None:
        raise OrderRefused(_("There is no such seat in this room."))
    place = place_name(room, seat)
    await seat.adelete()
    tenant = tenant_of(room, place)
    if tenant is not None:
        await _send_away([tenant])
        if room.arrangement == Arrangement.OWN:
            _drop(tenant)
    if room.spotlight == place and room.arrangement == Arrangement.OWN:
        room.spotlight = ""
    await telling.tell(room, {"type": "removed", "seat": mark})


async def _send_away(tenants: list[Tenant]) -> None:
    """Whoever still looks at one of these labs comes through the gate again."""
    for tenant in tenants:
        if tenant.opening is not None and open_labs.many is not None:
            # It cannot be closed half open.
            await open_labs.many.opened(tenant)
        if tenant.lab is not None:
            await close_those_of(tenant.lab)


async def _put_to_sleep(room: Room) -> None:
    """What nobody gets into needs no engine."""
    await _send_away(all_tenants(room))
    for tenant in all_tenants(room):
        if open_labs.many is not None and tenant.opening is None:
            open_labs.many.put_to_sleep(tenant)


def _drop(tenant: Tenant) -> None:
    assert open_labs.many is not None
    open_labs.held.pop(tenant.name, None)
    paused_here.pop(tenant.name, None)
    begun.pop(tenant.name, None)
    open_labs.many.delete(tenant)


async def _delete(room: Room) -> None:
    """With every lab in it."""
    if room.is_open:
        raise OrderRefused(_("Close the room first."))
    sent.forget(room)
    await _send_away(all_tenants(room))
    for tenant in all_tenants(room):
        _drop(tenant)
    await sync_to_async(room.delete)()
