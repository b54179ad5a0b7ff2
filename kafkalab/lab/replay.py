"""Plays a tape: judged after every step, heard fact by fact, or put on the stage.

A history's tape plays as the simulation played it, with the same referee and the same final count. A
lab's tape has no final count: a person may have left things broken. Every invariant that must hold
after each step is judged there too.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from kafkalab.engine.events import Event, InvariantBroken
from kafkalab.engine.simulation.final_count import final_count
from kafkalab.engine.simulation.history import EPOCH_US, STEPS_IN_ONE_MOMENT, History
from kafkalab.engine.simulation.referee import Referee
from kafkalab.engine.simulation.sight import Broken
from kafkalab.engine.world import World
from kafkalab.lab.lab import Lab
from kafkalab.lab.lab_time import LabTime
from kafkalab.lab.store import LabSettings
from kafkalab.lab.tape import HistoryTape, Tape

LOOK_EVERY_US = 1_000_000
Hear = Callable[[int, str, Event], None]
"""(microseconds since the start, node, fact)"""
Moment = tuple[int, int | None]
"""(microseconds since the start, and after which step of the world if that matters)"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a tape ended."""

    at_us: int
    """Since the start."""
    steps: int
    broken: Broken | None
    counted: bool = False
    """Whether the end was reached and the final count held, where there is one."""


class Script:
    """A world in which a tape is played: what happens next is a step of the world or an act of the tape."""

    def __init__(self, world: World, start_us: int, acts: Iterator[Moment], look: Callable[[], None]) -> None:
        """`acts` does one thing after the other and yields until when the world shall run before the next.

        `look` judges after each step."""
        self.world = world
        self.on_broken: Callable[[Broken], None] | None = None
        """If set, called once when a rule is broken, and from then on nobody judges. Else Broken is raised."""
        self._look = look
        self._start_us = start_us
        self._acts = acts
        self._next: Moment | None = next(acts, None)
        self._moment = (world.now_us, world.steps)
        """Since when, and since which step, time stands still."""

    @property
    def now_us(self) -> int:
        return self.world.now_us

    @property
    def steps(self) -> int:
        return self.world.steps

    @property
    def seed(self) -> int:
        return self.world.seed

    def next_due_us(self) -> int | None:
        return self.world.next_due_us() if self._act_us is None else self._act_us

    def step(self) -> bool:
        try:
            return self._step()
        except Broken as broken:
            if self.on_broken is None:
                raise
            self._look = lambda: None
            self.on_broken(broken)
            return True

    def _step(self) -> bool:
        act_us = self._act_us
        if act_us is not None:
            self.world.now_us = act_us
            self._next = None
            self._next = next(self._acts, None)
            return True
        happened = self.world.step()
        self._look()
        self._look_at_time()
        return happened

    def _look_at_time(self) -> None:
        now_us, since_step = self.world.now_us, self._moment[1]
        if now_us > self._moment[0]:
            self._moment = (now_us, self.world.steps)
        elif self.world.steps - since_step > STEPS_IN_ONE_MOMENT:
            self._moment = (now_us, self.world.steps)
            raise Broken("X4", f"{STEPS_IN_ONE_MOMENT} steps and time stands still: {self.world.last_node} goes round")

    def run_until(self, until_us: int) -> None:
        while (due_us := self.next_due_us()) is not None and due_us <= until_us:
            self.step()
        self.world.run_until(until_us)

    @property
    def _act_us(self) -> int | None:
        """When the next act comes, if nothing of the world's comes before it."""
        if self._next is None:
            return None
        until_us, step = self._next
        until_us += self._start_us
        due_us = self.world.next_due_us()
        in_the_moment = self.world.now_us >= until_us and step is not None and self.world.steps >= step
        if due_us is None or due_us > until_us or in_the_moment:
            return max(self.world.now_us, until_us)
        return None


def replay(tape: Tape | HistoryTape, hear: Hear, until_us: int | None = None) -> Verdict:
    """Play it to the end, or so far. The facts are told as they happen."""
    if isinstance(tape, HistoryTape):
        return _replay_history(tape, hear, until_us)
    lab, script = _lab_of(tape)
    lab.world.on_event.append(lambda at_us, node, event: hear(at_us - tape.start_us, node, event))
    broken = None
    try:
        script.run_until(tape.start_us + (tape.end_us if until_us is None else until_us))
    except Broken as found:
        broken = found
    return Verdict(lab.world.now_us - tape.start_us, lab.world.steps, broken)


def _replay_history(tape: HistoryTape, hear: Hear, until_us: int | None) -> Verdict:
    history = History(tape.plan.seed, tape.plan)
    world = history.world
    world.on_event.append(lambda at_us, node, event: hear(at_us - EPOCH_US, node, event))
    broken = None
    counted = False
    try:
        history.play(until_us)
        if until_us is None or until_us >= tape.plan.end_us:
            final_count(history)
            counted = True
    except Broken as found:
        broken = found
    return Verdict(world.now_us - EPOCH_US, world.steps, broken, counted)


def staged(tape: Tape | HistoryTape, verdict: Verdict) -> Lab:
    """A lab in which the tape stands still just before the end that the verdict tells of."""
    if isinstance(tape, HistoryTape):
        history = History(tape.plan.seed, tape.plan)
        settings = LabSettings(name="replay", brokers=tape.plan.brokers, seed=tape.plan.seed)
        lab = Lab(settings, history.cluster, clock=LabTime(EPOCH_US))
        script = Script(history.world, EPOCH_US, ((at_us, None) for at_us in history.acts()), history.referee.look)
        end_us = EPOCH_US + verdict.at_us
    else:
        lab, script = _lab_of(tape)
        end_us = tape.start_us + verdict.at_us
    last_step = verdict.steps - 1 if verdict.broken else None
    for until_us in [*range(script.now_us, end_us, LOOK_EVERY_US), end_us]:
        _run(script, until_us, last_step)
        # The page shows what was seen before, too: the members of a group whose coordinator is gone.
        lab.view()

    clock = lab.time
    assert clock is not None

    def on_broken(broken: Broken) -> None:
        clock.change(paused=True)
        clock.set(lab.world.now_us)
        lab.tell("referee", InvariantBroken(broken.invariant, broken.detail))

    script.on_broken = on_broken
    lab.conductor.world = script
    clock.change(paused=True)
    clock.set(lab.world.now_us)
    return lab


def _run(script: Script, until_us: int, last_step: int | None) -> None:
    if last_step is None:
        script.run_until(until_us)
        return
    while script.steps < last_step and (due_us := script.next_due_us()) is not None and due_us <= until_us:
        script.step()


def _lab_of(tape: Tape) -> tuple[Lab, Script]:
    """The lab as it was before the first command, and what will be done to it."""
    referees: list[Referee] = []
    lab = Lab.open(
        None,
        replace(tape.settings, name="replay"),
        start_us=tape.start_us,
        # A referee sees every life from its first moment.
        before_start=lambda lab: referees.append(Referee(lab.cluster)),
    )
    lab.tape = None
    lab.listens = False
    return lab, Script(lab.world, tape.start_us, _commands(lab, tape), referees[0].look)


def _commands(lab: Lab, tape: Tape) -> Iterator[Moment]:
    for one in tape.commands:
        yield one.at_us, one.step
        lab.do(one.command, lambda outcome: None)
