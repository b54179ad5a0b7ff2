"""A demo as its author wrote it: cue cards in YAML for whoever stands at a projector, checked when it is read.

What may stand where is written down for authors in `fixtures/demos/README.md`.
"""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kafkalab.lab import LabSettings
from kafkalab.lessons.documents import cluster_settings
from kafkalab.lessons.expressions import Expression
from kafkalab.lessons.lesson import PLACES, Step, steps
from kafkalab.lessons.located import Located, Place, read_yaml

LENSES = ("flow", "log", "matrix", "spacetime")
NAME = re.compile(r"\d+-([a-z][a-z0-9-]{0,60})")
MOMENTS = ("before", "now")
"""When facts are from: when the card was put up, and as it is."""
MOST_CARDS = 12
WORDS_A_MINUTE = 105
"""Of somebody who explains something, with the pauses that it takes."""
QUESTION_S = 30.0
"""Until a class has said what it expects."""


@dataclass(frozen=True)
class Proof:
    """A sentence that the card asserts, and what makes it true."""

    place: Place
    says: str
    holds: Expression
    already: bool
    """It holds before the card's steps, too: what the class shall see is that nothing changed."""


@dataclass(frozen=True)
class Show:
    """Where a class shall look."""

    place: Place
    lens: str
    """One of LENSES; empty: whichever there is."""
    at: str
    """An entity's id; empty: nothing in particular."""
    computed: Expression | None = None
    """The same, where it differs from one run to the next."""


@dataclass(frozen=True)
class Card:
    place: Place
    title: str
    say: str
    """Markdown, as is `ask`."""
    ask: str
    """Of the class, before anything happens; empty: nothing."""
    do: tuple[Step, ...]
    show: Show | None
    proofs: tuple[Proof, ...]


@dataclass(frozen=True)
class Demo:
    place: Place
    lesson: int
    """The number of the lesson that it belongs to."""
    name: str
    """Of the file, without its number."""
    title: str
    settings: LabSettings
    """With the seed: in class happens what happened at home."""
    prepare: tuple[Step, ...]
    cards: tuple[Card, ...]
    preset: dict[str, Any]
    """Its cluster, as it is written down."""

    @property
    def path(self) -> str:
        """By which it is known, and in addresses."""
        return f"{self.lesson}-{self.name}"

    @property
    def talk_s(self) -> float:
        """How long somebody says and asks what stands on the cards, about."""
        words = sum(len(card.say.split()) + len(card.ask.split()) for card in self.cards)
        return 60 * words / WORDS_A_MINUTE + QUESTION_S * sum(bool(card.ask) for card in self.cards)


def read_demo(file: Path, text: str | None = None) -> Demo:
    """From that text, where it is given: it was not written down yet. Raises LessonRefused with file and line."""
    named = NAME.fullmatch(file.stem)
    if named is None:
        raise Place(file, 1).refused("a demo's file is called as in 04-who-picks-the-partition.yaml.")
    head = read_yaml(file, file.read_text(encoding="utf-8") if text is None else text, 1)
    said = head.mapping(("lesson", "title", "cards"), ("cluster",))
    cluster = (
        said["cluster"].mapping((), ("brokers", "controllers", "seed", "configs", "prepare"))
        if "cluster" in said
        else {}
    )
    cards = tuple(_card(each) for each in said["cards"].items())
    if not 1 <= len(cards) <= MOST_CARDS:
        raise said["cards"].place.refused(f"a demo has 1 to {MOST_CARDS} cards.")
    return Demo(
        place=head.place,
        lesson=int(said["lesson"].number(1, 99)),
        name=named[1],
        title=said["title"].text(),
        settings=_settings(cluster),
        prepare=steps(cluster["prepare"]) if "prepare" in cluster else (),
        cards=cards,
        preset=said["cluster"].plain if "cluster" in said else {},
    )


def read_demos(directory: Path) -> tuple[Demo, ...]:
    """All of a directory, by their lessons. Raises LessonRefused."""
    demos = sorted((read_demo(file) for file in directory.glob("*.yaml")), key=lambda demo: (demo.lesson, demo.name))
    return tuple(demos)


def _settings(cluster: dict[str, Located]) -> LabSettings:
    seed = int(cluster["seed"].number(1, 2**31)) if "seed" in cluster else 1
    return replace(cluster_settings("demo", cluster), seed=seed)


def _card(located: Located) -> Card:
    said = located.mapping(("title", "say"), ("ask", "do", "show", "holds"))
    if "holds" in said and "do" not in said:
        raise said["holds"].place.refused("what holds is what comes of do, and there is none.")
    return Card(
        place=located.place,
        title=said["title"].text(),
        say=said["say"].text(),
        ask=said["ask"].text() if "ask" in said else "",
        do=steps(said["do"]) if "do" in said else (),
        show=_show(said["show"]) if "show" in said else None,
        proofs=tuple(_proof(each) for each in said["holds"].items()) if "holds" in said else (),
    )


def _proof(located: Located) -> Proof:
    said = located.mapping(("says", "holds"), ("already",))
    already = said["already"].value if "already" in said else False
    if not isinstance(already, bool):
        raise said["already"].place.refused("already is true where it holds before the card's steps, too.")
    return Proof(located.place, said["says"].text(), Expression(said["holds"], MOMENTS), already)


def _show(located: Located) -> Show:
    said = located.mapping((), ("lens", "at"))
    lens = said["lens"].text() if "lens" in said else ""
    if lens and lens not in LENSES:
        raise said["lens"].place.refused(f"{lens!r} is none of {', '.join(LENSES)}.")
    at = said["at"].text() if "at" in said else ""
    if at.startswith("="):
        place = said["at"].place
        return Show(place, lens, "", Expression(Located(place, at[1:].strip()), MOMENTS))
    if at and at.partition(":")[0] not in PLACES:
        raise said["at"].place.refused(f"{at!r} is no id on the stage: it begins with one of {', '.join(PLACES)}.")
    return Show(located.place, lens, at)
