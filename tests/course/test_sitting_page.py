"""A lesson's page and its socket: whose it is, what it sends, and what is there again after one went away."""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from threading import Event
from typing import Any

import pytest
from channels.testing import WebsocketCommunicator
from confluent_kafka import Consumer
from django.test import AsyncClient

from kafkalab.web.asgi import application
from kafkalab.web.course.progress import deeds_of_later
from kafkalab.web.course.sitting_notes import all_stored
from kafkalab.web.course.sitting_seats import seats
from kafkalab.web.labs.consumers import NO_SUCH_LAB
from kafkalab.web.labs.open_labs import open_labs
from kafkalab.web.labs.owners import COOKIE
from tests.web.labs import HERE, PATIENCE_S, home_lab

pytestmark = pytest.mark.django_db(transaction=True)
LESSON_1, LESSON_2, LESSON_8 = (
    "/course/1-a-log-not-a-queue/", "/course/2-offsets/", "/course/8-min-insync-replicas/",
)  # fmt: skip


@asynccontextmanager
async def course() -> AsyncIterator[None]:
    async with home_lab():
        try:
            yield
        finally:
            await all_stored()
            seats.close()


async def opened(browser: AsyncClient, path: str = LESSON_1) -> str:
    """The name of the lab."""
    answer = await browser.get(path)
    assert answer.status_code == 200, answer.content
    [name] = re.findall(r'data-socket="/ws/labs/([^/]+)/lesson/"', answer.content.decode())
    return str(name)


def headers_of(browser: AsyncClient) -> list[tuple[bytes, bytes]]:
    cookie = f"{COOKIE}={browser.cookies[COOKIE].value}" if COOKIE in browser.cookies else ""
    return [*HERE, (b"cookie", cookie.encode())]


class Page:
    """The socket of a lesson's page, and what it has shown last."""

    def __init__(self, socket: WebsocketCommunicator) -> None:
        self.socket = socket
        self.sitting: dict[str, Any] = {}
        self.snapshots: list[dict[str, Any]] = []

    async def ask(self, command: str, **fields: Any) -> dict[str, Any]:
        await self.socket.send_to(text_data=json.dumps({"command": command, "id": 1, **fields}))
        while (said := await self.hear())["type"] != "answer":
            pass
        return said

    async def until(self, phase: str, seed: int = 1) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE_S):
            while (self.sitting.get("phase"), self.sitting.get("seed")) != (phase, seed):
                await self.hear()
        return self.sitting

    async def until_solved(self) -> None:
        async with asyncio.timeout(60):
            while not self.sitting["section"]["challenge"]["solved"]:
                await self.hear()

    async def hear(self) -> dict[str, Any]:
        said: dict[str, Any] = json.loads(await self.socket.receive_from(PATIENCE_S))
        if said["type"] == "sitting":
            self.sitting = said["sitting"]
        elif said["type"] == "snapshot":
            self.snapshots.append(said)
        return said


@asynccontextmanager
async def page_of(name: str, browser: AsyncClient) -> AsyncIterator[Page]:
    socket = WebsocketCommunicator(application, f"/ws/labs/{name}/lesson/", headers=headers_of(browser))
    connected, _ = await socket.connect()
    assert connected
    try:
        yield Page(socket)
    finally:
        await socket.disconnect()


async def closed_with(path: str, browser: AsyncClient) -> int | None:
    socket = WebsocketCommunicator(application, path, headers=headers_of(browser))
    await socket.connect()
    said = await socket.receive_output(PATIENCE_S)
    await socket.disconnect()
    return said.get("code") if said["type"] == "websocket.close" else None


@pytest.fixture(autouse=True)
def nobody_sits() -> Iterator[None]:
    yield
    assert (seats.by_name, open_labs.private) == ({}, {})


def test_a_lesson_has_a_lab_of_the_learners_own_that_nobody_else_reaches() -> None:
    async def scenario() -> None:
        async with course():
            learner, other, stranger = AsyncClient(), AsyncClient(), AsyncClient()
            name = await opened(learner)
            assert await opened(other) != name
            whats = (
                "why/?id=broker:1",
                "configs/?id=broker:1",
                "metrics/charts/",
                "compare/",
                "what-if/",
                "join.svg",
                "recording/",
            )
            paths = [f"/labs/{name}/{what}" for what in ("records/?topic=orders", "ledger/", "tape/", *whats)]
            paths += [f"/api/labs/{name}/{what}" for what in ("", "timeline/")]
            answers = {path: (await learner.get(path)).status_code for path in paths}
            assert answers == dict.fromkeys(paths, 200)
            back = await learner.get(f"/labs/{name}/")
            assert (back.status_code, back.headers["Location"]) == (302, LESSON_1)
            paths += [f"/labs/{name}/", f"/labs/{name}/metrics", f"/labs/{name}~branch/"]
            found = [[(await who.get(path)).status_code for path in paths] for who in (other, stranger)]
            assert found == [[404] * len(paths)] * 2
            sockets = [f"/ws/labs/{name}/lesson/", f"/ws/labs/{name}/", f"/ws/labs/{name}/terminal/"]
            assert [await closed_with(path, other) for path in sockets] == [NO_SUCH_LAB] * 3
            assert [await closed_with(path, stranger) for path in sockets] == [NO_SUCH_LAB] * 3

    asyncio.run(scenario())


def test_a_lesson_begins_at_the_day_on_which_it_is_opened() -> None:
    """A real client brings that clock with it: what is older by months would be deleted under the learner's eyes."""

    async def scenario() -> None:
        async with course():
            learner = AsyncClient()
            name = await opened(learner)
            async with page_of(name, learner) as page:
                before = seats.by_name[name].sitting.lab
                await page.ask("practise_again")
                await page.until("asked", seed=2)
                labs = (before, seats.by_name[name].sitting.lab)
            assert labs[0] is not labs[1]
            assert [abs(lab.world.now_us / 1e6 - time.time()) < 3600 for lab in labs] == [True, True]

    asyncio.run(scenario())


def test_a_page_that_is_loaded_again_goes_on_where_it_was() -> None:
    async def scenario() -> None:
        async with course():
            learner = AsyncClient()
            name = await opened(learner)
            async with page_of(name, learner) as page:
                assert (await page.ask("predict", answer="0", confidence=5))["ok"]
            assert await opened(learner) == name
            async with page_of(name, learner) as page:
                sitting = await page.until("locked")
            assert sitting["section"]["prediction"] == {"answer": "0", "confidence": 5, "because": "", "place": None}

    asyncio.run(scenario())


def test_a_section_is_played_by_the_socket_and_the_wrong_belief_comes_back() -> None:
    async def scenario() -> None:
        async with course():
            learner = AsyncClient()
            async with page_of(await opened(learner), learner) as page:
                await page.until("asked")
                refused = await page.ask("play_run")
                assert refused == {
                    "type": "answer", "id": 1, "ok": False, "error": "Say first what you expect.", "fields": {},
                }  # fmt: skip
                wrong = await page.ask("predict", answer="0", confidence=9)
                assert wrong["fields"] == {"confidence": "must be from 0 to 5"}
                for command in ({"command": "set_rate", "rate": "10"}, {"command": "predict", "answer": "0"}):
                    assert (await page.ask(**command))["ok"]
                await page.ask("play_run")
                await page.until("saw")
                await page.ask("say_seen", answer="5")
                outcome = (await page.until("explained"))["section"]["outcome"]
                assert (outcome["answer"], outcome["right"]) == ("5", False)
                assert outcome["belief"] == ["billing has read them all, so none are left."]

    asyncio.run(scenario())


def test_restore_shows_the_lab_of_that_moment_to_whoever_looks() -> None:
    async def scenario() -> None:
        async with course():
            learner = AsyncClient()
            async with page_of(await opened(learner), learner) as page:
                await page.until("asked")
                at_us = page.snapshots[0]["at_us"]
                await page.ask("set_rate", rate="10")
                await page.ask("predict", answer="0")
                await page.ask("play_run")
                await page.until("saw")
                assert (await page.ask("restore_section"))["ok"]
                await page.until("asked")
                assert [shown["at_us"] for shown in page.snapshots] == [at_us, at_us]
                assert "consumer:audit-1" not in page.snapshots[1]["entities"]

    asyncio.run(scenario())


def test_what_was_done_is_kept_and_a_learner_who_comes_back_later_is_where_he_was() -> None:
    async def scenario() -> None:
        async with course():
            learner = AsyncClient()
            async with page_of(await opened(learner, LESSON_8), learner) as page:
                await page.ask("set_rate", rate="10")
                await page.ask("practise_again")
                await page.until("asked", seed=2)
                await page.ask("predict", answer="acked")
                await page.ask("play_run")
                await page.until("saw", seed=2)
            [seat] = seats.by_name.values()
            await all_stored()
            deeds = [(deed.section, deed.kind) for deed in await deeds_of_later(seat.owner)]
            assert deeds == [("", "opened"), ("", "opened"), ("two-gone", "predicted"), ("two-gone", "ran")]
            seats.close()
            async with page_of(await opened(learner, LESSON_8), learner) as page:
                sitting = await page.until("asked", seed=2)
            assert (sitting["seed"], sitting["index"], sitting["sections"][0]["state"]) == (2, 1, "done")

    asyncio.run(scenario())


def test_a_learner_has_two_labs_at_a_time_and_the_one_left_longest_makes_room() -> None:
    async def scenario() -> None:
        async with course():
            learner = AsyncClient()
            first = await opened(learner, LESSON_1)
            second = await opened(learner, LESSON_2)
            async with page_of(second, learner):
                third = await opened(learner, LESSON_8)
                assert list(seats.by_name) == [second, third]
                assert (await learner.get(f"/labs/{first}/")).status_code == 404
                async with page_of(third, learner):
                    answer = await learner.get(LESSON_1)
                    assert answer.status_code == 409
                    assert "You have 2 lessons open: close the page of one first." in answer.content.decode()

    asyncio.run(scenario())


def test_a_challenge_is_solved_by_a_real_client_which_finds_the_restored_lab_too() -> None:
    async def scenario() -> None:
        async with course():
            learner = AsyncClient()
            name = await opened(learner)
            seat = seats.by_name[name]
            async with page_of(name, learner) as page:
                for command in ({"command": "predict", "answer": "5"}, {"command": "set_rate", "rate": "10"}):
                    await page.ask(**command)
                await page.ask("play_run")
                await page.until("saw")
                await page.ask("say_seen", answer="5")
                await page.ask("go_on")
                enough = Event()
                servers = seat.sitting.lab.bootstrap_servers
                client = asyncio.create_task(asyncio.to_thread(read_until, enough, servers))
                try:
                    await page.until_solved()
                    assert seat.sitting.lab.time is None
                    await page.ask("restore_section")
                    assert not page.sitting["section"]["challenge"]["solved"]
                    await page.until_solved()
                finally:
                    enough.set()
                    read = await client
                assert read >= 10

    asyncio.run(scenario())


def read_until(enough: Event, bootstrap_servers: str) -> int:
    """As a consumer of a group of its own; how many records it got in all."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap_servers,
            "group.id": "fraud",
            "auto.offset.reset": "earliest",
            "auto.commit.interval.ms": 500,
            "reconnect.backoff.max.ms": 500,
        }
    )
    consumer.subscribe(["orders"])
    read = 0
    while not enough.is_set():
        message = consumer.poll(0.2)
        read += message is not None and message.error() is None
    consumer.close()
    return read


def test_time_stands_still_when_nobody_looks_and_goes_on_when_somebody_comes_back() -> None:
    async def scenario() -> None:
        async with course():
            learner = AsyncClient()
            name = await opened(learner)
            async with page_of(name, learner) as page:
                await page.ask("predict", answer="0")
                await page.ask("play_run")
            seat = seats.by_name[name]
            seat.left_at -= 1_000
            await asyncio.sleep(0.3)
            stands_us = seat.sitting.lab.world.now_us
            await asyncio.sleep(0.3)
            assert (seat.sitting.phase, seat.sitting.lab.world.now_us) == ("run", stands_us)
            async with page_of(name, learner) as page:
                await page.until("saw")

    asyncio.run(scenario())


def test_a_lab_that_nobody_comes_back_to_is_gone() -> None:
    async def scenario() -> None:
        async with course():
            name = await opened(AsyncClient())
            seats.by_name[name].left_at -= 100_000
            seats.look_for_idle()
            assert (seats.by_name, open_labs.private) == ({}, {})

    asyncio.run(scenario())


def test_the_address_of_a_lesson_is_mended_and_a_lesson_that_is_not_there_is_not_found() -> None:
    async def scenario() -> None:
        async with course():
            browser = AsyncClient()
            answer = await browser.get("/course/1-something/")
            assert (answer.status_code, answer.headers["Location"]) == (302, LESSON_1)
            assert (await browser.get("/course/98-something/")).status_code == 404

    asyncio.run(scenario())


def test_the_page_on_the_api_tells_what_a_lesson_takes() -> None:
    async def scenario() -> None:
        async with home_lab():
            page = (await AsyncClient().get("/api/")).content.decode()
        assert '<h3 id="predict"><code>predict</code></h3>' in page
        assert "How sure you are, from 1 (a guess) to 5 (certain); 0: not said." in page

    asyncio.run(scenario())
