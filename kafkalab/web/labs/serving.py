"""Serves the page of one lab until somebody stops the process: the web server on the lab's own event loop.

Twisted wants its reactor chosen before Django imports it: hence the first import.
"""

from daphne.server import Server  # isort: skip  (installs the asyncio reactor)

import asyncio
import errno
import os
import signal
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from django.conf import settings

from kafkalab.lab import Lab
from kafkalab.web.labs.consumers import LARGEST_MESSAGE, close_all
from kafkalab.web.labs.garbage import look_seldom, look_through_all
from kafkalab.web.labs.narrow_doors import narrow
from kafkalab.web.labs.open_labs import HOME, open_labs
from kafkalab.web.labs.wire import NAME as WIRE
from kafkalab.web.labs.wire import Wire, compression
from kafkalab.web.network import names_of

HTTP_TIMEOUT_S = 60
GOODBYE_S = 0.2
WRITING_S = 5
"""For what the database is still to be told when the server is asked to stop."""
LARGEST_SNAPSHOT = 16 * 1024 * 1024
"""Autobahn silently drops outgoing messages above its limit for messages; incoming ones have a limit of their own."""


class LabServer(Server):
    """Gives every socket the short way to its browser."""

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        if scope["type"] == "websocket":
            scope[WIRE] = Wire(protocol)
        return super().create_application(protocol, scope)


class PortTaken(Exception):
    """The page cannot listen there; the message is one sentence for the person who asked."""


def address(host: str, port: int) -> str:
    """Of the page."""
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def serve(lab: Lab, host: str, port: int, begin: Callable[[], Awaitable[None]], end: Callable[[], None]) -> None:
    """Until SIGINT or SIGTERM. `begin` runs on the loop once it does, `end` when the browsers have been told."""
    from twisted.internet import reactor as twisted_reactor

    from kafkalab.web.asgi import application
    from kafkalab.web.course import sitting_notes
    from kafkalab.web.drills import storing
    from kafkalab.web.drills.desks import desks

    reactor: Any = twisted_reactor
    settings.ALLOWED_HOSTS += names_of(host)
    open_labs.by_name[HOME] = lab

    def listening() -> None:
        server.ws_factory.setProtocolOptions(perMessageCompressionAccept=compression(LARGEST_MESSAGE))
        narrow(server)

    server = LabServer(
        application,
        endpoints=[f"tcp:port={port}:interface={host.replace(':', chr(92) + ':')}"],
        signal_handlers=False,
        http_timeout=HTTP_TIMEOUT_S,
        websocket_max_message_size=LARGEST_SNAPSHOT,
        websocket_max_frame_size=LARGEST_MESSAGE,
        server_name="kafkalab",
        ready_callable=listening,
    )

    async def finish() -> None:
        await close_all()
        await asyncio.sleep(GOODBYE_S)
        # First, so that no client comes into another lab when its drill is given up.
        end()
        desks.close()
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(storing.all_stored(), sitting_notes.all_stored()), WRITING_S)
        reactor.stop()

    tasks: list[asyncio.Task[None]] = []
    looking: list[asyncio.Task[None]] = []

    def stop(*_: Any) -> None:
        if len(tasks) == 1:
            reactor.callFromThread(lambda: tasks.append(asyncio.ensure_future(finish())))

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    look_seldom()
    reactor.callWhenRunning(lambda: tasks.append(asyncio.ensure_future(begin())))
    reactor.callWhenRunning(lambda: looking.append(asyncio.ensure_future(look_through_all())))
    server.run()


def check_port(host: str, port: int) -> None:
    """Raises PortTaken when the page cannot listen there."""
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as trial:
            if os.name != "nt":
                trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(where)
            trial.listen(1)
    except (socket.gaierror, OverflowError):
        raise PortTaken(f"{host}:{port} is no address to listen on.") from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(f"Port {port} on {host} is taken: choose another with --port.") from None
        raise PortTaken(f"Port {port} on {host} cannot be used: {error.strerror}.") from None
