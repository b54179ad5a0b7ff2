"""Stand-ins for clients of somebody's own, where no real one can come: in lab time, in branches, in lessons.

They run in the world like the lab's own producers and consumers, but nothing is known of them except what
they ask for and with which client.id, and so they are shown as real clients are.
"""

from typing import TYPE_CHECKING, Any

from kafkalab.engine.clients.client import Client, Close
from kafkalab.engine.clients.consumer import Consumer
from kafkalab.engine.clients.consumer_settings import ConsumerSettings
from kafkalab.engine.clients.producer import Producer
from kafkalab.engine.clients.workload import ProducerSettings
from kafkalab.engine.node import Request, Response
from kafkalab.engine.spec import broker_node
from kafkalab.lab.not_possible import NotPossible
from kafkalab.lab.stand_in_commands import RemoveStandIn, RunStandIn
from kafkalab.lab.visitors import Visitors

if TYPE_CHECKING:
    from kafkalab.lab.lab import Lab

ADDRESS = "127.0.0.1"


class StandIns:
    def __init__(self, lab: "Lab") -> None:
        self.lab = lab
        self.software: dict[str, str] = {}
        """By node: what it says it is made with."""
        self._visitors = self._new_book()

    def go_on_from(self, other: "StandIns") -> None:
        """In a fork, where they run too."""
        self.software = dict(other.software)
        self._visitors.go_on_from(other._visitors)
        if self.software:
            self.lab.world.on_message.append(self._on_message)

    def do(self, command: RunStandIn | RemoveStandIn) -> dict[str, Any]:
        """Raises NotPossible."""
        node = f"stand-in-{command.client_id}"
        if isinstance(command, RemoveStandIn):
            if node not in self.software:
                raise NotPossible(client_id=f"{command.client_id} is no stand-in of this lab")
            self.lab.world.tell_node(node, Close())
            return {}
        if node in self.lab.world.nodes:
            raise NotPossible(client_id=f"{command.client_id} is taken")
        if command.bootstrap_broker not in self.lab.broker_ids:
            raise NotPossible(bootstrap_broker=f"must be one of {', '.join(map(str, self.lab.broker_ids))}")
        client = _made(command, node)
        client.client_id = command.client_id
        client.listeners = self.lab.listeners
        if not self.software:
            self.lab.world.on_message.append(self._on_message)
        self.software[node] = command.software_name
        self.lab.world.start(client)
        return {"name": node}

    def entities(self) -> dict[str, dict[str, Any]]:
        found = {}
        for entity in self._visitors.entities().values():
            node = f"stand-in-{entity['client_id']}"
            # Between nodes of one world travel messages and no bytes.
            seen = {name: each for name, each in entity.items() if name not in ("bytes_in", "bytes_out")}
            found[f"{entity['kind']}:{node}"] = seen | {"name": node}
        return found

    def on_leaving(self, node: str) -> None:
        """A process ends: its connections with it."""
        if self.software:
            for connection in [each for each in self._visitors.of_connection if node in each.split(" ")]:
                self._visitors.leave(connection)
            if self.software.pop(node, None) is not None and not self.software:
                self.lab.world.on_message.remove(self._on_message)

    def _on_message(self, _sent_us: int, _due_us: int, source: str, target: str, message: Request | Response) -> None:
        if source not in self.software or not isinstance(message, Request):
            return
        connection = f"{source} {target}"
        visitor = self._visitors.of_connection.get(connection)
        if visitor is None:
            broker = int(target.removeprefix("broker-"))
            identity = (ADDRESS, message.client_id or "", self.software[source])
            visitor = self._visitors.meet(connection, broker, identity)
        self._visitors.asked(connection, visitor, message)

    def _new_book(self) -> Visitors:
        # What they are delivered they tell themselves, as every consumer of the world does.
        return Visitors(self.lab.topic_name, lambda _reader, _delivered, _committed_only: None)


def _made(command: RunStandIn, node: str) -> Client:
    bootstrap = (broker_node(command.bootstrap_broker),)
    if command.role == "producer":
        settings = ProducerSettings(topic=command.topic, rate_per_s=command.rate, limit=command.limit)
        return Producer(node, bootstrap, settings)
    return Consumer(node, bootstrap, ConsumerSettings((command.topic,), command.group, limit=command.limit))
