"""What a person can do to lab time. In wall time, where real clients come in, no clock can be stopped."""

from dataclasses import dataclass
from typing import Annotated

from kafkalab.lab.parsing import Text

RATES = ("0.01", "0.1", "0.5", "1", "2", "10")


@dataclass(frozen=True, slots=True)
class PauseTime:
    """Let time stand still."""


@dataclass(frozen=True, slots=True)
class PlayTime:
    """Let time go on."""


@dataclass(frozen=True, slots=True)
class StepTime:
    """Let time go on to the next fact, and no farther."""


@dataclass(frozen=True, slots=True)
class SetRate:
    """Choose how fast time passes."""

    rate: Annotated[str, Text("Seconds of the lab in one second.", choices=RATES)]


TempoCommand = PauseTime | PlayTime | StepTime | SetRate
