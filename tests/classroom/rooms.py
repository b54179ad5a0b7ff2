"""A school in memory: a home lab, labs of rooms, an instructor who is logged in, learners who join."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import User
from django.test import AsyncClient

from kafkalab.lab import Bounds, Listener, ManyLabs
from kafkalab.web.asgi import application
from kafkalab.web.classroom.heard import heard
from kafkalab.web.classroom.models import Room
from kafkalab.web.classroom.rooms import wrong_codes
from kafkalab.web.course.belonging import logins
from kafkalab.web.labs.open_labs import open_labs
from tests.web.labs import HERE, PATIENCE_S, home_lab

PASSWORD = "correct horse battery"


@asynccontextmanager
async def school(
    directory: Path | None = None, listeners: tuple[Listener, ...] = (), **bounds: int
) -> AsyncIterator[ManyLabs]:
    wrong_codes.forget()
    logins.forget()
    async with home_lab():
        many = ManyLabs(directory, "127.0.0.1", listeners, Bounds(**bounds))
        many.on_awake.append(heard.listen)
        open_labs.many = many
        try:
            yield many
        finally:
            await heard.written()
            open_labs.many = None
            open_labs.held.clear()
            many.close()


async def instructor(name: str = "grace") -> AsyncClient:
    """Logged in, at a browser of their own."""
    user = await User.objects.filter(username=name).afirst()
    if user is None:
        await sync_to_async(User.objects.create_user)(name, password=PASSWORD, is_staff=True)
    browser = AsyncClient()
    answer = await browser.post("/instructor/", {"username": name, "password": PASSWORD})
    assert answer.status_code == 302, answer.content
    return browser


async def room_of(browser: AsyncClient, arrangement: str = "own", title: str = "Monday", teams: int = 2) -> Room:
    answer = await browser.post("/rooms/new/", {"title": title, "arrangement": arrangement, "teams": str(teams)})
    assert answer.status_code == 302, answer.content
    return await Room.objects.aget(code=answer.headers["Location"].strip("/").rpartition("/")[2])


async def joined(room: Room, name: str) -> AsyncClient:
    browser = AsyncClient()
    answer = await browser.post(f"/join/{room.code}/", {"name": name})
    assert answer.status_code == 302, answer.content
    return browser


async def lab_at(browser: AsyncClient, room: Room) -> str:
    """The name of the lab that the browser's seat shows."""
    answer = await browser.get(f"/seat/{room.code}/")
    assert answer.status_code == 200, (answer.status_code, answer.content[:500])
    [name] = re.findall(r'data-socket="/ws/labs/([^/]+)/"', answer.content.decode())
    return str(name)


@asynccontextmanager
async def socket_of(browser: AsyncClient, path: str) -> AsyncIterator[WebsocketCommunicator]:
    cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in browser.cookies.items())
    socket = WebsocketCommunicator(application, path, headers=[*HERE, (b"cookie", cookie.encode())])
    connected, _ = await socket.connect(20)
    assert connected
    try:
        yield socket
    finally:
        await socket.disconnect()


async def ordered(browser: AsyncClient, room: Room, order: str, value: str = "") -> int:
    answer = await browser.post(f"/rooms/{room.code}/order/", {"order": order, "value": value})
    return int(answer.status_code)


async def heard_by(socket: WebsocketCommunicator, kind: str) -> dict[str, Any]:
    """The next message of that type, past all others."""
    while True:
        said: dict[str, Any] = json.loads(await socket.receive_from(PATIENCE_S))
        if said["type"] == kind:
            return said
