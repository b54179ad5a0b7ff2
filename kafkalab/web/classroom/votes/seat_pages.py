"""A learner's vote: a page for the phone, and the same as a fragment above the stage of the seat."""

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from kafkalab.lessons.answers import in_words
from kafkalab.web.classroom.joining import seat_of
from kafkalab.web.classroom.models import Seat
from kafkalab.web.classroom.votes import polls
from kafkalab.web.classroom.votes.polls import VoteRefused


@require_safe
@never_cache
async def page(request: HttpRequest, code: str) -> HttpResponse:
    """For the phone; the script asks for the ballot again when the room is told of news."""
    seat = await seat_of(request, code)
    return await sync_to_async(_rendered)(request, seat, "votes/seat.html")


@require_safe
@never_cache
async def ballot(request: HttpRequest, code: str) -> HttpResponse:
    seat = await seat_of(request, code)
    return await sync_to_async(_rendered)(request, seat, "votes/_ballot.html")


@require_POST
async def cast(request: HttpRequest, code: str) -> HttpResponse:
    """One vote a seat: another one takes its place, as long as the round is open."""
    seat = await seat_of(request, code)
    refusal = ""
    try:
        typed = ", ".join(request.POST.getlist("said"))
        await sync_to_async(polls.cast)(seat, request.POST.get("vote", "")[:40], typed)
    except VoteRefused as refused:
        refusal = str(refused)
    if request.headers.get("HX-Request") == "true":
        return await sync_to_async(_rendered)(request, seat, "votes/_ballot.html", refusal)
    if refusal:
        return await sync_to_async(_rendered)(request, seat, "votes/seat.html", refusal, 409)
    return redirect("seat-vote", seat.room.code)


def _rendered(request: HttpRequest, seat: Seat, template: str, refusal: str = "", status: int = 200) -> HttpResponse:
    """Of what others said nothing before it is revealed."""
    vote = polls.newest(seat.room) if seat.room.is_open else None
    mine = polls.ballot_of(seat, vote) if vote is not None else None
    context = {
        "room": seat.room,
        "seat": seat,
        "vote": vote,
        "mine": mine,
        "mine_in_words": in_words(mine, vote.choices) if vote is not None and mine is not None else "",
        "tally": polls.tally(vote) if vote is not None and vote.revealed else None,
        "refusal": refusal,
        "here": "join",
    }
    return render(request, template, context, status=status)
