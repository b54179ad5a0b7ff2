"""What runs in the terminal: a line that was typed, what it has printed, and how it ended.

Only so many lines are kept. Who listens takes them at its own pace, and is told how many it missed.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from kafkalab.engine.clients.admin import Outcome
from kafkalab.engine.events import Event
from kafkalab.lab.terminal.marks import harmless, plain
from kafkalab.lab.terminal.options import Failed
from kafkalab.lab.terminal.tool import Ask, Io, Steps

LINES_KEPT = 1_000
LONGEST_LINE = 8_000
INTERRUPTED = 130
"""The exit code of what Ctrl-C ended: 128 and the number of SIGINT."""


@dataclass(frozen=True, slots=True)
class Output:
    """What a job printed since somebody last looked."""

    job: int
    lines: list[str]
    """With marks."""
    left_out: int
    """Lines before them that are not kept any more."""
    state: str
    """running, open (it takes lines) or ended"""
    exit: int | None
    stays: bool
    """It goes on until somebody ends it."""


class Running(Protocol):
    """What goes on behind a job."""

    takes_lines: bool
    stays: bool
    """It goes on until somebody ends it."""
    node: str
    """Its own node of the world; empty where it has none."""

    def begin(self) -> None: ...

    def answered(self, outcome: Outcome) -> None: ...

    def heard(self, event: Event) -> None: ...

    def typed(self, line: str) -> None: ...

    def end_of_input(self) -> None: ...

    def stop(self) -> None: ...


class Job:
    def __init__(self, number: int, line: str, on_end: Callable[["Job"], None]) -> None:
        self.number = number
        self.line = line
        self.tool = line.split(maxsplit=1)[0]
        self.exit: int | None = None
        """None while it runs."""
        self.running: Running | None = None
        self.unseen = False
        """Nobody is told of it: a drill gave the line."""
        self.on_output: list[Callable[[], None]] = []
        """Called after every line and at the end."""
        self._lines: deque[str] = deque(maxlen=LINES_KEPT)
        self._printed = 0
        self._on_end = on_end

    @property
    def state(self) -> str:
        if self.exit is not None:
            return "ended"
        return "open" if self.running is not None and self.running.takes_lines else "running"

    def say(self, line: str) -> None:
        if len(line) > LONGEST_LINE:
            line = plain(line)[:LONGEST_LINE] + " …"
        self._lines.append(line)
        self._printed += 1
        self._told()

    def skip(self, lines: int) -> None:
        """So many could not be printed: they are counted among those that are not kept."""
        self._printed += lines

    def end(self, code: int = 0) -> None:
        if self.exit is None:
            self.exit = code
            self._on_end(self)
            self._told()

    def fail(self, failed: Failed) -> None:
        """Kafka's tools print all their options then, below which what is wrong cannot be seen any more."""
        for line in failed.lines:
            for part in line.split("\n"):
                self.say(part)
        if failed.hint:
            self.say(failed.hint)
        if failed.shows_usage:
            self.say(f"{self.tool} --help lists its options.")
        self.end(failed.code)

    def output(self, seen: int = 0) -> Output:
        """What came after the first `seen` lines."""
        new = self._printed - seen
        kept = min(new, len(self._lines))
        lines = list(self._lines)[len(self._lines) - kept :] if kept else []
        stays = self.running is not None and self.running.stays
        return Output(self.number, lines, new - kept, self.state, self.exit, stays)

    @property
    def printed(self) -> int:
        """How many lines in all."""
        return self._printed

    def detail(self) -> dict[str, Any]:
        """For whoever gave the command."""
        text = "".join(plain(line) + "\n" for line in self._lines)
        return {"job": self.number, "state": self.state, "exit": self.exit, "output": text}

    def _told(self) -> None:
        for tell in list(self.on_output):
            tell()


class Stepping:
    """A tool that asks one thing after the other, and ends."""

    takes_lines = False
    stays = False
    node = ""

    def __init__(self, job: Job, steps: Steps[None], ask: Callable[[Job, Ask], None]) -> None:
        self.job = job
        self._steps = steps
        self._ask = ask

    def begin(self) -> None:
        self._go_on(None)

    def answered(self, outcome: Outcome) -> None:
        self._go_on(outcome)

    def heard(self, event: Event) -> None:
        """It has no node of its own."""

    def typed(self, line: str) -> None:
        """It takes no lines."""

    def end_of_input(self) -> None:
        """It takes no input."""

    def stop(self) -> None:
        self._steps.close()
        self.job.end(INTERRUPTED)

    def _go_on(self, outcome: Outcome | None) -> None:
        if self.job.exit is not None:
            return
        try:
            asked = next(self._steps) if outcome is None else self._steps.send(outcome)
        except StopIteration:
            self.job.end()
        except Failed as failed:
            self.job.fail(failed)
        else:
            self._ask(self.job, asked)


def io_of(job: Job, **known: Any) -> Io:
    return Io(say=job.say, **known)


def safe(data: bytes | None, null: str = "null") -> str:
    """What lies in a record, for people."""
    return null if data is None else harmless(data.decode(errors="replace"))
