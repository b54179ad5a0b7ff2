"""What is left of a class's drill, as one document in Markdown: how each cluster got on, what was believed, what broke.

Everybody's own timeline is in the post-mortem of each, and in the rows of the class as JSON.
"""

from collections import Counter
from collections.abc import Sequence

from kafkalab.drills.drill import Drill
from kafkalab.drills.incident import Incident
from kafkalab.drills.postmortem import escaped, in_own_words, listed, summary_row
from kafkalab.drills.scoring import score

COLUMNS = {
    "impact_after_s": "impact after, s",
    "cause_after_s": "cause after, s",
    "verified_after_s": "verified after, s",
    "guesses": "guesses",
    "evidence": "evidence",
    "hints": "hints",
    "lost": "lost",
    "duplicated": "duplicated",
    "below_service_level_s": "below the level, s",
}
"""Of the table: the fields of a summary row, and what stands above them."""


def class_report(drill: Drill, seed: int, incidents: Sequence[tuple[str, Incident]]) -> str:
    """Each with what people call its place. One in which nothing has broken yet is only counted."""
    broken = [(called, incident) for called, incident in incidents if incident.injected_us is not None]
    won = sum(incident.won for _called, incident in broken)
    firsts = Counter(incident.guesses[0] for _called, incident in broken if incident.guesses)
    parts = [
        f"# Class post-mortem: {drill.title}",
        f"Drill {drill.number}, level {drill.level}, seed {seed}. Clusters: {len(incidents)}, broken: {len(broken)}, "
        f"mended: {won}.",
        f"Service level: {drill.service_level.says}",
        "## How each got on",
        _table(broken),
        "## What was believed at first",
        listed([f"{count} of them: {escaped(drill.diagnosis.choices[guess])}" for guess, count in firsts.most_common()])
        or "Nobody named a cause.",
        "## Root cause",
        drill.cause,
        "## What remains",
        drill.debrief,
        listed(f"{name.capitalize()}: {text}" for name, text in drill.ends_with.items()),
        *in_own_words(incident for _called, incident in broken),
        "## Each cluster",
        *(_one(called, incident) for called, incident in broken),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _table(broken: Sequence[tuple[str, Incident]]) -> str:
    heads = ["cluster", "mended", *COLUMNS.values()]
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for called, incident in broken:
        row = summary_row(incident)
        cells = ["-" if row[name] is None else str(row[name]) for name in COLUMNS]
        lines.append(f"| {' | '.join([escaped(called), 'yes' if incident.won else 'no', *cells])} |")
    return "\n".join(lines)


def _one(called: str, incident: Incident) -> str:
    choices = incident.drill.diagnosis.choices
    believed = [f"believed: {escaped(choices[guess])}" for guess in incident.guesses]
    pinned = [f"pinned: {escaped(text)}" for text in incident.pinned]
    never = [f"must never happen, and did: {says}" for says in incident.broken]
    bars = [f"{bar.name}: {' '.join(map(escaped, bar.says))}" for bar in score(incident)]
    return f"### {escaped(called)}\n\n{listed([*bars, *believed, *pinned, *never])}"
