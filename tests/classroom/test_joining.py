"""Joining a room: with a code and a name, without an account, and never into somebody else's seat."""

import asyncio

import pytest
from django.test import AsyncClient

from kafkalab.web.classroom.models import Seat
from kafkalab.web.classroom.names import NameRefused, folded, tidy
from tests.classroom.rooms import instructor, joined, lab_at, room_of, school

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_learner_joins_by_code_and_name_and_comes_back_to_the_same_lab() -> None:
    async def scenario() -> None:
        async with school():
            room = await room_of(await instructor())
            browser = AsyncClient()
            asked = await browser.post("/join/", {"code": f" {room.code[:3].lower()}-{room.code[3:]}"})
            assert (asked.status_code, f'action="/join/{room.code}/"' in asked.content.decode()) == (200, True)
            sat = await browser.post(f"/join/{room.code}/", {"name": "  Ada "})
            assert (sat.status_code, sat.headers["Location"]) == (302, f"/seat/{room.code}/")
            first = await lab_at(browser, room)
            assert "<strong>Ada</strong>" in (await browser.get(f"/seat/{room.code}/")).content.decode()
            again = await browser.post(f"/join/{room.code}/", {"name": "Somebody else"})
            assert again.headers["Location"] == f"/seat/{room.code}/"
            assert [seat.name async for seat in Seat.objects.all()] == ["Ada"]
            assert await lab_at(browser, room) == first

    asyncio.run(scenario())


def test_each_has_a_lab_of_their_own_or_teams_or_all_share_one() -> None:
    async def scenario() -> None:
        async with school():
            teacher = await instructor()
            labs = {}
            for arrangement in ("own", "teams", "shared"):
                room = await room_of(teacher, arrangement)
                labs[arrangement] = [await lab_at(await joined(room, name), room) for name in ("Ada", "Bo", "Cy")]
            assert {arrangement: len(set(names)) for arrangement, names in labs.items()} == {
                "own": 3,
                "teams": 2,
                "shared": 1,
            }
            assert labs["teams"][0] == labs["teams"][2]

    asyncio.run(scenario())


def test_a_wrong_code_is_told_and_a_flood_of_them_is_stopped() -> None:
    async def scenario() -> None:
        async with school():
            room = await room_of(await instructor())
            stranger = AsyncClient()
            told = [(await stranger.post("/join/", {"code": f"QQQQ{n:02}"})).status_code for n in range(10, 31)]
            assert told == [404] * 20 + [429]
            # Not even the right one is told from a wrong one now.
            assert (await stranger.post("/join/", {"code": room.code})).status_code == 429
            assert (await stranger.get(f"/join/{room.code}/")).status_code == 429

    asyncio.run(scenario())


def test_a_room_that_is_locked_or_closed_takes_nobody_new_and_keeps_who_is_there() -> None:
    async def scenario() -> None:
        async with school():
            teacher = await instructor()
            room = await room_of(teacher)
            ada, late = await joined(room, "Ada"), AsyncClient()
            lab = await lab_at(ada, room)
            await teacher.post(f"/rooms/{room.code}/order/", {"order": "lock"})
            refused = await late.post(f"/join/{room.code}/", {"name": "Bo"})
            assert (refused.status_code, "This room is locked" in refused.content.decode()) == (409, True)
            assert await lab_at(ada, room) == lab
            await teacher.post(f"/rooms/{room.code}/order/", {"order": "close"})
            assert (await late.post(f"/join/{room.code}/", {"name": "Bo"})).status_code == 404
            over = (await ada.get(f"/seat/{room.code}/")).content.decode()
            assert ("This room is closed" in over, "data-socket" in over) == (True, False)
            assert (await ada.get(f"/labs/{lab}/")).status_code == 404

    asyncio.run(scenario())


def test_a_name_is_there_once_in_a_room_however_it_is_written() -> None:
    async def scenario() -> None:
        async with school():
            room = await room_of(await instructor())
            await joined(room, "Zoë")
            for same in ("Zoë", "ZOË", "Zoe\u0308", "Ｚｏë", "Z oë"):
                refused = await AsyncClient().post(f"/join/{room.code}/", {"name": same})
                assert (refused.status_code, "is called that already" in refused.content.decode()) == (409, True)
            other = await room_of(await instructor(), title="Tuesday")
            await joined(other, "Zoë")

    asyncio.run(scenario())


def test_a_name_is_shown_as_text() -> None:
    async def scenario() -> None:
        async with school():
            room = await room_of(await instructor())
            page = (await (await joined(room, "<img src=x onerror=a>1")).get(f"/seat/{room.code}/")).content.decode()
            assert "&lt;img src=x onerror=a&gt;1" in page
            assert "<img src=x" not in page

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "typed",
    ["", "   ", "---", "a\nb", "a\tb", "a\x00b", "\u202eevil", "a\u200bb", "a\u2028b", "e" + "\u0301" * 9, "x" * 31],
)
def test_a_name_that_could_deceive_is_refused(typed: str) -> None:
    with pytest.raises(NameRefused):
        tidy(typed)


def test_names_of_people_are_names() -> None:
    names = ["Ada", "Jean-Luc", "Nguyễn Thị", "李", "Ōoka", "O'Brien 2", "مريم"]
    assert [tidy(name) for name in names] == names
    assert folded("Straße") == folded("STRASSE")


def test_a_form_of_another_site_seats_nobody() -> None:
    async def scenario() -> None:
        async with school():
            room = await room_of(await instructor())
            forged = AsyncClient(enforce_csrf_checks=True)
            assert (await forged.post(f"/join/{room.code}/", {"name": "Ada"})).status_code == 403
            assert await Seat.objects.acount() == 0

    asyncio.run(scenario())
