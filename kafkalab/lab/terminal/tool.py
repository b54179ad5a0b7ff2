"""What a tool is: a name, its options, and the requests that it sends one after the other.

A tool is a generator. It yields what it asks of the cluster and is given the outcome; between the two, time
passes in the lab. What it prints it says to its `Io`. It knows the cluster by the answers alone.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from kafkalab.engine.clients.admin import Outcome
from kafkalab.lab.terminal.options import COMMON, Failed, Given, Option, help_lines

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Ask:
    """Send this request, wherever it belongs, or to that broker."""

    api_key: int
    body: Any
    broker: int | None = None
    timeout_ms: int = 60_000


Steps = Generator[Ask, Outcome, Value]


@dataclass(slots=True)
class Io:
    """A tool's way to the person who typed it."""

    say: Callable[[str], None]
    files: dict[str, str] = field(default_factory=dict)
    clock_ms: int = 0
    """What the clock on the wall shows as the tool starts."""
    here: str = ""
    """The lab's own bootstrap servers."""
    read_disk: Callable[[str], tuple[str, bytes]] = lambda path: (path, b"")
    """(path, bytes) of a file on the disk of a broker; raises FileNotFoundError."""
    salt: Callable[[], bytes] = lambda: b""
    """For a password."""
    arguments: str = ""
    """What came after the tool's name."""

    def text_of(self, path: str) -> str:
        """What stands in a file that was handed over. Raises Failed."""
        if path not in self.files:
            raise Failed(
                f"{path} (No such file or directory)",
                hint=f"There are no files here: hand the text over as <(echo '...') in the place of {path}.",
            )
        return self.files[path]


@dataclass(frozen=True, slots=True)
class Tool:
    name: str
    about: str
    """One sentence: what it is for."""
    options: tuple[Option, ...]
    run: Callable[[Given, Io], Steps[None]] | None = None
    """None: it is a node of its own, or a command of the lab."""
    actions: tuple[str, ...] = ()
    """Words that say what is to be done, where the tool takes such: `describe`, `list`."""
    example: str = ""
    wrong_value: str = ""
    """What it says before that a value cannot be read."""
    own: bool = False
    """It has options of its own instead of those that all have."""

    @property
    def all_options(self) -> tuple[Option, ...]:
        return self.options if self.own else (*self.options, *COMMON)

    def help(self) -> list[str]:
        lines = [self.about]
        if self.example:
            lines.append(f"For example: {self.example}")
        if self.actions:
            lines.append(f"Commands: {', '.join(self.actions)}")
        return [*lines, *help_lines(self.all_options)]
