"""How many labs take turns on one event loop, so that what each may take for itself leaves time for everything else.

A class of sixty is shown by the one loop that also carries sixty clusters: each lab is shown less often then, and less
often remembered, and none is played slower.
"""

import math


class Company:
    def __init__(self, seen_within_s: float) -> None:
        """Whoever was not seen for longer is not counted any more."""
        self._within_s = seen_within_s
        self._seen_at: dict[int, float] = {}
        self._counted_at = 0.0

    def count(self, lab: int, now_s: float) -> int:
        """With this one, which takes its turn now."""
        self._seen_at[lab] = now_s
        if now_s - self._counted_at > self._within_s:
            self._counted_at = now_s
            self._seen_at = {each: at_s for each, at_s in self._seen_at.items() if now_s - at_s <= self._within_s}
        return len(self._seen_at)


class Work:
    """What share of the time the engines of all labs have taken lately."""

    def __init__(self, lately_s: float) -> None:
        self._lately_s = lately_s
        self._share = 0.0
        self._at_s = 0.0

    def took(self, seconds: float, now_s: float) -> None:
        """An engine has worked so long, up to now."""
        self._share = self.share(now_s) + seconds / self._lately_s
        self._at_s = now_s

    def share(self, now_s: float) -> float:
        """Between 0 and 1: the longer ago it was, the less it counts."""
        return min(1.0, self._share * math.exp((self._at_s - now_s) / self._lately_s))


LATELY_S = 1.0

engines = Work(LATELY_S)
showing = Company(2.0)
"""A process has one loop."""
remembering = Company(60.0)
"""Those of which checkpoints are made."""
