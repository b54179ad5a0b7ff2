"""Facts about share groups: who was given which records, and what became of them."""

from kafkalab.engine.events.event import Event
from kafkalab.wire.frozen import dataclass


@dataclass(frozen=True, slots=True)
class ShareStateLoaded(Event):
    """Broker {broker} is the share coordinator of __share_group_state-{partition}: it replayed {records:record}."""

    broker: int
    partition: int
    records: int


@dataclass(frozen=True, slots=True)
class ShareStateUnloaded(Event):
    """Broker {broker} is no longer the share coordinator of __share_group_state-{partition}."""

    broker: int
    partition: int


@dataclass(frozen=True, slots=True)
class SharePartitionOpened(Event):
    """Broker {broker} gives out {topic}-{partition} to share group {group}, from offset {start_offset} on."""

    group: str
    topic: str
    partition: int
    broker: int
    start_offset: int
    state_epoch: int


@dataclass(frozen=True, slots=True)
class RecordsAcquired(Event):
    """{client} of share group {group} holds offsets {first_offset} to {last_offset} of {topic}-{partition}:
    delivery number {delivery_count}."""

    group: str
    topic: str
    partition: int
    broker: int
    client: str
    member: str
    """Its member id: several members may have one client id."""
    first_offset: int
    last_offset: int
    delivery_count: int


@dataclass(frozen=True, slots=True)
class LockExpired(Event):
    """{client} of share group {group} has held offsets {first_offset} to {last_offset} of {topic}-{partition}
    for too long: its lock on them is gone."""

    group: str
    topic: str
    partition: int
    broker: int
    client: str
    member: str
    """Its member id: several members may have one client id."""
    first_offset: int
    last_offset: int


@dataclass(frozen=True, slots=True)
class RecordsAcknowledged(Event):
    """{client} of share group {group} is done with offsets {first_offset} to {last_offset} of {topic}-{partition}."""

    group: str
    topic: str
    partition: int
    broker: int
    client: str
    member: str
    """Its member id: several members may have one client id."""
    first_offset: int
    last_offset: int
    delivery_count: int


@dataclass(frozen=True, slots=True)
class RecordsReleased(Event):
    """Offsets {first_offset} to {last_offset} of {topic}-{partition} are free again for share group {group},
    after {delivery_count:delivery|deliveries}."""

    group: str
    topic: str
    partition: int
    broker: int
    first_offset: int
    last_offset: int
    delivery_count: int


@dataclass(frozen=True, slots=True)
class RecordsArchived(Event):
    """Share group {group} gives up offsets {first_offset} to {last_offset} of {topic}-{partition},
    after {delivery_count:delivery|deliveries}."""

    group: str
    topic: str
    partition: int
    broker: int
    first_offset: int
    last_offset: int
    delivery_count: int


@dataclass(frozen=True, slots=True)
class AbortedRecordsPassedOver(Event):
    """Share group {group} reads committed records only: offsets {first_offset} to {last_offset} of
    {topic}-{partition} were aborted and go to nobody."""

    group: str
    topic: str
    partition: int
    broker: int
    first_offset: int
    last_offset: int


@dataclass(frozen=True, slots=True)
class ShareStartOffsetMoved(Event):
    """Share group {group} is done with all of {topic}-{partition} before offset {start_offset}."""

    group: str
    topic: str
    partition: int
    broker: int
    start_offset: int
