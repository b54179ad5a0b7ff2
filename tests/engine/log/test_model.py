"""A log does what a plain list would, whatever is done to it and however it is closed."""

from random import Random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from kafkalab.engine.disk import MemoryDisk
from kafkalab.engine.log import Log
from kafkalab.engine.log.retention import Reason
from kafkalab.wire.batches import headers
from tests.engine.log.building import NOW_MS, append, batch, contents, new_log, segment_bases

CONFIG = {"segment_bytes": 400, "index_interval_bytes": 100, "retention_ms": 1000}


def everything(log: Log, offset: int) -> bytes:
    """All bytes from this offset on: one read may end where a segment does."""
    found = b""
    while data := log.read(offset, 1 << 20):
        found += data
        *_, last = headers(data)
        offset = last.next_offset
    return found


class LogBesideAList(RuleBasedStateMachine):
    """`batches` is the whole truth: (first offset, values, epoch) of what the log holds."""

    def __init__(self) -> None:
        super().__init__()
        self.disk = MemoryDisk()
        self.log = new_log(self.disk, **CONFIG)
        self.follower = new_log(directory="follower", **CONFIG)
        self.batches: list[tuple[int, list[str], int]] = []
        self.start = 0
        self.end = 0
        self.epoch = 0
        self.serial = 0

    @rule(count=st.integers(1, 4), size=st.integers(0, 60))
    def append(self, count: int, size: int) -> None:
        values = [f"{self.serial + index}".ljust(size, ".") for index in range(count)]
        self.serial += count
        assert append(self.log, *values, epoch=self.epoch) == self.end
        self.batches.append((self.end, values, self.epoch))
        self.end += count

    @rule()
    def elect(self) -> None:
        self.epoch += 1
        self.log.begin_epoch(self.epoch)

    @rule(back=st.integers(0, 12))
    def truncate(self, back: int) -> None:
        offset = max(self.end - back, 0)
        while self.batches and self.batches[-1][0] + len(self.batches[-1][1]) > offset:
            self.end = self.batches.pop()[0]
        if not self.batches and offset < self.log.segments[0].base_offset:
            self.end = offset
        self.start = min(self.start, self.end)
        assert self.log.truncate_to(offset) == self.end
        self.epoch += 1

    @rule(ahead=st.integers(0, 5))
    def advance_start(self, ahead: int) -> None:
        self.start = min(self.start + ahead, self.end)
        self.log.advance_start(self.start)

    @rule()
    def roll(self) -> None:
        assert self.log.roll() == self.log.active.base_offset == self.end

    @rule(fraction=st.floats(0, 1), aged=st.booleans())
    def retain(self, fraction: float, aged: bool) -> None:
        high_watermark = self.start + int((self.end - self.start) * fraction)
        deleted = self.log.apply_retention(NOW_MS + 10_000 * aged, high_watermark)
        assert all(segment.end_offset <= high_watermark for segment in deleted)
        assert aged or all(segment.reason is Reason.START for segment in deleted)
        first = segment_bases(self.log)[0]
        self.batches = [each for each in self.batches if each[0] >= first]
        self.start = max(self.start, first)

    @rule(clean=st.booleans())
    def restart(self, clean: bool) -> None:
        producers = self.log.producers.by_id
        self.log.close(clean)
        self.log = new_log(self.disk, **CONFIG)
        assert (self.log.recovered_bytes, self.log.producers.by_id) == (0, producers)

    @rule(seed=st.integers(0, 1 << 30))
    def tear(self, seed: int) -> None:
        """kill -9 in the middle of a write."""
        torn = batch("torn", "torn")
        left = torn[: Random(seed).randrange(1, len(torn))]
        self.disk.append(self.log.active.path, left)
        self.log = new_log(self.disk, **CONFIG)
        assert self.log.recovered_bytes == len(left)

    @rule(max_bytes=st.integers(1, 2000))
    def replicate(self, max_bytes: int) -> None:
        """A follower cuts itself back to where the logs agree, and fetches what it lacks."""
        follower, leader = self.follower, self.log
        if not leader.start_offset <= follower.end_offset <= leader.end_offset or not follower.epochs.entries:
            follower.truncate_fully(leader.start_offset)
        while True:
            epoch, end = leader.end_offset_for(follower.epochs.latest)
            own_epoch, own_end = follower.end_offset_for(epoch)
            if epoch == follower.epochs.latest and end >= follower.end_offset:
                break
            if epoch == -1 or min(end, own_end) <= leader.start_offset:
                follower.truncate_fully(leader.start_offset)
                break
            follower.truncate_to(min(end, own_end) if own_epoch == epoch else own_end)
        first = next((each[0] for each in self.batches if each[0] + len(each[1]) > follower.end_offset), None)
        if first is not None and first < follower.end_offset:
            follower.truncate_fully(first)
        while data := leader.read(max(follower.end_offset, leader.start_offset), max_bytes):
            follower.append_as_follower(data)
        assert follower.end_offset == leader.end_offset
        shared = max(follower.start_offset, leader.start_offset)
        assert everything(follower, shared) == everything(leader, shared)

    @invariant()
    def holds_what_the_list_holds(self) -> None:
        log = self.log
        expected = [(first + index, value) for first, values, _ in self.batches for index, value in enumerate(values)]
        assert (log.start_offset, log.end_offset) == (self.start, self.end)
        assert contents(log) == [(offset, value) for offset, value in expected if offset >= self.start]

    @invariant()
    def epochs_are_those_of_the_batches(self) -> None:
        for first, values, epoch in self.batches:
            for offset in range(max(first, self.start), first + len(values)):
                assert self.log.epochs.epoch_at(offset) == epoch

    @invariant()
    def segments_lie_end_to_end(self) -> None:
        segments = self.log.segments
        assert [each.end_offset for each in segments[:-1]] == [each.base_offset for each in segments[1:]]
        assert [each.size for each in segments] == [self.disk.size(each.path) for each in segments]
        ends = [batch.end for each in segments for batch in [*headers(self.disk.read_whole(each.path))][-1:]]
        assert ends == [each.size for each in segments if each.size]


TestLogBesideAList = LogBesideAList.TestCase
TestLogBesideAList.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
