"""What is told of a drill before it is played: its story and what one learns, and nothing of what breaks.

A drill's own title names the fault, so it is not shown before the debrief.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml
from django.conf import settings
from django.urls import reverse
from django.utils.text import slugify

from kafkalab.drills import Drill, read_drills

DRILLS = settings.BASE_DIR / "fixtures" / "drills"
STORIES = DRILLS / "stories.yaml"


@dataclass(frozen=True, slots=True)
class Story:
    number: int
    called: str
    learns: str
    minutes: int

    @property
    def name(self) -> str:
        """In its address."""
        return str(slugify(self.called))


def drills() -> tuple[Drill, ...]:
    """By number; read again when a file changes. Raises LessonRefused."""
    files = sorted(DRILLS.glob("[0-9]*.md"))
    return _read(tuple((file, file.stat().st_mtime_ns) for file in files))


@lru_cache(maxsize=2)
def _read(stamped: tuple[tuple[Path, int], ...]) -> tuple[Drill, ...]:
    return tuple(sorted(read_drills(DRILLS), key=lambda drill: drill.number))


@lru_cache(maxsize=1)
def stories() -> dict[int, Story]:
    told = yaml.safe_load(STORIES.read_text(encoding="utf-8"))
    return {int(number): Story(int(number), **story) for number, story in told.items()}


def numbered(number: int) -> Drill | None:
    return next((drill for drill in drills() if drill.number == number), None)


def drill_href(number: int) -> str:
    return str(reverse("drill", args=(number, stories()[number].name)))


def first_sentence(drill: Drill) -> str:
    """Of its brief, as plain text."""
    text = drill.brief.replace("**", "").replace("`", "")
    return text.split("\n", 1)[0].partition(". ")[0].rstrip(".") + "."
