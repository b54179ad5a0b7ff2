"""Where a sitting can be, and how it says that something cannot be done there."""

from collections.abc import Callable
from typing import Any

SETUP, ASKED, LOCKED, RUN, SAW, EXPLAINED, CHALLENGE, FINISHED = (
    "setup", "asked", "locked", "run", "saw", "explained", "challenge", "finished",
)  # fmt: skip
"""Where a sitting is. The challenge is `solved` or not."""
STANDS_STILL = (ASKED, LOCKED, SAW, EXPLAINED, FINISHED)
AT_ONCE_S = 0.02
"""How long others wait at most while a hidden lab runs ahead."""
EXPLORED_FROM = (ASKED, LOCKED, EXPLAINED)


class SittingRefused(Exception):
    """That cannot be done now; the message is one sentence for the learner."""


Note = Callable[[str, str, dict[str, Any]], None]
"""Hears of what a learner did: the section's name ("" for the whole lesson), what kind of deed, and details."""
