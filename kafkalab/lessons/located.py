"""YAML that remembers where each thing stands, so that an author is told the file and the line."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml


class LessonRefused(Exception):
    """A lesson's file cannot be used. The message begins with the file and the line."""

    def __init__(self, message: str, why: str = "") -> None:
        super().__init__(message)
        self.why = why or message
        """Without the file and the line."""


@dataclass(frozen=True, slots=True)
class Place:
    file: Path
    line: int
    """From 1 on."""

    def refused(self, why: str) -> LessonRefused:
        return LessonRefused(f"{self.file.name}:{self.line}: {why}", why)


@dataclass(frozen=True, slots=True)
class Located:
    """One value of a YAML document: a mapping, a list, or something simple."""

    place: Place
    value: Any
    """A dict of Located by key, a list of Located, or text, a number, true, false or null."""

    @property
    def plain(self) -> Any:
        """Without the places."""
        if isinstance(self.value, dict):
            return {key: each.plain for key, each in self.value.items()}
        if isinstance(self.value, list):
            return [each.plain for each in self.value]
        return self.value

    def mapping(self, needed: tuple[str, ...] = (), allowed: tuple[str, ...] = ()) -> "dict[str, Located]":
        """Its entries; all that are needed, none that is not known."""
        if not isinstance(self.value, dict):
            raise self.place.refused("this must be a mapping of names to values.")
        for name, each in self.value.items():
            if name not in needed + allowed:
                known = ", ".join(sorted(needed + allowed))
                raise each.place.refused(f'"{name}" is not known here: {known} are.')
        for name in needed:
            if name not in self.value:
                raise self.place.refused(f'"{name}" is missing here.')
        return self.value

    def items(self) -> "list[Located]":
        if not isinstance(self.value, list):
            raise self.place.refused("this must be a list.")
        return self.value

    def text(self) -> str:
        if not isinstance(self.value, str) or not self.value.strip():
            raise self.place.refused("this must be text.")
        return self.value.strip()

    def number(self, least: float, most: float) -> float:
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            raise self.place.refused("this must be a number.")
        if not least <= self.value <= most:
            raise self.place.refused(f"this must be a number from {least:g} to {most:g}.")
        return self.value


def read_yaml(file: Path, text: str, first_line: int) -> Located:
    """The one document in the text, whose first line is that line of the file. Raises LessonRefused."""
    try:
        node = yaml.compose(text, yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = first_line + (mark.line if mark is not None else 0)
        raise Place(file, line).refused(f"this is not YAML: {error.problem or error.context}.") from None
    except yaml.YAMLError as error:
        raise Place(file, first_line).refused(f"this is not YAML: {error}.") from None
    if node is None:
        raise Place(file, first_line).refused("there is nothing between the two lines of ---.")
    return _located(file, node, first_line)


def _located(file: Path, node: yaml.Node, first_line: int) -> Located:
    place = Place(file, first_line + node.start_mark.line)
    if isinstance(node, yaml.MappingNode):
        return Located(place, dict(_entries(file, node, first_line)))
    if isinstance(node, yaml.SequenceNode):
        return Located(place, [_located(file, each, first_line) for each in node.value])
    simple = yaml.SafeLoader("")
    try:
        return Located(place, simple.construct_object(node))
    except yaml.YAMLError as error:
        raise place.refused(f"this is not YAML: {error}.") from None
    finally:
        simple.dispose()


def _entries(file: Path, node: yaml.MappingNode, first_line: int) -> Iterator[tuple[str, Located]]:
    seen: dict[str, None] = {}
    for key, value in node.value:
        place = Place(file, first_line + key.start_mark.line)
        if not isinstance(key, yaml.ScalarNode):
            raise place.refused("a name must be text.")
        if key.value in seen:
            raise place.refused(f'"{key.value}" stands here twice.')
        seen[key.value] = None
        yield key.value, _located(file, value, first_line)
