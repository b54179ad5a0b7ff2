"""Where the learners of a room work: each at a place with a lab of its own, and which lab that is.

A place is a name within its room: `seat-<mark>`, `team-<number>`, `all`, or `desk` for the instructor. Its lab is found
by its owner, which is the room and the place: nothing of it stands in the database, so that neither a killed server nor
a lost line can part the two. A browser's key has no blank in it, so nobody owns such a lab by a cookie.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

from django.utils.translation import gettext as _

from kafkalab.lab import Lab, LabsRefused, Tenant, parse_command
from kafkalab.web.classroom.models import Arrangement, Room, Seat
from kafkalab.web.labs.open_labs import open_labs

DESK = "desk"
ALL = "all"
FIRST_TOPIC = "orders"
TOPIC_WITHIN_S = 5
begun: dict[str, None] = {}
"""Labs that this process has opened before: what their learners deleted does not come back."""


@dataclass(frozen=True)
class Place:
    name: str
    called: str
    """By people."""
    seats: tuple[Seat, ...] = ()


def place_name(room: Room, seat: Seat) -> str:
    if room.arrangement == Arrangement.SHARED:
        return ALL
    return f"team-{seat.team}" if room.arrangement == Arrangement.TEAMS else f"seat-{seat.mark}"


def desk_name(room: Room) -> str:
    """Where the instructor works: where all share one cluster, in that."""
    return ALL if room.arrangement == Arrangement.SHARED else DESK


def places_of(room: Room) -> list[Place]:
    """Of learners, in the order in which they came; teams by their number, empty ones too. Asks the database."""
    seats = list(room.seats.all())
    if room.arrangement == Arrangement.SHARED:
        return [Place(ALL, _("Everybody"), tuple(seats))]
    if room.arrangement == Arrangement.TEAMS:
        numbers = range(1, room.teams + 1)
        return [Place(f"team-{n}", team_called(n), tuple(seat for seat in seats if seat.team == n)) for n in numbers]
    return [Place(place_name(room, seat), seat.name, (seat,)) for seat in seats]


def team_called(number: int) -> str:
    return str(_("Team %(number)s") % {"number": number})


def owner_name(room: Room, place: str) -> str:
    return f"room {room.mark} {place}"


def parted(owner: str) -> tuple[str, str] | None:
    """The mark of the room and the place; None for a lab of somebody's own."""
    parts = owner.split(" ")
    return (parts[1], parts[2]) if len(parts) == 3 and parts[0] == "room" else None


# -- their labs, on the event loop ----------------------------------------------------------------------


def tenant_of(room: Room, place: str) -> Tenant | None:
    if open_labs.many is None:
        return None
    return next(iter(open_labs.many.owned_by(owner_name(room, place))), None)


def labs_of(room: Room, places: list[Place]) -> list[tuple[Place, Tenant | None]]:
    """`places` are those that `places_of` found, in a thread."""
    return [(place, tenant_of(room, place.name)) for place in places]


def all_tenants(room: Room) -> list[Tenant]:
    """The desk's too, and of seats that are there no more."""
    if open_labs.many is None:
        return []
    beginning = owner_name(room, "")
    return [each for each in open_labs.many.by_name.values() if each.owner.startswith(beginning)]


def on_call_at(room: Room, place: str) -> str:
    """The name of the lab of a drill that the place has just now; "" where it has none."""
    owner = owner_name(room, place)
    return next((name for name, private in open_labs.private.items() if private.owner == owner), "")


def spotlit(room: Room) -> str:
    """What the projector shows: the place, and its lab of a drill if it has one. Another one is another page."""
    return f"{room.spotlight} {on_call_at(room, room.spotlight)}".strip() if room.spotlight else ""


def settled(room: Room, place: str) -> Tenant:
    """Its lab, made if there is none yet. Raises LabsRefused."""
    if open_labs.many is None:
        raise LabsRefused(_("This server plays one lab only."))
    return tenant_of(room, place) or open_labs.many.create(owner_name(room, place))


async def opened(room: Room, place: str) -> Lab:
    """Awake, and with a topic in it from its beginning. Raises LabsRefused."""
    tenant = settled(room, place)
    assert open_labs.many is not None
    lab = await open_labs.many.opened(tenant)
    if lab is None:
        raise LabsRefused(_("This lab cannot be opened just now: too many others are in use."))
    if tenant.name not in begun:
        begun[tenant.name] = None
        if not lab.settings.lives:
            await _first_topic(lab)
    return lab


async def _first_topic(lab: Lab) -> None:
    """There is something to point at from the first moment. Nobody has ordered it."""
    answered = asyncio.Event()
    topic = {"command": "create_topic", "name": FIRST_TOPIC, "partitions": 3, "replication_factor": 3}
    lab.do(parse_command(topic), lambda outcome: answered.set(), unseen=True)
    with suppress(TimeoutError):
        await asyncio.wait_for(answered.wait(), TOPIC_WITHIN_S)
