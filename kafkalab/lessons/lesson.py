"""A lesson as its author wrote it: Markdown with YAML before it, checked when it is read.

What may stand where is written down for authors in `fixtures/lessons/README.md`.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kafkalab.lab import Command, CommandRefused, LabSettings, parse_command
from kafkalab.lessons.documents import (
    NAME,
    by_number,
    cluster_settings,
    entries,
    listed,
    name_of,
    split,
    three_hints,
    under_headings,
)
from kafkalab.lessons.expressions import Expression
from kafkalab.lessons.facts import Facts
from kafkalab.lessons.located import LessonRefused, Located, Place

KINDS = ("number", "choice", "order", "set", "place")
PLACES = ("broker", "controller", "topic", "partition", "replica", "group", "producer", "consumer")
"""What can be clicked on the stage as an answer of the kind "place": what the entities' ids begin with."""
WORKBOOK = tuple(f"Q{number}" for number in range(1, 12))
LONGEST_WAIT_S = 600
UNTIL_AT_MOST_S = 60.0
_HEADING = re.compile(r"^(##|###) (.+?)\s*$")


@dataclass(frozen=True)
class Order:
    """A command, some of whose fields may be expressions: who leads differs from seed to seed."""

    place: Place
    name: str
    fixed: dict[str, Any]
    computed: dict[str, Expression]

    def command(self, before: Facts, now: Facts) -> Command:
        """Raises LessonRefused."""
        fields = {name: each.value(before=before, now=now) for name, each in self.computed.items()}
        return _command(self.place, self.name, {**self.fixed, **fields})


@dataclass(frozen=True)
class Step:
    """One thing to do: a command, a time to wait, or something to wait for."""

    place: Place
    order: Order | None = None
    refused: str = ""
    """What the refusal must say; empty where the command must be carried out."""
    wait_s: float = 0
    until: Expression | None = None


@dataclass(frozen=True)
class Belief:
    """A wrong belief as a rule that computes its own answer."""

    name: str
    says: str
    answer: Expression


@dataclass(frozen=True)
class Prediction:
    place: Place
    ask: str
    kind: str
    choices: dict[str, str]
    """Of kind "choice": what may be said, and its text."""
    answer: Expression
    """Computed by a hidden fork of the learner's own cluster that runs ahead."""
    beliefs: tuple[Belief, ...]
    among: str = ""
    """Of kind "place": one of PLACES."""


@dataclass(frozen=True)
class Observation:
    """What was seen is asked before it is explained: about one in five sees something else."""

    ask: str
    kind: str
    choices: dict[str, str]
    answer: Expression
    among: str = ""


@dataclass(frozen=True)
class Claim:
    """A sentence of the explanation, and what makes it true."""

    says: str
    holds: Expression


@dataclass(frozen=True)
class Challenge:
    place: Place
    goal: Expression
    holds_s: float
    hints: tuple[str, str, str]
    """Where to look, what to notice, what to do."""
    solution: tuple[Step, ...]


@dataclass(frozen=True)
class Section:
    place: Place
    name: str
    title: str
    question: str
    """Markdown, as are the other texts."""
    explanation: str
    variation: str
    setup: tuple[Step, ...]
    predict: Prediction
    run: tuple[Step, ...]
    saw: Observation | None
    claims: tuple[Claim, ...]
    challenge: Challenge | None


@dataclass(frozen=True)
class Lesson:
    place: Place
    number: int
    name: str
    """Of the file, without its number."""
    title: str
    minutes: int
    belief: str
    """The one that the lesson puts right."""
    questions: tuple[str, ...]
    """Of the workbook."""
    concepts: dict[str, str]
    simplifications: tuple[str, ...]
    settings: LabSettings
    prepare: tuple[Step, ...]
    sections: tuple[Section, ...]


def read_lesson(file: Path) -> Lesson:
    """Raises LessonRefused with file and line."""
    head, lines, first_line = split(file, "lesson")
    texts = under_headings(file, lines, first_line, _HEADING, _heading)
    said = head.mapping(
        ("number", "title", "minutes", "belief", "questions", "cluster", "sections"), ("concepts", "simplifications")
    )
    sections = tuple(_section(each, texts) for each in said["sections"].items())
    named = {section.name for section in sections}
    for (name, _), (place, _) in texts.items():
        if name not in named:
            raise place.refused(f'there is no section "{name}" above.')
    cluster = said["cluster"].mapping((), ("brokers", "controllers", "configs", "prepare"))
    return Lesson(
        place=head.place,
        number=int(said["number"].number(1, 99)),
        name=name_of(file),
        title=said["title"].text(),
        minutes=int(said["minutes"].number(1, 20)),
        belief=said["belief"].text(),
        questions=tuple(_one_of(each, WORKBOOK) for each in said["questions"].items()),
        concepts={name: each.text() for name, each in entries(said, "concepts").items()},
        simplifications=tuple(each.text() for each in listed(said, "simplifications")),
        settings=cluster_settings("lesson", cluster),
        prepare=steps(cluster["prepare"]) if "prepare" in cluster else (),
        sections=sections,
    )


def _section(located: Located, texts: dict[tuple[str, str], tuple[Place, str]]) -> Section:
    said = located.mapping(("name", "title", "predict", "run", "claims"), ("setup", "saw", "vary"))
    name = said["name"].text()
    if not NAME.fullmatch(name):
        raise said["name"].place.refused("a section's name is of small letters, digits and -.")
    for part in ("", "explain", *(("vary",) if "vary" in said else ())):
        if not texts.get((name, part), (None, ""))[1]:
            heading = f"## {name}" + (f", then ### {part}" if part else "")
            raise located.place.refused(f"its text is missing: {heading}.")
    saw = said["saw"].mapping(("ask", "kind", "answer"), ("choices", "among")) if "saw" in said else None
    return Section(
        place=located.place,
        name=name,
        title=said["title"].text(),
        question=texts[name, ""][1],
        explanation=texts[name, "explain"][1],
        variation=texts[name, "vary"][1] if "vary" in said else "",
        setup=steps(said["setup"]) if "setup" in said else (),
        predict=_prediction(said["predict"]),
        run=steps(said["run"]),
        saw=Observation(saw["ask"].text(), *_asked(saw), Expression(saw["answer"], ("before", "after")), _among(saw))
        if saw
        else None,
        claims=tuple(_claim(each) for each in said["claims"].items()),
        challenge=_challenge(said["vary"]) if "vary" in said else None,
    )


def _prediction(located: Located) -> Prediction:
    said = located.mapping(("ask", "kind", "answer", "beliefs"), ("choices", "among"))
    beliefs = []
    for each in said["beliefs"].items():
        belief = each.mapping(("name", "says", "answer"))
        answer = Expression(belief["answer"], ("before", "after"))
        beliefs.append(Belief(belief["name"].text(), belief["says"].text(), answer))
    if not beliefs:
        raise said["beliefs"].place.refused("a prediction needs at least one belief that gets it wrong.")
    answer = Expression(said["answer"], ("before", "after"))
    return Prediction(located.place, said["ask"].text(), *_asked(said), answer, tuple(beliefs), _among(said))


def _asked(said: dict[str, Located]) -> tuple[str, dict[str, str]]:
    kind = _one_of(said["kind"], KINDS)
    choices = {name: each.text() for name, each in entries(said, "choices").items()}
    if (kind == "choice") != bool(choices):
        raise said["kind"].place.refused("choices belong to the kind choice, and it needs them.")
    return kind, choices


def _among(said: dict[str, Located]) -> str:
    if (said["kind"].value == "place") != ("among" in said):
        raise said["kind"].place.refused("among belongs to the kind place, and it needs it.")
    return _one_of(said["among"], PLACES) if "among" in said else ""


def _claim(located: Located) -> Claim:
    said = located.mapping(("says", "holds"))
    return Claim(said["says"].text(), Expression(said["holds"], ("before", "after")))


def _challenge(located: Located) -> Challenge:
    said = located.mapping(("goal", "hints", "solution"), ("holds_s",))
    holds_s = said["holds_s"].number(0, LONGEST_WAIT_S) if "holds_s" in said else 0
    goal = Expression(said["goal"], ("before", "now"))
    return Challenge(located.place, goal, holds_s, three_hints(said["hints"]), steps(said["solution"]))


def steps(located: Located) -> tuple[Step, ...]:
    return tuple(_step(each) for each in located.items())


def _step(located: Located) -> Step:
    said = located.mapping(tuple(located.value) if isinstance(located.value, dict) else ())
    refused = said["refused"].text() if "refused" in said else ""
    names = [name for name in said if name != "refused"]
    if len(names) != 1:
        raise located.place.refused("a step is one command, or wait, or until.")
    [name] = names
    if name == "wait":
        return Step(located.place, wait_s=said[name].number(0, LONGEST_WAIT_S))
    if name == "until":
        return Step(located.place, until=Expression(said[name], ("before", "now")))
    return Step(located.place, _order(name, said[name]), refused)


def _order(name: str, located: Located) -> Order:
    """Text that begins with = is an expression."""
    fields = located.value if located.value is not None else {}
    if not isinstance(fields, dict):
        raise located.place.refused(f"{name} is given its fields by name, as in {{topic: orders}}.")
    computed = {
        field: Expression(Located(each.place, each.value[1:].strip()), ("before", "now"))
        for field, each in fields.items()
        if isinstance(each.value, str) and each.value.startswith("=")
    }
    fixed = {field: each.plain for field, each in fields.items() if field not in computed}
    if not computed:
        _command(located.place, name, fixed)
    return Order(located.place, name, fixed, computed)


def _command(place: Place, name: str, fields: dict[str, Any]) -> Command:
    try:
        return parse_command({"command": name, **fields})
    except CommandRefused as error:
        raise place.refused(error.error) from None


def _one_of(located: Located, known: tuple[str, ...]) -> str:
    if located.value not in known:
        raise located.place.refused(f"{located.value!r} is none of {', '.join(known)}.")
    return str(located.value)


def _heading(heading: re.Match[str], at: tuple[str, str] | None, place: Place) -> tuple[str, str]:
    """`## section`, and under it `### explain` and `### vary`."""
    level, name = heading.groups()
    if level == "##":
        return name, ""
    if at is None or name not in ("explain", "vary"):
        raise place.refused("under a section's heading come ### explain and ### vary.")
    return at[0], name


def read_lessons(directory: Path) -> tuple[Lesson, ...]:
    """All of a directory, by number. Raises LessonRefused."""
    return by_number(read_lesson(file) for file in directory.glob("[0-9]*.md"))


__all__ = ["Lesson", "LessonRefused", "read_lesson", "read_lessons"]
