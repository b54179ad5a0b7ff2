"""What a learner said in a section of a lesson, what happened then, and which wrong belief says the same."""

from dataclasses import dataclass, field
from typing import Any

from kafkalab.lessons.answers import in_words
from kafkalab.lessons.expressions import Answer
from kafkalab.lessons.facts import Facts
from kafkalab.lessons.lesson import Belief, Claim, Section
from kafkalab.lessons.located import LessonRefused
from kafkalab.lessons.play import Truth, same


@dataclass
class Checked:
    """A sentence of the explanation, and whether it holds here."""

    says: str
    holds: bool
    why_not: str = ""


@dataclass
class Told:
    """What a learner said and did in a section, and what came of it."""

    answer: Answer = None
    confidence: int = 0
    """From 1 to 5; 0 where the learner did not say."""
    because: str = ""
    key: Truth | None = None
    """By a hidden fork, when the prediction was locked in."""
    happened: Answer = None
    """On the learner's own lab, where he may have done something else meanwhile."""
    ran: bool = False
    said_seen: Answer = None
    seen: Answer = None
    claims: list[Checked] = field(default_factory=list)
    hints: int = 0
    solved: bool = False
    by_solution: bool = False

    def right(self, section: Section) -> bool:
        return self.key is not None and same(section.predict.kind, self.answer, self.key.answer)

    def belief(self, section: Section) -> Belief | None:
        """The wrong one whose rule gives the learner's answer."""
        if self.key is None or self.right(section):
            return None
        by_belief = self.key.by_belief
        beliefs = section.predict.beliefs
        return next((it for it in beliefs if same(section.predict.kind, by_belief[it.name], self.answer)), None)

    # -- as it is noted ------------------------------------------------------------------------------

    def _said(self, section: Section) -> dict[str, Any]:
        asked = section.predict
        sure = self.confidence * 20 if self.confidence else None
        return {"ask": asked.ask, "said": in_words(self.answer, asked.choices), "confidence": sure}

    def prediction_noted(self, section: Section) -> dict[str, Any]:
        return self._said(section) | {"because": self.because}

    def run_noted(self, section: Section) -> dict[str, Any]:
        belief = self.belief(section)
        answer = in_words(self.happened, section.predict.choices)
        came_of_it = {"answer": answer, "right": self.right(section), "belief": belief.name if belief else ""}
        return self._said(section) | came_of_it

    def seen_noted(self, section: Section) -> dict[str, Any]:
        asked = section.saw
        assert asked is not None
        said, seen = in_words(self.said_seen, asked.choices), in_words(self.seen, asked.choices)
        right = same(asked.kind, self.said_seen, self.seen)
        return {"ask": asked.ask, "said": said, "answer": seen, "right": right}


def checked(claim: Claim, before: Facts, after: Facts) -> Checked:
    try:
        return Checked(claim.says, claim.holds.holds(before=before, after=after))
    except LessonRefused as error:
        return Checked(claim.says, False, error.why)
