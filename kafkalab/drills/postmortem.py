"""What is left of an incident: a post-mortem in Markdown that blames nobody, and rows for CSV and JSON."""

import re
from collections.abc import Iterable
from typing import Any

from kafkalab.drills import timeline as of
from kafkalab.drills.incident import Incident
from kafkalab.drills.scoring import losses, score

SECOND_US = 1_000_000
MOST_LINES = 200
"""Of the timeline in the document. All of it is in the rows."""
_MARKS = re.compile(r"([\\`*_{}\[\]<>|#])")


def post_mortem(incident: Incident) -> str:
    """Of one that is over, or as it stands."""
    drill = incident.drill
    lost, doubled = losses(incident)
    bars = score(incident)
    guesses = [drill.diagnosis.choices[guess] for guess in incident.guesses]
    parts = [
        f"# Post-mortem: {drill.title}",
        f"Drill {drill.number}, level {drill.level}, seed {incident.seed}. "
        + ("Mended, and it held." if incident.won else "It was not mended."),
        "## Impact",
        listed(
            [
                _said_of_impact(incident),
                f"Service level: {drill.service_level.says}",
                f"Below it for {incident.below_us / SECOND_US:.0f} s.",
                f"Acked records lost: {lost}. Duplicates: {doubled}.",
                *(f"Must never happen, and did: {says}" for says in incident.broken),
            ]
        ),
        "## When",
        listed(
            f"{name}: {_at(incident, at_us)}"
            for name, at_us in (
                ("Injected", incident.injected_us),
                ("Paged", incident.paged_us),
                ("Impact stated", incident.detected_us),
                ("Cause found", incident.diagnosed_us),
                ("Verified", incident.verified_us),
            )
        ),
        "## Root cause",
        drill.cause,
        "### What was believed on the way",
        listed([escaped(guess) for guess in guesses] or ["Nothing was guessed."]),
        "### Evidence",
        listed([escaped(pinned) for pinned in incident.pinned] or ["Nothing was pinned."]),
        "## What remains",
        drill.debrief,
        listed(f"{name.capitalize()}: {text}" for name, text in drill.ends_with.items()),
        *in_own_words([incident]),
        "## The four bars",
        "\n".join(f"- {bar.name}: {_drawn(bar.filled)} {' '.join(map(escaped, bar.says))}" for bar in bars),
        "## Timeline",
        _timeline(incident),
    ]
    return "\n\n".join(parts) + "\n"


def timeline_rows(incident: Incident) -> list[dict[str, Any]]:
    """Every line of the timeline. Seconds count from the beginning of the incident."""
    return incident.timeline.rows(incident.began_us, hidden=incident.over_us is not None)


def summary_row(incident: Incident) -> dict[str, Any]:
    """One line of a class."""
    lost, doubled = losses(incident)
    return {
        "drill": incident.drill.number,
        "title": incident.drill.title,
        "seed": incident.seed,
        "phase": incident.phase.value,
        "won": incident.won,
        "impact_after_s": _after_page(incident, incident.detected_us),
        "cause_after_s": _after_page(incident, incident.diagnosed_us),
        "verified_after_s": _after_page(incident, incident.verified_us),
        "guesses": len(incident.guesses),
        "evidence": len(incident.evidence),
        "hints": incident.hints_taken,
        "lost": lost,
        "duplicated": doubled,
        "below_service_level_s": round(incident.below_us / SECOND_US, 1),
        "broken": len(incident.broken),
        **{bar.name: bar.filled for bar in score(incident)},
    }


def listed(items: Iterable[str]) -> str:
    """As a list in Markdown."""
    return "\n".join(f"- {item}" for item in items)


def in_own_words(incidents: Iterable[Incident]) -> list[str]:
    """What those who were on call take along; nothing where nobody wrote anything."""
    own = [
        f"{name.capitalize()}: {escaped(text)}"
        for incident in incidents
        for name, text in incident.written.items()
        if text
    ]
    return ["### In our own words", listed(own)] if own else []


def escaped(text: str) -> str:
    """Text that people wrote, on one line and without any meaning in Markdown or HTML."""
    return _MARKS.sub(r"\\\1", " ".join(text.split())).replace("\\<", "&lt;").replace("\\>", "&gt;")


def _said_of_impact(incident: Incident) -> str:
    if not incident.impacts:
        return "Nobody stated it."
    return "Stated as: " + "; ".join(incident.drill.impact.choices[choice] for choice in incident.impacts)


def _at(incident: Incident, at_us: int | None) -> str:
    return "never" if at_us is None else f"{(at_us - incident.began_us) / SECOND_US:.1f} s"


def _after_page(incident: Incident, at_us: int | None) -> float | None:
    if at_us is None or incident.paged_us is None:
        return None
    return round((at_us - incident.paged_us) / SECOND_US, 1)


def _drawn(filled: float) -> str:
    full = round(filled * 8)
    return "█" * full + "░" * (8 - full)


def _timeline(incident: Incident) -> str:
    """The facts go first where there are too many lines."""
    entries = incident.timeline.entries
    too_many = len(entries) - MOST_LINES
    facts = [entry.number for entry in entries if entry.kind == of.FACT]
    left_out = set(facts[len(facts) - min(too_many, len(facts)) :]) if too_many > 0 else set()
    lines = ["| s | what | |", "|---|---|---|"]
    for entry in entries:
        if entry.number not in left_out:
            who = f" ({escaped(entry.who)})" if entry.who else ""
            lines.append(
                f"| {(entry.at_us - incident.began_us) / SECOND_US:.1f} | {entry.kind} | {escaped(entry.text)}{who} |"
            )
    if left_out or incident.timeline.left_out:
        lines.append(f"\n{len(left_out) + incident.timeline.left_out} more facts are not shown here.")
    return "\n".join(lines)
