"""What a presenter says to a demo, besides everything that he does to its lab. A remote has keys for most of it."""

from dataclasses import dataclass
from typing import Annotated

from kafkalab.lab import CommandSchema
from kafkalab.lab.parsing import Text, Whole, YesNo, by_name, parse, schema

LONGEST_TITLE = 100
LONGEST_SPOKEN = 3_000


@dataclass(frozen=True, slots=True)
class NextCard:
    """Go on: carry out what is on the card; once that is done, put up the next one."""


@dataclass(frozen=True, slots=True)
class TakeBack:
    """Go back to how the lab stood before the card was carried out, or else before the card in front of it."""


@dataclass(frozen=True, slots=True)
class PutUpCard:
    """Put up any card, with the lab as it stands before it."""

    card: Annotated[int, Whole("Its number, from 0 on.", 0, 50)]


@dataclass(frozen=True, slots=True)
class BlankScreen:
    """Make the projector's picture dark, or let it be seen again."""

    dark: Annotated[bool, YesNo("Whether it shall be dark.")] = True


@dataclass(frozen=True, slots=True)
class BeginRecording:
    """Begin anew with the demo's cluster, and record what is done by hand from now on."""


@dataclass(frozen=True, slots=True)
class CutCard:
    """What was done since the last cut is a card. What comes now is the next one."""

    title: Annotated[str, Text("Of the card; empty: its number.", LONGEST_TITLE)] = ""
    say: Annotated[str, Text("What you say, in Markdown.", LONGEST_SPOKEN)] = ""
    ask: Annotated[str, Text("What you ask the class; empty: nothing.", LONGEST_SPOKEN)] = ""
    ends: Annotated[bool, YesNo("It was the last one: the demo is written down.")] = False


@dataclass(frozen=True, slots=True)
class DropRecording:
    """Forget what was recorded."""


DemoCommand = NextCard | TakeBack | PutUpCard | BlankScreen | BeginRecording | CutCard | DropRecording

DEMO_COMMANDS = by_name(DemoCommand)
"""Every one's class under its name in JSON."""


def parse_demo_command(said: object) -> DemoCommand:
    """From decoded JSON; raises CommandRefused with a reason for each wrong field."""
    return parse(said, DEMO_COMMANDS)  # type: ignore[no-any-return]


def demo_command_schema() -> list[CommandSchema]:
    """With their fields, for documentation."""
    return schema(DEMO_COMMANDS)
