"""`manage.py simulate`: whole clusters on virtual time, with faults, judged after every step."""

import time
from argparse import ArgumentParser
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from typing import Any

from django.core.management.base import BaseCommand

from kafkalab.engine.simulation.history import History, Outcome
from kafkalab.engine.simulation.sight import Broken


def play(seed: int, controllers: int | None = None) -> Outcome | tuple[int, str]:
    """One history; (seed, what broke) if an invariant did not hold."""
    try:
        return History(seed, controllers).run()
    except Broken as broken:
        return seed, str(broken)


class Command(BaseCommand):
    """Print what the histories held, or the seeds that broke an invariant (exit code 1)."""

    help = "Play seeded fault histories on virtual time and check every invariant after every step."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seeds", type=int, default=100, help="how many histories")
        parser.add_argument("--first", type=int, default=1, help="the seed of the first one")
        parser.add_argument("--controllers", type=int, choices=(1, 3), help="how many controllers; as the seed has it")
        parser.add_argument("--jobs", type=int, default=2, help="processes")

    def handle(self, *args: Any, **options: Any) -> None:
        seeds = range(options["first"], options["first"] + options["seeds"])
        began = time.perf_counter()
        shape = f" --controllers {options['controllers']}" if options["controllers"] else ""
        held: list[Outcome] = []
        broken: list[tuple[int, str]] = []
        with ProcessPoolExecutor(options["jobs"]) as pool:
            for number, result in enumerate(pool.map(play, seeds, repeat(options["controllers"])), 1):
                if isinstance(result, Outcome):
                    held.append(result)
                else:
                    broken.append(result)
                    seed, what = result
                    self.stdout.write(
                        f"seed {seed} broke {what}\n  again: manage.py simulate --first {seed} --seeds 1{shape}"
                    )
                if number % 100 == 0:
                    self.stdout.write(f"{number} of {len(seeds)} histories, {len(broken)} broken")
        self._report(held, time.perf_counter() - began, options["jobs"])
        if broken:
            raise SystemExit(1)

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
