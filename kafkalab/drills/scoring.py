"""Four bars and never one number: how soon the impact was known, why, what came of it, and who was told.

A bar is filled from 0 to 1 and says in sentences by what. There is no bar for speed as such.
"""

from dataclasses import dataclass

from kafkalab.drills.incident import PINS_NEEDED, Incident

SECOND_US = 1_000_000
SOON_S, LATE_S = 60, 300
"""An impact that is stated by then fills its bar, or does not fill it at all."""
UPDATE_EVERY_S = 120
"""So often those who wait want to hear something."""
STEP = 0.25
"""What a wrong guess, or a piece of evidence that is missing, takes away."""


@dataclass(frozen=True, slots=True)
class Bar:
    name: str
    filled: float
    says: tuple[str, ...]


def score(incident: Incident) -> tuple[Bar, Bar, Bar, Bar]:
    """As things are; of an incident that goes on they change yet."""
    return _detection(incident), _diagnosis(incident), _outcome(incident), _communication(incident)


def _bar(name: str, filled: float, says: list[str]) -> Bar:
    return Bar(name, round(min(1.0, max(0.0, filled)), 2), tuple(says))


def _detection(incident: Incident) -> Bar:
    name = "detection"
    if incident.paged_us is None:
        return _bar(name, 0, ["There was no page."])
    if incident.detected_us is None:
        return _bar(name, 0, ["The impact was not stated as it is."])
    took_s = (incident.detected_us - incident.paged_us) / SECOND_US
    says = [f"The impact was stated {took_s:.0f} s after the page."]
    wrong = len(incident.impacts) - 1 - _after(incident.impacts, _right_impact(incident))
    if wrong:
        says.append(f"It was stated wrongly before: {wrong} times." if wrong > 1 else "It was stated wrongly before.")
    return _bar(name, 1 - max(0.0, took_s - SOON_S) / (LATE_S - SOON_S) - STEP * wrong, says)


def _right_impact(incident: Incident) -> str:
    """The one that was accepted."""
    return str(incident.drill.impact.answer.value(before=incident.before, now=incident.paged or incident.before))


def _after(said: list[str], right: str) -> int:
    """How much was said after the right thing."""
    return len(said) - 1 - said.index(right) if right in said else 0


def _diagnosis(incident: Incident) -> Bar:
    name = "diagnosis"
    if incident.diagnosed_us is None:
        said = f"Guessed {len(incident.guesses)} times." if incident.guesses else "No cause was named."
        return _bar(name, 0, ["The cause was not found.", said])
    wrong = incident.guesses.index(incident.cause) if incident.cause in incident.guesses else 0
    pieces = min(PINS_NEEDED, len(incident.evidence))
    says = [
        "The cause was found"
        + (f" after {wrong} other guess{'es' if wrong > 1 else ''}." if wrong else " at the first guess.")
    ]
    says += [f"It is shown by: {each.says}" for each in incident.evidence]
    if pieces < PINS_NEEDED:
        missing = PINS_NEEDED - pieces
        says.append(f"{missing} of {PINS_NEEDED} pieces of evidence {'is' if missing == 1 else 'are'} missing.")
    return _bar(name, max(STEP, 1 - STEP * wrong - STEP * (PINS_NEEDED - pieces)), says)


def _outcome(incident: Incident) -> Bar:
    lost, doubled = losses(incident)
    below_s = incident.below_us / SECOND_US
    says = [
        "It holds." if incident.won else "It was not mended." if incident.verified_us is None else "It came too late.",
        f"Acked records lost: {lost}. Duplicates: {doubled}.",
        f"Below the service level for {below_s / 60:.1f} minutes.",
        *(f"Broken: {says}" for says in incident.broken),
    ]
    whole = 1.0 if incident.won else STEP
    return _bar("outcome", whole - STEP * len(incident.broken) - min(STEP, below_s / 60 * 0.05), says)


def losses(incident: Incident) -> tuple[int, int]:
    """Acked records lost, and duplicates, since the injection."""
    ledger, before = incident.facts["ledger"], incident.before["ledger"]
    return (
        ledger["lost_after_ack"] - before["lost_after_ack"],
        ledger["duplicated"] - before["duplicated"],
    )


def _communication(incident: Incident) -> Bar:
    name = "communication"
    if incident.paged_us is None:
        return _bar(name, 0, ["There was no page."])
    end_us = incident.verified_us or incident.over_us or incident.lab.world.now_us
    spans = max(1, -(-(end_us - incident.paged_us) // (UPDATE_EVERY_S * SECOND_US)))
    heard = {
        (at_us - incident.paged_us) // (UPDATE_EVERY_S * SECOND_US) for at_us in incident.updates_us if at_us <= end_us
    }
    closed = incident.verified_us is not None and any(at_us >= incident.verified_us for at_us in incident.updates_us)
    says = [
        f"Others heard something in {len(heard)} of {spans} spans of two minutes.",
        "They were told that it is over." if closed else "Nobody told them that it is over.",
    ]
    return _bar(name, 0.75 * len(heard) / spans + (STEP if closed else 0), says)
