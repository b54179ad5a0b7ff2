"""The incident's timeline, which writes itself: facts, commands, pages, metrics that went bad, and what was said."""

from dataclasses import dataclass
from typing import Any

MOST_FACTS = 2_000
"""Of one incident. What comes later is counted."""
FACT, ORDER, METRIC, PAGE, SAID, PHASE, BROKEN, HIDDEN = (
    *("fact", "order", "metric", "page"),
    *("said", "phase", "broken", "hidden"),
)
KINDS = {
    FACT: "A fact that the engine told.",
    ORDER: "A command that somebody gave.",
    METRIC: "A pinned metric left what is healthy, or came back.",
    PAGE: "A message to whoever is on call.",
    SAID: "Somebody said, guessed or asked something.",
    PHASE: "The incident came to its next phase.",
    BROKEN: "Something that must never happen has happened.",
    HIDDEN: "What was done in secret: shown in the debrief.",
}


@dataclass(frozen=True, slots=True)
class Entry:
    number: int
    """From 1 on, in the order of the timeline."""
    at_us: int
    """Of the lab."""
    kind: str
    """One of KINDS."""
    name: str
    """Of the fact's kind, the metric, the phase or the question."""
    text: str
    who: str = ""
    """Empty: nobody in particular."""


class Timeline:
    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.left_out = 0
        """Facts beyond those that are kept."""
        self._facts = 0

    def add(self, at_us: int, kind: str, name: str, text: str, who: str = "") -> Entry | None:
        """None where it is only counted."""
        if kind == FACT:
            self._facts += 1
            if self._facts > MOST_FACTS:
                self.left_out += 1
                return None
        entry = Entry(len(self.entries) + 1, at_us, kind, name, " ".join(text.split()), who)
        self.entries.append(entry)
        return entry

    def entry(self, number: int) -> Entry | None:
        return self.entries[number - 1] if 0 < number <= len(self.entries) else None

    def told(self, at_us: int, text: str) -> int:
        """The number of the fact that was told then in these words; 0: there is none."""
        words = " ".join(text.split())
        found = (each for each in reversed(self.of(FACT)) if each.at_us == at_us and each.text == words)
        return next((each.number for each in found), 0)

    def of(self, kind: str) -> list[Entry]:
        return [entry for entry in self.entries if entry.kind == kind]

    def rows(self, began_us: int, *, hidden: bool) -> list[dict[str, Any]]:
        """One a line, for CSV and JSON; with `hidden` what was done in secret too."""
        return [
            {
                "number": entry.number,
                "at_s": round((entry.at_us - began_us) / 1_000_000, 3),
                "kind": entry.kind,
                "name": entry.name,
                "text": entry.text,
                "who": entry.who,
            }
            for entry in self.entries
            if hidden or entry.kind != HIDDEN
        ]
