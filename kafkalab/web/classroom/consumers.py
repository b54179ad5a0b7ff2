"""The socket of a room: what everybody there is told, as it stands at first and as it changes. Nothing comes in by it.

Whoever does something posts a form: so it is guarded as every form is.
"""

import asyncio
import json
from collections import Counter
from contextlib import suppress
from typing import Any

from asgiref.sync import sync_to_async
from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer

from kafkalab.lab import Lab
from kafkalab.web.classroom import telling
from kafkalab.web.classroom.board import Board
from kafkalab.web.classroom.desks import instructor_in, session_of
from kafkalab.web.classroom.models import Room
from kafkalab.web.classroom.rooms import seat_with
from kafkalab.web.labs.consumers import NO_SUCH_LAB, TOO_BIG, TRY_AGAIN_LATER, has_room_for, open_sockets
from kafkalab.web.labs.owners import owner_in

SOONEST_S = 0.3
LATEST_S = 3.0
"""Between two looks at the board, though nothing was heard of."""


class RoomConsumer(AsyncWebsocketConsumer):
    lab: Lab | None = None
    """None: it shows none. Sockets of every kind are counted together."""
    groups_joined: tuple[str, ...] = ()

    async def connect(self) -> None:
        key = owner_in(self.scope)
        room = await self.let_in(self.scope["url_route"]["kwargs"]["code"].upper(), key)
        await self.accept()
        if room is None:
            await self.close(NO_SUCH_LAB)
            return
        if not has_room_for(key):
            await self.close(TRY_AGAIN_LATER)
            return
        open_sockets[id(self)] = self
        self.groups_joined = self.groups_of(room)
        self.room = room
        for group in self.groups_joined:
            await self.channel_layer.group_add(group, self.channel_name)
        await self.told({"said": telling.state_of(room)})
        await self.begin(room)

    async def begin(self, room: Room) -> None:
        """Once it is in."""

    async def let_in(self, code: str, key: str) -> Room | None:
        """The room, if it is there to whoever has that key."""
        raise NotImplementedError

    def groups_of(self, room: Room) -> tuple[str, ...]:
        return (telling.group_of(room),)

    async def told(self, event: dict[str, Any]) -> None:
        """By the room's group."""
        await self.send(text_data=json.dumps(event["said"], ensure_ascii=False))

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        await self.close(TOO_BIG)

    async def disconnect(self, code: int) -> None:
        open_sockets.pop(id(self), None)
        for group in self.groups_joined:
            await self.channel_layer.group_discard(group, self.channel_name)
        raise StopConsumer


class SeatConsumer(RoomConsumer):
    """Of a learner's page."""

    mark = ""

    async def let_in(self, code: str, key: str) -> Room | None:
        seat = await sync_to_async(seat_with)(key, code)
        if seat is None:
            return None
        self.mark = seat.mark
        room: Room = seat.room
        return room

    async def begin(self, room: Room) -> None:
        await telling.stir(room)

    async def told(self, event: dict[str, Any]) -> None:
        said = event["said"]
        if said["type"] == "removed":
            # The others need not know whom that concerns.
            if said["seat"] == self.mark:
                await self.close(NO_SUCH_LAB)
            return
        await super().told(event)

    async def disconnect(self, code: int) -> None:
        if self.groups_joined:
            await telling.stir(self.room)
        await super().disconnect(code)


class ConsoleConsumer(RoomConsumer):
    """Of the instructor's console and projector: the board besides, whenever something on it has changed."""

    looking: "asyncio.Task[None] | None" = None

    async def let_in(self, code: str, key: str) -> Room | None:
        return await sync_to_async(_held_by)(key, code)

    def groups_of(self, room: Room) -> tuple[str, ...]:
        return (telling.group_of(room), telling.console_group_of(room))

    async def begin(self, room: Room) -> None:
        self.stirred_up = asyncio.Event()
        self.looking = asyncio.create_task(self._look(Board(room.mark)))

    async def stirred(self, event: dict[str, Any]) -> None:
        """By the consoles' group."""
        self.stirred_up.set()

    async def _look(self, board: Board) -> None:
        last = ""
        code, owner = self.room.code, owner_in(self.scope)
        while await sync_to_async(_held_by)(owner, code) and (said := await board.look(pages_open())) is not None:
            text = json.dumps(said, ensure_ascii=False)
            if text != last:
                last = text
                await self.send(text_data=text)
            # What stirs again and again is told of at a pace that people can follow.
            await asyncio.sleep(SOONEST_S)
            with suppress(TimeoutError):
                await asyncio.wait_for(self.stirred_up.wait(), LATEST_S - SOONEST_S)
            self.stirred_up.clear()
        await self.close(NO_SUCH_LAB)

    async def disconnect(self, code: int) -> None:
        if self.looking is not None:
            self.looking.cancel()
        await super().disconnect(code)


def pages_open() -> dict[str, int]:
    """By the marks of seats."""
    return Counter(each.mark for each in open_sockets.values() if isinstance(each, SeatConsumer))


def _held_by(owner: str, code: str) -> Room | None:
    """Of the instructor who is logged in at that browser."""
    user = instructor_in(session_of(owner))
    found: Room | None = Room.objects.filter(code=code, instructor=user).first() if user is not None else None
    return found
