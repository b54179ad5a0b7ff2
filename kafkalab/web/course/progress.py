"""What a learner did, deed by deed. Whatever the pages say of progress is worked out from these.

What stands in `detail`, by the kind of the deed:

    opened     {"seed": of the lesson's cluster}
    predicted  {"ask": the question, "said": the answer given, "confidence": 0 to 100 or None, "because": a sentence}
    ran        {"said": what was predicted, "confidence": 0 to 100 or None, "answer": the engine's, "right": bool,
                "belief": the name of the wrong one that was chosen, or ""}
    saw        {"said": ..., "answer": ..., "right": bool}
    solved     {"by": "learner" or "solution", "hints": how many were asked for}
    hinted     {"tier": 1 to 3}
    restored   {"afresh": bool}
    finished   {}, with "" as its section: the whole lesson

Answers are in words, a choice by its text or its name. What is missing is read as not known.
"""

import json
import secrets
from collections.abc import Iterable
from typing import Any

from asgiref.sync import sync_to_async
from django.utils import timezone

from kafkalab.web.course.models import LONGEST_NAME, Deed, Kind
from kafkalab.web.course.shelves import shelf_of

MOST_DEEDS = 4000
"""Of one learner: all lessons many times over. Beyond it the oldest go, but for what finished a lesson."""
LONGEST_TEXT = 600
LONGEST_DETAIL = 4096


def note(learner: str, lesson: str, section: str, kind: str, detail: dict[str, Any]) -> None:
    """`learner` is `owner_of(request)`, `lesson` the name of its file without the number.

    Raises ValueError for a kind that there is not, or a detail too long even with its texts cut short.
    """
    if not learner:
        raise ValueError("a deed is somebody's.")
    if max(len(lesson), len(section)) > LONGEST_NAME:
        raise ValueError("no lesson and no section has so long a name.")
    kept = _cut_short(detail)
    if len(json.dumps(kept)) > LONGEST_DETAIL:
        raise ValueError(f"the detail of a deed has {LONGEST_DETAIL} characters at most.")
    shelf = shelf_of(learner)
    Deed.objects.create(
        learner=shelf,
        mark=secrets.token_hex(16),
        lesson=lesson,
        section=section,
        kind=Kind(kind),
        detail=kept,
        at=timezone.now(),
    )
    _make_room(shelf)


def deeds_of(learner: str) -> list[Deed]:
    """From the first to the last. Nothing for a browser that is nobody's yet."""
    return list(Deed.objects.filter(learner=shelf_of(learner)).order_by("at", "id")) if learner else []


def deeds_in(learner: str, lessons: Iterable[str]) -> list[Deed]:
    """Those in some lessons only."""
    wanted = Deed.objects.filter(learner=shelf_of(learner), lesson__in=list(lessons))
    return list(wanted.order_by("at", "id")) if learner else []


note_later = sync_to_async(note)
"""`await note_later(...)`, for callers on the event loop."""
deeds_of_later = sync_to_async(deeds_of)


def _cut_short(value: Any) -> Any:
    if isinstance(value, str):
        return value[:LONGEST_TEXT]
    if isinstance(value, dict):
        return {str(name): _cut_short(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_cut_short(each) for each in value]
    return value


def _make_room(shelf: str) -> None:
    mine = Deed.objects.filter(learner=shelf)
    over = mine.count() - MOST_DEEDS
    if over > 0:
        oldest = mine.exclude(kind=Kind.FINISHED).order_by("at", "id").values_list("id", flat=True)[:over]
        Deed.objects.filter(id__in=list(oldest)).delete()
