"""Who sits at which lesson: each learner has a lab of his own for it, in memory, and nobody else reaches that.

A learner who went away finds his lab as he left it, for a while. After that only where he was is remembered: the lab
is made again as the lesson's own solutions leave it there. What is in any other lab no lesson ever touches.
"""

import asyncio
import secrets
import time
from dataclasses import dataclass
from typing import Any

from kafkalab.lab import Again, Lab
from kafkalab.lessons import Lesson, LessonRefused
from kafkalab.lessons.pace import hold, let_go_on
from kafkalab.lessons.phases import AT_ONCE_S, CHALLENGE, RUN, SETUP, Note
from kafkalab.lessons.play import taking_to
from kafkalab.lessons.sitting import Sitting
from kafkalab.lessons.sitting_commands import SittingCommand
from kafkalab.lessons.work import Work
from kafkalab.web.course.catalogue import lesson_href
from kafkalab.web.course.sitting_entrance import Entrance
from kafkalab.web.course.sitting_texts import on_the_page
from kafkalab.web.labs.open_labs import PrivateLab, open_labs

TICK_S = 0.05
"""Between two looks at what can be done by now."""
BREATH_S = 0.005
"""The same while a hidden lab runs ahead."""
REST_AFTER_S = 20
"""Without anybody looking, time stands still: a page that is loaded again is back long before."""
FORGET_AFTER_S = 15 * 60
MOST_LABS = 64
MOST_OF_ONE = 2
AT_WORK = (SETUP, RUN, CHALLENGE)


class NoSeat(Exception):
    """All are taken; the message is one sentence for the person who asked."""


@dataclass(frozen=True, slots=True)
class Bookmark:
    """Where a learner is in a lesson, when there is no lab of it."""

    seed: int = 1
    section: int = 0


class Seat:
    def __init__(self, owner: str, sitting: Sitting, entrance: Entrance) -> None:
        self.owner = owner
        self.name = sitting.lab.settings.name
        """Of the lab."""
        self.sitting = sitting
        self.sockets: list[Any] = []
        """Of the pages that show it: each has `look_at(lab)` and `tell(said)`."""
        self.left_at = time.monotonic()
        """When it was used last."""
        self._told: dict[str, Any] = {}
        self._again = Again(self._tick)
        self._entrance = entrance
        sitting.on_lab = self._on_lab
        self._on_lab(sitting.lab)
        self._tick()

    @staticmethod
    async def prepared(owner: str, lesson: Lesson, at: Bookmark, note: Note) -> "Seat":
        """Others get their turn while the lab is made. Raises LessonRefused."""
        entrance = Entrance(lesson.settings.brokers)
        name = f"lesson-{lesson.number}-{secrets.token_hex(4)}"
        # A real client brings the machine's clock with it, and what is old by that is deleted.
        start_us = time.time_ns() // 1_000
        work = Work(taking_to(lesson, at.seed, at.section, name, entrance.ports, start_us))
        try:
            while not work.go_on(AT_ONCE_S):
                await asyncio.sleep(0)
        except LessonRefused:
            entrance.close()
            raise
        return Seat(
            owner,
            Sitting(lesson, work.value, at.seed, at.section, ports=entrance.ports, start_us=start_us, note=note),
            entrance,
        )

    @property
    def bookmark(self) -> Bookmark:
        return Bookmark(self.sitting.seed, self.sitting.index)

    @property
    def used(self) -> bool:
        """Somebody looks at the lab or one of its branches, or a client of the learner's is connected."""
        watched = any(lab.family.watched for lab in (self.sitting.lab, self.sitting.shown))
        return bool(self.sockets) or watched or self._entrance.used

    def enter(self, socket: Any) -> None:
        self.sockets.append(socket)
        socket.tell(self._message(on_the_page(self.sitting)))
        if not self._again.comes:
            if self.sitting.sandbox is not None or self.sitting.phase in AT_WORK:
                let_go_on(self.sitting.shown)
            self._tick()

    def leave(self, socket: Any) -> None:
        if socket in self.sockets:
            self.sockets.remove(socket)

    def do(self, command: SittingCommand) -> None:
        """Raises SittingRefused."""
        self.sitting.do(command)
        self._tell()

    def close(self) -> None:
        self._again.stop()
        open_labs.private.pop(self.name, None)
        open_labs.held.pop(self.name, None)
        self._entrance.close()
        for lab in (self.sitting.sandbox, self.sitting.lab):
            if lab is not None:
                lab.abandon()
                lab.frames.end()

    # -- as time goes on ------------------------------------------------------------------------------

    def _tick(self) -> None:
        well = False
        try:
            self.sitting.go_on()
            well = True
        finally:
            if not well:
                self._broke("The engine broke while the lesson looked at it.")
        self._tell()
        if self.used:
            self.left_at = time.monotonic()
        if time.monotonic() - self.left_at > REST_AFTER_S:
            hold(self.sitting.shown)
            return
        self._again.after(BREATH_S if self.sitting.thinking else TICK_S)

    def _on_lab(self, lab: Lab) -> None:
        lab.conductor.on_broken = self._broke
        open_labs.private[self.name] = PrivateLab(self.owner, lab, lesson_href(self.sitting.lesson))
        if not lab.conductor.playing:
            lab.play()
        self._entrance.lead_to(lab)
        for socket in self.sockets:
            socket.look_at(lab)

    def _broke(self, sentence: str) -> None:
        self.sitting.broke(sentence)
        self._tell()

    def _tell(self) -> None:
        """Every page, if there is news."""
        if not self.sockets:
            return
        said = on_the_page(self.sitting)
        if said == self._told:
            return
        self._told = said
        for socket in self.sockets:
            socket.tell(self._message(said))

    @staticmethod
    def _message(said: dict[str, Any]) -> dict[str, Any]:
        return {"type": "sitting", "sitting": said}


class Seats:
    def __init__(self) -> None:
        self.by_name: dict[str, Seat] = {}
        self._look: asyncio.TimerHandle | None = None

    def of(self, owner: str, number: int) -> Seat | None:
        """The one that this learner has at that lesson."""
        found = (seat for seat in self.by_name.values() if seat.owner == owner)
        return next((seat for seat in found if seat.sitting.lesson.number == number), None)

    def take(self, seat: Seat) -> None:
        self.by_name[seat.name] = seat
        if self._look is None:
            self._look_later()

    def make_room(self, owner: str) -> None:
        """For one more of this learner's. Raises NoSeat."""
        mine = [seat for seat in self.by_name.values() if seat.owner == owner]
        if len(mine) >= MOST_OF_ONE:
            self._close_one_of(mine, f"You have {len(mine)} lessons open: close the page of one first.")
        if len(self.by_name) >= MOST_LABS:
            everyone = [*self.by_name.values()]
            self._close_one_of(everyone, "Too many learn here just now: try again in a few minutes.")

    def close(self) -> None:
        if self._look is not None:
            self._look.cancel()
            self._look = None
        for seat in [*self.by_name.values()]:
            self._close(seat)

    def _close_one_of(self, seats: list[Seat], why_not: str) -> None:
        empty = [seat for seat in seats if not seat.used]
        if not empty:
            raise NoSeat(why_not)
        self._close(min(empty, key=lambda seat: seat.left_at))

    def _close(self, seat: Seat) -> None:
        del self.by_name[seat.name]
        seat.close()

    def look_for_idle(self) -> None:
        """Whoever does not come back does not keep his lab."""
        now = time.monotonic()
        for seat in [*self.by_name.values()]:
            if not seat.used and now - seat.left_at > FORGET_AFTER_S:
                self._close(seat)

    def _look_later(self) -> None:
        self.look_for_idle()
        self._look = asyncio.get_running_loop().call_later(60, self._look_later)


seats = Seats()
