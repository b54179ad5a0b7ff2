"""What may be ordered while a drill is on, by the page and the terminal alike; and what is asked about once before.

Its clock is the wall's, its histories are one, and what broke is not mended by a button that no operator has.
Whoever orders what may lose data is told once what, and is obeyed when he gives the same order again.
"""

import re
import shlex
from dataclasses import dataclass
from typing import Any

from kafkalab.lab import COMMANDS, FAULTS, Command, Lab, RunLine

CLOCK = (
    *("pause_time", "play_time", "step_time", "step_to_significant", "run_to", "set_rate", "enter_lab_time"),
    *("fork", "remove_branch", "what_if"),
)
MAGIC = (*FAULTS, "freeze_broker", "isolate_broker", "freeze_controller", "isolate_controller", "heal_network")
NOT_THE_CLOCK = (
    "The clock of a drill is the wall's: it is not to be held, and there is no other history before the debrief."
)
NOT_BY_MAGIC = (
    "In a drill nothing is broken on purpose, and nothing is mended that way: do what an operator can do, or call "
    "somebody."
)
ONCE_MORE = "Give the same order again, and it is carried out."
MOST_ASKED = 100
_NAMES = {kind: name for name, kind in COMMANDS.items()}

TOPIC_GONE = "The topic goes with all its records, and nobody can bring them back."
RECORDS_GONE = "Records before that offset are gone for good, also those that nobody has read."
UNCLEAN = "A replica that lacks records becomes the leader: what only the old leader has is cut off, acked or not."
OFFSETS_MOVED = "Where the group goes on changes: what lies between is left out, or worked on twice."
OFFSETS_GONE = "The group forgets how far it has read: it begins where auto.offset.reset says."
UNREGISTERED = "The cluster forgets the broker: replicas that lie on it alone cannot be reached any more."
ONE_MORE_DOWN = "Another one is down already: partitions may go offline, or below min.insync.replicas."
ABORTED = "Records of that transaction are thrown away: read_committed readers never see them."
SETTINGS = {
    "min.insync.replicas": "With a lower minimum an acked record may lie on one disk alone, and is lost with it.",
    "unclean.leader.election.enable": UNCLEAN,
    "retention.ms": "What is older is deleted at once, whether it was read or not.",
    "retention.bytes": "What does not fit is deleted at once, whether it was read or not.",
    "cleanup.policy": "What is deleted or compacted away by the new policy does not come back.",
}


class Gate:
    """Put it into a lab as its `gate`."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._asked: list[Command] = []

    def __call__(self, command: Command) -> str:
        """Why it is not carried out now; "" where it is."""
        meant = command
        if isinstance(command, RunLine):
            meant = self._lab.terminal.meant(command.line) or command
        name = _NAMES[type(meant)]
        if name in CLOCK:
            return NOT_THE_CLOCK
        if name in MAGIC:
            return NOT_BY_MAGIC
        risk = at_risk(self._lab, meant)
        if not risk or command in self._asked:
            return ""
        self._asked = [*self._asked, command][-MOST_ASKED:]
        return f"{risk} {ONCE_MORE}"


def at_risk(lab: Lab, command: Command) -> str:
    """What could be lost by it, in a sentence; "" where nothing is."""
    given: Any = command
    match _NAMES[type(command)]:
        case "delete_topic":
            return TOPIC_GONE
        case "delete_records":
            return RECORDS_GONE
        case "elect_leader" if given.election_type == "unclean":
            return UNCLEAN
        case "delete_group":
            return OFFSETS_GONE
        case "unregister_broker":
            return UNREGISTERED
        case "crash_broker" | "stop_broker" if any(broker != given.broker for broker in lab.down):
            return ONE_MORE_DOWN
        case "alter_topic_config" | "alter_broker_config" if given.name in SETTINGS:
            return SETTINGS[given.name]
        case "abort_transaction" | "force_terminate_transaction":
            return ABORTED
        case "run_line":
            return _of_line(_words(given.line))
    return ""


@dataclass(frozen=True)
class _Risky:
    tool: str
    words: tuple[str, ...]
    """All of them stand in the line, in small letters."""
    risk: str


_LINES = (
    _Risky("kafka-topics", ("--delete",), TOPIC_GONE),
    _Risky("kafka-delete-records", (), RECORDS_GONE),
    _Risky("kafka-leader-election", ("unclean",), UNCLEAN),
    _Risky("kafka-consumer-groups", ("--reset-offsets", "--execute"), OFFSETS_MOVED),
    _Risky("kafka-consumer-groups", ("--delete-offsets",), OFFSETS_GONE),
    _Risky("kafka-consumer-groups", ("--delete",), OFFSETS_GONE),
    _Risky("kafka-transactions", ("abort",), ABORTED),
    _Risky("kafka-transactions", ("forceterminate",), ABORTED),
    _Risky("kafka-cluster", ("unregister",), UNREGISTERED),
)


def _of_line(words: list[str]) -> str:
    tool = words[0].removeprefix("bin/").removesuffix(".sh")
    # What an option is given may stand behind a space or behind an equals sign.
    said = [part for word in words[1:] for part in re.split(r"[=,\[\]]", word.lower())]
    for each in _LINES:
        if tool == each.tool and all(word in said for word in each.words):
            return each.risk
    if tool == "kafka-configs" and "--alter" in said:
        return next((SETTINGS[name] for name in said if name in SETTINGS), "")
    return ""


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line) or [""]
    except ValueError:
        # A quote that is not closed: the terminal will say so.
        return line.split() or [""]
