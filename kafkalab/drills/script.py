"""Steps that are carried out while time passes, one after the other, without ever holding up the clock.

Lessons let time pass until a step is over. An incident cannot: its clock is everybody's, and goes on by itself.
"""

from collections.abc import Callable, Iterable

from kafkalab.drills.drill import Calling, Move
from kafkalab.lab import Lab, Outcome
from kafkalab.lessons import Facts, Step

SECOND_US = 1_000_000
UNTIL_AT_MOST_S = 120
ANSWERED_WITHIN_S = 120
LOOK_EVERY_US = 200_000


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
        self._at = 0
        self._since_us: int | None = None
        """When the present step was begun; None if it is yet to be."""
        self._looked_us = 0
        self._heard: list[Outcome] = []

    @property
    def done(self) -> bool:
        return self._at >= len(self._moves)

    def progress(self) -> None:
        """Do all that can be done by now. Raises LessonRefused where a step does not end as it should."""
        while not self.done:
            move = self._moves[self._at]
            if isinstance(move, Calling):
                self._call(move.call)
            elif not self._is_over(move):
                return
            self._at += 1
            self._since_us = None

    def _is_over(self, step: Step) -> bool:
        now_us = self._lab.world.now_us
        if self._since_us is None:
            self._since_us = now_us
            self._begin(step)
        passed_s = (now_us - self._since_us) / SECOND_US
        if step.until is not None:
            if now_us - self._looked_us < LOOK_EVERY_US:
                return False
            self._looked_us = now_us
            if step.until.reached(before=self._before, now=self._look()):
                return True
            if passed_s > UNTIL_AT_MOST_S:
                raise step.place.refused(f"{step.until.text} did not come true in {UNTIL_AT_MOST_S} s of the lab.")
            return False
        if step.order is None:
            return passed_s >= step.wait_s
        if not self._heard and passed_s > ANSWERED_WITHIN_S:
            raise step.place.refused("the command had no answer in two minutes of the lab.")
        return bool(self._heard) and self._ended(step, self._heard[0])

    def _begin(self, step: Step) -> None:
        if step.order is not None:
            heard: list[Outcome] = []
            self._heard = heard
            self._lab.do(step.order.command(self._before, self._look()), heard.append, unseen=self._unseen)

    def _ended(self, step: Step, outcome: Outcome) -> bool:
        said = outcome.error or ""
        if outcome.detail.get("exit"):
            # A tool at the terminal says so by its exit code.
            said = str(outcome.detail["output"]).strip()
        if not said and step.refused:
            raise step.place.refused(f'the command was carried out; "{step.refused}" was expected.')
        if said and (not step.refused or step.refused not in said):
            raise step.place.refused(f"the command was refused: {said}")
        if "fault" in outcome.detail:
            self.faults.append(outcome.detail["fault"])
        return True
