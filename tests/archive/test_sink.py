"""When a sink says that an object is due, and what is in it."""

from kafkalab.archive.events import ArchiveGoesOn, ObjectRefused, ObjectStored
from kafkalab.archive.names import Archive
from kafkalab.archive.sink import MIB, SECOND_US, Buffering, Cut, Sink
from kafkalab.wire.records import Record

HERE = ("orders", 0)


def record(offset: int, size: int = 10) -> Record:
    return Record(offset, 0, None, b"x" * size)


def sink() -> Sink:
    made = Sink(Buffering.of(1, 60))
    made.begin(HERE, 0)
    return made


def test_at_a_low_rate_time_decides() -> None:
    made = sink()
    made.take(HERE, record(0), 5 * SECOND_US)
    made.take(HERE, record(1), 50 * SECOND_US)
    assert made.next_due_us() == 65 * SECOND_US
    assert made.due(65 * SECOND_US - 1) == []
    assert made.due(65 * SECOND_US) == [Cut(HERE, 0, (record(0), record(1)), "time")]


def test_at_a_high_rate_size_decides() -> None:
    made = sink()
    for offset in range(3):
        made.take(HERE, record(offset, MIB // 2), offset)
    assert made.due(3) == [Cut(HERE, 0, (record(0, MIB // 2), record(1, MIB // 2)), "size")]


def test_the_next_object_of_a_partition_waits_until_the_one_before_is_in_the_store() -> None:
    made = sink()
    made.take(HERE, record(0, MIB), 0)
    (cut,) = made.due(0)
    made.take(HERE, record(1, MIB), 0)
    assert (made.due(0), made.next_due_us()) == ([], None)
    made.wrote(cut)
    assert made.due(0) == [Cut(HERE, 1, (record(1, MIB),), "size")]


def test_what_the_store_has_is_not_taken_again() -> None:
    made = sink()
    made.begin(HERE, 2)
    for offset in range(4):
        made.take(HERE, record(offset), 0)
    made.take(HERE, record(3), 0)
    assert made.rest() == [Cut(HERE, 2, (record(2), record(3)), "end")]


def test_partitions_are_buffered_each_by_itself() -> None:
    made, there = sink(), ("orders", 1)
    made.begin(there, 0)
    made.take(HERE, record(0, MIB), 0)
    made.take(there, record(0, MIB - 1), 0)
    assert [cut.where for cut in made.due(0)] == [HERE]


def test_a_slow_store_lets_a_sink_hold_two_buffers_and_no_more() -> None:
    made = sink()
    made.take(HERE, record(0, MIB), 0)
    made.due(0)
    made.take(HERE, record(1, MIB), 0)
    assert not made.is_full(HERE)
    made.take(HERE, record(2, MIB), 0)
    assert made.is_full(HERE)


def test_what_a_sink_does_is_told_in_sentences() -> None:
    name = "orders/x/jsonl/0/00000000000000000041.jsonl"
    assert [
        ArchiveGoesOn("pipe", "orders", 0, 41).sentence(),
        ObjectStored("pipe", "orders", 0, name, 41, 43, 3, "time").sentence(),
        ObjectRefused("pipe", "orders", 0, name).sentence(),
    ] == [
        "pipe goes on from offset 41 of orders-0: that is where the objects in the store end.",
        "pipe wrote orders-0, offsets 41 to 43, as one object; time decided.",
        f"The store has an object {name} already: pipe looks there where orders-0 goes on.",
    ]


def test_a_name_is_read_as_it_was_written() -> None:
    archive = Archive("user.activity", "5Gq8xJ2h", "jsonl.gz")
    name = archive.name(12, 41)
    assert name == "user.activity/5Gq8xJ2h/jsonl.gz/12/00000000000000000041.jsonl.gz"
    assert archive.place(name) == (12, 41)
    for other in ("user.activity/5Gq8xJ2h/jsonl.gz/12/41.jsonl.gz", name + "#1", name.removesuffix(".gz"), "a"):
        assert archive.place(other) is None
