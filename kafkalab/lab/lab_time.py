"""Lab time: a virtual clock that stands still, or runs at a rate that a person chose.

It never runs ahead of the world it belongs to: where the engine cannot keep up, lab time is slower.
"""

import time


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

    def change(self, rate: float | None = None, paused: bool | None = None) -> None:
        self.set(self.now_us())
        self.rate = self.rate if rate is None else rate
        self.paused = self.paused if paused is None else paused

    def adjust(self) -> None:
        """However long the machine slept: nothing happened meanwhile."""
