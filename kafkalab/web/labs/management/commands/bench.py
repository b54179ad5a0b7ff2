"""`manage.py bench`: how fast the lab is, beside the peers that are installed, in one run."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from kafkalab.bench.report import Plan, run


class Command(BaseCommand):
    """Start each peer in turn, load it with stock librdkafka, print medians and ratios."""

    help = "Measure throughput, latency, start-up, memory and frames beside the peers that are installed."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--rounds", type=int, default=3, help="each figure is the median of so many rounds")
        parser.add_argument("--quick", action="store_true", help="a tenth of the records: a smoke test, not a measure")

    def handle(self, *args: Any, **options: Any) -> None:
        scale = 10 if options["quick"] else 1
        plan = Plan(options["rounds"], 200_000 // scale, 500_000 // scale, 10 // min(scale, 5))
        run(plan, self.stdout)
