"""How many labs are shown on one event loop at a time, so that their frames together leave time for everything else.

A class of sixty is shown by the one loop that also carries sixty clusters: each lab is shown less often then, and none
is played slower.
"""

SEEN_WITHIN_S = 2.0
"""Whoever was not shown for longer is not counted any more."""


class Company:
    def __init__(self) -> None:
        self._seen_at: dict[int, float] = {}
        self._counted_at = 0.0

    def count(self, lab: int, now_s: float) -> int:
        """With this one, which is shown now."""
        self._seen_at[lab] = now_s
        if now_s - self._counted_at > SEEN_WITHIN_S:
            self._counted_at = now_s
            self._seen_at = {each: at_s for each, at_s in self._seen_at.items() if now_s - at_s <= SEEN_WITHIN_S}
        return len(self._seen_at)


company = Company()
"""A process has one loop."""
