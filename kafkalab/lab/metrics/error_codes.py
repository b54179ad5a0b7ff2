"""The error codes in an answer, wherever they stand: one for the whole of it, or one for each partition.

Where they stand is found out once for each kind of answer, from the fields that it has. Nearly all answers
have none but NONE, and each answer of the lab comes through here.
"""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any, get_args, get_type_hints

from kafkalab.wire.errors import ErrorCode

FIELD = "error_code"
_FINE = ErrorCode.none
_places: dict[type, tuple[bool, tuple[str, ...]]] = {}
"""Of each class: whether it has a code itself, and in which of its fields there are rows that have some."""


def errors_in(body: Any) -> list[ErrorCode]:
    """All but NONE, each as often as it stands there."""
    found: list[ErrorCode] = []
    _collect(body, found)
    return found


def _collect(entity: Any, found: list[ErrorCode]) -> None:
    has_code, rows = _places.get(entity.__class__) or _look_at(entity.__class__)
    if has_code:
        code = entity.error_code
        if code is not _FINE:
            found.append(code)
    for name in rows:
        for row in getattr(entity, name) or ():
            _collect(row, found)


def _look_at(kind: type) -> tuple[bool, tuple[str, ...]]:
    known = _places.get(kind)
    if known is not None:
        return known
    hints = get_type_hints(kind)
    with_code = tuple(
        each.name for each in fields(kind) if any(any(_look_at(row)) for row in _rows_of(hints[each.name]))
    )
    _places[kind] = found = any(each.name == FIELD for each in fields(kind)), with_code
    return found


def _rows_of(hint: Any) -> Iterator[type]:
    """The classes that a tuple of them is made of."""
    for inner in get_args(hint):
        if isinstance(inner, type) and is_dataclass(inner):
            yield inner
        else:
            yield from _rows_of(inner)
