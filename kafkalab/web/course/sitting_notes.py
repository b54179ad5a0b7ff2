"""What a learner does in a lesson is told to the store of progress, and where he was is found there again."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from django.db import DatabaseError

from kafkalab.lessons import Lesson
from kafkalab.web.course.models import Deed, Kind
from kafkalab.web.course.progress import deeds_of_later, note_later
from kafkalab.web.course.sitting_seats import Bookmark

_under_way: set["asyncio.Task[None]"] = set()


def noting(owner: str, lesson: Lesson) -> Callable[[str, str, dict[str, Any]], None]:
    """For a sitting. Nobody waits until it is stored, and deeds are stored in their order."""

    def note(section: str, kind: str, detail: dict[str, Any]) -> None:
        storing = asyncio.ensure_future(_store(owner, lesson.name, section, kind, detail))
        _under_way.add(storing)
        storing.add_done_callback(_under_way.discard)

    return note


async def _store(owner: str, lesson: str, section: str, kind: str, detail: dict[str, Any]) -> None:
    try:
        await note_later(owner, lesson, section, kind, detail)
    except DatabaseError as error:
        # The lesson goes on all the same: only what is kept of it is not whole.
        logging.getLogger("django").error("A deed in the lesson %s is not kept: %s", lesson, error)


async def all_stored() -> None:
    while _under_way:
        await asyncio.gather(*_under_way)


async def bookmark_of(owner: str, lesson: Lesson) -> Bookmark | None:
    """Where he was when he last did something there; None if he never was, or has finished it since."""
    bookmark: Bookmark | None = None
    for deed in await deeds_of_later(owner):
        if deed.lesson == lesson.name:
            bookmark = _after(deed, bookmark, lesson)
    return bookmark


def _after(deed: Deed, bookmark: Bookmark | None, lesson: Lesson) -> Bookmark | None:
    before = bookmark or Bookmark()
    if deed.kind == Kind.OPENED:
        return Bookmark(deed.detail.get("seed", 1))
    if deed.kind == Kind.FINISHED:
        return None
    names = [section.name for section in lesson.sections]
    if deed.section not in names:
        return bookmark
    at = names.index(deed.section)
    ended = Kind.SOLVED if lesson.sections[at].challenge is not None else Kind.RAN
    return Bookmark(before.seed, min(at + (deed.kind == ended), len(names) - 1))
