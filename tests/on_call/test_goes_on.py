"""An incident goes on after its lab is gone from memory. After a killed server is tested with the rooms."""

import asyncio

import pytest
from django.test import AsyncClient

from kafkalab.web.drills.desks import desks
from kafkalab.web.drills.storing import all_stored
from tests.on_call.drilling import at_the_page_of, on_call

DRILL_5 = "/drills/5-the-same-error-every-second/?seed=7"


@pytest.mark.django_db(transaction=True)
def test_who_comes_back_later_finds_the_incident_where_it_was_and_wins_it() -> None:
    async def scenario() -> None:
        async with on_call():
            learner = AsyncClient()
            async with at_the_page_of(learner, DRILL_5) as page:
                await page.is_paged()
                await page.asks("state_impact", choice="one-third")
                for fact in page.drill["facts"][:1]:
                    await page.asks("pin_fact", entry=fact["number"])
                await page.asks("note_belief", text="It is one record.")
                await page.plays(page.desk.duty.drill.solution[:3])
                name, before = page.desk.name, page.drill
            desks.close()
            async with at_the_page_of(learner, DRILL_5) as page:
                page.hurry()
                await page.until("cause")
                same = ("seed", "step", "pinned", "page", "impact", "notice")
                assert {key: page.drill[key] for key in same} == {key: before[key] for key in same}
                assert (page.desk.name, page.desk.duty.lab.faults.secret) == (name, True)
                assert "consumer:billing-1" not in page.desk.duty.lab.view()
                await page.plays(page.desk.duty.drill.solution[3:])
                await page.until("verified")
                await page.asks("begin_debrief")
                lines = (await page.until("debrief"))["debrief"]["lines"]
                assert "It is one record." in [line["text"] for line in lines if line["kind"] == "said"]
                assert page.drill["debrief"]["won"]
            desks.close()
            await all_stored()
            assert "Poison pill" in (await learner.get("/drills/")).content.decode()
            async with at_the_page_of(learner, DRILL_5) as page:
                assert (await page.until("debrief"))["debrief"]["won"]

    asyncio.run(scenario())
