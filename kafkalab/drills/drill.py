"""A failure drill as its author wrote it: what breaks, what is seen of it, what mends it, and what only looks so.

What may stand where is written down for authors in `fixtures/drills/README.md`.
"""

import random
from dataclasses import dataclass

from kafkalab.lab import LabSettings
from kafkalab.lessons import Expression, Place, Step

MOMENTS = ("before", "paged", "since", "now")
"""When facts are from: before the injection, when the page came, since when the goal holds, and as it is."""
HOLDS_S = 30.0


@dataclass(frozen=True)
class Calling:
    """A step that asks somebody else to do something."""

    place: Place
    call: str


Move = Step | Calling


@dataclass(frozen=True)
class Metric:
    """A number that a learner may pin, and when it is as it should be."""

    place: Place
    name: str
    says: str
    value: Expression
    healthy: Expression


@dataclass(frozen=True)
class Rule:
    """A sentence, and what makes it true."""

    says: str
    holds: Expression


@dataclass(frozen=True)
class Page:
    """What whoever is on call is told: a symptom, and no more."""

    place: Place
    when: Expression
    says: str


@dataclass(frozen=True)
class Question:
    place: Place
    ask: str
    choices: dict[str, str]
    answer: Expression
    """The name of a choice."""


@dataclass(frozen=True)
class Evidence:
    """What shows the cause: a fact that was told, a line of a command's output, or an entity of the lab."""

    place: Place
    says: str
    fact: str = ""
    """The name of its kind."""
    command: str = ""
    """One that shows it. Any other that shows the same is as good."""
    shows: Expression | str = ""
    """Words of the fact's sentence, or of what the command printed."""
    entity: Expression | str = ""
    """By its id."""


@dataclass(frozen=True)
class Call:
    """Somebody who can be asked to do what no command does: the storage team, the developers."""

    place: Place
    name: str
    says: str
    answers: str
    takes_s: float
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Herring:
    """Something that happens at the same time and has nothing to do with it."""

    name: str
    says: str
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class WrongMove:
    """It looks right, and must not win."""

    place: Place
    name: str
    says: str
    because: str
    steps: tuple[Move, ...]


@dataclass(frozen=True)
class Drill:
    place: Place
    number: int
    name: str
    """Of the file, without its number."""
    title: str
    level: int
    brief: str
    """Markdown, as are the other two texts."""
    cause: str
    debrief: str
    settings: LabSettings
    draws: dict[str, tuple[bool | int | float | str, ...]]
    """What the seed chooses one of, each time anew."""
    service_level: Rule
    prepare: tuple[Step, ...]
    steady: Expression
    metrics: tuple[Metric, ...]
    inject: tuple[Step, ...]
    herrings: dict[str, Herring]
    page: Page
    impact: Question
    diagnosis: Question
    evidence: tuple[Evidence, ...]
    goal: Expression
    holds_s: float
    never: tuple[Rule, ...]
    calls: dict[str, Call]
    hints: tuple[str, str, str]
    """Where to look, what to notice, what to do."""
    solution: tuple[Move, ...]
    wrong_moves: tuple[WrongMove, ...]
    ends_with: dict[str, str]
    """The question of the debrief, and the one rule, the one alert and the one setting that remain."""

    def drawn(self, seed: int) -> dict[str, bool | int | float | str]:
        """The same seed always draws the same, and each name is drawn for itself."""
        return {
            name: random.Random(f"{self.name} {name} {seed}").choice(choices) for name, choices in self.draws.items()
        }
