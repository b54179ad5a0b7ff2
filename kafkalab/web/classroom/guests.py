"""Who may come into a lab of a room: who sits at its place, and the room's instructor. Nobody else."""

from asgiref.sync import sync_to_async

from kafkalab.lab import Tenant
from kafkalab.web.classroom.desks import instructor_in, session_of
from kafkalab.web.classroom.models import Room, Seat
from kafkalab.web.classroom.places import desk_name, parted, place_name
from kafkalab.web.classroom.telling import hold
from kafkalab.web.labs.open_labs import PrivateLab, Role


async def role_in(tenant: Tenant | PrivateLab, key: str) -> Role | None:
    """Of the browser with that key, and of who is logged in there; None if the lab is not there to it."""
    found = parted(tenant.owner)
    if found is None:
        return None
    room, role = await sync_to_async(_role)(*found, str(key), session_of(key))
    if room is not None and role is not None:
        # A server that was started again knows of a pause from here on.
        hold(room)
    return role


def _role(mark: str, place: str, key: str, session: str) -> tuple[Room | None, Role | None]:
    room = Room.objects.filter(mark=mark).first()
    if room is None:
        return None, None
    user = instructor_in(session)
    if user is not None and user.pk == room.instructor_id:
        return room, Role.LEADS if place == desk_name(room) else Role.WATCHES
    seat = Seat.objects.filter(room=room, key=key).first() if room.is_open and key else None
    return room, Role.ACTS if seat is not None and place_name(room, seat) == place else None
