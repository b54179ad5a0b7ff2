"""What the referee knows of each replica: how it was when last looked at."""

from dataclasses import dataclass
from uuid import UUID

ReplicaKey = tuple[UUID, int, int]
"""Topic id, partition, broker. By id: a topic made again under the old name is another topic."""


@dataclass(slots=True)
class Sight:
    """One replica as last seen. It stays known while its broker is down: the disk is still there."""

    topic: str
    log_start: int = 0
    log_end: int = 0
    high_watermark: int = 0
    leader_epoch: int = -1
    leading: bool = False
    isr: tuple[int, ...] = ()
    last_epoch: int = -1
    """The leader epoch of the last batch in the log."""
    alive: bool = True


class Broken(AssertionError):
    """An invariant that must hold after every step does not."""

    def __init__(self, invariant: str, detail: str) -> None:
        super().__init__(f"{invariant}: {detail}")
        self.invariant = invariant
        self.detail = detail
