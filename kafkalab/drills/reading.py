"""Drills are read from Markdown with YAML before it, and an author is told in which line something is wrong."""

import re
from pathlib import Path
from typing import Any

from kafkalab.drills.drill import (
    HOLDS_S,
    MOMENTS,
    Call,
    Calling,
    Drill,
    Evidence,
    Herring,
    Metric,
    Move,
    Page,
    Question,
    Rule,
    WrongMove,
)
from kafkalab.lessons import Expression, LessonRefused, Located, Place, steps
from kafkalab.lessons.documents import (
    NAME,
    by_number,
    cluster_settings,
    listed,
    name_of,
    split,
    three_hints,
    under_headings,
)

DRAWN = re.compile(r"[a-z][a-z0-9_]{0,40}")
TEXTS = ("brief", "cause", "debrief")
ENDS_WITH = ("question", "rule", "alert", "setting")
LONGEST_HOLD_S = 120
LONGEST_CALL_S = 120
EARLY = ("before", "now")
"""Moments of what is looked at before there was a page."""
_HEADING = re.compile(r"^## (.+?)\s*$")


def read_drill(file: Path) -> Drill:
    """Raises LessonRefused with file and line."""
    head, lines, first_line = split(file, "drill")
    said = head.mapping(
        (
            *("number", "title", "level", "cluster", "service_level", "steady", "inject", "page", "impact"),
            *("diagnosis", "goal", "never", "hints", "solution", "wrong_moves", "ends_with"),
        ),
        ("draws", "calls", "holds_s", "herrings"),
    )
    texts = under_headings(file, lines, first_line, _HEADING, _heading)
    for name in TEXTS:
        if not texts.get(name, (None, ""))[1]:
            raise Place(file, first_line).refused(f"its text is missing: ## {name}.")
    cluster = said["cluster"].mapping((), ("brokers", "controllers", "configs", "prepare"))
    steady = said["steady"].mapping(("holds", "metrics"))
    diagnosis = said["diagnosis"].mapping(("ask", "choices", "answer", "evidence"))
    calls = {each.name: each for each in (_call(one) for one in listed(said, "calls"))}
    return Drill(
        place=head.place,
        number=int(said["number"].number(1, 99)),
        name=name_of(file),
        title=said["title"].text(),
        level=int(said["level"].number(1, 5)),
        brief=texts["brief"][1],
        cause=texts["cause"][1],
        debrief=texts["debrief"][1],
        settings=cluster_settings("drill", cluster),
        draws=_draws(said["draws"]) if "draws" in said else {},
        service_level=_rule(said["service_level"], EARLY),
        prepare=steps(cluster["prepare"]) if "prepare" in cluster else (),
        steady=Expression(steady["holds"], EARLY),
        metrics=_metrics(steady["metrics"]),
        inject=_some(said["inject"], steps(said["inject"])),
        herrings={each.name: each for each in (_herring(one) for one in listed(said, "herrings"))},
        page=_page(said["page"]),
        impact=_question(said["impact"].place, said["impact"].mapping(("ask", "choices", "answer"))),
        diagnosis=_question(said["diagnosis"].place, diagnosis),
        evidence=_evidence(diagnosis["evidence"]),
        goal=Expression(said["goal"], MOMENTS),
        holds_s=said["holds_s"].number(1, LONGEST_HOLD_S) if "holds_s" in said else HOLDS_S,
        never=tuple(_rule(each, MOMENTS) for each in said["never"].items()),
        calls=calls,
        hints=three_hints(said["hints"]),
        solution=_some(said["solution"], _moves(said["solution"], calls)),
        wrong_moves=_some(said["wrong_moves"], tuple(_wrong(each, calls) for each in said["wrong_moves"].items())),
        ends_with={name: each.text() for name, each in said["ends_with"].mapping(ENDS_WITH).items()},
    )


def read_drills(directory: Path) -> tuple[Drill, ...]:
    """All of a directory, by number. Raises LessonRefused."""
    return by_number(read_drill(file) for file in directory.glob("[0-9]*.md"))


def _draws(located: Located) -> dict[str, tuple[bool | int | float | str, ...]]:
    drawn = {}
    for name, each in located.mapping(tuple(located.plain or ())).items():
        if not DRAWN.fullmatch(name) or name == "faults":
            raise each.place.refused(f'what is drawn cannot be called "{name}".')
        drawn[name] = tuple(one.plain for one in each.items())
        if not drawn[name]:
            raise each.place.refused("there must be something to choose from.")
    return drawn


def _rule(located: Located, moments: tuple[str, ...]) -> Rule:
    said = located.mapping(("says", "holds"))
    return Rule(said["says"].text(), Expression(said["holds"], moments))


def _metrics(located: Located) -> tuple[Metric, ...]:
    found = []
    for each in located.items():
        said = each.mapping(("name", "says", "value", "healthy"))
        value, healthy = (Expression(said[name], EARLY) for name in ("value", "healthy"))
        found.append(Metric(each.place, _name(said["name"]), said["says"].text(), value, healthy))
    if len(found) < 2:
        raise located.place.refused("there must be two metrics or more: a learner pins two of them.")
    return tuple(found)


def _page(located: Located) -> Page:
    said = located.mapping(("when", "says"))
    return Page(located.place, Expression(said["when"], EARLY), said["says"].text())


def _question(place: Place, said: dict[str, Located]) -> Question:
    choices = {name: each.text() for name, each in said["choices"].mapping(tuple(said["choices"].plain or ())).items()}
    if len(choices) < 3:
        raise said["choices"].place.refused("there must be three choices or more.")
    answer = said["answer"]
    if answer.value in choices:
        # Where it is the same whatever was drawn, the name alone is enough.
        answer = Located(answer.place, f'"{answer.value}"')
    return Question(place, said["ask"].text(), choices, Expression(answer, EARLY))


def _evidence(located: Located) -> tuple[Evidence, ...]:
    found = []
    for each in located.items():
        said = each.mapping(("says",), ("fact", "command", "shows", "entity"))
        kinds = [name for name in ("fact", "command", "entity") if name in said]
        if len(kinds) != 1:
            raise each.place.refused("evidence is a fact, a command or an entity, and one of them.")
        if "command" in said and "shows" not in said:
            raise each.place.refused("what the command shows is missing here: shows.")
        found.append(
            Evidence(
                each.place,
                said["says"].text(),
                said["fact"].text() if "fact" in said else "",
                said["command"].text() if "command" in said else "",
                _words(said["shows"]) if "shows" in said else "",
                _words(said["entity"]) if "entity" in said else "",
            )
        )
    if len(found) < 2:
        raise located.place.refused("there must be two pieces of evidence or more: a learner pins two.")
    return tuple(found)


def _words(located: Located) -> Expression | str:
    """Text that begins with = is an expression."""
    text = located.text()
    return Expression(Located(located.place, text[1:].strip()), EARLY) if text.startswith("=") else text


def _call(located: Located) -> Call:
    said = located.mapping(("name", "says", "answers"), ("takes_s", "steps"))
    takes_s = said["takes_s"].number(0, LONGEST_CALL_S) if "takes_s" in said else 5.0
    return Call(
        located.place,
        _name(said["name"]),
        said["says"].text(),
        said["answers"].text(),
        takes_s,
        steps(said["steps"]) if "steps" in said else (),
    )


def _herring(located: Located) -> Herring:
    said = located.mapping(("name", "says", "steps"))
    return Herring(_name(said["name"]), said["says"].text(), _some(said["steps"], steps(said["steps"])))


def _wrong(located: Located, calls: dict[str, Call]) -> WrongMove:
    said = located.mapping(("name", "says", "because", "steps"))
    return WrongMove(
        located.place,
        _name(said["name"]),
        said["says"].text(),
        said["because"].text(),
        _some(said["steps"], _moves(said["steps"], calls)),
    )


def _moves(located: Located, calls: dict[str, Call]) -> tuple[Move, ...]:
    return tuple(_move(each, calls) for each in located.items())


def _move(located: Located, calls: dict[str, Call]) -> Move:
    if not isinstance(located.value, dict) or "call" not in located.value:
        [step] = steps(Located(located.place, [located]))
        return step
    name = located.mapping(("call",))["call"]
    if name.value not in calls:
        raise name.place.refused(
            f"nobody can be called for {name.value!r}: {', '.join(calls) or 'there are no calls'}."
        )
    return Calling(located.place, str(name.value))


def _name(located: Located) -> str:
    if not isinstance(located.value, str) or not NAME.fullmatch(located.value):
        raise located.place.refused("a name is of small letters, digits and -.")
    return located.value


def _some(located: Located, found: Any) -> Any:
    if not found:
        raise located.place.refused("there must be one at least.")
    return found


def _heading(heading: re.Match[str], at: str | None, place: Place) -> str:
    if heading[1] not in TEXTS:
        raise place.refused(f"the headings are {', '.join(f'## {name}' for name in TEXTS)}, each once.")
    return heading[1]


__all__ = ["LessonRefused", "read_drill", "read_drills"]
