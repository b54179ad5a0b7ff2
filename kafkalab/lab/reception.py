"""Ports that many labs share: who comes says by its user name to which lab it wants, and is let in to no other.

There are as many ports as a lab has brokers: whoever comes in by the second one speaks to broker 2 of its lab.
Before it has authenticated nobody knows which lab that is, so nothing of any lab is told. A broker that does not
run cannot refuse the connection here, as it does on a port of its own: it closes it as soon as it is known whose
it is.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from kafkalab.engine.config import BrokerConfig
from kafkalab.engine.events import Event
from kafkalab.lab.connection import Connection
from kafkalab.lab.doors import Listener
from kafkalab.lab.gateway import Door, Gateway
from kafkalab.lab.mechanisms import Account, Find

MOST_CONNECTIONS = 4_000
MOST_OF_ONE_ADDRESS = 2_000
MOST_STRANGERS = 500
"""Connections that have not authenticated yet."""
MOST_BYTES_ARRIVING = 512 * 1024 * 1024
LOGIN_S = 30
"""Who has not authenticated after that time is closed."""


Opener = Callable[[Any, Callable[[Gateway | None], None]], None]
"""Opens the lab of an account, if it sleeps, and says so; None if it cannot."""


class Reception:
    def __init__(self, listeners: tuple[Listener, ...], find: Find, opener: Opener, config: BrokerConfig) -> None:
        """All listeners authenticate. `find` knows every user of every lab by its whole name."""
        assert all(listener.protocol.authenticates for listener in listeners)
        self.config = config
        self.find = find
        self.listeners = listeners
        self.refused: dict[str, int] = {}
        """How often which reason was given to strangers."""
        self.bytes_arriving = 0
        self._open_lab = opener
        self._strangers: dict[int, tuple[Connection, float]] = {}
        self._of_address: dict[str, int] = {}
        self._in_all = 0
        self._look: asyncio.TimerHandle | None = None
        self._doors = [
            Door(self, number + 1, listener, taken)
            for listener in listeners
            for number, taken in enumerate(listener.doors.sockets)
        ]

    def start(self) -> None:
        for door in self._doors:
            door.open()
        self._watch_strangers()

    def close(self) -> None:
        if self._look is not None:
            self._look.cancel()
        for door in self._doors:
            door.shut(keep=False)
        for connection, _ in list(self._strangers.values()):
            connection.close()

    # -- for connections -----------------------------------------------------------------------

    def arrive(self, connection: Connection) -> bool:
        address = connection.address
        too_many = (
            self._in_all >= MOST_CONNECTIONS
            or len(self._strangers) >= MOST_STRANGERS
            or self._of_address.get(address, 0) >= MOST_OF_ONE_ADDRESS
        )
        self._in_all += 1
        self._of_address[address] = self._of_address.get(address, 0) + 1
        self._strangers[id(connection)] = (connection, asyncio.get_running_loop().time())
        if too_many:
            self.tell_refused(connection.broker, address, "too many connections")
        return not too_many

    def left(self, connection: Connection) -> None:
        self._strangers.pop(id(connection), None)
        self._in_all -= 1
        self._of_address[connection.address] -= 1
        if not self._of_address[connection.address]:
            del self._of_address[connection.address]
        if connection.name:
            connection.gateway.leave(connection)

    def enter(self, connection: Connection, account: Account) -> None:
        if connection.name:
            # Again, and still the same one.
            connection.let_in()
            return

        def opened(gateway: Gateway | None) -> None:
            if not connection.open:
                return
            if gateway is None or connection.broker not in gateway.lab.accepting:
                connection.reset()
            elif connection.come_in(gateway, account.principal):
                self._strangers.pop(id(connection), None)
                connection.let_in()

        self._open_lab(account.lab, opened)

    def make_room(self, size: int) -> bool:
        self.bytes_arriving += size
        return self.bytes_arriving <= MOST_BYTES_ARRIVING

    def tell_refused(self, broker: int, client: str, reason: str) -> None:
        """To nobody in particular: no lab may hear of strangers."""
        if len(self.refused) < 100 or reason in self.refused:
            self.refused[reason] = self.refused.get(reason, 0) + 1

    def tell(self, broker: int, event: Event) -> None:
        self.tell_refused(broker, "", type(event).__name__)

    def _watch_strangers(self) -> None:
        loop = asyncio.get_running_loop()
        for connection, since in list(self._strangers.values()):
            if loop.time() - since > LOGIN_S:
                connection.close()
        self._look = loop.call_later(LOGIN_S / 6, self._watch_strangers)
