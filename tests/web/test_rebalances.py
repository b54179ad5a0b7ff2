"""The page that compares rebalances: a form, and what was played for it."""

import asyncio
import re

from django.test import AsyncClient

from tests.web.labs import home_lab


def page_of(query: str) -> str:
    async def scenario() -> str:
        async with home_lab():
            answer = await AsyncClient().get(f"/rebalances/{query}")
            assert answer.status_code == 200
            return answer.content.decode()

    return asyncio.run(scenario())


def test_nothing_is_played_before_a_story_is_chosen() -> None:
    for query in ("", "?story=nonsense&seed=1"):
        text = page_of(query)
        assert 'name="story"' in text
        assert "<svg" not in text


def test_three_plays_stand_side_by_side_with_the_cost_of_each_member() -> None:
    text = page_of("?story=joins&seed=1")
    assert text.count("<svg") == 3
    rows = re.findall(r'<tr data-member="([\w-]+)">(.*?)</tr>', text, re.DOTALL)
    assert {name: re.findall(r"<strong>(\d+)</strong>", row) for name, row in rows} == {
        "member-1": ["85", "50", "84"],
        "member-2": ["84", "50", "84"],
        "member-3": ["100", "100", "100"],
        "member-4": ["444", "3396", "5009"],
    }
    assert "member-3 of billing is in epoch 5" in text


def test_a_seed_that_is_no_number_is_the_first_one() -> None:
    assert 'name="seed" value="1"' in page_of("?story=nonsense&seed=-7x")
