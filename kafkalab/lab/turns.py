"""Whose requests are taken next, of all connections that have some: a little time for all of them together.

Between two turns the event loop goes round, so that pages, frames and timers come in between however many
connections flood it, and of however many labs. Nobody is taken twice before everybody else was taken once.
"""

import asyncio
import time
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from kafkalab.lab.connection import Connection

TURN_S = 0.002


def turns_of(loop: asyncio.AbstractEventLoop) -> "Turns":
    """The one line of everybody who shares this loop."""
    if loop not in _BY_LOOP:
        _BY_LOOP[loop] = Turns()
    return _BY_LOOP[loop]


class Turns:
    def __init__(self) -> None:
        self._line: dict[Connection, None] = {}
        self._next: asyncio.Handle | None = None
        self._left_s = TURN_S

    def ask(self, connection: "Connection") -> None:
        """At once where nobody waits and there is time left."""
        if self._line or self._left_s <= 0:
            self.join(connection)
            return
        self._take(connection)
        self._go_round()

    def join(self, connection: "Connection") -> None:
        """At the end of the line, where it does not stand in it already."""
        self._line.setdefault(connection)
        self._go_round()

    def leave(self, connection: "Connection") -> None:
        self._line.pop(connection, None)

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
        if self._line:
            self._go_round()

    def _take(self, connection: "Connection") -> None:
        began = time.perf_counter()
        connection.take_some()
        self._left_s -= time.perf_counter() - began


_BY_LOOP: WeakKeyDictionary[asyncio.AbstractEventLoop, Turns] = WeakKeyDictionary()
