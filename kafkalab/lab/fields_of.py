"""A message field by field, as plain values: what a person is shown of a request. Long values are shortened."""

from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from kafkalab.lab.ledger import batches_in

LONGEST_TEXT = 200
BYTES_SHOWN = 24
ROWS_SHOWN = 40


@dataclass(frozen=True, slots=True)
class FieldOf:
    name: str
    value: str
    """"" where there are rows instead."""
    rows: tuple[tuple["FieldOf", ...], ...] = ()
    """Of an array of structures; a structure alone is one row."""
    left_out: int = 0
    """Rows that are not shown."""


def fields_of(entity: Any) -> list[FieldOf]:
    return [_field(each.name, getattr(entity, each.name)) for each in fields(entity)]


def _field(name: str, value: Any) -> FieldOf:
    if is_dataclass(value) and not isinstance(value, type):
        return FieldOf(name, "", (tuple(fields_of(value)),))
    if isinstance(value, tuple) and value and is_dataclass(value[0]):
        rows = tuple(tuple(fields_of(row)) for row in value[:ROWS_SHOWN])
        return FieldOf(name, "", rows, len(value) - len(rows))
    return FieldOf(name, _plain(value, name))


def _plain(value: Any, name: str) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case Enum():
            return f"{value.value} ({value.name.upper()})"
        case timedelta():
            return f"{value / timedelta(milliseconds=1):g} ms"
        case datetime():
            return value.isoformat(timespec="milliseconds")
        case bytes() | bytearray() | memoryview():
            return _bytes(bytes(value), name)
        case tuple():
            shown = ", ".join(_plain(each, name) for each in value[:ROWS_SHOWN])
            return f"[{shown}{', …' if len(value) > ROWS_SHOWN else ''}]"
        case str():
            text = value if len(value) <= LONGEST_TEXT else f"{value[:LONGEST_TEXT]}…"
            return f'"{text}"'
    return str(value)


def _bytes(data: bytes, name: str) -> str:
    shown = data[:BYTES_SHOWN].hex(" ")
    whole = f"{len(data)} bytes: {shown}{' …' if len(data) > BYTES_SHOWN else ''}" if data else "0 bytes"
    batches = batches_in(data) if name == "records" else []
    if not batches:
        return whole
    records = sum(count for _, _, count in batches)
    return f"{records} records in {len(batches)} {'batch' if len(batches) == 1 else 'batches'}, {whole}"
