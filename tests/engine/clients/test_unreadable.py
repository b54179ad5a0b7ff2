"""A record that an application cannot parse: it gets an exception instead, until its group is moved on."""

from kafkalab.engine.clients.consumer import Consumer
from kafkalab.engine.events import RecordUnreadable
from tests.engine.clients.stage import Stage


def with_one_bad_record() -> Stage:
    """Three records in each of two partitions; the second one of partition 1 cannot be parsed."""
    stage = Stage()
    producer = stage.producer("filler", topic=None)
    stage.run(1)
    for token in range(6):
        value = b"\x01bad" if token == 3 else b"good"
        stage.send(producer, token, key=b"k", value=value, partition=token % 2)
    stage.run(1)
    return stage


def positions(reader: Consumer) -> dict[int, int | None]:
    return {partition: at for (_, partition), at in reader.positions.items() if partition < 2}


def test_poll_throws_at_a_record_that_cannot_be_parsed_and_never_moves_beyond() -> None:
    stage = with_one_bad_record()
    reader = stage.consumer(unreadable="\x01")
    stage.run(5)
    assert positions(reader)[1] == 1
    assert (reader.state, reader.last_error) == ("stuck", "orders-1: the record at offset 1 cannot be parsed")
    assert stage.told(RecordUnreadable) == [RecordUnreadable("consumer-1", "orders", 1, 1)]


def test_a_consumer_that_can_parse_everything_reads_it() -> None:
    stage = with_one_bad_record()
    reader = stage.consumer()
    stage.run(5)
    assert (positions(reader), stage.told(RecordUnreadable)) == ({0: 3, 1: 3}, [])


def test_while_poll_throws_nothing_of_the_other_partitions_comes() -> None:
    stage = with_one_bad_record()
    reader = stage.consumer(unreadable="\x01")
    stage.run(5)
    before = reader.delivered
    producer = stage.producer("late", topic=None)
    stage.run(1)
    stage.send(producer, 100, key=b"k", value=b"good", partition=0)
    stage.run(5)
    assert reader.delivered == before
