"""A duty as the page gets it: what is asked, what was said and what is seen, and nothing before its time.

What broke, which answer is right and what was done in secret is in it only once the debrief has begun.
"""

from dataclasses import asdict
from typing import Any

from kafkalab.drills import timeline as of
from kafkalab.drills.drill import Metric, Question
from kafkalab.drills.duty import Duty
from kafkalab.drills.incident import PINS_NEEDED, Incident
from kafkalab.drills.scoring import score
from kafkalab.drills.timeline import Entry
from kafkalab.lessons import LessonRefused

Shown = dict[str, Any]
SECOND_US = 1_000_000
FACTS_SHOWN = 40
"""Of what happened lately."""
MOST_IN_DEBRIEF = 400
LONGEST_IN_DEBRIEF = 400
"""Of one line: what a command printed may be long."""
MAKING, BRIEF, STEADY, WATCH, PAGED, IMPACT, CAUSE, MEND, HOLD, VERIFIED, DEBRIEF = (
    *("making", "brief", "steady", "watch", "paged", "impact", "cause"),
    *("mend", "hold", "verified", "debrief"),
)


def shown(duty: Duty) -> Shown:
    """Plain values all through, for JSON. Texts of the drill are Markdown."""
    incident = duty.incident
    return {
        "number": duty.drill.number,
        "level": duty.drill.level,
        "seed": incident.seed,
        "step": step_of(duty),
        "error": duty.error,
        "notice": duty.notice,
        "led": duty.led,
        "brief": duty.drill.brief,
        "service_level": duty.drill.service_level.says,
        "pins_needed": PINS_NEEDED,
        "metrics": [_metric(incident, metric) for metric in duty.drill.metrics],
        "page": duty.drill.page.says if incident.paged_us is not None else None,
        "acknowledged": incident.acknowledged_us is not None,
        "impact": _question(incident, duty.drill.impact, incident.impacts, incident.detected_us),
        "cause": _question(incident, duty.drill.diagnosis, incident.guesses, incident.diagnosed_us),
        "pinned": [text[:LONGEST_IN_DEBRIEF] for text in incident.pinned],
        "facts": _facts(incident),
        "hold": _hold(duty),
        "broken": list(incident.broken) if incident.over_us is not None else [],
        "hints": list(duty.drill.hints[: incident.hints_taken]),
        "hint_offered": incident.hint_offered,
        "calls": _calls(incident),
        "debrief": _debrief(incident) if incident.over_us is not None and incident.injected_us is not None else None,
    }


def step_of(duty: Duty) -> str:
    """What the learner has before him."""
    incident = duty.incident
    if duty.making:
        return MAKING
    if incident.over_us is not None and incident.injected_us is not None:
        return DEBRIEF
    if incident.injected_us is None:
        return STEADY if duty.briefed else BRIEF
    if incident.paged_us is None:
        return WATCH
    if incident.verified_us is not None:
        return VERIFIED
    if incident.acknowledged_us is None:
        return PAGED
    if incident.detected_us is None:
        return IMPACT
    if incident.mitigated_us is not None:
        return HOLD
    return CAUSE if incident.diagnosed_us is None else MEND


def _metric(incident: Incident, metric: Metric) -> Shown:
    try:
        value = metric.value.value(before=incident.before, now=incident.facts)
    except LessonRefused:
        # What it is about is not there just now.
        value = None
    return {
        "name": metric.name,
        "says": metric.says,
        "value": round(value, 1) if isinstance(value, float) else value,
        "healthy": metric.healthy.reached(before=incident.before, now=incident.facts),
        "pinned": metric in incident.pinned_metrics,
    }


def _question(incident: Incident, question: Question, said: list[str], right_us: int | None) -> Shown | None:
    """None before the page: by what could be broken one would know where to look."""
    if incident.paged_us is None:
        return None
    return {"ask": question.ask, "choices": dict(question.choices), "said": list(said), "right": right_us is not None}


def _facts(incident: Incident) -> list[Shown]:
    """The newest first: what can be pinned."""
    told = [entry for entry in incident.timeline.entries[-4 * FACTS_SHOWN :] if entry.kind == of.FACT][-FACTS_SHOWN:]
    return [_line(entry, incident) | {"pinned": entry.text in incident.pinned} for entry in reversed(told)]


def _line(entry: Entry, incident: Incident) -> Shown:
    return {
        "number": entry.number,
        "at_us": entry.at_us,
        "at_s": round((entry.at_us - (incident.injected_us or incident.began_us)) / SECOND_US, 1),
        "kind": entry.kind,
        "name": entry.name,
        "text": entry.text[:LONGEST_IN_DEBRIEF],
        "who": entry.who,
    }


def _hold(duty: Duty) -> Shown:
    incident = duty.incident
    state = "held" if incident.verified_us else "holding" if incident.mitigated_us and incident.paged_us else "open"
    return {"state": state, "held_s": int(duty.held_us / SECOND_US), "holds_s": duty.drill.holds_s}


def _calls(incident: Incident) -> list[Shown]:
    if incident.paged_us is None:
        return []
    said = [entry.text for entry in incident.timeline.of(of.SAID) if entry.name == "call"]
    busy = incident.called
    return [
        {
            "name": call.name,
            "says": call.says,
            "answers": call.answers if any(call.answers in text for text in said) else None,
            "at_it": call.name in busy,
        }
        for call in incident.drill.calls.values()
    ]


# -- the debrief -----------------------------------------------------------------------------------------


def _debrief(incident: Incident) -> Shown:
    drill = incident.drill
    return {
        "title": drill.title,
        "won": incident.won,
        "bars": [asdict(bar) for bar in score(incident)],
        "cause": drill.cause,
        "right": drill.diagnosis.choices.get(incident.cause, ""),
        "text": drill.debrief,
        "question": drill.ends_with["question"],
        "evidence": [{"says": each.says, "pinned": each in incident.evidence} for each in drill.evidence],
        "written": dict(incident.written),
        "ours": {name: drill.ends_with[name] for name in ("rule", "alert", "setting")} if incident.written else None,
        "lines": _lines(incident),
    }


def _lines(incident: Incident) -> list[Shown]:
    """All of the timeline with what was believed by then; the oldest facts go where there are too many."""
    entries = incident.timeline.entries
    too_many = max(0, len(entries) - MOST_IN_DEBRIEF)
    left_out = {entry.number for entry in incident.timeline.of(of.FACT)[:too_many]}
    believed, lines = "", []
    for entry in entries:
        if entry.kind == of.SAID and entry.name in ("impact", "diagnosis", "note"):
            believed = entry.text
        if entry.number not in left_out:
            lines.append(_line(entry, incident) | {"believed": believed[:LONGEST_IN_DEBRIEF]})
    return lines
