"""`manage.py checkdrills`: every drill is played with its solution and its wrong moves, under several seeds."""

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from kafkalab.drills import Checked, LessonRefused, check, read_drill, read_drills, score

DRILLS = settings.BASE_DIR / "fixtures" / "drills"


class Command(BaseCommand):
    help = "Play every drill's solution, which must win, and its wrong moves, which must not."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="*", type=Path, help="drills to check; all, unless named")
        parser.add_argument("--seeds", type=int, default=3, help="how many seeds each is played under")

    def handle(self, *_: Any, **options: Any) -> None:
        if options["seeds"] < 1:
            raise CommandError("--seeds must be 1 or more.")
        refused: list[str] = []
        try:
            drills = [read_drill(file) for file in options["files"]] or read_drills(DRILLS)
        except (LessonRefused, OSError) as error:
            raise CommandError(str(error)) from None
        for drill in drills:
            began = time.perf_counter()
            try:
                self._tell(check(drill, range(1, options["seeds"] + 1)), time.perf_counter() - began)
            except LessonRefused as error:
                refused.append(str(error))
                self.stdout.write(f"{drill.number:>2} {drill.title}: {error}")
        if refused:
            raise CommandError(f"{len(refused)} of {len(drills)} drills do not hold.")
        self.stdout.write(f"{len(drills)} drills hold.")

    def _tell(self, checked: Checked, took_s: float) -> None:
        drill = checked.drill
        self.stdout.write(f"{drill.number:>2} {drill.title}: {took_s:.1f} s for {checked.seeds} seeds")
        for played in checked.plays:
            incident = played.incident
            bars = " ".join(f"{bar.name} {bar.filled:.2f}" for bar in score(incident))
            broken = "".join(f"; broken: {says}" for says in incident.broken)
            name = played.name or "solution"
            how = "wins" if incident.won else "does not win"
            self.stdout.write(f"   {name}: {how}, {played.passed_s:.0f} s of the lab; {bars}{broken}")
