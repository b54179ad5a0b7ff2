"""`manage.py simulate`: whole clusters on virtual time, with faults, judged after every step."""

import time
from argparse import ArgumentParser
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from kafkalab.engine.simulation.history import History, Outcome
from kafkalab.engine.simulation.schedule import SECOND_US, Schedule, schedule
from kafkalab.engine.simulation.shrink import shrink
from kafkalab.engine.simulation.sight import Broken
from kafkalab.lab import HistoryTape

SHRINK_S = 60
SHRUNK_AT_MOST = 3
"""Of the histories that break in one run: where many break it is for one reason, as a rule."""


def play(seed: int) -> Outcome | tuple[int, str]:
    """One history; (seed, what broke) if an invariant did not hold."""
    try:
        return History(seed).run()
    except Broken as broken:
        return seed, str(broken)


class Command(BaseCommand):
    """Print what the histories held, or the seeds that broke an invariant (exit code 1)."""

    help = "Play seeded fault histories on virtual time and check every invariant after every step."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seeds", type=int, default=100, help="how many histories")
        parser.add_argument("--first", type=int, default=1, help="the seed of the first one")
        parser.add_argument("--jobs", type=int, default=2, help="processes")
        parser.add_argument("--no-shrink", action="store_true", help="write the tape of a broken history as it is")
        parser.add_argument(
            "--tapes", type=Path, default=settings.DATA_DIR / "tapes", help="where broken histories go (.data/tapes)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        seeds = range(options["first"], options["first"] + options["seeds"])
        began = time.perf_counter()
        held: list[Outcome] = []
        broken: list[tuple[int, str]] = []
        with ProcessPoolExecutor(options["jobs"]) as pool:
            for number, result in enumerate(pool.map(play, seeds), 1):
                if isinstance(result, Outcome):
                    held.append(result)
                else:
                    broken.append(result)
                    seed, what = result
                    self.stdout.write(f"seed {seed} broke {what}\n  again: manage.py simulate --first {seed} --seeds 1")
                    small = not options["no_shrink"] and len(broken) <= SHRUNK_AT_MOST
                    self._write_tape(seed, what.partition(":")[0], options["tapes"], small)
                if number % 100 == 0:
                    self.stdout.write(f"{number} of {len(seeds)} histories, {len(broken)} broken")
        self._report(held, time.perf_counter() - began, options["jobs"])
        if broken:
            raise SystemExit(1)

    def _write_tape(self, seed: int, invariant: str, directory: Path, small: bool) -> None:
        plan = whole = schedule(seed)
        if small:
            self.stdout.write(f"  looking for a smaller one, for {SHRINK_S} s at most ...")
            self.stdout.flush()
            until = time.monotonic() + SHRINK_S
            plan = shrink(whole, invariant, lambda: time.monotonic() < until)
            self.stdout.write(f"  shrunk: {_size(whole)}\n      to: {_size(plan)}")
        path = directory / f"seed-{seed}-{invariant}.jsonl"
        HistoryTape(plan, invariant).save(path)
        self.stdout.write(f"  its tape: manage.py replay {path}")
        self.stdout.write(f"  to watch: manage.py replay {path} --serve")

    def _report(self, held: list[Outcome], seconds: float, jobs: int) -> None:
        simulated_s = sum(outcome.simulated_s for outcome in held)
        faults: Counter[str] = Counter()
        for outcome in held:
            faults.update(outcome.faults)
        self.stdout.write(
            f"{len(held)} histories held: {simulated_s / 3600:.1f} simulated hours, "
            f"{sum(o.steps for o in held):,} steps, {sum(o.checks for o in held):,} changed replicas judged, "
            f"{sum(o.acked for o in held):,} records acked, {sum(o.delivered for o in held):,} delivered, "
            f"{sum(o.lost_with_acks_1 for o in held):,} lost that only a leader had acked (acks=1)"
        )
        self.stdout.write("faults: " + ", ".join(f"{count} x {kind}" for kind, count in faults.most_common()))
        self.stdout.write(f"{simulated_s / seconds / jobs:.0f} simulated seconds a second of one process")


def _size(plan: Schedule) -> str:
    partitions = sum(topic.partitions for topic in plan.topics)
    return (
        f"{len(plan.faults)} faults in {plan.chaos_us / SECOND_US:.0f} s, {plan.brokers} brokers, "
        f"{partitions} partitions, {len(plan.producers)} producers, {len(plan.consumers)} consumers"
    )
