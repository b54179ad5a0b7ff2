"""Goals, answers and beliefs are expressions in CEL, the Common Expression Language, over the lab's facts.

CEL has no loops, no assignments and no way to anything outside of the facts it is given, and always ends.
https://github.com/google/cel-spec
"""

from typing import Any

import celpy
import lark
from celpy.adapter import json_to_cel
from celpy.celparser import CELParseError
from celpy.evaluation import CELEvalError

from kafkalab.lessons.cel import Function, NotHere, function_of
from kafkalab.lessons.cel_values import Unknown
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
        for moment, root in _roots(tree):
            if moment not in moments:
                raise self.place.refused(f'"{moment}" is not known here: {", ".join(moments)}.')
            if root is not None and root not in ROOTS:
                raise self.place.refused(f'the lab has no fact "{root}": {", ".join(ROOTS)}.')
            self._wanted.setdefault(moment, {}).update(dict.fromkeys(ROOTS if root is None else (root,)))
        self._function: Function | None = None
        try:
            self._function = function_of(tree)
        except NotHere:
            self._program = _ENVIRONMENT.program(tree)

    def value(self, **moments: Facts) -> Answer:
        """Raises LessonRefused when the facts have nothing under a name."""
        try:
            found = self._evaluate(moments)
        except (CELEvalError, Unknown) as error:
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
        except (CELEvalError, Unknown):
            return False

    def _evaluate(self, moments: dict[str, Facts]) -> Any:
        if self._function is not None:
            return self._function(moments)
        known = {
            moment: json_to_cel({root: moments[moment][root] for root in roots})
            for moment, roots in self._wanted.items()
        }
        return self._program.evaluate(known)


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
