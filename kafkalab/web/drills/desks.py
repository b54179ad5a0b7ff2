"""Who is on call at which drill: each has a lab of his own for it, in memory, and nobody else reaches that.

Its clock is the wall's and goes on while nobody looks, for as long as somebody might come back. A room begins a drill
for each of its learners with `begin`, and leads them all together.
"""

import asyncio
import time
from typing import Any, Protocol

from kafkalab.drills import Drill, Incident
from kafkalab.drills.duty import Duty, Making, News
from kafkalab.drills.duty_commands import DutyCommand
from kafkalab.lab import Again, Lab
from kafkalab.web.drills.texts import on_the_page
from kafkalab.web.labs.open_labs import PrivateLab, open_labs
from kafkalab.web.labs.owners import acting

TICK_S = 0.1
BREATH_S = 0.005
"""The same while another cluster is being prepared."""
TELL_S = 0.25
"""Between two messages to a page, when nobody has asked for anything."""
FORGET_AFTER_S = 15 * 60
MOST_DESKS = 40
MOST_OF_ONE = 2


class Socket(Protocol):
    def look_at(self, lab: Lab) -> None: ...

    def tell(self, said: dict[str, Any]) -> None: ...


class Door(Protocol):
    """By which real clients come into the lab, whichever that is just now."""

    @property
    def used(self) -> bool: ...

    def lead_to(self, lab: Lab) -> None: ...

    def close(self) -> None: ...


class Keep(Protocol):
    """Told when there may be something to be kept, and a last time when the desk is given up."""

    def __call__(self, desk: "Desk", /, *, last: bool = False) -> None: ...


def keep_nothing(desk: "Desk", /, *, last: bool = False) -> None:
    """For a desk that does not outlive the process."""


class NoDesk(Exception):
    """All are taken; the message is one sentence for the person who asked."""


class Desk:
    def __init__(self, owner: str, duty: Duty, page: str, door: Door | None, keep: Keep) -> None:
        self.owner = owner
        self.name = duty.lab.settings.name
        """Of the lab, and of each that takes its place."""
        self.duty = duty
        self.page = page
        self.sockets: list[Socket] = []
        self.left_at = time.monotonic()
        """When it was used last."""
        self.stays = duty.led
        """It is a room's, which lets go of it."""
        self._door = door
        self._keep = keep
        self._told: dict[str, Any] = {}
        self._told_at = 0.0
        self._news: News = ()
        """Of which the pages were told last."""
        self._again = Again(self._tick)
        self.names: dict[str, str] = {}
        """Of those who are here, by their browsers."""
        duty.on_lab = self._on_lab
        self._on_lab(duty.lab)
        self._tick()

    @property
    def used(self) -> bool:
        """Somebody looks at the lab, or a client of the learner's is connected."""
        return bool(self.sockets) or self.duty.lab.family.watched or (self._door is not None and self._door.used)

    def enter(self, socket: Socket) -> None:
        self.sockets.append(socket)
        socket.tell(self._message(on_the_page(self.duty)))

    def leave(self, socket: Socket) -> None:
        if socket in self.sockets:
            self.sockets.remove(socket)

    def do(self, command: DutyCommand, who: str = "") -> str:
        """What there is to say to it. Raises NotNow."""
        said = self.duty.do(command, who)
        self.duty.go_on()
        self.tell()
        self._keep(self)
        return said

    def close(self) -> None:
        self._again.stop()
        self._keep(self, last=True)
        open_labs.private.pop(self.name, None)
        open_labs.held.pop(self.name, None)
        if self._door is not None:
            self._door.close()
        lab = self.duty.lab
        lab.abandon()
        lab.frames.end()

    def let_clients_go(self) -> None:
        """It is over: they belong where they came from. It takes a round of the loop until they are gone."""
        if self._door is not None:
            self._door.close()

    def keep(self) -> None:
        """Something was said or done."""
        self._keep(self)

    def tell(self) -> None:
        """Every page, if there is news."""
        self._told_at, self._news = time.monotonic(), self.duty.news
        if not self.sockets:
            return
        said = on_the_page(self.duty)
        if said == self._told:
            return
        self._told = said
        for socket in self.sockets:
            socket.tell(self._message(said))

    @property
    def socket(self) -> str:
        """Where the drill is told of, beside its lab."""
        return f"/ws/labs/{self.name}/drill/"

    # -- as time goes on ------------------------------------------------------------------------------

    def _tick(self) -> None:
        well = False
        try:
            self.duty.go_on()
            well = True
        finally:
            if not well:
                self._broke("The engine broke while the drill looked at it.")
        now = time.monotonic()
        if now - self._told_at >= TELL_S and self.duty.news != self._news:
            self.tell()
        if self.used:
            self.left_at = now
        self._keep(self)
        self._again.after(BREATH_S if self.duty.making else TICK_S)

    def _on_lab(self, lab: Lab) -> None:
        lab.conductor.on_broken = self._broke
        self.duty.incident.who_orders = self._who_orders
        open_labs.private[self.name] = PrivateLab(self.owner, lab, self.page, self.socket)
        if not lab.conductor.playing:
            # It is played without keeping its past to be executed again: what was ordered in secret must not be found
            # in what could have been otherwise; nor is there the memory for sixty times ten minutes.
            lab.conductor.start()
        if self._door is not None:
            self._door.lead_to(lab)
        for socket in self.sockets:
            socket.look_at(lab)

    def _who_orders(self) -> str:
        return self.names.get(acting.get(), "")

    def _broke(self, sentence: str) -> None:
        self.duty.broke(sentence)
        self.tell()

    @staticmethod
    def _message(said: dict[str, Any]) -> dict[str, Any]:
        return {"type": "drill", "drill": said}


def begin(
    drill: Drill,
    lab: Lab,
    seed: int,
    *,
    owner: str,
    page: str,
    make: Making,
    door: Door | None = None,
    led: bool = False,
    keep: Keep = keep_nothing,
) -> Desk:
    """Put somebody on call at a drill, on a lab that stands in the drill's steady state (`opening` makes one).

    From now on `owner` and nobody else reaches that lab, under its name; `page` is where it is shown. `make` makes
    the next one when the drill is run again. `led`: nothing breaks before a facilitator calls `desk.duty.inject`,
    and the desk stays until `desks.dismiss(desk)`. Must be called on the running loop."""
    return put_on_call(Incident(drill, lab, seed), owner=owner, page=page, make=make, door=door, led=led, keep=keep)


def put_on_call(
    incident: Incident,
    *,
    owner: str,
    page: str,
    make: Making,
    door: Door | None = None,
    led: bool = False,
    keep: Keep = keep_nothing,
) -> Desk:
    """The same at an incident that may have begun already."""
    desk = Desk(owner, Duty(incident, make, led=led), page, door, keep)
    desks.take(desk)
    return desk


class Desks:
    def __init__(self) -> None:
        self.by_name: dict[str, Desk] = {}
        self._look: asyncio.TimerHandle | None = None

    def of(self, owner: str, number: int) -> Desk | None:
        """The one that this learner has at that drill, by himself."""
        mine = (desk for desk in self.by_name.values() if desk.owner == owner and not desk.stays)
        return next((desk for desk in mine if desk.duty.drill.number == number), None)

    def take(self, desk: Desk) -> None:
        self.by_name[desk.name] = desk
        if self._look is None:
            self._look_later()

    def make_room(self, owner: str) -> None:
        """For one more of this learner's. Raises NoDesk."""
        alone = [desk for desk in self.by_name.values() if not desk.stays]
        mine = [desk for desk in alone if desk.owner == owner]
        if len(mine) >= MOST_OF_ONE:
            self._dismiss_one_of(mine, f"You have {len(mine)} drills open: close the page of one first.")
        if len(alone) >= MOST_DESKS:
            self._dismiss_one_of(alone, "Too many are on call here just now: try again in a few minutes.")

    def dismiss(self, desk: Desk) -> None:
        if self.by_name.get(desk.name) is desk:
            del self.by_name[desk.name]
        desk.close()

    def close(self) -> None:
        if self._look is not None:
            self._look.cancel()
            self._look = None
        for desk in [*self.by_name.values()]:
            self.dismiss(desk)

    def look_for_idle(self) -> None:
        """Whoever does not come back does not keep his lab."""
        now = time.monotonic()
        for desk in [*self.by_name.values()]:
            if not desk.stays and not desk.used and now - desk.left_at > FORGET_AFTER_S:
                self.dismiss(desk)

    def _dismiss_one_of(self, found: list[Desk], why_not: str) -> None:
        empty = [desk for desk in found if not desk.used]
        if not empty:
            raise NoDesk(why_not)
        self.dismiss(min(empty, key=lambda desk: desk.left_at))

    def _look_later(self) -> None:
        self.look_for_idle()
        self._look = asyncio.get_running_loop().call_later(60, self._look_later)


desks = Desks()
