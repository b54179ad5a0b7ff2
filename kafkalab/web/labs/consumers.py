"""The socket of a browser: frames go out at its own pace, commands come in and are answered by their id.

It has a bounded place in the lab's row of watchers. Who is slow gets the latest state and not a
backlog; who is slow again and again is let go, and comes back by itself.
"""

import asyncio
import json
import time
from typing import Any

from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from django.http import Http404

from kafkalab.lab import CommandRefused, Lab, Outcome, Watcher, parse_command
from kafkalab.web.labs.open_labs import Visit, open_labs
from kafkalab.web.labs.owners import acting, owner_in
from kafkalab.web.labs.wire import NAME as WIRE
from kafkalab.web.labs.wire import Wire

LARGEST_MESSAGE = 64 * 1024
MESSAGES_PER_S = 20
BURST = 40
OVERFLOWS_BEFORE_CLOSE = 50
SOCKETS_IN_ALL = 600
SOCKETS_OF_ONE = 40
"""Of one browser that owns something: of more, the tabs themselves would be slow."""
# RFC 6455 has codes of its own for these (1001, 1009, 1013), but the server under Daphne refuses to
# send any but 1000 and 3000-4999: it would raise instead of closing.
GOING_AWAY = 4001
TOO_BIG = 4009
TRY_AGAIN_LATER = 4013
NO_SUCH_LAB = 4404


class Allowance:
    """So many messages a second, and a burst: a bucket that fills up again."""

    def __init__(self) -> None:
        self._left = float(BURST)
        self._at = time.monotonic()

    def spend(self) -> bool:
        now = time.monotonic()
        self._left = min(BURST, self._left + (now - self._at) * MESSAGES_PER_S)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class LabConsumer(AsyncWebsocketConsumer):
    watcher: Watcher | None = None
    wire: Wire | None = None
    lab: Lab | None = None
    visit: Visit | None = None
    sender: "asyncio.Task[None] | None" = None

    async def connect(self) -> None:
        owner = owner_in(self.scope)
        acting.set(owner)
        try:
            self.visit = await open_labs.visited(self.scope["url_route"]["kwargs"]["name"], owner)
        except Http404:
            self.visit = None
        self.lab = self.visit.lab if self.visit is not None else None
        self.allowance = Allowance()
        self.sending: set[asyncio.Future[None]] = set()
        await self.accept()
        if self.lab is None:
            await self.close(NO_SUCH_LAB)
            return
        if not has_room_for(owner):
            await self.close(TRY_AGAIN_LATER)
            return
        open_sockets[id(self)] = self
        self.wire = self.scope.get(WIRE)
        if self.wire is not None:
            self.wire.open(self._put_frames)
        self.look_at(self.lab)

    def look_at(self, lab: Lab) -> None:
        """From now on: a snapshot of it comes first."""
        if self.watcher is not None:
            self.watcher.close()
        if self.sender is not None:
            self.sender.cancel()
        self.lab = lab
        if self.wire is not None:
            self.watcher = lab.watch(self._put_frames)
            self._put_frames()
            return
        self.ready = asyncio.Event()
        self.watcher = lab.watch(self.ready.set)
        self.sender = asyncio.create_task(self._send_frames(self.watcher))

    async def disconnect(self, code: int) -> None:
        open_sockets.pop(id(self), None)
        if self.watcher is not None:
            self.watcher.close()
        if self.wire is not None:
            self.wire.close()
        if self.sender is not None:
            self.sender.cancel()
        raise StopConsumer

    def _put_frames(self) -> None:
        """The short way, as soon as there is a frame: without a turn of the loop for each who watches."""
        if self.watcher is None or self.wire is None:
            return
        if self.watcher.ended or self.watcher.overflows >= OVERFLOWS_BEFORE_CLOSE:
            self.watcher.close()
            self.ending = asyncio.ensure_future(self.close(NO_SUCH_LAB if self.watcher.ended else TRY_AGAIN_LATER))
            return
        while not self.wire.full and (text := self.watcher.take()) is not None:
            self.wire.send(text)

    async def _send_frames(self, watcher: Watcher) -> None:
        while watcher.overflows < OVERFLOWS_BEFORE_CLOSE:
            await self.ready.wait()
            self.ready.clear()
            while (text := watcher.take()) is not None:
                await self.send(text_data=text)
            if watcher.ended:
                await self.close(NO_SUCH_LAB)
                return
        await self.close(TRY_AGAIN_LATER)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self.lab is None:
            return
        if text_data is None:
            await self._refuse(None, "A command is JSON text.", {})
            return
        if len(text_data) > LARGEST_MESSAGE:
            await self.close(TOO_BIG)
            return
        try:
            said = json.loads(text_data)
        except (ValueError, RecursionError):
            await self._refuse(None, "This is not JSON.", {})
            return
        number = said.get("id") if isinstance(said, dict) else None
        if not isinstance(number, int | str | None):
            await self._refuse(None, "An id is a number or text.", {"id": "must be a number or text"})
            return
        if not self.allowance.spend():
            await self._refuse(number, "Too many commands at once: wait a moment.", {})
            return
        try:
            self.check_may_act()
            self.carry_out(self.lab, number, said)
        except CommandRefused as refused:
            await self._refuse(number, refused.error, refused.fields)

    def check_may_act(self) -> None:
        """Raises CommandRefused to who may only look."""
        refusal = open_labs.refusal(self.visit) if self.visit is not None else ""
        if refusal:
            raise CommandRefused(refusal)

    def carry_out(self, lab: Lab, number: int | str | None, said: Any) -> None:
        """Raises CommandRefused."""
        lab.do(parse_command(said), lambda outcome: self._answer(number, outcome))

    def _answer(self, number: int | str | None, outcome: Outcome) -> None:
        self.tell(answer(number, outcome))

    def tell(self, said: dict[str, Any]) -> None:
        """As soon as it can be sent."""
        sending = asyncio.ensure_future(self.send(text_data=json.dumps(said, ensure_ascii=False)))
        self.sending.add(sending)
        sending.add_done_callback(self.sending.discard)

    async def _refuse(self, number: int | str | None, error: str, fields: dict[str, str]) -> None:
        await self.send(
            text_data=json.dumps({"type": "answer", "id": number, "ok": False, "error": error, "fields": fields})
        )


def answer(number: int | str | None, outcome: Outcome) -> dict[str, Any]:
    """What the socket says to a command that was carried out or refused."""
    said = {"type": "answer", "id": number, "ok": outcome.ok, "shell": outcome.shell}
    if outcome.ok:
        return said | {"detail": outcome.detail}
    return said | {"error": outcome.error, "fields": outcome.fields}


open_sockets: dict[int, AsyncWebsocketConsumer] = {}
"""Of labs, of their terminals and of rooms."""


def has_room_for(owner: str) -> bool:
    """For one more socket of that browser; "" are all those together that own nothing."""
    if len(open_sockets) >= SOCKETS_IN_ALL:
        return False
    if not owner or len(open_sockets) < SOCKETS_OF_ONE:
        return True
    return sum(owner_in(each.scope) == owner for each in open_sockets.values()) < SOCKETS_OF_ONE


async def close_all() -> None:
    """The server stops: every browser is told so, and will look for it again."""
    for consumer in list(open_sockets.values()):
        await consumer.close(GOING_AWAY)


async def close_those_of(lab: Lab) -> None:
    """The lab goes away with its branches: whoever looks at one of them is told that there is none."""
    for consumer in [each for each in open_sockets.values() if each.lab is not None and each.lab.family is lab.family]:
        await consumer.close(NO_SUCH_LAB)
