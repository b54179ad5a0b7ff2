"""Asks what if: a twin is played beside the lab, a little at a time, until it has come to the same moment."""

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from kafkalab.lab.branch_commands import WhatIf
from kafkalab.lab.not_possible import NotPossible
from kafkalab.lab.past import NotHeld
from kafkalab.lab.twins.changes import changes
from kafkalab.lab.twins.twin import Twin

if TYPE_CHECKING:
    from kafkalab.lab.lab import Lab

SLICE_S = 0.005
PAUSE_S = 0.005
"""Between two slices: the lab itself goes on as if nothing were."""
LONGEST_S = 120
"""Of the machine's time for one twin."""

OnTold = Callable[[dict[str, Any], str], None]
"""Hears once what came of it, or why nothing did."""


def ask_what_if(lab: "Lab", command: WhatIf, on_told: OnTold) -> None:
    """Raises NotPossible."""
    change = next((each for each in changes(lab) if each.name == command.change), None)
    if change is None:
        raise NotPossible(change="is nothing that the orders so far make possible")
    if lab.orders_under_way:
        raise NotPossible(command="must wait a moment: an order to the cluster is not answered yet")
    lab.family.room_for(2)
    try:
        twin = Twin(lab, change)
    except NotHeld as refused:
        raise NotPossible(change=f"cannot be played: {refused}") from None
    began = time.monotonic()

    def go_on() -> None:
        if twin.play(SLICE_S):
            on_told(_kept(lab, twin), "")
        elif time.monotonic() - began > LONGEST_S:
            twin.drop()
            on_told({}, f"The twin has not come to the same moment in {LONGEST_S} s: too much has happened since.")
        elif not lab.conductor.playing:
            go_on_at_once()
        else:
            asyncio.get_running_loop().call_later(PAUSE_S, go_on)

    def go_on_at_once() -> None:
        """Nobody plays the lab: there is nothing to hold up."""
        while not twin.play(SLICE_S):
            pass
        on_told(_kept(lab, twin), "")

    go_on()


def _kept(lab: "Lab", twin: Twin) -> dict[str, Any]:
    twin.lab.stand_still()
    says = twin.says
    as_it_was, changed = lab.family.keep_pair(lab, ("as-it-was", twin.as_it_was), ("what-if", twin.lab), says)
    return {"says": says, "trunk": lab.family.path(""), "a": as_it_was, "b": changed}
