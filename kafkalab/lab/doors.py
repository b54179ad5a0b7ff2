"""The ports on which the brokers of a lab are reached, taken before anything else starts.

A broker that is down must refuse connections, as a machine without that process does, and yet keep
its port: its socket stays bound and does not listen.
"""

import socket
import ssl
import sys
from dataclasses import dataclass

from kafkalab.engine.spec import SecurityProtocol

LAST_PORT = 65_535
Ports = dict[SecurityProtocol, tuple[int, ...]]
"""Of each listener, the port of each broker in their order. By the first one the brokers speak to each other."""


class PortRefused(Exception):
    """A port cannot be had; the message is one sentence for the person who asked for it."""


@dataclass(frozen=True, slots=True)
class Doors:
    """One bound socket for each broker, in their order. The gateway owns the sockets from then on."""

    host: str
    ports: tuple[int, ...]
    sockets: tuple[socket.socket, ...]

    @staticmethod
    def bind(host: str, first_port: int, count: int) -> "Doors":
        """Ports in a row from `first_port` on, or any free ones for 0. Raises PortRefused."""
        sockets: list[socket.socket] = []
        for number in range(count):
            try:
                sockets.append(bound(host, first_port + number if first_port else 0, listening=True))
            except PortRefused:
                for taken in sockets:
                    taken.close()
                raise
        return Doors(host, tuple(taken.getsockname()[1] for taken in sockets), tuple(sockets))

    @staticmethod
    def bind_again(host: str, ports: tuple[int, ...]) -> "Doors":
        """Ports that were given up a moment ago. Raises PortRefused."""
        sockets: list[socket.socket] = []
        for port in ports:
            try:
                sockets.append(bound(host, port, listening=True))
            except PortRefused:
                for taken in sockets:
                    taken.close()
                raise
        return Doors(host, ports, tuple(sockets))

    @property
    def plain_ports(self) -> Ports:
        """For a lab that has no other listener, or this one first."""
        return {SecurityProtocol.PLAINTEXT: self.ports}

    def close(self) -> None:
        for taken in self.sockets:
            taken.close()


@dataclass(frozen=True, slots=True)
class Listener:
    """One way in: a port for each broker, and how clients come by it. Its name is that of the protocol."""

    protocol: SecurityProtocol
    doors: Doors
    tls: ssl.SSLContext | None = None
    """Where the protocol is encrypted."""

    @property
    def name(self) -> str:
        return self.protocol.name


def ports_of(listeners: tuple[Listener, ...]) -> Ports:
    return {each.protocol: each.doors.ports for each in listeners}


def bound(host: str, port: int, *, listening: bool = False) -> socket.socket:
    """A bound, non-blocking TCP socket. Raises PortRefused."""
    if not 0 <= port <= LAST_PORT:
        raise PortRefused(f"{port} is no port: they go up to {LAST_PORT}.")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror:
        raise PortRefused(f"{host}:{port} is no address to listen on.") from None
    door = socket.socket(family, kind, protocol)
    door.setblocking(False)
    try:
        if sys.platform == "win32":
            door.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            # Connections of a broker that was killed a moment ago must not keep its port.
            door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind(address)
        if listening:
            # A port that another process is bound to without listening shows only here.
            door.listen(128)
    except OSError as error:
        door.close()
        raise PortRefused(f"Port {port} on {host} cannot be used for a broker: {error.strerror}.") from None
    return door
