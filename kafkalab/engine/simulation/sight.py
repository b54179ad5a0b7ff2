"""What the referee knows of each replica: how it was when last looked at."""

from dataclasses import dataclass

from kafkalab.engine.log.log import Log

TopicNumber = int
"""A topic's id. By id: a topic made again under the old name is another topic. As a number, because an
UUID is hashed and compared in Python, and the referee looks up little else."""
ReplicaKey = tuple[TopicNumber, int, int]
"""Topic, partition, broker."""


@dataclass(slots=True)
class Sight:
    """One replica as last seen. It stays known while its broker is down: the disk is still there."""

    topic: str
    where: str
    """Which replica this is, in words."""
    log_start: int = 0
    log_end: int = 0
    high_watermark: int = 0
    leader_epoch: int = -1
    leading: bool = False
    isr: tuple[int, ...] = ()
    lost_power: bool = False
    """Its machine did since: what was not on the platter may be gone."""
    last_segment: int = -1
    """The base offset of the segment in which the last batch lies; -1 if that is not known."""
    last_position: int = 0
    """Where in it the last batch ends."""
    last_epoch: int = -1
    """Under which the last batch was written."""

    def cut_at(self, offset: int) -> None:
        self.log_end = min(self.log_end, offset)
        self.high_watermark = min(self.high_watermark, offset)
        self.last_segment = -1

    def seen_up_to(self, log: Log, last_epoch: int) -> None:
        active = log.active
        self.last_segment, self.last_position = active.base_offset, active.size
        self.last_epoch = last_epoch


class Broken(AssertionError):
    """An invariant that must hold after every step does not."""

    def __init__(self, invariant: str, detail: str) -> None:
        super().__init__(f"{invariant}: {detail}")
        self.invariant = invariant
        self.detail = detail
