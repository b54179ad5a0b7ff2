"""Starts a lab: brokers, the gateway for real clients and the page, in one process on one event loop.

Ports and the data directory are taken before anything else starts, so that what cannot work is said in
one sentence.
"""

import sys
from argparse import ArgumentParser
from dataclasses import fields
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from kafkalab.lab import Doors, Gateway, HostLimits, Lab, LabSettings, PortRefused, StoreRefused
from kafkalab.lab.commands import CreateTopic
from kafkalab.web.labs.open_labs import HOME
from kafkalab.web.labs.serving import PortTaken, address, check_port, serve

FIRST_TOPIC = "orders"
"""A new lab is not empty: there is something to point at from the first moment."""
BROKERS_AT_MOST = 9


class Refusal(Exception):
    """It cannot start; the message is one sentence for the person who asked."""


class Command(BaseCommand):
    help = "Start Kafka Lab: a real cluster in one process, its page, and a door for real Kafka clients."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
        parser.add_argument("--port", type=int, default=8000, help="port of the page (8000)")
        parser.add_argument("--kafka-port", type=int, default=9092, help="port of broker 1; the others follow (9092)")
        parser.add_argument("--brokers", type=int, default=3, help="how many brokers (3)")
        parser.add_argument("--controllers", type=int, choices=(1, 3), help="how many controllers (1)")
        parser.add_argument("--data", type=Path, default=settings.DATA_DIR, help="data directory (.data)")
        for each in fields(HostLimits):
            words = f"{each.name.replace('_', ' ')} of the lab at most ({each.default})"
            parser.add_argument(f"--most-{each.name.replace('_', '-')}", type=int, metavar="N", help=words)
        parser.add_argument("--seed", type=int, default=1, help="seed of a new lab's chance (1)")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._run(**options)
        except (Refusal, PortRefused, PortTaken, StoreRefused) as refusal:
            sys.stderr.write(f"{refusal}\n")
            sys.exit(1)

    def _run(
        self,
        host: str,
        port: int,
        kafka_port: int,
        brokers: int,
        controllers: int | None,
        data: Path,
        seed: int,
        **more: Any,
    ) -> None:
        if not 1 <= brokers <= BROKERS_AT_MOST:
            raise Refusal(f"A lab has 1 to {BROKERS_AT_MOST} brokers, not {brokers}.")
        check_port(host, port)
        limits = {each.name: more[f"most_{each.name}"] for each in fields(HostLimits) if more[f"most_{each.name}"]}
        wanted = LabSettings(
            name=HOME,
            brokers=brokers,
            controllers=controllers,
            host=host,
            kafka_port=kafka_port,
            seed=seed,
            limits=limits,
        )
        doors = Doors.bind(host, kafka_port, brokers)
        is_new = not (data / HOME / "lab.json").exists()
        try:
            lab = Lab.open(data / HOME, wanted, doors.ports)
        except StoreRefused:
            doors.close()
            raise
        try:
            self._serve(lab, Gateway(lab, doors), host, port, first_topic=is_new)
        finally:
            lab.close()

    def _say_broken(self, sentence: str) -> None:
        self.stderr.write(sentence)

    def _serve(self, lab: Lab, gateway: Gateway, host: str, port: int, *, first_topic: bool) -> None:
        async def begin() -> None:
            lab.play()
            gateway.start()
            await lab.until_ready()
            if first_topic:
                replicas = min(3, len(lab.broker_ids))
                lab.do(CreateTopic(FIRST_TOPIC, partitions=3, replication_factor=replicas), lambda outcome: None)
            self.stdout.write(f"Kafka Lab is ready: {address(host, port)}  bootstrap.servers={lab.bootstrap_servers}")
            self.stdout.write("Stop it with Ctrl-C.")
            self.stdout.flush()

        lab.conductor.on_broken = self._say_broken
        serve(lab, host, port, begin, gateway.close)
