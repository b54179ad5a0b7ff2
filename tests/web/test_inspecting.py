"""What the inspector asks the server for."""

import asyncio
import json
from typing import Any

from django.test import AsyncClient

from kafkalab.lab.commands import CrashBroker, CreateTopic
from tests.web.labs import done, home_lab


async def asked(path: str, **query: Any) -> dict[str, Any]:
    answer = await AsyncClient().get(f"/labs/home/{path}/", query)
    assert answer.status_code == 200, answer
    said: dict[str, Any] = json.loads(answer.content)
    return said


def test_why_is_answered_for_an_entity_and_for_one_fact() -> None:
    async def scenario() -> None:
        async with home_lab() as lab:
            await done(lab, CrashBroker(2))
            explained = await asked("why", id="broker:2")
            assert [link["kind"] for link in explained["chain"]] == ["fact", "act"]
            fact = explained["chain"][0]
            assert explained["facts"][0] == {**fact, "how": "", "between": 0}
            again = await asked("why", moment=fact["moment"], text=fact["text"])
            assert again["chain"] == explained["chain"]

    asyncio.run(scenario())


def test_nothing_is_remembered_of_what_is_not_there() -> None:
    async def scenario() -> None:
        async with home_lab() as lab:
            since_us = lab.causes.since_us
            for query in ({"id": "broker:99"}, {}, {"moment": "x", "text": "y"}, {"moment": "9" * 30, "text": "y"}):
                assert await asked("why", **query) == {"chain": [], "facts": [], "since_us": since_us}

    asyncio.run(scenario())


def test_the_settings_of_a_topic_are_told_with_the_command_that_changes_each() -> None:
    async def scenario() -> None:
        async with home_lab() as lab:
            await done(lab, CreateTopic("orders", 1, 1, {"cleanup.policy": "compact"}))
            shown = await asked("configs", id="topic:orders")
            row = next(each for each in shown["rows"] if each["name"] == "cleanup.policy")
            assert shown["of"] == "topic orders"
            assert (row["value"], row["own"], row["source"]) == ("compact", True, "DYNAMIC_TOPIC_CONFIG")
            assert row["edit"]["fields"] == {"topic": "orders", "name": "cleanup.policy"}
            assert (await asked("configs", id="topic:gone"))["rows"] == []

    asyncio.run(scenario())


def test_other_peoples_labs_are_not_there() -> None:
    async def scenario() -> None:
        for path in ("why", "configs"):
            answer = await AsyncClient().get(f"/labs/nobody/{path}/")
            assert answer.status_code == 404

    asyncio.run(scenario())
