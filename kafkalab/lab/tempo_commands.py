"""What a person can do to lab time. In wall time, where real clients come in, no clock can be stopped."""

from dataclasses import dataclass
from typing import Annotated

from kafkalab.lab.parsing import Text, Whole

RATES = ("0.01", "0.1", "0.5", "1", "2", "10")
LATEST_US = 2**53 - 1
"""What every browser can still tell from its neighbours."""


@dataclass(frozen=True, slots=True)
class PauseTime:
    """Let time stand still."""


@dataclass(frozen=True, slots=True)
class PlayTime:
    """Let time go on."""


@dataclass(frozen=True, slots=True)
class StepTime:
    """Let time go on to the next thing that can be seen, a fact or a message, and no farther."""


@dataclass(frozen=True, slots=True)
class StepToSignificant:
    """Let time go on to the next fact that matters: a leader, a group, a fault, an error. Not to every record."""


@dataclass(frozen=True, slots=True)
class RunTo:
    """Let the lab come to a moment as quickly as it can, and stand still there."""

    at_us: Annotated[int, Whole("The lab's time, in microseconds since 1970.", 0, LATEST_US)]


@dataclass(frozen=True, slots=True)
class SetRate:
    """Choose how fast time passes."""

    rate: Annotated[str, Text("Seconds of the lab in one second.", choices=RATES)]


@dataclass(frozen=True, slots=True)
class EnterLabTime:
    """Take time in hand again, once no real client is connected any more."""


TempoCommand = PauseTime | PlayTime | StepTime | StepToSignificant | RunTo | SetRate | EnterLabTime
