"""What a lab may take of the machine that it shares, and what whoever wants more is told."""

from dataclasses import replace

from kafkalab.engine.spec import ClusterSpec, HostLimits
from kafkalab.lab.commands import CreateProducer, CreateTopic, UpdateProducer
from kafkalab.wire.api import ApiKey
from kafkalab.wire.errors import ErrorCode
from tests.engine.broker.room import Room, create_topics, produce_request
from tests.lab.labs import carried_out, opened

KILOBYTE = "x" * 1_000


def room_with(**limits: int) -> Room:
    return Room(spec=replace(ClusterSpec.local(1), limits=HostLimits(**limits)))


def test_a_broker_that_is_full_refuses_and_says_why() -> None:
    room = room_with(stored_bytes=10_000)
    room.create((1,))
    results = [room.produce(1, KILOBYTE) for _ in range(12)]
    refused = results[-1]
    stored = room.replica(1).log.size
    assert [each.error_code for each in results[:9]] == [ErrorCode.none] * 9
    assert (refused.error_code, refused.error_message) == (
        ErrorCode.policy_violation,
        f"This broker stores {stored} bytes, where at most 10000 are allowed: "
        "delete records or topics, or shorten their retention.",
    )


def test_what_was_deleted_makes_room_again() -> None:
    room = room_with(stored_bytes=10_000)
    room.create((1,))
    while room.produce(1, KILOBYTE).error_code is ErrorCode.none:
        pass
    room.delete("orders")
    room.create((1,))
    room.run(1)
    assert room.produce(1, KILOBYTE).error_code == ErrorCode.none


def test_every_broker_may_store_its_share() -> None:
    spec = replace(ClusterSpec.local(3), limits=HostLimits(stored_bytes=30_000))
    assert [broker.storage_limit.most_bytes for broker in Room(spec=spec).cluster.brokers.values()] == [10_000] * 3


def test_topics_are_refused_beyond_their_number_and_the_rest_of_the_request_is_not() -> None:
    room = room_with(topics=2)
    for name, error in (("a", ErrorCode.none), ("b", ErrorCode.none), ("c", ErrorCode.policy_violation)):
        (topic,) = room.ask(1, ApiKey.CREATE_TOPICS, create_topics(name, (1,))).topics
        assert topic.error_code == error
    assert topic.error_message == "This cluster would have 3 topics, where at most 2 are allowed."


def test_internal_topics_are_made_whatever_the_limit() -> None:
    room = room_with(topics=1, partitions=1)
    room.create((1,))
    (topic,) = room.ask(1, ApiKey.CREATE_TOPICS, create_topics("__consumer_offsets", (1,))).topics
    assert topic.error_code == ErrorCode.none


def test_a_record_too_many_is_refused_at_once_by_an_acks_0_producer_too() -> None:
    room = room_with(stored_bytes=5_000)
    room.create((1,))
    room.say(1, ApiKey.PRODUCE, produce_request(KILOBYTE * 6, acks=0, now_ms=room.now_ms))
    room.run(1)
    assert (room.client.lost, room.replica(1).log.size) == (["broker-1"], 0)


def test_the_labs_own_producers_together_make_no_more_than_their_limit() -> None:
    lab = opened(limits={"records_per_s": 100})
    assert carried_out(lab, CreateTopic("orders", 1, 1)).ok
    assert carried_out(lab, CreateProducer("orders", rate=60)).ok
    refused = carried_out(lab, CreateProducer("orders", rate=50))
    why = "would make 110 records a second of all producers, where 100 are allowed"
    assert (refused.ok, refused.fields) == (False, {"rate": why})
    assert not carried_out(lab, UpdateProducer("producer-1", rate=101)).ok
    assert carried_out(lab, UpdateProducer("producer-1", rate=100)).ok
    lab.close()


def test_the_page_is_told_what_is_used_and_what_may_be() -> None:
    lab = opened(limits={"topics": 7, "records_per_s": 100})
    carried_out(lab, CreateTopic("orders", 2, 1))
    carried_out(lab, CreateProducer("orders", rate=60))
    lab.advance(100_000)
    limits = {each["of"]: (each["used"], each["most"]) for each in lab.view()["lab"]["limits"]}
    default = HostLimits()
    assert limits == {
        "stored_bytes": (limits["stored_bytes"][0], default.stored_bytes),
        "topics": (1, 7),
        "partitions": (2, default.partitions),
        "connections": (0, default.connections),
        "records_per_s": (60, 100),
    }
    lab.close()
