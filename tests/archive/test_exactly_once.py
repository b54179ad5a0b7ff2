"""A sink that is killed at any write goes on so that every record is in the store once, whoever else writes there."""

from hypothesis import given
from hypothesis import strategies as st

from kafkalab.archive.formats import decode, encode
from kafkalab.archive.names import Archive
from kafkalab.archive.reading import archived, compared, ends, listed
from kafkalab.archive.sink import SECOND_US, Buffering, Sink
from kafkalab.archive.store import Objects
from kafkalab.wire.records import Record

ARCHIVE = Archive("orders", "x7Wd0Q", "jsonl")
SMALL = Buffering(size_bytes=100, for_us=3 * SECOND_US)
PARTITIONS = 2


class Killed(Exception):
    """By the test, before a write or after it."""


def log_of(partition: int, offsets: list[int]) -> list[Record]:
    return [Record(each, each * 10, b"k%d" % partition, b"v" * (each % 40)) for each in offsets]


class Life:
    """One process from its start to its kill: it asks the store where to go on, reads, and writes what is due."""

    def __init__(self, objects: Objects, logs: dict[int, list[Record]]) -> None:
        self.objects = objects
        self.sink = Sink(SMALL)
        known = ends(objects, ARCHIVE)
        self.unread = {}
        for partition, log in logs.items():
            self.sink.begin(("orders", partition), known.get(partition, 0))
            self.unread[partition] = [each for each in log if each.offset >= known.get(partition, 0)]

    def read(self, partition: int, count: int, now_us: int) -> None:
        taken, self.unread[partition] = self.unread[partition][:count], self.unread[partition][count:]
        for record in taken:
            self.sink.take(("orders", partition), record, now_us)

    def write(self, now_us: int, *, at_the_end: bool = False, kill: str = "") -> None:
        for cut in self.sink.rest() if at_the_end else self.sink.due(now_us):
            if kill == "before":
                raise Killed
            name = ARCHIVE.name(cut.where[1], cut.first)
            created = self.objects.create(name, encode("jsonl", *cut.where, cut.records))
            if kill == "after":
                raise Killed
            if not created:
                # Somebody else was here: whatever is held may be in the store by now.
                raise Killed
            self.sink.wrote(cut)


offsets = st.lists(st.integers(1, 3), max_size=60).map(
    lambda steps: [sum(steps[: n + 1]) - 1 for n in range(len(steps))]
)
"""With holes, as compaction and transactions leave them."""
turns = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.integers(0, PARTITIONS - 1),
        st.integers(0, 9),
        st.sampled_from(["", "", "before", "after"]),
    ),
    max_size=60,
)
"""Which of two processes, which partition, how many records, and when it is killed."""


@given(st.tuples(*[offsets] * PARTITIONS), turns)
def test_two_sinks_that_are_killed_at_any_write_put_every_record_into_the_store_once(
    places: tuple[list[int], ...], story: list[tuple[int, int, int, str]]
) -> None:
    objects = Objects.in_memory()
    logs = {partition: log_of(partition, each) for partition, each in enumerate(places)}
    lives = [Life(objects, logs), Life(objects, logs)]
    for turn, (who, partition, count, kill) in enumerate(story):
        try:
            lives[who].read(partition, count, turn * SECOND_US)
            lives[who].write(turn * SECOND_US, kill=kill)
        except Killed:
            lives[who] = Life(objects, logs)
    last = Life(objects, logs)
    for partition, log in logs.items():
        last.read(partition, len(log), 0)
    while any(lane.held for lane in last.sink.lanes.values()):
        last.write(0, at_the_end=True)
    for partition, log in logs.items():
        assert list(archived(objects, ARCHIVE, partition)) == log
        found = compared(archived(objects, ARCHIVE, partition), log)
        assert (found.once, found.is_whole, found.not_yet) == (len(log), True, 0)


def test_of_two_sinks_that_go_on_from_the_same_offset_one_is_refused() -> None:
    objects = Objects.in_memory()
    logs = {0: log_of(0, list(range(30)))}
    one, other = Life(objects, logs), Life(objects, logs)
    one.read(0, 10, 0)
    one.write(3 * SECOND_US)
    other.read(0, 20, 0)
    name = ARCHIVE.name(0, 0)
    assert not objects.create(name, b"something else")
    assert [(each.first, each.size > 20) for each in listed(objects, ARCHIVE)] == [(0, True)]
    assert len(decode("jsonl", objects.read(name))) <= 10


def test_a_double_and_a_hole_are_found() -> None:
    log = log_of(0, list(range(6)))
    found = compared([log[0], log[1], log[1], log[3], Record(4, 0, None, b"other")], log)
    assert (found.records, found.once, found.doubles, found.missing, found.wrong, found.not_yet) == (
        5, 3, [1], [2], [4], 1
    )  # fmt: skip
    assert not found.is_whole
