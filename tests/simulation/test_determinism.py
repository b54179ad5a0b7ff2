"""One seed gives one history, on every run and under every hash seed."""

import os
import subprocess
import sys
from copy import deepcopy
from pathlib import Path

from kafkalab.engine.simulation.history import History
from kafkalab.engine.simulation.plans import SECOND_US
from kafkalab.engine.simulation.trace import Trace

SEEDS = range(1, 21)
PREFIX_S = 20
PRINT_HASHES = "from tests.simulation.test_determinism import hashes; print(*hashes(), sep=chr(10))"


def hashes() -> list[str]:
    """Of the first twenty seconds of each history: long enough for its first faults."""
    found = []
    for seed in SEEDS:
        history = History(seed)
        trace = Trace(history.world)
        history.play(PREFIX_S * SECOND_US)
        found.append(trace.hexdigest())
    return found


def under(hash_seed: int) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONHASHSEED": str(hash_seed)}
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", PRINT_HASHES]
    return subprocess.Popen(command, cwd=root, env=environment, stdout=subprocess.PIPE, text=True)


def test_twenty_seeds_have_the_same_traces_under_two_hash_seeds() -> None:
    one, other = under(1), under(2)
    traces = [process.communicate()[0].split() for process in (one, other)]
    assert traces[0] == traces[1]
    assert len(dict.fromkeys(traces[0])) == len(SEEDS)


def test_another_fact_gives_another_trace() -> None:
    first, second = History(7), History(7)
    traces = [Trace(first.world), Trace(second.world)]
    first.play(10 * SECOND_US)
    second.world.random.random()
    second.play(10 * SECOND_US)
    assert traces[0].hexdigest() != traces[1].hexdigest()


def test_a_copy_of_a_history_goes_on_as_the_original_does() -> None:
    original = History(4)
    original.play(12 * SECOND_US)
    copy = deepcopy(original)
    traces = [Trace(copy.world), Trace(original.world)]
    for history in (copy, original):
        until_us = history.world.now_us + 10 * SECOND_US
        while history.world.now_us < until_us:
            history.world.step()
            history.referee.look()
    assert traces[0].hexdigest() == traces[1].hexdigest()
