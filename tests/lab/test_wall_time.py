"""A real client comes in: from then on time is the wall's, and the machines' clocks are set by it."""

import time
from typing import Any

import pytest

from kafkalab.lab import Outcome
from kafkalab.lab.commands import Command, CreateTopic, SendRecord
from kafkalab.lab.tempo_commands import EnterLabTime, PauseTime, PlayTime, SetRate, StepTime
from kafkalab.wire.api import ApiKey
from tests.lab.test_gateway import Street, on_a_street, produce

pytestmark = pytest.mark.clock

MINUTE_US = 60_000_000


def lab_entity(street: Street) -> dict[str, Any]:
    shown: dict[str, Any] = street.lab.view()["lab"]
    return shown


def told(street: Street, kind: str) -> list[str]:
    return [event["text"] for event in street.lab.snapshot()["events"] if event["kind"] == kind]


async def done(street: Street, command: Command) -> Outcome:
    outcome: Outcome = await street.do(command)
    return outcome


def test_a_lab_with_open_doors_lives_in_lab_time_until_a_real_client_comes_in() -> None:
    async def test(street: Street) -> None:
        assert {name: lab_entity(street)[name] for name in ("mode", "listens", "real_connections")} == {
            "mode": "lab",
            "listens": True,
            "real_connections": 0,
        }
        assert (await done(street, SetRate("10"))).ok
        client = await street.connect()
        assert (await client.versions()).error_code == 0
        assert {name: lab_entity(street)[name] for name in ("mode", "rate", "paused", "real_connections")} == {
            "mode": "wall",
            "rate": 1,
            "paused": False,
            "real_connections": 1,
        }
        (sentence,) = told(street, "WallTimeEntered")
        assert "127.0.0.1" in sentence

    on_a_street(test)


def test_time_that_real_clients_share_cannot_be_held_and_the_refusal_says_why() -> None:
    async def test(street: Street) -> None:
        client = await street.connect()
        await client.versions()
        for command in (PauseTime(), PlayTime(), StepTime(), SetRate("2"), EnterLabTime()):
            outcome = await done(street, command)
            assert not outcome.ok
            assert "real clients hold 1 connection, and to them the clock is real" in outcome.error

    on_a_street(test)


def test_lab_time_comes_back_when_it_is_asked_for_and_nobody_is_connected() -> None:
    async def test(street: Street) -> None:
        client = await street.connect()
        await client.versions()
        client.writer.close()
        await client.writer.wait_closed()
        while street.lab.world.edges:
            await done(street, CreateTopic("waits", 1, 1))
        assert lab_entity(street)["mode"] == "wall"
        assert "can be taken in hand again" in (await done(street, PauseTime())).error
        assert (await done(street, EnterLabTime())).ok
        assert lab_entity(street)["mode"] == "lab"
        assert (await done(street, PauseTime())).ok
        assert told(street, "LabTimeEntered")

    on_a_street(test)


def test_a_client_that_comes_while_time_stands_still_is_served_and_gets_the_walls_dates() -> None:
    async def test(street: Street) -> None:
        assert (await done(street, CreateTopic("orders", 1, 3))).ok
        assert (await done(street, PauseTime())).ok
        # As if it had stood still for ten minutes: the lab's time is behind the wall's.
        street.lab.world.set_clocks(street.lab.world.now_us - 10 * MINUTE_US)
        assert street.lab.time is not None
        brokers = list(street.lab.accepting)
        leader = street.lab.image.topics["orders"].partitions[0].leader
        client = await street.connect(leader)
        client.send(ApiKey.PRODUCE, 9, 7, produce("orders", b"of a real client"))
        _, answer = await client.hear(ApiKey.PRODUCE, 9)
        assert answer.topics[0].partitions[0].error_code == 0
        sent = await done(street, SendRecord("orders", "by hand"))
        assert abs(sent.detail["timestamp_ms"] - time.time() * 1000) < 5_000
        (sentence,) = told(street, "WallTimeEntered")
        assert "600 s behind, and were set forward" in sentence
        assert list(street.lab.accepting) == brokers

    on_a_street(test)
