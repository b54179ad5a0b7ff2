"""Branches have addresses of their own, for whoever may see the lab, and two of them can be compared."""

import asyncio
import json

from django.test import AsyncClient

from kafkalab.lab import Lab, LabSettings, clocks, differences
from kafkalab.lab.branch_commands import Fork, RemoveBranch
from kafkalab.lab.commands import CrashBroker, CreateTopic
from kafkalab.web.labs.consumers import NO_SUCH_LAB
from tests.lab.labs import SECOND_US, carried_out
from tests.web.labs import PATIENCE_S, browser, done, home_lab


def test_a_branch_is_seen_at_its_own_address_and_takes_orders_there() -> None:
    async def scenario() -> None:
        async with home_lab() as lab:
            await done(lab, CreateTopic("orders", 1, 3))
            assert (await done(lab, Fork("what-if")))["path"] == "home~what-if"
            page = await AsyncClient().get("/labs/home~what-if/")
            assert page.status_code == 200
            assert "bootstrap.servers" not in page.content.decode()
            async with browser(path="/ws/labs/home~what-if/") as socket:
                first = json.loads(await socket.receive_from(PATIENCE_S))
                assert (first["entities"]["lab"]["name"], "topic:orders" in first["entities"]) == ("home~what-if", True)
                await socket.send_to(text_data='{"command": "crash_broker", "broker": 2, "id": 1}')
                while True:
                    said = json.loads(await socket.receive_from(PATIENCE_S))
                    if said["type"] == "answer":
                        break
                assert said["ok"]
            assert lab.view()["broker:2"]["state"] == "running"
            found = (await AsyncClient().get("/api/labs/home~what-if/")).json()["entities"]
            assert found["broker:2"]["state"] == "crashed"

    asyncio.run(scenario())


def test_a_branch_that_is_not_there_is_not_found() -> None:
    async def scenario() -> None:
        async with home_lab():
            for path in ("/labs/home~nowhere/", "/labs/home/compare/?a=&b=nowhere", "/labs/elsewhere~what-if/"):
                assert (await AsyncClient().get(path)).status_code == 404

    asyncio.run(scenario())


def test_who_looks_at_a_branch_that_is_removed_is_told_so() -> None:
    async def scenario() -> None:
        async with home_lab() as lab:
            await done(lab, Fork("short"))
            async with browser(path="/ws/labs/home~short/") as socket:
                await socket.receive_from(PATIENCE_S)
                await done(lab, RemoveBranch("short"))
                while (said := await socket.receive_output(PATIENCE_S))["type"] != "websocket.close":
                    pass
                assert said["code"] == NO_SUCH_LAB

    asyncio.run(scenario())


def test_two_histories_are_compared_in_sentences() -> None:
    async def scenario() -> None:
        async with home_lab() as lab:
            await done(lab, Fork("what-if"))
            page = await AsyncClient().get("/labs/home/compare/")
            assert 'data-socket="/ws/labs/home~what-if/"' in page.content.decode()
            same = (await AsyncClient().get("/labs/home/compare/differences/?a=&b=what-if")).content.decode()
            assert "Nothing differs" in same
            await done(lab, CrashBroker(2))
            other = (await AsyncClient().get("/labs/home/compare/differences/?a=&b=what-if")).content.decode()
            assert "Broker 2: crashed in home, running in what-if." in other

    asyncio.run(scenario())


def test_what_differs_is_said_gravest_first() -> None:
    lab = Lab.open(None, LabSettings())
    lab.advance(SECOND_US)
    assert carried_out(lab, CreateTopic("orders", 1, 3)).ok
    other = lab.fork()
    leader = lab.image.topics["orders"].partitions[0].leader
    assert carried_out(lab, CrashBroker(leader)).ok
    lab.advance(15 * SECOND_US)
    assert carried_out(other, CreateTopic("more", 1, 1)).ok
    follower = lab.image.topics["orders"].partitions[0].leader
    in_sync = ", ".join(str(broker) for broker in (1, 2, 3) if broker != leader)
    assert [each.sentence for each in differences(lab.view(), other.view(), "a", "b")] == [
        f"Broker {leader}: crashed in a, running in b.",
        "Topic more is in b only.",
        f"orders-0: led by broker {follower} in a, led by broker {leader} in b.",
        f"orders-0, in sync: {in_sync} in a, 1, 2, 3 in b.",
    ]
    assert differences(lab.view(), lab.view(), "a", "a") == []
    lab.close()


def test_how_far_two_clocks_are_apart_is_said() -> None:
    noon_us = 1_767_268_800 * SECOND_US
    assert clocks(noon_us, noon_us, "a", "b") == "Both are at 12:00:00.000 UTC."
    assert (
        clocks(noon_us, noon_us + 1_500_000, "a", "b")
        == "a is at 12:00:00.000, b at 12:00:01.500 UTC: b is 1.5 s ahead."
    )
