"""A Python client's side of the protocol of `capabilities.py`: what a program is asked, and how it answers."""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn


@dataclass(frozen=True)
class Ground:
    """Where a capability is shown."""

    bootstrap: str
    topic: str

    @property
    def servers(self) -> list[str]:
        return self.bootstrap.split(",")

    def crash_leader(self, partition: int) -> None:
        _ask(please="crash_leader", partition=partition)

    def crash_coordinator(self, group: str) -> None:
        _ask(please="crash_coordinator", group=group)


class NotThere(Exception):
    """The client has no such thing; the words say where that is written or how it shows."""


def _ask(**what: Any) -> None:
    print(json.dumps(what), flush=True)
    if not sys.stdin.readline():
        raise SystemExit("nobody answers")


def main(abilities: Mapping[str, Callable[[Ground], str]]) -> NoReturn:
    """Show the capability that the command line names. A failed one ends with its traceback, and not with 0."""
    capability, bootstrap, topic = sys.argv[1:]
    ability = abilities.get(capability)
    ok, why = None, "not in this client's program"
    if ability is not None:
        try:
            ok, why = True, ability(Ground(bootstrap, topic))
        except NotThere as absent:
            ok, why = None, str(absent)
    print(json.dumps({"ok": ok, "why": why}), flush=True)
    raise SystemExit(0)
