"""Steps on their way: one after the other they are carried out on a lab as its time goes on, and nobody waits.

Whoever plays the lab asks again and again; whoever lets time pass by himself is told how much may pass until then.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from kafkalab.lab import Lab, Outcome, shell
from kafkalab.lessons.facts import Facts, facts_of
from kafkalab.lessons.lesson import UNTIL_AT_MOST_S, Step

SLICE_US = 20_000
SECOND_US = 1_000_000
LOOK_EVERY_US = 100_000
"""At what is waited for: to look at a whole lab is work."""
ANSWERED_WITHIN_S = 120
START_US = 1_767_225_600 * SECOND_US
"""2026-01-01: a lesson's cluster is the same at whatever time of the day it is opened."""


def look(lab: Lab) -> Facts:
    return facts_of(lab.view(), lab.world.now_us - START_US)


@dataclass
class Line:
    """A step that has begun, as it is shown."""

    says: str
    """A command line, or what is waited for."""
    kind: str
    """ "command", "wait" or "until"."""
    done: bool = False


class Carrying:
    """Some steps on one lab. `before` is the moment that their expressions compare with; `look` says how things are
    now. `unseen`: nobody is told what is ordered."""

    def __init__(
        self,
        lab: Lab,
        steps: Iterable[Step],
        before: Facts,
        *,
        look: Callable[[Lab], Facts] = look,
        until_at_most_s: float = UNTIL_AT_MOST_S,
        unseen: bool = False,
    ) -> None:
        self.lines: list[Line] = []
        """Of every step that has begun."""
        self.faults: list[int] = []
        """The numbers of those that the steps have begun."""
        self._lab = lab
        self._steps = tuple(steps)
        self._before = before
        self._look = look
        self._until_at_most_s = until_at_most_s
        self._unseen = unseen
        self._heard: list[Outcome] = []
        self._until_us = 0
        self._looked_us = 0
        self._begun = False

    @property
    def pause_us(self) -> int:
        """How much of the lab's time may pass before anybody needs to ask again."""
        step = self._step
        if not self._begun or step is None or step.order is not None:
            return SLICE_US
        return LOOK_EVERY_US if step.until is not None else max(0, self._until_us - self._lab.world.now_us)

    @property
    def _step(self) -> Step | None:
        at = len(self.lines) - self._begun
        return self._steps[at] if at < len(self._steps) else None

    def go_on(self) -> bool:
        """Do what can be done now. True once all is done. Raises LessonRefused where a step does not end as said."""
        while (step := self._step) is not None:
            if not self._begun:
                self._begin(step)
            if not self._ended(step):
                return False
            self.lines[-1].done = True
            self._begun = False
        return True

    def _begin(self, step: Step) -> None:
        if step.order is not None:
            command = step.order.command(self._before, self._look(self._lab))
            self._begins(shell(command, self._lab.bootstrap_servers), "command", ANSWERED_WITHIN_S)
            # Its own list: an answer that comes too late is heard by nobody.
            self._heard = []
            self._lab.do(command, self._heard.append, unseen=self._unseen)
        elif step.until is not None:
            self._begins(step.until.text, "until", self._until_at_most_s)
            self._looked_us = self._lab.world.now_us - LOOK_EVERY_US
        else:
            self._begins(f"{step.wait_s:g}", "wait", step.wait_s)

    def _begins(self, says: str, kind: str, at_most_s: float) -> None:
        self._begun = True
        self.lines.append(Line(says, kind))
        self._until_us = self._lab.world.now_us + int(at_most_s * SECOND_US)

    def _ended(self, step: Step) -> bool:
        now_us = self._lab.world.now_us
        if step.order is not None:
            return self._answered(step)
        if step.until is None:
            return now_us >= self._until_us
        if now_us - self._looked_us < LOOK_EVERY_US:
            return False
        self._looked_us = now_us
        if step.until.reached(before=self._before, now=self._look(self._lab)):
            return True
        if now_us >= self._until_us:
            raise step.place.refused(f"{step.until.text} did not come true in {self._until_at_most_s:g} s of the lab.")
        return False

    def _answered(self, step: Step) -> bool:
        if not self._heard:
            if self._lab.world.now_us >= self._until_us:
                raise step.place.refused("the command had no answer in two minutes of the lab.")
            return False
        [outcome] = self._heard
        refusal = outcome.error or ""
        if outcome.detail.get("exit"):
            # A tool at the terminal says so by its exit code.
            refusal = str(outcome.detail["output"]).strip()
        if not refusal and step.refused:
            raise step.place.refused(f'the command was carried out; "{step.refused}" was expected.')
        if refusal and (not step.refused or step.refused not in refusal):
            raise step.place.refused(f"the command was refused: {refusal}")
        if "fault" in outcome.detail:
            self.faults.append(outcome.detail["fault"])
        return True
