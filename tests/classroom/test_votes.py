"""Votes of a room: hidden until they are shown, one a seat, once more after a talk, and an engine that knows."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient

from kafkalab.lessons.demo_commands import NextCard
from kafkalab.web.classroom.models import Room
from kafkalab.web.classroom.votes import polls, stage
from kafkalab.web.classroom.votes.models import Ballot, Vote
from kafkalab.web.demos.stands import stands
from tests.classroom.rooms import instructor, joined, room_of, school, socket_of
from tests.web.labs import PATIENCE_S

pytestmark = pytest.mark.django_db(transaction=True)
ASKS = "The group &quot;audit&quot; starts to read orders from its beginning."
LESSON_1 = "1/a-second-group"


@asynccontextmanager
async def class_of(*names: str) -> AsyncIterator[tuple[AsyncClient, Room, list[AsyncClient]]]:
    """The instructor, the room, and its learners."""
    async with school():
        try:
            teacher = await instructor()
            room = await room_of(teacher)
            yield teacher, room, [await joined(room, name) for name in names]
        finally:
            await stage.all_done()
            stands.close()


async def order(teacher: AsyncClient, room: Room, what: str, **fields: str) -> int:
    return int((await teacher.post(f"/rooms/{room.code}/votes/order/", {"order": what, **fields})).status_code)


async def ask_own(teacher: AsyncClient, room: Room, **fields: str) -> Vote:
    assert await order(teacher, room, "ask_own", **fields) == 302
    return await newest(room)


async def newest(room: Room) -> Vote:
    vote = await sync_to_async(polls.newest)(room)
    assert vote is not None
    return vote


async def page_of(browser: AsyncClient, path: str) -> str:
    answer = await browser.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return " ".join(re.sub(r"<[^>]+>", " ", str(answer.content.decode()).split("<body>")[-1]).split())


async def vote(browser: AsyncClient, room: Room, said: str, mark: str = "") -> int:
    mark = mark or (await newest(room)).mark
    answer = await browser.post(f"/seat/{room.code}/vote/cast/", {"vote": mark, "said": said})
    return int(answer.status_code)


def test_a_vote_is_one_a_seat_changeable_until_closed_and_hidden_until_shown() -> None:
    async def scenario() -> None:
        async with class_of("Ada", "Bo", "Cy") as (teacher, room, (ada, bo, cy)):
            mine, votes = f"/seat/{room.code}/vote/", f"/rooms/{room.code}/votes/"
            assert "There is no question just now." in await page_of(ada, mine)
            asked = {"ask": "Who leads?", "kind": "choice", "choices": "the first\n\n the  oldest \n"}
            await ask_own(teacher, room, **asked)
            assert "Who leads? the first the oldest Vote" in await page_of(ada, mine)
            assert [await vote(ada, room, said) for said in ("1", "2", "2")] == [302] * 3
            assert await vote(bo, room, "2") == 302
            assert await vote(cy, room, "3") == 409
            ballots = [(one.seat_id, one.said) async for one in Ballot.objects.order_by("seat_id")]
            assert [said for _, said in ballots] == ["2", "2"]
            assert "You have voted: the oldest" in await page_of(ada, mine)
            for path in (votes, f"{votes}tally/", f"{votes}wall/"):
                shown = await page_of(teacher, path)
                assert "2 of 3 seats have voted in round 1." in shown
                assert "100 %" not in shown
            for browser in (ada, cy):
                assert "100 %" not in await page_of(browser, mine)
            # Who asks every second is told again only what is new.
            [again] = re.findall(r'hx-get="([^"]+/tally/[^"]+)"', (await teacher.get(votes)).content.decode())
            assert (await teacher.get(again)).status_code == 204
            assert await order(teacher, room, "close") == 302
            assert (await teacher.get(again)).status_code == 200
            assert await vote(cy, room, "1") == 409
            assert "You have not voted in this round." in await page_of(cy, mine)
            assert "100 %" not in await page_of(teacher, votes)
            assert await order(teacher, room, "reveal") == 302
            bars = "Round 1: 2 votes the first 0 · 0 % the oldest 2 · 100 %"
            shown = [
                await page_of(who, path) for who, path in ((cy, mine), (teacher, votes), (teacher, f"{votes}wall/"))
            ]
            assert [bars in page for page in shown] == [True] * 3

    asyncio.run(scenario())


def test_half_right_talks_it_over_and_votes_again_then_the_engine_answers() -> None:
    async def scenario() -> None:
        async with class_of("Ada", "Bo") as (teacher, room, (ada, bo)):
            mine, votes = f"/seat/{room.code}/vote/", f"/rooms/{room.code}/votes/"
            assert await order(teacher, room, "ask_lesson", section=LESSON_1) == 302
            await stage.all_done()
            assert (await newest(room)).answer == 5
            assert [await vote(ada, room, "5"), await vote(bo, room, "0")] == [302, 302]
            assert "%" not in await page_of(teacher, f"{votes}tally/")
            await order(teacher, room, "close")
            advice = "50 % are right. Let them convince their neighbours for two minutes, and vote again."
            assert advice in await page_of(teacher, votes)
            for browser, path in ((ada, mine), (teacher, f"{votes}wall/")):
                assert "right" not in await page_of(browser, path)
            assert await order(teacher, room, "again") == 302
            assert "Round 2: you have talked it over." in await page_of(bo, mine)
            assert await vote(bo, room, "5") == 302
            await order(teacher, room, "close")
            assert "100 % are right. Nearly all have it" in await page_of(teacher, votes)
            assert "The engine says" not in await page_of(teacher, votes)
            [prepared] = stands.by_name
            shown = (await teacher.get(f"{votes}stage/")).content.decode()
            assert list(stands.by_name) == [prepared]
            [path] = re.findall(r'data-socket="(/ws/labs/[^"/]+/demo/)"', shown)
            async with socket_of(teacher, path) as socket:
                await socket.send_to(text_data=json.dumps({"command": "set_rate", "rate": "10", "id": 1}))
                await socket.send_to(text_data=json.dumps({"command": "next_card", "id": 2}))
                async with asyncio.timeout(PATIENCE_S):
                    while json.loads(await socket.receive_from(PATIENCE_S)).get("demo", {}).get("phase") != "done":
                        pass
            await stage.all_done()
            told = await page_of(bo, mine)
            assert "Round 1: 2 votes 0 1 · 50 % 5 1 · 50 % ✓ right" in told
            assert "Round 2: 1 vote 5 1 · 100 % ✓ right" in told
            assert "The engine says: 5" in told
            assert await order(teacher, room, "again") == 409

    asyncio.run(scenario())


def test_places_on_the_stage_of_an_open_demo_are_voted_for_and_shown_on_it() -> None:
    async def scenario() -> None:
        async with class_of("Ada", "Bo", "Cy") as (teacher, room, learners):
            asked = {"ask": "Which will <b>die</b>?", "kind": "place", "choices": ""}
            assert await order(teacher, room, "ask_own", **asked) == 409
            demo = (await teacher.get("/demos/9-leader-failover/")).content.decode()
            [path] = re.findall(r'data-socket="(/ws/labs/[^"/]+/demo/)"', demo)
            assert "For how long has the partition no leader?" not in await page_of(
                teacher, f"/rooms/{room.code}/votes/"
            )
            [stand] = stands.by_name.values()
            stand.do(NextCard())
            assert "For how long has the partition no leader?" in await page_of(teacher, f"/rooms/{room.code}/votes/")
            made = await ask_own(teacher, room, **asked)
            assert made.choices["broker:2"] == "broker 2"
            assert (await ask_own(teacher, room, among="broker", **asked)).choices == {
                f"broker:{broker}": f"broker {broker}" for broker in (1, 2, 3)
            }
            made = await ask_own(teacher, room, **asked)
            assert "<b>" not in (await learners[0].get(f"/seat/{room.code}/vote/")).content.decode()
            said = ("broker:2", "broker:2", "partition:orders:0")
            assert [await vote(who, room, it) for who, it in zip(learners, said, strict=True)] == [302] * 3
            assert await vote(learners[0], room, "broker:77") == 409
            async with socket_of(teacher, f"{path}?projector") as wall:
                assert await heat_on(wall) == {}
                await order(teacher, room, "reveal")
                assert await heat_on(wall) == {"broker:2": 67, "partition:orders:0": 33}
                await order(teacher, room, "again")
                assert await heat_on(wall) == {}

    asyncio.run(scenario())


async def heat_on(socket: object) -> dict[str, int]:
    async with asyncio.timeout(PATIENCE_S):
        while (said := json.loads(await socket.receive_from(PATIENCE_S)))["type"] != "demo":  # type: ignore[attr-defined]
            pass
    return dict(said["demo"]["heat"])


def test_who_has_no_seat_does_not_vote_and_only_the_rooms_instructor_asks_and_looks() -> None:
    async def scenario() -> None:
        async with class_of("Ada") as (teacher, room, (ada,)):
            made = await ask_own(teacher, room, ask="How many?", kind="number")
            other_teacher = await instructor("alan")
            other_room = await room_of(other_teacher)
            elsewhere = await joined(other_room, "Eve")
            for browser in (AsyncClient(), elsewhere):
                for path in ("", "ballot/"):
                    assert (await browser.get(f"/seat/{room.code}/vote/{path}")).status_code == 404
                assert await vote(browser, room, "3") == 404
            # Not even with a seat of one's own can the vote of another room be reached.
            assert await vote(elsewhere, other_room, "3", made.mark) == 409
            for browser in (ada, elsewhere, other_teacher, AsyncClient()):
                for path in ("", "tally/", "wall/", "stage/"):
                    assert (await browser.get(f"/rooms/{room.code}/votes/{path}")).status_code == 404
                assert await order(browser, room, "reveal") == 404
            assert await Ballot.objects.acount() == 0

    asyncio.run(scenario())


def test_everybody_in_the_room_is_told_that_there_is_news_and_nothing_else() -> None:
    async def scenario() -> None:
        async with class_of("Ada") as (teacher, room, (ada,)):
            async with socket_of(ada, f"/ws/rooms/{room.code}/") as line:
                assert json.loads(await line.receive_from(PATIENCE_S))["type"] == "room"
                await ask_own(teacher, room, ask="How many?", kind="number")
                assert json.loads(await line.receive_from(PATIENCE_S)) == {"type": "vote"}
                await order(teacher, room, "close")
                assert json.loads(await line.receive_from(PATIENCE_S)) == {"type": "vote"}
            late = {"vote": "0" * 16}
            assert await order(teacher, room, "reveal", **late) == 409

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("percent", "advised"), [(None, ""), (0, "explain"), (34, "explain"), (35, "discuss"), (70, "discuss"), (71, "run")]
)
def test_between_35_and_70_percent_a_class_had_better_talk(percent: int | None, advised: str) -> None:
    assert polls.advice(percent) == advised


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"ask": " ", "kind": "number"}, "A question has 1 to 500 characters."),
        ({"ask": "x" * 501, "kind": "number"}, "A question has 1 to 500 characters."),
        ({"ask": "Which?", "kind": "set"}, "There are no such questions."),
        (
            {"ask": "Which?", "kind": "choice", "choices": "one\n"},
            "A choice is among 2 to 8 answers, one in each line.",
        ),
        ({"ask": "Which?", "kind": "place"}, "Open a demo first: its stage has the places."),
    ],
)
def test_a_question_that_cannot_be_asked_is_told_why(fields: dict[str, str], told: str) -> None:
    async def scenario() -> None:
        async with class_of() as (teacher, room, _):
            answer = await teacher.post(f"/rooms/{room.code}/votes/order/", {"order": "ask_own", **fields})
            assert (answer.status_code, told in answer.content.decode()) == (409, True)
            assert await order(teacher, room, "ask_lesson", section="1/no-such-section") == 409
            assert await Vote.objects.acount() == 0

    asyncio.run(scenario())
