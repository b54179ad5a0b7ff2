"""Who stands at which demo: a presenter has a lab of his own for it, in memory, and nobody else reaches that.

His two windows, the cards and the projector, look at the same lab. Who went away finds it as he left it, for a while.
"""

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from kafkalab.lab import Again, Lab
from kafkalab.lessons.demo import Demo
from kafkalab.lessons.demo_commands import DemoCommand
from kafkalab.lessons.demo_play import opening
from kafkalab.lessons.demo_showing import AT_WORK, Showing, projected, shown
from kafkalab.lessons.pace import hold, let_go_on
from kafkalab.lessons.phases import AT_ONCE_S
from kafkalab.lessons.work import Pieces, Work
from kafkalab.web.demos.shelf import demo_href
from kafkalab.web.demos.texts import on_the_page
from kafkalab.web.labs.open_labs import PrivateLab, open_labs

TICK_S = 0.05
"""Between two looks at what can be done by now."""
BREATH_S = 0.005
"""The same while a hidden lab runs ahead."""
REST_AFTER_S = 20
"""Without anybody looking, time stands still: a page that is loaded again is back long before."""
FORGET_AFTER_S = 60 * 60
"""A lesson hour: who comes back from the break finds the card that he left."""
MOST_STANDS = 40
MOST_OF_ONE = 2


class NoStand(Exception):
    """All are taken; the message is one sentence for the person who asked."""


@dataclass(frozen=True, slots=True)
class Window:
    """A page that shows it, and what it is told: everything, or what a projector may know."""

    socket: Any
    """It has `look_at(lab)` and `tell(said)`."""
    tells: Callable[[Showing], dict[str, Any]]


class Stand:
    def __init__(self, owner: str, showing: Showing, page: str) -> None:
        """`page` is its address."""
        self.owner = owner
        self.page = page
        self.name = showing.lab.settings.name
        """Of the lab."""
        self.showing = showing
        self.windows: list[Window] = []
        self.heat: dict[str, int] = {}
        """Of a vote about places: how many percent said each, by the entity's id."""
        self.left_at = time.monotonic()
        """When it was used last."""
        self._told: dict[int, dict[str, Any]] = {}
        self._again = Again(self._tick)
        showing.on_lab = self._on_lab
        self._on_lab(showing.lab)
        self._tick()

    @property
    def used(self) -> bool:
        """Somebody looks at the lab or one of its branches."""
        return bool(self.windows) or self.showing.lab.family.watched

    def enter(self, socket: Any, *, projects: bool) -> None:
        self.windows.append(Window(socket, projected if projects else lambda showing: on_the_page(shown(showing))))
        if not self._again.comes:
            if self.showing.phase in AT_WORK:
                let_go_on(self.showing.lab)
            self._tick()
        self.tell()

    def leave(self, socket: Any) -> None:
        self.windows = [window for window in self.windows if window.socket is not socket]
        self._told.pop(id(socket), None)

    def do(self, command: DemoCommand) -> None:
        """Raises DemoRefused."""
        self.showing.do(command)
        self.tell()

    def close(self) -> None:
        self._again.stop()
        open_labs.private.pop(self.name, None)
        self.showing.lab.abandon()
        self.showing.lab.frames.end()

    # -- as time goes on ------------------------------------------------------------------------------

    def _tick(self) -> None:
        well = False
        try:
            self.showing.go_on()
            well = True
        finally:
            if not well:
                self._broke("The engine broke while the demo looked at it.")
        self.tell()
        if self.used:
            self.left_at = time.monotonic()
        if time.monotonic() - self.left_at > REST_AFTER_S:
            hold(self.showing.lab)
            return
        self._again.after(BREATH_S if self.showing.thinking else TICK_S)

    def _on_lab(self, lab: Lab) -> None:
        lab.conductor.on_broken = self._broke
        open_labs.private[self.name] = PrivateLab(self.owner, lab, self.page)
        if not lab.conductor.playing:
            lab.play()
        for window in self.windows:
            window.socket.look_at(lab)

    def _broke(self, sentence: str) -> None:
        self.showing.broke(sentence)
        self.tell()

    def tell(self) -> None:
        """Every window for which there is news."""
        for window in self.windows:
            said = window.tells(self.showing) | {"heat": self.heat}
            if self._told.get(id(window.socket)) != said:
                self._told[id(window.socket)] = said
                window.socket.tell({"type": "demo", "demo": said})


class Stands:
    def __init__(self) -> None:
        self.by_name: dict[str, Stand] = {}
        self._look: asyncio.TimerHandle | None = None

    def of_owner(self, owner: str) -> list[Stand]:
        return [stand for stand in self.by_name.values() if stand.owner == owner]

    def named(self, owner: str, path: str) -> Stand | None:
        """The one that this presenter has at that demo."""
        return next((stand for stand in self.of_owner(owner) if stand.showing.demo.path == path), None)

    def newest(self, owner: str) -> Stand | None:
        """The one at which this presenter is just now, or was last."""
        return max(self.of_owner(owner), key=lambda stand: (bool(stand.windows), stand.left_at), default=None)

    async def at(self, owner: str, demo: Demo) -> Stand:
        """The presenter's at that demo, or a new one. Raises NoStand, and LessonRefused for what cannot be played."""
        stand = self.named(owner, demo.path)
        if stand is not None:
            return stand
        name = f"demo-{demo.lesson}-{secrets.token_hex(4)}"
        named = replace(demo, settings=replace(demo.settings, name=name))
        return await self.take(owner, named, opening(named), demo_href(demo))

    async def take(self, owner: str, demo: Demo, pieces: Pieces[Lab], page: str, *, records: bool = True) -> Stand:
        """A new one, with the lab that comes of the pieces. Others get their turn while it is made. Raises as `at`."""
        self._make_room(owner)
        work = Work(pieces)
        while not work.go_on(AT_ONCE_S):
            await asyncio.sleep(0)
        stand = self.named(owner, demo.path)
        if stand is not None:
            # The other window of the same presenter was faster.
            work.value.abandon()
            return stand
        stand = Stand(owner, Showing(demo, work.value, records=records), page)
        self.by_name[stand.name] = stand
        if self._look is None:
            self._look_later()
        return stand

    def close(self) -> None:
        if self._look is not None:
            self._look.cancel()
            self._look = None
        for stand in [*self.by_name.values()]:
            self._close(stand)

    def look_for_idle(self) -> None:
        """Whoever does not come back does not keep his lab."""
        now = time.monotonic()
        for stand in [*self.by_name.values()]:
            if not stand.used and now - stand.left_at > FORGET_AFTER_S:
                self._close(stand)

    def _make_room(self, owner: str) -> None:
        mine = self.of_owner(owner)
        if len(mine) >= MOST_OF_ONE:
            self._close_one_of(mine, f"You have {len(mine)} demos open: close the page of one first.")
        if len(self.by_name) >= MOST_STANDS:
            self._close_one_of([*self.by_name.values()], "Too many demos are open: try again in a few minutes.")

    def _close_one_of(self, stands: list[Stand], why_not: str) -> None:
        empty = [stand for stand in stands if not stand.used]
        if not empty:
            raise NoStand(why_not)
        self._close(min(empty, key=lambda stand: stand.left_at))

    def _close(self, stand: Stand) -> None:
        del self.by_name[stand.name]
        stand.close()

    def _look_later(self) -> None:
        self.look_for_idle()
        self._look = asyncio.get_running_loop().call_later(60, self._look_later)


stands = Stands()
