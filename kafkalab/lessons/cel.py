"""CEL's trees made into functions over plain facts: a class of sixty looks at its goals twice a second each.

`celpy` reads CEL and evaluates all of it, but copies every fact into types of its own first and walks its tree
anew each time. What lessons use of the language is made into functions here, once; for the rest `function_of`
raises `NotHere`, and celpy does it. Both say the same: `tests/lessons/test_cel.py`.
"""

import ast
from collections.abc import Callable
from typing import Any

import lark

from kafkalab.lessons.cel_values import (
    COUNTING,
    FUNCTIONS,
    OF_TEXT,
    RELATIONS,
    Unknown,
    number,
    size,
    text,
    truth,
    under,
)

Tree = lark.Tree[lark.Token]
Names = dict[str, Any]
"""What each name stands for."""
Function = Callable[[Names], Any]


class NotHere(Exception):
    """The language has it; this module does not."""


def function_of(tree: "Tree | lark.Token") -> Function:
    """Raises NotHere."""
    if not isinstance(tree, lark.Tree):
        raise NotHere(str(tree))
    children: list[Any] = [child for child in tree.children if child is not None]
    if tree.data in OPERATIONS and len(children) == 2:
        return OPERATIONS[tree.data](*map(function_of, children))
    if tree.data == "relation" and len(children) == 2:
        return _compared(children[0], function_of(children[1]))
    if tree.data in ("addition", "multiplication") and len(children) == 2:
        return _counted(children[0], function_of(children[1]))
    if tree.data == "unary" and len(children) == 2:
        return _not(function_of(children[1])) if children[0].data == "unary_not" else _minus(function_of(children[1]))
    if tree.data == "expr" and len(children) == 3:
        return _chosen(*map(function_of, children))
    if tree.data in THINGS:
        return THINGS[tree.data](children)
    if len(children) == 1:
        return function_of(children[0])
    raise NotHere(tree.data)


# -- and, or, not, if -----------------------------------------------------------------------------------


def _all_of(parts: list[Callable[[], Any]], decides: bool) -> bool:
    """Whether none of them decides the whole by itself. What is unknown counts only where nothing decides."""
    unknown: Unknown | None = None
    for part in parts:
        try:
            value = part()
        except Unknown as error:
            unknown = error
            continue
        if not isinstance(value, bool):
            unknown = Unknown(f"{value!r} is neither true nor false")
        elif value is decides:
            return decides
    if unknown is not None:
        raise unknown
    return not decides


def _and(one: Function, other: Function) -> Function:
    return lambda names: _all_of([lambda: one(names), lambda: other(names)], False)


def _or(one: Function, other: Function) -> Function:
    return lambda names: _all_of([lambda: one(names), lambda: other(names)], True)


def _not(of: Function) -> Function:
    return lambda names: not truth(of(names))


def _minus(of: Function) -> Function:
    return lambda names: -number(of(names))


def _chosen(when: Function, then: Function, otherwise: Function) -> Function:
    return lambda names: then(names) if truth(when(names)) else otherwise(names)


# -- comparing and counting --------------------------------------------------------------------------------


def _compared(left: Any, right: Function) -> Function:
    one = function_of(left.children[0])
    how = RELATIONS.get(left.data)
    if how is None:
        raise NotHere(left.data)
    return lambda names: how(one(names), right(names))


def _counted(left: Any, right: Function) -> Function:
    one = function_of(left.children[0])
    how = COUNTING.get(left.data)
    if how is None:
        raise NotHere(left.data)
    return lambda names: how(one(names), right(names))


# -- names, literals, lists ----------------------------------------------------------------------------------


def _ident(children: list[Any]) -> Function:
    name = str(children[0])

    def value(names: Names) -> Any:
        if name not in names:
            raise Unknown(f"{name} is not known")
        return names[name]

    return value


def _literal(children: list[Any]) -> Function:
    token = children[0]
    said = str(token)
    if token.type == "BOOL_LIT":
        value: Any = said == "true"
    elif token.type == "NULL_LIT":
        value = None
    elif token.type in ("INT_LIT", "FLOAT_LIT", "STRING_LIT"):
        try:
            value = (
                int(said, 0) if "0x" in said else ast.literal_eval(said.lstrip("0") or "0" if said.isdigit() else said)
            )
        except (ValueError, SyntaxError):
            raise NotHere(said) from None
    else:
        raise NotHere(said)
    return lambda names: value


def _list(children: list[Any]) -> Function:
    items = [function_of(each) for each in children[0].children] if children else []
    return lambda names: [item(names) for item in items]


def _mapping(children: list[Any]) -> Function:
    said = [function_of(each) for each in children[0].children] if children else []
    entries = list(zip(said[::2], said[1::2], strict=True))

    def value(names: Names) -> dict[Any, Any]:
        made: dict[Any, Any] = {}
        for key, item in entries:
            name = key(names)
            if not isinstance(name, str | int) or name in made:
                raise Unknown(f"{name!r} cannot be a key here")
            made[name] = item(names)
        return made

    return value


def _dot(children: list[Any]) -> Function:
    of, name = function_of(children[0]), str(children[1])
    return lambda names: under(of(names), name)


def _index(children: list[Any]) -> Function:
    of, key = function_of(children[0]), function_of(children[1])
    return lambda names: under(of(names), key(names))


# -- functions and what goes through a list ---------------------------------------------------------------------


def _called(children: list[Any]) -> Function:
    name, given = str(children[0]), children[1].children if len(children) > 1 else []
    if name not in FUNCTIONS or len(given) != 1:
        raise NotHere(name)
    does, of = FUNCTIONS[name], function_of(given[0])
    return lambda names: does(of(names))


def _asked(children: list[Any]) -> Function:
    """A function after a dot: `x.size()`, `x.startsWith("a")`, `x.all(it, ...)`."""
    of, name = function_of(children[0]), str(children[1])
    given = children[2].children if len(children) > 2 else []
    if name in FUNCTIONS and not given and name == "size":
        return lambda names: size(of(names))
    if name in OF_TEXT and len(given) == 1:
        does, word = OF_TEXT[name], function_of(given[0])
        return lambda names: does(text(of(names)), text(word(names)))
    if name in THROUGH and len(given) == 2:
        return THROUGH[name](of, _bound(given[0]), function_of(given[1]))
    raise NotHere(name)


def _bound(tree: "Tree | lark.Token") -> str:
    while isinstance(tree, lark.Tree):
        if len(tree.children) != 1:
            raise NotHere("a name was expected")
        tree = tree.children[0]
    return str(tree)


def _each(of: Function, names: Names) -> list[Any]:
    """The keys of a mapping."""
    value = of(names)
    if not isinstance(value, list | dict):
        raise Unknown(f"{value!r} is no list")
    return list(value)


def _every(decides: bool) -> Callable[[Function, str, Function], Function]:
    def through(of: Function, bound: str, holds: Function) -> Function:
        def value(names: Names) -> bool:
            inner = dict(names)

            def of_item(item: Any) -> Callable[[], Any]:
                def part() -> Any:
                    inner[bound] = item
                    return holds(inner)

                return part

            return _all_of([of_item(item) for item in _each(of, names)], decides)

        return value

    return through


def _map(of: Function, bound: str, made: Function) -> Function:
    return lambda names: [made({**names, bound: item}) for item in _each(of, names)]


def _filter(of: Function, bound: str, holds: Function) -> Function:
    return lambda names: [item for item in _each(of, names) if truth(holds({**names, bound: item}))]


def _exists_one(of: Function, bound: str, holds: Function) -> Function:
    found = _filter(of, bound, holds)
    return lambda names: len(found(names)) == 1


OPERATIONS: dict[str, Callable[[Function, Function], Function]] = {"conditionaland": _and, "conditionalor": _or}
THROUGH: dict[str, Callable[[Function, str, Function], Function]] = {
    "all": _every(False),
    "exists": _every(True),
    "exists_one": _exists_one,
    "map": _map,
    "filter": _filter,
}
THINGS: dict[str, Callable[[list[Any]], Function]] = {
    "ident": _ident,
    "literal": _literal,
    "list_lit": _list,
    "map_lit": _mapping,
    "member_dot": _dot,
    "member_index": _index,
    "member_dot_arg": _asked,
    "ident_arg": _called,
}
