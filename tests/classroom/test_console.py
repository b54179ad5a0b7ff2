"""The instructor's console: who is stuck, and what can be done about it."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.test import AsyncClient
from django.utils import timezone

from kafkalab.lab.commands import CreateTopic
from kafkalab.web.classroom.models import Room, Seat
from kafkalab.web.classroom.places import places_of
from kafkalab.web.course.progress import note
from kafkalab.web.labs.consumers import NO_SUCH_LAB
from kafkalab.web.labs.open_labs import open_labs
from tests.classroom.rooms import (
    heard_by,
    instructor,
    joined,
    lab_at,
    ordered,
    room_of,
    school,
    socket_of,
)
from tests.web.labs import PATIENCE_S, done

pytestmark = pytest.mark.django_db(transaction=True)
LESSON, SECTION = "what-acks-all-waits-for", "one-gone"


async def key_of(name: str) -> str:
    return str((await Seat.objects.aget(name=name)).key)


async def board_of(socket: WebsocketCommunicator, wanted: Any = lambda board: True) -> dict[str, Any]:
    """The first that is as wanted."""
    async with asyncio.timeout(PATIENCE_S):
        while not wanted(board := await heard_by(socket, "board")):
            pass
    return board


def test_tiles_tell_what_is_known_and_who_is_stuck_comes_first() -> None:
    async def scenario() -> None:
        async with school():
            teacher = await instructor()
            room = await room_of(teacher)
            browsers = {name: await joined(room, name) for name in ("Ada", "Bo", "Cy", "Di", "Eve")}
            lab = await lab_at(browsers["Ada"], room)
            earlier = timezone.now() - timedelta(minutes=7)
            await Seat.objects.filter(name__in=["Ada", "Cy"]).aupdate(joined_at=earlier)
            await Seat.objects.filter(name="Eve").aupdate(joined_at=timezone.now() - timedelta(seconds=150))
            await Room.objects.aupdate(opened_at=earlier)
            later = sync_to_async(note)
            for who in ("Bo", "Di"):
                await later(await key_of(who), LESSON, SECTION, "predicted", {"said": "error", "confidence": 90})
                await later(await key_of(who), LESSON, SECTION, "hinted", {"tier": 1})
            ran = {"said": "error", "answer": "acked", "right": False}
            await later(await key_of("Bo"), LESSON, SECTION, "ran", ran)
            await later(await key_of("Di"), LESSON, "", "finished", {})
            await browsers["Cy"].post(f"/seat/{room.code}/hand/", {"up": "yes"})
            async with socket_of(teacher, f"/ws/rooms/{room.code}/console/") as socket:
                board = await board_of(socket)
                # A hand first; then seven minutes of nothing; a hint and a wrong answer are worth three; who is done
                # comes last.
                assert [tile["name"] for tile in board["tiles"]] == ["Cy", "Ada", "Bo", "Eve", "Di"]
                cy, ada, bo, _, di = board["tiles"]
                known = ("lesson", "section", "said", "right", "hints", "finished")
                assert {key: bo[key] for key in known} == {
                    "lesson": "7 What acks=all waits for",
                    "section": bo["section"],
                    "said": bo["said"],
                    "right": False,
                    "hints": 1,
                    "finished": False,
                }
                assert (bool(bo["section"]), bool(bo["said"])) == (True, True)
                assert (di["finished"], cy["hand_min"], ada["idle_min"], ada["state"], bo["state"]) == (
                    True, 0, 7, "awake", "none",
                )  # fmt: skip
                assert (ada["lab"], board["hands"]) == (lab, 1)
                assert board["capacity"].keys() == {
                    "awake", "labs", "most_awake", "most_labs", "cpu", "cores", "memory_mib",
                }  # fmt: skip
                assert (board["capacity"]["awake"], board["capacity"]["labs"]) == (1, 1)
                # A command in the lab is a step.
                tenant = open_labs.many.by_name[lab] if open_labs.many is not None else None
                assert tenant is not None
                assert tenant.lab is not None
                await done(tenant.lab, CreateTopic("clicks"))
                told = await board_of(socket, lambda board: any(tile["did"] for tile in board["tiles"]))
                [ada] = [tile for tile in told["tiles"] if tile["name"] == "Ada"]
                assert (ada["idle_min"], "--create --topic clicks" in ada["did"]) == (0, True)

    asyncio.run(scenario())


def test_the_console_and_the_projector_are_the_instructors_alone() -> None:
    async def scenario() -> None:
        async with school():
            teacher, other = await instructor("grace"), await instructor("alan")
            room = await room_of(teacher)
            ada = await joined(room, "Ada")
            for who in (ada, other, AsyncClient()):
                async with socket_of(who, f"/ws/rooms/{room.code}/console/") as socket:
                    assert (await socket.receive_output(PATIENCE_S))["code"] == NO_SUCH_LAB
                for page in ("", "projector/", "desk/"):
                    assert (await who.get(f"/rooms/{room.code}/{page}")).status_code in (302, 404)
                assert await ordered(who, room, "close") == 404
            async with socket_of(teacher, f"/ws/rooms/{room.code}/console/") as socket:
                await board_of(socket)
                await teacher.post("/instructor/go-out/")
                while (said := await socket.receive_output(PATIENCE_S))["type"] != "websocket.close":
                    pass
                assert said["type"] == "websocket.close"

    asyncio.run(scenario())


def test_the_projector_shows_how_to_join_and_then_a_run_without_its_name() -> None:
    async def scenario() -> None:
        async with school():
            teacher = await instructor()
            room = await room_of(teacher)
            ada = await joined(room, "Ada Lovelace")
            lab = await lab_at(ada, room)
            [place] = await sync_to_async(places_of)(room)
            wall = (await teacher.get(f"/rooms/{room.code}/projector/")).content.decode()
            assert (room.code in wall, f"/join/{room.code}/" in wall) == (True, True)
            assert await ordered(teacher, room, "spotlight", "seat-elsewhere") == 409
            assert await ordered(teacher, room, "spotlight", place.name) == 302
            shown = (await teacher.get(f"/rooms/{room.code}/projector/")).content.decode()
            assert (f'data-socket="/ws/labs/{lab}/"' in shown, "data-projector" in shown) == (True, True)
            assert ("Ada" in shown, "<title>Spotlight" in shown) == (False, True)
            assert await ordered(teacher, room, "spotlight", "") == 302
            assert "data-socket" not in (await teacher.get(f"/rooms/{room.code}/projector/")).content.decode()

    asyncio.run(scenario())


def test_everybody_gets_the_instructors_state_beside_their_own(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with school(tmp_path) as many:
            teacher = await instructor()
            room = await room_of(teacher)
            ada, bo = await joined(room, "Ada"), await joined(room, "Bo")
            own, other = await lab_at(ada, room), await lab_at(bo, room)
            desk = (await teacher.get(f"/rooms/{room.code}/desk/")).headers["Location"].strip("/").rpartition("/")[2]
            lab = many.by_name[desk].lab
            assert lab is not None
            await done(lab, CreateTopic("shown"))
            async with socket_of(ada, f"/ws/rooms/{room.code}/") as socket:
                assert await ordered(teacher, room, "send") == 302
                await heard_by(socket, "sent")
            sent = (await ada.get(f"/seat/{room.code}/?branch=from-your-instructor")).content.decode()
            branch = f"{own}~from-your-instructor"
            assert f'data-socket="/ws/labs/{branch}/"' in sent
            # The instructor's lab may fall asleep or begin again: what was sent does not hang on its files.
            many.begin_again(many.by_name[desk])
            assert (await bo.get(f"/seat/{room.code}/?branch=from-your-instructor")).status_code == 200
            topics = [
                sorted(it["topic"] for it in (await who.get(f"/api/labs/{name}/")).json()["entities"].values()
                       if it["kind"] == "topic")
                for who, name in ((ada, own), (ada, branch), (bo, other), (bo, f"{other}~from-your-instructor"))
            ]  # fmt: skip
            assert topics == [["orders"], ["orders", "shown"]] * 2
            async with socket_of(ada, f"/ws/labs/{branch}/") as socket:
                said = {"command": "create_topic", "name": "mine", "id": 1}
                await socket.send_to(text_data=json.dumps(said))
                assert (await heard_by(socket, "answer"))["ok"]
            assert (await bo.get(f"/labs/{branch}/")).status_code == 404

    asyncio.run(scenario())


def test_a_place_begins_again_as_it_once_began_and_keeps_its_name(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with school(tmp_path) as many:
            teacher = await instructor()
            room = await room_of(teacher)
            ada = await joined(room, "Ada")
            name = await lab_at(ada, room)
            lab = many.by_name[name].lab
            assert lab is not None
            await done(lab, CreateTopic("spoiled"))
            [place] = await sync_to_async(places_of)(room)
            async with socket_of(ada, f"/ws/rooms/{room.code}/") as socket:
                assert await ordered(teacher, room, "begin_again", place.name) == 302
                assert (await heard_by(socket, "begun_again"))["place"] == place.name
            assert await lab_at(ada, room) == name
            shown = (await ada.get(f"/api/labs/{name}/")).json()["entities"].values()
            assert [it["topic"] for it in shown if it["kind"] == "topic"] == ["orders"]

    asyncio.run(scenario())


def test_a_seat_that_is_taken_away_is_gone_with_its_lab() -> None:
    async def scenario() -> None:
        async with school() as many:
            teacher = await instructor()
            room = await room_of(teacher)
            ada, bo = await joined(room, "Ada"), await joined(room, "Bo")
            name, other = await lab_at(ada, room), await lab_at(bo, room)
            seat = await Seat.objects.aget(name="Ada")
            async with (
                socket_of(ada, f"/ws/rooms/{room.code}/") as hers,
                socket_of(bo, f"/ws/rooms/{room.code}/") as his,
            ):
                assert await ordered(teacher, room, "remove", seat.mark) == 302
                while (said := await hers.receive_output(PATIENCE_S))["type"] != "websocket.close":
                    assert seat.mark not in said["text"]
                assert said["code"] == NO_SUCH_LAB
                heard = [json.loads(await his.receive_from(PATIENCE_S)) for _ in range(2)]
                assert [said["type"] for said in heard] == ["room", "room"]
            assert (await ada.get(f"/labs/{name}/")).status_code == 404
            assert (list(many.by_name), (await bo.get(f"/labs/{other}/")).status_code) == ([other], 200)

    asyncio.run(scenario())


def test_a_pause_stops_the_clocks_that_it_may_stop_and_lets_them_go_on() -> None:
    async def scenario() -> None:
        async with school() as many:
            teacher = await instructor()
            room = await room_of(teacher)
            lab = many.by_name[await lab_at(await joined(room, "Ada"), room)].lab
            assert lab is not None
            assert lab.time is not None
            paused = [lab.time.paused]
            for order in ("pause", "go_on"):
                await ordered(teacher, room, order)
                paused.append(lab.time.paused)
            assert paused == [False, True, False]

    asyncio.run(scenario())


def test_a_room_is_deleted_with_its_labs_once_it_is_closed(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with school(tmp_path) as many:
            teacher = await instructor()
            room, other = await room_of(teacher), await room_of(teacher, title="Tuesday")
            name = await lab_at(await joined(room, "Ada"), room)
            kept = await lab_at(await joined(other, "Ada"), other)
            assert await ordered(teacher, room, "delete") == 409
            await ordered(teacher, room, "close")
            assert await ordered(teacher, room, "delete") == 302
            assert (list(many.by_name), (tmp_path / name).exists()) == ([kept], False)
            assert [each.title async for each in Room.objects.all()] == ["Tuesday"]

    asyncio.run(scenario())
