"""A learner at a drill's socket in tests, who plays what an author has written down as a solution or a wrong move."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Any

from channels.testing import WebsocketCommunicator
from django.test import AsyncClient

from kafkalab.drills import Drill
from kafkalab.drills.drill import Calling, Move
from kafkalab.lab import COMMANDS, Command
from kafkalab.lab.lab_time import LabTime
from kafkalab.web.asgi import application
from kafkalab.web.drills.desks import Desk, desks
from kafkalab.web.drills.storing import all_stored
from kafkalab.web.labs.owners import COOKIE
from tests.web.labs import HERE, PATIENCE_S, home_lab

RATE = 10.0
NAMES = {kind: name for name, kind in COMMANDS.items()}


@asynccontextmanager
async def on_call() -> AsyncIterator[None]:
    async with home_lab():
        try:
            yield
        finally:
            await all_stored()
            desks.close()
            await all_stored()


def headers_of(browser: AsyncClient) -> list[tuple[bytes, bytes]]:
    cookie = f"{COOKIE}={browser.cookies[COOKIE].value}" if COOKIE in browser.cookies else ""
    return [*HERE, (b"cookie", cookie.encode())]


async def opened(browser: AsyncClient, path: str) -> str:
    """The name of the lab."""
    answer = await browser.get(path, follow=True)
    assert answer.status_code == 200, answer.content
    [name] = re.findall(r'data-socket="/ws/labs/([^/]+)/drill/"', answer.content.decode())
    return str(name)


class OnCall:
    """At the socket of a drill's page. The lab's clock goes ten times as fast as the wall's."""

    def __init__(self, socket: WebsocketCommunicator, desk: Desk) -> None:
        self.socket = socket
        self.desk = desk
        self.drill: dict[str, Any] = {}
        self.frames: list[dict[str, Any]] = []

    def hurry(self) -> None:
        conductor = self.desk.duty.lab.conductor
        clock = LabTime(self.desk.duty.lab.world.now_us)
        clock.change(rate=RATE)
        conductor.keep_time_by(clock)

    async def ask(self, command: str, **fields: Any) -> dict[str, Any]:
        await self.socket.send_to(text_data=json.dumps({"command": command, "id": 1, **fields}))
        while (said := await self.hear())["type"] != "answer":
            pass
        return said

    async def asks(self, command: str, **fields: Any) -> dict[str, Any]:
        """What must be carried out."""
        said = await self.ask(command, **fields)
        assert said["ok"], said
        return said

    async def hear(self) -> dict[str, Any]:
        said: dict[str, Any] = json.loads(await self.socket.receive_from(PATIENCE_S))
        if said["type"] == "drill":
            self.drill = said["drill"]
        elif said["type"] in ("snapshot", "frame"):
            self.frames.append(said)
        return said

    async def until(self, *steps: str) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE_S):
            while self.drill.get("step") not in steps:
                await self.hear()
        return self.drill

    async def passes(self, seconds: float) -> None:
        """Of the lab's time."""
        world = self.desk.duty.lab.world
        end_us = world.now_us + int(seconds * 1_000_000)
        while world.now_us < end_us:
            await self.hear_for(0.02)

    async def hear_for(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        while not self.socket.output_queue.empty():
            await self.hear()

    async def is_paged(self) -> None:
        """From the brief to the page."""
        await self.until("brief")
        await self.asks("take_pager")
        await self.asks("pin_metrics", metrics=[metric["name"] for metric in self.drill["metrics"]][:2])
        self.hurry()
        await self.asks("begin_watch")
        await self.until("paged")
        await self.asks("acknowledge_page")

    async def plays(self, moves: tuple[Move, ...]) -> None:
        """By the socket, as a page does."""
        incident = self.desk.duty.incident
        for move in moves:
            if isinstance(move, Calling):
                await self.asks("call_somebody", name=move.call)
            elif move.order is not None:
                await self.orders(move.order.command(incident.before, incident._look()))
            elif move.until is not None:
                async with asyncio.timeout(PATIENCE_S):
                    while not move.until.reached(before=incident.before, now=incident._look()):
                        await self.hear_for(0.05)
            else:
                await self.passes(move.wait_s)

    async def orders(self, command: Command) -> None:
        """Once more where it is asked first what could be lost."""
        said = {"command": NAMES[type(command)], **asdict(command)}  # type: ignore[call-overload]
        answer = await self.ask(**said)
        if not answer["ok"] and answer["error"].endswith("Give the same order again, and it is carried out."):
            answer = await self.ask(**said)
        assert answer["ok"], answer


@asynccontextmanager
async def at_the_page_of(browser: AsyncClient, path: str) -> AsyncIterator[OnCall]:
    name = await opened(browser, path)
    socket = WebsocketCommunicator(application, f"/ws/labs/{name}/drill/", headers=headers_of(browser))
    connected, _ = await socket.connect()
    assert connected
    try:
        yield OnCall(socket, desks.by_name[name])
    finally:
        await socket.disconnect()


def named(drill: Drill, wrong_move: str) -> tuple[Move, ...]:
    [found] = [wrong.steps for wrong in drill.wrong_moves if wrong.name == wrong_move]
    return found
