"""What a consumer reads from whom is worked out once, and anew as soon as anything about it changes."""

from kafkalab.engine.clients.fetching import Needs, Reading
from kafkalab.engine.clients.metadata import ClientMetadata, KnownPartition, KnownTopic
from kafkalab.engine.clients.settled import Settled
from kafkalab.wire.dialect import LeaderHint


def read_from(*leaders: int) -> tuple[ClientMetadata, dict[tuple[str, int], Reading]]:
    """A topic whose partitions these brokers lead, and a reading of each partition."""
    partitions = {number: KnownPartition(leader, 1) for number, leader in enumerate(leaders)}
    metadata = ClientMetadata(topics={"orders": KnownTopic(None, partitions)})
    readings = [Reading("orders", number, Needs.NOTHING) for number in partitions]
    return metadata, {reading.where: reading for reading in readings}


def test_partitions_are_grouped_by_who_leads_them() -> None:
    metadata, readings = read_from(1, 2, 1)
    settled = Settled()
    assert settled.groups(metadata) is None
    settled.settle(readings, metadata)
    first, second, third = readings.values()
    assert settled.groups(metadata) == {"broker-1": [first, third], "broker-2": [second]}


def test_a_leader_that_a_broker_names_unsettles_it() -> None:
    metadata, readings = read_from(1, 2)
    settled = Settled()
    settled.settle(readings, metadata)
    assert metadata.follow("orders", 0, LeaderHint(2, 2))
    assert settled.groups(metadata) is None


def test_a_hint_that_is_no_news_does_not() -> None:
    metadata, readings = read_from(1)
    settled = Settled()
    settled.settle(readings, metadata)
    assert not metadata.follow("orders", 0, LeaderHint(2, 1))
    assert settled.groups(metadata) == {"broker-1": [*readings.values()]}


def test_nothing_is_settled_without_a_leader() -> None:
    metadata, readings = read_from(1, -1)
    settled = Settled()
    settled.settle(readings, metadata)
    assert settled.groups(metadata) is None


def test_nothing_is_settled_while_a_nearer_replica_is_read() -> None:
    metadata, readings = read_from(1, 2)
    readings["orders", 1].nearer = 3
    settled = Settled()
    settled.settle(readings, metadata)
    assert settled.groups(metadata) is None
