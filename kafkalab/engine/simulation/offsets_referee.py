"""G3 What a group has committed never goes back, unless its own reader had nowhere to go on.

A position that lies outside of the log that was asked makes a reader begin elsewhere, as auto.offset.reset has it: that
may be before what its group had committed. It happens where a leader slept through its own succession and deletes old
segments in its sleep's time.
"""

from dataclasses import dataclass, field

from kafkalab.engine.clients.consumer import Consumer
from kafkalab.engine.simulation.sight import Broken

GroupPlace = tuple[str, str, int]
"""(group, topic, partition)."""


@dataclass
class OffsetsReferee:
    committed: dict[GroupPlace, int] = field(default_factory=dict)
    sent_back: dict[tuple[str, str, int], None] = field(default_factory=dict)
    """(client, topic, partition) of readers that were told OFFSET_OUT_OF_RANGE and have not begun elsewhere yet."""

    def hear(self, place: GroupPlace, offset: int, *, forgotten: bool) -> None:
        """A commit. `forgotten`: of a topic that was made again, or lost what it had."""
        before = self.committed.get(place, 0)
        if offset < before and not forgotten:
            group, topic, partition = place
            raise Broken("G3", f"{group}: committed {offset} of {topic}-{partition} after {before}")
        self.committed[place] = offset

    def reset(self, client: object, name: str, topic: str, partition: int, offset: int) -> None:
        """Only the owner of a partition reads it: its group's offset goes with it."""
        if (name, topic, partition) not in self.sent_back:
            return
        del self.sent_back[(name, topic, partition)]
        assert isinstance(client, Consumer)
        place = (client.settings.group or "", topic, partition)
        if place in self.committed:
            self.committed[place] = min(self.committed[place], offset)
