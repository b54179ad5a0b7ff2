"""Rows as a CSV file that a spreadsheet opens without running anything."""

import csv
import io
from typing import Any

FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def as_csv(rows: list[dict[str, Any]]) -> str:
    """With a line of names first: all that there are, in the order in which they come."""
    out = io.StringIO()
    names = list(dict.fromkeys(name for row in rows for name in row))
    if names:
        writer = csv.DictWriter(out, names, restval="", lineterminator="\r\n")
        writer.writeheader()
        writer.writerows({name: _harmless(value) for name, value in row.items()} for row in rows)
    return out.getvalue()


def _harmless(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value[:1] in FORMULAS else value
