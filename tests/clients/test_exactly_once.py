"""A run of the job of `exactly_once.py`; `python -m tests.clients.exactly_once` does a hundred."""

import pytest

from tests.clients.conftest import RunningLab
from tests.clients.exactly_once import EXPECTED, one_run


@pytest.mark.timeout(400)
@pytest.mark.parametrize("seed", [1])
def test_every_input_is_counted_once_whatever_crashes(lab: RunningLab, seed: int) -> None:
    found, done = one_run(lab, seed)
    assert found == EXPECTED, "\n".join(done)
