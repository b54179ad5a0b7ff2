"""Demos are played on a lab in lab time, card by card; what a card asserts is looked at when its steps are done."""

from dataclasses import dataclass

from kafkalab.lab import Lab
from kafkalab.lessons.carrying import SLICE_US, START_US, Carrying, look
from kafkalab.lessons.demo import Card, Demo, Show
from kafkalab.lessons.facts import Facts
from kafkalab.lessons.lesson import Step
from kafkalab.lessons.located import LessonRefused
from kafkalab.lessons.work import Pieces, at_once

PIECE_US = 200_000
"""Of the lab's time at once, where others wait for their turn."""


def opening(demo: Demo) -> Pieces[Lab]:
    """The cluster that the demo begins with. It stands still until played. Raises LessonRefused."""
    lab = Lab.open(None, demo.settings, start_us=START_US)
    lab.listens = False
    while not lab.ready:
        lab.advance(SLICE_US)
        yield
    yield from carrying_out(lab, demo.prepare, look(lab))
    return lab


def carrying_out(lab: Lab, steps: tuple[Step, ...], before: Facts) -> Pieces[None]:
    """One after the other, each to its end. Raises LessonRefused where one does not end as it should."""
    carrying = Carrying(lab, steps, before)
    while not carrying.go_on():
        lab.advance(min(carrying.pause_us, PIECE_US))
        yield


@dataclass(frozen=True)
class Proven:
    """What a card asserts, and whether it holds."""

    says: str
    holds: bool
    why_not: str = ""


def proven(card: Card, before: Facts, now: Facts) -> list[Proven]:
    found = []
    for proof in card.proofs:
        try:
            found.append(Proven(proof.says, proof.holds.holds(before=before, now=now)))
        except LessonRefused as error:
            found.append(Proven(proof.says, False, error.why))
    return found


def place_of(show: Show | None, before: Facts, now: Facts) -> str:
    """The id of what a class shall look at, "" where it is nothing yet, or nothing in particular."""
    if show is None or show.computed is None:
        return show.at if show is not None else ""
    if not show.computed.reached(before=before, now=now):
        return ""
    return str(show.computed.value(before=before, now=now))


@dataclass(frozen=True)
class Played:
    """What came of playing a demo."""

    demo: Demo
    played_s: float
    """How much of the lab's time passes while its cards are carried out."""

    @property
    def minutes(self) -> float:
        """With all that is said and asked meanwhile."""
        return (self.demo.talk_s + self.played_s) / 60


def check_demo(demo: Demo) -> Played:
    """Raises LessonRefused with file and line of what does not come true."""
    lab = at_once(opening(demo))
    began_us = lab.world.now_us
    for card in demo.cards:
        _check(lab, card)
    played_s = (lab.world.now_us - began_us) / 1_000_000
    lab.abandon()
    return Played(demo, played_s)


def _check(lab: Lab, card: Card) -> None:
    before = look(lab)
    for proof in card.proofs:
        if proof.already != proof.holds.reached(before=before, now=before):
            words = "does not hold before, though it is said to" if proof.already else "holds before anything was done"
            raise proof.place.refused(f'"{proof.says}" {words}: {proof.holds.text}.')
    at_once(carrying_out(lab, card.do, before))
    now = look(lab)
    for proof in card.proofs:
        if not proof.holds.holds(before=before, now=now):
            raise proof.place.refused(f'"{proof.says}" does not hold: {proof.holds.text}.')
    if card.show is not None:
        place = place_of(card.show, before, now)
        if place not in ("", *lab.view()):
            raise card.show.place.refused(f"{place!r} is not on the stage.")
        if card.show.computed is not None and not place:
            raise card.show.place.refused(f"{card.show.computed.text} is nothing on the stage.")
