"""Facts about transactions and their coordinators."""

from kafkalab.engine.events.event import Event
from kafkalab.wire.frozen import dataclass


@dataclass(frozen=True, slots=True)
class TransactionCoordinatorLoaded(Event):
    """Broker {broker} coordinates the transactions of __transaction_state-{partition}: it replayed {records:record}."""

    broker: int
    partition: int
    records: int


@dataclass(frozen=True, slots=True)
class TransactionCoordinatorUnloaded(Event):
    """Broker {broker} no longer coordinates the transactions of __transaction_state-{partition}."""

    broker: int
    partition: int


@dataclass(frozen=True, slots=True)
class TransactionStateChanged(Event):
    """The transaction of {transactional_id} went from {before} to {after}: {reason}."""

    transactional_id: str
    before: str
    after: str
    producer_id: int
    producer_epoch: int
    partitions: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class MarkersSent(Event):
    """The coordinator sent the {result} markers of {transactional_id} to broker {broker}, for {partitions}."""

    transactional_id: str
    broker: int
    result: str
    partitions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MarkersWritten(Event):
    """The {result} markers of {transactional_id} are written in {partitions}."""

    transactional_id: str
    broker: int
    result: str
    partitions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MarkersHeldBack(Event):
    """The {result} markers of {transactional_id} wait for {partitions}: {reason}."""

    transactional_id: str
    result: str
    partitions: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class TransactionalIdForgotten(Event):
    """The transactional id {transactional_id} was not used for long and is forgotten."""

    transactional_id: str
