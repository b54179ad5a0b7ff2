"""The stage of a vote: a lab as it stands when a lesson's question is asked, and a hidden one that ran ahead of it.

It is shown as a demo of one card is: what is carried out is the section's run, and what comes of it is the answer.
"""

import asyncio
import logging
import secrets
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

from asgiref.sync import sync_to_async
from django.urls import reverse
from django.utils.translation import gettext as _

from kafkalab.lab import Lab
from kafkalab.lessons import Lesson, LessonRefused, Section
from kafkalab.lessons.answers import place_in_words
from kafkalab.lessons.carrying import look
from kafkalab.lessons.demo import Card, Demo, Show
from kafkalab.lessons.demo_showing import Showing
from kafkalab.lessons.expressions import Answer
from kafkalab.lessons.phases import AT_ONCE_S
from kafkalab.lessons.play import foreseeing, taking_to
from kafkalab.lessons.work import Pieces, Value, Work
from kafkalab.web.classroom import telling
from kafkalab.web.classroom.models import Room
from kafkalab.web.classroom.votes import polls
from kafkalab.web.classroom.votes.models import Vote
from kafkalab.web.course.catalogue import catalogue
from kafkalab.web.demos.stands import NoStand, Stand, stands

SEED = 1
MOST_PLACES = 40
_under_way: set["asyncio.Task[None]"] = set()


def section_of(lesson: int | None, name: str) -> tuple[Lesson, int] | None:
    """The lesson, and which of its sections."""
    found = catalogue().numbered(lesson) if lesson is not None else None
    names = [section.name for section in found.sections] if found is not None else []
    return (found, names.index(name)) if found is not None and name in names else None


def question_of(section: Section, lesson: Lesson, places: dict[str, str]) -> polls.Question:
    asked = section.predict
    choices = places if asked.kind == "place" else dict(asked.choices)
    return polls.Question(asked.ask, asked.kind, choices, lesson.number, section.name)


def places_in(lab: Lab, among: tuple[str, ...]) -> dict[str, str]:
    """The ids of what can be clicked on its stage, with their words."""
    found = lab.view().items()
    ids = [each for each, entity in found if entity["kind"] in among and not entity.get("internal")]
    return {each: place_in_words(each) for each in ids[:MOST_PLACES] if place_in_words(each)}


def stage_name(vote: Vote) -> str:
    return f"vote-{vote.mark}"


def as_demo(lesson: Lesson, index: int, name: str) -> Demo:
    section = lesson.sections[index]
    card = Card(
        place=section.place,
        title=section.title,
        say=section.question,
        ask=section.predict.ask,
        do=section.run,
        show=Show(section.place, "", ""),
        proofs=(),
    )
    settings = replace(lesson.settings, seed=SEED, name=f"vote-{lesson.number}-{secrets.token_hex(4)}")
    return Demo(lesson.place, lesson.number, name, lesson.title, settings, lesson.prepare, (card,), {})


async def done(pieces: Pieces[Value]) -> Value:
    """Others get their turn meanwhile."""
    work = Work(pieces)
    while not work.go_on(AT_ONCE_S):
        await asyncio.sleep(0)
    return work.value


async def stand_of(room: Room, vote: Vote, owner: str) -> Stand:
    """The vote's, made if need be: then the hidden answer is found as well. Raises NoStand and LessonRefused."""
    stand = stands.named(owner, f"{vote.lesson}-{stage_name(vote)}")
    if stand is not None:
        return stand
    found = section_of(vote.lesson, vote.section)
    if found is None:
        raise NoStand(_("This question has no stage of its own."))
    lesson, index = found
    section = lesson.sections[index]
    demo = as_demo(lesson, index, stage_name(vote))
    page = reverse("vote-stage", args=[room.code])
    stand = await stands.take(owner, demo, taking_to(lesson, SEED, index, demo.settings.name), page, records=False)
    stand.heat = await sync_to_async(polls.heat)(vote)

    def ran(showing: Showing) -> None:
        answer = section.predict.answer.value(before=showing.before, after=look(showing.lab))
        at_some_time(_tell_ran(vote.mark, answer))

    stand.showing.on_done = ran
    if vote.answer is None:
        key = await done(foreseeing(stand.showing.kept[0], section))
        await sync_to_async(polls.engine_says)(vote.mark, key.answer, ran=False)
    return stand


async def prepare(room: Room, vote: Vote, owner: str) -> None:
    """While the class votes."""
    try:
        await stand_of(room, vote, owner)
    except (NoStand, LessonRefused) as refused:
        logging.getLogger("django").warning("The stage of a vote cannot be made: %s", refused)


async def _tell_ran(mark: str, answer: Answer) -> None:
    room = await sync_to_async(polls.engine_says)(mark, answer, ran=True)
    if room is not None:
        await telling.tell(room, {"type": "vote"})


def show_heat(owner: str, vote: Vote | None, heat: dict[str, int]) -> None:
    """On the stage that the vote is about: its own, or the one that the presenter has open."""
    named = stands.named(owner, f"{vote.lesson}-{stage_name(vote)}") if vote is not None else None
    for stand in stands.of_owner(owner):
        stand.heat = heat if heat and stand is (named or stands.newest(owner)) else {}
        stand.tell()


def at_some_time(work: Coroutine[Any, Any, None]) -> None:
    """Nobody waits for it."""
    task = asyncio.ensure_future(work)
    _under_way.add(task)
    task.add_done_callback(_under_way.discard)


async def all_done() -> None:
    while _under_way:
        await asyncio.gather(*_under_way)
