"""What everybody in a room is told at once, by the room's group: rare and small messages, never frames of a lab."""

from typing import Any

from channels.layers import get_channel_layer

from kafkalab.web.classroom.models import Room
from kafkalab.web.classroom.places import all_tenants, owner_name
from kafkalab.web.labs.open_labs import open_labs

PAUSED = "The instructor has paused the room: wait a moment."


def group_of(room: Room) -> str:
    """Of every socket of the room: seats, consoles and projectors."""
    return f"room-{room.mark}"


def console_group_of(room: Room) -> str:
    return f"console-{room.mark}"


async def tell(room: Room, said: dict[str, Any]) -> None:
    """`said` has a `type`; the page gets it as it is."""
    await get_channel_layer().group_send(group_of(room), {"type": "told", "said": said})


async def tell_state(room: Room) -> None:
    hold(room)
    await tell(room, state_of(room))
    await stir(room)


async def stir(room: Room) -> None:
    """Whoever has the console open sees at once what has become of the seats."""
    await get_channel_layer().group_send(console_group_of(room), {"type": "stirred"})


def state_of(room: Room) -> dict[str, Any]:
    """How it stands, as everybody in it is told."""
    return {
        "type": "room",
        "title": room.title,
        "open": room.is_open,
        "locked": room.locked,
        "paused": room.paused,
        "message": room.message,
        "timer_until_ms": int(room.timer_until.timestamp() * 1000) if room.timer_until is not None else None,
        "spotlight": bool(room.spotlight),
        "drill_page": _drill_page(room),
    }


def _drill_page(room: Room) -> str:
    """Where everybody is while the room has a drill; "" otherwise."""
    beginning = owner_name(room, "")
    return next((each.page for each in open_labs.private.values() if each.owner.startswith(beginning)), "")


def hold(room: Room) -> None:
    """In a room that is paused only its instructor acts."""
    for tenant in all_tenants(room):
        hold_lab(room, tenant.name)
    # Those of the room's drill, too.
    beginning = owner_name(room, "")
    for name in [name for name, private in open_labs.private.items() if private.owner.startswith(beginning)]:
        hold_lab(room, name)


def hold_lessons(room: Room, keys: set[str]) -> None:
    """Nor does anybody in the labs of lessons that the browsers with those keys have open."""
    for name, private in open_labs.private.items():
        if private.owner in keys:
            hold_lab(room, name)


def hold_lab(room: Room, name: str) -> None:
    if room.paused:
        open_labs.held[name] = PAUSED
    else:
        open_labs.held.pop(name, None)
