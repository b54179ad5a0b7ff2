"""Goals, answers and beliefs are expressions in CEL, the Common Expression Language, over the lab's facts.

CEL has no loops, no assignments and no way to anything outside of the facts it is given, and always ends.
https://github.com/google/cel-spec
"""

from collections import Counter
from typing import Any, NamedTuple

import celpy
import lark
from celpy.adapter import json_to_cel
from celpy.celparser import CELParseError
from celpy.evaluation import CELEvalError

from kafkalab.lessons.facts import ROOTS, Facts
from kafkalab.lessons.located import Located, Place

MOMENTS = ("before", "after", "now")
"""When facts are from: before what a section runs, after it, and as it is."""
_ENVIRONMENT = celpy.Environment()
_BOUND_BY = ("all", "exists", "exists_one", "map", "filter", "min", "reduce")
Tree = lark.Tree[lark.Token]
Answer = bool | int | float | str | list["Answer"] | dict[str, "Answer"] | None


class Expression:
    """One expression and where it stands."""

    def __init__(self, located: Located, moments: tuple[str, ...]) -> None:
        """Raises LessonRefused when it is no CEL, or names a moment or a fact that is not there."""
        value = located.value
        self.text = str(value).lower() if isinstance(value, bool) else str(value)
        self.place: Place = located.place
        try:
            tree = _ENVIRONMENT.compile(self.text)
        except CELParseError as error:
            raise self.place.refused(f"this is no expression: {self.text!r} at column {error.column}.") from None
        self._wanted: dict[str, dict[str, None]] = {}
        """Which facts of which moment it looks at; all of them where none is named."""
        self._only = _only(tree)
        for moment, root in _roots(tree):
            if moment not in moments:
                raise self.place.refused(f'"{moment}" is not known here: {", ".join(moments)}.')
            if root is not None and root not in ROOTS:
                raise self.place.refused(f'the lab has no fact "{root}": {", ".join(ROOTS)}.')
            self._wanted.setdefault(moment, {}).update(dict.fromkeys(ROOTS if root is None else (root,)))
        self._program = _ENVIRONMENT.program(tree)

    def value(self, **moments: Facts) -> Answer:
        """Raises LessonRefused when the facts have nothing under a name."""
        try:
            found = self._evaluate(moments)
        except CELEvalError as error:
            raise self.place.refused(f"{self.text}: {error.args[0]}.") from None
        return _plain(found)

    def holds(self, **moments: Facts) -> bool:
        """Raises LessonRefused also when it is neither true nor false."""
        value = self.value(**moments)
        if not isinstance(value, bool):
            raise self.place.refused(f"{self.text} must be true or false; it is {value!r}.")
        return value

    def reached(self, **moments: Facts) -> bool:
        """Like `holds`, but what is not there yet does not hold: the goal may be to make it."""
        try:
            return bool(self._evaluate(moments))
        except CELEvalError:
            return False

    def _evaluate(self, moments: dict[str, Facts]) -> Any:
        known = {
            moment: json_to_cel({root: self._narrowed(moments[moment], moment, root) for root in roots})
            for moment, roots in self._wanted.items()
        }
        return self._program.evaluate(known)

    def _narrowed(self, facts: Facts, moment: str, root: str) -> Any:
        """What it asks for of a fact: to make CEL of all the rest takes longer than to evaluate."""
        asked = self._only.get((moment, root))
        if asked is None:
            return facts[root]
        there = {name: facts[root][name] for name in asked.names if name in facts[root]}
        if not asked.fields:
            return there
        return {name: {field: it[field] for field in asked.fields if field in it} for name, it in there.items()}


class Asked(NamedTuple):
    """As in `now.groups["billing"].lag`: under these names, and of those these fields, or all where there are none."""

    names: dict[str, None]
    fields: dict[str, None]


def _only(tree: Tree) -> dict[tuple[str, str], Asked]:
    """Of each fact that is never looked at but under names."""
    named: dict[tuple[str, str], list[str]] = {}
    fields: dict[tuple[str, str], list[str]] = {}
    for index in tree.find_data("member_index"):
        fact = _named(index)
        if fact is not None:
            named.setdefault(fact, []).append(_text(index.children[1])[1:-1])
    for dotted in tree.find_data("member_dot"):
        fact = _named(_inner(dotted.children[0]))
        if fact is not None:
            fields.setdefault(fact, []).append(str(dotted.children[1]))
    everywhere = Counter((moment, root or "") for moment, root in _roots(tree))
    return {
        fact: Asked(
            dict.fromkeys(names),
            dict.fromkeys(fields[fact] if len(fields.get(fact, ())) == len(names) else ()),
        )
        for fact, names in named.items()
        if everywhere[fact] == len(names) and (fact[0], "") not in everywhere
    }


def _named(tree: "Tree | lark.Token") -> tuple[str, str] | None:
    """The moment and the fact of which one is asked for by its name."""
    if not isinstance(tree, lark.Tree) or tree.data != "member_index" or not _is_plain_text(_inner(tree.children[1])):
        return None
    dotted = _inner(tree.children[0])
    if not isinstance(dotted, lark.Tree) or dotted.data != "member_dot":
        return None
    inner = _inner(dotted.children[0])
    is_moment = isinstance(inner, lark.Token) and inner.type == "IDENT"
    return (str(inner), str(dotted.children[1])) if is_moment else None


def _inner(tree: "Tree | lark.Token") -> "Tree | lark.Token":
    """Without what is around it of levels that have nothing to do here."""
    while isinstance(tree, lark.Tree) and len(tree.children) == 1 and tree.data != "literal":
        tree = tree.children[0]
    return tree


def _is_plain_text(tree: "Tree | lark.Token") -> bool:
    return (
        isinstance(tree, lark.Tree)
        and tree.data == "literal"
        and len(_text(tree)) > 1
        and _text(tree)[0] in "\"'"
        and "\\" not in _text(tree)
    )


def _roots(tree: Tree) -> list[tuple[str, str | None]]:
    """Each free name of the expression, with the name that follows it after a dot."""
    bound = {
        _text(call.children[2])
        for call in tree.find_data("member_dot_arg")
        if str(call.children[1]) in _BOUND_BY and len(call.children) > 2
    }
    after: dict[int, str] = {}
    for dotted in tree.find_data("member_dot"):
        inner = dotted.children[0]
        while isinstance(inner, lark.Tree) and inner.data in ("member", "primary") and len(inner.children) == 1:
            inner = inner.children[0]
        if isinstance(inner, lark.Tree) and inner.data == "ident":
            after[id(inner)] = str(dotted.children[1])
    names = [(_text(ident), after.get(id(ident))) for ident in tree.find_data("ident")]
    return [(name, root) for name, root in names if name not in bound]


def _text(tree: "Tree | lark.Token") -> str:
    while isinstance(tree, lark.Tree):
        tree = tree.children[0]
    return str(tree)


def _plain(value: object) -> Answer:
    if isinstance(value, celpy.celtypes.BoolType | bool):
        return bool(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {str(name): _plain(each) for name, each in value.items()}
    return None
