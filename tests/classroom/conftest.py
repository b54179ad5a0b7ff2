"""Tests that ask the database from the event loop leave no connection behind for tests that may not ask it."""

import contextlib
from collections.abc import Iterator

import pytest
from asgiref.sync import SyncToAsync
from django.db import connections


@pytest.fixture(autouse=True)
def no_connection_stays() -> Iterator[None]:
    """In the one thread that async code has its database work done in: pytest-django does not know of it, and
    Channels looks after each connection that it finds there."""
    yield
    SyncToAsync.single_thread_executor.submit(_forget).result()


def _forget() -> None:
    with contextlib.suppress(AttributeError):
        del connections["default"]
