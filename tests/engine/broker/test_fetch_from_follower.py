"""A consumer reads from the replica in its rack, if brokers are told to mind racks (KIP-392)."""

import pytest

from kafkalab.engine.clients.consumer import Consumer
from kafkalab.engine.clients.consumer_settings import ConsumerSettings
from kafkalab.engine.config import RACK_AWARE, BrokerConfig, InvalidConfig
from kafkalab.engine.node import Request, Response
from kafkalab.wire.api import ApiKey
from kafkalab.wire.dialect import FetchPartitionResult
from kafkalab.wire.errors import ErrorCode
from tests.engine.broker.room import Room, fetch_request, values_in

AWARE = {"replica.selector.class": RACK_AWARE}


def room_with_racks(configs: dict[str, str]) -> Room:
    """orders-0 led in rack a, followed in b and c."""
    room = Room(configs=configs, racks=("a", "b", "c"))
    room.create((1, 2, 3))
    room.produce(1, "one")
    room.run(1)
    return room


def test_the_leader_sends_a_consumer_to_the_replica_in_its_rack() -> None:
    room = room_with_racks(AWARE)
    assert room.fetch(1, 0, rack_id="b") == FetchPartitionResult(
        0, high_watermark=1, last_stable_offset=1, log_start_offset=0, preferred_read_replica=2
    )
    assert values_in(room.fetch(2, 0, rack_id="b").records) == [(0, 0, "one")]


@pytest.mark.parametrize(("configs", "rack"), [({}, "b"), (AWARE, ""), (AWARE, "a"), (AWARE, "z")])
def test_without_a_nearer_replica_the_leader_serves(configs: dict[str, str], rack: str) -> None:
    result = room_with_racks(configs).fetch(1, 0, rack_id=rack)
    assert (result.preferred_read_replica, values_in(result.records)) == (-1, [(0, 0, "one")])


def test_nobody_is_sent_to_a_replica_that_has_left_the_isr() -> None:
    room = room_with_racks(AWARE | {"replica.lag.time.max.ms": "2000"})
    room.cluster.freeze(2)
    room.produce(1, "two", acks=1)
    room.run(5)
    assert room.fetch(1, 0, rack_id="b").preferred_read_replica == -1


def test_a_follower_serves_up_to_its_own_high_watermark_and_refuses_beyond_its_end() -> None:
    room = room_with_racks(AWARE)
    room.produce(1, "two")
    # It has the record, and has not heard yet that it is committed.
    follower = room.replica(2)
    assert (follower.high_watermark, follower.log.end_offset) == (1, 2)
    results = [room.fetch(2, offset) for offset in (1, 2, 3)]
    assert [(result.error_code, result.records) for result in results] == [
        (ErrorCode.none, b""),
        (ErrorCode.none, b""),
        (ErrorCode.offset_out_of_range, b""),
    ]


def test_an_old_client_is_served_by_the_leader_alone() -> None:
    room = room_with_racks(AWARE)
    number = room.say(2, ApiKey.FETCH, fetch_request(0), 10)
    room.run(1)
    assert room.client.answers[number].topics[0].partitions[0].error_code is ErrorCode.not_leader_or_follower


def test_the_labs_consumer_reads_from_its_rack_and_from_the_leader_when_that_is_gone() -> None:
    room = room_with_racks(AWARE)
    serving: list[str] = []

    def observe(_sent: int, _due: int, source: str, target: str, message: Request | Response) -> None:
        if isinstance(message, Response) and target == "reader" and message.api_key == ApiKey.FETCH:
            serving.extend(source for topic in message.body.topics for part in topic.partitions if part.records)

    room.world.on_message.append(observe)
    bootstrap = tuple(spec.node for spec in room.cluster.spec.brokers)
    reader = Consumer("reader", bootstrap, ConsumerSettings(("orders",), rack="c"))
    room.world.start(reader)
    room.run(3)
    room.produce(1, "two")
    room.run(1)
    assert (reader.delivered, serving) == (2, ["broker-3", "broker-3"])
    room.cluster.crash(3)
    room.run(12)
    room.produce(1, "three")
    room.run(3)
    assert (reader.delivered, serving[2:]) == (3, ["broker-1"])


def test_a_selector_that_is_not_there_is_no_valid_config() -> None:
    with pytest.raises(InvalidConfig, match="could not be found"):
        BrokerConfig.parse({"replica.selector.class": "com.example.Nearest"})
