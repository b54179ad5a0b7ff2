"""Drills of rooms that were on when the process ended go on by themselves: a client that comes back before its learner
has looked at the page again must find the cluster that it was in, and not the place's own lab.
"""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta

from asgiref.sync import sync_to_async
from django.utils import timezone

from kafkalab.drills import LessonRefused
from kafkalab.lab import Tenant
from kafkalab.web.classroom.models import Room
from kafkalab.web.classroom.places import Place, owner_name, places_of, tenant_of
from kafkalab.web.drills.models import Kept
from kafkalab.web.drills.rooms import DrillEnded, Led, led_in

WERE_ON_FOR = timedelta(minutes=15)
"""Whoever was at it longer ago will come by the page."""
_going_on: set["asyncio.Task[None]"] = set()


async def let_drills_go_on() -> None:
    """Before clients are let in. Until the clusters stand again where they stood takes longer, and goes on beside."""
    for room, places in await _rooms():
        led = await led_in(room)
        if led is None:
            continue
        tenants = [found for place in places if (found := tenant_of(room, place.name)) is not None]
        for tenant in tenants:
            tenant.held = True
        task = asyncio.ensure_future(_prepared(led, places, tenants))
        _going_on.add(task)
        task.add_done_callback(_going_on.discard)


async def _prepared(led: Led, places: Iterable[Place], tenants: list[Tenant]) -> None:
    try:
        for place in places:
            with suppress(LessonRefused):
                await led.desk_at(place.name)
    except DrillEnded:
        return
    finally:
        for tenant in tenants:
            tenant.held = False


@sync_to_async
def _rooms() -> list[tuple[Room, list[Place]]]:
    """Open ones, each with the places whose incident was on lately."""
    lately = Kept.objects.filter(at__gte=timezone.now() - WERE_ON_FOR, over=False, of__gt=0)
    owners = dict(lately.values_list("owner", "room"))
    rooms = Room.objects.filter(mark__in=set(owners.values()), closed_at=None)
    return [(room, [each for each in places_of(room) if owner_name(room, each.name) in owners]) for room in rooms]
