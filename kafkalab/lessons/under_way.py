"""What a sitting is at: steps that are played on its lab, and hidden labs that run ahead."""

from collections.abc import Callable
from typing import Any

from kafkalab.lessons.carrying import Carrying, Line
from kafkalab.lessons.work import Pieces, Work


class UnderWay:
    def __init__(self, at_once_s: float) -> None:
        """That long others wait at most while a hidden lab runs ahead."""
        self._at_once_s = at_once_s
        self._carrying: Carrying | None = None
        self._played = True
        self._work: Work[Any] | None = None
        self._then: Callable[[Any], None] = lambda found: None

    @property
    def lines(self) -> list[Line]:
        """The steps that are being played, or were played last."""
        return self._carrying.lines if self._carrying is not None else []

    @property
    def thinking(self) -> bool:
        return self._work is not None

    def play(self, carrying: Carrying) -> None:
        self._carrying, self._played = carrying, False

    def played(self) -> bool:
        """What can be played by now is played; True when that is all. Raises LessonRefused."""
        if self._carrying is not None and not self._played:
            self._played = self._carrying.go_on()
        return self._played

    @property
    def playing(self) -> bool:
        return not self._played

    def think(self, pieces: Pieces[Any], then: Callable[[Any], None]) -> None:
        """`then` hears what came of it."""
        self._work, self._then = Work(pieces), then

    def thought(self) -> bool:
        """A piece more; True when nothing is left to think about. Raises LessonRefused."""
        if self._work is not None and self._work.go_on(self._at_once_s):
            found, self._work = self._work.value, None
            self._then(found)
        return self._work is None

    def drop(self) -> None:
        self._carrying, self._played, self._work = None, True, None
