"""Where the engine answers otherwise than Apache Kafka, and may. The reasons are told in tests/clients/FINDINGS.md."""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

ANY = object()


@dataclass(frozen=True, slots=True)
class Known:
    where: str
    """script: step: field, with * and ? for what varies."""
    why: str
    """A heading of FINDINGS.md."""
    theirs: Any = ANY
    ours: Any = ANY

    def explains(self, where: str, theirs: Any, ours: Any) -> bool:
        # [ and ] are part of a path, not of the pattern.
        pattern = self.where.replace("[", "[[]")
        return fnmatchcase(where, pattern) and self.theirs in (ANY, theirs) and self.ours in (ANY, ours)


KNOWN: tuple[Known, ...] = ()
