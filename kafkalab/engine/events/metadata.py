"""Facts that the controller decides: brokers, topics, who leads what."""

from kafkalab.engine.events.event import Event
from kafkalab.wire.frozen import dataclass


@dataclass(frozen=True, slots=True)
class BrokerRegistered(Event):
    """Broker {broker} registered with the controller under broker epoch {broker_epoch}."""

    broker: int
    broker_epoch: int


@dataclass(frozen=True, slots=True)
class BrokerUnfenced(Event):
    """Broker {broker} has caught up with the metadata and may lead and follow."""

    broker: int


@dataclass(frozen=True, slots=True)
class BrokerFenced(Event):
    """The controller fenced broker {broker}: {reason}."""

    broker: int
    reason: str


@dataclass(frozen=True, slots=True)
class ControlledShutdownStarted(Event):
    """Broker {broker} asked to shut down; its leaderships move away first."""

    broker: int


@dataclass(frozen=True, slots=True)
class TopicCreated(Event):
    """Topic {topic} was created with {partitions:partition} and {replication_factor:replica} each."""

    topic: str
    partitions: int
    replication_factor: int


@dataclass(frozen=True, slots=True)
class TopicDeleted(Event):
    """Topic {topic} was deleted."""

    topic: str


@dataclass(frozen=True, slots=True)
class PartitionsAdded(Event):
    """Topic {topic} grew from {before} to {after:partition}."""

    topic: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class LeaderElected(Event):
    """Broker {leader} leads {topic}-{partition} from leader epoch {leader_epoch} on (before: {previous}); {reason}."""

    topic: str
    partition: int
    leader: int
    previous: int
    leader_epoch: int
    reason: str


@dataclass(frozen=True, slots=True)
class PartitionWentOffline(Event):
    """{topic}-{partition} has no leader: no replica that may lead is alive."""

    topic: str
    partition: int
    leader_epoch: int


@dataclass(frozen=True, slots=True)
class IsrShrunk(Event):
    """The in-sync replicas of {topic}-{partition} shrank from {before} to {after}."""

    topic: str
    partition: int
    before: tuple[int, ...]
    after: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class IsrExpanded(Event):
    """The in-sync replicas of {topic}-{partition} grew from {before} to {after}."""

    topic: str
    partition: int
    before: tuple[int, ...]
    after: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class EligibleLeadersChanged(Event):
    """Not in sync, but may lead {topic}-{partition} without loss: {brokers}."""

    topic: str
    partition: int
    brokers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ReassignmentStarted(Event):
    """{topic}-{partition} moves: brokers {adding} copy it, and then {removing} give it up."""

    topic: str
    partition: int
    adding: tuple[int, ...]
    removing: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ReassignmentEnded(Event):
    """{topic}-{partition} is on brokers {replicas} now."""

    topic: str
    partition: int
    replicas: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ConfigChanged(Event):
    """{resource} now has {name}={value}."""

    resource: str
    name: str
    value: str | None
