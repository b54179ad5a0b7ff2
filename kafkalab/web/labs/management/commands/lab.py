"""Starts a lab: brokers, the gateway for real clients and the page, in one process on one event loop.

Ports and the data directory are taken before anything else starts, so that what cannot work is said in
one sentence. Twisted wants its reactor chosen before Django imports it: hence the first import.
"""

from daphne.server import Server  # isort: skip  (installs the asyncio reactor)

import asyncio
import errno
import os
import signal
import socket
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from kafkalab.lab import Doors, Gateway, Lab, LabSettings, PortRefused, StoreRefused
from kafkalab.lab.commands import CreateTopic
from kafkalab.web.labs.consumers import LARGEST_MESSAGE, close_all
from kafkalab.web.labs.open_labs import HOME, open_labs

HTTP_TIMEOUT_S = 60
GOODBYE_S = 0.2
LARGEST_SNAPSHOT = 16 * 1024 * 1024
"""Autobahn silently drops outgoing messages above its limit for messages; incoming ones come in one frame each."""
FIRST_TOPIC = "orders"
"""A new lab is not empty: there is something to point at from the first moment."""
ANY_ADDRESS = ("0.0.0.0", "::")
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
        parser.add_argument("--seed", type=int, default=1, help="seed of a new lab's chance (1)")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._run(**options)
        except (Refusal, PortRefused, StoreRefused) as refusal:
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
        **_: Any,
    ) -> None:
        if not 1 <= brokers <= BROKERS_AT_MOST:
            raise Refusal(f"A lab has 1 to {BROKERS_AT_MOST} brokers, not {brokers}.")
        _check_port(host, port)
        wanted = LabSettings(
            name=HOME, brokers=brokers, controllers=controllers, host=host, kafka_port=kafka_port, seed=seed
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
        from twisted.internet import reactor as twisted_reactor

        from kafkalab.web.asgi import application

        reactor: Any = twisted_reactor
        _allow(host)
        open_labs.by_name[HOME] = lab
        lab.conductor.on_broken = self._say_broken
        server = Server(
            application,
            endpoints=[f"tcp:port={port}:interface={host.replace(':', chr(92) + ':')}"],
            signal_handlers=False,
            http_timeout=HTTP_TIMEOUT_S,
            websocket_max_message_size=LARGEST_SNAPSHOT,
            websocket_max_frame_size=LARGEST_MESSAGE,
            server_name="kafkalab",
        )

        async def begin() -> None:
            lab.play()
            gateway.start()
            await lab.until_ready()
            if first_topic:
                replicas = min(3, len(lab.broker_ids))
                lab.do(CreateTopic(FIRST_TOPIC, partitions=3, replication_factor=replicas), lambda outcome: None)
            shown = f"[{host}]" if ":" in host else host
            self.stdout.write(f"Kafka Lab is ready: http://{shown}:{port}/  bootstrap.servers={lab.bootstrap_servers}")
            self.stdout.write("Stop it with Ctrl-C.")
            self.stdout.flush()

        async def end() -> None:
            await close_all()
            await asyncio.sleep(GOODBYE_S)
            gateway.close()
            reactor.stop()

        tasks: list[asyncio.Task[None]] = []

        def stop(*_: Any) -> None:
            if len(tasks) == 1:
                reactor.callFromThread(lambda: tasks.append(asyncio.ensure_future(end())))

        signal.signal(signal.SIGINT, stop)
        signal.signal(signal.SIGTERM, stop)
        reactor.callWhenRunning(lambda: tasks.append(asyncio.ensure_future(begin())))
        server.run()


def _check_port(host: str, port: int) -> None:
    """Raises Refusal when the page cannot listen there."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as trial:
            if os.name != "nt":
                trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
            trial.listen(1)
    except (socket.gaierror, OverflowError):
        raise Refusal(f"{host}:{port} is no address to listen on.") from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise Refusal(f"Port {port} on {host} is taken: choose another with --port.") from None
        raise Refusal(f"Port {port} on {host} cannot be used: {error.strerror}.") from None


def _allow(host: str) -> None:
    """The page may be asked for by the names under which it is reached, and by no others."""
    if host in ANY_ADDRESS:
        name = socket.gethostname()
        here = {found[4][0] for found in socket.getaddrinfo(name, None)}
        settings.ALLOWED_HOSTS += [name, *(f"[{it}]" if ":" in it else it for it in sorted(map(str, here)))]
    elif host not in settings.ALLOWED_HOSTS:
        settings.ALLOWED_HOSTS.append(f"[{host}]" if ":" in host else host)
