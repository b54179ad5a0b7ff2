"""The socket of a terminal: lines in, marked output out; what runs is stopped when it closes."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from channels.testing import WebsocketCommunicator

from kafkalab.lab import Lab
from kafkalab.web.asgi import application
from kafkalab.web.labs.consumers import NO_SUCH_LAB
from tests.web.labs import HERE, PATIENCE_S, home_lab

TERMINAL = "/ws/labs/home/terminal/"


@asynccontextmanager
async def terminal(path: str = TERMINAL) -> AsyncIterator[WebsocketCommunicator]:
    socket = WebsocketCommunicator(application, path, headers=HERE)
    connected, _ = await socket.connect()
    assert connected
    try:
        yield socket
    finally:
        await socket.disconnect()


async def said(socket: WebsocketCommunicator) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(await socket.receive_from(PATIENCE_S))
    return message


async def run(socket: WebsocketCommunicator, line: str) -> tuple[list[Any], int | None]:
    """Every line until it has ended, and the exit code; None while it goes on by itself."""
    await socket.send_to(text_data=json.dumps({"command": "run_line", "line": line, "id": 1}))
    assert (await said(socket))["type"] == "begun"
    lines: list[Any] = []
    while True:
        output = await said(socket)
        lines += output["lines"]
        if output["exit"] is not None or output["stays"]:
            return lines, output["exit"]


def test_a_line_is_answered_with_marked_output() -> None:
    async def scenario() -> None:
        async with home_lab(), terminal() as socket:
            assert await run(socket, "kafka-topics --create --topic orders --partitions 1") == (
                [[["Created topic ", None], ["orders", "topic:orders"], [".", None]]],
                0,
            )
            assert await run(socket, "kafka-topics --create --topic orders") == (
                [[["Error while executing topic command : Topic 'orders' already exists.", None]]],
                1,
            )

    asyncio.run(scenario())


def test_a_line_is_completed() -> None:
    async def scenario() -> None:
        async with home_lab(), terminal() as socket:
            await socket.send_to(text_data=json.dumps({"complete": "kafka-topics --de", "id": 7}))
            assert await said(socket) == {
                "type": "completion",
                "id": 7,
                "text": "kafka-topics --de",
                "choices": ["--delete", "--describe"],
            }

    asyncio.run(scenario())


async def gone(lab: Lab, node: str) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while node in lab.world.nodes:
            await asyncio.sleep(0.05)


def test_what_runs_ends_with_the_terminal() -> None:
    async def scenario() -> None:
        async with home_lab() as lab:
            async with terminal() as socket:
                await run(socket, "kafka-topics --create --topic orders --partitions 1")
                _, code = await run(socket, "kafka-console-consumer --topic orders --from-beginning")
                assert (code, "console-consumer" in lab.world.nodes) == (None, True)
            await gone(lab, "console-consumer")

    asyncio.run(scenario())


def test_nobody_stops_what_runs_in_another_terminal() -> None:
    async def scenario() -> None:
        async with home_lab(), terminal() as one, terminal() as other:
            await run(one, "kafka-topics --create --topic orders --partitions 1")
            await run(one, "kafka-console-producer --topic orders")
            for command in ({"command": "stop_line", "job": 2}, {"command": "type_line", "job": 2, "line": "x"}):
                await other.send_to(text_data=json.dumps(command))
                assert await said(other) == {
                    "type": "refusal",
                    "id": None,
                    "error": "It does not run in this terminal.",
                }
            await other.send_to(text_data=json.dumps({"command": "crash_broker", "broker": 1, "id": 2}))
            assert (await said(other))["error"] == "A terminal takes lines, and no other command."
            await other.send_to(text_data="{")
            assert (await said(other))["error"] == "This is not JSON."

    asyncio.run(scenario())


def test_there_is_no_terminal_of_a_lab_that_does_not_exist() -> None:
    async def scenario() -> None:
        async with home_lab():
            socket = WebsocketCommunicator(application, "/ws/labs/nobody/terminal/", headers=HERE)
            await socket.connect()
            assert (await socket.receive_output(PATIENCE_S))["code"] == NO_SUCH_LAB

    asyncio.run(scenario())
