"""The pages of a room's drill: the learner's stage, the console of whoever leads it, its results, and the debrief of
the class."""

import secrets
from collections import Counter
from typing import Any

from asgiref.sync import sync_to_async
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from kafkalab.drills import LessonRefused, class_report, score, timeline_rows
from kafkalab.web.classroom.desk_pages import room_of, to_log_in
from kafkalab.web.classroom.joining import seat_of
from kafkalab.web.classroom.models import Room
from kafkalab.web.classroom.places import Place, place_name, places_of
from kafkalab.web.classroom.seat_bar import bar_of
from kafkalab.web.drills.files import as_csv
from kafkalab.web.drills.pane import pane
from kafkalab.web.drills.rooms import DrillEnded, Led, begin_in, end_in, led_in
from kafkalab.web.drills.stories import drills, numbered, stories
from kafkalab.web.drills.words import WORDS
from kafkalab.web.labs.open_labs import Role

LONGEST_DELAY_S = 600
LONGEST_MIN = 240
LARGEST_SEED = 999_999
STEPS = {name.removeprefix("step_"): word for name, word in WORDS.items() if name.startswith("step_")} | {
    "paged": WORDS["step_page"],
    "impact": WORDS["step_page"],
    "verified": WORDS["hold_short"],
    "making": WORDS["making"],
    "away": WORDS["away"],
}


# -- learners ------------------------------------------------------------------------------------------


@require_safe
@never_cache
async def seat(request: HttpRequest, code: str) -> HttpResponse:
    """The stage of the place's own cluster under the drill."""
    sitting = await seat_of(request, code)
    room = sitting.room
    led = await led_in(room)
    if led is None or not room.is_open:
        return redirect("seat", room.code)
    place = place_name(room, sitting)
    try:
        desk = await led.desk_at(place)
    except DrillEnded:
        return redirect("seat", room.code)
    except LessonRefused as refused:
        context = {"story": stories()[led.drill.number], "why": refused, "here": "drills"}
        return render(request, "drills/refused.html", context, status=409)
    context = pane(request, desk) | bar_of(sitting) | {"place": place}
    return render(request, "labs/stage.html", context)


# -- whoever leads ----------------------------------------------------------------------------------------


@require_safe
@never_cache
async def console(request: HttpRequest, code: str) -> HttpResponse:
    if (away := await to_log_in(request)) is not None:
        return away
    room = await room_of(request, code)
    led = await led_in(room)
    context: dict[str, Any] = {"room": room, "here": "rooms"}
    if led is None:
        context |= {"drills": drills(), "stories": stories(), "seed": secrets.randbelow(LARGEST_SEED) + 1}
    else:
        places = await sync_to_async(places_of)(room)
        led.prepare(places)
        words = {key: str(word) for key, word in WORDS.items() if key.startswith("room_")}
        context |= {"led": led, "drill": led.drill, "story": stories()[led.drill.number], "words": words}
    return render(request, "drills/room.html", context)


@require_safe
@never_cache
async def now(request: HttpRequest, code: str) -> HttpResponse:
    """A row a place, as it stands."""
    _room, led, places = await _led_by(request, code)
    return _told(led, places)


def _told(led: Led, places: list[Place], refused: dict[str, str] | None = None) -> JsonResponse:
    rows = led.rows(places)
    called = {place.name: place.called for place in places}
    for row in rows:
        row["says"] = str(STEPS.get(row["step"], row["step"]))
    return JsonResponse(
        {
            "rows": rows,
            "ready": sum(row["pinned"] for row in rows),
            "over": sum(row["step"] in ("debrief", "verified") for row in rows),
            "refused": [(called[place], why) for place, why in (refused or {}).items()],
        }
    )


async def _led_by(request: HttpRequest, code: str) -> tuple[Room, Led, list[Place]]:
    """For its instructor alone. Raises Http404."""
    room = await room_of(request, code)
    led = await led_in(room)
    if led is None:
        raise Http404("There is no drill in this room.")
    return room, led, await sync_to_async(places_of)(room)


@require_POST
async def order(request: HttpRequest, code: str) -> HttpResponse:
    """The field `order` says what, `places` for whom; none of them is for all."""
    room = await room_of(request, code)
    asked = request.POST
    name = asked.get("order", "")
    if name == "begin":
        return await _begin(request, room)
    if name == "end":
        await end_in(room)
        return redirect("room-drill", room.code)
    _room, led, places = await _led_by(request, code)
    known = [place.name for place in places]
    # Nobody is called to a place where nobody sits.
    everybody = [place.name for place in places if place.seats]
    chosen = [place for place in known if place in asked.getlist("places")] or everybody
    match name:
        case "inject":
            delay_s = min(_number(asked.get("delay", "")), LONGEST_DELAY_S)
            herrings = [each for each in asked.getlist("herrings") if each in led.drill.herrings]
            refused = await led.to_its_end(led.inject(chosen, delay_s, herrings))
        case "script":
            refused = await led.to_its_end(led.let_script(chosen))
        case "roll_back":
            refused = await led.to_its_end(led.roll_back(chosen))
        case "stop":
            await led.to_its_end(led.stop(chosen))
            refused = {}
        case _:
            return HttpResponse(_("There is no such order."), status=409, content_type="text/plain; charset=utf-8")
    return _told(led, places, refused)


async def _begin(request: HttpRequest, room: Room) -> HttpResponse:
    asked = request.POST
    found = numbered(_number(asked.get("drill", "")))
    if found is None or not room.is_open:
        return HttpResponse(_("There is no such drill."), status=409, content_type="text/plain; charset=utf-8")
    seed = min(_number(asked.get("seed", "")), LARGEST_SEED) or 1
    stop_after_min = min(_number(asked.get("stop_after_min", "")), LONGEST_MIN)
    await begin_in(room, found, seed, stop_after_min, stop_when_broken=asked.get("stop_when_broken") == "yes")
    return redirect("room-drill", room.code)


def _number(said: str) -> int:
    """0 where none stands."""
    return int(said) if said.isascii() and said.isdecimal() and len(said) <= 6 else 0


@require_safe
@never_cache
async def watch(request: HttpRequest, code: str, place: str) -> HttpResponse:
    """The stage of that place, to look at; in the debrief it can be looked back in, on a projector too."""
    room, led, places = await _led_by(request, code)
    found = next((each for each in places if each.name == place), None)
    desk = led.desks.get(place)
    if found is None or desk is None:
        raise Http404("There is no such place, or nobody has been there yet.")
    context = pane(request, desk, Role.WATCHES) | {"room": room, "watched": found.called}
    return render(request, "labs/stage.html", context)


# -- results ----------------------------------------------------------------------------------------------


@require_safe
@never_cache
async def results(request: HttpRequest, code: str, kind: str) -> HttpResponse:
    """A post-mortem of the class as Markdown; one line a place as CSV; as JSON each with its timeline."""
    room, led, places = await _led_by(request, code)
    rows = led.rows(places)
    if kind == "md":
        found = [(each.called, led.desks[each.name].duty.incident) for each in places if each.name in led.desks]
        answer = HttpResponse(class_report(led.drill, led.seed, found), content_type="text/markdown; charset=utf-8")
    elif kind == "csv":
        answer = HttpResponse(as_csv(rows), content_type="text/csv; charset=utf-8")
    else:
        desks = {name: desk.duty.incident for name, desk in led.desks.items()}
        whole = [
            row | {"written": desks[row["place"]].written, "timeline": timeline_rows(desks[row["place"]])}
            if row["place"] in desks
            else row
            for row in rows
        ]
        answer = JsonResponse({"room": room.title, "drill": led.drill.title, "seed": led.seed, "places": whole})
    called = f"room-{room.code}-drill-{led.drill.number}.{kind}"
    answer["Content-Disposition"] = f'attachment; filename="{called}"'
    return answer


@require_safe
@never_cache
async def debrief(request: HttpRequest, code: str) -> HttpResponse:
    """For the projector: how the class got on, without a name, and what broke once everybody is done."""
    room, led, places = await _led_by(request, code)
    context = {"room": room, "story": stories()[led.drill.number], "drill": led.drill} | told_to_class(led, places)
    return render(request, "drills/class_debrief.html", context)


def told_to_class(led: Led, places: list[Place]) -> dict[str, Any]:
    """What broke is told as soon as nobody is at it any more."""
    incidents = [
        led.desks[place.name].duty.incident
        for place in places
        if place.name in led.desks and led.desks[place.name].duty.incident.injected_us is not None
    ]
    over = [each for each in incidents if each.over_us is not None]
    guesses = Counter(each.guesses[0] for each in over if each.guesses)
    bars: dict[str, list[float]] = {bar.name: [] for each in over[:1] for bar in score(each)}
    for each in over:
        for bar in score(each):
            bars[bar.name].append(bar.filled)
    done = bool(over) and len(over) == len(incidents)
    written = [each.written for each in over if each.written]
    choices = led.drill.diagnosis.choices
    return {
        "places": len(incidents),
        "over": len(over),
        "won": sum(each.won for each in over),
        "done": done,
        "bars": [(WORDS[f"bar_{name}"], sorted(filled)) for name, filled in bars.items()],
        "guesses": [(choices[name], count, name == over[0].cause) for name, count in guesses.most_common()]
        if done
        else [],
        "rules": [each["rule"] for each in written if each.get("rule")][:12],
        "alerts": [each["alert"] for each in written if each.get("alert")][:12],
    }
