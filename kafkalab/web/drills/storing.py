"""Incidents in the database: each is written down soon after something was said or done, and every few seconds.

Whoever is on call never waits for that. After a restart the incident goes on from what was written last.
"""

import asyncio
import json
import logging
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from asgiref.sync import sync_to_async
from django.db import DatabaseError, transaction
from django.utils import timezone

from kafkalab.drills import Incident
from kafkalab.drills.keeping import State, entry_of, moments_of, state_of
from kafkalab.drills.timeline import ORDER, SAID
from kafkalab.lab import Tape, read_tape
from kafkalab.web.drills.desks import Desk
from kafkalab.web.drills.models import Kept, KeptLine
from kafkalab.web.storage import is_full

EVERY_S = 3.0
SOON_S = 0.3
"""After something was said or done."""
MOST_OF_ONE = 30
"""Incidents of one owner; the oldest go."""
GOES_ON_FOR = timedelta(days=2)
STAYS_FOR = timedelta(hours=1)
"""The debrief of one that is over; after that the drill begins anew."""

KEPT_FOR = timedelta(days=60)
"""Whoever has not come back by then does not come back."""

_under_way: set["asyncio.Task[None]"] = set()


@dataclass(frozen=True, slots=True)
class Found:
    """One that can go on."""

    lab: str
    seed: int
    briefed: bool
    real_clients: bool
    tape: Tape
    state: State
    moments: State
    entries: tuple[State, ...]
    number: int
    """Of its row."""


@dataclass
class _Book:
    """What was written down of one incident."""

    incident: Incident
    row: int | None = None
    taped: int = 0
    """How many orders."""
    told: int = 0
    """How many entries of the timeline."""
    said: tuple[Any, ...] = ()
    """By which one knows that there is news."""
    seen: tuple[Any, ...] = ()
    """By which one knows that the moments are others."""
    closed: bool = False


class Keeper:
    """Of one desk, whichever incident it has just now. Give it to `begin` as `keep`."""

    def __init__(self, room: str = "", found: Found | None = None, *, of: int = 0) -> None:
        """`of` is the number of the room's drill."""
        self._room, self._found, self._of = room, found, of
        self._book: _Book | None = None
        self._real = found.real_clients if found is not None else False
        self._wrote_at = 0.0
        self._busy = False
        self._storing: asyncio.Task[None] | None = None
        self._owes = False
        """The last of a desk that was given up while something was being written."""

    def __call__(self, desk: Desk, /, *, last: bool = False) -> None:
        now = time.monotonic()
        self._real = self._real or bool(desk.duty.lab.world.edges)
        if self._busy:
            self._owes = self._owes or last
            return
        if now - self._wrote_at < SOON_S and not last:
            return
        book = self._book_of(desk.duty.incident)
        said = _what_was_said(desk, book.incident)
        waits = book.incident.over_us is not None or (now - self._wrote_at < EVERY_S and not last)
        if (said == book.said and waits) or book.incident.lab.tape is None:
            return
        book.said, self._wrote_at, self._busy = said, now, True
        before = (book.taped, book.told, book.seen)
        # A desk that was given up may owe the incident that came after this one, too.
        self._owes = last and book.incident is not desk.duty.incident
        self._storing = asyncio.ensure_future(self._store(desk, book, *self._taken(desk, book), before))
        _under_way.add(self._storing)
        self._storing.add_done_callback(_under_way.discard)

    def _book_of(self, incident: Incident) -> _Book:
        """The one before is written to its end first."""
        book = self._book
        if book is not None and book.incident is not incident and not book.closed:
            book.closed, book.said = True, ()
            return book
        if book is None or book.incident is not incident:
            book = self._book = _Book(incident)
            if self._found is not None:
                book.row, book.taped = self._found.number, len(self._found.tape.commands)
                book.told, self._found = len(self._found.entries), None
        return book

    def _taken(self, desk: Desk, book: _Book) -> tuple[dict[str, Any], list[KeptLine]]:
        """Now, on the loop's thread: it is written later."""
        incident = book.incident
        tape, entries = incident.lab.tape, incident.timeline.entries
        assert tape is not None
        orders = [(KeptLine.TAPE, number, tape.line(number)) for number in range(book.taped, len(tape.commands))]
        told = [(KeptLine.TIMELINE, each.number, json.dumps(entry_of(each))) for each in entries[book.told :]]
        book.taped, book.told = len(tape.commands), len(entries)
        row: dict[str, Any] = {
            "owner": desk.owner,
            "lab": desk.name,
            "drill": incident.drill.number,
            "seed": incident.seed,
            "room": self._room,
            "of": self._of,
            "head": tape.lines(incident.lab.world.now_us).split("\n", 1)[0],
            "briefed": desk.duty.briefed,
            "state": state_of(incident),
            "real_clients": self._real,
            "over": incident.over_us is not None,
        }
        seen = (incident.paged_us, incident.mitigated_us)
        if seen != book.seen:
            # They are large, and there are two of them in all.
            book.seen, row["moments"] = seen, json.dumps(moments_of(incident))
        return row, [KeptLine(kind=kind, number=number, text=text) for kind, number, text in [*orders, *told]]

    async def _store(
        self,
        desk: Desk,
        book: _Book,
        row: dict[str, Any],
        lines: list[KeptLine],
        before: tuple[int, int, tuple[Any, ...]],
    ) -> None:
        stored = None
        try:
            stored = await _written_down(book.row, row, lines)
        except DatabaseError as error:
            # The incident goes on all the same, and the next time all of this is tried again.
            logging.getLogger("django").error("An incident of the lab %s is not kept: %s", row["lab"], error)
        finally:
            self._busy = False
        if stored is None:
            book.taped, book.told, book.seen = before
        else:
            book.row = stored
        if self._owes:
            self._owes = False
            self(desk, last=True)
            if self._busy and self._storing is not None:
                await self._storing


def _what_was_said(desk: Desk, incident: Incident) -> tuple[Any, ...]:
    entries = incident.timeline.entries
    said = [entry.number for entry in entries[-200:] if entry.kind in (SAID, ORDER)]
    return desk.duty.briefed, incident.phase, incident.paged_us, said[-1:], incident.written


@sync_to_async
def _written_down(number: int | None, row: dict[str, Any], lines: list[KeptLine]) -> int | None:
    if number is None and is_full():
        return None
    with transaction.atomic():
        if number is None:
            kept = Kept.objects.create(**row)
            number = int(kept.pk)
            _make_room(str(row["owner"]))
        else:
            Kept.objects.filter(pk=number).update(**row, at=timezone.now())
        for line in lines:
            line.kept_id = number
        KeptLine.objects.bulk_create(lines, ignore_conflicts=True)
    return number


def _make_room(owner: str) -> None:
    mine = Kept.objects.filter(owner=owner).order_by("-at").values_list("pk", flat=True)
    Kept.objects.filter(pk__in=list(mine[MOST_OF_ONE:])).delete()
    Kept.objects.filter(at__lt=timezone.now() - KEPT_FOR).delete()


async def all_stored() -> None:
    while _under_way:
        await asyncio.gather(*_under_way)


async def found_of(owner: str, drill: int, room: str = "", *, of: int = 0) -> Found | None:
    """The one at which that learner was last, if it can go on; in a room, of the drill with that number."""
    # Its desk may have been given up a moment ago.
    await asyncio.gather(*_under_way)
    return await _last_of(owner, drill, room, of)


@sync_to_async
def _last_of(owner: str, drill: int, room: str, of: int) -> Found | None:
    kept = Kept.objects.filter(owner=owner, drill=drill, room=room, of=of).order_by("-at").first()
    if kept is None or timezone.now() - kept.at > (STAYS_FOR if kept.over and not of else GOES_ON_FOR):
        return None
    return _found(kept)


def _found(kept: Kept) -> Found | None:
    tape = read_tape("\n".join([kept.head, *_texts(kept, KeptLine.TAPE)]), kept.lab)
    if not isinstance(tape, Tape):
        return None
    entries = tuple(json.loads(text) for text in _texts(kept, KeptLine.TIMELINE))
    return Found(
        kept.lab,
        kept.seed,
        kept.briefed,
        kept.real_clients,
        tape,
        kept.state,
        json.loads(kept.moments),
        entries,
        int(kept.pk),
    )


def _texts(kept: Kept, kind: str) -> list[str]:
    return list(kept.lines.filter(kind=kind).order_by("number").values_list("text", flat=True))


@sync_to_async
def forget(number: int) -> None:
    """It cannot go on."""
    Kept.objects.filter(pk=number).delete()


@sync_to_async
def played_by(owner: str) -> set[int]:
    """The numbers of the drills whose debrief that learner has seen."""
    done = Kept.objects.filter(owner=owner, over=True).values_list("drill", flat=True)
    return set(done) if owner else set()
