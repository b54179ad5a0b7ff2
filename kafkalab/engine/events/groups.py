"""Facts about consumer groups and their coordinators."""

from kafkalab.engine.events.event import Event
from kafkalab.wire.frozen import dataclass


@dataclass(frozen=True, slots=True)
class CoordinatorLoaded(Event):
    """Broker {broker} coordinates the groups of __consumer_offsets-{partition}: it replayed {records:record}."""

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


@dataclass(frozen=True, slots=True)
class ConsumerGroupEpochBumped(Event):
    """The epoch of group {group} is {epoch} now: {reason}. A new target is due."""

    group: str
    epoch: int
    reason: str


@dataclass(frozen=True, slots=True)
class TargetAssignmentComputed(Event):
    """The coordinator computed with {assignor} who is to read what in group {group}: the target of epoch {epoch}."""

    group: str
    epoch: int
    assignor: str


@dataclass(frozen=True, slots=True)
class MemberReconciled(Event):
    """{member} of {group} is in epoch {epoch}, {state}: has {assigned}, gives up {revoking}, waits for {waiting}."""

    group: str
    member: str
    epoch: int
    state: str
    """stable, unrevoked_partitions or unreleased_partitions."""
    assigned: tuple[str, ...]
    revoking: tuple[str, ...]
    waiting: tuple[str, ...]
    """Partitions of its target that others still have."""


@dataclass(frozen=True, slots=True)
class GroupProtocolChanged(Event):
    """Group {group} changed from the {before} protocol to the {after} protocol while it works."""

    group: str
    before: str
    after: str
