"""How much of an answer stands in the lessons word for word: advice to its writer, and never a grade.

Every run of five words of the answer is looked up among those of the lessons. Case and punctuation do not count,
nor does what is quoted with > or stands in a block of code: who quotes does not copy.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

RUN = 5
_WORD = re.compile(r"[^\W_]+(?:['\u2019.][^\W_]+)*")
_FENCE = re.compile(r"^\s{0,3}(```|~~~)")


@dataclass(frozen=True)
class Copied:
    runs: int
    """Of five words, in the answer."""
    found: int
    """Of those, in the lessons."""
    longest: str
    """The longest passage that stands there too, in the answer's own writing."""

    @property
    def percent(self) -> int:
        return round(100 * self.found / self.runs) if self.runs else 0


def runs_of(texts: Iterable[str]) -> frozenset[tuple[str, ...]]:
    """All runs of five words, to be compared with."""
    return frozenset(run for text in texts for run in _runs([word.group().casefold() for word in _WORD.finditer(text)]))


def copied(answer: str, known: frozenset[tuple[str, ...]]) -> Copied:
    own = _own_words(answer)
    words = list(_WORD.finditer(own))
    runs = _runs([word.group().casefold() for word in words])
    hits = [run in known for run in runs]
    longest, length, at = (0, 0), 0, 0
    for at, hit in enumerate(hits):
        length = length + 1 if hit else 0
        if length > longest[1] - longest[0]:
            longest = (at - length + 1, at + 1)
    passage = own[words[longest[0]].start() : words[longest[1] + RUN - 2].end()] if longest[1] else ""
    return Copied(len(runs), sum(hits), " ".join(passage.split()))


def _runs(words: list[str]) -> list[tuple[str, ...]]:
    return [tuple(words[at : at + RUN]) for at in range(len(words) - RUN + 1)]


def _own_words(answer: str) -> str:
    kept, fence = [], ""
    for line in answer.split("\n"):
        marker = _FENCE.match(line)
        if fence:
            fence = "" if marker and marker[1] == fence else fence
        elif marker:
            fence = marker[1]
        elif not line.lstrip().startswith(">"):
            kept.append(line)
    return "\n".join(kept)
