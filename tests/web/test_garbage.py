"""Objects that only hold each other go, but not at any moment."""

import asyncio
import gc
import subprocess
import sys
import weakref

from kafkalab.web.labs.garbage import look_through_all


class Knot:
    def __init__(self) -> None:
        self.itself = self


def old_knot() -> "weakref.ref[Knot]":
    """One that has outlived all looks at young objects, and that nobody else holds."""
    knot = Knot()
    gc.collect(1)
    gc.collect(1)
    return weakref.ref(knot)


async def looked_through(knot: "weakref.ref[Knot]") -> None:
    looking = asyncio.create_task(look_through_all(every_s=0.01))
    while knot() is not None:
        await asyncio.sleep(0.01)
    looking.cancel()


def test_what_only_holds_itself_goes_when_all_is_looked_through() -> None:
    knot = old_knot()
    gc.collect(1)
    assert knot() is not None
    asyncio.run(looked_through(knot))


def test_many_new_objects_are_no_reason_to_look_through_all() -> None:
    """In a process of its own: it concerns all that there is in one."""
    seen = """
import gc
from kafkalab.web.labs.garbage import look_seldom
looks = [0, 0, 0]
def count(phase, info):
    looks[info["generation"]] += phase == "start"
gc.callbacks.append(count)
%s
kept = [[] for _ in range(300_000)]
print(looks[0] > 0, looks[1] > 0, looks[2])
"""
    for setting, all_looked_through in (("", True), ("look_seldom(); looks[2] = 0", False)):
        told = subprocess.run([sys.executable, "-c", seen % setting], capture_output=True, text=True, check=True)
        young, middle, all_of_them = told.stdout.split()
        assert (young, middle, all_of_them != "0") == ("True", "True", all_looked_through)


def test_a_lab_that_starts_without_looking_looks_from_then_on() -> None:
    starts = "import gc; gc.disable(); from kafkalab.web.labs.garbage import look_seldom; look_seldom()"
    told = subprocess.run(
        [sys.executable, "-c", f"{starts}; print(gc.isenabled())"], capture_output=True, text=True, check=True
    )
    assert told.stdout == "True\n"
