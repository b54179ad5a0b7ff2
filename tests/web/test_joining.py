"""The way in for others: the lab's address as a picture."""

import asyncio

import segno
from django.test import AsyncClient

from tests.web.labs import home_lab


def test_the_code_is_a_picture_of_the_address_that_was_asked() -> None:
    async def scenario() -> None:
        async with home_lab():
            answer = await AsyncClient().get("/labs/home/join.svg")
            page = await AsyncClient().get("/labs/home/")
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/svg+xml")
        wanted = segno.make("http://testserver/labs/home/", error="m", micro=False)
        assert answer.content.decode().count("<path") == wanted.svg_inline(scale=4, border=2).count("<path") == 1
        assert wanted.svg_inline(scale=4, border=2).split(' d="')[1].split('"')[0] in answer.content.decode()
        assert "http://testserver/labs/home/" in page.content.decode()

    asyncio.run(scenario())


def test_a_lab_that_is_not_there_has_no_way_in() -> None:
    assert asyncio.run(AsyncClient().get("/labs/elsewhere/join.svg")).status_code == 404
