"""Facts that the lab's own producers, consumers and admin client state."""

from kafkalab.engine.events.event import Event
from kafkalab.wire.frozen import dataclass


@dataclass(frozen=True, slots=True)
class RecordSent(Event):
    """Record {serial} from {client} goes to {topic}-{partition}."""

    client: str
    serial: int
    topic: str
    partition: int
    key: str | None
    how: str
    """How the partition was chosen, as a formula a learner can check."""


@dataclass(frozen=True, slots=True)
class RecordAcked(Event):
    """{client}: record {serial} is stored at offset {offset} of {topic}-{partition}."""

    client: str
    serial: int
    topic: str
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class RecordFailed(Event):
    """{client}: record {serial} for {topic}-{partition} failed with {error}."""

    client: str
    serial: int
    topic: str
    partition: int
    error: str


@dataclass(frozen=True, slots=True)
class RecordsAcked(Event):
    """{client}: {count:record} stored at offsets {first_offset} to {last_offset} of {topic}-{partition}."""

    client: str
    topic: str
    partition: int
    first_offset: int
    last_offset: int
    count: int


@dataclass(frozen=True, slots=True)
class RecordsFailed(Event):
    """{client}: {count:record} for {topic}-{partition} failed with {error}."""

    client: str
    topic: str
    partition: int
    count: int
    error: str
    first_serial: int


@dataclass(frozen=True, slots=True)
class ConnectionFailed(Event):
    """{client} finds nobody at {address}, where metadata says that {broker} is."""

    client: str
    broker: str
    address: str


@dataclass(frozen=True, slots=True)
class ProducerIdAssigned(Event):
    """Batches from {client} are numbered for producer {producer_id} in epoch {producer_epoch}; {reason}."""

    client: str
    producer_id: int
    producer_epoch: int
    reason: str


@dataclass(frozen=True, slots=True)
class ProducerRetried(Event):
    """A batch from {client} for {topic}-{partition} is sent again after {error}."""

    client: str
    topic: str
    partition: int
    error: str


@dataclass(frozen=True, slots=True)
class RecordsDelivered(Event):
    """{client} received offsets {first_offset} to {last_offset} of {topic}-{partition}."""

    client: str
    topic: str
    partition: int
    first_offset: int
    last_offset: int
    count: int


@dataclass(frozen=True, slots=True)
class PartitionsRevoked(Event):
    """{client} gave up {partitions}."""

    client: str
    group: str
    partitions: tuple[str, ...]
    """As topic-partition."""


@dataclass(frozen=True, slots=True)
class PartitionsAssigned(Event):
    """{client} was assigned {partitions}."""

    client: str
    group: str
    partitions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ConsumerFailed(Event):
    """{client} stopped reading: {reason}."""

    client: str
    reason: str


@dataclass(frozen=True, slots=True)
class AdminAnswered(Event):
    """{client} has the outcome of order {token}, {api}: {error}. {detail}"""

    client: str
    token: int
    api: str
    error: str
    detail: str


@dataclass(frozen=True, slots=True)
class PositionReset(Event):
    """{client} starts {topic}-{partition} at offset {offset}: {reason}."""

    client: str
    topic: str
    partition: int
    offset: int
    reason: str


@dataclass(frozen=True, slots=True)
class TransactionEnded(Event):
    """{client} has ended a transaction of {transactional_id} with {records:record}: {how}."""

    client: str
    transactional_id: str
    records: int
    how: str


@dataclass(frozen=True, slots=True)
class ProducerFenced(Event):
    """{client} is fenced ({error}): another producer has taken over {transactional_id}."""

    client: str
    transactional_id: str
    error: str
