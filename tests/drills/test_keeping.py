"""An incident that is kept goes on where it was, on a lab that is made again from its tape."""

import json
from pathlib import Path
from typing import Any

import pytest

from kafkalab.drills import Drill, Incident, opened, read_drill
from kafkalab.drills.check import paged
from kafkalab.drills.drill import Calling, Move
from kafkalab.drills.keeping import Remade, entry_of, moments_of, remaking, resumed, state_of
from kafkalab.drills.script import Script
from kafkalab.lab import Lab, Tape, leave_lab_time, read_tape
from kafkalab.lessons.work import at_once

DRILLS = Path(__file__).parents[2] / "fixtures" / "drills"
SECOND_US = 1_000_000


def kept_and_gone_on(incident: Incident) -> tuple[Incident, Remade]:
    """Through JSON and back, as another process would."""
    lab = incident.lab
    assert lab.tape is not None
    text = lab.tape.lines(lab.world.now_us)
    said = json.dumps(
        [state_of(incident), moments_of(incident), [entry_of(each) for each in incident.timeline.entries]]
    )
    state, moments, entries = json.loads(said)
    tape = read_tape(text, "kept")
    assert isinstance(tape, Tape)
    remade = at_once(remaking(tape, state))
    return resumed(incident.drill, remade, state, moments, entries), remade


def play(incident: Incident, moves: tuple[Move, ...], seconds: float) -> None:
    script = Script(incident.lab, moves, incident._look, incident.before, call=lambda name: called(incident, name))
    end_us = incident.lab.world.now_us + int(seconds * SECOND_US)
    while not script.done or incident.lab.world.now_us < end_us:
        script.progress()
        incident.lab.advance(47_013)
        incident.progress()


def called(incident: Incident, name: str) -> None:
    incident.call(name)


def shown(lab: Lab) -> dict[str, Any]:
    return {name: it for name, it in lab.view().items() if it["kind"] not in ("lab",)}


def drill(number: str) -> Drill:
    [file] = DRILLS.glob(f"{number}-*.md")
    return read_drill(file)


@pytest.mark.parametrize(("number", "before"), [("01", 1), ("05", 4), ("10", 2)])
def test_it_is_won_by_the_rest_of_the_solution_after_it_was_made_again(number: str, before: int) -> None:
    found = drill(number)
    incident = paged(found, opened(found, 2), 2)
    incident.state_impact(str(found.impact.answer.value(before=incident.before, now=incident.facts)))
    play(incident, found.solution[:before], 3)
    again, remade = kept_and_gone_on(incident)
    assert remade.exact
    assert shown(again.lab) == shown(incident.lab)
    assert (again.phase, again.timeline.entries) == (incident.phase, incident.timeline.entries)
    assert [(again.before, again.paged)] == [(incident.before, incident.paged)]
    rest = tuple(move for move in found.solution[before:] if not (isinstance(move, Calling) and again.called))
    for each in (incident, again):
        play(each, rest, 45)
    assert (again.won, again.drawn["faults"]) == (True, incident.drawn["faults"])
    assert shown(again.lab) == shown(incident.lab)


def test_it_goes_on_while_it_is_being_injected_and_can_be_rolled_back() -> None:
    found = drill("12")
    lab = opened(found, 3)
    leave_lab_time(lab)
    incident = Incident(found, lab, 3)
    incident.pin_metrics([metric.name for metric in found.metrics])
    incident.inject(delay_s=5, herrings=("a-reader-comes",))
    play(incident, (), 2)
    again, remade = kept_and_gone_on(incident)
    assert (remade.exact, again.injecting, again.drawn["faults"]) == (True, True, [])
    for each in (incident, again):
        play(each, (), 20)
    assert again.drawn["faults"] == incident.drawn["faults"] == [1]
    assert [name for name in again.lab.view() if name.startswith("fault:")] == []
    assert again.paged_us == incident.paged_us is not None
    back, other = again.roll_back(), incident.roll_back()
    assert shown(back.lab) == shown(other.lab)
    third, remade = kept_and_gone_on(back)
    assert (remade.exact, third.phase.value) == (True, "steady")
