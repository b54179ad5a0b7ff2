"""The ledger's list, asked for as the page asks for it."""

import asyncio
import re

from django.test import AsyncClient

from kafkalab.lab.commands import CreateProducer, CreateTopic, SendRecord
from tests.web.labs import done, home_lab


def test_two_hundred_rows_come_at_a_time_and_the_rest_on_demand() -> None:
    async def scenario() -> None:
        async with home_lab() as lab:
            await done(lab, CreateTopic("orders", 3, 3))
            await done(lab, CreateProducer("orders", rate=2_000, limit=450))
            while lab.ledger.totals.acked < 450:
                await asyncio.sleep(0.05)
            client = AsyncClient()
            numbers, more = [], ""
            for _ in range(3):
                answer = (await client.get(f"/labs/home/ledger/?fate=acked&before={more}")).content.decode()
                numbers.append(answer.count("<tr data-state="))
                found = re.search(r"before=(\d+-\d+)", answer)
                more = found[1] if found else ""
            assert (numbers, more) == ([200, 200, 50], "")

    asyncio.run(scenario())


def test_what_a_record_holds_cannot_become_part_of_the_page() -> None:
    async def scenario() -> None:
        async with home_lab() as lab:
            await done(lab, CreateTopic("orders", 1, 1))
            await done(lab, SendRecord("orders", "<script>1</script>", key="<b>"))
            shown = (await AsyncClient().get("/labs/home/ledger/")).content.decode()
            assert "<script>" not in shown
            assert "&lt;b&gt;" in shown

    asyncio.run(scenario())


def test_a_fate_that_does_not_exist_is_not_found() -> None:
    async def scenario() -> None:
        async with home_lab():
            assert (await AsyncClient().get("/labs/home/ledger/?fate=eaten")).status_code == 404
            assert (await AsyncClient().get("/labs/home/ledger/?before=x-1")).status_code == 200

    asyncio.run(scenario())
