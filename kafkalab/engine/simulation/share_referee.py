"""G8: of a share group each record is held by one member at a time, is given no more often than it may be, and
is never gone back behind once the group is done with it.

Judged by what the leaders say. A lock is gone with the leadership, and with the share partition when
nobody of the group is left: then what was written down counts, and no lock of before.
"""

from dataclasses import dataclass, field

from kafkalab.engine.events import (
    AbortedRecordsPassedOver,
    Event,
    LockExpired,
    RecordsAcknowledged,
    RecordsAcquired,
    RecordsArchived,
    RecordsReleased,
    SharePartitionOpened,
    ShareStartOffsetMoved,
)
from kafkalab.engine.simulation.sight import Broken

Place = tuple[str, str, int]
"""Group, topic and partition."""


@dataclass
class ShareReferee:
    delivery_count_limit: int
    holders: dict[Place, dict[int, str]] = field(default_factory=dict)
    """Of each record that is held: by whom."""
    done: dict[Place, dict[int, None]] = field(default_factory=dict)
    """Records of which it was written down that nobody gets them any more, and those that were aborted."""
    starts: dict[Place, int] = field(default_factory=dict)
    leaders: dict[Place, int] = field(default_factory=dict)
    epochs: dict[Place, int] = field(default_factory=dict)
    """State epochs: under a newer one the group has begun anew, wherever it was set to."""
    acquired: int = 0

    def hear(self, _now_us: int, _node: str, event: Event) -> None:
        match event:
            case SharePartitionOpened(group, topic, partition, broker, start, state_epoch):
                self._opened((group, topic, partition), broker, start, state_epoch)
            case RecordsAcquired():
                self._given(event)
            case RecordsAcknowledged() | RecordsArchived() | AbortedRecordsPassedOver():
                place = (event.group, event.topic, event.partition)
                self._free(place, event.broker, event.first_offset, event.last_offset)
                done = self.done.setdefault(place, {})
                done.update(dict.fromkeys(range(event.first_offset, event.last_offset + 1)))
            case RecordsReleased() | LockExpired():
                place = (event.group, event.topic, event.partition)
                self._free(place, event.broker, event.first_offset, event.last_offset)
            case ShareStartOffsetMoved(group, topic, partition, broker, start):
                place = (group, topic, partition)
                if self.leaders.get(place) == broker:
                    self._starts_at(place, start)

    def _opened(self, place: Place, broker: int, start: int, state_epoch: int) -> None:
        self.holders.pop(place, None)
        if state_epoch != self.epochs.get(place):
            self.starts.pop(place, None)
            self.done.pop(place, None)
        self.leaders[place], self.epochs[place] = broker, state_epoch
        self._starts_at(place, start)

    def _given(self, event: RecordsAcquired) -> None:
        place = (event.group, event.topic, event.partition)
        if self.leaders.get(place) != event.broker:
            # One that does not know yet that it leads no more: what is told to it will be written down nowhere.
            return
        if event.delivery_count > self.delivery_count_limit:
            raise Broken("G8", f"{place}: {event.first_offset} was given {event.delivery_count} times")
        holders, done = self.holders.setdefault(place, {}), self.done.get(place, {})
        for offset in range(event.first_offset, event.last_offset + 1):
            if offset in holders:
                raise Broken("G8", f"{place}: {offset} is held by {holders[offset]} and was given to {event.member}")
            if offset in done or offset < self.starts.get(place, 0):
                raise Broken("G8", f"{place}: {offset} was given to {event.member}, and was done with")
            holders[offset] = event.member
            self.acquired += 1

    def _free(self, place: Place, broker: int, first: int, last: int) -> None:
        if self.leaders.get(place) == broker:
            for offset in range(first, last + 1):
                self.holders.get(place, {}).pop(offset, None)

    def _starts_at(self, place: Place, start: int) -> None:
        # Lower than a leader had it once may be what is written down, whose records behind it are done with.
        done = self.done.get(place, {})
        before = self.starts.get(place, start)
        if any(offset not in done for offset in range(start, before)):
            raise Broken("G8", f"{place}: the start went back from {before} to {start}")
        self.starts[place] = max(start, before)
