"""When the process looks for objects that only hold each other.

Python looks through all objects whenever a quarter of them are new. With a class of labs these are millions, and
nothing else happens for a good part of a second: every few seconds, just when all are at work. Engines at work leave
none that only hold each other. So young objects are still looked through as they come, and the old ones once in a
while, whatever has been made since.
"""

import asyncio
import gc

YOUNG = 10_000
"""Objects made, beyond those that are gone again, until they are looked through. Python's own 700 costs 3% of the time
of a class."""
MIDDLE = 5
"""How often the young are looked through until those are that have outlived it once."""
NEVER = 1_000_000
EVERY_S = 300.0
"""Between two looks through all. Only what a lab forgets of its past, and labs that were closed, wait for it."""


def look_seldom() -> None:
    """From now on. What is there already stays, and is never looked through."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, NEVER)
    # `manage.py` starts a lab without.
    gc.enable()


async def look_through_all(every_s: float = EVERY_S) -> None:
    """Again and again, until it is cancelled."""
    while True:
        await asyncio.sleep(every_s)
        gc.collect()
