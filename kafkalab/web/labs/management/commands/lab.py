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

from kafkalab.lab import (
    Bounds,
    Certificates,
    Doors,
    Gateway,
    HostLimits,
    Lab,
    LabSettings,
    Listener,
    ManyLabs,
    PortRefused,
    Reception,
    SecurityProtocol,
    StoreRefused,
    ports_of,
)
from kafkalab.lab.commands import CreateTopic
from kafkalab.web.classroom.heard import heard
from kafkalab.web.drills.after_restart import let_drills_go_on
from kafkalab.web.labs.open_labs import HOME, open_labs
from kafkalab.web.labs.opening_up import (
    NotForANetwork,
    check_instructor,
    check_kafka_host,
    come_by,
    what_is_open,
)
from kafkalab.web.labs.serving import PortTaken, address, check_port, serve
from kafkalab.web.network import AddressRefused
from kafkalab.web.storage import keep_in

FIRST_TOPIC = "orders"
"""A new lab is not empty: there is something to point at from the first moment."""
BROKERS_AT_MOST = 9
BROKERS_OF_A_LEARNER = 3
HOME_LISTENERS = {
    "ssl-port": SecurityProtocol.SSL,
    "sasl-port": SecurityProtocol.SASL_PLAINTEXT,
    "sasl-ssl-port": SecurityProtocol.SASL_SSL,
}
SHARED_LISTENERS = {"labs-port": SecurityProtocol.SASL_PLAINTEXT, "labs-ssl-port": SecurityProtocol.SASL_SSL}


class Refusal(Exception):
    """It cannot start; the message is one sentence for the person who asked."""


class Command(BaseCommand):
    help = "Start Kafka Lab: a real cluster in one process, its page, and a door for real Kafka clients."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address of the page (127.0.0.1)")
        parser.add_argument("--port", type=int, default=8000, help="port of the page (8000)")
        parser.add_argument("--address", default=None, help="how people come by, as https://kafka.example.org (none)")
        parser.add_argument("--hsts", type=int, default=None, metavar="S", help="browsers come back by HTTPS only (0)")
        parser.add_argument("--kafka-host", default="127.0.0.1", help="address of the home lab's listeners (127.0.0.1)")
        parser.add_argument("--labs-host", default="127.0.0.1", help="address of the shared ports (127.0.0.1)")
        parser.add_argument("--kafka-port", type=int, default=9092, help="port of broker 1; the others follow (9092)")
        for option, protocol in HOME_LISTENERS.items():
            what = f"port of broker 1 for {protocol.name}; the others follow (none)"
            parser.add_argument(f"--{option}", type=int, default=None, help=what)
        for option, protocol in SHARED_LISTENERS.items():
            what = f"the first of three ports that learners' labs share, for {protocol.name} (none)"
            parser.add_argument(f"--{option}", type=int, default=None, help=what)
        parser.add_argument("--most-labs", type=int, default=200, help="how many labs learners may have in all (200)")
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
        except (AddressRefused, NotForANetwork, Refusal, PortRefused, PortTaken, StoreRefused) as refusal:
            sys.stderr.write(f"{refusal}\n")
            sys.exit(1)

    def _run(
        self,
        host: str,
        port: int,
        address: str | None,
        hsts: int | None,
        kafka_host: str,
        labs_host: str,
        kafka_port: int,
        brokers: int,
        controllers: int | None,
        data: Path,
        seed: int,
        most_labs: int,
        **more: Any,
    ) -> None:
        if not 1 <= brokers <= BROKERS_AT_MOST:
            raise Refusal(f"A lab has 1 to {BROKERS_AT_MOST} brokers, not {brokers}.")
        check_kafka_host("--kafka-host", kafka_host)
        check_kafka_host("--labs-host", labs_host)
        check_port(host, port)
        open_labs.on_a_network = come_by(host, address, hsts)
        if open_labs.on_a_network:
            check_instructor(data)
        limits = {each.name: more[f"most_{each.name}"] for each in fields(HostLimits) if more[f"most_{each.name}"]}
        wanted = LabSettings(
            name=HOME,
            brokers=brokers,
            controllers=controllers,
            host=kafka_host,
            kafka_port=kafka_port,
            seed=seed,
            limits=limits,
        )
        doors = Doors.bind(kafka_host, kafka_port, brokers)
        certificates = Certificates(data / "tls")
        listeners = _listeners(HOME_LISTENERS, more, kafka_host, brokers, certificates)
        shared = _listeners(SHARED_LISTENERS, more, labs_host, BROKERS_OF_A_LEARNER, certificates)
        open_labs.listeners = listeners
        open_labs.certificates = certificates if certificates.authority.exists() else None
        is_new = not (data / HOME / "lab.json").exists()
        try:
            ports = doors.plain_ports | ports_of(listeners)
            lab = Lab.open(data / HOME, wanted, ports)
            bounds = Bounds(labs=most_labs)
            open_labs.many = ManyLabs(data / "labs", labs_host, shared, bounds, self._say_broken)
        except StoreRefused:
            for taken in (doors, *(each.doors for each in (*listeners, *shared))):
                taken.close()
            raise
        keep_in(data)
        try:
            self._serve(lab, Gateway(lab, doors, listeners), shared, host, port, first_topic=is_new)
        finally:
            lab.close()

    def _say_broken(self, sentence: str) -> None:
        self.stderr.write(sentence)

    def _serve(
        self, lab: Lab, gateway: Gateway, shared: tuple[Listener, ...], host: str, port: int, *, first_topic: bool
    ) -> None:
        many = open_labs.many
        assert many is not None
        reception = Reception(shared, many.find, many.enter, lab.cluster.config)

        async def begin() -> None:
            lab.play()
            gateway.start()
            many.on_awake.append(heard.listen)
            many.start()
            await let_drills_go_on()
            reception.start()
            await lab.until_ready()
            if first_topic:
                replicas = min(3, len(lab.broker_ids))
                lab.do(CreateTopic(FIRST_TOPIC, partitions=3, replication_factor=replicas), lambda outcome: None)
            page = settings.PUBLIC.origin or address(host, port)
            self.stdout.write(f"Kafka Lab is ready: {page}  bootstrap.servers={lab.bootstrap_servers}")
            for listener in (*gateway.listeners[1:], *shared):
                whose = "learners' labs" if listener in shared else "the home lab"
                self.stdout.write(f"{listener.name} for {whose}: {listener.doors.host}:{listener.doors.ports[0]}")
            for sentence in what_is_open(host, gateway.listeners, shared):
                self.stdout.write(sentence)
            self.stdout.write("Stop it with Ctrl-C.")
            self.stdout.flush()

        def end() -> None:
            gateway.close()
            reception.close()
            many.close()

        lab.conductor.on_broken = self._say_broken
        serve(lab, host, port, begin, end)


def _listeners(
    named: dict[str, SecurityProtocol], given: dict[str, Any], host: str, brokers: int, certificates: Certificates
) -> tuple[Listener, ...]:
    """Those that were asked for, with their ports taken. Raises PortRefused."""
    made: list[Listener] = []
    for option, protocol in named.items():
        port = given[option.replace("-", "_")]
        if port is None:
            continue
        try:
            tls = certificates.context(host) if protocol.is_encrypted else None
            made.append(Listener(protocol, Doors.bind(host, port, brokers), tls))
        except PortRefused:
            for taken in made:
                taken.doors.close()
            raise
        except OSError as error:
            raise Refusal(f"There can be no certificates in {certificates.directory}: {error.strerror}.") from None
    return tuple(made)
