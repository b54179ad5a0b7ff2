"""So many tries in a minute and no more: for what could be guessed if one only tried often enough.

Kept in memory, as all of the server is one process.
"""

import time
from collections import OrderedDict, deque
from collections.abc import Callable

MINUTE_S = 60.0
MOST_KEYS = 10_000


class Turnstile:
    def __init__(self, each: int, in_all: int, clock: Callable[[], float] = time.monotonic) -> None:
        """How many a minute may come with one key, an address say, and how many from everybody together."""
        self.each = each
        self.in_all = in_all
        self.clock = clock
        self._tries: OrderedDict[str, deque[float]] = OrderedDict()

    def lets_in(self, key: str) -> bool:
        """Counts the try, too, whether it is let in or not; but whoever is stopped at his own limit uses up nothing
        of what there is for everybody."""
        now_s = self.clock()
        return self._counts(f"of {key}", self.each, now_s) and self._counts("all", self.in_all, now_s)

    def is_shut(self, key: str) -> bool:
        """Whether one more try with that key would be one too many. Counts nothing."""
        now_s = self.clock()
        return any(
            len([at for at in self._tries.get(name, ()) if at > now_s - MINUTE_S]) >= most
            for name, most in ((f"of {key}", self.each), ("all", self.in_all))
        )

    def forget(self) -> None:
        self._tries.clear()

    def _counts(self, name: str, most: int, now_s: float) -> bool:
        tries = self._tries.setdefault(name, deque(maxlen=most + 1))
        self._tries.move_to_end(name)
        while tries and tries[0] <= now_s - MINUTE_S:
            tries.popleft()
        tries.append(now_s)
        while len(self._tries) > MOST_KEYS:
            self._tries.popitem(last=False)
        return len(tries) <= most
