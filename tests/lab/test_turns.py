"""Connections take turns, and nobody is taken twice before everybody else was taken once."""

import asyncio

import pytest

from kafkalab.lab.turns import Turns

pytestmark = pytest.mark.clock


class Flooder:
    """Always has something, and takes `ms` for it."""

    def __init__(self, turns: Turns, name: str, seconds: float, taken: list[str]) -> None:
        self.turns, self.name, self.seconds, self.taken = turns, name, seconds, taken

    def take_some(self) -> None:
        self.taken.append(self.name)
        deadline = asyncio.get_running_loop().time() + self.seconds
        while asyncio.get_running_loop().time() < deadline:
            pass
        if len(self.taken) < 40:
            self.turns.join(self.take_some)


def played(names: str, seconds: float) -> tuple[list[str], int]:
    """In which order they were taken, and in how many rounds of the loop."""

    async def play() -> tuple[list[str], int]:
        turns, taken, rounds = Turns(), [], 0  # type: ignore[var-annotated]
        for name in names:
            flooder = Flooder(turns, name, seconds, taken)
            turns.ask(flooder.take_some)
        while len(taken) < 40:
            await asyncio.sleep(0)
            rounds += 1
        return taken, rounds

    return asyncio.run(play())


def test_everybody_is_taken_once_before_anybody_is_taken_again() -> None:
    taken, _ = played("abcd", 0.0005)
    # The first was taken as it came, when there was nobody else yet.
    assert taken[:13] == list("aabcdabcdabcd")


def test_slow_ones_leave_the_loop_to_others_after_each_turn() -> None:
    _, rounds = played("abcd", 0.003)
    assert rounds >= 35


def test_quick_ones_share_a_round() -> None:
    _, rounds = played("abcd", 0)
    assert rounds <= 20
