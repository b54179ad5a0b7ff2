"""What nobody tells a broker it finds out by waiting: for as long as Kafka does, and no longer."""

import pytest

from tests.engine.broker.room import Room


def test_a_follower_gives_up_a_connection_that_is_gone_at_the_leader_only() -> None:
    """The leader closed it and its reset was lost: the leader has no reason to speak to the follower."""
    room = Room(brokers=2)
    room.create((1, 2))
    room.world.half_open("broker-1", "broker-2")
    begun_us = room.world.now_us
    room.produce(1, "a", acks=1)
    assert room.values(2) == []
    while not room.values(2) and room.world.now_us < begun_us + 60_000_000:
        room.world.step()
    assert (room.world.now_us - begun_us) / 1_000_000 == pytest.approx(33, abs=3.1)


def test_a_broker_that_stands_still_is_given_up_and_found_again() -> None:
    room = Room(brokers=2, configs={"broker.session.timeout.ms": "600000"})
    room.create((1, 2))
    room.cluster.freeze(1)
    in_flight = room.broker(2).fetchers.by_leader[1].in_flight
    room.run(60)
    # Each attempt is as silent as the first.
    assert room.broker(2).fetchers.by_leader[1].in_flight != in_flight
    room.cluster.thaw(1)
    room.produce(1, "a", acks=1)
    room.run(2)
    assert room.values(2) == [(0, 0, "a")]
