"""Long work in small pieces: whoever does it goes on with it now and then, and others get their turn in between."""

import time
from collections.abc import Generator
from typing import Generic, TypeVar

Value = TypeVar("Value")
Pieces = Generator[None, None, Value]
"""Whose every step is short, and which ends with what came of it."""


class Work(Generic[Value]):
    def __init__(self, pieces: Pieces[Value]) -> None:
        self._pieces = pieces
        self._found: list[Value] = []

    @property
    def value(self) -> Value:
        """Once it is done."""
        [value] = self._found
        return value

    def go_on(self, for_s: float) -> bool:
        """About so long. True once it is done."""
        end = time.perf_counter() + for_s
        while not self._found:
            try:
                next(self._pieces)
            except StopIteration as ended:
                self._found.append(ended.value)
            if time.perf_counter() >= end:
                break
        return bool(self._found)


def at_once(pieces: Pieces[Value]) -> Value:
    while True:
        try:
            next(pieces)
        except StopIteration as ended:
            value: Value = ended.value
            return value
