"""Facts that a sink in the lab states."""

from kafkalab.engine.events.event import Event
from kafkalab.wire.frozen import dataclass


@dataclass(frozen=True, slots=True)
class ArchiveGoesOn(Event):
    """{client} goes on from offset {offset} of {topic}-{partition}: that is where the objects in the store end."""

    client: str
    topic: str
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class ObjectStored(Event):
    """{client} wrote {topic}-{partition}, offsets {first_offset} to {last_offset}, as one object; {because} decided."""

    client: str
    topic: str
    partition: int
    name: str
    first_offset: int
    last_offset: int
    count: int
    because: str


@dataclass(frozen=True, slots=True)
class ObjectRefused(Event):
    """The store has an object {name} already: {client} looks there where {topic}-{partition} goes on."""

    client: str
    topic: str
    partition: int
    name: str
