"""Another class's room: who has no business there finds the door, and nothing behind it."""

import asyncio

import pytest
from channels.testing import WebsocketCommunicator
from django.test import AsyncClient

from kafkalab.web.asgi import application
from kafkalab.web.classroom.models import Room, Seat
from kafkalab.web.classroom.routing import websocket_urlpatterns as of_rooms
from kafkalab.web.labs.consumers import NO_SUCH_LAB
from tests.classroom.rooms import instructor, joined, lab_at, room_of, school
from tests.web.attacks.paths import known_paths
from tests.web.labs import HERE

pytestmark = pytest.mark.django_db(transaction=True)
DOORS = ("/instructor/", "/join/")
ROOM = "<room:code>"
ROUTES = [each.route for each in known_paths() if ROOM in each.route and not each.route.startswith("join/")]
ORDERS = ("close", "delete", "say", "pause", "lock", "send", "begin_again", "remove", "spotlight")


def test_a_room_is_its_own_instructors_and_theirs_who_sit_there() -> None:
    async def scenario() -> None:
        async with school():
            grace, alan = await instructor("grace"), await instructor("alan")
            room, elsewhere = await room_of(grace, title="Of Grace"), await room_of(alan)
            ada, eve = await joined(room, "Ada"), await joined(elsewhere, "Eve")
            lab = await lab_at(ada, room)
            seat = await Seat.objects.aget(name="Ada")
            before = await Room.objects.filter(pk=room.pk).values().aget()
            assert (await grace.get(f"/rooms/{room.code}/")).status_code == 200
            assert len(ROUTES) > 5
            for route in ROUTES:
                path = "/" + route.replace(ROOM, room.code).replace("<slug:place>", f"seat-{seat.mark}")
                for who in (alan, eve, AsyncClient()):
                    got = [await who.get(path)]
                    got += [await who.post(path, {"order": order, "value": seat.mark, "up": "yes"}) for order in ORDERS]
                    for answer in got:
                        sent_to = answer.headers.get("Location", "")
                        refused = answer.status_code in (404, 405)
                        assert refused or (answer.status_code == 302 and sent_to.startswith(DOORS)), (path, answer)
                        assert lab not in answer.content.decode()
            assert await Room.objects.filter(pk=room.pk).values().aget() == before
            assert (await Seat.objects.aget(name="Ada")).hand_at is None

    asyncio.run(scenario())


@pytest.mark.parametrize("pattern", [each.pattern.regex.pattern for each in of_rooms])
def test_no_socket_tells_of_another_class(pattern: str) -> None:
    async def scenario() -> None:
        async with school():
            room, elsewhere = await room_of(await instructor("grace")), await room_of(await instructor("alan"))
            eve = await joined(elsewhere, "Eve")
            alan = await instructor("alan")
            ends = "console/" if "console" in pattern else ""
            for who in (AsyncClient(), eve, alan):
                cookies = "; ".join(f"{name}={each.value}" for name, each in who.cookies.items())
                for code in (room.code, room.code.lower(), "ZZZZZZ"):
                    headers = [*HERE, (b"cookie", cookies.encode())]
                    socket = WebsocketCommunicator(application, f"/ws/rooms/{code}/{ends}", headers=headers)
                    await socket.connect(20)
                    said = await socket.receive_output(20)
                    assert said == {"type": "websocket.close", "code": NO_SUCH_LAB}
                    await socket.disconnect()

    asyncio.run(scenario())
