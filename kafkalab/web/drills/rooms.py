"""A drill of a whole room: whoever leads it breaks one, some or all clusters, by hand or by script, and sees how each
of them gets on.

Each place of the room has a cluster of its own, a copy of the one that was brought into the steady state: so all
begin alike. It is an owner's as the place's own lab is: who sits there acts, and the instructor looks.
"""

import asyncio
import secrets
import time
from collections.abc import Coroutine, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from asgiref.sync import sync_to_async

from kafkalab.drills import Drill, Incident, NotNow, summary_row
from kafkalab.drills.duty import scripted
from kafkalab.drills.duty_shown import step_of
from kafkalab.drills.keeping import remaking, resumed
from kafkalab.drills.opening import copy_of, opening
from kafkalab.lab import Lab, Ports
from kafkalab.web.classroom import telling
from kafkalab.web.classroom.models import Room, Seat
from kafkalab.web.classroom.places import Place, owner_name, parted, places_of
from kafkalab.web.drills.desks import Desk, desks, put_on_call
from kafkalab.web.drills.models import RoomDrill
from kafkalab.web.drills.place_door import behind_shared_ports, door_at
from kafkalab.web.drills.sitting_down import finished, makes
from kafkalab.web.drills.stories import numbered
from kafkalab.web.drills.storing import Keeper, found_of

LOOK_S = 1.0
LOOKS_AT_THE_ROOM = 20
"""Every so many looks it is asked whether the room is still open, and anybody in it."""
FORGET_AFTER_S = 60 * 60
MINUTE_S = 60
TIME_IS_OVER = "The time was over."
BROKEN = "Something happened that must never happen."
STOPPED = "Whoever leads the room ended it."
LET_GO_ROUNDS = 3
"""Of the loop, until a connection that was closed is gone."""
Value = TypeVar("Value")


class DrillEnded(Exception):
    """While somebody was on the way to it."""


@dataclass
class Led:
    """The drill that a room has just now."""

    room: Room
    drill: Drill
    seed: int
    row: int
    stop_after_min: int = 0
    stop_when_broken: bool = False
    desks: dict[str, Desk] = field(default_factory=dict)
    """By the names of places."""
    injected_at: dict[str, float] = field(default_factory=dict)
    """By the wall's clock, since this process began."""
    steady: Lab | None = None
    """The one that all others are copies of."""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    timer: asyncio.TimerHandle | None = None
    looks: int = 0
    tasks: set["asyncio.Task[Any]"] = field(default_factory=set)
    closed: bool = False

    @property
    def page(self) -> str:
        return f"/seat/{self.room.code}/drill/"

    # -- desks ---------------------------------------------------------------------------------------

    async def desk_at(self, place: str) -> Desk:
        """Where it was left, or a new one. Raises LessonRefused, and DrillEnded."""
        async with self.lock:
            if place in self.desks:
                return self.desks[place]
            if self.closed:
                raise DrillEnded
            owner = owner_name(self.room, place)
            found = await found_of(owner, self.drill.number, self.room.mark, of=self.row)
            if found is not None:
                remade = await finished(remaking(found.tape, found.state, self._ports, self._host))
                incident = resumed(self.drill, remade, found.state, found.moments, found.entries)
            else:
                incident = Incident(self.drill, await self._copy(), self.seed)
            name = incident.lab.settings.name
            keep = Keeper(self.room.mark, found, of=self.row)
            make = makes(self.drill, name, self._ports, self._host)
            if self.closed:
                incident.lab.abandon()
                raise DrillEnded
            door = door_at(self.room, place, self.drill) if incident.over_us is None else None
            incident.lab.listens = door is not None
            desk = put_on_call(incident, owner=owner, page=self.page, make=make, door=door, led=True, keep=keep)
            desk.duty.briefed = found is not None and found.briefed
            if found is not None and (found.real_clients or not remade.exact):
                desk.duty.notice = "not_whole"
            self.desks[place] = desk
            if incident.injected_us is not None and incident.over_us is None:
                passed_s = (incident.lab.world.now_us - incident.injected_us) / 1_000_000
                self.injected_at[place] = time.monotonic() - passed_s
            telling.hold(self.room)
            return desk

    async def _copy(self) -> Lab:
        if self.steady is None:
            start_us = time.time_ns() // 1_000
            pieces = opening(self.drill, self.seed, name="drill", host=self._host, ports=self._ports, start_us=start_us)
            self.steady = await finished(pieces)
            self.steady.listens = False
        lab = copy_of(self.steady)
        lab.settings = replace(lab.settings, name=f"drill-{self.drill.number}-{secrets.token_hex(4)}")
        if lab.tape is not None:
            lab.tape = replace(lab.tape, settings=lab.settings)
        return lab

    @property
    def _ports(self) -> Ports:
        many = behind_shared_ports(self.drill)
        return many.ports if many is not None else {}

    @property
    def _host(self) -> str:
        many = behind_shared_ports(self.drill)
        return many.host if many is not None else ""

    def prepare(self, places: Iterable[Place]) -> None:
        """One after the other, so that nobody has to wait for all; where nobody sits, once somebody does."""

        self._later(self._prepared(places))

    async def _prepared(self, places: Iterable[Place]) -> None:
        with suppress(DrillEnded):
            for place in places:
                if place.seats:
                    await self.desk_at(place.name)

    def _later(self, doing: Coroutine[Any, Any, Value]) -> "asyncio.Task[Value]":
        task = asyncio.ensure_future(doing)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    async def to_its_end(self, doing: Coroutine[Any, Any, Value]) -> Value:
        """Also when whoever ordered it has gone to another page meanwhile."""
        return await asyncio.shield(self._later(doing))

    # -- what whoever leads says ------------------------------------------------------------------------

    # For a whole class each of these takes a second; others get their turn after each place.

    async def inject(self, places: Sequence[str], delay_s: float, herrings: Sequence[str]) -> dict[str, str]:
        """By hand. Where it could not be done, and why."""
        refused: dict[str, str] = {}
        for place in places:
            await asyncio.sleep(0)
            try:
                if place not in self.desks:
                    raise NotNow("Nobody has been there yet.")
                self.desks[place].duty.inject(delay_s, herrings)
            except NotNow as why:
                refused[place] = str(why)
                continue
            self.injected_at[place] = time.monotonic()
            self._told(place)
        return refused

    async def let_script(self, places: Sequence[str]) -> dict[str, str]:
        """What the seed draws, for all the same."""
        return await self.inject(places, *scripted(self.drill, self.seed))

    async def stop(self, places: Sequence[str]) -> None:
        """To the debrief."""
        for place in places:
            await self._stop(place, STOPPED)

    async def _stop(self, place: str, why: str) -> None:
        desk = self.desks.get(place)
        # Where nothing has broken yet there is nothing to talk about.
        if desk is None or desk.duty.making or desk.duty.incident.injected_us is None:
            return
        if desk.duty.incident.over_us is not None:
            return
        self.injected_at.pop(place, None)
        desk.let_clients_go()
        # As long as somebody is connected its time cannot be held.
        for _ in range(LET_GO_ROUNDS):
            await asyncio.sleep(0)
        if desk.duty.incident.over_us is None and place in self.desks:
            desk.duty.stop(why)
            self._told(place)

    async def roll_back(self, places: Sequence[str]) -> dict[str, str]:
        """To just before anything broke. Where it could not be done, and why."""
        refused: dict[str, str] = {}
        for place in places:
            await asyncio.sleep(0)
            desk = self.desks.get(place)
            try:
                if desk is None:
                    raise NotNow("Nobody has been there yet.")
                desk.duty.roll_back()
            except NotNow as why:
                refused[place] = str(why)
                continue
            self.injected_at.pop(place, None)
            self._told(place)
        return refused

    def close(self) -> None:
        self.closed = True
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        for task in self.tasks:
            if task is not asyncio.current_task():
                task.cancel()
        for desk in self.desks.values():
            desks.dismiss(desk)
        self.desks.clear()
        if self.steady is not None:
            self.steady.abandon()
            self.steady = None

    def _told(self, place: str) -> None:
        desk = self.desks[place]
        desk.tell()
        desk.keep()

    # -- as time goes on ----------------------------------------------------------------------------------

    def look(self) -> None:
        """Whether it is to stop for somebody."""
        now = time.monotonic()
        for place, at in [*self.injected_at.items()]:
            incident = self.desks[place].duty.incident
            if incident.verified_us is not None or incident.over_us is not None:
                continue
            if self.stop_after_min and now - at > self.stop_after_min * MINUTE_S:
                self._later(self._stop(place, TIME_IS_OVER))
            elif self.stop_when_broken and incident.broken:
                self._later(self._stop(place, BROKEN))
        self.looks += 1
        if self.looks % LOOKS_AT_THE_ROOM == 0:
            self._later(self.look_at_the_room())
        self.timer = asyncio.get_running_loop().call_later(LOOK_S, self.look)

    async def look_at_the_room(self) -> None:
        """A room that is closed has no drill. One that everybody has left goes on when somebody comes back."""
        if not await Room.objects.filter(pk=self.room.pk, closed_at=None).aexists():
            await end_in(self.room)
        elif self.desks and self._all_have_left and led_by_room.get(self.room.mark) is self:
            del led_by_room[self.room.mark]
            self.close()

    @property
    def _all_have_left(self) -> bool:
        now = time.monotonic()
        return not any(desk.used or now - desk.left_at < FORGET_AFTER_S for desk in self.desks.values())

    def rows(self, places: Sequence[Place]) -> list[dict[str, Any]]:
        """One a place, for whoever leads and for files."""
        return [self._row(place) for place in places]

    def _row(self, place: Place) -> dict[str, Any]:
        desk = self.desks.get(place.name)
        head = {"place": place.name, "called": place.called, "seats": len(place.seats)}
        if desk is None:
            return head | {"step": "away", "pinned": False, "error": ""}
        incident = desk.duty.incident
        return head | {
            "step": step_of(desk.duty),
            "pinned": bool(incident.pinned_metrics),
            "error": desk.duty.error,
            **summary_row(incident),
            "broken": len(incident.broken),
            "held_s": desk.duty.held_us // 1_000_000,
        }


led_by_room: dict[str, Led] = {}
"""By the mark of the room."""


async def led_in(room: Room) -> Led | None:
    """The drill of that room; after a restart it goes on where it was."""
    found = led_by_room.get(room.mark)
    if found is not None:
        found.room = room
        return found
    row = await RoomDrill.objects.filter(room=room.mark, closed=False).order_by("-pk").afirst()
    drill = numbered(row.drill) if row is not None else None
    if row is None or drill is None:
        return None
    # Another request may have been faster while the database was asked.
    return led_by_room.get(room.mark) or _led(room, drill, row)


def _led(room: Room, drill: Drill, row: RoomDrill) -> Led:
    made = led_by_room[room.mark] = Led(room, drill, row.seed, int(row.pk), row.stop_after_min, row.stop_when_broken)
    made.look()
    return made


async def begin_in(
    room: Room, drill: Drill, seed: int, stop_after_min: int = 0, *, stop_when_broken: bool = False
) -> Led:
    """In the place of the one before. Every page of the room goes there by itself."""
    await end_in(room)
    row = await RoomDrill.objects.acreate(
        room=room.mark,
        drill=drill.number,
        seed=seed,
        stop_after_min=stop_after_min,
        stop_when_broken=stop_when_broken,
    )
    made = _led(room, drill, row)
    made.prepare(await sync_to_async(places_of)(room))
    await telling.tell(room, {"type": "drill", "drill_page": made.page})
    return made


async def end_in(room: Room) -> None:
    """Every page goes back to the seat's own lab."""
    gone = led_by_room.pop(room.mark, None)
    ended = await RoomDrill.objects.filter(room=room.mark, closed=False).aupdate(closed=True)
    if gone is not None:
        gone.close()
    if ended:
        await telling.tell(room, {"type": "drill", "drill_page": f"/seat/{room.code}/"})


def close_all() -> None:
    for led in led_by_room.values():
        led.close()
    led_by_room.clear()


async def name_in_room(owner: str, key: str) -> str:
    """Of the seat at which somebody acts; "" where it is no room's lab."""
    found = parted(owner)
    if found is None or not key:
        return ""
    seat = await Seat.objects.filter(room__mark=found[0], key=str(key)).afirst()
    return seat.name if seat is not None else ""
