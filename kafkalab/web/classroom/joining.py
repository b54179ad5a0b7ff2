"""The pages of learners: join a room by its code and a name, and come back to one's seat."""

from asgiref.sync import sync_to_async
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kafkalab.lab import BRANCH_SIGN, LabsRefused
from kafkalab.web.classroom import rooms, telling
from kafkalab.web.classroom.models import LONGEST_NAME, Room, Seat
from kafkalab.web.classroom.names import NameRefused
from kafkalab.web.classroom.places import opened, place_name, tenant_of
from kafkalab.web.classroom.seat_bar import bar_of
from kafkalab.web.classroom.sending import BRANCH, sent
from kafkalab.web.course.learner import address_of
from kafkalab.web.labs.owners import new_owner, owner_of, remember
from kafkalab.web.labs.views import on_the_stage

TOO_MANY = 429


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
async def join(request: HttpRequest, code: str = "") -> HttpResponse:
    """By the form, or by the address of the QR code, which has the code in it already."""
    address = address_of(request)
    asked = request.POST.get("code", code)
    if rooms.wrong_codes.is_shut(address):
        return _form(request, asked, refusal=_("Too many wrong codes: wait a minute."), status=TOO_MANY)
    room = await sync_to_async(rooms.room_with)(asked)
    if asked and room is None:
        rooms.wrong_codes.lets_in(address)
        return _form(request, asked, refusal=_("There is no open room with this code."), status=404)
    if room is not None and await sync_to_async(rooms.seat_with)(owner_of(request), room.code) is not None:
        return redirect("seat", room.code)
    if room is None or "name" not in request.POST:
        known = await sync_to_async(rooms.seats_with)(owner_of(request))
        return _form(request, asked, room, known=known)
    return await _sit_down(request, room)


async def _sit_down(request: HttpRequest, room: Room) -> HttpResponse:
    key = owner_of(request) or new_owner()
    typed = request.POST.get("name", "")[: 4 * LONGEST_NAME]
    try:
        await sync_to_async(rooms.sit_down)(room, key, typed)
    except (rooms.RoomRefused, NameRefused) as refused:
        return _form(request, room.code, room, typed, str(refused), status=409)
    await telling.stir(room)
    response: HttpResponse = redirect("seat", room.code)
    remember(response, key, secure=request.is_secure())
    return response


def _form(
    request: HttpRequest,
    code: str = "",
    room: Room | None = None,
    name: str = "",
    refusal: str = "",
    status: int = 200,
    known: list[Seat] | None = None,
) -> HttpResponse:
    context = {
        "code": room.code if room is not None else code[:40],
        "room": room,
        "name": name,
        "longest": LONGEST_NAME,
        "refusal": refusal,
        "known": known or [],
        "here": "join",
    }
    return render(request, "classroom/join.html", context, status=status)


async def seat_of(request: HttpRequest, code: str) -> Seat:
    """Of whoever asks. Raises Http404, with the same words whether there is no such room or no such seat."""
    seat = await sync_to_async(rooms.seat_with)(owner_of(request), code)
    if seat is None:
        raise Http404("You have no seat in such a room.")
    return seat


@require_safe
@never_cache
async def seat(request: HttpRequest, code: str) -> HttpResponse:
    """The stage of the seat's own lab, and above it what the instructor has to say."""
    key = owner_of(request)
    sitting = await sync_to_async(rooms.seat_with)(key, code)
    if sitting is None:
        return redirect("join-room", code)
    if not sitting.room.is_open:
        return render(request, "classroom/closed.html", {"room": sitting.room, "seat": sitting})
    place = place_name(sitting.room, sitting)
    try:
        lab = await opened(sitting.room, place)
    except LabsRefused as refused:
        return render(request, "classroom/closed.html", {"room": sitting.room, "why": refused}, status=409)
    telling.hold(sitting.room)
    tenant = tenant_of(sitting.room, place)
    delivered = (
        sent.deliver(sitting.room, tenant) if request.GET.get("branch") == BRANCH and tenant is not None else None
    )
    name = f"{lab.settings.name}{BRANCH_SIGN}{BRANCH}" if delivered is not None else lab.settings.name
    context = on_the_stage(request, name, delivered or lab)
    context |= bar_of(sitting) | {"place": place, "shows_sent": delivered is not None}
    return render(request, "labs/stage.html", context)


@require_POST
async def hand(request: HttpRequest, code: str) -> HttpResponse:
    """Raised, or taken down again."""
    sitting = await seat_of(request, code)
    await sync_to_async(rooms.raise_hand)(sitting, up=request.POST.get("up") == "yes")
    await telling.stir(sitting.room)
    if request.headers.get("HX-Request") == "true":
        return render(request, "classroom/_hand.html", {"room": sitting.room, "seat": sitting})
    return redirect("seat", sitting.room.code)
