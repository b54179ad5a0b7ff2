"""What the operations and functions of CEL do with values, once they are there.

Nothing is turned into something else in silence: what makes no sense with what it is given has no value.
https://github.com/google/cel-spec/blob/master/doc/langdef.md
"""

from collections.abc import Callable
from typing import Any


class Unknown(Exception):
    """It has no value: there is nothing under a name, or an operation makes no sense with what it is given."""


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
    return number(one) + number(other)


def _divided(one: Any, other: Any) -> Any:
    one, other = number(one), number(other)
    if other == 0:
        raise Unknown("divided by nought")
    if isinstance(one, float) or isinstance(other, float):
        return one / other
    whole = abs(one) // abs(other)
    return whole if (one < 0) == (other < 0) else -whole


def _rest(one: Any, other: Any) -> Any:
    whole = _divided(one, other)
    return one - whole * other


def number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unknown(f"{value!r} is no number")
    return value


def truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Unknown(f"{value!r} is neither true nor false")
    return value


def under(of: Any, key: Any) -> Any:
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


def size(of: Any) -> int:
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


def text(of: Any) -> str:
    if not isinstance(of, str):
        raise Unknown(f"{of!r} is no text")
    return of


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
    "addition_sub": lambda one, other: number(one) - number(other),
    "multiplication_mul": lambda one, other: number(one) * number(other),
    "multiplication_div": _divided,
    "multiplication_mod": _rest,
}
FUNCTIONS: dict[str, Callable[[Any], Any]] = {"size": size, "string": _string, "int": _int, "double": _double}
OF_TEXT: dict[str, Callable[[str, str], bool]] = {
    "startsWith": str.startswith,
    "endsWith": str.endswith,
    "contains": str.__contains__,
}
