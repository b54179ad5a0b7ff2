"""Opening a room, finding one, sitting down in it. Everything here asks the database, so it is called in a thread."""

import secrets

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _

from kafkalab.web.classroom.models import Arrangement, Room, Seat
from kafkalab.web.classroom.names import folded, tidy
from kafkalab.web.course.carrying import SIGNS
from kafkalab.web.course.turnstile import Turnstile

LENGTH = 6
MOST_SEATS = 60
MOST_OPEN = 8
"""Rooms of one instructor at a time."""
MOST_TEAMS = 12
wrong_codes = Turnstile(each=20, in_all=400)
"""Wrong ones alone are counted: a class that joins at once from one address types right ones. 30**6 codes and ten
rooms: who tries 400 a minute, from twenty addresses, needs four months to find one."""


class RoomRefused(Exception):
    """The message is one sentence for who asked."""


def open_room(instructor: User, title: str, arrangement: str, teams: int) -> Room:
    """Raises RoomRefused."""
    if arrangement not in Arrangement.values:
        raise RoomRefused(_("There is no such arrangement."))
    in_teams = Arrangement(arrangement) is Arrangement.TEAMS
    if in_teams and not 2 <= teams <= MOST_TEAMS:
        raise RoomRefused(_("There are 2 to %(most)s teams.") % {"most": MOST_TEAMS})
    if Room.objects.filter(instructor=instructor, closed_at=None).count() >= MOST_OPEN:
        raise RoomRefused(_("You have %(most)s rooms open: close one first.") % {"most": MOST_OPEN})
    kept = tidy_title(title)
    while Room.objects.filter(code=(code := "".join(secrets.choice(SIGNS) for _ in range(LENGTH)))).exists():
        pass
    room: Room = Room.objects.create(
        mark=secrets.token_hex(8),
        code=code,
        title=kept,
        instructor=instructor,
        arrangement=arrangement,
        teams=teams if in_teams else 0,
        opened_at=timezone.now(),
    )
    return room


def tidy_title(typed: str) -> str:
    """Raises RoomRefused."""
    title = " ".join(typed.split())
    longest = Room._meta.get_field("title").max_length
    if not title or len(title) > longest or not title.isprintable():
        raise RoomRefused(_("A title is one line of 1 to %(most)s characters.") % {"most": longest})
    return title


def plain(code: str) -> str:
    """As it was typed, without what people put between its letters."""
    return "".join(sign for sign in code[:40].upper() if sign in SIGNS)


def room_with(code: str) -> Room | None:
    """One that is open."""
    found: Room | None = Room.objects.filter(code=plain(code), closed_at=None).first() if code else None
    return found


def seat_with(key: str, code: str) -> Seat | None:
    mine = Seat.objects.select_related("room").filter(key=key, room__code=plain(code))
    found: Seat | None = mine.first() if key else None
    return found


def seats_with(key: str) -> list[Seat]:
    """In rooms that are open, the latest first."""
    if not key:
        return []
    mine = Seat.objects.select_related("room").filter(key=key, room__closed_at=None)
    return list(mine.order_by("-joined_at"))


def sit_down(room: Room, key: str, typed: str) -> Seat:
    """A seat of that name; who has one already keeps it as it is. Raises RoomRefused and NameRefused."""
    known: Seat | None = Seat.objects.filter(room=room, key=key).first()
    if known is not None:
        return known
    if room.locked:
        raise RoomRefused(_("This room is locked: ask your instructor to let you in."))
    name = tidy(typed)
    try:
        with transaction.atomic():
            if Seat.objects.filter(room=room).count() >= MOST_SEATS:
                raise RoomRefused(_("This room is full: it has %(most)s seats.") % {"most": MOST_SEATS})
            seat: Seat = Seat.objects.create(
                room=room,
                mark=secrets.token_hex(8),
                key=key,
                name=name,
                folded=folded(name),
                team=_smallest_team(room),
                joined_at=timezone.now(),
            )
            return seat
    except IntegrityError:
        # Of the same browser's two requests, the other one was faster.
        known = Seat.objects.filter(room=room, key=key).first()
        if known is not None:
            return known
        raise RoomRefused(_("Somebody in this room is called that already: choose another name.")) from None


def _smallest_team(room: Room) -> int:
    """0 where there are none."""
    if room.arrangement != Arrangement.TEAMS:
        return 0
    counted = Seat.objects.filter(room=room).values_list("team").annotate(Count("id"))
    members = dict.fromkeys(range(1, room.teams + 1), 0) | dict(counted)
    return min(members, key=lambda team: (members[team], team))


def raise_hand(seat: Seat, *, up: bool) -> None:
    """Who has raised it already does not come later by it."""
    seat.hand_at = (seat.hand_at or timezone.now()) if up else None
    seat.save(update_fields=["hand_at"])
