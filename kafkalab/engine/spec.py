"""What a cluster is made of: its brokers and where they listen, its controllers, its settings.

A spec is the plan before anything runs. It holds no state; the same spec and the same commands
give the same history.
"""

from dataclasses import dataclass, field, replace
from enum import IntEnum
from functools import lru_cache
from random import Random
from uuid import UUID

from kafkalab.engine.security.scram import UserScramCredentialRecord
from kafkalab.wire.uuids import text_of

CONTROLLER_ID = 3000
"""Kafka's own examples number controllers from 3000, far from the brokers."""


@lru_cache(maxsize=1024)
def broker_node(broker_id: int) -> str:
    """The name of that broker's node in the world."""
    return f"broker-{broker_id}"


def controller_node(controller_id: int) -> str:
    return f"controller-{controller_id}"


class SecurityProtocol(IntEnum):
    """org.apache.kafka.common.security.auth.SecurityProtocol."""

    PLAINTEXT = 0
    SSL = 1
    SASL_PLAINTEXT = 2
    SASL_SSL = 3

    @property
    def is_encrypted(self) -> bool:
        return self in (SecurityProtocol.SSL, SecurityProtocol.SASL_SSL)

    @property
    def authenticates(self) -> bool:
        return self in (SecurityProtocol.SASL_PLAINTEXT, SecurityProtocol.SASL_SSL)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A listener of a broker, as clients reach it."""

    name: str
    host: str
    port: int
    security_protocol: int


@dataclass(frozen=True, slots=True)
class BrokerSpec:
    id: int
    host: str
    port: int
    """Where clients reach it: its first advertised listener."""
    rack: str | None = None
    more_endpoints: tuple[Endpoint, ...] = ()
    """The listeners after the first one."""
    security_protocol: SecurityProtocol = SecurityProtocol.PLAINTEXT
    """Of the first one, which has its name."""

    @property
    def node(self) -> str:
        return broker_node(self.id)

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        protocol = self.security_protocol
        return (Endpoint(protocol.name, self.host, self.port, protocol), *self.more_endpoints)


@dataclass(frozen=True, slots=True)
class HostLimits:
    """What one cluster may take of the machine that it shares with others. No settings of Kafka's: an operator
    says such things with a CreateTopicPolicy (KIP-108), and with a disk that is so large and no larger."""

    stored_bytes: int = 8 * 1024**3
    """On all brokers together, each of which may store its share."""
    topics: int = 1_000
    partitions: int = 2_000
    """Of all topics: each is a directory on every replica, made while everybody waits."""
    connections: int = 2_000
    """Of clients from outside."""
    records_per_s: int = 50_000
    """That the lab's own producers make, together."""
    recorded_bytes: int = 24 * 1024**2
    """Of what was shown, in memory: the oldest goes first."""


@dataclass(frozen=True, slots=True)
class ClusterSpec:
    brokers: tuple[BrokerSpec, ...]
    cluster_id: str
    controllers: tuple[int, ...] = (CONTROLLER_ID,)
    """Those that there are (`controller.quorum.bootstrap.servers`)."""
    seed: int = 0
    broker_configs: dict[str, str] = field(default_factory=dict)
    """The lines of server.properties, the same on every node; see `config.BrokerConfig`."""
    combined: bool = False
    """Whether the first controller lives on the first broker's machine, and so on: they fall together."""
    limits: HostLimits = HostLimits()
    users: tuple[UserScramCredentialRecord, ...] = ()
    """Whom the cluster is formatted with (`kafka-storage.sh format --add-scram`, KIP-900)."""
    added_controllers: tuple[int, ...] = ()
    """Controllers that the cluster was not formatted with: they vote once they are made voters."""

    @staticmethod
    def local(
        brokers: int = 3,
        *,
        host: str = "127.0.0.1",
        first_port: int = 9092,
        racks: tuple[str, ...] = (),
        seed: int = 0,
        broker_configs: dict[str, str] | None = None,
        controllers: int = 1,
        combined: bool = False,
    ) -> "ClusterSpec":
        """Brokers 1, 2, ... on one host and neighbouring ports, dealt out over the racks in turn, and
        controllers 3000, 3001, ... that only they reach."""
        return ClusterSpec(
            brokers=tuple(
                BrokerSpec(number + 1, host, first_port + number, racks[number % len(racks)] if racks else None)
                for number in range(brokers)
            ),
            cluster_id=cluster_id_of(seed),
            seed=seed,
            broker_configs=broker_configs or {},
            controllers=tuple(range(CONTROLLER_ID, CONTROLLER_ID + controllers)),
            combined=combined,
        )

    @property
    def voters(self) -> tuple[int, ...]:
        """The controllers that the cluster was formatted with (`--initial-controllers`)."""
        return tuple(each for each in self.controllers if each not in self.added_controllers)

    def machine(self, broker_id: int) -> tuple[str, ...]:
        """The nodes that live on that broker's machine."""
        place = [broker.id for broker in self.brokers].index(broker_id)
        shares = self.combined and place < len(self.controllers)
        return (broker_node(broker_id), *([controller_node(self.controllers[place])] if shares else []))

    def broker(self, broker_id: int) -> BrokerSpec:
        return next(broker for broker in self.brokers if broker.id == broker_id)

    def advertising(self, broker_id: int, host: str, port: int) -> "ClusterSpec":
        """With that as the first advertised listener of the broker, and on that host the others."""
        broker = self.broker(broker_id)
        others = tuple(replace(each, host=host) for each in broker.more_endpoints)
        named = replace(broker, host=host, port=port, more_endpoints=others)
        return replace(self, brokers=tuple(named if each.id == broker_id else each for each in self.brokers))

    def with_broker(self, broker: BrokerSpec) -> "ClusterSpec":
        return replace(self, brokers=(*self.brokers, broker))

    def with_controller(self, controller_id: int) -> "ClusterSpec":
        return replace(
            self,
            controllers=(*self.controllers, controller_id),
            added_controllers=(*self.added_controllers, controller_id),
        )


def cluster_id_of(seed: int) -> str:
    """22 characters of URL-safe base64, as `kafka-storage.sh random-uuid` prints them."""
    # An own stream of the seed, so that naming the cluster takes no throw of the world's dice.
    drawn = UUID(int=Random(f"cluster id of seed {seed}").getrandbits(128), version=4)
    return text_of(drawn)
