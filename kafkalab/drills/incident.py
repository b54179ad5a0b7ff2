"""One learner's cluster under one drill, from the steady state to the debrief.

    steady -> injected -> detected -> diagnosed -> mitigated -> verified -> over

Whoever lets the lab's time pass calls `progress` now and then; twice a second is often enough. Whatever a
learner does to the cluster, by page, terminal or own client, is only seen by what comes of it. A phase may be
passed over: who mends first and asks afterwards does as one should.
"""

from collections.abc import Callable, Sequence
from typing import Any

from kafkalab.drills import timeline as of
from kafkalab.drills.drill import Call, Drill, Evidence, Metric, Rule
from kafkalab.drills.opening import copy_of
from kafkalab.drills.phases import NotNow, Phase
from kafkalab.drills.script import SECOND_US, Script
from kafkalab.drills.timeline import Timeline
from kafkalab.lab import Lab, is_significant
from kafkalab.lessons import Expression, Facts, LessonRefused, Step, look

LOOK_EVERY_US = 500_000
HINT_AFTER_US = 90 * SECOND_US
LONGEST_TEXT = 2_000
PINS_NEEDED = 2


class Incident:
    def __init__(self, drill: Drill, lab: Lab, seed: int) -> None:
        """On a lab that `opened` has made, in its steady state."""
        self.drill, self.lab, self.seed = drill, lab, seed
        self.drawn: dict[str, Any] = {**drill.drawn(seed), "faults": []}
        self.timeline = Timeline()
        self.began_us = lab.world.now_us
        self.pinned_metrics: list[Metric] = []
        self.injected_us: int | None = None
        self.paged_us: int | None = None
        self.acknowledged_us: int | None = None
        self.detected_us: int | None = None
        self.diagnosed_us: int | None = None
        self.mitigated_us: int | None = None
        """Since when the goal holds; None while it does not."""
        self.verified_us: int | None = None
        self.over_us: int | None = None
        self.impacts: list[str] = []
        """What was said of the impact, in order; so with the guesses."""
        self.guesses: list[str] = []
        self.evidence: list[Evidence] = []
        """Those of the drill that have been pinned."""
        self.pinned: list[str] = []
        """Whatever has been pinned, in words."""
        self.updates_us: list[int] = []
        self.hints_taken = 0
        self.broken: dict[str, int] = {}
        """What must never happen and did, by its sentence, and when."""
        self.below_us = 0
        """How long the service level was not kept."""
        self.facts: Facts = self._look()
        self.before: Facts = self.facts
        self.paged: Facts | None = None
        self._since: Facts | None = None
        self.written: dict[str, str] = {}
        """What the learner takes along: one rule, one alert, one setting."""
        self._checkpoint: Lab | None = None
        self._injection: Script | None = None
        self.injected_with: tuple[float, tuple[str, ...]] = (0.0, ())
        """After how many seconds, and after which red herrings."""
        self._calls: list[tuple[int, Call, Script]] = []
        self._ill: dict[str, bool] = {}
        self._looked_us = lab.world.now_us
        self.looks = 0
        """How often the facts were looked at."""
        self._news_us = lab.world.now_us
        lab.world.on_event.append(self._on_event)
        self.who_orders: Callable[[], str] = str
        lab.on_order.append(self._on_order)

    # -- the phases --------------------------------------------------------------------------------

    @property
    def phase(self) -> Phase:
        if self.over_us is not None:
            return Phase.OVER
        if self.injected_us is None:
            return Phase.STEADY
        if self.verified_us is not None:
            return Phase.VERIFIED
        if self.mitigated_us is not None and self.paged_us is not None:
            return Phase.MITIGATED
        if self.diagnosed_us is not None:
            return Phase.DIAGNOSED
        return Phase.INJECTED if self.detected_us is None else Phase.DETECTED

    @property
    def won(self) -> bool:
        """The goal held for long enough, and what must never happen has not."""
        return self.verified_us is not None and not self.broken

    @property
    def injecting(self) -> bool:
        return self._injection is not None and not self._injection.done

    def pin_metrics(self, names: list[str]) -> None:
        """Those by which the learner will know that all is well. Raises NotNow."""
        known = {metric.name: metric for metric in self.drill.metrics}
        chosen = [known[name] for name in dict.fromkeys(names) if name in known]
        if len(chosen) < PINS_NEEDED:
            raise NotNow("Two metrics are needed that say what healthy is.")
        self.pinned_metrics = chosen
        self._said("pinned metrics", ", ".join(metric.name for metric in chosen))

    def inject(self, delay_s: float = 0, herrings: Sequence[str] = ()) -> None:
        """Let it break, after a delay and some things that have nothing to do with it. Raises NotNow."""
        unknown = [name for name in herrings if name not in self.drill.herrings]
        if unknown:
            raise NotNow(f"The drill has no red herring {', '.join(unknown)}.")
        if self.injected_us is not None:
            raise NotNow("It has been injected already.")
        if len(self.pinned_metrics) < PINS_NEEDED:
            raise NotNow("First two metrics must be pinned that say what healthy is.")
        self.injected_with = (delay_s, tuple(herrings))
        self._checkpoint = copy_of(self.lab)
        self.facts = self.before = self._look()
        self.injected_us = self._news_us = self.lab.world.now_us
        self._note(of.HIDDEN, "injection", f"The fault was injected; drawn were {self._drawn_in_words()}.")
        for name in herrings:
            self._note(of.HIDDEN, "red herring", self.drill.herrings[name].says)
        self._injection = self.unseen(self.moves_of_injection())
        self.progress()

    def moves_of_injection(self) -> list[Step]:
        delay_s, herrings = self.injected_with
        moves = [step for name in herrings for step in self.drill.herrings[name].steps]
        return [*moves, Step(self.drill.place, wait_s=delay_s), *self.drill.inject]

    def unseen(self, moves: Sequence[Step]) -> Script:
        return Script(self.lab, moves, self._look, self.before, unseen=True)

    def roll_back(self) -> "Incident":
        """Another go, from just before the injection, on a lab of its own. Raises NotNow."""
        if self._checkpoint is None:
            raise NotNow("Nothing was injected yet.")
        again = Incident(self.drill, copy_of(self._checkpoint), self.seed)
        again.pinned_metrics = list(self.pinned_metrics)
        self._phase_is("rolled back")
        self.end("It was rolled back.")
        return again

    def end(self, why: str) -> None:
        """Nothing is judged any more."""
        if self.over_us is not None:
            return
        self._said("end", why)
        self.over_us = self.lab.world.now_us
        self.lab.world.on_event.remove(self._on_event)
        self.lab.on_order.remove(self._on_order)

    # -- what the learner says -------------------------------------------------------------------------

    def acknowledge(self, who: str = "") -> None:
        """Somebody is at it. Raises NotNow."""
        if self.paged_us is None:
            raise NotNow("There was no page yet.")
        if self.acknowledged_us is None:
            self.acknowledged_us = self.lab.world.now_us
            self._said("acknowledged", "The page was acknowledged.", who)

    def state_impact(self, choice: str, who: str = "") -> bool:
        """Whether it is so. Raises NotNow."""
        if self.paged_us is None:
            raise NotNow("There was no page yet.")
        self._check_choice(choice, list(self.drill.impact.choices))
        self.impacts.append(choice)
        self._said("impact", self.drill.impact.choices[choice], who)
        right = str(self.drill.impact.answer.value(before=self.before, now=self._look())) == choice
        if right and self.detected_us is None:
            self.detected_us = self.lab.world.now_us
            self.updates_us.append(self.detected_us)
            self._phase_is(Phase.DETECTED.value)
        return right

    def diagnose(self, choice: str, who: str = "") -> bool:
        """Whether it is the cause. It may be revised; every guess is kept. Raises NotNow."""
        if self.paged_us is None:
            raise NotNow("There was no page yet.")
        self._check_choice(choice, list(self.drill.diagnosis.choices))
        self.guesses.append(choice)
        self._said("diagnosis", self.drill.diagnosis.choices[choice], who)
        right = choice == self.cause
        if right and self.diagnosed_us is None:
            self.diagnosed_us = self.lab.world.now_us
            self._phase_is(Phase.DIAGNOSED.value)
        return right

    @property
    def cause(self) -> str:
        """The right choice."""
        return str(self.drill.diagnosis.answer.value(before=self.before, now=self._look()))

    def pin_fact(self, number: int, who: str = "") -> bool:
        """A line of the timeline as evidence: whether it shows the cause. Raises NotNow."""
        entry = self.timeline.entry(number)
        if entry is None or entry.kind != of.FACT:
            raise NotNow("That is no fact of the timeline.")
        return self._pin(
            entry.text, lambda it: it.fact == entry.name and self._in_words(it.shows).lower() in entry.text.lower(), who
        )

    def pin_output(self, line: str, output: str, who: str = "") -> bool:
        """What a command printed."""
        output = output[:LONGEST_TEXT]
        return self._pin(
            f"$ {line[:200]}: {output}", lambda it: bool(it.command) and self._in_words(it.shows) in output, who
        )

    def pin_entity(self, entity: str, who: str = "") -> bool:
        """Something on the stage, by its id. Raises NotNow."""
        if entity not in self.lab.view():
            raise NotNow("There is no such thing on the stage.")
        return self._pin(entity, lambda it: bool(it.entity) and self._in_words(it.entity) == entity, who)

    def update(self, text: str, who: str = "") -> None:
        """Tell everybody who waits how things are."""
        self.updates_us.append(self.lab.world.now_us)
        self._said("update", text[:LONGEST_TEXT], who)

    def note(self, text: str, who: str = "") -> None:
        """For the debrief: what somebody believes at this moment."""
        self._said("note", text[:LONGEST_TEXT], who)

    @property
    def hint_offered(self) -> bool:
        """After a minute and a half without anything new."""
        return (
            self.paged_us is not None
            and self.verified_us is None
            and self.hints_taken < len(self.drill.hints)
            and self.lab.world.now_us - self._news_us >= HINT_AFTER_US
        )

    def take_hint(self, who: str = "") -> str:
        """Raises NotNow."""
        if self.hints_taken >= len(self.drill.hints):
            raise NotNow("There are no more hints.")
        if not self.hint_offered:
            raise NotNow("A hint is offered after 90 s without anything new.")
        hint = self.drill.hints[self.hints_taken]
        self.hints_taken += 1
        self._said("hint", hint, who)
        return hint

    def call(self, name: str, who: str = "") -> str:
        """Ask somebody else to do something; what they answer. Raises NotNow."""
        if name not in self.drill.calls:
            raise NotNow("Nobody is there for that.")
        if self.paged_us is None:
            raise NotNow("There was no page yet.")
        call = self.drill.calls[name]
        if name in self.called:
            raise NotNow("They are at it.")
        self._said("call", f"{call.says} {call.answers}", who)
        due_us = self.lab.world.now_us + int(call.takes_s * SECOND_US)
        self._calls.append((due_us, call, self.unseen(call.steps)))
        return call.answers

    @property
    def called(self) -> list[str]:
        """Who is at it."""
        return [call.name for _, call, _ in self._calls]

    # -- what happens ------------------------------------------------------------------------------------

    def progress(self) -> None:
        """Look at what has come of it by now. Raises LessonRefused where the drill's own steps go wrong."""
        if self.over_us is not None:
            return
        if self._injection is not None and not self._injection.done:
            self._injection.progress()
            self.drawn["faults"] = list(self._injection.faults)
        now_us = self.lab.world.now_us
        for due_us, _, script in self._calls:
            if due_us <= now_us:
                script.progress()
        self._calls = [each for each in self._calls if not each[2].done]
        if now_us - self._looked_us < LOOK_EVERY_US:
            return
        passed_us, self._looked_us = now_us - self._looked_us, now_us
        self.facts = self._look()
        self.looks += 1
        self._look_at_metrics()
        if self.injected_us is None or self.verified_us is not None:
            return
        self._look_at_service(passed_us)
        self._look_for_the_page()
        self._look_at_goal()

    def _look_at_metrics(self) -> None:
        for metric in self.pinned_metrics:
            ill = not metric.healthy.reached(before=self.before, now=self.facts)
            if ill != self._ill.get(metric.name, False):
                self._ill[metric.name] = ill
                how = "not healthy any more" if ill else "healthy again"
                self._note(of.METRIC, metric.name, f"{metric.says}: {self._value_of(metric)}, which is {how}.")

    def _value_of(self, metric: Metric) -> str:
        try:
            return str(metric.value.value(before=self.before, now=self.facts))
        except LessonRefused:
            # What it is about is not there just now.
            return "nothing"

    def _look_at_service(self, passed_us: int) -> None:
        if not self.drill.service_level.holds.reached(before=self.before, now=self.facts):
            self.below_us += passed_us

    def _look_for_the_page(self) -> None:
        page = self.drill.page
        if self.paged_us is None and not self.injecting and page.when.reached(before=self.before, now=self.facts):
            self.paged_us = self._news_us = self.lab.world.now_us
            self.paged = self.facts
            self._note(of.PAGE, "page", page.says)

    def _look_at_goal(self) -> None:
        if self.paged_us is None:
            return
        now_us = self.lab.world.now_us
        for rule in self.drill.never:
            if rule.says not in self.broken and self._is_broken(rule):
                self.broken[rule.says] = now_us
                self._note(of.BROKEN, "never", rule.says)
        if not self._holds(self.drill.goal, self._since or self.facts):
            if self.mitigated_us is not None:
                self._phase_is("not mitigated any more")
            self.mitigated_us, self._since = None, None
            return
        if self.mitigated_us is None:
            self.mitigated_us, self._since = now_us, self.facts
            self._phase_is(Phase.MITIGATED.value)
        if now_us - self.mitigated_us >= self.drill.holds_s * SECOND_US:
            self.verified_us = now_us
            self._phase_is(Phase.VERIFIED.value)

    def _holds(self, expression: Expression, since: Facts) -> bool:
        assert self.paged is not None
        return expression.reached(before=self.before, paged=self.paged, since=since, now=self.facts)

    def _is_broken(self, rule: Rule) -> bool:
        """What cannot be said just now, as nobody knows of a group, is no breach."""
        assert self.paged is not None
        try:
            return not rule.holds.holds(before=self.before, paged=self.paged, since=self.facts, now=self.facts)
        except LessonRefused:
            return False

    def _on_event(self, now_us: int, node: str, event: Any) -> None:
        # An answer to an order that nobody was to know of would tell it.
        if self.injected_us is not None and is_significant(node, event) and type(event).__name__ != "AdminAnswered":
            self.timeline.add(now_us, of.FACT, type(event).__name__, event.sentence())

    def _on_order(self, line: str) -> None:
        if self.injected_us is not None:
            self._note(of.ORDER, line.split(maxsplit=1)[0] if line else "", line, self.who_orders())

    # -- parts ---------------------------------------------------------------------------------------------

    def _look(self) -> Facts:
        return look(self.lab) | {"drawn": self.drawn}

    def _pin(self, text: str, shows: Callable[[Evidence], bool], who: str) -> bool:
        if self.paged_us is None:
            raise NotNow("There was no page yet.")
        found = [each for each in self.drill.evidence if shows(each)]
        self.evidence += [each for each in found if each not in self.evidence]
        self.pinned.append(text)
        self._said("evidence", text, who)
        return bool(found)

    def _in_words(self, words: Expression | str) -> str:
        return words if isinstance(words, str) else str(words.value(before=self.before, now=self._look()))

    @staticmethod
    def _check_choice(choice: str, known: list[str]) -> None:
        if choice not in known:
            raise NotNow(f"It must be one of {', '.join(known)}.")

    def _drawn_in_words(self) -> str:
        return ", ".join(f"{name} {value}" for name, value in self.drawn.items() if name != "faults") or "nothing"

    def _said(self, name: str, text: str, who: str = "") -> None:
        self._news_us = self.lab.world.now_us
        self._note(of.SAID, name, text, who)

    def _phase_is(self, name: str) -> None:
        self._news_us = self.lab.world.now_us
        self._note(of.PHASE, name, f"The incident is {name}.")

    def _note(self, kind: str, name: str, text: str, who: str = "") -> None:
        self.timeline.add(self.lab.world.now_us, kind, name, text, who)
