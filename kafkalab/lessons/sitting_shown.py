"""A sitting as the page gets it: what is asked, what was said, what happened, and nothing before its time.

The right answer is not in it before the run has been played and what was seen has been asked.
"""

from typing import Any

from kafkalab.lessons.answers import in_words
from kafkalab.lessons.lesson import Lesson, Section
from kafkalab.lessons.phases import CHALLENGE, EXPLAINED, FINISHED, SAW
from kafkalab.lessons.play import same
from kafkalab.lessons.sitting import Sitting
from kafkalab.lessons.told import Told

Shown = dict[str, Any]
AFTER_THE_RUN = (EXPLAINED, CHALLENGE, FINISHED)


def shown(sitting: Sitting) -> Shown:
    """Plain values all through, for JSON. Texts of the lesson are Markdown."""
    return {
        "lesson": _lesson(sitting.lesson),
        "seed": sitting.seed,
        "phase": sitting.phase,
        "error": sitting.error,
        "thinking": sitting.thinking,
        "sandbox": sitting.sandbox is not None,
        "standing_still": bool(sitting.shown.time is not None and sitting.shown.time.paused),
        "index": sitting.index,
        "sections": [_row(sitting, index) for index in range(len(sitting.lesson.sections))],
        "section": _section(sitting, sitting.section, sitting.here),
    }


def _lesson(lesson: Lesson) -> Shown:
    return {
        "number": lesson.number,
        "name": lesson.name,
        "title": lesson.title,
        "minutes": lesson.minutes,
        "belief": lesson.belief,
        "questions": list(lesson.questions),
        "concepts": dict(lesson.concepts),
        "simplifications": list(lesson.simplifications),
    }


def _row(sitting: Sitting, index: int) -> Shown:
    section, told = sitting.lesson.sections[index], sitting.told[index]
    state = (
        "here"
        if index == sitting.index and sitting.phase != FINISHED
        else "done"
        if told.ran or index < sitting.index
        else "ahead"
    )
    return {
        "name": section.name,
        "title": section.title,
        "state": state,
        "restorable": index in sitting.checkpoints,
        "right": told.right(section) if told.ran and (state == "done" or sitting.phase in AFTER_THE_RUN) else None,
        "solved": told.solved,
        "challenge": section.challenge is not None,
    }


def _section(sitting: Sitting, section: Section, told: Told) -> Shown:
    phase, asked = sitting.phase, section.predict
    after = phase in AFTER_THE_RUN
    return {
        "name": section.name,
        "title": section.title,
        "question": section.question,
        "predict": {"ask": asked.ask, "kind": asked.kind, "choices": dict(asked.choices), "among": asked.among},
        "prediction": _prediction(section, told),
        "steps": [{"says": line.says, "kind": line.kind, "done": line.done} for line in sitting.lines],
        "saw": _saw(section, told, after) if phase in (SAW, *AFTER_THE_RUN) else None,
        "outcome": _outcome(section, told) if after and told.ran else None,
        "explanation": section.explanation if after else None,
        "claims": [{"says": each.says, "holds": each.holds, "why_not": each.why_not} for each in told.claims]
        if after
        else [],
        "challenge": _challenge(sitting, section, told) if phase == CHALLENGE else None,
        "last": sitting.index + 1 == len(sitting.lesson.sections),
        "has_challenge": section.challenge is not None,
    }


def _prediction(section: Section, told: Told) -> Shown | None:
    if told.answer is None:
        return None
    words = in_words(told.answer, section.predict.choices)
    place = told.answer if section.predict.kind == "place" else None
    return {"answer": words, "confidence": told.confidence, "because": told.because, "place": place}


def _saw(section: Section, told: Told, after: bool) -> Shown | None:
    asked = section.saw
    if asked is None:
        return None
    question = {"ask": asked.ask, "kind": asked.kind, "choices": dict(asked.choices), "among": asked.among}
    if not after:
        return question
    return question | {
        "said": in_words(told.said_seen, asked.choices),
        "seen": in_words(told.seen, asked.choices),
        "right": same(asked.kind, told.said_seen, told.seen),
    }


def _outcome(section: Section, told: Told) -> Shown:
    """What the hidden fork said would happen, and what did, if that is something else."""
    assert told.key is not None
    asked, belief = section.predict, told.belief(section)
    as_foreseen = same(asked.kind, told.happened, told.key.answer)
    return {
        "answer": in_words(told.key.answer, asked.choices),
        "right": told.right(section),
        "belief": belief.says if belief is not None else None,
        "happened": None if as_foreseen else in_words(told.happened, asked.choices),
    }


def _challenge(sitting: Sitting, section: Section, told: Told) -> Shown:
    challenge = section.challenge
    assert challenge is not None
    return {
        "variation": section.variation,
        "hints": list(challenge.hints[: told.hints]),
        "hints_left": len(challenge.hints) - told.hints,
        "holds_s": challenge.holds_s,
        "held_s": round(min(sitting.held_s, challenge.holds_s), 1),
        "reached": sitting.reached,
        "solved": told.solved,
        "by_solution": told.by_solution,
        "playing_solution": sitting.playing_solution,
    }
