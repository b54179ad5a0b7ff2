"""One twin: the same orders from the same beginning, with one thing changed, played to the same moment.

It is played in portions, so that the lab it is a twin of goes on meanwhile. What differs is told from
the two ledgers, and both histories are kept as branches that stand still at the same moment.
"""

import time
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from kafkalab.lab.ledger import Totals
from kafkalab.lab.twins.changes import Change

if TYPE_CHECKING:
    from kafkalab.lab.lab import Lab

PORTION_US = 20_000
"""Of the lab's time between two looks at the clock."""

SAID = {
    "lost_after_ack": "lost after ack",
    "failed": "refused",
    "duplicated": "duplicated",
    "aborted": "aborted",
    "dropped": "dropped",
    "acked": "acked",
    "visible": "visible",
    "delivered": "delivered",
}
"""What of a ledger is told, what matters most first."""
MOST_SAID = 4


class Twin:
    def __init__(self, lab: "Lab", change: Change) -> None:
        """Of the lab as it stands now. Raises NotHeld."""
        assert lab.past is not None
        self.change = change
        self.as_it_was = lab.fork()
        self.as_it_was.stand_still()
        script = lab.past.script(change.since_us)
        self.until_us = lab.world.now_us
        self._come_to_us = script.from_us
        self._changed = replace(script, orders=change.apply(script)).begin()

    @property
    def lab(self) -> "Lab":
        """As it would have gone."""
        return self._changed.lab

    def play(self, for_s: float) -> bool:
        """Let it come closer for so long. True when it has come to the moment."""
        end = time.perf_counter() + for_s
        while self._come_to_us < self.until_us and time.perf_counter() < end:
            self._come_to_us = min(self.until_us, self._come_to_us + PORTION_US)
            self._changed.to(self._come_to_us)
        return self._come_to_us == self.until_us

    def drop(self) -> None:
        """Nobody wants to know any more."""
        self.lab.abandon()
        self.as_it_was.abandon()

    @property
    def says(self) -> str:
        """What differs, from both ledgers."""
        return sentence(self.change.was, self.as_it_was.ledger.totals, self.change.now, self.lab.ledger.totals)


def sentence(was: str, before: Totals, now: str, after: Totals) -> str:
    """acks=1: 7 lost after ack, 0 refused; acks=all: 0 lost after ack, 7 refused."""
    one, other = asdict(before), asdict(after)
    different = [name for name in SAID if one[name] != other[name]]
    told = list(dict.fromkeys(["lost_after_ack", *different]))[:MOST_SAID]
    if not different:
        lost = one["lost_after_ack"]
        return f"{was} or {now}: the ledger tells of no difference ({lost} lost after ack)."
    sides = ((was, one), (now, other))
    counted = [f"{label}: " + ", ".join(f"{side[name]} {SAID[name]}" for name in told) for label, side in sides]
    return "; ".join(counted) + "."
