"""Clients through broker crashes, freezes and rebalances: nothing lost, nothing twice, order kept."""

from collections import Counter
from random import Random

import pytest

from kafkalab.engine.clients.producer import Pause, Producer
from tests.engine.clients.stage import Stage

PARTITIONS = range(4)
ASSIGNORS = ("range", "roundrobin", "sticky", "cooperative-sticky")
QUICK = {
    "group.consumer.min.session.timeout.ms": "8000",
    "group.consumer.session.timeout.ms": "8000",
    "group.consumer.min.heartbeat.interval.ms": "3000",
    "group.consumer.heartbeat.interval.ms": "3000",
}
"""Of the consumer protocol, whose members do not choose them."""


def played(seed: int, protocol: str = "classic") -> tuple[Stage, Producer]:
    """Half a minute of trouble for an idempotent producer and one to four consumers; then quiet."""
    random = Random(seed)
    stage = Stage(seed, configs=QUICK)
    producer = stage.producer(rate_per_s=40, key_pattern="random:9", value="{serial}")
    consumers = [f"consumer-{number}" for number in range(1 + seed % 4)]

    def join(name: str) -> None:
        commit = random.choice(("auto", "manual"))
        if protocol == "consumer":
            stage.consumer(name, group="g", group_protocol="consumer", commit=commit)
        else:
            assignor = ASSIGNORS[seed % 4]
            stage.consumer(name, group="g", assignor=assignor, commit=commit, session_timeout_ms=8_000)

    for name in consumers:
        join(name)
        stage.run(random.random() * 2)
    for _ in range(3):
        broker, name = random.randint(1, 3), random.choice(consumers)
        match random.choice(("crash", "freeze", "isolate", "member")):
            case "crash":
                stage.cluster.crash(broker)
                stage.run(random.uniform(0, 12))
                stage.cluster.start_broker(broker)
            case "freeze":
                stage.cluster.freeze(broker)
                stage.run(random.uniform(0, 12))
                stage.cluster.thaw(broker)
            case "isolate":
                stage.cluster.isolate(broker)
                stage.run(random.uniform(0, 12))
                stage.cluster.heal()
            case "member":
                stage.world.crash(name)
                stage.run(random.uniform(0, 12))
                join(name)
        stage.run(random.uniform(0, 6))
    stage.run(12)
    stage.world.tell_node(producer.name, Pause())
    stage.run(35)
    return stage, producer


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
@pytest.mark.parametrize("seed", range(8))
def test_what_is_sent_is_stored_once_in_order_and_delivered(seed: int, protocol: str) -> None:
    stage, producer = played(seed, protocol)
    stored = {("orders", partition): stage.stored(partition) for partition in PARTITIONS}
    values = Counter(record.value for records in stored.values() for record in records)
    assert values == {str(serial).encode(): 1 for serial in range(1, producer.sent + 1)}
    assert (producer.acked, producer.failed) == (producer.sent, 0)
    for records in stored.values():
        for key in {record.key for record in records}:
            serials = [int(record.value or b"") for record in records if record.key == key]
            assert serials == sorted(serials)
    offsets = {(where, record.offset) for where, records in stored.items() for record in records}
    assert set(stage.acked()) == offsets
    assert set(stage.delivered()) == offsets


def test_the_same_seed_plays_the_same_history() -> None:
    one, other = played(5)[0], played(5)[0]
    assert one.events == other.events
    assert one.world.steps == other.world.steps
