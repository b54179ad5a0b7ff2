"""The world against the wall clock: promptly, in slices, and at rest when there is nothing to do."""

import asyncio
import time
from typing import Any

import pytest

from kafkalab.engine.node import Node, Started
from kafkalab.engine.world import World
from kafkalab.lab.conductor import FRAME_S, SLICE_S, SWEEP_S, UNSEEN_S, Conductor

pytestmark = pytest.mark.clock


class Alarm(Node):
    """Notes when it was woken."""

    def __init__(self, delays_us: tuple[int, ...], works_s: float = 0.0) -> None:
        super().__init__("alarm")
        self.delays_us = delays_us
        self.works_s = works_s
        self.woken: list[Any] = []

    def handle(self, message: Any) -> None:
        if isinstance(message, Started):
            for delay_us in self.delays_us:
                self.wake_in(delay_us, delay_us)
            return
        if message == "break":
            raise ZeroDivisionError
        end = time.perf_counter() + self.works_s
        while time.perf_counter() < end:
            pass
        self.woken.append(message)


class Stage:
    """A world with one node, its conductor, and a count of the frames."""

    def __init__(self, node: Node) -> None:
        self.world = World(start_us=time.time_ns() // 1000)
        self.world.start(node)
        self.frames = 0
        self.watched = True
        self.conductor = Conductor(self.world, self._show, lambda: self.watched, lambda: None)

    def _show(self) -> None:
        self.frames += 1


def test_timers_fire_when_they_are_due() -> None:
    alarm = Alarm((50_000, 150_000))
    stage = Stage(alarm)

    async def play() -> list[list[int]]:
        stage.conductor.start()
        seen = []
        for _ in range(3):
            await asyncio.sleep(0.1)
            seen.append(list(alarm.woken))
        stage.conductor.stop()
        return seen

    assert asyncio.run(play()) == [[50_000], [50_000, 150_000], [50_000, 150_000]]


def test_a_long_stretch_of_work_lets_others_on_the_loop_in() -> None:
    alarm = Alarm((0,) * 100, works_s=0.002)
    stage = Stage(alarm)

    async def play() -> float:
        stage.conductor.start()
        longest = 0.0
        while len(alarm.woken) < 100:
            before = time.perf_counter()
            await asyncio.sleep(0)
            longest = max(longest, time.perf_counter() - before)
        stage.conductor.stop()
        return longest

    assert asyncio.run(play()) < 10 * SLICE_S


def test_an_idle_world_is_left_alone() -> None:
    stage = Stage(Alarm((300_000,)))

    async def play() -> int:
        stage.conductor.start()
        await asyncio.sleep(0.2)
        stage.conductor.stop()
        return stage.conductor.slices

    assert asyncio.run(play()) <= 2


def test_frames_come_at_most_thirty_times_a_second() -> None:
    stage = Stage(Alarm(()))

    async def play() -> None:
        stage.conductor.start()
        end = time.monotonic() + 0.5
        while time.monotonic() < end:
            stage.conductor.stir()
            await asyncio.sleep(0.001)
        stage.conductor.stop()

    asyncio.run(play())
    assert 5 <= stage.frames <= 0.5 / FRAME_S + 2


def test_while_nobody_watches_what_happens_is_recorded_now_and_then() -> None:
    stage = Stage(Alarm(()))
    stage.watched = False

    async def play() -> None:
        stage.conductor.start()
        end = time.monotonic() + 2.5 * UNSEEN_S
        while time.monotonic() < end:
            stage.conductor.stir()
            await asyncio.sleep(0.01)
        stage.conductor.stop()

    asyncio.run(play())
    assert 1 <= stage.frames <= 2


def test_of_an_idle_world_that_nobody_watches_no_frame_is_made() -> None:
    stage = Stage(Alarm((1_000, 2_000)))
    stage.watched = False

    async def play() -> None:
        stage.conductor.start()
        await asyncio.sleep(SWEEP_S + 0.2)
        stage.conductor.stop()

    asyncio.run(play())
    assert stage.frames == 0


def test_whoever_begins_to_watch_does_not_wait_for_the_next_recorded_frame() -> None:
    stage = Stage(Alarm(()))
    stage.watched = False

    async def play() -> None:
        stage.conductor.start()
        stage.conductor.stir()
        stage.watched = True
        stage.conductor.stir()
        await asyncio.sleep(UNSEEN_S / 4)
        stage.conductor.stop()

    asyncio.run(play())
    assert stage.frames == 1


def test_a_bug_stops_the_play_and_says_where_to_look() -> None:
    alarm = Alarm((1_000,))
    stage = Stage(alarm)
    said: list[str] = []
    stage.conductor.on_broken = said.append

    async def play() -> None:
        stage.conductor.start()
        await asyncio.sleep(0.05)
        stage.world._push(stage.world.now_us, "alarm", "alarm", -1, "break")
        with pytest.raises(ZeroDivisionError):
            stage.conductor.run()
        stage.conductor.run()

    asyncio.run(play())
    assert said == ["The engine broke at step 3 of the world with seed 0."]
