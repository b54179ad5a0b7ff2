"""A broker that is given a thousand partitions makes a few at a time, and has something for others in between."""

from kafkalab.engine.broker.replicas import NEW_AT_ONCE
from kafkalab.wire.api import ApiKey
from tests.engine.broker.room import Room, create_topics

MANY = 5 * NEW_AT_ONCE


def begun() -> Room:
    """The metadata has come to broker 1, and nothing else has happened there."""
    room = Room(latency_us=400)
    body = create_topics("orders", *[((number % 3) + 1, (number + 1) % 3 + 1) for number in range(MANY)])
    room.say(1, ApiKey.CREATE_TOPICS, body)
    while not room.broker(1).partitions:
        room.world.step()
    return room


def test_new_replicas_are_made_a_few_at_a_time() -> None:
    room = begun()
    assert len(room.broker(1).partitions) == NEW_AT_ONCE
    sizes = [NEW_AT_ONCE]
    while len(room.broker(1).partitions) < 2 * MANY // 3:
        room.world.step()
        if len(room.broker(1).partitions) != sizes[-1]:
            sizes.append(len(room.broker(1).partitions))
    assert sizes == [30, 60, 90, 100]
    room.run(2)
    for partition in (0, 50, MANY - 1):
        leader = partition % 3 + 1
        assert room.produce(leader, "x", partition=partition).base_offset == 0


def test_a_topic_that_is_deleted_meanwhile_is_not_made() -> None:
    room = begun()
    room.delete("orders")
    room.run(1)
    assert [len(room.broker(number).partitions) for number in (1, 2, 3)] == [0, 0, 0]
    assert room.broker(1).disk.names("orders-0") == []
