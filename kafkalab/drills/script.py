"""The moves of a drill on their way: a lesson's steps, and somebody who is called in between.

The clock of an incident is everybody's and goes on by itself: what is not over yet is asked for again.
"""

from collections.abc import Callable, Iterable

from kafkalab.drills.drill import Calling, Move
from kafkalab.lab import Lab
from kafkalab.lessons import Carrying, Facts, Step

SECOND_US = 1_000_000
UNTIL_AT_MOST_S = 120


class Script:
    def __init__(
        self,
        lab: Lab,
        moves: Iterable[Move],
        look: Callable[[], Facts],
        before: Facts,
        *,
        call: Callable[[str], None] = lambda name: None,
        unseen: bool = False,
    ) -> None:
        """`look` says how things are now. `unseen`: nobody is told what is ordered."""
        self.faults: list[int] = []
        """The numbers of those that it has begun."""
        self._lab, self._moves, self._look, self._before = lab, list(moves), look, before
        self._call, self._unseen = call, unseen
        self._carrying: Carrying | None = None

    @property
    def done(self) -> bool:
        return not self._moves

    def progress(self) -> None:
        """Do all that can be done by now. Raises LessonRefused where a step does not end as it should."""
        while self._moves:
            move = self._moves[0]
            if isinstance(move, Calling):
                self._call(move.call)
            elif not self._is_over(move):
                return
            del self._moves[0]

    def _is_over(self, step: Step) -> bool:
        if self._carrying is None:
            self._carrying = Carrying(
                self._lab,
                (step,),
                self._before,
                look=lambda lab: self._look(),
                until_at_most_s=UNTIL_AT_MOST_S,
                unseen=self._unseen,
            )
        if not self._carrying.go_on():
            return False
        self.faults += self._carrying.faults
        self._carrying = None
        return True
