"""Tapes: what was done to a world and when, as lines of JSON that a person can read and change.

A tape plays the same history again, on any machine with this version of Kafka Lab. The first line
says what the world is made of, each later one what is done:

    {"tape": "Kafka Lab", "version": 1, "plays": "lab", "start_us": 1767225600000000, "seed": 1, ...}
    {"at_s": 2.5, "step": 812, "command": "create_topic", "name": "orders", "partitions": 3}

`at_s` is seconds since the start. `step` may be left out: it says after which step of the world the
command came, where many things happen at one moment. Fields at their default are left out. What a drill ordered,
of which nobody was to know, has `"unseen": true`.
A tape with `"plays": "history"` holds a schedule of the simulation; `engine/simulation/taped.py` says
what its lines are. Lines that are empty or begin with # are for people.
"""

import json
from dataclasses import MISSING, asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, cast, get_origin, get_type_hints

from kafkalab.engine.config import BrokerConfig, InvalidConfig
from kafkalab.engine.simulation import taped
from kafkalab.engine.simulation.plans import Schedule
from kafkalab.lab.commands import Command
from kafkalab.lab.parsing import CommandRefused, by_name, parse, snake_case
from kafkalab.lab.store import LabSettings

VERSION = 1
MARK = "Kafka Lab"
SECOND_US = 1_000_000
LONGEST_S = 30 * 24 * 3600


class TapeRefused(Exception):
    """It cannot be played; the message is one sentence with the file and the line."""


@dataclass(frozen=True, slots=True)
class Taped:
    at_us: int
    """Since the start."""
    step: int | None
    command: Command
    unseen: bool = False


@dataclass
class Tape:
    """What was done to a lab."""

    settings: LabSettings
    start_us: int
    commands: list[Taped] = field(default_factory=list)
    end_us: int = 0
    """When to stop, since the start."""

    def record(self, now_us: int, step: int, command: Command, unseen: bool = False) -> None:
        self.commands.append(Taped(now_us - self.start_us, step, command, unseen))

    def lines(self, now_us: int) -> str:
        """As it is now."""
        head = {"plays": "lab", "start_us": self.start_us, "end_s": (now_us - self.start_us) / SECOND_US}
        return _text(head | asdict(self.settings), [_line(one) for one in self.commands])

    def line(self, number: int) -> str:
        """Of one command."""
        return json.dumps(_line(self.commands[number]), ensure_ascii=False)

    def save(self, path: Path, now_us: int) -> None:
        """Raises OSError."""
        _write(path, self.lines(now_us))


@dataclass(frozen=True, slots=True)
class HistoryTape:
    """A history of the simulation."""

    plan: Schedule
    breaks: str = ""
    """The invariant that did not hold when it was written."""

    def save(self, path: Path) -> None:
        """Raises OSError."""
        world, *parts = taped.entries(self.plan)
        _write(path, _text({"plays": "history", "breaks": self.breaks} | world, parts))


def load(path: Path) -> Tape | HistoryTape:
    """Raises TapeRefused."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise TapeRefused(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise TapeRefused(f"{path} is no tape: it is not text.") from None
    return read(text, str(path))


def read(text: str, path: str) -> Tape | HistoryTape:
    """`path` is how it is called in a refusal. Raises TapeRefused."""
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()[:1] not in ("", "#")]
    if not lines:
        raise TapeRefused(f"{path} is no tape: it is empty.")
    number, head = 0, {}
    try:
        number = lines[0][0]
        head = _head(_object(lines[0][1]))
        plays = head.pop("plays", None)
        if plays not in ("lab", "history"):
            raise ValueError(f'"plays" must be "lab" or "history", not {json.dumps(plays)[:60]}')
        tape: Any = _lab_head(head) if plays == "lab" else _History(str(head.pop("breaks", "")), taped.world_of(head))
        for number, line in lines[1:]:
            tape.add(number, _object(line))
        if plays == "lab":
            return cast(Tape, tape.tape)
        number, wrong = tape.wrong()
        if wrong:
            raise ValueError(wrong)
        return HistoryTape(tape.plan, tape.breaks)
    except CommandRefused as refused:
        raise TapeRefused(f"{path}, line {number}: {str(refused).rstrip('.')}.") from None
    except ValueError as wrong:
        raise TapeRefused(f"{path}, line {number}: {str(wrong).rstrip('.')}.") from None


# -- writing ---------------------------------------------------------------------------------------


def _text(head: dict[str, Any], entries: list[dict[str, Any]]) -> str:
    lines = [{"tape": MARK, "version": VERSION} | head, *entries]
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _line(one: Taped) -> dict[str, Any]:
    line: dict[str, Any] = {"at_s": one.at_us / SECOND_US}
    if one.step is not None:
        line["step"] = one.step
    if one.unseen:
        line["unseen"] = True
    line["command"] = snake_case(type(one.command).__name__)
    for spec in fields(one.command):
        value = getattr(one.command, spec.name)
        default = spec.default_factory() if spec.default_factory is not MISSING else spec.default
        if value != default:
            line[spec.name] = value
    return line


# -- reading: every one raises ValueError ------------------------------------------------------------


def _object(line: str) -> dict[str, Any]:
    try:
        said = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"this is no JSON: {error.msg} at column {error.colno}") from None
    if not isinstance(said, dict):
        raise ValueError("a line is a JSON object")
    return said


def _head(said: dict[str, Any]) -> dict[str, Any]:
    if said.pop("tape", None) != MARK:
        raise ValueError(f'a tape begins with {{"tape": "{MARK}", ...}}')
    version = said.pop("version", None)
    if version != VERSION:
        raise ValueError(
            f"the tape is of version {json.dumps(version)[:60]}, and this Kafka Lab plays version {VERSION}"
        )
    return said


def _seconds(said: dict[str, Any], name: str) -> int:
    """In microseconds."""
    value = said.pop(name, None)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= LONGEST_S:
        raise ValueError(f"{name} must be a number of seconds")
    return round(value * SECOND_US)


def _whole(said: dict[str, Any], name: str, least: int) -> int:
    value = said.pop(name, None)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value < 2**60:
        raise ValueError(f"{name} must be a whole number of {least} at least")
    return value


@dataclass
class _Lab:
    tape: Tape
    known: dict[str, type] = field(default_factory=lambda: by_name(Command))

    def add(self, _number: int, said: dict[str, Any]) -> None:
        at_us = _seconds(said, "at_s")
        step = _whole(said, "step", 0) if "step" in said else None
        before = self.tape.commands[-1] if self.tape.commands else Taped(0, 0, cast(Command, None))
        if at_us < before.at_us or (step is not None and before.step is not None and step < before.step):
            raise ValueError("it is before the line before")
        if said.get("command") not in self.known:
            raise ValueError(f"There is no such command: {str(said.get('command'))[:60]}")
        unseen = said.pop("unseen", False) is True
        self.tape.commands.append(Taped(at_us, step, parse(said, self.known), unseen))
        self.tape.end_us = max(self.tape.end_us, at_us)


def _lab_head(said: dict[str, Any]) -> _Lab:
    start_us = _whole(said, "start_us", 0)
    end_us = _seconds(said, "end_s") if "end_s" in said else 0
    hints = get_type_hints(LabSettings)
    for needed in ("seed", "brokers"):
        if needed not in said:
            raise ValueError(f"{needed} is missing")
    for name, value in said.items():
        if name not in hints:
            raise ValueError(f"{name[:60]} is not known here")
        _check_setting(name, hints[name], value)
    settings = LabSettings(**said)
    if not 1 <= settings.brokers <= 99:
        raise ValueError("brokers must be from 1 to 99")
    try:
        BrokerConfig.parse(settings.broker_configs)
    except InvalidConfig as invalid:
        raise ValueError(f"broker_configs: {invalid}") from None
    return _Lab(Tape(settings, start_us, end_us=end_us))


def _check_setting(name: str, hint: Any, value: Any) -> None:
    if get_origin(hint) is dict:
        if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
            raise ValueError(f"{name} must be an object of texts")
    elif not isinstance(value, hint) or isinstance(value, bool):
        raise ValueError(f"{name} must be {'text' if hint is str else 'a whole number'}")


@dataclass
class _History:
    breaks: str
    plan: Schedule
    lines: list[tuple[int, taped.Plan]] = field(default_factory=list)

    def add(self, number: int, said: dict[str, Any]) -> None:
        self.lines.append((number, taped.plan_of(said)))
        self.plan = taped.with_parts(self.plan, [one for _, one in self.lines])

    def wrong(self) -> tuple[int, str]:
        """The first line that makes no sense beside the others, and why."""
        for number, one in self.lines:
            wrong = taped.problem(self.plan, one)
            if wrong:
                return number, wrong
        return 0, ""
