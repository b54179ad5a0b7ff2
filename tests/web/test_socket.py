"""The socket of a browser: what it sends, what it takes, and whom it refuses."""

import asyncio
import json

from channels.testing import WebsocketCommunicator

from kafkalab.lab import apply
from kafkalab.lab.commands import CreateProducer, CreateTopic
from kafkalab.lab.conductor import FRAME_S
from kafkalab.web.asgi import application
from kafkalab.web.labs.consumers import BURST, GOING_AWAY, LARGEST_MESSAGE, TOO_BIG, close_all
from tests.web.labs import HERE, PATIENCE_S, STAGE, answer_of, browser, done, home_lab

QUIET_S = 0.7
"""Longer than the lab waits before it shows what little has changed."""


def test_frames_laid_on_the_snapshot_give_the_view() -> None:
    async def scenario() -> None:
        async with home_lab() as lab, browser() as socket:
            view = apply({}, json.loads(await socket.receive_from(PATIENCE_S)))
            await socket.send_to(text_data='{"command": "create_topic", "name": "orders", "partitions": 2, "id": 1}')
            while "partition:orders:1" not in view:
                said = json.loads(await socket.receive_from(PATIENCE_S))
                if said["type"] != "answer":
                    view = apply(view, said)
            while not await socket.receive_nothing(QUIET_S):
                said = json.loads(await socket.receive_from())
                if said["type"] != "answer":
                    view = apply(view, said)
            assert view == json.loads(json.dumps(lab.frames.snapshot()["entities"]))

    asyncio.run(scenario())


def test_newcomers_share_one_look_at_the_lab() -> None:
    """Two hundred browsers that open at once shall not have two hundred frames made, each sent to all."""

    async def scenario() -> None:
        async with home_lab() as lab:
            await done(lab, CreateTopic("orders"))
            await done(lab, CreateProducer("orders", rate=1_000))
            await asyncio.sleep(0.5)
            loop = asyncio.get_running_loop()
            began, version = loop.time(), lab.snapshot()["version"]
            for _ in range(100):
                lab.watch(lambda: None)
                await asyncio.sleep(0.001)
            frames = lab.snapshot()["version"] - version
            assert 0 < frames <= 2 * (loop.time() - began) / FRAME_S + 3

    asyncio.run(scenario())


def test_a_command_is_answered_by_its_id_with_the_line_it_equals() -> None:
    async def scenario() -> None:
        async with home_lab(), browser() as socket:
            await socket.send_to(text_data='{"command": "crash_broker", "broker": 2, "id": 7}')
            assert await answer_of(socket) == {
                "type": "answer", "id": 7, "ok": True, "shell": "kill -9 <pid of broker 2>", "detail": {},
            }  # fmt: skip

    asyncio.run(scenario())


def test_a_wrong_field_is_named() -> None:
    async def scenario() -> None:
        async with home_lab(), browser() as socket:
            await socket.send_to(text_data='{"command": "crash_broker", "broker": "two", "id": "a"}')
            assert await answer_of(socket) == {
                "type": "answer",
                "id": "a",
                "ok": False,
                "error": "crash_broker: broker must be a whole number",
                "fields": {"broker": "must be a whole number"},
            }

    asyncio.run(scenario())


def test_what_is_not_json_is_refused_and_the_socket_stays() -> None:
    async def scenario() -> None:
        async with home_lab(), browser() as socket:
            await socket.send_to(text_data="{")
            assert (await answer_of(socket))["error"] == "This is not JSON."
            await socket.send_to(text_data="[1]")
            assert (await answer_of(socket))["error"] == "A command is a JSON object."
            await socket.send_to(text_data='{"id": {"deep": 1}}')
            assert (await answer_of(socket))["fields"] == {"id": "must be a number or text"}

    asyncio.run(scenario())


def test_too_many_commands_at_once_must_wait() -> None:
    async def scenario() -> None:
        async with home_lab(), browser() as socket:
            for number in range(BURST + 5):
                await socket.send_to(text_data=json.dumps({"command": "nonsense", "id": number}))
            errors = [(await answer_of(socket))["error"] for _ in range(BURST + 5)]
            assert errors[:BURST] == ["There is no such command."] * BURST
            assert errors[-1] == "Too many commands at once: wait a moment."

    asyncio.run(scenario())


def test_a_message_beyond_64_kib_ends_the_socket() -> None:
    async def scenario() -> int:
        async with home_lab():
            socket = WebsocketCommunicator(application, STAGE, headers=HERE)
            await socket.connect()
            await socket.send_to(text_data="x" * (LARGEST_MESSAGE + 1))
            while (said := await socket.receive_output(PATIENCE_S))["type"] != "websocket.close":
                pass
            code: int = said["code"]
            return code

    assert asyncio.run(scenario()) == TOO_BIG


def test_a_page_of_another_origin_is_refused() -> None:
    async def scenario() -> bool:
        socket = WebsocketCommunicator(application, STAGE, headers=[(b"origin", b"http://evil.example")])
        connected, _ = await socket.connect()
        return bool(connected)

    assert asyncio.run(scenario()) is False


def test_every_browser_is_told_when_the_server_stops() -> None:
    async def scenario() -> int:
        async with home_lab():
            socket = WebsocketCommunicator(application, STAGE, headers=HERE)
            await socket.connect()
            await close_all()
            while (said := await socket.receive_output(PATIENCE_S))["type"] != "websocket.close":
                pass
            await socket.disconnect()
            code: int = said["code"]
            return code

    assert asyncio.run(scenario()) == GOING_AWAY
