"""What somebody who is on call says to a drill, besides everything that he does to its cluster."""

from dataclasses import dataclass
from typing import Annotated

from kafkalab.lab import CommandSchema
from kafkalab.lab.parsing import Names, Text, Whole, YesNo, by_name, parse, schema

LONGEST_SAID = 1_000
LONGEST_WRITTEN = 600
_NAME = Text("A name that the drill gives.", 60)
_SAID = Text("What you want to say.", LONGEST_SAID, r".*\S.*")


@dataclass(frozen=True, slots=True)
class TakePager:
    """The brief is read: from now on you are on call."""


@dataclass(frozen=True, slots=True)
class PinMetrics:
    """Say which metrics tell you that all is well."""

    metrics: Annotated[tuple[str, ...], Names("Two of the drill's metrics at least.", r"[a-z0-9-]{1,60}")]


@dataclass(frozen=True, slots=True)
class BeginWatch:
    """From now on something breaks, at a time that nobody tells you."""


@dataclass(frozen=True, slots=True)
class AcknowledgePage:
    """You have read it and are at it."""


@dataclass(frozen=True, slots=True)
class StateImpact:
    """Say what it means for those who use the system."""

    choice: Annotated[str, _NAME]


@dataclass(frozen=True, slots=True)
class NameCause:
    """Say why. It may be said again, and every guess is kept."""

    choice: Annotated[str, _NAME]


@dataclass(frozen=True, slots=True)
class PinFact:
    """A line of what happened, as evidence."""

    entry: Annotated[int, Whole("Its number on the incident's timeline.", 1, 10**6)]


@dataclass(frozen=True, slots=True)
class PinTold:
    """The same, by when it was told and in which words."""

    at_us: Annotated[int, Whole("The lab's time.", 0, 2**53)]
    text: Annotated[str, Text("Its sentence.", 4_000)]


@dataclass(frozen=True, slots=True)
class PinOutput:
    """What a line of the terminal has printed, as evidence."""

    job: Annotated[int, Whole("The number that the answer to the line gave.", 1, 2**31 - 1)]


@dataclass(frozen=True, slots=True)
class PinEntity:
    """Something on the stage, as evidence."""

    entity: Annotated[str, Text("Its id.", 400)]


@dataclass(frozen=True, slots=True)
class TellOthers:
    """Tell everybody who waits how things are."""

    text: Annotated[str, _SAID]


@dataclass(frozen=True, slots=True)
class NoteBelief:
    """Write down what you believe at this moment. It comes back in the debrief."""

    text: Annotated[str, _SAID]


@dataclass(frozen=True, slots=True)
class AskHint:
    """Take the next of three hints, once it is offered."""


@dataclass(frozen=True, slots=True)
class CallSomebody:
    """Ask somebody to do what no command does."""

    name: Annotated[str, _NAME]


@dataclass(frozen=True, slots=True)
class RollBack:
    """Back to just before anything broke. What was done since is over."""


@dataclass(frozen=True, slots=True)
class BeginDebrief:
    """Nothing is judged any more, and nothing is hidden."""

    sure: Annotated[bool, YesNo("It must be true before all is well: then it counts as given up.")] = False


@dataclass(frozen=True, slots=True)
class WriteDown:
    """What you take along: one rule, one alert, one setting."""

    rule: Annotated[str, Text("What you do next time.", LONGEST_WRITTEN)] = ""
    alert: Annotated[str, Text("What would have told you earlier.", LONGEST_WRITTEN)] = ""
    setting: Annotated[str, Text("What you would configure otherwise.", LONGEST_WRITTEN)] = ""


@dataclass(frozen=True, slots=True)
class RunAgain:
    """The same drill on a new cluster, under another seed."""

    seed: Annotated[int | None, Whole("Which one; null: the next.", 1, 10**6)] = None


DutyCommand = (
    TakePager
    | PinMetrics
    | BeginWatch
    | AcknowledgePage
    | StateImpact
    | NameCause
    | PinFact
    | PinTold
    | PinOutput
    | PinEntity
    | TellOthers
    | NoteBelief
    | AskHint
    | CallSomebody
    | RollBack
    | BeginDebrief
    | WriteDown
    | RunAgain
)

DUTY_COMMANDS = by_name(DutyCommand)
"""Every one's class under its name in JSON."""


def parse_duty_command(said: object) -> DutyCommand:
    """From decoded JSON; raises CommandRefused with a reason for each wrong field."""
    return parse(said, DUTY_COMMANDS)  # type: ignore[no-any-return]


def duty_command_schema() -> list[CommandSchema]:
    """With their fields, for documentation."""
    return schema(DUTY_COMMANDS)
