"""Every fact a learner may see: one frozen dataclass each, one sentence each.

The docstring is the sentence, as a format string over the fields. Partitions are named by
`topic` and `partition`, brokers by number, groups by name: the stage finds what a fact is about
by these field names.
"""

from dataclasses import dataclass


class Event:
    """Something happened."""

    __slots__ = ()

    def sentence(self) -> str:
        """The fact in words, for the stage, the timeline and screen readers."""
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__}  # type: ignore[attr-defined]
        return (self.__doc__ or type(self).__name__).strip().format(**fields)


# -- nodes and the network ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NodeStarted(Event):
    """{node} started."""

    node: str


@dataclass(frozen=True, slots=True)
class NodeCrashed(Event):
    """{node} was killed: what it held in memory is gone, its disk is as it was."""

    node: str


@dataclass(frozen=True, slots=True)
class NodeExited(Event):
    """{node} shut down in good order."""

    node: str


@dataclass(frozen=True, slots=True)
class NodeFrozen(Event):
    """{node} stands still: it is alive but does nothing."""

    node: str


@dataclass(frozen=True, slots=True)
class NodeThawed(Event):
    """{node} goes on, and does not know how long it stood still."""

    node: str


# -- controller: brokers, topics, leadership ---------------------------------------------------


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
    """Topic {topic} was created with {partitions} partitions and {replication_factor} replicas each."""

    topic: str
    partitions: int
    replication_factor: int


@dataclass(frozen=True, slots=True)
class TopicDeleted(Event):
    """Topic {topic} was deleted."""

    topic: str


@dataclass(frozen=True, slots=True)
class PartitionsAdded(Event):
    """Topic {topic} grew from {before} to {after} partitions."""

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
class ConfigChanged(Event):
    """{resource} now has {name}={value}."""

    resource: str
    name: str
    value: str | None


# -- a replica -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BecameLeader(Event):
    """Broker {broker} took up the lead of {topic}-{partition} in leader epoch {leader_epoch} at offset {log_end}."""

    topic: str
    partition: int
    broker: int
    leader_epoch: int
    log_end: int


@dataclass(frozen=True, slots=True)
class BecameFollower(Event):
    """Broker {broker} follows broker {leader} for {topic}-{partition} in leader epoch {leader_epoch}."""

    topic: str
    partition: int
    broker: int
    leader: int
    leader_epoch: int


@dataclass(frozen=True, slots=True)
class RecordsAppended(Event):
    """Broker {broker} wrote offsets {first_offset} to {last_offset} of {topic}-{partition} to its log."""

    topic: str
    partition: int
    broker: int
    first_offset: int
    last_offset: int
    size: int
    """Bytes."""
    leader: bool


@dataclass(frozen=True, slots=True)
class HighWatermarkAdvanced(Event):
    """Everything before offset {high_watermark} of {topic}-{partition} is now replicated and visible."""

    topic: str
    partition: int
    broker: int
    high_watermark: int


@dataclass(frozen=True, slots=True)
class LogTruncated(Event):
    """Broker {broker} cut {topic}-{partition} back from offset {before} to {after}: {reason}."""

    topic: str
    partition: int
    broker: int
    before: int
    after: int
    reason: str


@dataclass(frozen=True, slots=True)
class LogRecovered(Event):
    """Broker {broker} found a torn tail in {topic}-{partition} and cut {lost_bytes} bytes after offset {log_end}."""

    topic: str
    partition: int
    broker: int
    log_end: int
    lost_bytes: int


@dataclass(frozen=True, slots=True)
class SegmentRolled(Event):
    """Broker {broker} began a new segment of {topic}-{partition} at offset {base_offset}."""

    topic: str
    partition: int
    broker: int
    base_offset: int


@dataclass(frozen=True, slots=True)
class LogStartMoved(Event):
    """{topic}-{partition} now begins at offset {log_start} on broker {broker}: {reason}."""

    topic: str
    partition: int
    broker: int
    log_start: int
    reason: str


@dataclass(frozen=True, slots=True)
class RequestRefused(Event):
    """Broker {broker} refused {api} from {client}: {error}. {detail}"""

    broker: int
    api: str
    client: str
    error: str
    detail: str


@dataclass(frozen=True, slots=True)
class ConnectionRefused(Event):
    """Broker {broker} closed a connection from {client}: {reason}."""

    broker: int
    client: str
    reason: str


@dataclass(frozen=True, slots=True)
class DuplicateBatchDropped(Event):
    """Broker {broker} already has sequence {first_sequence} to {last_sequence} of producer {producer_id} in {topic}-{partition}: nothing is written twice."""

    topic: str
    partition: int
    broker: int
    producer_id: int
    first_sequence: int
    last_sequence: int


# -- groups ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CoordinatorLoaded(Event):
    """Broker {broker} coordinates the groups of __consumer_offsets-{partition}: it replayed {records} records."""

    broker: int
    partition: int
    records: int


@dataclass(frozen=True, slots=True)
class CoordinatorUnloaded(Event):
    """Broker {broker} no longer coordinates the groups of __consumer_offsets-{partition}."""

    broker: int
    partition: int


@dataclass(frozen=True, slots=True)
class GroupStateChanged(Event):
    """Group {group} went from {before} to {after}: {reason}."""

    group: str
    before: str
    after: str
    generation: int
    reason: str


@dataclass(frozen=True, slots=True)
class MemberJoined(Event):
    """{member} joined group {group}."""

    group: str
    member: str
    client: str


@dataclass(frozen=True, slots=True)
class MemberLeft(Event):
    """{member} left group {group}: {reason}."""

    group: str
    member: str
    reason: str


@dataclass(frozen=True, slots=True)
class GroupAssigned(Event):
    """Group {group} has its partitions for generation {generation}; {leader} computed who gets which."""

    group: str
    generation: int
    leader: str


@dataclass(frozen=True, slots=True)
class OffsetCommitted(Event):
    """Group {group} committed offset {offset} of {topic}-{partition}: that is the next it will read."""

    group: str
    topic: str
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class GroupDeleted(Event):
    """Group {group} was deleted with its offsets."""

    group: str


# -- the lab's own clients -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RecordSent(Event):
    """{client} handed record {serial} to its producer for {topic}-{partition}."""

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
    """{client}: {count} records are stored at offsets {first_offset} to {last_offset} of {topic}-{partition}."""

    client: str
    topic: str
    partition: int
    first_offset: int
    last_offset: int
    count: int


@dataclass(frozen=True, slots=True)
class RecordsFailed(Event):
    """{client}: {count} records for {topic}-{partition} failed with {error}."""

    client: str
    topic: str
    partition: int
    count: int
    error: str


@dataclass(frozen=True, slots=True)
class ProducerIdAssigned(Event):
    """{client} numbers its batches as producer {producer_id} in epoch {producer_epoch}; {reason}."""

    client: str
    producer_id: int
    producer_epoch: int
    reason: str


@dataclass(frozen=True, slots=True)
class ProducerRetried(Event):
    """{client} sends a batch for {topic}-{partition} again after {error}."""

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
