"""The socket of a room: what everybody there is told, as it stands at first and as it changes. Nothing comes in by it.

Whoever does something posts a form: so it is guarded as every form is.
"""

import json
from typing import Any

from asgiref.sync import sync_to_async
from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer

from kafkalab.lab import Lab
from kafkalab.web.classroom import telling
from kafkalab.web.classroom.models import Room
from kafkalab.web.classroom.rooms import seat_with
from kafkalab.web.labs.consumers import NO_SUCH_LAB, SOCKETS_IN_ALL, TOO_BIG, TRY_AGAIN_LATER, open_sockets
from kafkalab.web.labs.owners import owner_in


class RoomConsumer(AsyncWebsocketConsumer):
    lab: Lab | None = None
    """None: it shows none. Sockets of every kind are counted together."""
    groups_joined: tuple[str, ...] = ()

    async def connect(self) -> None:
        room = await self.let_in(self.scope["url_route"]["kwargs"]["code"].upper(), owner_in(self.scope))
        await self.accept()
        if room is None:
            await self.close(NO_SUCH_LAB)
            return
        if len(open_sockets) >= SOCKETS_IN_ALL:
            await self.close(TRY_AGAIN_LATER)
            return
        open_sockets[id(self)] = self
        self.groups_joined = self.groups_of(room)
        for group in self.groups_joined:
            await self.channel_layer.group_add(group, self.channel_name)
        await self.told({"said": telling.state_of(room)})

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
    async def let_in(self, code: str, key: str) -> Room | None:
        seat = await sync_to_async(seat_with)(key, code)
        return seat.room if seat is not None else None
