"""Whose turn is next, of all that shares the event loop: requests of clients, engines that play, pictures of them.

There is a little time for all of them together; then the event loop goes round, so that orders, pages and timers come
in between, however many connections flood it and however many labs are at work. Nobody is taken twice before everybody
else was taken once. For whom somebody waits there is a line of its own, which has as much time as the other one: who
floods that with orders makes it longer for those alone who have ordered something, too. A turn is a function, and
stands in one line once at most.
"""

import asyncio
import time
from collections.abc import Callable
from weakref import WeakKeyDictionary

Turn = Callable[[], None]
TURN_S = 0.002


def turns_of(loop: asyncio.AbstractEventLoop) -> "Turns":
    """The one line of everybody who shares this loop."""
    if loop not in _BY_LOOP:
        _BY_LOOP[loop] = Turns()
    return _BY_LOOP[loop]


class Turns:
    def __init__(self) -> None:
        self._line: dict[Turn, None] = {}
        self._pressing: dict[Turn, None] = {}
        self._next: asyncio.Handle | None = None
        self._left_s = TURN_S

    def ask(self, turn: Turn) -> None:
        """At once where nobody waits and there is time left."""
        if self._line or self._pressing or self._left_s <= 0:
            self.join(turn)
        else:
            self._take(turn)

    def join(self, turn: Turn, *, pressing: bool = False) -> None:
        """At the end of the line, where it does not stand in one already; of that for whom somebody waits, also out of
        the other one."""
        if pressing:
            self._line.pop(turn, None)
            self._pressing.setdefault(turn)
        elif turn not in self._pressing:
            self._line.setdefault(turn)
        self._go_round()

    def leave(self, turn: Turn) -> None:
        self._line.pop(turn, None)
        self._pressing.pop(turn, None)

    def _go_round(self) -> None:
        if self._next is None:
            self._next = asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        self._next = None
        for line in (self._pressing, self._line):
            self._left_s = TURN_S
            for _ in range(len(line)):
                if self._left_s <= 0 or not line:
                    break
                first = next(iter(line))
                del line[first]
                self._take(first)

    def _take(self, turn: Turn) -> None:
        began = time.perf_counter()
        # Before it and not after: where an engine breaks in its turn, those who wait behind it come all the same.
        self._go_round()
        turn()
        self._left_s -= time.perf_counter() - began


class Again:
    """A turn that comes again after a while, of somebody who looks at a lab now and then."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._turns: Turns | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def comes(self) -> bool:
        return self._timer is not None

    def after(self, seconds: float) -> None:
        """On the running loop."""
        loop = asyncio.get_running_loop()
        self._turns = turns_of(loop)
        self._timer = loop.call_later(seconds, self._turns.ask, self._take)

    def stop(self) -> None:
        if self._timer is not None and self._turns is not None:
            self._timer.cancel()
            self._turns.leave(self._take)
            self._timer = None

    def _take(self) -> None:
        self._timer = None
        self._turn()


_BY_LOOP: WeakKeyDictionary[asyncio.AbstractEventLoop, Turns] = WeakKeyDictionary()
