"""The pages of the archive: what lies in the store, orders to its sinks, and the calculator."""

import asyncio
import re

from django.test import AsyncClient, Client

from kafkalab.lab.archive_commands import StartArchive
from kafkalab.lab.commands import CreateTopic, SendRecord
from tests.web.labs import done, home_lab


def figures(page: str) -> dict[str, str]:
    return dict(re.findall(r'data-figure="(\w+)">([^<]*)<', page))


def test_the_page_shows_what_lies_in_the_store_and_reads_it_back() -> None:
    async def scenario() -> tuple[str, str, str]:
        async with home_lab() as lab:
            await done(lab, CreateTopic("orders", partitions=1, replication_factor=3))
            client = AsyncClient()
            empty = (await client.get("/labs/home/archive/")).content.decode()
            await done(lab, StartArchive("orders", buffer_mib=1, buffer_s=1))
            await done(lab, SendRecord("orders", value="<b>one</b>"))
            for _ in range(200):
                page = (await client.get("/labs/home/archive/now/")).content.decode()
                if figures(page).get("records") == "1":
                    break
                await asyncio.sleep(0.1)
            (archive,) = (it for it in lab.snapshot()["entities"].values() if it["kind"] == "archive")
            asked = {field: archive[field] for field in ("topic", "topic_id", "format")}
            verified = (await client.get("/labs/home/archive/verify/", asked)).content.decode()
            assert (await client.get("/labs/home/archive/verify/", {"topic": "x"})).status_code == 404
            return empty, page, verified

    empty, page, verified = asyncio.run(scenario())
    assert "Nothing is archived yet" in empty
    assert {name: figures(page)[name] for name in ("state", "objects", "records", "doubles")} == {
        "state": "running",
        "objects": "1",
        "records": "1",
        "doubles": "0",
    }
    assert "00000000000000000000.jsonl" in page
    assert re.findall(r'<td class="number">(\d+)</td>', verified) == ["1", "1", "0", "0", "0", "0", "0"]


def test_sinks_are_started_and_killed_from_the_page_and_refusals_are_said() -> None:
    async def scenario() -> list[tuple[int, str]]:
        async with home_lab() as lab:
            await done(lab, CreateTopic("orders", partitions=1, replication_factor=3))
            client = AsyncClient()
            answers = []
            for said in (
                {"command": "start_archive", "topic": "orders", "buffer_mib": "1", "buffer_s": "60", "format": "jsonl"},
                {"command": "crash_archive", "name": "archive-1", "when": "now"},
                {"command": "crash_archive", "name": "archive-1", "when": "now"},
                {"command": "start_archive", "topic": "orders", "buffer_mib": "129"},
                {"command": "delete_topic", "name": "orders"},
            ):
                answer = await client.post("/labs/home/archive/order/", said)
                problem = re.search(r'role="alert">([^<]*)<', answer.content.decode())
                answers.append((answer.status_code, problem[1] if problem else ""))
            return answers

    assert asyncio.run(scenario()) == [
        (302, ""),
        (302, ""),
        (409, "Not possible: name archive-1 is no sink of this lab."),
        (409, "buffer_mib: must be from 1 to 128"),
        (404, ""),
    ]


def sums(page: str) -> dict[str, str]:
    return dict(re.findall(r'data-way="(\w+)".*?class="sum">(\$[\d,]+)', page, re.DOTALL))


def test_the_calculator_says_what_each_way_costs_and_which_is_the_cheapest() -> None:
    page = Client().get("/archive/costs/").content.decode()
    assert sums(page) == {"own": "$4,700", "managed": "$4,535", "tiered": "$2,766", "firehose": "$3,979"}
    assert re.findall(r'data-way="(\w+)" data-cheapest', page) == ["tiered"]
    assert page.count("<polyline") == 4
    assert "https://aws.amazon.com/s3/pricing/" in page
    assert "Prices as of 2024-06." in page


def test_load_and_prices_can_be_changed_and_nonsense_changes_nothing() -> None:
    asked = {"retention_days": "1", "zones": "1", "price-firehose_gb": "0", "mb_per_s": "nonsense", "readers": "nan"}
    page = Client().get("/archive/costs/", asked).content.decode()
    assert sums(page)["own"] == "$524"
    assert sums(page)["firehose"] == "$49"
    assert page.count("changed by you") == 1
    assert 'name="mb_per_s" value="10"' in page
