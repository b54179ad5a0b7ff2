"""What can come next on the line: tools, their options, and names of what there is.

Names are those that anybody sees on the stage.
"""

import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kafkalab.engine.log.topic_configs import TOPIC_CONFIGS
from kafkalab.lab.terminal.options import Option
from kafkalab.lab.terminal.own import OWN_WORDS
from kafkalab.lab.terminal.shelf import OWN, TOOLS, named
from kafkalab.lab.terminal.tool import Tool

if TYPE_CHECKING:
    from kafkalab.lab.lab import Lab

MOST_SHOWN = 60
READER = ("parse.key=true", "key.separator=:", "parse.headers=true", "null.marker=", "ignore.error=true")
FORMATTER = (
    "print.key=true",
    "print.offset=true",
    "print.partition=true",
    "print.timestamp=true",
    "print.headers=true",
    "print.value=false",
    "key.separator=:",
)


@dataclass(frozen=True, slots=True)
class Completion:
    text: str
    """The line so far, as far as it is clear how it goes on."""
    choices: tuple[str, ...]
    """The words that are possible, where there are several."""


def completed(text: str, lab: "Lab") -> Completion:
    before, word = _last_word(text)
    choices = sorted({it for it in _choices(before, word, lab) if it.startswith(word) and it != ""})
    if not choices:
        return Completion(text, ())
    start = text[: len(text) - len(word)]
    if len(choices) == 1:
        ends = "" if choices[0].endswith(("=", ":")) else " "
        return Completion(start + choices[0] + ends, ())
    return Completion(start + _beginning(choices), tuple(choices[:MOST_SHOWN]))


def _beginning(words: list[str]) -> str:
    """What they all begin with. They are sorted: the first and the last differ most."""
    first, last = words[0], words[-1]
    same = [one == other for one, other in zip(first, last, strict=False)]
    return first[: same.index(False) if False in same else len(same)]


def _last_word(text: str) -> tuple[list[str], str]:
    """(the words before, the word that is being typed)."""
    after_pipe = text.rpartition("|")[2]
    word = re.split(r"[\s]", after_pipe)[-1] if after_pipe else ""
    before = after_pipe[: len(after_pipe) - len(word)]
    try:
        return shlex.split(before), word
    except ValueError:
        return before.split(), word


def _choices(before: list[str], word: str, lab: "Lab") -> list[str]:
    if not before:
        return [*TOOLS, *(f"{name}.sh" for name in TOOLS if name.startswith("kafka-") and "." in word), OWN]
    if before[0] == OWN:
        return _of_the_lab(before[1:])
    tool = named(before[0])
    if tool is None:
        return []
    option = _awaiting(tool, before[-1])
    if option is not None:
        return list(option.choices) or _names(option.suggests, lab)
    options = [f"--{it.name}" for it in tool.all_options]
    return [*options, *(tool.actions if not word.startswith("-") else ())]


def _awaiting(tool: Tool, word: str) -> Option | None:
    """The option that the word before is, where it takes a value."""
    for option in tool.all_options:
        if option.takes and word in (f"--{option.name}", f"-{option.short}" if option.short else ""):
            return option
    return None


def _of_the_lab(words: list[str]) -> list[str]:
    here: object = OWN_WORDS
    for word in words:
        here = here.get(word) if isinstance(here, dict) else None
    if isinstance(here, dict):
        return list(here)
    return list(here) if isinstance(here, tuple) else []


def _names(kind: str, lab: "Lab") -> list[str]:
    entities = lab.snapshot()["entities"].values()
    match kind:
        case "topics":
            return [it["topic"] for it in entities if it["kind"] == "topic"]
        case "groups":
            return [it["group"] for it in entities if it["kind"] == "group"]
        case "brokers":
            return [str(it["broker"]) for it in entities if it["kind"] == "broker"]
        case "transactional-ids":
            return [it["transactional_id"] for it in entities if it["kind"] == "transaction"]
        case "topic-settings":
            return [f"{name}=" for name in TOPIC_CONFIGS]
        case "setting-names":
            return list(TOPIC_CONFIGS)
        case "reader-properties":
            return list(READER)
        case "formatter-properties":
            return list(FORMATTER)
    return []
