"""What a firehose does with records: it holds them back until there are enough, or until they are old enough.

A sink knows no clock, no Kafka and no store. It takes records and the time, and says which objects are due; whoever
writes them says when they are there. One object of a partition is written at a time: the next one goes on from where
it ends, and must not be there before it, or a kill between the two would leave a hole that nobody goes back to fill.
"""

from collections import deque
from dataclasses import dataclass, field

from kafkalab.wire.records import Record

MIB = 1 << 20
SECOND_US = 1_000_000
LEAST_MIB, MOST_MIB = 1, 128
LEAST_S, MOST_S = 1, 900
TopicPartition = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Buffering:
    """When an object is written: at this size of keys, values and headers, or this long after its first record."""

    size_bytes: int = 5 * MIB
    for_us: int = 300 * SECOND_US

    @classmethod
    def of(cls, mib: int, seconds: int) -> "Buffering":
        assert LEAST_MIB <= mib <= MOST_MIB, mib
        assert LEAST_S <= seconds <= MOST_S, seconds
        return cls(mib * MIB, seconds * SECOND_US)


@dataclass(frozen=True, slots=True)
class Cut:
    """Records that become one object."""

    where: TopicPartition
    first: int
    """The offset that the object goes on from; its first record's may be higher, where nothing lies between."""
    records: tuple[Record, ...]
    because: str
    """"size", "time", or "end" where the sink is being closed."""

    @property
    def next(self) -> int:
        """The offset that the object after it goes on from."""
        return self.records[-1].offset + 1

    def __deepcopy__(self, _memo: dict[int, object]) -> "Cut":
        """Nothing in it ever changes: forked worlds share it."""
        return self


@dataclass(slots=True)
class Lane:
    """One partition on its way into the store."""

    where: TopicPartition
    first: int
    """The offset that the next object goes on from: everything before it is in the store."""
    held: deque[tuple[Record, int, int]] = field(default_factory=deque)
    """Record, size, and when it was taken."""
    size: int = 0
    next: int = 0
    """The offset after the last record that was taken."""
    writing: Cut | None = None
    """Asked of the store, and not known to be there."""

    @property
    def since_us(self) -> int | None:
        return self.held[0][2] if self.held else None


class Sink:
    def __init__(self, buffering: Buffering) -> None:
        self.buffering = buffering
        self.lanes: dict[TopicPartition, Lane] = {}

    def begin(self, where: TopicPartition, first: int) -> None:
        """Go on from an offset that the store has told. What was held of the partition is forgotten."""
        self.lanes[where] = Lane(where, first, next=first)

    def give_up(self, where: TopicPartition) -> None:
        """Somebody else reads the partition from now on."""
        self.lanes.pop(where, None)

    def take(self, where: TopicPartition, record: Record, now_us: int) -> None:
        """A record that the store has, or that is held already, is not taken again."""
        lane = self.lanes[where]
        if record.offset < lane.next:
            return
        size = size_of(record)
        lane.held.append((record, size, now_us))
        lane.size += size
        lane.next = record.offset + 1

    def due(self, now_us: int) -> list[Cut]:
        """What shall be written now. Each is answered by `wrote`, or by `begin` if somebody else did."""
        return [cut for lane in self.lanes.values() if (cut := self._due(lane, now_us)) is not None]

    def rest(self) -> list[Cut]:
        """What is held, however little and young it is: the sink is being closed."""
        waiting = [lane for lane in self.lanes.values() if lane.held and lane.writing is None]
        return [self._cut(lane, "end") for lane in waiting]

    def wrote(self, cut: Cut) -> None:
        """It is in the store."""
        lane = self.lanes.get(cut.where)
        if lane is not None and lane.writing is cut:
            lane.first, lane.writing = cut.next, None

    def next_due_us(self) -> int | None:
        """When something held will be old enough; None while nothing is."""
        waits = [lane.since_us for lane in self.lanes.values() if lane.since_us is not None and lane.writing is None]
        return min(waits) + self.buffering.for_us if waits else None

    def is_full(self, where: TopicPartition) -> bool:
        """So much is held while the store is slow that no more should be read."""
        return self.lanes[where].size >= 2 * self.buffering.size_bytes

    def _due(self, lane: Lane, now_us: int) -> Cut | None:
        if lane.writing is not None or lane.since_us is None:
            return None
        if lane.size >= self.buffering.size_bytes:
            return self._cut(lane, "size")
        if now_us - lane.since_us >= self.buffering.for_us:
            return self._cut(lane, "time")
        return None

    def _cut(self, lane: Lane, because: str) -> Cut:
        records: list[Record] = []
        size = 0
        while lane.held and size < self.buffering.size_bytes:
            record, record_size, _ = lane.held.popleft()
            records.append(record)
            size += record_size
        lane.size -= size
        lane.writing = Cut(lane.where, lane.first, tuple(records), because)
        return lane.writing


def size_of(record: Record) -> int:
    """Of what its producer gave: key, value and headers."""
    size = len(record.key or b"") + len(record.value or b"")
    for name, value in record.headers:
        size += len(name) + len(value or b"")
    return size
