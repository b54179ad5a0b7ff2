"""What a person can do at the terminal: run a line, type into what runs, and stop it."""

from dataclasses import dataclass
from typing import Annotated

from kafkalab.lab.parsing import Text, Whole

TERMINAL = "terminal"
"""The name of the client through which the tools ask."""
JobNumber = Annotated[int, Whole("The number that the answer to the line gave.", 1, 2**31 - 1)]
ENDS = ("interrupt", "end_of_input")


@dataclass(frozen=True, slots=True)
class RunLine:
    """Run a line of Kafka's command-line tools, as one types it in a terminal."""

    line: Annotated[str, Text("kafka-topics --list, say.", longest=20_000, pattern=r".*\S.*")]


@dataclass(frozen=True, slots=True)
class TypeLine:
    """Type a line into a tool that takes some: an open console producer."""

    job: JobNumber
    line: Annotated[str, Text("The line, without its end.", longest=100_000)]


@dataclass(frozen=True, slots=True)
class StopLine:
    """Stop what still runs: with Ctrl-C, or by ending its input as Ctrl-D does."""

    job: JobNumber
    how: Annotated[str, Text("Ctrl-C or Ctrl-D.", choices=ENDS)] = "interrupt"


TerminalCommand = RunLine | TypeLine | StopLine
