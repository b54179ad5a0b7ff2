"""The lab's own clients that come back when it is opened again: the commands that made them, kept in its store."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from kafkalab.lab import commands as order
from kafkalab.lab import share_commands
from kafkalab.lab.archive_commands import StartArchive
from kafkalab.lab.parsing import by_name, parse, snake_case
from kafkalab.lab.store import Store

Making = order.CreateProducer | order.AddConsumer | share_commands.AddShareConsumer | StartArchive


class KeptClients:
    def __init__(self, store: Store | None) -> None:
        self._store = store
        self.by_name: dict[str, Making] = {}
        """The commands that made them, as they would have to be given now."""

    def keep(self, command: Making) -> None:
        """Remember a client over restarts. One that stops by itself would begin anew, so it is not kept.

        Raises StoreRefused, and then it is all as it was."""
        assert command.name is not None
        if isinstance(command, order.CreateProducer) and command.limit is not None:
            return
        self._write(self.by_name | {command.name: command})

    def forget(self, name: str) -> None:
        """Raises StoreRefused, and then it is all as it was."""
        if name in self.by_name:
            self._write({known: kept for known, kept in self.by_name.items() if known != name})

    def stored(self) -> Iterator[order.Command]:
        """What brings back those that the store has."""
        known = by_name(Making)
        for said in self._store.clients() if self._store is not None else ():
            yield parse(said, known)

    def _write(self, clients: dict[str, Making]) -> None:
        if self._store is not None:
            said: list[dict[str, Any]] = [
                {"command": snake_case(type(kept).__name__), **asdict(kept)} for kept in clients.values()
            ]
            self._store.keep_clients(said)
        self.by_name = clients
