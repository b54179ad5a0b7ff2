"""Checkpoints of a lab, and every order since: any moment in between can be executed again.

A checkpoint is a fork that stands still. They are made every few seconds of the lab's time while
something happens, and never at more than a small share of the machine's time; with age they get
fewer. What real clients sent is not kept: a stretch with real clients cannot be executed again, but
each of its checkpoints can be entered, as it was but for those clients.
"""

import time
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kafkalab.lab.company import remembering
from kafkalab.lab.past.script import Script, TimedOrder

if TYPE_CHECKING:
    from kafkalab.lab.commands import Command
    from kafkalab.lab.lab import Lab

SECOND_US = 1_000_000
EVERY_US = 5 * SECOND_US
"""Between two checkpoints while something happens."""
REAL_EVERY_US = 15 * SECOND_US
"""The same while real clients are connected, where nothing between two checkpoints can be had."""
IDLE_US = 60 * SECOND_US
"""The same while nothing does: heartbeats are quickly executed again."""
MOST_STEPS = 2_500
"""Of the world between two checkpoints: more take too long to execute again."""
NEVER = 2**62
SHARE = 0.02
"""Of the wall's time, at most, goes into the checkpoints of a lab."""
SHARE_OF_ALL = 0.06
"""The same of all labs together."""
THINNED = ((60 * SECOND_US, 0), (600 * SECOND_US, 10 * SECOND_US), (3_600 * SECOND_US, 60 * SECOND_US))
"""(up to this age, so far apart); what is older goes."""
MOST_CHECKPOINTS = 140
MOST_BYTES = 96 << 20
"""Of all of them together, as estimated."""
OBJECT_BYTES = 230
"""What an object that had to be copied takes, with what it holds: as measured on a lab at work."""


class NotHeld(Exception):
    """That moment cannot be had; the message is one sentence for the person who asked."""

    def __init__(self, sentence: str, nearest_us: int | None = None) -> None:
        super().__init__(sentence)
        self.nearest_us = nearest_us
        """The last checkpoint before it, which can be entered, if there is one."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    at_us: int
    lab: "Lab"
    size: int
    """In bytes, about."""
    real: bool
    """Real clients were connected then: what comes after it cannot be executed again."""


@dataclass(slots=True)
class Stretch:
    """While real clients were connected."""

    from_us: int
    until_us: int | None = None


class Past:
    def __init__(self, lab: "Lab") -> None:
        """From now on. The first checkpoint is made at once."""
        self._lab = lab
        self._checkpoints: list[Checkpoint] = []
        self._orders: list[TimedOrder] = []
        self._real: list[Stretch] = []
        self._next_us = self._next_step = 0
        self._not_before = 0.0
        """By the machine's clock."""
        self._facts = -1
        self._make()

    # -- keeping -------------------------------------------------------------------------------

    def record(self, now_us: int, step: int, command: "Command", unseen: bool = False) -> None:
        self._orders.append(TimedOrder(now_us, step, command, unseen))

    def real_clients(self, connected: bool) -> None:
        """The first one has come, or the last one has gone."""
        now_us = self._lab.world.now_us
        if connected and not self._real_now:
            self._real.append(Stretch(now_us))
        elif not connected and self._real_now:
            self._real[-1].until_us = now_us
            # From the next checkpoint on it can be executed again.
            self._next_us = self._next_step = 0

    @property
    def _real_now(self) -> bool:
        return bool(self._real) and self._real[-1].until_us is None

    def look(self) -> None:
        """Make a checkpoint if it is time for one."""
        world = self._lab.world
        if world.now_us < self._next_us and world.steps < self._next_step:
            return
        if time.perf_counter() < self._not_before or self._lab.orders_under_way:
            # An order of several requests goes on in the one lab that it was given to.
            return
        nothing_happened = self._lab.facts_told == self._facts
        if nothing_happened and world.now_us - self._checkpoints[-1].at_us < IDLE_US:
            self._next_us, self._next_step = world.now_us + SECOND_US, world.steps + MOST_STEPS
            return
        self._make()

    def _make(self) -> None:
        began = time.perf_counter()
        world = self._lab.world
        copied: dict[int, object] = {}
        lab = self._lab.fork(copied)
        self._checkpoints.append(Checkpoint(world.now_us, lab, len(copied) * OBJECT_BYTES, self._real_now))
        self._facts = self._lab.facts_told
        self._next_us, self._next_step = world.now_us + EVERY_US, world.steps + MOST_STEPS
        if self._real_now:
            self._next_us, self._next_step = world.now_us + REAL_EVERY_US, NEVER
        self._thin(world.now_us)
        now = time.perf_counter()
        self._not_before = now + (now - began) / min(SHARE, SHARE_OF_ALL / remembering.count(id(self), now))

    def _thin(self, now_us: int) -> None:
        kept: list[Checkpoint] = []
        for checkpoint in self._checkpoints:
            age_us = now_us - checkpoint.at_us
            apart_us = next((apart for oldest, apart in THINNED if age_us <= oldest), None)
            if apart_us is not None and (not kept or checkpoint.at_us - kept[-1].at_us >= apart_us):
                kept.append(checkpoint)
        while len(kept) > MOST_CHECKPOINTS or (len(kept) > 2 and sum(each.size for each in kept) > MOST_BYTES):
            if now_us - kept[1].at_us > THINNED[1][0]:
                del kept[0]
            else:
                # Every second one of the older half: it takes longer to come to a moment there.
                half = len(kept) // 2
                kept[: max(2, half)] = kept[: max(2, half) : 2]
        self._checkpoints = kept
        first_us = kept[0].at_us
        self._orders = [order for order in self._orders if order.at_us >= first_us]
        self._real = [each for each in self._real if each.until_us is None or each.until_us >= first_us]

    # -- going back ----------------------------------------------------------------------------

    @property
    def first_us(self) -> int:
        """The earliest moment that is held."""
        return self._checkpoints[0].at_us

    @property
    def size(self) -> int:
        """What all checkpoints take, in bytes, about."""
        return sum(each.size for each in self._checkpoints)

    @property
    def moments(self) -> list[int]:
        """Of the checkpoints, oldest first."""
        return [each.at_us for each in self._checkpoints]

    def exact(self, us: int) -> bool:
        """Whether that moment can be had to the microsecond."""
        try:
            self._check(us)
        except NotHeld:
            return False
        return True

    def tells_all_since(self, us: int) -> bool:
        """Whether the orders since then are all that has happened: no real client took part."""
        checkpoint = self._before(us)
        return not checkpoint.real and not any(
            each.until_us is None or each.until_us > checkpoint.at_us for each in self._real
        )

    def at(self, us: int) -> "Lab":
        """A lab that stands still at that moment, as this one stood. Raises NotHeld."""
        self._check(us)
        playing = self.script(us).begin()
        playing.to(us)
        playing.lab.causes.go_on_from(self._lab.causes, us)
        return playing.lab

    def near(self, us: int) -> "Lab":
        """The same, or where that cannot be, how it stood at the last checkpoint before. Raises NotHeld."""
        try:
            return self.at(us)
        except NotHeld as refused:
            if refused.nearest_us is None:
                raise
        before = self._before(us)
        lab = before.lab.fork()
        lab.causes.go_on_from(self._lab.causes, before.at_us)
        lab.stand_still()
        return lab

    def script(self, since_us: int) -> Script:
        """How it stood at or shortly before that moment, and every order since then. Raises NotHeld.

        What real clients did is not in it: ask `exact(now)` whether it tells everything."""
        checkpoint = self._before(since_us)
        orders = tuple(order for order in self._orders if self._follows(order, checkpoint))
        return Script(checkpoint.lab, orders, self._lab.world.now_us)

    @staticmethod
    def _follows(order: TimedOrder, checkpoint: Checkpoint) -> bool:
        if order.at_us != checkpoint.at_us:
            return order.at_us > checkpoint.at_us
        return order.step >= checkpoint.lab.world.steps

    def _before(self, us: int) -> Checkpoint:
        found = bisect_right(self.moments, us)
        if not found:
            ago_s = (self._lab.world.now_us - self.first_us) / SECOND_US
            raise NotHeld(f"The past of this lab is held for the last {ago_s:.0f} s, and no longer.")
        return self._checkpoints[found - 1]

    def _check(self, us: int) -> None:
        if us > self._lab.world.now_us:
            raise NotHeld("That moment has not come yet.")
        checkpoint = self._before(us)
        if checkpoint.at_us == us and not checkpoint.real:
            return
        real = checkpoint.real or any(
            each.from_us < us and (each.until_us is None or each.until_us > checkpoint.at_us) for each in self._real
        )
        if real:
            before_s = (us - checkpoint.at_us) / SECOND_US
            raise NotHeld(
                "Real clients took part, and what they sent cannot be played again: "
                f"the lab can be entered {before_s:.1f} s before that, as it was but for them.",
                checkpoint.at_us,
            )
