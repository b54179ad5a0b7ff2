"""Somebody who is on call at one drill: from the brief to the debrief, on a cluster of his own, and then once more.

Whoever plays the lab calls `go_on` several times a second. What breaks, and when, a script has drawn from the seed;
or a facilitator says so with `inject`.
"""

import random
from collections.abc import Callable, Sequence

from kafkalab.drills import duty_commands as say
from kafkalab.drills.drill import Drill
from kafkalab.drills.gate import Gate
from kafkalab.drills.incident import PINS_NEEDED, Incident
from kafkalab.drills.phases import NotNow
from kafkalab.lab import Lab, leave_lab_time, parse_command
from kafkalab.lessons import LessonRefused
from kafkalab.lessons.pace import hold
from kafkalab.lessons.work import Pieces, Work

DELAYS_S = (4.0, 8.0, 12.0, 20.0, 30.0)
"""How long a script may wait before it breaks something."""
MOST_HERRINGS = 2
AT_ONCE_S = 0.02
"""Of the machine's time, for what a new cluster needs to come to its steady state."""

Making = Callable[[int], Pieces[Lab]]
"""Another cluster in its steady state, under that seed."""
News = tuple[object, ...]


def scripted(drill: Drill, seed: int) -> tuple[float, tuple[str, ...]]:
    """After how long it breaks, and which red herrings come before: the same for the same seed."""
    chance = random.Random(f"{drill.name} script {seed}")
    most = min(MOST_HERRINGS, len(drill.herrings))
    return chance.choice(DELAYS_S), tuple(chance.sample(sorted(drill.herrings), chance.randint(0, most)))


class Duty:
    def __init__(
        self,
        incident: Incident,
        make: Making,
        *,
        on_lab: Callable[[Lab], None] = lambda lab: None,
        on_incident: Callable[[Incident], None] = lambda incident: None,
        led: bool = False,
    ) -> None:
        """`on_lab` hears of the lab that takes the place of the one before, which is let go of after that, and
        `on_incident` of each new incident. `led`: a facilitator says when it breaks, and no script."""
        self.drill = incident.drill
        self.incident = incident
        self.on_lab = on_lab
        self.on_incident = on_incident
        self.led = led
        self.briefed = False
        self.error = ""
        """Why it does not go on, in a sentence."""
        self.notice = ""
        """What is to be said of it besides, by its name."""
        self._make = make
        self._making: tuple[Work[Lab], int] | None = None
        """Another cluster that is not there yet, and its seed."""
        if incident.over_us is None:
            self._guard(incident.lab)
        else:
            incident.lab.faults.reveal()
            hold(incident.lab)

    @property
    def lab(self) -> Lab:
        return self.incident.lab

    @property
    def making(self) -> bool:
        """The next cluster is being prepared: the sooner `go_on` is called again the sooner it is there."""
        return self._making is not None

    @property
    def held_us(self) -> int:
        """For how long the goal has held by now, of the lab's time."""
        incident = self.incident
        if incident.verified_us is not None:
            return int(self.drill.holds_s * 1_000_000)
        return self.lab.world.now_us - incident.mitigated_us if incident.mitigated_us is not None else 0

    @property
    def news(self) -> News:
        """Another value whenever there is something new to be told; what somebody says is not in it."""
        incident = self.incident
        looked = id(incident), incident.looks, len(incident.timeline.entries), incident.hint_offered
        return (*looked, self.held_us // 1_000_000, self.error, self.notice, self.making)

    # -- as time goes on --------------------------------------------------------------------------------

    def go_on(self) -> None:
        if self._making is not None:
            self._go_on_making(*self._making)
        elif not self.error:
            try:
                self.incident.progress()
            except LessonRefused as refused:
                # The learner did something that the drill's own script did not expect.
                self.error = f"The drill cannot go on from here: {refused.why} Roll back, or run it again."

    def broke(self, sentence: str) -> None:
        """The engine did."""
        self.error = f"{sentence} Run the drill again."

    def _go_on_making(self, work: Work[Lab], seed: int) -> None:
        try:
            if not work.go_on(AT_ONCE_S):
                return
        except LessonRefused as refused:
            self._making, self.error = None, f"The drill does not become steady: {refused.why}"
            return
        self._making = None
        self._take(Incident(self.drill, work.value, seed))

    def _take(self, incident: Incident) -> None:
        """In the place of the one before."""
        old = self.lab
        self.incident = incident
        self.error = self.notice = ""
        self._guard(incident.lab)
        self.on_lab(incident.lab)
        self.on_incident(incident)
        old.abandon()

    @staticmethod
    def _guard(lab: Lab) -> None:
        leave_lab_time(lab)
        lab.gate = Gate(lab)

    # -- what a facilitator says ----------------------------------------------------------------------------

    def inject(self, delay_s: float = 0, herrings: Sequence[str] = ()) -> None:
        """Raises NotNow."""
        self._need_incident()
        self.incident.inject(delay_s, herrings)

    def stop(self, why: str) -> None:
        """Nothing is judged any more, and nothing is hidden."""
        lab = self.lab
        self.incident.end(why)
        lab.faults.reveal()
        lab.gate = lambda command: ""
        if not lab.world.edges:
            lab.do(parse_command({"command": "enter_lab_time"}), lambda outcome: None)
            hold(lab)

    def roll_back(self) -> None:
        """Raises NotNow."""
        if self.making:
            raise NotNow("The next cluster is being prepared.")
        self._take(self.incident.roll_back())

    # -- what the learner says ------------------------------------------------------------------------------

    def do(self, command: say.DutyCommand, who: str = "") -> str:
        """What there is to say to it, if anything; `who` gives the order. Raises NotNow."""
        match command:
            case say.TakePager():
                self.briefed = True
            case say.RunAgain() | say.RollBack() | say.BeginDebrief() if self.led:
                raise NotNow("Whoever leads the room says when.")
            case say.RunAgain(seed):
                self._run_again(seed or self.incident.seed + 1)
            case say.RollBack():
                self.roll_back()
            case say.BeginDebrief(sure):
                self._begin_debrief(sure)
            case say.WriteDown(rule, alert, setting):
                self._write_down(rule, alert, setting)
            case _:
                self._need_incident()
                return self._at_work(command, who)
        return ""

    def _at_work(self, command: say.DutyCommand, who: str) -> str:
        incident = self.incident
        match command:
            case say.PinMetrics(metrics):
                if incident.injected_us is not None:
                    raise NotNow("It has begun: what healthy is was said before.")
                incident.pin_metrics(list(metrics))
            case say.BeginWatch():
                if self.led:
                    raise NotNow("Whoever leads the room says when it begins.")
                incident.inject(*scripted(self.drill, incident.seed))
            case say.AcknowledgePage():
                incident.acknowledge(who)
            case say.StateImpact(choice):
                return "" if incident.state_impact(choice, who) else "It does not fit what can be seen. Look again."
            case say.NameCause(choice):
                if len(incident.pinned) < PINS_NEEDED:
                    raise NotNow("A cause needs two pinned pieces of evidence.")
                return "" if incident.diagnose(choice, who) else "Something speaks against it. It is noted; look again."
            case say.PinFact(number):
                incident.pin_fact(number, who)
            case say.PinTold(at_us, text):
                incident.pin_fact(incident.timeline.told(at_us, text), who)
            case say.PinOutput(number):
                self._pin_output(number, who)
            case say.PinEntity(entity):
                incident.pin_entity(entity, who)
            case say.TellOthers(text):
                incident.update(text, who)
            case say.NoteBelief(text):
                incident.note(text, who)
            case say.AskHint():
                return incident.take_hint(who)
            case say.CallSomebody(name):
                return incident.call(name, who)
        return ""

    def _need_incident(self) -> None:
        if self.making:
            raise NotNow("The next cluster is being prepared.")
        if self.incident.over_us is not None:
            raise NotNow("It is over: run it again.")
        if self.error:
            raise NotNow(self.error)

    def _pin_output(self, number: int, who: str) -> None:
        job = self.lab.terminal.jobs.get(number)
        if job is None or job.unseen:
            raise NotNow("There is no such line, or it is too long ago.")
        if job.exit is None:
            raise NotNow("It still runs.")
        self.incident.pin_output(job.line, str(job.detail()["output"]), who)

    def _begin_debrief(self, sure: bool) -> None:
        self._need_no_making()
        if self.incident.injected_us is None:
            raise NotNow("Nothing has broken yet.")
        if self.incident.over_us is None:
            if self.incident.verified_us is None and not sure:
                raise NotNow("It is not over: say that you are sure to give up.")
            self.stop("It was verified." if self.incident.verified_us is not None else "It was given up.")

    def _write_down(self, rule: str, alert: str, setting: str) -> None:
        if self.incident.over_us is None:
            raise NotNow("That comes in the debrief.")
        self.incident.written = {"rule": rule.strip(), "alert": alert.strip(), "setting": setting.strip()}

    def _run_again(self, seed: int) -> None:
        self._need_no_making()
        if self.incident.injected_us is not None and self.incident.over_us is None and not self.error:
            raise NotNow("It is not over: end it first, with the debrief.")
        self.incident.end("It was run again.")
        self.error = ""
        self._making = (Work(self._make(seed)), seed)

    def _need_no_making(self) -> None:
        if self.making:
            raise NotNow("The next cluster is being prepared.")
