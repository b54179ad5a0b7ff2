"""What a person can do with the lab's histories: begin another one, from now or from a moment that has passed."""

from dataclasses import dataclass
from typing import Annotated

from kafkalab.lab.parsing import Text, Whole
from kafkalab.lab.tempo_commands import LATEST_US

BranchName = Annotated[str, Text("Small letters, digits and '-'.", pattern=r"[a-z0-9][a-z0-9-]{0,29}")]


@dataclass(frozen=True, slots=True)
class Fork:
    """Begin a branch: a lab of its own that goes on from here, or from a moment that has passed."""

    name: Annotated[
        str | None,
        Text("Small letters, digits and '-'. Empty: a free name.", pattern=r"[a-z0-9][a-z0-9-]{0,29}"),
    ] = None
    at_us: Annotated[int | None, Whole("The lab's time, in microseconds since 1970. Empty: now.", 0, LATEST_US)] = None


@dataclass(frozen=True, slots=True)
class RemoveBranch:
    """Let go of a branch, with everything in it."""

    name: BranchName


@dataclass(frozen=True, slots=True)
class WhatIf:
    """Play the same orders again with one thing changed, up to now, beside a branch that shows how it was."""

    change: Annotated[str, Text("One of those that the orders so far make possible.", longest=400)]


BranchCommand = Fork | RemoveBranch | WhatIf
