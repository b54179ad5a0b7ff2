"""The options of a tool: read from its arguments, refused in the words of Kafka's tools, explained by --help."""

import re
from dataclasses import dataclass, field
from difflib import get_close_matches
from textwrap import wrap

HELP_WIDTH = 79


class Failed(Exception):
    """The tool ends with this text and an exit code that says that something went wrong."""

    def __init__(self, *lines: str, shows_usage: bool = False, code: int = 1, hint: str = "") -> None:
        super().__init__("\n".join(lines))
        self.lines = lines
        self.shows_usage = shows_usage
        self.code = code
        self.hint = hint
        """What was perhaps meant."""


@dataclass(frozen=True, slots=True)
class Option:
    name: str
    """Without the dashes."""
    says: str
    takes: str = ""
    """What it takes, in a word; empty: it takes nothing."""
    short: str = ""
    """A single letter that means the same."""
    whole: bool = False
    """It takes a whole number."""
    optional_value: bool = False
    choices: tuple[str, ...] = ()
    suggests: str = ""
    """What completes its value: topics, groups, brokers, topic-settings ..."""


@dataclass(slots=True)
class Given:
    """What stood on the line."""

    values: dict[str, list[str]] = field(default_factory=dict)
    rest: list[str] = field(default_factory=list)
    """What belongs to no option."""
    order: list[tuple[str, str]] = field(default_factory=list)
    """Names and values in the order of the line."""

    def has(self, name: str) -> bool:
        return name in self.values

    def one(self, name: str) -> str | None:
        """The last that was said."""
        said = self.values.get(name)
        return said[-1] if said else None

    def all(self, name: str) -> list[str]:
        return self.values.get(name, [])

    def needed(self, *names: str) -> None:
        for name in names:
            if not self.has(name):
                raise Failed(f'Missing required argument "[{name}]"', shows_usage=True)

    def not_with(self, name: str, *others: str) -> None:
        for other in others:
            if self.has(name) and self.has(other):
                raise Failed(f'Option "[{name}]" can\'t be used with option "[{other}]"', shows_usage=True)


SERVER = Option("bootstrap-server", "Where the cluster is. Left out, it is this lab.", "host:port")
CONFIG_FILE = Option("command-config", "Properties for the client; in <( ) where there are no files.", "file")
HELP = Option("help", "Print what the tool does, and its options.")
VERSION = Option("version", "Print which Kafka this is.")
COMMON = (SERVER, CONFIG_FILE, HELP, VERSION)


def read(words: list[str], options: tuple[Option, ...]) -> Given:
    """As jopt-simple reads them. Raises Failed."""
    by_name = {f"--{option.name}": option for option in options}
    by_name |= {f"-{option.short}": option for option in options if option.short}
    given = Given()
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == "-h" and "-h" not in by_name:
            word = "--help"
        if not re.match(r"--?[a-zA-Z]", word):
            given.rest.append(word)
            continue
        name, equals, value = word.partition("=")
        option = by_name.get(name)
        if option is None:
            raise Failed(f"{name.lstrip('-')} is not a recognized option", hint=meant(name, by_name))
        values = given.values.setdefault(option.name, [])
        if not option.takes:
            given.order.append((option.name, ""))
            if equals:
                raise Failed(f"Option {option.name} does not take an argument")
            continue
        if not equals:
            if not rest or (rest[0].startswith("--") and rest[0] in by_name):
                if option.optional_value:
                    continue
                raise Failed(f"Option {option.name} requires an argument")
            if option.optional_value and rest[0].startswith("-"):
                continue
            value = rest.pop(0)
        if option.whole and not re.fullmatch(r"-?\d{1,18}", value):
            raise Failed(f"Cannot parse argument '{value}' of option {option.name}")
        values.append(value)
        given.order.append((option.name, value))
    return given


def meant(word: str, known: dict[str, Option]) -> str:
    close = get_close_matches(word, list(known), 1, 0.6)
    return f"Did you mean {close[0]}?" if close else ""


def help_lines(options: tuple[Option, ...]) -> list[str]:
    """Two columns, in the order of the names."""
    labels = {option: _label(option) for option in sorted(options, key=lambda option: option.name)}
    width = min(38, max(len(label) for label in labels.values()) + 2)
    lines = [f"{'Option':{width}}Description", f"{'------':{width}}-----------"]
    for option, label in labels.items():
        says = option.says + (f" One of: {', '.join(option.choices)}." if option.choices else "")
        first, *more = wrap(says, HELP_WIDTH - width) or [""]
        lines += [f"{label:{width}}{first}"] if len(label) < width else [label, " " * width + first]
        lines += [" " * width + text for text in more]
    return lines


def _label(option: Option) -> str:
    short = f"-{option.short}, " if option.short else ""
    takes = f" <{option.takes}>" if option.takes else ""
    return f"{short}--{option.name}{takes}"


def properties(said: list[str]) -> dict[str, str]:
    """name=value, as often as it stands on the line."""
    found = {}
    for word in said:
        name, _, value = word.partition("=")
        found[name.strip()] = value
    return found
