"""A learner's page: the stage of the own lab, and above it what the room has to say, in lessons too."""

import asyncio
import json
import re
from pathlib import Path

import pytest

from kafkalab.lab.commands import CreateTopic, DeleteTopic
from kafkalab.web.classroom.models import Seat
from kafkalab.web.course.sitting_notes import all_stored
from kafkalab.web.course.sitting_seats import seats
from tests.classroom.rooms import heard_by, instructor, joined, lab_at, ordered, room_of, school, socket_of
from tests.web.labs import done

pytestmark = pytest.mark.django_db(transaction=True)
LESSON = "/course/1-a-log-not-a-queue/"
PAUSED = "The instructor has paused the room: wait a moment."


def test_the_bar_says_who_one_is_and_what_the_instructor_says() -> None:
    async def scenario() -> None:
        async with school():
            teacher = await instructor()
            room = await room_of(teacher, "teams")
            ada = await joined(room, "Ada")
            await ordered(teacher, room, "say", "Open <i>lesson</i> 3")
            page = (await ada.get(f"/seat/{room.code}/")).content.decode()
            assert "<strong>Ada</strong> · Team 1" in page
            assert "Open &lt;i&gt;lesson&lt;/i&gt; 3" in page
            raised = await ada.post(f"/seat/{room.code}/hand/", {"up": "yes"}, headers={"HX-Request": "true"})
            first = (await Seat.objects.aget()).hand_at
            assert ('aria-pressed="true"' in raised.content.decode(), first is not None) == (True, True)
            # Who raises it twice is no later by it.
            await ada.post(f"/seat/{room.code}/hand/", {"up": "yes"})
            assert (await Seat.objects.aget()).hand_at == first
            await ada.post(f"/seat/{room.code}/hand/", {"up": "no"})
            assert (await Seat.objects.aget()).hand_at is None

    asyncio.run(scenario())


def test_in_a_lesson_the_room_is_there_too_and_its_pause_holds() -> None:
    async def scenario() -> None:
        async with school():
            teacher = await instructor()
            room = await room_of(teacher)
            ada = await joined(room, "Ada")
            try:
                page = (await ada.get(LESSON)).content.decode()
                assert f'data-room-socket="/ws/rooms/{room.code}/"' in page
                [path, *_] = re.findall(r'data-socket="([^"]+)"', page)
                async with socket_of(ada, path) as socket:
                    await ordered(teacher, room, "pause")
                    refused = []
                    for command in ({"command": "predict", "answer": "x"}, {"command": "crash_broker", "broker": 1}):
                        await socket.send_to(text_data=json.dumps({"id": 1, **command}))
                        refused.append((await heard_by(socket, "answer"))["error"])
                    assert refused == [PAUSED, PAUSED]
                    await ordered(teacher, room, "go_on")
                    await socket.send_to(text_data='{"id": 2, "command": "crash_broker", "broker": 9}')
                    assert (await heard_by(socket, "answer"))["error"] != PAUSED
                await ordered(teacher, room, "close")
                assert "data-room-socket" not in (await ada.get(LESSON)).content.decode()
            finally:
                await all_stored()
                seats.close()

    asyncio.run(scenario())


def test_a_lab_that_nobody_uses_falls_asleep_and_wakes_where_it_was(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with school(tmp_path, awake=1) as many:
            room = await room_of(await instructor())
            ada, bo = await joined(room, "Ada"), await joined(room, "Bo")
            name = await lab_at(ada, room)
            lab = many.by_name[name].lab
            assert lab is not None
            await done(lab, CreateTopic("kept"))
            await done(lab, DeleteTopic("orders"))
            other = await lab_at(bo, room)
            assert [many.by_name[each].lab is not None for each in (name, other)] == [False, True]
            assert await lab_at(ada, room) == name
            shown = (await ada.get(f"/api/labs/{name}/")).json()["entities"].values()
            assert [it["topic"] for it in shown if it["kind"] == "topic"] == ["kept"]

    asyncio.run(scenario())
