"""The demos that there are, read again when a file changes; one that does not hold is left out and named."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.urls import reverse

from kafkalab.lessons import LessonRefused
from kafkalab.lessons.demo import Demo, read_demo

DEMOS = settings.BASE_DIR / "fixtures" / "demos"


@dataclass(frozen=True)
class Shelf:
    demos: tuple[Demo, ...]
    """By their lessons."""
    refusals: tuple[str, ...]
    """Of files that are no demos as they stand: file, line, and why."""

    def found(self, lesson: int, name: str) -> Demo | None:
        return next((demo for demo in self.demos if (demo.lesson, demo.name) == (lesson, name)), None)


def shelf() -> Shelf:
    files = sorted(DEMOS.glob("*.yaml"))
    return _read(tuple((file, file.stat().st_mtime_ns) for file in files))


@lru_cache(maxsize=2)
def _read(stamped: tuple[tuple[Path, int], ...]) -> Shelf:
    demos, refusals = [], []
    for file, _ in stamped:
        try:
            demos.append(read_demo(file))
        except LessonRefused as refused:
            refusals.append(str(refused))
    demos.sort(key=lambda demo: (demo.lesson, demo.name))
    return Shelf(tuple(demos), tuple(refusals))


def demo_href(demo: Demo) -> str:
    """Where it is shown."""
    return str(reverse("demo", args=(demo.lesson, demo.name)))
