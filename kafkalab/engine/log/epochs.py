"""Which leader wrote which part of a log: one (leader epoch, first offset) pair for each leadership.

A follower that comes back asks where its last epoch ended on the leader, and cuts its own log
there: no high watermark can tell that (KIP-101, KIP-279). The rules are those of Kafka's
`LeaderEpochFileCache`; the checkpoint file has its name and format.
"""

from typing import NamedTuple

from kafkalab.engine.disk import Disk

UNDEFINED = -1
CHECKPOINT = "leader-epoch-checkpoint"


class EpochStart(NamedTuple):
    epoch: int
    start_offset: int


class LeaderEpochs:
    """Both epochs and start offsets rise from entry to entry. Every change is written at once, except
    an epoch under which nothing was appended yet: whoever opens the log again would drop it."""

    def __init__(self, disk: Disk, directory: str) -> None:
        self.disk = disk
        self.path = f"{directory}/{CHECKPOINT}"
        self.unwritten = False
        """Whether the file must be written before the next batch is."""
        self.entries: list[EpochStart] = []
        self.latest = UNDEFINED
        """The epoch of the last entry."""
        if disk.exists(self.path):
            self._set(_parse(disk.read_whole(self.path).decode()))

    def assign(self, epoch: int, start_offset: int) -> None:
        """The leader of `epoch` begins to write at this offset. Entries that contradict it are
        dropped: an epoch under which nothing was written leaves no trace."""
        if self._assign(epoch, start_offset):
            self.write()

    def begin(self, epoch: int, log_end: int) -> None:
        """As `assign`, for a leader that has not written anything yet: most never do before the next."""
        if self._assign(epoch, log_end):
            self.unwritten = True

    def _assign(self, epoch: int, start_offset: int) -> bool:
        if epoch < 0 or start_offset < 0:
            return False
        last = self.entries[-1] if self.entries else None
        if last and last.epoch == epoch and start_offset >= last.start_offset:
            return False
        before = [entry for entry in self.entries if entry.epoch < epoch and entry.start_offset < start_offset]
        self._set([*before, EpochStart(epoch, start_offset)])
        return True

    def epoch_at(self, offset: int) -> int:
        """The leader epoch under which this offset was written; -1 where that is not known."""
        for entry in reversed(self.entries):
            if entry.start_offset <= offset:
                return entry.epoch
        return UNDEFINED

    def end_offset_for(self, epoch: int, log_end: int) -> tuple[int, int]:
        """(the largest known epoch up to `epoch`, where it ended); (-1, -1) when that is undefined."""
        if epoch == UNDEFINED:
            return UNDEFINED, UNDEFINED
        if epoch == self.latest:
            return epoch, log_end
        higher = next((entry for entry in self.entries if entry.epoch > epoch), None)
        if higher is None:
            # A higher epoch than any known: this log may be the one that is behind.
            return UNDEFINED, UNDEFINED
        floor = max((entry.epoch for entry in self.entries if entry.epoch <= epoch), default=epoch)
        return floor, higher.start_offset

    def truncate_from_end(self, end_offset: int) -> None:
        """The log now ends here."""
        self._keep([entry for entry in self.entries if entry.start_offset < end_offset])

    def truncate_from_start(self, start_offset: int) -> None:
        """The log now begins here: the epoch that covers this offset moves up to it."""
        before = [entry for entry in self.entries if entry.start_offset <= start_offset]
        if before:
            first = EpochStart(before[-1].epoch, start_offset)
            self._keep([first, *self.entries[len(before) :]])

    def clear(self) -> None:
        self._keep([])

    def _keep(self, entries: list[EpochStart]) -> None:
        if entries != self.entries:
            self._set(entries)
            self.write()

    def _set(self, entries: list[EpochStart]) -> None:
        self.entries = entries
        self.latest = entries[-1].epoch if entries else UNDEFINED

    def write(self) -> None:
        self.unwritten = False
        lines = ["0", str(len(self.entries)), *(f"{entry.epoch} {entry.start_offset}" for entry in self.entries)]
        self.disk.write_whole(self.path, ("\n".join(lines) + "\n").encode())


def _parse(text: str) -> list[EpochStart]:
    """Kafka's checkpoint format: a version, the number of entries, then one entry a line."""
    _version, _count, *lines = text.splitlines()
    return [EpochStart(*map(int, line.split())) for line in lines]
