"""A connection that breaks at one end only: what was sent still arrives, and then it is asked again."""

import pytest

from kafkalab.engine.events import ConnectionHalfOpened, DuplicateBatchDropped, ProducerRetried
from kafkalab.engine.network import Link, Network
from kafkalab.engine.node import ConnectionLost, Node, Request, Response, Started
from kafkalab.engine.world import CONNECTIONS_MAX_IDLE_US, World
from tests.engine.clients.stage import Stage


class Ear(Node):
    """Keeps what it is told, with the time, and answers every request."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.heard: list[tuple[int, object]] = []

    def handle(self, message: object) -> None:
        self.heard.append((self.now_us, message))
        if isinstance(message, Request):
            self.send(message.source, Response(self.name, message.channel, message.correlation_id, 0, "done"))


def asked(number: int, source: str = "client") -> Request:
    return Request(source, "data", number, 0, 0, None, "please")


def two_ears() -> tuple[World, Ear, Ear]:
    world = World(1, network=Network(Link(latency_us=1_000)))
    ears = Ear("client"), Ear("broker")
    for ear in ears:
        world.start(ear)
    world.run_until(0)
    return world, *ears


def test_what_was_sent_before_arrives_and_its_answer_does_not() -> None:
    world, client, broker = two_ears()
    world.send("client", "broker", asked(1))
    world.half_open("client", "broker")
    world.run_until(500)
    world.send("client", "broker", asked(2))
    world.run_until(10_000)
    assert client.heard == [
        (0, Started()),
        (0, ConnectionLost("broker")),
        (2_500, Response("broker", "data", 2, 0, "done")),
    ]
    assert broker.heard == [
        (0, Started()),
        (1_000, asked(1, "client~0")),
        (1_000, ConnectionLost("client~0")),
        (1_500, asked(2)),
    ]


def test_what_waits_at_a_frozen_node_is_still_served() -> None:
    world, _, broker = two_ears()
    world.freeze("broker")
    world.send("client", "broker", asked(1))
    world.run_until(2_000)
    world.half_open("client", "broker")
    world.thaw("broker")
    world.run_until(3_000)
    assert broker.heard == [(0, Started()), (2_000, asked(1, "client~0")), (2_000, ConnectionLost("client~0"))]


def test_a_connection_on_which_nothing_is_answered_is_closed_in_the_end() -> None:
    world, _, broker = two_ears()
    world.half_open("client", "broker")
    world.run_until(CONNECTIONS_MAX_IDLE_US)
    assert broker.heard == [(0, Started()), (CONNECTIONS_MAX_IDLE_US, ConnectionLost("client~0"))]


def test_the_other_direction_is_void_and_told_when_it_is_used() -> None:
    world, client, broker = two_ears()
    world.send("broker", "client", asked(1, "broker"))
    world.half_open("client", "broker")
    world.run_until(500)
    world.send("broker", "client", asked(2, "broker"))
    world.run_until(10_000)
    assert [message for _, message in client.heard] == [Started(), ConnectionLost("broker")]
    assert [message for _, message in broker.heard] == [Started(), ConnectionLost("client")]


@pytest.mark.parametrize("idempotence", [True, False])
def test_a_request_that_comes_twice_is_written_twice_unless_it_is_numbered(idempotence: bool) -> None:
    stage = Stage(partitions=1)
    producer = stage.producer(idempotence=idempotence, rate_per_s=20, limit=100, linger_ms=0)
    stage.run(1)
    for broker in stage.bootstrap:
        stage.world.network.links["producer-1", broker] = Link(latency_us=500, half_open=0.5)
    stage.run(10)
    stage.world.network.links.clear()
    stage.run(30)
    values = [record.value for record in stage.stored(0)]
    assert (producer.acked, producer.failed, len(dict.fromkeys(values))) == (100, 0, 100)
    half_opened = stage.told(ConnectionHalfOpened, "producer-1")
    assert half_opened
    assert len(stage.told(ProducerRetried)) > 10
    twice, dropped = len(values) - 100, len(stage.told(DuplicateBatchDropped))
    assert (twice == 0, dropped == 0) == (idempotence, not idempotence)
