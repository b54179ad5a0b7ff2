"""How somebody comes to his desk: where he was, on the lab made again from what was kept, or on a new one."""

import asyncio
import secrets
import time
from typing import TypeVar

from kafkalab.drills import Drill, Incident, LessonRefused
from kafkalab.drills.duty import Making
from kafkalab.drills.keeping import remaking, resumed
from kafkalab.drills.opening import opening
from kafkalab.lab import Lab, Ports
from kafkalab.lessons.work import Pieces, Work
from kafkalab.web.course.sitting_entrance import Entrance
from kafkalab.web.drills.desks import Desk, desks, put_on_call
from kafkalab.web.drills.stories import drill_href
from kafkalab.web.drills.storing import Found, Keeper, found_of

AT_ONCE_S = 0.02
Value = TypeVar("Value")


async def desk_for(owner: str, drill: Drill, seed: int) -> Desk:
    """The one that is there, or that was, or a new one under that seed.

    Raises NoDesk, and LessonRefused for a drill that does not become steady."""
    desk = desks.of(owner, drill.number)
    if desk is not None:
        return desk
    desks.make_room(owner)
    found = await found_of(owner, drill.number)
    name = found.lab if found is not None else f"drill-{drill.number}-{secrets.token_hex(4)}"
    door = Entrance(drill.settings.brokers)
    make = makes(drill, name, door.ports)
    try:
        incident, notice = await _incident(drill, found, make, seed, door.ports)
    except LessonRefused:
        door.close()
        raise
    desk = desks.of(owner, drill.number)
    if desk is not None:
        # Another request of the same browser was faster.
        incident.lab.abandon()
        door.close()
        return desk
    keep = Keeper("", found)
    desk = put_on_call(incident, owner=owner, page=drill_href(drill.number), make=make, door=door, keep=keep)
    desk.duty.briefed = found is not None and found.briefed
    desk.duty.notice = notice
    return desk


async def _incident(drill: Drill, found: Found | None, make: Making, seed: int, ports: Ports) -> tuple[Incident, str]:
    """And what is to be said of it. Raises LessonRefused."""
    if found is None:
        return Incident(drill, await finished(make(seed)), seed), ""
    remade = await finished(remaking(found.tape, found.state, ports))
    whole = remade.exact and not found.real_clients
    return resumed(drill, remade, found.state, found.moments, found.entries), "" if whole else "not_whole"


def makes(drill: Drill, name: str, ports: Ports, host: str = "") -> Making:
    """Clusters of that drill, whose time is the wall's."""

    def make(seed: int) -> Pieces[Lab]:
        return opening(drill, seed, name=name, host=host, ports=ports, start_us=time.time_ns() // 1_000)

    return make


async def finished(pieces: Pieces[Value]) -> Value:
    """Others get their turn meanwhile. Raises LessonRefused."""
    work = Work(pieces)
    while not work.go_on(AT_ONCE_S):
        await asyncio.sleep(0)
    return work.value
