"""A drill of a whole room: begun for all, broken for some, stopped, counted, and gone on with after a restart."""

import asyncio
import csv
import io
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from channels.testing import WebsocketCommunicator
from django.test import AsyncClient
from django.utils import timezone

from kafkalab.web.asgi import application
from kafkalab.web.classroom.models import Room
from kafkalab.web.drills.desks import desks
from kafkalab.web.drills.rooms import close_all, led_by_room
from kafkalab.web.drills.storing import all_stored
from kafkalab.web.labs.consumers import NO_SUCH_LAB
from kafkalab.web.labs.open_labs import open_labs
from tests.classroom.rooms import heard_by, instructor, joined, room_of, school, socket_of
from tests.on_call.drilling import OnCall, headers_of

pytestmark = pytest.mark.django_db(transaction=True)


@asynccontextmanager
async def drilling() -> AsyncIterator[None]:
    async with school():
        try:
            yield
        finally:
            await all_stored()
            close_all()
            desks.close()
            await all_stored()


async def ordered(browser: AsyncClient, room: Room, order: str, **fields: Any) -> dict[str, Any]:
    """What the console's script is told."""
    said = {"order": order, **fields}
    answer = await browser.post(f"/rooms/{room.code}/drill/order/", said, headers={"HX-Request": "true"})
    if answer.status_code == 302:
        return {}
    assert answer.status_code == 200, answer.content
    told: dict[str, Any] = answer.json()
    return told


@asynccontextmanager
async def at_the_drill_of(browser: AsyncClient, room: Room) -> AsyncIterator[OnCall]:
    answer = await browser.get(f"/seat/{room.code}/drill/")
    assert answer.status_code == 200, (answer.status_code, answer.content[:300])
    [name] = re.findall(r'data-socket="/ws/labs/([^/]+)/drill/"', answer.content.decode())
    socket = WebsocketCommunicator(application, f"/ws/labs/{name}/drill/", headers=headers_of(browser))
    await socket.connect(20)
    try:
        yield OnCall(socket, desks.by_name[name])
    finally:
        await socket.disconnect()


async def pins(page: OnCall) -> None:
    await page.until("brief")
    await page.asks("take_pager")
    await page.asks("pin_metrics", metrics=["lag", "stuck"])


def test_a_class_has_a_drill_from_its_beginning_to_its_results() -> None:
    async def scenario() -> None:
        async with drilling():
            grace = await instructor()
            room = await room_of(grace)
            ada, bob = await joined(room, "Ada"), await joined(room, "Bob")
            async with socket_of(ada, f"/ws/rooms/{room.code}/") as line:
                assert (await heard_by(line, "room"))["drill_page"] == ""
                await ordered(grace, room, "begin", drill="5", seed="7", stop_after_min="30")
                assert (await heard_by(line, "drill"))["drill_page"] == f"/seat/{room.code}/drill/"
            async with at_the_drill_of(ada, room) as one, at_the_drill_of(bob, room) as other:
                assert (await ordered(grace, room, "inject"))["refused"] == [["Ada", PIN_FIRST], ["Bob", PIN_FIRST]]
                await pins(one)
                await pins(other)
                assert (await one.ask("begin_watch"))["error"] == "Whoever leads the room says when it begins."
                [adas, bobs] = (await rows_of(grace, room))["rows"]
                assert (adas["called"], adas["step"], adas["pinned"], bobs["called"]) == ("Ada", "steady", True, "Bob")
                one.hurry()
                await ordered(grace, room, "inject", places=adas["place"], delay="0")
                await one.until("paged")
                await one.asks("acknowledge_page")
                await one.asks("note_belief", text="=cmd()")
                assert [row["step"] for row in (await rows_of(grace, room))["rows"]] == ["impact", "steady"]
                assert "consumer:billing-1" in other.desk.duty.lab.view()
                assert other.desk.duty.incident.injected_us is None
                await is_watched(grace, room, adas["place"], one.desk.name)
                await is_projected(grace, room, adas["place"], one.desk.name)
                assert await closed_with(f"/ws/labs/{one.desk.name}/drill/", bob) == NO_SUCH_LAB
                await ordered(grace, room, "script", places=bobs["place"])
                assert "Poison pill" not in (await grace.get(f"/rooms/{room.code}/drill/debrief/")).content.decode()
                await ordered(grace, room, "roll_back", places=bobs["place"])
                assert (await other.until("steady"))["seed"] == 7
                await time_is_over(room, adas["place"], one)
                assert (await ordered(grace, room, "stop"))["over"] == 1
                await is_debriefed(ada, one)
            await leaves_files(grace, room)
            assert "Poison pill" in (await grace.get(f"/rooms/{room.code}/drill/debrief/")).content.decode()
            for stranger in (ada, AsyncClient(), await instructor("hopper")):
                await is_not_let_in(stranger, room, adas["place"])
            await all_stored()
            close_all()
            async with at_the_drill_of(ada, room) as one:
                assert (await one.until("debrief"))["debrief"]["title"] == "Poison pill"
            await ordered(grace, room, "end")
            assert (led_by_room, open_labs.private) == ({}, {})
            back = await ada.get(f"/seat/{room.code}/drill/")
            assert (back.status_code, back.headers["Location"]) == (302, f"/seat/{room.code}/")

    asyncio.run(scenario())


async def leaves_files(grace: AsyncClient, room: Room) -> None:
    """Of the class: a report, a line a place, and all with its timeline."""
    table, whole, report = [
        await grace.get(f"/rooms/{room.code}/drill/results.{kind}") for kind in ("csv", "json", "md")
    ]
    rows = list(csv.DictReader(io.StringIO(table.content.decode())))
    assert [(row["called"], row["won"]) for row in rows] == [("Ada", "False"), ("Bob", "False")]
    assert [len(place["timeline"]) > 5 for place in whole.json()["places"]] == [True, False]
    [title, _blank, counted, *_more] = lines = report.content.decode().split("\n")
    assert title == "# Class post-mortem: Poison pill"
    assert counted == "Drill 5, level 1, seed 7. Clusters: 2, broken: 1, mended: 0."
    assert [line.split(" | ")[:2] for line in lines if line.startswith("| ")][1:] == [["| Ada", "no"]]
    assert [line for line in lines if line.startswith("### ")] == ["### Ada"]


PIN_FIRST = "First two metrics must be pinned that say what healthy is."
ONLY_LOOKS = "You are looking at the lab of others: only they act here."


async def time_is_over(room: Room, place: str, page: OnCall) -> None:
    led = led_by_room[room.mark]
    led.injected_at[place] -= led.stop_after_min * 60 + 1
    led.look()
    await page.until("debrief")
    assert page.desk.duty.incident.timeline.entries[-1].text == "The time was over."


async def is_debriefed(ada: AsyncClient, page: OnCall) -> None:
    """With what she said as she said it, and a file to take along."""
    debrief = (await page.until("debrief"))["debrief"]
    assert [line["who"] for line in debrief["lines"] if line["text"] == "=cmd()"] == ["Ada"]
    assert (await ada.get(f"/drills/of/{page.desk.name}/post-mortem.md")).status_code == 200


async def is_not_let_in(stranger: AsyncClient, room: Room, place: str) -> None:
    for path in ("results.md", "results.csv", "results.json", "debrief/", "now/", f"watch/{place}/"):
        assert (await stranger.get(f"/rooms/{room.code}/drill/{path}")).status_code == 404
    assert (await stranger.post(f"/rooms/{room.code}/drill/order/", {"order": "stop"})).status_code == 404


async def is_watched(grace: AsyncClient, room: Room, place: str, lab: str) -> None:
    """Looked at, and no more."""
    assert (await grace.get(f"/rooms/{room.code}/drill/watch/{place}/")).status_code == 200
    async with socket_of(grace, f"/ws/labs/{lab}/drill/") as looking:
        await looking.send_to(text_data='{"command": "ask_hint", "id": 1}')
        assert (await heard_by(looking, "answer"))["error"] == ONLY_LOOKS


async def is_projected(grace: AsyncClient, room: Room, place: str, lab: str) -> None:
    """The cluster of the drill and not the place's own, of which nothing says whose it is."""
    assert (await grace.post(f"/rooms/{room.code}/order/", {"order": "spotlight", "value": place})).status_code == 302
    shown = (await grace.get(f"/rooms/{room.code}/projector/")).content.decode()
    assert f'data-socket="/ws/labs/{lab}/drill/"' in shown
    assert (f'data-projected="{place} {lab}"' in shown, "Ada" in shown) == (True, False)
    async with socket_of(grace, f"/ws/rooms/{room.code}/console/") as console:
        board = await heard_by(console, "board")
        assert board["projected"] == f"{place} {lab}"
        assert [tile["state"] for tile in board["tiles"] if tile["place"] == place] == ["drill"]
    # Who clicks on that tile to watch sees where the learner is, and wakes no lab in which nobody is.
    watched = await grace.get(f"/rooms/{room.code}/watch/{place}/")
    assert (watched.status_code, watched.headers["Location"]) == (302, f"/rooms/{room.code}/drill/watch/{place}/")


async def rows_of(browser: AsyncClient, room: Room) -> dict[str, Any]:
    told: dict[str, Any] = (await browser.get(f"/rooms/{room.code}/drill/now/")).json()
    return told


async def closed_with(path: str, browser: AsyncClient) -> int | None:
    socket = WebsocketCommunicator(application, path, headers=headers_of(browser))
    await socket.connect(20)
    said = await socket.receive_output(20)
    await socket.disconnect()
    return said.get("code") if said["type"] == "websocket.close" else None


def test_a_room_that_is_closed_has_no_drill_and_one_that_all_have_left_goes_on_when_somebody_is_back() -> None:
    async def scenario() -> None:
        async with drilling():
            grace = await instructor()
            room = await room_of(grace)
            ada = await joined(room, "Ada")
            await ordered(grace, room, "begin", drill="5", seed="7")
            async with at_the_drill_of(ada, room) as page:
                await pins(page)
                await asyncio.sleep(0.5)
            await all_stored()
            led = led_by_room[room.mark]
            await led.look_at_the_room()
            assert led_by_room == {room.mark: led}
            for desk in led.desks.values():
                desk.left_at -= 100_000
            await led.look_at_the_room()
            assert (led_by_room, open_labs.private) == ({}, {})
            async with at_the_drill_of(ada, room) as page:
                assert [one["pinned"] for one in (await page.until("steady"))["metrics"]] == [True, True]
            await Room.objects.filter(pk=room.pk).aupdate(closed_at=timezone.now())
            await led_by_room[room.mark].look_at_the_room()
            assert (led_by_room, open_labs.private) == ({}, {})

    asyncio.run(scenario())


def test_a_team_shares_a_drill_which_ends_for_it_alone_when_what_must_never_happen_does() -> None:
    async def scenario() -> None:
        async with drilling():
            grace = await instructor()
            room = await room_of(grace, "teams", teams=3)
            ada, bob = await joined(room, "Ada"), await joined(room, "Bob")
            await ordered(grace, room, "begin", drill="17", seed="7", stop_when_broken="yes")
            # A cluster for a team in which nobody is would be played for nobody.
            assert [row["seats"] for row in (await rows_of(grace, room))["rows"]] == [1, 1, 0]
            cy, dan = await joined(room, "Cy"), await joined(room, "Dan")
            async with (
                at_the_drill_of(ada, room) as one,
                at_the_drill_of(dan, room) as mate,
                at_the_drill_of(bob, room) as other,
            ):
                assert (mate.desk, other.desk.name == one.desk.name) == (one.desk, False)
                await one.until("brief")
                await mate.asks("take_pager")
                await one.asks("pin_metrics", metrics=["idle-brokers", "under-replicated"])
                await other.asks("take_pager")
                await other.asks("pin_metrics", metrics=["idle-brokers", "under-replicated"])
                told = await rows_of(grace, room)
                seen = [(row["called"], row["seats"], row["step"], row["pinned"]) for row in told["rows"]]
                assert seen == [
                    ("Team 1", 2, "steady", True),
                    ("Team 2", 1, "steady", True),
                    ("Team 3", 1, "away", False),
                ]
                refused = (await ordered(grace, room, "inject", delay="0"))["refused"]
                assert refused == [["Team 3", "Nobody has been there yet."]]
                one.hurry()
                other.hurry()
                await mate.until("paged")
                await other.until("paged")
                await mate.asks("note_belief", text="Who leads?")
                await mate.asks("crash_broker", broker=3)
                await mate.until("debrief")
                lines = [(line["text"], line["who"]) for line in mate.drill["debrief"]["lines"]]
                assert ("Who leads?", "Dan") in lines
                assert ("Something happened that must never happen.", "") in lines
                assert [line for line in lines if "kill -9" in line[0]] == [("kill -9 <pid of broker 3>", "Dan")]
                steps = [row["step"] for row in (await rows_of(grace, room))["rows"]]
                assert steps == ["debrief", "paged", "away"]
            async with at_the_drill_of(cy, room) as last:
                assert (await last.until("brief"))["notice"] == ""

    asyncio.run(scenario())
