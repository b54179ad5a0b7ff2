"""An instructor's votes: ask, close, show, ask again, let the engine answer; and the same large, for the projector."""

from typing import Any

from asgiref.sync import sync_to_async
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from kafkalab.lessons import LessonRefused
from kafkalab.lessons.lesson import PLACES
from kafkalab.lessons.play import taking_to
from kafkalab.web.classroom import telling
from kafkalab.web.classroom.desk_pages import join_address, room_of
from kafkalab.web.classroom.models import Room
from kafkalab.web.classroom.votes import polls, stage
from kafkalab.web.classroom.votes.models import LONGEST_ASK, Vote
from kafkalab.web.course.catalogue import catalogue
from kafkalab.web.demos.stands import NoStand, stands
from kafkalab.web.demos.views import at_stand
from kafkalab.web.labs.owners import new_owner, owner_of, remember


@require_safe
@never_cache
async def page(request: HttpRequest, code: str) -> HttpResponse:
    return await _page(request, await room_of(request, code))


@require_safe
@never_cache
async def tally(request: HttpRequest, code: str) -> HttpResponse:
    """How many have voted, and what may be shown: asked for again and again while the page is open."""
    room = await room_of(request, code)
    return await sync_to_async(_rendered)(request, room, "votes/_tally.html", only_news=True)


@require_safe
@never_cache
async def wall(request: HttpRequest, code: str) -> HttpResponse:
    """For the projector: nothing that the class must not see."""
    room = await room_of(request, code)
    if request.headers.get("HX-Request") == "true":
        return await sync_to_async(_rendered)(request, room, "votes/_wall.html", only_news=True)
    return await sync_to_async(_rendered)(request, room, "votes/wall.html")


@require_safe
@never_cache
async def stage_of(request: HttpRequest, code: str) -> HttpResponse:
    """The stage of the vote, where the engine answers."""
    room = await room_of(request, code)
    vote = await sync_to_async(polls.newest)(room)
    if vote is None:
        raise Http404("Nothing has been asked in this room.")
    owner = owner_of(request) or new_owner()
    try:
        return at_stand(request, await stage.stand_of(room, vote, owner), owner)
    except (NoStand, LessonRefused) as refused:
        return await _page(request, room, str(refused), 409)


@require_POST
async def order(request: HttpRequest, code: str) -> HttpResponse:
    """The field `order` says which."""
    room = await room_of(request, code)
    asked, owner = request.POST, owner_of(request) or new_owner()
    vote = await sync_to_async(polls.newest)(room)
    if vote is not None and asked.get("vote", vote.mark) != vote.mark:
        return await _page(request, room, _("Another question has been asked meanwhile."), 409)
    try:
        match asked.get("order", ""), vote:
            case "ask_lesson", _other:
                vote = await _ask_lesson(room, asked.get("section", ""), owner)
            case "ask_own", _other:
                vote = await _ask_own(room, asked, owner)
            case "close", Vote():
                await sync_to_async(polls.close)(vote)
            case "reveal", Vote():
                await sync_to_async(polls.reveal)(vote)
                stage.show_heat(owner, vote, await sync_to_async(polls.heat)(vote))
            case "again", Vote():
                await sync_to_async(polls.again)(vote)
                stage.show_heat(owner, vote, {})
    except (polls.VoteRefused, NoStand, LessonRefused) as refused:
        return await _page(request, room, str(refused), 409)
    await telling.tell(room, {"type": "vote"})
    response: HttpResponse = redirect("votes", room.code)
    # The stage of the vote is this browser's.
    remember(response, owner, secure=request.is_secure())
    return response


async def _ask_lesson(room: Room, chosen: str, owner: str) -> Vote:
    """Its answer is found while the class votes. Raises VoteRefused, LessonRefused."""
    number, _slash, name = chosen.partition("/")
    found = stage.section_of(int(number), name) if number.isascii() and number.isdecimal() and len(number) < 3 else None
    if found is None:
        raise polls.VoteRefused(_("There is no such question."))
    lesson, index = found
    section = lesson.sections[index]
    places: dict[str, str] = {}
    if section.predict.kind == "place":
        lab = await stage.done(taking_to(lesson, stage.SEED, index))
        places = stage.places_in(lab, (section.predict.among,))
        lab.abandon()
    vote = await sync_to_async(polls.ask)(room, stage.question_of(section, lesson, places))
    stage.show_heat(owner, None, {})
    stage.at_some_time(stage.prepare(room, vote, owner))
    return vote


async def _ask_own(room: Room, asked: Any, owner: str) -> Vote:
    """Raises VoteRefused."""
    shown = stands.newest(owner)
    among = tuple(kind for kind in PLACES if asked.get("among", "") in ("", kind))
    places = stage.places_in(shown.showing.lab, among) if shown is not None else {}
    question = polls.own_question(asked.get("ask", ""), asked.get("kind", ""), asked.get("choices", ""), places)
    vote = await sync_to_async(polls.ask)(room, question)
    stage.show_heat(owner, None, {})
    return vote


async def _page(request: HttpRequest, room: Room, refusal: str = "", status: int = 200) -> HttpResponse:
    return await sync_to_async(_rendered)(request, room, "votes/votes.html", refusal, status, _on_the_card(request))


def _on_the_card(request: HttpRequest) -> str:
    """What the cue card asks that the instructor has up in a demo: it need not be typed again."""
    shown = stands.newest(owner_of(request))
    return shown.showing.card.ask if shown is not None and shown.showing.records else ""


def _rendered(
    request: HttpRequest,
    room: Room,
    template: str,
    refusal: str = "",
    status: int = 200,
    card: str = "",
    *,
    only_news: bool = False,
) -> HttpResponse:
    """With `only_news` nothing to who has it already: what he is about to press stays under his finger, and the focus
    where it is."""
    vote = polls.newest(room)
    counted = polls.tally(vote) if vote is not None else None
    known = polls.told_by(counted) if counted is not None else ""
    if only_news and request.GET.get("known") == known:
        return HttpResponse(status=204)
    percent = polls.percent_right(vote) if vote is not None else None
    context = {
        "room": room,
        "vote": vote,
        "tally": counted,
        "known": known,
        "percent": percent,
        "advice": polls.advice(percent),
        "last_round": vote is not None and vote.round >= polls.MOST_ROUNDS,
        "lessons": catalogue().lessons,
        "longest": LONGEST_ASK,
        "place_kinds": PLACES,
        "asked": request.POST,
        "card": card,
        "address": join_address(request, room),
        "refusal": refusal,
        "here": "rooms",
    }
    return render(request, template, context, status=status)
