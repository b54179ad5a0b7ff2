"""All that shares the loop takes turns, and nobody is taken twice before everybody else was taken once."""

import asyncio
import time

import pytest

from kafkalab.lab.turns import Again, Turns, turns_of

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


def test_for_whom_somebody_waits_does_not_stand_behind_the_others_nor_keep_them_from_their_turns() -> None:
    async def play() -> list[str]:
        turns, taken = Turns(), []  # type: ignore[var-annotated]
        crowd = [Flooder(turns, name, 0.001, taken) for name in "abcdefgh"]
        urgent = Flooder(turns, "!", 0.001, taken)
        for each in crowd:
            turns.join(each.take_some)
        turns.join(urgent.take_some)
        turns.join(urgent.take_some, pressing=True)
        while len(taken) < 40:
            if "!" in taken[-4:]:
                turns.join(urgent.take_some, pressing=True)
            await asyncio.sleep(0)
        return taken

    taken = asyncio.run(play())
    assert taken[0] == "!"
    # In each round the other line has as much time; the last of it is further away than that.
    assert "".join(taken).replace("!", "")[:16] == "abcdefgh" * 2
    assert taken[:20].count("!") > 4


def test_what_comes_again_is_taken_in_its_turn_and_not_after_it_was_stopped() -> None:
    async def play() -> int:
        taken: list[int] = []
        again = Again(lambda: taken.append(1))
        again.after(0.001)
        assert again.comes
        await asyncio.sleep(0.02)
        assert (taken, again.comes) == ([1], False)
        again.after(0.001)
        turns = turns_of(asyncio.get_running_loop())
        turns.join(lambda: time.sleep(0.003))
        await asyncio.sleep(0)
        again.stop()
        await asyncio.sleep(0.02)
        return len(taken)

    assert asyncio.run(play()) == 1
