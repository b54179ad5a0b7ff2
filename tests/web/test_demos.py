"""A demo's pages and sockets: the cards in one window, the projector in the other, whose they are, and a recording."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from channels.testing import WebsocketCommunicator
from django.test import AsyncClient

from kafkalab.lessons.demo import read_demo
from kafkalab.lessons.demo_play import check_demo
from kafkalab.web.asgi import application
from kafkalab.web.demos.stands import stands
from kafkalab.web.labs.consumers import NO_SUCH_LAB
from kafkalab.web.labs.open_labs import open_labs
from kafkalab.web.labs.owners import COOKIE
from tests.web.labs import HERE, PATIENCE_S, home_lab

DEMO_1, DEMO_2, DEMO_3 = "/demos/1-a-log-not-a-queue/", "/demos/2-offsets/", "/demos/3-partitions-and-order/"


@asynccontextmanager
async def hall() -> AsyncIterator[None]:
    async with home_lab():
        try:
            yield
        finally:
            stands.close()


@pytest.fixture(autouse=True)
def nobody_stands() -> Iterator[None]:
    yield
    assert (stands.by_name, open_labs.private) == ({}, {})


async def opened(browser: AsyncClient, path: str = DEMO_1) -> str:
    """The path of the socket."""
    answer = await browser.get(path)
    assert answer.status_code == 200, answer.content
    [socket] = re.findall(r'data-socket="(/ws/labs/[^"/]+/demo/[^"]*)"', answer.content.decode())
    return str(socket)


class Window:
    def __init__(self, socket: WebsocketCommunicator) -> None:
        self.socket = socket
        self.demo: dict[str, Any] = {}
        self.at_us: list[int] = []
        """Of each lab that it was given to look at."""

    async def ask(self, command: str, **fields: Any) -> dict[str, Any]:
        await self.socket.send_to(text_data=json.dumps({"command": command, "id": 1, **fields}))
        while (said := await self.hear())["type"] != "answer":
            pass
        return said

    async def until(self, phase: str, index: int = 0) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE_S):
            while (self.demo.get("phase"), self.demo.get("index")) != (phase, index):
                await self.hear()
        return self.demo

    async def hear(self) -> dict[str, Any]:
        said: dict[str, Any] = json.loads(await self.socket.receive_from(PATIENCE_S))
        if said["type"] == "demo":
            self.demo = said["demo"]
        elif said["type"] == "snapshot":
            self.at_us.append(said["at_us"])
        return said


def to(path: str, browser: AsyncClient) -> WebsocketCommunicator:
    cookie = f"{COOKIE}={browser.cookies[COOKIE].value}" if COOKIE in browser.cookies else ""
    return WebsocketCommunicator(application, path, headers=[*HERE, (b"cookie", cookie.encode())])


@asynccontextmanager
async def window(path: str, browser: AsyncClient) -> AsyncIterator[Window]:
    socket = to(path, browser)
    connected, _ = await socket.connect()
    assert connected
    try:
        yield Window(socket)
    finally:
        await socket.disconnect()


def test_the_list_names_a_demo_for_each_lesson() -> None:
    async def scenario() -> None:
        async with hall():
            page = (await AsyncClient().get("/demos/")).content.decode()
            assert re.findall(r'href="/demos/(\d+)-', page) == [str(number) for number in range(1, 23)]
            assert (await AsyncClient().get("/demos/1-something/")).status_code == 404
            assert '<h3 id="put_up_card">' in (await AsyncClient().get("/api/")).content.decode()

    asyncio.run(scenario())


def test_two_windows_follow_one_lab_and_the_projectors_is_told_nothing_of_the_cards() -> None:
    async def scenario() -> None:
        async with hall():
            presenter = AsyncClient()
            cards = await opened(presenter)
            projector = await opened(presenter, f"{DEMO_1}?projector")
            assert projector == f"{cards}?projector"
            page = (await presenter.get(f"{DEMO_1}?projector")).content.decode()
            assert 'data-demo="projector"' in page
            assert 'data-pane="demo"' not in page
            async with window(cards, presenter) as at_lectern, window(projector, presenter) as on_wall:
                said = await at_lectern.until("ready")
                assert said["card"]["title"] == "Five orders"
                assert [part["tag"] for part in said["card"]["say"]] == ["p", "p"]
                told = {
                    "index": 0,
                    "phase": "ready",
                    "dark": False,
                    "lens": "log",
                    "looks_at": "partition:orders:0",
                    "heat": {},
                }
                assert await on_wall.until("ready") == told
                # The remote may be heard in either window.
                await on_wall.ask("blank_screen", dark=True)
                await at_lectern.ask("set_rate", rate="10")
                await on_wall.ask("next_card")
                said = await at_lectern.until("done")
                assert (said["dark"], [one["holds"] for one in said["card"]["proven"]]) == (True, [True])
                assert await on_wall.until("done") == told | {"phase": "done", "dark": True}

    asyncio.run(scenario())


def test_back_shows_both_windows_the_lab_of_before_the_card() -> None:
    async def scenario() -> None:
        async with hall():
            presenter = AsyncClient()
            cards = await opened(presenter)
            async with window(cards, presenter) as at_lectern, window(f"{cards}?projector", presenter) as on_wall:
                await at_lectern.until("ready")
                [before_us] = at_lectern.at_us
                await at_lectern.ask("set_rate", rate="10")
                await at_lectern.ask("next_card")
                await at_lectern.until("done")
                await on_wall.until("done")
                assert (await at_lectern.ask("take_back"))["ok"]
                await at_lectern.until("ready")
                await on_wall.until("ready")
                assert (at_lectern.at_us, on_wall.at_us[-1]) == ([before_us, before_us], before_us)
                refused = await at_lectern.ask("put_up_card", card=9)
                assert (refused["ok"], refused["error"]) == (False, "The demo has 6 cards.")

    asyncio.run(scenario())


def test_nobody_else_reaches_a_presenters_lab() -> None:
    async def scenario() -> None:
        async with hall():
            presenter, other = AsyncClient(), AsyncClient()
            cards = await opened(presenter)
            name = cards.split("/")[3]
            assert await opened(other) != cards
            for path in (cards, f"{cards}?projector", f"/ws/labs/{name}/", f"/ws/labs/{name}/terminal/"):
                socket = to(path, other)
                await socket.connect()
                assert (await socket.receive_output(PATIENCE_S)).get("code") == NO_SUCH_LAB
                await socket.disconnect()
            assert (await other.get(f"/labs/{name}/")).status_code == 404
            back = await presenter.get(f"/labs/{name}/")
            assert (back.status_code, back.headers["Location"]) == (302, DEMO_1)

    asyncio.run(scenario())


def test_a_presenter_has_two_demos_at_a_time_and_idle_ones_go() -> None:
    async def scenario() -> None:
        async with hall():
            presenter = AsyncClient()
            first, second = await opened(presenter, DEMO_1), await opened(presenter, DEMO_2)
            async with window(second, presenter):
                third = await opened(presenter, DEMO_3)
                assert [f"/ws/labs/{name}/demo/" for name in stands.by_name] == [second, third]
                assert first not in (second, third)
                async with window(third, presenter):
                    answer = await presenter.get(DEMO_1)
                    assert answer.status_code == 409
                    assert "You have 2 demos open: close the page of one first." in answer.content.decode()
            for stand in stands.by_name.values():
                stand.left_at -= 100_000
            stands.look_for_idle()
            assert stands.by_name == {}

    asyncio.run(scenario())


def test_what_was_recorded_is_a_file_that_is_a_demo_and_only_its_maker_has_it() -> None:
    async def scenario() -> str:
        async with hall():
            presenter, other = AsyncClient(), AsyncClient()
            cards = await opened(presenter)
            await opened(other)
            where = f"{DEMO_1}recorded.yaml"
            assert (await presenter.get(where)).status_code == 404
            async with window(cards, presenter) as at_lectern:
                await at_lectern.until("ready")
                await at_lectern.ask("begin_recording")
                await at_lectern.until("recording")
                hostile = "<script>alert(1)</script>: [{"
                assert (await at_lectern.ask("send_record", topic="orders", value=hostile))["ok"]
                assert (await at_lectern.ask("cut_card", title=hostile, say=hostile, ask=hostile, ends=True))["ok"]
                await at_lectern.until("ready")
                while not at_lectern.demo["recorded"]:
                    await at_lectern.hear()
            answer = await presenter.get(where)
            assert answer.headers["Content-Disposition"] == 'attachment; filename="01-recorded.yaml"'
            assert (await other.get(where)).status_code == 404
            return str(answer.content.decode())

    demo = read_demo(Path("01-recorded.yaml"), asyncio.run(scenario()))
    check_demo(demo)
    assert demo.cards[0].title == "<script>alert(1)</script>: [{"
