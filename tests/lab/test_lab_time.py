"""Lab time stands still, goes step by step, to a moment, and at a chosen rate."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from kafkalab.lab import Lab, LabSettings, Outcome
from kafkalab.lab.commands import Command, CrashBroker, CreateProducer, CreateTopic
from kafkalab.lab.tempo_commands import PauseTime, PlayTime, RunTo, SetRate, StepTime, StepToSignificant
from tests.lab.labs import QUICK, SECOND_US, carried_out

pytestmark = pytest.mark.clock

START_US = 1_767_225_600 * SECOND_US


@pytest.fixture
def lab() -> Iterator[Lab]:
    lab = Lab.open(None, LabSettings(broker_configs=QUICK), start_us=START_US)
    lab.advance(SECOND_US)
    yield lab
    lab.close()


def done(lab: Lab, command: Command) -> Outcome:
    heard: list[Outcome] = []
    lab.do(command, heard.append)
    return heard[0]


def passed_us(lab: Lab, seconds: float, *commands: Command) -> int:
    """How much lab time passes in so much wall time, after the commands."""

    async def play() -> int:
        lab.play()
        for command in commands:
            assert done(lab, command).ok
        from_us = lab.world.now_us
        await asyncio.sleep(seconds)
        lab.conductor.run()
        lab.conductor.stop()
        return lab.world.now_us - from_us

    return asyncio.run(play())


def test_it_stands_still_and_goes_on(lab: Lab) -> None:
    assert passed_us(lab, 0.2, PauseTime()) == 0
    assert lab.view()["lab"]["paused"] is True
    assert 50_000 < passed_us(lab, 0.2, PlayTime()) < 5_000_000


def test_it_has_a_rate(lab: Lab) -> None:
    assert 1_000 < passed_us(lab, 0.4, SetRate("0.01")) < 100_000
    assert passed_us(lab, 0.4, SetRate("10")) > 600_000
    assert lab.view()["lab"]["rate"] == 10


def test_a_step_goes_to_the_next_fact_or_message(lab: Lab) -> None:
    assert carried_out(lab, CreateTopic("orders", 1, 1)).ok
    assert done(lab, CreateProducer("orders", rate=1)).ok
    told: list[Any] = []
    lab.world.on_event.append(lambda at_us, node, event: told.append((at_us, event)))
    lab.world.on_message.append(lambda sent_us, due_us, source, target, message: told.append((sent_us, message)))
    for _ in range(12):
        before, at_us = len(told), lab.world.now_us
        outcome = done(lab, StepTime())
        assert len(told) > before
        assert outcome.detail == {"at_us": lab.world.now_us}
        assert at_us <= told[-1][0] == lab.world.now_us
    assert lab.view()["lab"]["paused"] is True
    assert lab.witness.on_message not in lab.world.on_message


def test_the_frames_say_the_pace(lab: Lab) -> None:
    assert done(lab, SetRate("0.1")).ok
    assert lab.snapshot()["rate"] == 0.1
    assert done(lab, PauseTime()).ok
    lab.advance(SECOND_US)
    assert lab.snapshot()["rate"] == 0


def arrived(lab: Lab, *commands: Command) -> list[int]:
    """When the lab stands still again after each of the commands."""
    moments = []

    async def play() -> None:
        lab.play()
        for command in commands:
            until_us = done(lab, command).detail["until_us"]
            while lab.conductor.hurrying:
                await asyncio.sleep(0.005)
            await asyncio.sleep(0.05)
            assert lab.world.now_us <= until_us
            moments.append(lab.world.now_us)
        lab.conductor.stop()

    asyncio.run(asyncio.wait_for(play(), 40))
    assert lab.view()["lab"]["paused"] is True
    return moments


def test_a_long_step_goes_to_the_next_fact_that_matters(lab: Lab) -> None:
    assert carried_out(lab, CreateTopic("orders", 1, 3)).ok
    assert done(lab, CreateProducer("orders", rate=50)).ok
    lab.advance(SECOND_US)
    leader = lab.image.topics["orders"].partitions[0].leader
    assert done(lab, CrashBroker(leader)).ok
    told: list[tuple[int, str]] = []
    lab.world.on_event.append(lambda at_us, node, event: told.append((at_us, type(event).__name__)))
    (at_us,) = arrived(lab, StepToSignificant())
    assert {kind for when, kind in told if when == at_us} >= {"BrokerFenced", "LeaderElected", "IsrShrunk"}
    assert {kind for when, kind in told if when < at_us} <= {"ProducerRetried", "RequestRefused"}


def test_a_long_step_goes_no_farther_than_a_minute(lab: Lab) -> None:
    lab.advance(10 * SECOND_US)
    before_us = lab.world.now_us
    assert arrived(lab, StepToSignificant()) == [before_us + 60 * SECOND_US]


def test_it_runs_to_a_moment_and_stands_still_there(lab: Lab) -> None:
    goal_us = lab.world.now_us + 20 * SECOND_US
    assert arrived(lab, RunTo(goal_us)) == [goal_us]


def test_it_runs_to_no_moment_that_has_passed_or_is_far_away(lab: Lab) -> None:
    for at_us in (lab.world.now_us - 1, lab.world.now_us + 3_600 * SECOND_US):
        outcome = done(lab, RunTo(at_us))
        assert (outcome.ok, list(outcome.fields)) == (False, ["at_us"])


def test_whoever_watches_is_told_that_time_stands_still_though_nothing_happens(lab: Lab) -> None:
    """A page that is not told carries the clock on."""
    watcher = lab.frames.watch(lambda: None)

    async def play() -> None:
        lab.play()
        await asyncio.sleep(0.1)
        lab.stand_still()
        await asyncio.sleep(0.3)
        lab.conductor.stop()

    asyncio.run(play())
    told = []
    while (text := watcher.take()) is not None:
        told.append(json.loads(text))
    assert (told[-1]["rate"], told[-1]["at_us"]) == (0, lab.world.now_us)
