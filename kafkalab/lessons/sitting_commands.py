"""What a learner says to a lesson, besides everything that he does to his lab."""

from dataclasses import dataclass
from typing import Annotated

from kafkalab.lab import CommandSchema
from kafkalab.lab.parsing import Text, Whole, YesNo, by_name, parse, schema

LONGEST_REASON = 500
_ANSWER = Text("A number, the name of a choice, or several things with commas between them.", 300)


@dataclass(frozen=True, slots=True)
class Predict:
    """Say what will happen. It is locked in: what really happens is played only then."""

    answer: Annotated[str, _ANSWER]
    confidence: Annotated[int, Whole("How sure you are, from 1 (a guess) to 5 (certain); 0: not said.", 0, 5)] = 0
    because: Annotated[str, Text("Why you think so, in a sentence.", LONGEST_REASON)] = ""


@dataclass(frozen=True, slots=True)
class PlayRun:
    """Let happen what was predicted, on your own lab and as fast as its time goes."""


@dataclass(frozen=True, slots=True)
class SaySeen:
    """Say what you saw, before it is explained."""

    answer: Annotated[str, _ANSWER]


@dataclass(frozen=True, slots=True)
class GoOn:
    """To what comes next: the challenge, or the section that follows."""


@dataclass(frozen=True, slots=True)
class TakeHint:
    """Ask for the next of three hints: where to look, what to notice, what to do."""


@dataclass(frozen=True, slots=True)
class PlaySolution:
    """Have the lab taken back to where the challenge began, and the solution played on it."""

    sure: Annotated[bool, YesNo("It must be true: what you did since the challenge began is lost.")] = False


@dataclass(frozen=True, slots=True)
class RestoreSection:
    """Take the lab back to where a section's question was asked, or to where the challenge began that is open."""

    section: Annotated[int | None, Whole("Its number, from 0 on; null: what is open.", 0, 50)] = None
    afresh: Annotated[bool, YesNo("As the lesson's own solutions leave the lab there, whatever you did before.")] = (
        False
    )


@dataclass(frozen=True, slots=True)
class ExploreFirst:
    """Try things out on a copy of the lab before you predict: your own stands still meanwhile."""


@dataclass(frozen=True, slots=True)
class LeaveSandbox:
    """Back to the lesson; the copy is gone."""


@dataclass(frozen=True, slots=True)
class PractiseAgain:
    """Begin the lesson once more on a lab with another seed."""


SittingCommand = (
    Predict
    | PlayRun
    | SaySeen
    | GoOn
    | TakeHint
    | PlaySolution
    | RestoreSection
    | ExploreFirst
    | LeaveSandbox
    | PractiseAgain
)

SITTING_COMMANDS = by_name(SittingCommand)
"""Every one's class under its name in JSON."""


def parse_sitting_command(said: object) -> SittingCommand:
    """From decoded JSON; raises CommandRefused with a reason for each wrong field."""
    return parse(said, SITTING_COMMANDS)  # type: ignore[no-any-return]


def sitting_command_schema() -> list[CommandSchema]:
    """With their fields, for documentation."""
    return schema(SITTING_COMMANDS)
