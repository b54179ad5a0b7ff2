"""A lab in memory, played on the test's own event loop and open to the views."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from channels.testing import WebsocketCommunicator

from kafkalab.lab import Lab, LabSettings
from kafkalab.lab.commands import Command
from kafkalab.web.asgi import application
from kafkalab.web.labs.open_labs import open_labs

HERE = [(b"origin", b"http://localhost"), (b"host", b"localhost")]
STAGE = "/ws/labs/home/"
PATIENCE_S = 20


@asynccontextmanager
async def home_lab() -> AsyncIterator[Lab]:
    lab = Lab.open(None, LabSettings(broker_configs={"offsets.topic.num.partitions": "3"}))
    open_labs.by_name["home"] = lab
    lab.play()
    await lab.until_ready()
    try:
        yield lab
    finally:
        del open_labs.by_name["home"]
        lab.close()


async def done(lab: Lab, command: Command) -> dict[str, Any]:
    """Carry out a command that must succeed; its detail."""
    answered: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    lab.do(command, answered.set_result)
    outcome = await asyncio.wait_for(answered, PATIENCE_S)
    assert outcome.ok, outcome
    detail: dict[str, Any] = outcome.detail
    return detail


@asynccontextmanager
async def browser(headers: list[tuple[bytes, bytes]] = HERE, path: str = STAGE) -> AsyncIterator[WebsocketCommunicator]:
    socket = WebsocketCommunicator(application, path, headers=headers)
    connected, _ = await socket.connect()
    assert connected
    try:
        yield socket
    finally:
        await socket.disconnect()


async def answer_of(socket: WebsocketCommunicator) -> dict[str, Any]:
    """The next answer, past all frames."""
    while True:
        said: dict[str, Any] = json.loads(await socket.receive_from(PATIENCE_S))
        if said["type"] == "answer":
            return said
