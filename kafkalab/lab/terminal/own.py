"""`lab ...`: what belongs to the lab alone, and is never dressed up as Kafka.

lab time pause|play|step|rate R, lab fork NAME, lab undo NUMBER, lab fault and lab do with NAME field=value ...
"""

import json
import re
from dataclasses import fields
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from kafkalab.lab import branch_commands as branches
from kafkalab.lab import commands, fault_commands
from kafkalab.lab import tempo_commands as tempo
from kafkalab.lab.fault_commands import FaultCommand
from kafkalab.lab.parsing import CommandRefused, by_name, parse, schema
from kafkalab.lab.terminal.line import NotUnderstood
from kafkalab.lab.terminal.shelf import TOOLS
from kafkalab.lab.terminal_commands import TerminalCommand

if TYPE_CHECKING:
    from kafkalab.lab.commands import Command
    from kafkalab.lab.lab import Lab

_SECONDS = re.compile(r"\d{1,10}(\.\d{1,6})?")
FAULTS = {name: kind for name, kind in by_name(FaultCommand).items() if name != "undo_fault"}
ALL = {name: kind for name, kind in by_name(commands.Command).items() if name not in by_name(TerminalCommand)}
OWN_WORDS: dict[str, Any] = {
    "help": (),
    "time": {"pause": (), "play": (), "step": ("--significant",), "to": (), "rate": tempo.RATES},
    "fork": ("--at", "--remove"),
    "what-if": (),
    "fault": {name: tuple(f"{it.name}=" for it in fields(kind)) for name, kind in FAULTS.items()},
    "undo": (),
    "do": {name: tuple(f"{it.name}=" for it in fields(kind)) for name, kind in ALL.items()},
}
"""For completion: what can follow what."""
HELP = """\
Kafka's own tools work here, with and without .sh, and kcat: Tab completes, --help explains, arrows go back.
There is no shell: echo 'k:v' | TOOL, TOOL <<< text and <(echo text) are understood.
What belongs to the lab alone:
  lab time pause|play|step|rate R      hold lab time, or change its pace
  lab fork [NAME] [--at SECONDS]       begin a branch, now or where time has been; --remove NAME lets go of it
  lab what-if CHANGE                   the same orders with one thing changed, as the pane Ledger offers them
  lab fault NAME field=value ...       break something, as `lab fault slow_disk broker=1 delay_ms=5`
  lab undo NUMBER                      undo a fault
  lab do COMMAND field=value ...       any command of the page by its name, as `lab do crash_broker broker=1`
  lab help                             this"""


def own_line(words: list[str], lab: "Lab") -> "Command | str":
    """A command, or what there is to say. Raises NotUnderstood."""
    match words:
        case [] | ["help"] | ["--help"]:
            return HELP + "\nThe tools: " + ", ".join(TOOLS)
        case ["time", *rest]:
            return _time(rest)
        case ["fork", *rest]:
            return _fork(rest)
        case ["what-if", change]:
            return branches.WhatIf(change)
        case ["undo", number] if number.isdigit():
            return fault_commands.UndoFault(int(number))
        case ["undo"]:
            active = list(lab.faults.entities().values())
            if len(active) == 1:
                return fault_commands.UndoFault(active[0]["fault"])
            listed = "; ".join(f"{it['fault']}: {it['label']}" for it in active)
            return f"Which? {listed}." if active else "There is no fault that is on."
        case ["fault"]:
            return "Which fault? " + ", ".join(FAULTS) + "."
        case ["fault", name, *rest]:
            return _made(name, rest, FAULTS)
        case ["do", name, *rest]:
            return _made(name, rest, ALL)
    close = get_close_matches(words[0], list(OWN_WORDS), 1, 0.5)
    meant = f"Did you mean lab {close[0]}?" if close else "`lab help` lists what does."
    raise NotUnderstood(f"lab {words[0]} does not exist. {meant}")


def _time(words: list[str]) -> "Command":
    match words:
        case []:
            return tempo.EnterLabTime()
        case ["pause"]:
            return tempo.PauseTime()
        case ["play"]:
            return tempo.PlayTime()
        case ["step"]:
            return tempo.StepTime()
        case ["step", "--significant"]:
            return tempo.StepToSignificant()
        case ["to", seconds] if _SECONDS.fullmatch(seconds):
            return tempo.RunTo(_us(seconds))
        case ["rate", rate] if rate in tempo.RATES:
            return tempo.SetRate(rate)
    raise NotUnderstood(
        "lab time takes pause, play, step, step --significant, to and seconds since 1970, or rate and one of "
        f"{', '.join(tempo.RATES)}."
    )


def _fork(words: list[str]) -> "Command":
    match words:
        case ["--remove", name]:
            return branches.RemoveBranch(name)
        case [*names, "--at", seconds] if len(names) < 2 and _SECONDS.fullmatch(seconds):
            return branches.Fork(names[0] if names else None, _us(seconds))
        case [*names] if len(names) < 2 and not any(name.startswith("-") for name in names):
            return branches.Fork(names[0] if names else None)
    raise NotUnderstood("lab fork takes a name, and --at and seconds since 1970; or --remove and a name.")


def _us(seconds: str) -> int:
    whole, _, part = seconds.partition(".")
    return int(whole) * 1_000_000 + int(part.ljust(6, "0"))


def _made(name: str, words: list[str], known: dict[str, type]) -> "Command":
    name = name.replace("-", "_")
    if name not in known:
        close = get_close_matches(name, list(known), 1, 0.5)
        raise NotUnderstood(f"There is no {name}." + (f" Did you mean {close[0]}?" if close else ""))
    said: dict[str, Any] = {"command": name}
    kinds = {it.name: it.type for it in schema({name: known[name]})[0].fields}
    for word in words:
        field, sign, value = word.partition("=")
        if not sign or field not in kinds:
            raise NotUnderstood(f"{name} takes {', '.join(f'{it}=' for it in kinds) or 'nothing'}, and not {word}.")
        said[field] = _value(value, kinds[field])
    try:
        command: Command = parse(said, known)
    except CommandRefused as refused:
        raise NotUnderstood(f"{refused.error}.") from None
    return command


def _value(text: str, kind: str) -> Any:
    """As a field of that type has it in JSON."""
    if kind.startswith("text"):
        return text
    if kind.startswith("list of names"):
        return text.split(",")
    if kind.startswith("list of numbers") and not text.startswith("["):
        text = f"[{text}]"
    try:
        return json.loads(text)
    except ValueError:
        return text
