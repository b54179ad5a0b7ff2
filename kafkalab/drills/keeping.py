"""What is needed to go on with an incident after the process has ended: its state as plain values, and its lab's tape.

The lab is not kept but made again: the same seed and the same orders, after the same steps of the world, give the same
history. What clients from outside have sent is on no tape; that the lab is not as it was is then told.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from kafkalab.drills.drill import Drill
from kafkalab.drills.incident import Incident
from kafkalab.drills.opening import copy_of
from kafkalab.drills.script import Script
from kafkalab.drills.timeline import FACT, Entry
from kafkalab.lab import Lab, Ports, Tape
from kafkalab.lessons import Step, look
from kafkalab.lessons.work import Pieces

SECOND_US = 1_000_000
STEPS_AT_ONCE = 400
"""Of the world, before others have their turn."""
SHOWN_EVERY_US = 2 * SECOND_US
"""So often a lab that is made again is looked at, so that it can be scrubbed."""
PLAIN = (
    *("seed", "began_us", "injected_us", "paged_us", "acknowledged_us", "detected_us", "diagnosed_us"),
    *("mitigated_us", "verified_us", "over_us", "impacts", "guesses", "pinned", "updates_us", "hints_taken"),
    *("broken", "below_us", "written", "_ill", "_looked_us", "_news_us"),
)
"""What is a plain value by itself."""

State = dict[str, Any]


def state_of(incident: Incident) -> State:
    """As it is now; for JSON. The timeline, the moments and the tape are kept beside it, as they grow."""
    lab = incident.lab
    injection = incident._injection
    return {name: getattr(incident, name) for name in PLAIN} | {
        "at_us": lab.world.now_us,
        "steps": lab.world.steps,
        "drawn": incident.drawn,
        "left_out": incident.timeline.left_out,
        "metrics": [metric.name for metric in incident.pinned_metrics],
        "evidence": [incident.drill.evidence.index(each) for each in incident.evidence],
        "injected_with": [incident.injected_with[0], list(incident.injected_with[1])],
        "injected_step": incident._checkpoint.world.steps if incident._checkpoint is not None else 0,
        "taped_before": len(incident._checkpoint.tape.commands)
        if incident._checkpoint is not None and incident._checkpoint.tape is not None
        else 0,
        "injection": _left_of(injection) if injection is not None else None,
        "calls": [
            {"name": call.name, "due_us": due_us, "script": _left_of(script)}
            for due_us, call, script in incident._calls
        ],
    }


def moments_of(incident: Incident) -> State:
    """What was seen when the page came, and since when the goal holds."""
    moments = {"paged": incident.paged, "since": incident._since}
    return {
        name: None if facts is None else {key: value for key, value in facts.items() if key != "drawn"}
        for name, facts in moments.items()
    }


def entry_of(entry: Entry) -> State:
    return asdict(entry)


def _left_of(script: Script) -> State:
    """How many moves are yet to be made, and how long the first of them still waits."""
    left, wait_s = len(script._moves), None
    carrying = script._carrying
    if carrying is not None and carrying._begun and isinstance(step := script._moves[0], Step):
        if step.order is not None:
            # It was ordered, so it is on the tape.
            left -= 1
        elif step.until is None:
            wait_s = max(0, carrying._until_us - script._lab.world.now_us) / SECOND_US
    return {"left": left, "wait_s": wait_s, "faults": list(script.faults)}


# -- going on ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Remade:
    lab: Lab
    checkpoint: Lab | None
    """Just before the injection, if there was one."""
    exact: bool
    """It took as many steps to come there as the first time."""


def remaking(tape: Tape, state: State, ports: Ports | None = None, host: str = "") -> Pieces[Remade]:
    """The lab as it stood, in small pieces, reached by other ports perhaps. It stands still until played."""
    settings = replace(tape.settings, host=host or tape.settings.host)
    lab = Lab.open(None, settings, ports, start_us=tape.start_us)
    lab.listens = bool(ports)
    checkpoint: Lab | None = None
    shown_us = 0
    injected_us = state["injected_us"]
    orders = [(tape.start_us + one.at_us, one.step or 0, one) for one in tape.commands]
    for number, (at_us, step, one) in enumerate(orders):
        if injected_us is not None and checkpoint is None and number == state["taped_before"]:
            shown_us = yield from _come_to(lab, injected_us, state["injected_step"], shown_us)
            checkpoint = copy_of(lab)
        shown_us = yield from _come_to(lab, at_us, step, shown_us)
        lab.do(one.command, lambda outcome: None, unseen=one.unseen)
    if injected_us is not None and checkpoint is None:
        shown_us = yield from _come_to(lab, injected_us, state["injected_step"], shown_us)
        checkpoint = copy_of(lab)
    yield from _come_to(lab, state["at_us"], state["steps"], shown_us)
    return Remade(lab, checkpoint, lab.world.steps == state["steps"])


def _come_to(lab: Lab, at_us: int, step: int, shown_us: int) -> Pieces[int]:
    """Until that moment, and after that step of it. When the lab was looked at last."""
    world = lab.world
    taken = 0
    while (due_us := world.next_due_us()) is not None and due_us <= at_us:
        if world.now_us >= at_us and world.steps >= step:
            return shown_us
        world.step()
        taken += 1
        if taken % STEPS_AT_ONCE == 0:
            yield
        if world.now_us - shown_us >= SHOWN_EVERY_US:
            shown_us = world.now_us
            lab.snapshot()
    world.now_us = max(world.now_us, at_us)
    return shown_us


def resumed(drill: Drill, remade: Remade, state: State, moments: State, entries: Iterable[State]) -> Incident:
    """The incident goes on where it was."""
    lab = remade.lab
    incident = Incident(drill, lab, state["seed"])
    for name in PLAIN:
        setattr(incident, name, state[name])
    incident.drawn = state["drawn"]
    incident._checkpoint = remade.checkpoint
    by_name = {metric.name: metric for metric in drill.metrics}
    incident.pinned_metrics = [by_name[name] for name in state["metrics"] if name in by_name]
    incident.evidence = [drill.evidence[number] for number in state["evidence"]]
    incident.injected_with = (state["injected_with"][0], tuple(state["injected_with"][1]))
    drawn = {"drawn": incident.drawn}
    incident.facts = incident.before = incident._look()
    if remade.checkpoint is not None:
        incident.before = look(remade.checkpoint) | drawn
    for name, facts in (("paged", moments["paged"]), ("_since", moments["since"])):
        setattr(incident, name, None if facts is None else facts | drawn)
    timeline = incident.timeline
    timeline.entries = [Entry(**entry) for entry in entries]
    timeline.left_out = state["left_out"]
    timeline._facts = len(timeline.of(FACT)) + timeline.left_out
    if state["injection"] is not None:
        incident._injection = _gone_on(incident, incident.moves_of_injection(), state["injection"])
    incident._calls = [
        (each["due_us"], call, _gone_on(incident, list(call.steps), each["script"]))
        for each in state["calls"]
        if (call := drill.calls.get(each["name"])) is not None
    ]
    if incident.over_us is not None:
        lab.world.on_event.remove(incident._on_event)
        lab.on_order.remove(incident._on_order)
    return incident


def _gone_on(incident: Incident, moves: list[Step], state: State) -> Script:
    left = moves[len(moves) - state["left"] :] if state["left"] else []
    if left and state["wait_s"] is not None:
        left[0] = replace(left[0], wait_s=state["wait_s"])
    script = incident.unseen(left)
    script.faults = list(state["faults"])
    return script
