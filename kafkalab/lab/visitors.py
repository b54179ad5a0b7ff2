"""Real clients, as the stage shows them: one entity however many connections they hold.

Connections from one address with one client id and one kind of software count as one visitor. What
a visitor does is learnt from what it asks for. Delivered records are those that its fetch position
has moved over, after answers that held records.
"""

from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from kafkalab.engine.events import RecordsDelivered
from kafkalab.engine.node import ANONYMOUS, Request
from kafkalab.wire.api import ApiKey, name_of
from kafkalab.wire.dialect import FetchRequest, FetchResponse

MEMBERSHIP = (
    ApiKey.JOIN_GROUP,
    ApiKey.HEARTBEAT,
    ApiKey.SYNC_GROUP,
    ApiKey.OFFSET_COMMIT,
    ApiKey.CONSUMER_GROUP_HEARTBEAT,
    ApiKey.SHARE_GROUP_HEARTBEAT,
)
READ_COMMITTED = 1
ADMINISTRATION = (
    ApiKey.CREATE_TOPICS,
    ApiKey.DELETE_TOPICS,
    ApiKey.CREATE_PARTITIONS,
    ApiKey.DELETE_RECORDS,
    ApiKey.DELETE_GROUPS,
    ApiKey.DESCRIBE_CONFIGS,
    ApiKey.DESCRIBE_GROUPS,
    ApiKey.DESCRIBE_LOG_DIRS,
    ApiKey.LIST_GROUPS,
    ApiKey.DESCRIBE_CLUSTER,
    ApiKey.INCREMENTAL_ALTER_CONFIGS,
    ApiKey.DESCRIBE_ACLS,
    ApiKey.CREATE_ACLS,
    ApiKey.DELETE_ACLS,
    ApiKey.DESCRIBE_USER_SCRAM_CREDENTIALS,
    ApiKey.ALTER_USER_SCRAM_CREDENTIALS,
)
FORMER_KEPT = 20
Identity = tuple[str, str, str]
"""(address, client id, software name)"""


@dataclass
class Visitor:
    number: int
    address: str
    client_id: str
    software_name: str
    software_version: str
    role: str = "?"
    principal: str = ANONYMOUS
    requests: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    groups: dict[str, None] = field(default_factory=dict)
    topics: dict[str, None] = field(default_factory=dict)
    connections: dict[str, int] = field(default_factory=dict)
    """The broker behind each of its connections."""
    asked_last: dict[str, int] = field(default_factory=dict)
    """Which broker it asked last for each API, by the API's name."""

    @property
    def name(self) -> str:
        return f"client-{self.number}"

    @property
    def reader(self) -> str:
        """Whose second reading of a record is a duplicate: the group's, if it is in one."""
        return next(iter(self.groups), self.name)

    def entity(self) -> dict[str, Any]:
        return {
            "kind": "client",
            "name": self.name,
            "client_id": self.client_id,
            "software_name": self.software_name,
            "software_version": self.software_version,
            "address": self.address,
            "brokers": sorted(set(self.connections.values())),
            "connections": [list(each) for each in sorted(Counter(self.connections.values()).items())],
            "requests": self.requests,
            "asked_last": dict(self.asked_last),
            "role": self.role,
            "principal": self.principal,
            "groups": list(self.groups),
            "topics": list(self.topics),
            "bytes_in": self.bytes_in,
            "bytes_out": self.bytes_out,
        }


@dataclass
class Reading:
    """How far one connection has fetched each partition, to see what it was delivered."""

    position: dict[tuple[str, int], int] = field(default_factory=dict)
    given: dict[tuple[str, int], bool] = field(default_factory=dict)
    """Whether the last answer held records of it."""


class Visitors:
    """Everyone who is connected; `topic_name` gives the name for a topic id or None."""

    def __init__(
        self,
        topic_name: Callable[[UUID | None], str | None],
        on_delivered: Callable[[str, RecordsDelivered, bool], None],
    ) -> None:
        self.of_connection: dict[str, Visitor] = {}
        self.by_identity: dict[Identity, Visitor] = {}
        self.former: dict[str, Visitor] = {}
        """Who has left, by client id: a program that sends one record is gone before anybody has looked."""
        self._readings: dict[str, Reading] = {}
        self._topic_name = topic_name
        self._on_delivered = on_delivered
        self._last_number = 0

    def go_on_from(self, other: "Visitors") -> None:
        """In a fork, where the same clients are connected: who comes after them is another."""
        known = (other.of_connection, other.by_identity, other.former)
        self.of_connection, self.by_identity, self.former = deepcopy(known)
        self._last_number = other._last_number

    def arrive(self, connection: str, broker: int, address: str, request: Request) -> Visitor:
        """Who is behind a connection, told by its first request (ApiVersions, as a rule: KIP-511)."""
        software_name = software_version = ""
        if request.api_key == ApiKey.API_VERSIONS:
            software_name = request.body.client_software_name or ""
            software_version = request.body.client_software_version or ""
        return self.meet(connection, broker, (address, request.client_id or "", software_name), software_version)

    def meet(self, connection: str, broker: int, identity: Identity, software_version: str = "") -> Visitor:
        visitor = self.by_identity.get(identity)
        if visitor is None:
            self._last_number += 1
            visitor = Visitor(self._last_number, *identity, software_version)
            self.by_identity[identity] = visitor
        visitor.connections[connection] = broker
        self.of_connection[connection] = visitor
        return visitor

    def leave(self, connection: str) -> Visitor | None:
        """Who is gone with that, if it was the last connection."""
        self._readings.pop(connection, None)
        visitor = self.of_connection.pop(connection, None)
        if visitor is None:
            return None
        del visitor.connections[connection]
        if visitor.connections:
            return None
        self.former.pop(visitor.client_id, None)
        self.former[visitor.client_id] = visitor
        if len(self.former) > FORMER_KEPT:
            del self.former[next(iter(self.former))]
        return self.by_identity.pop((visitor.address, visitor.client_id, visitor.software_name))

    def name_of(self, node: str) -> str:
        """The name on the stage of a connection; every other node is called what it is."""
        visitor = self.of_connection.get(node)
        return visitor.name if visitor else node

    def asked(self, connection: str, visitor: Visitor, request: Request) -> None:
        """Learn from a request who this is and what it does."""
        visitor.requests += 1
        visitor.asked_last[name_of(request.api_key)] = visitor.connections[connection]
        visitor.principal = request.principal
        body = request.body
        match request.api_key:
            case ApiKey.PRODUCE:
                visitor.role = "producer"
                for topic in body.topics:
                    self._reads_or_writes(visitor, topic.name or self._topic_name(topic.topic_id))
            case ApiKey.FETCH:
                self._fetches(connection, visitor, body)
            case ApiKey.OFFSET_FETCH:
                for group in body.groups:
                    visitor.groups[group.group_id] = None
            case key if key in MEMBERSHIP:
                visitor.groups[body.group_id] = None
                if visitor.role != "producer":
                    visitor.role = "consumer"
            case key if key in ADMINISTRATION and visitor.role == "?":
                visitor.role = "admin"

    def _reads_or_writes(self, visitor: Visitor, topic: str | None) -> None:
        if topic and topic not in visitor.topics and len(visitor.topics) < 100:
            visitor.topics[topic] = None

    def _fetches(self, connection: str, visitor: Visitor, body: FetchRequest) -> None:
        if visitor.role != "producer":
            visitor.role = "consumer"
        reading = self._readings.setdefault(connection, Reading())
        for topic in body.topics:
            name = topic.name or self._topic_name(topic.topic_id)
            if name is None:
                continue
            self._reads_or_writes(visitor, name)
            for part in topic.partitions:
                key = (name, part.partition)
                before = reading.position.get(key)
                moved = part.fetch_offset - before if before is not None and reading.given.get(key) else 0
                reading.position[key] = part.fetch_offset
                if before is not None and moved > 0:
                    last = part.fetch_offset - 1
                    delivered = RecordsDelivered(visitor.name, name, part.partition, before, last, moved)
                    self._on_delivered(visitor.reader, delivered, body.isolation_level == READ_COMMITTED)

    def answered(self, connection: str, body: FetchResponse) -> None:
        """A fetch was answered: what it holds will show as delivered when the client asks on."""
        reading = self._readings.get(connection)
        if reading is None:
            return
        for topic in body.topics:
            name = topic.name or self._topic_name(topic.topic_id)
            if name is None:
                continue
            for part in topic.partitions:
                reading.given[name, part.partition] = bool(part.records)

    def everyone(self) -> list[Visitor]:
        return list(self.by_identity.values())

    def entities(self) -> dict[str, dict[str, Any]]:
        return {f"client:{visitor.number}": visitor.entity() for visitor in self.by_identity.values()} | {
            f"former_client:{name}": visitor.entity() | {"kind": "former_client"}
            for name, visitor in self.former.items()
        }
