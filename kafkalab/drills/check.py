"""Every drill is played before anybody is given it: its solution wins, its wrong moves and doing nothing do not.

Under each seed, so for each thing that may be drawn.
"""

from dataclasses import dataclass, field

from kafkalab.drills import timeline as of
from kafkalab.drills.drill import Drill, Evidence, Move
from kafkalab.drills.incident import Incident
from kafkalab.drills.opening import opened
from kafkalab.drills.script import SECOND_US, Script
from kafkalab.lab import Lab, Outcome, parse_command
from kafkalab.lessons import Place

SLICE_US = 50_000
PAGE_WITHIN_S = 300
AFTERWARDS_S = 30
"""After so long a move must have shown its effect; then the goal has to hold on."""
STEADY_S = 5


@dataclass
class Played:
    """What came of one play."""

    name: str
    """Empty for the solution."""
    incident: Incident

    @property
    def passed_s(self) -> float:
        """Of the lab, since the injection."""
        return (self.incident.lab.world.now_us - (self.incident.injected_us or 0)) / SECOND_US


@dataclass
class Checked:
    drill: Drill
    seeds: int
    plays: list[Played] = field(default_factory=list)
    """Of the last seed."""


def check(drill: Drill, seeds: range) -> Checked:
    """Raises LessonRefused with file and line of what does not come true."""
    checked = Checked(drill, len(seeds))
    for seed in seeds:
        steady = opened(drill, seed)
        checked.plays = [_solved(drill, steady, seed)]
        for wrong in drill.wrong_moves:
            played = _played(drill, steady.fork(), seed, wrong.steps)
            if played.won:
                raise wrong.place.refused(f'the wrong move "{wrong.name}" wins under seed {seed}.')
            checked.plays.append(Played(wrong.name, played))
        if seed != seeds[0]:
            continue
        idle = _played(drill, steady.fork(), seed, ())
        if idle.won:
            raise drill.goal.place.refused(f"whoever does nothing wins under seed {seed}.")
        checked.plays.append(Played("nothing", idle))
    return checked


def paged(drill: Drill, lab: Lab, seed: int) -> Incident:
    """An incident whose page has just come. Raises LessonRefused if none comes."""
    incident = Incident(drill, lab, seed)
    incident.pin_metrics([metric.name for metric in drill.metrics])
    _pass(incident, STEADY_S)
    for metric in drill.metrics:
        if not metric.healthy.holds(before=incident.before, now=incident.facts):
            raise metric.place.refused(f'"{metric.name}" is not healthy before anything is broken.')
    # With all that only leads astray under every other seed, so that it is known to do no more than that.
    incident.inject(herrings=tuple(drill.herrings) if seed % 2 == 0 else ())
    end_us = lab.world.now_us + PAGE_WITHIN_S * SECOND_US
    while incident.paged_us is None:
        if lab.world.now_us >= end_us:
            raise drill.page.place.refused(f"no page comes within {PAGE_WITHIN_S} s: {drill.page.when.text}.")
        _pass(incident, 0)
    return incident


def _solved(drill: Drill, steady: Lab, seed: int) -> Played:
    incident = paged(drill, steady.fork(), seed)
    if incident.mitigated_us is not None and "since" not in drill.goal.text:
        raise drill.goal.place.refused("the goal is reached before anybody did anything.")
    moments = {"before": incident.before, "paged": incident.facts, "since": incident.facts, "now": incident.facts}
    for rule in drill.never:
        if not rule.holds.holds(**moments):
            raise rule.holds.place.refused(f'"{rule.says}" does not hold when the page comes.')
    for question, say in ((drill.impact, incident.state_impact), (drill.diagnosis, incident.diagnose)):
        answer = str(question.answer.value(before=incident.before, now=incident.facts))
        if answer not in question.choices:
            raise question.answer.place.refused(f"the answer {answer!r} is none of the choices.")
        say(answer)
    _pin_outputs(incident)
    _play(incident, drill.solution)
    if not incident.won:
        raise _not_won(incident)
    for each in drill.evidence:
        if each.fact and not _pin_fact(incident, each):
            raise each.place.refused(f"no such fact was told: {each.fact} {incident._in_words(each.shows)}".rstrip())
        if each not in incident.evidence:
            raise each.place.refused(f'"{each.says}" cannot be shown.')
    incident.update("It is over.")
    incident.end("All is well.")
    return Played("", incident)


def _not_won(incident: Incident) -> Exception:
    drill = incident.drill
    for rule in drill.never:
        if rule.says in incident.broken:
            return rule.holds.place.refused(f'with the solution, "{rule.says}" is broken under seed {incident.seed}.')
    return drill.goal.place.refused(
        f"the solution does not reach the goal under seed {incident.seed}: {drill.goal.text}."
    )


def _played(drill: Drill, lab: Lab, seed: int, moves: tuple[Move, ...]) -> Incident:
    incident = paged(drill, lab, seed)
    _play(incident, moves)
    incident.end("It was played.")
    return incident


def _play(incident: Incident, moves: tuple[Move, ...]) -> None:
    script = Script(incident.lab, moves, incident._look, incident.before, call=lambda name: _call(incident, name))
    script.progress()
    while not script.done:
        _pass(incident, 0)
        script.progress()
    end_us = incident.lab.world.now_us + AFTERWARDS_S * SECOND_US
    while incident.verified_us is None and not incident.broken:
        if incident.lab.world.now_us >= end_us and incident.mitigated_us is None:
            return
        _pass(incident, 0)


def _call(incident: Incident, name: str) -> None:
    incident.call(name)


def _pass(incident: Incident, seconds: float) -> None:
    """At least one slice."""
    end_us = incident.lab.world.now_us + max(SLICE_US, int(seconds * SECOND_US))
    while incident.lab.world.now_us < end_us:
        incident.lab.advance(SLICE_US)
        incident.progress()


def _pin_outputs(incident: Incident) -> None:
    """What the commands named as evidence print, on a copy: nobody has to look in order to win."""
    for each in incident.drill.evidence:
        if each.command:
            output = _printed(incident.lab.fork(), each.command, each.place)
            if not incident.pin_output(each.command, output):
                wanted = incident._in_words(each.shows)
                raise each.place.refused(f"{each.command} does not show {wanted!r}: {output.strip()}")
        elif each.entity:
            entity = incident._in_words(each.entity)
            if entity not in incident.lab.view():
                raise each.place.refused(f"there is no {entity} on the stage.")
            incident.pin_entity(entity)


def _printed(lab: Lab, line: str, place: Place) -> str:
    heard: list[Outcome] = []
    lab.do(parse_command({"command": "run_line", "line": line}), heard.append)
    end_us = lab.world.now_us + 60 * SECOND_US
    while not heard and lab.world.now_us < end_us:
        lab.advance(SLICE_US)
    if not heard:
        raise place.refused(f"{line} did not end in a minute of the lab.")
    return str(heard[0].detail.get("output", heard[0].error))


def _pin_fact(incident: Incident, wanted: Evidence) -> bool:
    return any(entry.name == wanted.fact and incident.pin_fact(entry.number) for entry in incident.timeline.of(of.FACT))
