"""`manage.py checkdemos`: every demo is played card by card, and what its cards assert must come true."""

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from kafkalab.lessons import LessonRefused
from kafkalab.lessons.demo import read_demo, read_demos
from kafkalab.lessons.demo_play import check_demo

DEMOS = settings.BASE_DIR / "fixtures" / "demos"


class Command(BaseCommand):
    help = "Play every demo, and check that each card's assertions are false before it and true after it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="*", type=Path, help="demos to check; all, unless named")

    def handle(self, *_: Any, **options: Any) -> None:
        try:
            demos = tuple(read_demo(file) for file in options["files"]) or read_demos(DEMOS)
        except (LessonRefused, OSError) as error:
            raise CommandError(str(error)) from None
        refused = 0
        for demo in demos:
            began = time.perf_counter()
            try:
                played = check_demo(demo)
            except LessonRefused as error:
                refused += 1
                self.stdout.write(f"{demo.lesson:>2} {demo.title}: {error}")
                continue
            took_s = time.perf_counter() - began
            size = f"{len(demo.cards)} cards, about {played.minutes:.0f} minutes"
            self.stdout.write(
                f"{demo.lesson:>2} {demo.title}: {size}, {played.played_s:.1f} s of the lab, {took_s:.1f} s"
            )
        if refused:
            raise CommandError(f"{refused} of {len(demos)} demos do not hold.")
        self.stdout.write(f"{len(demos)} demos hold.")
