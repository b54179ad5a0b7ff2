"""`manage.py checklessons`: every lesson is played with its solutions, under several seeds."""

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from kafkalab.lessons import Checked, LessonRefused, check, read_lesson, read_lessons

LESSONS = settings.BASE_DIR / "fixtures" / "lessons"


class Command(BaseCommand):
    help = "Play every lesson's solution, and check its goals, claims and wrong beliefs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="*", type=Path, help="lessons to check; all, unless named")
        parser.add_argument("--seeds", type=int, default=5, help="how many seeds each is played under")

    def handle(self, *_: Any, **options: Any) -> None:
        if options["seeds"] < 1:
            raise CommandError("--seeds must be 1 or more.")
        refused: list[str] = []
        try:
            lessons = [read_lesson(file) for file in options["files"]] or read_lessons(LESSONS)
        except (LessonRefused, OSError) as error:
            raise CommandError(str(error)) from None
        for lesson in lessons:
            began = time.perf_counter()
            try:
                self._tell(check(lesson, range(1, options["seeds"] + 1)), time.perf_counter() - began)
            except LessonRefused as error:
                refused.append(str(error))
                self.stdout.write(f"{lesson.number:>2} {lesson.title}: {error}")
        if refused:
            raise CommandError(f"{len(refused)} of {len(lessons)} lessons do not hold.")
        self.stdout.write(f"{len(lessons)} lessons hold.")

    def _tell(self, checked: Checked, took_s: float) -> None:
        lesson = checked.lesson
        self.stdout.write(
            f"{lesson.number:>2} {lesson.title}: {checked.played_us / 1e6:.1f} s of the lab, {took_s:.1f} s"
        )
        self.stdout.write(f"   puts right: {lesson.belief}")
        for name, wrong_in in checked.wrong_in.items():
            self.stdout.write(f"   wrong in {wrong_in} of {checked.seeds} seeds: {name}")
