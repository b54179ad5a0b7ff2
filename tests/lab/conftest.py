"""What the tests of the lab share."""

from collections.abc import Iterator
from functools import partial

import pytest

from kafkalab.lab import Lab
from tests.lab.labs import Ask, carried_out, opened


@pytest.fixture
def lab() -> Iterator[Lab]:
    lab = opened()
    yield lab
    lab.close()


@pytest.fixture
def ask(lab: Lab) -> Ask:
    return partial(carried_out, lab)
