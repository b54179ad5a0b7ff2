"""The TCP door for real Kafka clients: one port a listener for each broker, open while that broker runs.

A broker that crashes resets its connections and refuses new ones; one that shuts down closes them.
A frozen one keeps them and answers nothing, as a stopped process does: its kernel still accepts.
"""

import asyncio
import socket
from typing import TYPE_CHECKING

from kafkalab.engine.config import BrokerConfig
from kafkalab.engine.events import ConnectionRefused, Event
from kafkalab.engine.spec import SecurityProtocol
from kafkalab.lab.admission import Admission
from kafkalab.lab.connection import Connection
from kafkalab.lab.doors import Doors, Listener, PortRefused, bound
from kafkalab.lab.mechanisms import Account
from kafkalab.lab.tempo_acting import enter_wall_time

if TYPE_CHECKING:
    from kafkalab.lab.lab import Lab
    from kafkalab.lab.reception import Reception

HANDSHAKE_S = 10
"""Of TLS."""
MOST_BYTES_ARRIVING = 512 * 1024 * 1024
"""Of frames that are not whole yet, over all connections."""
LOOK_FOR_IDLE_EVERY_S = 60


class Door:
    """One broker's port of one listener: it listens, or it is kept and refuses."""

    def __init__(self, owner: "Gateway | Reception", broker: int, listener: Listener, taken: socket.socket) -> None:
        self.owner = owner
        self.broker = broker
        self.listener = listener
        self.host = listener.doors.host
        self.port: int = taken.getsockname()[1]
        self._socket: socket.socket | None = taken
        self._server: asyncio.Server | None = None
        self._opening: asyncio.Task[None] | None = None

    def open(self) -> None:
        if self._server is None and self._opening is None:
            self._opening = asyncio.get_running_loop().create_task(self._open())

    async def _open(self) -> None:
        try:
            door = self._socket or bound(self.host, self.port)
            self._socket = None
            loop = asyncio.get_running_loop()
            tls = self.listener.tls
            self._server = await loop.create_server(
                lambda: Connection(self.owner, self.broker, self.listener),
                sock=door,
                ssl=tls,
                ssl_handshake_timeout=HANDSHAKE_S if tls else None,
            )
        except (PortRefused, OSError) as error:
            self.owner.tell_refused(self.broker, "every client", f"its port {self.port} is gone ({error})")
        finally:
            self._opening = None

    def shut(self, *, keep: bool = True) -> None:
        """Refuse from now on. The port stays ours if it is kept."""
        if self._opening is not None:
            self._opening.cancel()
            self._opening = None
        if self._server is not None:
            self._server.close()
            self._server = None
        elif self._socket is not None:
            self._socket.close()
            self._socket = None
        if not keep:
            return
        try:
            self._socket = bound(self.host, self.port)
        except PortRefused:
            # Someone was faster. It shows when the broker starts again.
            self._socket = None


class Gateway:
    def __init__(self, lab: "Lab", doors: Doors | None, more: tuple[Listener, ...] = ()) -> None:
        """`doors` are those whose ports the lab was opened with, None if it has none of its own; `more` are the
        listeners besides."""
        self.lab = lab
        self.connections: dict[str, Connection] = {}
        self.bytes_arriving = 0
        self._admission = Admission(lab)
        self._last_number = 0
        self._idle_check: asyncio.TimerHandle | None = None
        self.listeners = (*((Listener(SecurityProtocol.PLAINTEXT, doors),) if doors else ()), *more)
        self._doors = [
            Door(self, broker, listener, taken)
            for listener in self.listeners
            for broker, taken in zip(lab.broker_ids, listener.doors.sockets, strict=True)
        ]

    def start(self) -> None:
        """Open the doors of the brokers that run, now and whenever one comes or goes."""
        self.lab.on_broker_up = self._up
        self.lab.on_broker_down = self._down
        self.lab.on_throttled = self._mute
        for broker in self.lab.accepting:
            self._up(broker)
        self._watch_idle()

    def close(self) -> None:
        """Stop for good: no ports, no connections."""
        self.lab.on_broker_up = self.lab.on_broker_down = self.lab.on_throttled = None
        if self._idle_check is not None:
            self._idle_check.cancel()
        for door in self._doors:
            door.shut(keep=False)
        self.let_go()

    def let_go(self) -> None:
        """Of everybody who is connected; the doors stay as they are."""
        for connection in list(self.connections.values()):
            connection.close()

    def _up(self, broker: int) -> None:
        for door in self._doors:
            if door.broker == broker:
                door.open()

    def _down(self, broker: int, crashed: bool) -> None:
        for door in self._doors:
            if door.broker == broker:
                door.shut()
        for connection in [held for held in self.connections.values() if held.broker == broker]:
            if crashed:
                connection.reset()
            else:
                connection.close()

    def _mute(self, name: str, seconds: float) -> None:
        if name in self.connections:
            self.connections[name].mute(seconds)

    # -- for connections ---------------------------------------------------------------------

    def arrive(self, connection: Connection) -> bool:
        return connection.come_in(self)

    def left(self, connection: Connection) -> None:
        if connection.name:
            self.leave(connection)

    def find(self, user: str) -> Account | None:
        """Who has a password in this cluster, as far as its brokers know."""
        known = {mechanism: each for (name, mechanism), each in self.lab.image.scram.items() if name == user}
        return Account(f"User:{user}", known) if known else None

    def enter(self, connection: Connection, account: Account) -> None:
        """Somebody has authenticated, who was in already."""
        connection.principal = account.principal
        connection.let_in()

    @property
    def config(self) -> BrokerConfig:
        return self.lab.cluster.config

    def admit(self, connection: Connection, address: str) -> str:
        """The name of the connection in the world, or "" with the connection refused."""
        reason = self._admission.refusal(connection.broker, address)
        if reason:
            self.tell_refused(connection.broker, address, reason)
            return ""
        enter_wall_time(self.lab, address)
        self._last_number += 1
        name = f"client-{self._last_number}"
        self.connections[name] = connection
        self.lab.world.open_edge(name, connection.deliver)
        self.lab.real_clients_changed()
        return name

    def leave(self, connection: Connection) -> None:
        del self.connections[connection.name]
        self._admission.leave(connection.broker, connection.address)
        self.lab.world.close_edge(connection.name)
        self.lab.real_clients_changed()
        self.lab.forget_connection(connection.name)
        self.lab.conductor.run()

    def make_room(self, size: int) -> bool:
        """Count bytes that wait for the rest of their frame (negative: no longer). False if that is too much."""
        self.bytes_arriving += size
        return self.bytes_arriving <= MOST_BYTES_ARRIVING

    def tell_refused(self, broker: int, client: str, reason: str) -> None:
        self.lab.tell(f"broker-{broker}", ConnectionRefused(broker, client, reason))

    def tell(self, broker: int, event: Event) -> None:
        self.lab.tell(f"broker-{broker}", event)

    def _watch_idle(self) -> None:
        loop = asyncio.get_running_loop()
        idle_s = self.lab.cluster.config.connections_max_idle_ms / 1000
        for connection in list(self.connections.values()):
            if loop.time() - connection.heard_at > idle_s and not connection.in_flight:
                connection.close()
        self._idle_check = loop.call_later(min(LOOK_FOR_IDLE_EVERY_S, idle_s / 10), self._watch_idle)
