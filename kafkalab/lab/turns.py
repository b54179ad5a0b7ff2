"""Whose turn is next, of all that shares the event loop: requests of clients, engines that play, pictures of them.

There is a little time for all of them together; then the event loop goes round, so that orders, pages and timers come
in between, however many connections flood it and however many labs are at work. Nobody is taken twice before everybody
else was taken once. A turn is a function, and stands in the line once at most.
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
        self._next: asyncio.Handle | None = None
        self._left_s = TURN_S

    def ask(self, turn: Turn) -> None:
        """At once where nobody waits and there is time left."""
        if self._line or self._left_s <= 0:
            self.join(turn)
            return
        self._take(turn)

    def join(self, turn: Turn) -> None:
        """At the end of the line, where it does not stand in it already."""
        self._line.setdefault(turn)
        self._go_round()

    def leave(self, turn: Turn) -> None:
        self._line.pop(turn, None)

    def _go_round(self) -> None:
        if self._next is None:
            self._next = asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        self._next = None
        self._left_s = TURN_S
        for _ in range(len(self._line)):
            if self._left_s <= 0 or not self._line:
                break
            first = next(iter(self._line))
            del self._line[first]
            self._take(first)

    def _take(self, turn: Turn) -> None:
        began = time.perf_counter()
        # Before it and not after: where an engine breaks in its turn, those who wait behind it come all the same.
        self._go_round()
        turn()
        self._left_s -= time.perf_counter() - began


_BY_LOOP: WeakKeyDictionary[asyncio.AbstractEventLoop, Turns] = WeakKeyDictionary()
