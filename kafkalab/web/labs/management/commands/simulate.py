"""`manage.py simulate`: whole clusters on virtual time, with faults, judged after every step."""

import gc
import time
from argparse import ArgumentParser
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from kafkalab.engine.simulation.history import History, Outcome
from kafkalab.engine.simulation.plans import SECOND_US, Schedule
from kafkalab.engine.simulation.schedule import schedule
from kafkalab.engine.simulation.shrink import shrink
from kafkalab.engine.simulation.sight import Broken
from kafkalab.engine.simulation.steady import (
    BROKERS,
    DEFAULT_LINGER_MS,
    LINGER_MS,
    PARTITIONS,
    RATE_PER_S,
    Steady,
)
from kafkalab.engine.simulation.trace import Trace
from kafkalab.lab import HistoryTape

CRASHED = "X5"
"""The engine itself raised: no rule was judged, and there is nothing to make smaller."""
SHRINK_S = 60
SHRUNK_AT_MOST = 3
"""Of the histories that break in one run: where many break it is for one reason, as a rule."""
MEASURED_S = 60
MEASUREMENTS = 3
"""The best counts: whatever else the machine does only makes it slower."""


@dataclass(frozen=True)
class Played:
    seed: int
    outcome: Outcome | None
    broke: str = ""
    """What broke, where there is no outcome."""
    cpu_s: float = 0
    trace_hash: str = ""


def seldom_collect() -> None:
    """A history makes little that only the garbage collector can free, and dies with its whole world."""
    gc.set_threshold(100_000, 50, 100)


def play(seed: int, traced: bool, controllers: int | None = None) -> Played:
    """One history, in CPU seconds of this process."""
    seldom_collect()
    began_s = time.process_time()
    history = History(seed, controllers=controllers)
    trace = Trace(history.world) if traced else None
    outcome, broke = None, ""
    try:
        outcome = history.run()
    except Broken as broken:
        broke = str(broken)
    return Played(seed, outcome, broke, time.process_time() - began_s, trace.hexdigest() if trace else "")


def steady_rate(linger_ms: int) -> float:
    """Simulated seconds a second of one core when nothing goes wrong."""
    seldom_collect()
    rates = []
    for _ in range(MEASUREMENTS):
        steady = Steady(linger_ms=linger_ms)
        began_s = time.process_time()
        steady.advance(MEASURED_S)
        rates.append(MEASURED_S / (time.process_time() - began_s))
    return max(rates)


class Command(BaseCommand):
    """Print what the histories held, or the seeds that broke an invariant (exit code 1)."""

    help = "Play seeded fault histories on virtual time and check every invariant after every step."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seeds", type=int, default=100, help="how many histories")
        parser.add_argument("--first", type=int, default=1, help="the seed of the first one")
        parser.add_argument("--controllers", type=int, choices=(1, 3), help="how many controllers; as the seed has it")
        parser.add_argument("--jobs", type=int, default=2, help="processes")
        parser.add_argument("--no-shrink", action="store_true", help="write the tape of a broken history as it is")
        parser.add_argument(
            "--tapes", type=Path, default=settings.DATA_DIR / "tapes", help="where broken histories go (.data/tapes)"
        )
        parser.add_argument(
            "--trace-hash",
            action="store_true",
            help="print the SHA-256 of each history's trace, to compare machines and versions of Python",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        seeds = range(options["first"], options["first"] + options["seeds"])
        shape = f" --controllers {options['controllers']}" if options["controllers"] else ""
        held: list[Outcome] = []
        broken = 0
        cpu_s = 0.0
        playing = partial(play, traced=options["trace_hash"], controllers=options["controllers"])
        with ProcessPoolExecutor(options["jobs"]) as pool:
            for number, (seed, future) in enumerate([(seed, pool.submit(playing, seed)) for seed in seeds], 1):
                crash = future.exception()
                played = Played(seed, None, f"{CRASHED}: {crash!r}") if crash else future.result()
                cpu_s += played.cpu_s
                if played.outcome is not None:
                    held.append(played.outcome)
                else:
                    broken += 1
                    again = f"manage.py simulate --first {seed} --seeds 1{shape}"
                    self.stdout.write(f"seed {seed} broke {played.broke}\n  again: {again}")
                    invariant = played.broke.partition(":")[0]
                    small = not options["no_shrink"] and broken <= SHRUNK_AT_MOST and invariant != CRASHED
                    self._write_tape(schedule(seed, options["controllers"]), invariant, options["tapes"], small)
                if played.trace_hash:
                    self.stdout.write(f"seed {seed} trace {played.trace_hash}")
                if number % 100 == 0:
                    self.stdout.write(f"{number} of {len(seeds)} histories, {broken} broken")
                    self.stdout.flush()
        self._report(held, cpu_s)
        if broken:
            raise SystemExit(1)

    def _write_tape(self, whole: Schedule, invariant: str, directory: Path, small: bool) -> None:
        plan = whole
        if small:
            self.stdout.write(f"  looking for a smaller one, for {SHRINK_S} s at most ...")
            self.stdout.flush()
            until = time.monotonic() + SHRINK_S
            plan = shrink(whole, invariant, lambda: time.monotonic() < until)
            self.stdout.write(f"  shrunk: {_size(whole)}\n      to: {_size(plan)}")
        path = directory / f"seed-{whole.seed}-{invariant}.jsonl"
        HistoryTape(plan, invariant).save(path)
        self.stdout.write(f"  its tape: manage.py replay {path}")
        self.stdout.write(f"  to watch: manage.py replay {path} --serve")

    def _report(self, held: list[Outcome], cpu_s: float) -> None:
        simulated_s = sum(outcome.simulated_s for outcome in held)
        faults: Counter[str] = Counter()
        for outcome in held:
            faults.update(outcome.faults)
        self.stdout.write(
            f"{len(held)} histories held: {simulated_s / 3600:.1f} simulated hours, "
            f"{sum(o.steps for o in held):,} steps, {sum(o.checks for o in held):,} changed replicas judged, "
            f"{sum(o.acked for o in held):,} records acked, {sum(o.delivered for o in held):,} delivered"
        )
        self.stdout.write(
            f"gone though acked, as may be: {sum(o.lost_with_acks_1 for o in held):,} that only a leader had acked "
            f"(acks=1), {sum(o.lost_unclean for o in held):,} in {sum(o.unclean_elections for o in held):,} unclean "
            f"elections, {sum(o.gone_with_topic for o in held):,} with a topic that was deleted"
        )
        self.stdout.write("faults: " + ", ".join(f"{count} x {kind}" for kind, count in faults.most_common()))
        self.stdout.write(f"{simulated_s / cpu_s:.0f} simulated seconds a CPU second, over all histories")
        self.stdout.write(
            f"{steady_rate(LINGER_MS):.0f} simulated seconds a CPU second with {BROKERS} brokers, {PARTITIONS} "
            f"partitions and {RATE_PER_S} records/s that travel in batches (linger.ms={LINGER_MS})"
        )
        self.stdout.write(
            f"{steady_rate(DEFAULT_LINGER_MS):.0f} with Kafka's default linger.ms={DEFAULT_LINGER_MS}, where nearly "
            "every record is a batch of its own"
        )


def _size(plan: Schedule) -> str:
    partitions = sum(topic.partitions for topic in plan.topics)
    return (
        f"{len(plan.faults)} faults in {plan.chaos_us / SECOND_US:.0f} s, {plan.brokers} brokers, "
        f"{partitions} partitions, {len(plan.producers)} producers, {len(plan.consumers)} consumers"
    )
