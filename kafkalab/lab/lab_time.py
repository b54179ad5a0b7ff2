"""The two clocks of a lab: its own, which stands still or runs as a person chose, and the one on the wall.

Lab time never runs ahead of the world it belongs to: where the engine cannot keep up, it is slower.
Wall time minds nobody. Where lab time was held before, the world goes on in wall time from the moment
it had come to: its timers know nothing of the time between, its machines' clocks are set.
"""

import time
from datetime import UTC, datetime

MADE_UP_US = 500_000
"""How far a world may be behind lab time, at its rate of 1, before lab time waits for it."""


class LabTime:
    def __init__(self, start_us: int) -> None:
        self.rate = 1.0
        """Seconds of the lab in one second of the wall."""
        self.paused = False
        self._from_us = start_us
        self._since_ns = time.monotonic_ns()

    @property
    def pace(self) -> float:
        """The rate, 0 while it stands still."""
        return 0 if self.paused else self.rate

    def now_us(self) -> int:
        return self._from_us + int((time.monotonic_ns() - self._since_ns) // 1_000 * self.pace)

    def set(self, now_us: int) -> None:
        """It is that moment now: the world has come so far and no farther."""
        self._from_us = now_us
        self._since_ns = time.monotonic_ns()

    def wait_for(self, now_us: int) -> None:
        """The world has only come so far, and will make up for a little."""
        if self.now_us() - now_us > MADE_UP_US * self.rate:
            self.set(now_us)

    def change(self, rate: float | None = None, paused: bool | None = None) -> None:
        self.set(self.now_us())
        self.rate = self.rate if rate is None else rate
        self.paused = self.paused if paused is None else paused

    def adjust(self) -> None:
        """However long the machine slept: nothing happened meanwhile."""


class WallTime:
    """Microseconds that never go back; after the machine slept they jump ahead."""

    def __init__(self, now_us: int | None = None) -> None:
        """`now_us` is what it shall show now; None for the date, since the epoch."""
        self.pace = 1.0
        self._offset_ns = time.time_ns() - time.monotonic_ns()
        self.behind_us = 0 if now_us is None else date_us() - now_us
        """The date."""

    def now_us(self) -> int:
        return (time.monotonic_ns() + self._offset_ns) // 1_000 - self.behind_us

    def adjust(self) -> None:
        self._offset_ns = max(self._offset_ns, time.time_ns() - time.monotonic_ns())

    def set(self, now_us: int) -> None:
        """A clock on the wall minds nobody."""

    def wait_for(self, now_us: int) -> None:
        """Nor does it wait."""


def clock_words(at_us: int) -> str:
    """12:34:56.789, in UTC."""
    return datetime.fromtimestamp(at_us / 1_000_000, UTC).strftime("%H:%M:%S.%f")[:-3]


def date_us() -> int:
    """Since the epoch."""
    return time.time_ns() // 1_000
