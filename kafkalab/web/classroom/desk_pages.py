"""The pages of instructors: see one's rooms, open one, and its console."""

import io
from contextlib import suppress
from typing import Any

import segno
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from kafkalab.lab import LabsRefused
from kafkalab.web.classroom import desks, rooms, telling
from kafkalab.web.classroom.console_words import PROJECTOR_WORDS, WORDS
from kafkalab.web.classroom.models import LONGEST_MESSAGE, LONGEST_TITLE, Arrangement, Room
from kafkalab.web.classroom.places import DESK, desk_name, on_call_at, opened, places_of, spotlit, tenant_of
from kafkalab.web.labs.open_labs import Role, open_labs
from kafkalab.web.labs.views import on_the_stage


async def instructor_of(request: HttpRequest) -> User | None:
    """Who asks, if that is an instructor."""
    user = await request.auser()
    return user if isinstance(user, User) and desks.is_instructor(user) else None


async def room_of(request: HttpRequest, code: str) -> Room:
    """For its instructor alone. Raises Http404, with the same words whether there is none or it is somebody else's."""
    user = await instructor_of(request)
    mine = Room.objects.filter(code=code, instructor=user)
    room: Room | None = await mine.afirst() if user is not None else None
    if room is None:
        raise Http404("You have no such room.")
    return room


async def to_log_in(request: HttpRequest) -> HttpResponse | None:
    """None for an instructor."""
    if await instructor_of(request) is not None:
        return None
    return redirect(f"{reverse('instructor')}?next={request.path}")


@require_safe
@never_cache
async def all_rooms(request: HttpRequest) -> HttpResponse:
    if (away := await to_log_in(request)) is not None:
        return away
    return await _listed(request)


async def _listed(request: HttpRequest, refusal: str = "", status: int = 200) -> HttpResponse:
    user = await instructor_of(request)
    mine = [
        (room, await room.seats.acount())
        async for room in Room.objects.filter(instructor=user).order_by("closed_at", "-opened_at")
    ]
    context = {
        "rooms": [row for row in mine if row[0].is_open],
        "closed": [row for row in mine if not row[0].is_open],
        "arrangements": Arrangement.choices,
        "most_teams": rooms.MOST_TEAMS,
        "longest": LONGEST_TITLE,
        "refusal": refusal,
        "asked": request.POST,
        "user": user,
        "here": "rooms",
    }
    return render(request, "classroom/rooms.html", context, status=status)


@require_POST
async def new_room(request: HttpRequest) -> HttpResponse:
    user = await instructor_of(request)
    if user is None:
        raise Http404("Only an instructor opens rooms.")
    asked = request.POST
    teams = asked.get("teams", "")
    try:
        room = await sync_to_async(rooms.open_room)(
            user,
            asked.get("title", "")[:200],
            asked.get("arrangement", ""),
            int(teams) if teams.isascii() and teams.isdecimal() and len(teams) < 4 else 0,
        )
    except rooms.RoomRefused as refused:
        return await _listed(request, str(refused), status=409)
    response: HttpResponse = redirect("room", room.code)
    return response


@require_safe
@never_cache
async def console(request: HttpRequest, code: str) -> HttpResponse:
    if (away := await to_log_in(request)) is not None:
        return away
    room = await room_of(request, code)
    telling.hold(room)
    context = {
        "room": room,
        "address": join_address(request, room),
        "longest": LONGEST_MESSAGE,
        "own_clients": open_labs.own is not None,
        "desk": desk_name(room),
        "is_shared": desk_name(room) != DESK,
        "words": {key: str(word) for key, word in WORDS.items()},
        "room_socket": f"/ws/rooms/{room.code}/console/",
    }
    return render(request, "classroom/console.html", context)


@require_safe
@never_cache
async def desk(request: HttpRequest, code: str) -> HttpResponse:
    """To the instructor's own lab in that room."""
    if (away := await to_log_in(request)) is not None:
        return away
    room = await room_of(request, code)
    try:
        lab = await opened(room, desk_name(room))
    except LabsRefused as refused:
        return render(request, "classroom/closed.html", {"room": room, "why": refused}, status=409)
    return redirect("stage", lab.settings.name)


@require_safe
@never_cache
async def watch(request: HttpRequest, code: str, place: str) -> HttpResponse:
    """The stage of that place's lab, to look at and to look back in."""
    if (away := await to_log_in(request)) is not None:
        return away
    room = await room_of(request, code)
    found = next((each for each in await sync_to_async(places_of)(room) if each.name == place), None)
    if found is not None and on_call_at(room, place):
        return redirect("room-drill-watch", room.code, place)
    if found is None or tenant_of(room, place) is None:
        raise Http404("There is no such place, or nobody has been there yet.")
    try:
        lab = await opened(room, place)
    except LabsRefused as refused:
        return render(request, "classroom/closed.html", {"room": room, "why": refused}, status=409)
    staged = on_the_stage(request, lab.settings.name, lab, Role.WATCHES)
    return render(request, "labs/stage.html", staged | {"room": room, "watched": found.called})


@require_safe
@never_cache
async def projector(request: HttpRequest, code: str) -> HttpResponse:
    """What the class sees: how to join, or the lab in the spotlight, of which nothing says whose it is.

    While the room has a drill that is the cluster of the drill."""
    if (away := await to_log_in(request)) is not None:
        return away
    room = await room_of(request, code)
    context: dict[str, Any] = {
        "room": room,
        "address": join_address(request, room),
        "room_socket": f"/ws/rooms/{room.code}/console/",
        "room_words": {key: str(word) for key, word in PROJECTOR_WORDS.items()},
        "projected": spotlit(room),
    }
    lit = room.spotlight if room.is_open else ""
    private = open_labs.private.get(on_call_at(room, lit)) if lit else None
    lab = private.lab if private is not None else None
    if lab is None and lit and tenant_of(room, lit) is not None:
        # Where too many others are in use the wall stays as it was.
        with suppress(LabsRefused):
            lab = await opened(room, lit)
    if lab is None:
        return render(request, "classroom/projector.html", context)
    staged = on_the_stage(request, lab.settings.name, lab, Role.WATCHES)
    staged |= context | {"projector": True, "lab": staged["lab"] | {"name": _("Spotlight")}}
    if private is not None:
        staged["socket"] = private.socket
    return render(request, "labs/stage.html", staged)


def join_address(request: HttpRequest, room: Room) -> str:
    """Where learners join, as the instructor has come here."""
    return str(request.build_absolute_uri(reverse("join-room", args=[room.code])))


@require_safe
@never_cache
async def join_picture(request: HttpRequest, code: str) -> HttpResponse:
    """That address as a QR code, an SVG picture."""
    room = await room_of(request, code)
    picture = io.BytesIO()
    segno.make(join_address(request, room), error="m", micro=False).save(
        picture, kind="svg", scale=4, border=2, nl=False
    )
    return HttpResponse(picture.getvalue(), content_type="image/svg+xml")
