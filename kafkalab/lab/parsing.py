"""Commands from JSON, with the reason beside each field that is wrong, and the documentation of all.

Every note class says what a field means, checks a value that came from outside, and gives back
what the command holds. A wrong value raises `ValueError` with words for the person who sent it.
"""

import json
import re
from dataclasses import MISSING, Field, dataclass, fields
from types import NoneType
from typing import Any, get_args, get_type_hints

SAID_BESIDE_THE_COMMAND = ("command", "id")


@dataclass(frozen=True, slots=True)
class Text:
    says: str
    longest: int = 1_000
    pattern: str | None = None
    choices: tuple[str, ...] = ()

    def read(self, value: Any) -> str:
        if not isinstance(value, str):
            raise ValueError("must be text")
        if self.choices and value not in self.choices:
            raise ValueError(f"must be one of {', '.join(self.choices)}")
        if len(value) > self.longest:
            raise ValueError(f"may have {self.longest} characters at most")
        if self.pattern and not re.fullmatch(self.pattern, value, re.DOTALL):
            raise ValueError(f"is not allowed: {self.says}" if value else "must not be empty")
        return value


@dataclass(frozen=True, slots=True)
class Whole:
    says: str
    lowest: int
    highest: int

    def read(self, value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValueError("must be a whole number")
        if not self.lowest <= value <= self.highest:
            raise ValueError(f"must be from {self.lowest} to {self.highest}")
        return value


@dataclass(frozen=True, slots=True)
class Decimal:
    says: str
    above: float
    highest: float

    def read(self, value: Any) -> float:
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise ValueError("must be a number")
        if not self.above < value <= self.highest:
            raise ValueError(f"must be above {self.above:g} and at most {self.highest:g}")
        return float(value)


@dataclass(frozen=True, slots=True)
class YesNo:
    says: str

    def read(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise ValueError("must be true or false")
        return value


@dataclass(frozen=True, slots=True)
class Names:
    says: str
    pattern: str
    fewest: int = 0

    def read(self, value: Any) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
            raise ValueError("must be a list of names")
        if len(value) < self.fewest:
            raise ValueError(f"needs at least {self.fewest}")
        for name in value:
            if not re.fullmatch(self.pattern, name):
                raise ValueError(f"has {name[:60]!r}, which is no valid name")
        return tuple(dict.fromkeys(value))


@dataclass(frozen=True, slots=True)
class Numbers:
    says: str
    lowest: int
    highest: int

    def read(self, value: Any) -> tuple[int, ...]:
        if not isinstance(value, list) or not value:
            raise ValueError("must be a list of at least one whole number")
        return tuple(Whole(self.says, self.lowest, self.highest).read(number) for number in value)


@dataclass(frozen=True, slots=True)
class Settings:
    says: str
    most: int = 50

    def read(self, value: Any) -> dict[str, str]:
        if not isinstance(value, dict) or len(value) > self.most:
            raise ValueError(f"must be an object of {self.most} names and values at most")
        for name, setting in value.items():
            if isinstance(setting, bool) or not isinstance(setting, str | int | float) or len(str(setting)) > 1_000:
                raise ValueError(f"{name[:60]} must be text or a number")
        return {name: str(setting) for name, setting in value.items()}


@dataclass(frozen=True, slots=True)
class Headers:
    says: str
    most: int = 100

    def read(self, value: Any) -> tuple[tuple[str, str | None], ...]:
        if not isinstance(value, list) or len(value) > self.most:
            raise ValueError(f"must be a list of {self.most} pairs at most")
        for pair in value:
            named = isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str)
            if not named or not isinstance(pair[1], str | NoneType):
                raise ValueError("must be pairs of a name and a value")
            if len(pair[0]) + len(pair[1] or "") > 100_000:
                raise ValueError("may have 100000 characters at most")
        return tuple((name, setting) for name, setting in value)


class CommandRefused(ValueError):
    """What was asked cannot be a command, with a reason for each wrong field."""

    def __init__(self, error: str, reasons: dict[str, str] | None = None) -> None:
        super().__init__(error)
        self.error = error
        self.fields = reasons or {}


def snake_case(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def by_name(union: Any) -> dict[str, type]:
    """The classes of a union under their names in JSON."""
    return {snake_case(cls.__name__): cls for cls in get_args(union)}


def parse(said: Any, known: dict[str, type]) -> Any:
    """One of the known commands from decoded JSON; CommandRefused names every field that is wrong."""
    if not isinstance(said, dict):
        raise CommandRefused("A command is a JSON object.")
    try:
        json.dumps(said, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise CommandRefused("The command holds half a character: text must be whole Unicode.") from None
    name = said.get("command")
    if not isinstance(name, str) or name not in known:
        raise CommandRefused("There is no such command.", {"command": f"must be one of {', '.join(known)}"})
    cls = known[name]
    hints = get_type_hints(cls, include_extras=True)
    values, reasons = {}, {}
    for spec in fields(cls):
        if spec.name not in said:
            if not _has_default(spec):
                reasons[spec.name] = "is missing"
            continue
        try:
            values[spec.name] = _read(hints[spec.name], said[spec.name])
        except ValueError as wrong:
            reasons[spec.name] = str(wrong)
    for extra in said:
        if extra not in hints and extra not in SAID_BESIDE_THE_COMMAND:
            reasons[str(extra)[:60]] = f"is no field of {name}"
    if reasons:
        raise CommandRefused(f"{name}: " + "; ".join(f"{key} {why}" for key, why in reasons.items()), reasons)
    return cls(**values)


def _has_default(spec: "Field[Any]") -> bool:
    return spec.default is not MISSING or spec.default_factory is not MISSING


def _may_be_null(hint: Any) -> bool:
    return NoneType in get_args(get_args(hint)[0])


def _read(hint: Any, value: Any) -> Any:
    if value is None and _may_be_null(hint):
        return None
    return hint.__metadata__[0].read(value)


# -- documentation ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FieldSchema:
    name: str
    type: str
    required: bool
    default: Any
    says: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CommandSchema:
    name: str
    says: str
    fields: tuple[FieldSchema, ...]


def schema(known: dict[str, type]) -> list[CommandSchema]:
    """All commands, for a page of documentation and for the forms."""
    return [CommandSchema(name, (cls.__doc__ or "").strip(), _field_schemas(cls)) for name, cls in known.items()]


_TYPE_NAMES = {
    Text: "text",
    Whole: "number",
    Decimal: "number",
    YesNo: "true or false",
    Names: "list of names",
    Numbers: "list of numbers",
}
_PAIR_NAMES = {Settings: "object of texts", Headers: "list of pairs"}


def _field_schemas(cls: type) -> tuple[FieldSchema, ...]:
    hints = get_type_hints(cls, include_extras=True)
    return tuple(_field_schema(spec, hints[spec.name]) for spec in fields(cls))


def _field_schema(spec: "Field[Any]", hint: Any) -> FieldSchema:
    note = hint.__metadata__[0]
    default = spec.default if spec.default is not MISSING else None
    if spec.default_factory is not MISSING:
        default = spec.default_factory()
    return FieldSchema(
        name=spec.name,
        type=(_TYPE_NAMES | _PAIR_NAMES)[type(note)] + (" or null" if _may_be_null(hint) else ""),
        required=not _has_default(spec),
        default=default,
        says=note.says,
        choices=note.choices if isinstance(note, Text) else (),
    )
