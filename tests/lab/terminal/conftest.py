"""A lab for the terminal, with three brokers."""

from collections.abc import Iterator

import pytest

from kafkalab.lab import Lab
from tests.lab.terminal.hands import opened


@pytest.fixture
def lab() -> Iterator[Lab]:
    lab = opened()
    yield lab
    lab.close()
