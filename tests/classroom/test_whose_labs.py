"""Whose labs a room's are: who sits there acts, the room's instructor looks, and to everybody else there are none."""

import asyncio
import base64
import json
import re
from typing import Any

import pytest
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import User
from django.test import AsyncClient

from kafkalab.web.archive import urls as of_archives
from kafkalab.web.asgi import application
from kafkalab.web.classroom.models import Room
from kafkalab.web.labs import urls as of_labs
from kafkalab.web.labs.consumers import NO_SUCH_LAB
from kafkalab.web.labs.owners import COOKIE
from tests.classroom.rooms import PASSWORD, instructor, joined, lab_at, room_of, school, socket_of
from tests.web.labs import PATIENCE_S

pytestmark = pytest.mark.django_db(transaction=True)
QUERY = "?topic=orders&partition=0&offset=0&at_us=1&from_us=1&to_us=2&id=lab&command=%7B%7D"
WATCHING = "You are looking at the lab of others: only they act here."


def paths_of(lab: str) -> list[str]:
    """Every address that shows a lab, as the tables of addresses have them."""
    found = []
    for pattern in (*of_labs.urlpatterns, *of_archives.urlpatterns):
        route = str(pattern.pattern)
        if "name>" not in route or route.endswith(("delete/", "order/")):
            continue
        found.append(f"/{re.sub(r'<[a-z-]+:name>', lab, route).replace('<int:client>', '1')}{QUERY}")
    assert len(found) >= 22
    return found


async def refusal_of(socket: WebsocketCommunicator, said: dict[str, Any], kind: str) -> str:
    await socket.send_to(text_data=json.dumps({"id": 1, **said}))
    while (heard := json.loads(await socket.receive_from(PATIENCE_S)))["type"] != kind:
        pass
    return str(heard.get("error", ""))


async def is_shut(browser: AsyncClient, path: str) -> bool:
    async with socket_of(browser, path) as socket:
        heard = await socket.receive_output(PATIENCE_S)
        return bool(heard["type"] == "websocket.close" and heard["code"] == NO_SUCH_LAB)


def test_no_address_shows_a_lab_to_who_has_no_business_there() -> None:
    async def scenario() -> None:
        async with school():
            teacher, other_teacher = await instructor("grace"), await instructor("alan")
            room = await room_of(teacher)
            other_room = await room_of(other_teacher)
            ada, bo, cy = await joined(room, "Ada"), await joined(room, "Bo"), await joined(other_room, "Cy")
            lab = await lab_at(ada, room)
            await lab_at(bo, room)
            await lab_at(cy, other_room)
            shown = []
            for path in paths_of(lab):
                seen = [(await who.get(path)).status_code for who in (bo, cy, other_teacher, AsyncClient())]
                assert (path, seen) == (path, [404] * 4)
                seen = [(await who.get(path)).status_code for who in (ada, teacher)]
                shown.append(seen)
            # A branch that there is none of, an archive, a moment that is not held: not there to those two either.
            assert [both for both in shown if both[0] != both[1]] == []
            assert sum(both == [200, 200] for both in shown) >= 18
            for kind in ("", "terminal/", "lesson/"):
                path = f"/ws/labs/{lab}/{kind}"
                assert [await is_shut(who, path) for who in (bo, cy, other_teacher, AsyncClient())] == [True] * 4
            posts = [f"/labs/{lab}/delete/", f"/labs/{lab}/archive/order/"]
            for who in (bo, cy, other_teacher, AsyncClient()):
                assert [(await who.post(path)).status_code for path in posts] == [404, 404]
            # Nor does who works there delete it, or the instructor: that is a matter of the room.
            assert [(await who.post(posts[0])).status_code for who in (ada, teacher)] == [404, 404]

    asyncio.run(scenario())


def test_the_instructor_looks_and_every_order_is_refused_by_the_server() -> None:
    async def scenario() -> None:
        async with school() as many:
            teacher = await instructor()
            room = await room_of(teacher)
            ada = await joined(room, "Ada")
            lab = await lab_at(ada, room)
            crash = {"command": "crash_broker", "broker": 2}
            for path in (f"/ws/labs/{lab}/", f"/ws/labs/{lab}/lesson/"):
                async with socket_of(teacher, path) as socket:
                    for order in (crash, {"command": "fork", "name": "mine"}, {"command": "pause_time"}):
                        assert await refusal_of(socket, order, "answer") == WATCHING
            async with socket_of(teacher, f"/ws/labs/{lab}/terminal/") as socket:
                line = {"command": "run_line", "line": "kafka-topics.sh --list --bootstrap-server x"}
                assert await refusal_of(socket, line, "refusal") == WATCHING
            ordered = await teacher.post(f"/labs/{lab}/archive/order/", {"command": "start_archive"})
            assert (ordered.status_code, WATCHING in ordered.content.decode()) == (409, True)
            page = (await teacher.get(f"/labs/{lab}/")).content.decode()
            tenant = many.by_name[lab]
            assert (tenant.password in page, tenant.lab is not None and tenant.lab.down) == (False, {})
            async with socket_of(ada, f"/ws/labs/{lab}/") as socket:
                assert await refusal_of(socket, crash, "answer") == ""

    asyncio.run(scenario())


def test_the_password_of_a_lab_opens_its_metrics_and_a_wrong_one_does_not() -> None:
    async def scenario() -> None:
        async with school() as many:
            room = await room_of(await instructor())
            lab = await lab_at(await joined(room, "Ada"), room)
            told = {}
            for password in (many.by_name[lab].password, "guessed"):
                secret = base64.b64encode(f"{lab}:{password}".encode()).decode()
                answer = await AsyncClient().get(f"/labs/{lab}/metrics", headers={"Authorization": f"Basic {secret}"})
                told[password == "guessed"] = answer.status_code
            assert told == {False: 200, True: 404}

    asyncio.run(scenario())


def test_who_logs_out_or_gets_a_new_password_sees_the_labs_no_more() -> None:
    async def scenario() -> None:
        async with school():
            teacher = await instructor()
            room = await room_of(teacher)
            lab = await lab_at(await joined(room, "Ada"), room)
            assert (await teacher.get(f"/labs/{lab}/")).status_code == 200
            await teacher.post("/instructor/go-out/")
            assert (await teacher.get(f"/labs/{lab}/")).status_code == 404
            teacher = await instructor()
            assert (await teacher.get(f"/labs/{lab}/")).status_code == 200
            user = await User.objects.aget(username="grace")
            user.set_password("another long one")
            await user.asave()
            assert (await teacher.get(f"/labs/{lab}/")).status_code == 404

    asyncio.run(scenario())


def test_a_browsers_key_that_somebody_kept_is_no_instructors_session() -> None:
    """On a machine that learners used before, an instructor logs in: whoever has its old cookie has no more by that."""

    async def scenario() -> None:
        async with school():
            room = await room_of(await instructor())
            lab = await lab_at(await joined(room, "Ada"), room)
            machine = await joined(room, "Bo")
            kept = AsyncClient()
            kept.cookies[COOKIE] = machine.cookies[COOKIE].value
            assert (await machine.post("/instructor/", {"username": "grace", "password": PASSWORD})).status_code == 302
            paths = (f"/labs/{lab}/", f"/rooms/{room.code}/")
            assert [(await machine.get(path)).status_code for path in paths] == [200, 200]
            assert [(await kept.get(path)).status_code for path in paths] == [404, 302]
            assert await is_shut(kept, f"/ws/rooms/{room.code}/console/")

    asyncio.run(scenario())


def test_a_learners_account_opens_no_room_and_no_console() -> None:
    async def scenario() -> None:
        async with school():
            teacher = await instructor()
            room = await room_of(teacher)
            learner, other = AsyncClient(), await instructor("alan")
            await User.objects.acreate_user("ada", password="correct horse battery")
            told = await learner.post("/instructor/", {"username": "ada", "password": "correct horse battery"})
            assert told.status_code == 400
            await learner.post("/course/yours/come-in/", {"username": "ada", "password": "correct horse battery"})
            for who in (learner, AsyncClient()):
                answer = await who.get(f"/rooms/{room.code}/")
                assert (answer.status_code, answer.headers["Location"]) == (
                    302,
                    f"/instructor/?next=/rooms/{room.code}/",
                )
                assert (await who.post("/rooms/new/", {"title": "x", "arrangement": "own"})).status_code == 404
            for who in (learner, other, AsyncClient()):
                assert (await who.post(f"/rooms/{room.code}/order/", {"order": "close"})).status_code == 404
                assert (await who.get(f"/rooms/{room.code}/join.svg")).status_code == 404
            assert (await other.get(f"/rooms/{room.code}/")).status_code == 404
            assert (await Room.objects.aget()).is_open

    asyncio.run(scenario())


def test_in_a_room_that_is_paused_only_the_instructor_acts() -> None:
    async def scenario() -> None:
        async with school():
            teacher = await instructor()
            room = await room_of(teacher, "shared")
            ada = await joined(room, "Ada")
            lab = await lab_at(ada, room)
            order = {"command": "create_topic", "name": "a"}
            async with socket_of(ada, f"/ws/labs/{lab}/") as hers, socket_of(teacher, f"/ws/labs/{lab}/") as theirs:
                await teacher.post(f"/rooms/{room.code}/order/", {"order": "pause"})
                paused = "The instructor has paused the room: wait a moment."
                assert await refusal_of(hers, order, "answer") == paused
                assert await refusal_of(theirs, order, "answer") == ""
                await teacher.post(f"/rooms/{room.code}/order/", {"order": "go_on"})
                assert await refusal_of(hers, order | {"name": "b"}, "answer") == ""

    asyncio.run(scenario())


def test_a_page_of_another_site_gets_no_socket_of_a_room() -> None:
    async def scenario() -> None:
        async with school():
            teacher = await instructor()
            room = await room_of(teacher)
            cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in teacher.cookies.items())
            told = {}
            for origin in ("http://localhost", "http://elsewhere.example"):
                headers = [(b"origin", origin.encode()), (b"host", b"localhost"), (b"cookie", cookie.encode())]
                socket = WebsocketCommunicator(application, f"/ws/rooms/{room.code}/console/", headers=headers)
                told[origin], _ = await socket.connect(PATIENCE_S)
                await socket.disconnect()
            assert told == {"http://localhost": True, "http://elsewhere.example": False}

    asyncio.run(scenario())


def test_the_socket_of_a_room_is_for_who_has_a_seat_there() -> None:
    async def scenario() -> None:
        async with school():
            teacher = await instructor()
            room, other_room = await room_of(teacher), await room_of(teacher)
            ada, bo = await joined(room, "Ada"), await joined(other_room, "Bo")
            path = f"/ws/rooms/{room.code}/"
            assert [await is_shut(who, path) for who in (bo, AsyncClient())] == [True, True]
            async with socket_of(ada, path) as socket:
                first = json.loads(await socket.receive_from(PATIENCE_S))
                await teacher.post(f"/rooms/{room.code}/order/", {"order": "say", "value": "Look <b>here</b>"})
                second = json.loads(await socket.receive_from(PATIENCE_S))
            assert first == {
                "type": "room",
                "title": "Monday",
                "open": True,
                "locked": False,
                "paused": False,
                "message": "",
                "timer_until_ms": None,
                "spotlight": False,
                "drill_page": "",
            }
            assert second == first | {"message": "Look <b>here</b>"}

    asyncio.run(scenario())
