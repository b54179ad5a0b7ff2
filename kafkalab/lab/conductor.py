"""Plays a world against a clock: the wall's, or lab time's, which can be slow or stand still.

What is due happens at once: a timer arms for the next thing in the queue, and whoever brings
something in from outside (the gateway, a command) asks for a run right away. Frames set the pace of
showing, never of working. The event loop is shared with the web, so work is cut into slices. A bug
in the engine stops the play and says with which seed and at which step: nothing goes on half broken.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

from kafkalab.lab.company import engines, showing
from kafkalab.lab.lab_time import LabTime, WallTime
from kafkalab.lab.turns import Turns, turns_of

SLICE_S = 0.005
"""How long the world may run before others on the loop get their turn, where there are hardly any others."""
SHORTEST_SLICE_S = 0.001
"""The same where engines take all of the time: sixty labs in a row must not keep an order waiting."""
FRAME_S = 1 / 30
SWEEP_S = 0.5
"""Between frames when nothing stirs: positions and counters still move a little."""
SHOWN_OF_LEFT = 0.5
"""Of the time that the engines leave, at most, goes into the frames of all labs together: a big cluster is shown less
often, not slower played."""
SHOWN_AT_LEAST = 0.1
"""Of all the time, when the engines leave hardly any."""
LONGEST_STEP_S = 0.25
"""How long one step takes at most when nothing happens that is worth a word."""
UNSEEN_S = 0.5
"""Between what stirs and its frame while nobody watches: it is only recorded, for whoever looks back."""
SHARE_UNSEEN = 0.01


class Playable(Protocol):
    """A world, or a world in which a script is played."""

    @property
    def now_us(self) -> int: ...
    @property
    def steps(self) -> int: ...
    @property
    def seed(self) -> int: ...
    def next_due_us(self) -> int | None: ...
    def step(self) -> bool: ...
    def run_until(self, until_us: int) -> None: ...


class Conductor:
    """Runs one world on the running asyncio loop.

    `show` makes a frame, `watched` says if anyone looks, `settle` is called after each run, `pressed` says if somebody
    waits for what happens. While nobody looks, frames are made of what happens and seldom, and of an idle world none.
    """

    def __init__(
        self,
        world: Playable,
        show: Callable[[], None],
        watched: Callable[[], bool],
        settle: Callable[[], None],
        lab_time: LabTime | None = None,
        pressed: Callable[[], bool] = lambda: False,
    ) -> None:
        self.world: Playable = world
        """What is played. A tape puts its script in place of the bare world."""
        self.clock: LabTime | WallTime = lab_time or WallTime()
        self.slices = 0
        self.on_broken: Callable[[str], None] | None = None
        """Called once with a sentence when the engine raised; the error itself goes on to the caller."""
        self._goal_us: int | None = None
        """A moment to come to as fast as can be, whatever the clock says."""
        self._reached: Callable[[], bool] = lambda: False
        self._show = show
        self._watched = watched
        self._settle = settle
        self._pressed = pressed
        self._loop: asyncio.AbstractEventLoop | None = None
        self._running = False
        self._armed_us: int | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._turns: Turns
        """Of the loop that it plays on."""
        self._behind = False
        self._frame: asyncio.TimerHandle | None = None
        self._frame_at = 0.0
        self._showed_at = 0.0
        self._showing_took_s = 0.0
        self._shown_steps = -1
        self._stirred = False

    def start(self) -> None:
        """Begin to play. Must be called on the loop that shall do it."""
        self.clock.set(self.world.now_us)
        self._loop = asyncio.get_running_loop()
        self._turns = turns_of(self._loop)
        self._fall_behind()

    def stop(self) -> None:
        if self._loop is None:
            return
        self._loop = None
        self._turns.leave(self._go_on)
        self._turns.leave(self._show_now)
        for handle in (self._timer, self._frame):
            if handle is not None:
                handle.cancel()
        self._timer = self._frame = self._armed_us = None
        self._behind = self._stirred = False

    def run(self) -> None:
        """Let everything happen that is due by now; what does not fit in a slice follows soon."""
        if self._running or self._loop is None or self.behind:
            return
        self._running = True
        done = None
        began = time.perf_counter()
        try:
            done = self._slice()
        finally:
            self._running = False
            now = time.perf_counter()
            engines.took(now - began, now)
            if done is None:
                self._break()
        self._settle()
        if not done:
            self._fall_behind()
            return
        self._arm()

    @property
    def playing(self) -> bool:
        return self._loop is not None

    @property
    def hurrying(self) -> bool:
        """On its way to a moment, faster than the clock."""
        return self._goal_us is not None

    @property
    def behind(self) -> bool:
        """More is due than went into the last slice: the next one comes when others have had their turn."""
        return self._behind

    def _slice(self) -> bool:
        """True when nothing due is left."""
        self.slices += 1
        world = self.world
        now_us = self.clock.now_us() if self._goal_us is None else self._goal_us
        began = time.perf_counter()
        end = began + SLICE_S + (SHORTEST_SLICE_S - SLICE_S) * engines.share(began)
        due_us = world.next_due_us()
        pace = self.clock.pace
        while due_us is not None and due_us <= now_us:
            world.step()
            if self.clock.pace != pace:
                # What happened stopped time: a rule is broken in a tape.
                return True
            if self._goal_us is not None and self._reached():
                self._arrive()
                return True
            if time.perf_counter() > end:
                self.clock.wait_for(world.now_us)
                return False
            due_us = world.next_due_us()
        world.run_until(now_us)
        if self._goal_us is not None:
            self._arrive()
        return True

    def _arrive(self) -> None:
        self._goal_us = None
        self.clock.set(self.world.now_us)
        self.stir()

    def keep_time_by(self, clock: LabTime | WallTime) -> None:
        """By another clock from now on, which shows the world's time."""
        self.clock = clock
        self.rearm()

    def hurry_to(self, goal_us: int, reached: Callable[[], bool] = lambda: False) -> None:
        """Let the world come to that moment, or to where that is true, as fast as it can, a slice at a time; then the
        clock goes on from there."""
        self._goal_us, self._reached = goal_us, reached
        self.run()

    def rearm(self) -> None:
        """After the clock was changed: what was due at one moment is due at another now."""
        self._goal_us = None
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._armed_us = None
        self._arm()
        # Where it stands still now nothing happens any more, so nothing else would make the frame that says so.
        self.stir()

    def step_while(self, wanted: Callable[[], bool]) -> bool:
        """Whatever the clock says, let one thing happen after the other, as long as that is wanted.

        False when it still is, and others on the loop have waited long enough."""
        world = self.world
        end = time.perf_counter() + LONGEST_STEP_S
        while wanted() and world.step() and time.perf_counter() < end:
            pass
        self.clock.set(world.now_us)
        return not wanted()

    def _break(self) -> None:
        self.stop()
        if self.on_broken is not None:
            self.on_broken(f"The engine broke at step {self.world.steps} of the world with seed {self.world.seed}.")

    def _fall_behind(self) -> None:
        self._behind = True
        self._turns.join(self._go_on, pressing=self._pressed())

    def press(self) -> None:
        """Somebody waits from now on."""
        if self._behind and self._pressed():
            self._fall_behind()

    def _go_on(self) -> None:
        self._behind = False
        self.run()
        if self._frame is None and self.world.steps != self._shown_steps and self._watched():
            self._frame_in(SWEEP_S)

    def _arm(self) -> None:
        due_us = self.world.next_due_us()
        if due_us is None or self._loop is None or not self.clock.pace:
            return
        if self._armed_us is not None and self._armed_us <= due_us:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._armed_us = due_us
        delay = max(0, due_us - self.clock.now_us()) / 1_000_000 / self.clock.pace
        self._timer = self._loop.call_later(delay, self._due)

    def _due(self) -> None:
        self._timer = self._armed_us = None
        self.clock.adjust()
        if self._pressed():
            self._turns.join(self._go_on, pressing=True)
        else:
            self._turns.ask(self._go_on)

    # -- showing -----------------------------------------------------------------------------

    def stir(self) -> None:
        """Something worth seeing happened: show it with the next frame."""
        if self._stirred or self._loop is None:
            return
        if self._watched():
            self._stirred = True
            self._frame_in(0)
        elif self._frame is None:
            self._frame_in(UNSEEN_S)

    def _frame_in(self, delay_s: float) -> None:
        if self._loop is None:
            return
        share = SHARE_UNSEEN
        if self._watched():
            now = time.perf_counter()
            left = SHOWN_OF_LEFT * (1 - engines.share(now))
            share = max(SHOWN_AT_LEAST, left) / showing.count(id(self), now)
        soonest = self._showed_at + max(FRAME_S, self._showing_took_s / share)
        at = max(self._loop.time() + delay_s, soonest)
        if self._frame is not None:
            if self._frame_at <= at:
                return
            self._frame.cancel()
        self._frame_at = at
        self._frame = self._loop.call_at(at, self._turns.ask, self._show_now)

    def _show_now(self) -> None:
        assert self._loop is not None
        self._frame = None
        self._stirred = False
        self._shown_steps = self.world.steps
        self._showed_at = self._loop.time()
        self._show()
        self._showing_took_s = self._loop.time() - self._showed_at
