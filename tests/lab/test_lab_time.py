"""Lab time stands still, goes step by step, and at a chosen rate; wall time does not."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from kafkalab.lab import Lab, LabSettings, Outcome
from kafkalab.lab.commands import Command, CreateProducer, CreateTopic
from kafkalab.lab.tempo_commands import PauseTime, PlayTime, SetRate, StepTime
from tests.lab.labs import QUICK, SECOND_US, carried_out, opened

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


def test_a_step_goes_to_the_next_fact(lab: Lab) -> None:
    assert carried_out(lab, CreateTopic("orders", 1, 1)).ok
    assert done(lab, CreateProducer("orders", rate=1)).ok
    told: list[Any] = []
    lab.world.on_event.append(lambda at_us, node, event: told.append((at_us, event)))
    for _ in range(3):
        before, at_us = len(told), lab.world.now_us
        outcome = done(lab, StepTime())
        assert len(told) > before
        assert outcome.detail == {"at_us": lab.world.now_us}
        assert at_us <= told[before][0] == told[-1][0] == lab.world.now_us
    assert lab.view()["lab"]["paused"] is True


def test_the_frames_say_the_pace(lab: Lab) -> None:
    assert done(lab, SetRate("0.1")).ok
    assert lab.snapshot()["rate"] == 0.1
    assert done(lab, PauseTime()).ok
    lab.advance(SECOND_US)
    assert lab.snapshot()["rate"] == 0


def test_the_clock_on_the_wall_is_nobodys_to_stop() -> None:
    lab = opened()
    outcome = done(lab, PauseTime())
    lab.close()
    assert (outcome.ok, list(outcome.fields)) == (False, ["command"])
    assert "wall time" in outcome.error
