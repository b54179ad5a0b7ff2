"""CEL's trees made into functions over plain facts: a class of sixty looks at its goals twice a second each.

`celpy` reads CEL and evaluates all of it, but copies every fact into types of its own first and walks its tree
anew each time. What lessons use of the language is made into functions here, once; for the rest `function_of`
raises `NotHere`, and celpy does it. Both say the same: `tests/lessons/test_cel.py`.
"""

import ast
from collections.abc import Callable
from typing import Any

import lark

Tree = lark.Tree[lark.Token]
Names = dict[str, Any]
"""What each name stands for."""
Function = Callable[[Names], Any]


class NotHere(Exception):
    """The language has it; this module does not."""


class Unknown(Exception):
    """It has no value: there is nothing under a name, or an operation makes no sense with what it is given."""


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
    return lambda names: not _bool(of(names))


def _minus(of: Function) -> Function:
    return lambda names: -_number(of(names))


def _chosen(when: Function, then: Function, otherwise: Function) -> Function:
    return lambda names: then(names) if _bool(when(names)) else otherwise(names)


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


def _same(one: Any, other: Any) -> bool:
    """True is not 1."""
    if isinstance(one, bool) is not isinstance(other, bool):
        raise Unknown(f"{one!r} cannot be compared with {other!r}")
    return bool(one == other)


def _ordered(one: Any, other: Any) -> tuple[Any, Any]:
    alike = (isinstance(one, int | float) and isinstance(other, int | float)) or (
        isinstance(one, str) and isinstance(other, str)
    )
    if not alike or isinstance(one, bool) is not isinstance(other, bool):
        raise Unknown(f"{one!r} cannot be compared with {other!r}")
    return one, other


def _less(one: Any, other: Any) -> bool:
    one, other = _ordered(one, other)
    return bool(one < other)


def _at_most(one: Any, other: Any) -> bool:
    one, other = _ordered(one, other)
    return bool(one <= other)


def _within(one: Any, other: Any) -> bool:
    if not isinstance(other, list | dict):
        raise Unknown(f"nothing is in {other!r}")
    return one in other


def _plus(one: Any, other: Any) -> Any:
    if isinstance(one, str) and isinstance(other, str):
        return one + other
    if isinstance(one, list) and isinstance(other, list):
        return one + other
    return _number(one) + _number(other)


def _divided(one: Any, other: Any) -> Any:
    one, other = _number(one), _number(other)
    if other == 0:
        raise Unknown("divided by nought")
    if isinstance(one, float) or isinstance(other, float):
        return one / other
    whole = abs(one) // abs(other)
    return whole if (one < 0) == (other < 0) else -whole


def _rest(one: Any, other: Any) -> Any:
    whole = _divided(one, other)
    return one - whole * other


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unknown(f"{value!r} is no number")
    return value


def _bool(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Unknown(f"{value!r} is neither true nor false")
    return value


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
        for key, under in entries:
            name = key(names)
            if not isinstance(name, str | int) or name in made:
                raise Unknown(f"{name!r} cannot be a key here")
            made[name] = under(names)
        return made

    return value


def _under(of: Any, key: Any) -> Any:
    """A member of a mapping, or of a list by its place."""
    if isinstance(of, dict):
        if key not in of or isinstance(key, bool):
            raise Unknown(f"no such key: {key}")
        return of[key]
    if isinstance(of, list) and isinstance(key, int) and not isinstance(key, bool):
        if not 0 <= key < len(of):
            raise Unknown(f"no such place: {key}")
        return of[key]
    raise Unknown(f"{of!r} has nothing under {key!r}")


def _dot(children: list[Any]) -> Function:
    of, name = function_of(children[0]), str(children[1])
    return lambda names: _under(of(names), name)


def _index(children: list[Any]) -> Function:
    of, key = function_of(children[0]), function_of(children[1])
    return lambda names: _under(of(names), key(names))


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
        return lambda names: _size(of(names))
    if name in OF_TEXT and len(given) == 1:
        does, word = OF_TEXT[name], function_of(given[0])
        return lambda names: does(_text(of(names)), _text(word(names)))
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
    return lambda names: [item for item in _each(of, names) if _bool(holds({**names, bound: item}))]


def _exists_one(of: Function, bound: str, holds: Function) -> Function:
    found = _filter(of, bound, holds)
    return lambda names: len(found(names)) == 1


def _size(of: Any) -> int:
    if not isinstance(of, str | list | dict):
        raise Unknown(f"{of!r} has no size")
    return len(of)


def _string(of: Any) -> str:
    if isinstance(of, bool):
        return str(of).lower()
    if not isinstance(of, str | int | float):
        raise Unknown(f"{of!r} is no text")
    return str(of)


def _int(of: Any) -> int:
    if isinstance(of, bool) or not isinstance(of, str | int | float):
        raise Unknown(f"{of!r} is no number")
    try:
        return int(of)
    except ValueError:
        raise Unknown(f"{of!r} is no number") from None


def _double(of: Any) -> float:
    if isinstance(of, bool) or not isinstance(of, str | int | float):
        raise Unknown(f"{of!r} is no number")
    try:
        return float(of)
    except ValueError:
        raise Unknown(f"{of!r} is no number") from None


def _text(of: Any) -> str:
    if not isinstance(of, str):
        raise Unknown(f"{of!r} is no text")
    return of


OPERATIONS: dict[str, Callable[[Function, Function], Function]] = {"conditionaland": _and, "conditionalor": _or}
RELATIONS: dict[str, Callable[[Any, Any], bool]] = {
    "relation_eq": _same,
    "relation_ne": lambda one, other: not _same(one, other),
    "relation_lt": _less,
    "relation_le": _at_most,
    "relation_gt": lambda one, other: _less(other, one),
    "relation_ge": lambda one, other: _at_most(other, one),
    "relation_in": _within,
}
COUNTING: dict[str, Callable[[Any, Any], Any]] = {
    "addition_add": _plus,
    "addition_sub": lambda one, other: _number(one) - _number(other),
    "multiplication_mul": lambda one, other: _number(one) * _number(other),
    "multiplication_div": _divided,
    "multiplication_mod": _rest,
}
FUNCTIONS: dict[str, Callable[[Any], Any]] = {"size": _size, "string": _string, "int": _int, "double": _double}
OF_TEXT: dict[str, Callable[[str, str], bool]] = {
    "startsWith": str.startswith,
    "endsWith": str.endswith,
    "contains": str.__contains__,
}
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
