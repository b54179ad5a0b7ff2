"""Lessons and drills are files of one form: YAML between two lines of ---, then Markdown under headings.

What both say in the same way is read here. An author is told the file and the line of what is wrong.
"""

import re
from collections.abc import Callable, Hashable, Iterable
from itertools import pairwise
from pathlib import Path
from typing import Protocol, TypeVar

from kafkalab.lab import LabSettings
from kafkalab.lessons.located import Located, Place, read_yaml

NAME = re.compile(r"[a-z][a-z0-9-]{0,40}")
BROKERS_AT_MOST = 5


class Numbered(Protocol):
    @property
    def number(self) -> int: ...
    @property
    def place(self) -> Place: ...


Kind = TypeVar("Kind", bound=Numbered)
Heading = TypeVar("Heading", bound=Hashable)


def split(file: Path, what: str) -> tuple[Located, list[str], int]:
    """The YAML, the lines after it, and the number of the first of these. Raises LessonRefused."""
    lines = file.read_text(encoding="utf-8").split("\n")
    stripped = [line.strip() for line in lines]
    if stripped[0] != "---" or "---" not in stripped[1:]:
        raise Place(file, 1).refused(f"a {what} begins with YAML between two lines of ---.")
    end = stripped.index("---", 1)
    return read_yaml(file, "\n".join(lines[1:end]), 2), lines[end + 1 :], end + 2


def under_headings(
    file: Path,
    lines: list[str],
    first_line: int,
    heading: re.Pattern[str],
    named: Callable[[re.Match[str], Heading | None, Place], Heading],
) -> dict[Heading, tuple[Place, str]]:
    """The Markdown under each heading. `named` makes of a heading, and of the one before it, the name that its text
    goes by, or refuses it. Raises LessonRefused."""
    found: dict[Heading, tuple[Place, list[str]]] = {}
    at: Heading | None = None
    for number, line in enumerate(lines, first_line):
        place = Place(file, number)
        match = heading.match(line)
        if match is not None:
            at = named(match, at, place)
            if at in found:
                raise place.refused(f"{line.strip()} stands here twice.")
            found[at] = (place, [])
        elif at is not None:
            found[at][1].append(line)
        elif line.strip():
            raise place.refused("text must stand under a heading.")
    return {name: (place, "\n".join(text).strip()) for name, (place, text) in found.items()}


def by_number(all_read: Iterable[Kind]) -> tuple[Kind, ...]:
    """Each number once. Raises LessonRefused."""
    found = sorted(all_read, key=lambda each: each.number)
    for one, next_one in pairwise(found):
        if one.number == next_one.number:
            raise next_one.place.refused(f"{one.place.file.name} has the number {one.number} already.")
    return tuple(found)


def name_of(file: Path) -> str:
    """Without its number."""
    return re.sub(r"^\d+-", "", file.stem)


def cluster_settings(name: str, cluster: dict[str, Located]) -> LabSettings:
    """What is said under `cluster`, but for how it is prepared."""
    return LabSettings(
        name=name,
        brokers=int(cluster["brokers"].number(1, BROKERS_AT_MOST)) if "brokers" in cluster else 3,
        controllers=int(cluster["controllers"].number(1, 3)) if "controllers" in cluster else 1,
        broker_configs={name: str(each.value) for name, each in entries(cluster, "configs").items()},
    )


def three_hints(located: Located) -> tuple[str, str, str]:
    hints = [each.text() for each in located.items()]
    if len(hints) != 3:
        raise located.place.refused("there are three hints: where to look, what to notice, what to do.")
    return hints[0], hints[1], hints[2]


def entries(said: dict[str, Located], name: str) -> dict[str, Located]:
    """Of a mapping that need not be there, whatever its names."""
    if name not in said:
        return {}
    value = said[name].value
    if not isinstance(value, dict):
        raise said[name].place.refused("this must be a mapping of names to values.")
    return value


def listed(said: dict[str, Located], name: str) -> list[Located]:
    """Of a list that need not be there."""
    return said[name].items() if name in said else []
