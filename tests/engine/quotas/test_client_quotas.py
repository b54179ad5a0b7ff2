"""Who is over its quota has its answer at once and is not heard for as long as that says (KIP-219)."""

from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from kafkalab.engine.events import ClientThrottled
from kafkalab.engine.node import Request
from kafkalab.engine.quotas.limits import MOST_ACCOUNTS, of_client, of_user
from kafkalab.wire.api import ApiKey
from kafkalab.wire.dialect import FetchResponse, ProduceRequest
from kafkalab.wire.errors import ErrorCode
from tests.engine.broker.room import Room, Say, create_topics, fetch_request, produce_request
from tests.engine.quotas.asking import alter, metadata_request

KILOBYTE = "x" * 1_000


def room_with(**quotas: float) -> Room:
    room = Room(brokers=1)
    room.create((1,))
    alter(room, of_client("test"), **quotas)
    room.take_facts()
    return room


def size_of(body: ProduceRequest) -> int:
    return len(body.topics[0].partitions[0].records or b"")


def heard_after_ms(room: Room, number: int) -> int:
    began_ms = room.now_ms
    while number not in room.client.answers:
        room.world.step()
    return room.now_ms - began_ms


def test_a_producer_over_its_quota_is_answered_at_once_and_then_muted() -> None:
    room = room_with(producer_byte_rate=1_000)
    body = produce_request(KILOBYTE * 15, now_ms=room.now_ms)
    throttle_ms = round((size_of(body) / 10 - 1_000) / 1_000 * 10_000)
    sent = room.say(1, ApiKey.PRODUCE, body)
    assert room.client.answers[sent].topics[0].partitions[0].error_code == ErrorCode.none
    assert room.client.answers[sent].throttle_time_ms == throttle_ms
    quota = "producer_byte_rate"
    assert room.take_facts(ClientThrottled) == [ClientThrottled(1, "test", "client", quota, throttle_ms)]
    asked = room.say(1, ApiKey.METADATA, metadata_request())
    assert heard_after_ms(room, asked) == throttle_ms


def test_within_the_quota_nobody_is_throttled() -> None:
    room = room_with(producer_byte_rate=1_000)
    assert room.ask(1, ApiKey.PRODUCE, produce_request(KILOBYTE * 9, now_ms=room.now_ms)).throttle_time_ms == 0
    assert room.take_facts(ClientThrottled) == []


def test_who_wants_no_answer_is_muted_all_the_same() -> None:
    room = room_with(producer_byte_rate=1_000)
    body = produce_request(KILOBYTE * 15, acks=0, now_ms=room.now_ms)
    room.say(1, ApiKey.PRODUCE, body)
    asked = room.say(1, ApiKey.METADATA, metadata_request())
    assert heard_after_ms(room, asked) == round((size_of(body) / 10 - 1_000) / 1_000 * 10_000)


def test_a_producer_that_never_stops_gets_what_its_quota_allows() -> None:
    room = room_with(producer_byte_rate=10_000)
    began_ms, sent = room.now_ms, 0
    while room.now_ms < began_ms + 60_000:
        body = produce_request(KILOBYTE * 5, now_ms=room.now_ms)
        heard_after_ms(room, room.say(1, ApiKey.PRODUCE, body))
        sent += size_of(body)
    assert 9_000 < sent * 1000 / (room.now_ms - began_ms) < 12_000


def test_a_reader_over_its_quota_gets_nothing_now_and_all_of_it_later() -> None:
    room = room_with(consumer_byte_rate=1_000)
    for _ in range(15):
        room.produce(1, KILOBYTE)
    first = room.ask(1, ApiKey.FETCH, fetch_request(0))
    read = sum(len(part.records) for topic in first.topics for part in topic.partitions)
    assert 8_000 < read <= 10_000
    assert first.throttle_time_ms == 0
    throttled = room.ask(1, ApiKey.FETCH, fetch_request(8))
    assert throttled == FetchResponse((), throttle_time_ms=throttled.throttle_time_ms)
    assert throttled.throttle_time_ms > 0
    again = room.say(1, ApiKey.FETCH, fetch_request(8))
    waited_ms = heard_after_ms(room, again)
    assert abs(waited_ms - throttled.throttle_time_ms) <= 1
    assert room.client.answers[again].throttle_time_ms >= 0


def test_a_session_survives_its_throttled_answers() -> None:
    room = room_with(consumer_byte_rate=1_000)
    for _ in range(15):
        room.produce(1, KILOBYTE)
    opened = room.ask(1, ApiKey.FETCH, replace(fetch_request(0), session_epoch=0))
    assert opened.session_id > 0
    on = replace(fetch_request(8), session_id=opened.session_id, session_epoch=1)
    throttled = room.ask(1, ApiKey.FETCH, on)
    assert throttled == FetchResponse((), session_id=opened.session_id, throttle_time_ms=throttled.throttle_time_ms)
    room.run(30)
    answer = room.ask(1, ApiKey.FETCH, replace(on, topics=(), session_epoch=2))
    assert (answer.error_code, bool(answer.topics[0].partitions[0].records)) == (ErrorCode.none, True)


def test_replicas_are_copied_whatever_the_quota() -> None:
    room = Room()
    alter(room, of_client(None), consumer_byte_rate=1, request_percentage=0.001)
    alter(room, of_user(None), consumer_byte_rate=1, request_percentage=0.001)
    room.create((1, 2, 3))
    room.run(3)
    room.say(1, ApiKey.PRODUCE, produce_request(KILOBYTE * 50, now_ms=room.now_ms))
    room.run(3)
    assert [room.replica(broker).log.end_offset for broker in (1, 2, 3)] == [1, 1, 1]


def test_requests_cost_time_and_a_client_gets_its_share_of_it() -> None:
    room = room_with(request_percentage=1)
    began_ms, asked = room.now_ms, 0
    while room.now_ms < began_ms + 30_000:
        heard_after_ms(room, room.say(1, ApiKey.METADATA, metadata_request()))
        asked += 1
    # One percent of a second is 10 ms, and a request is charged 100 us.
    assert 90 < asked * 1000 / (room.now_ms - began_ms) < 140


def test_a_throttle_for_requests_is_a_second_at_most() -> None:
    room = room_with(request_percentage=0.001)
    answer = room.ask(1, ApiKey.METADATA, metadata_request())
    assert answer.throttle_time.total_seconds() == 1


def test_all_connections_of_a_client_id_count_together_but_each_is_muted_alone() -> None:
    room = room_with(producer_byte_rate=1_000)
    room.say(1, ApiKey.PRODUCE, produce_request(KILOBYTE * 15, now_ms=room.now_ms), channel="one")
    other = room.say(1, ApiKey.PRODUCE, produce_request("x", now_ms=room.now_ms), channel="two")
    assert room.client.answers[other].throttle_time_ms > 5_000


def test_a_changed_quota_counts_at_once() -> None:
    room = room_with(producer_byte_rate=1_000)
    alter(room, of_client("test"), producer_byte_rate=1_000_000)
    assert room.ask(1, ApiKey.PRODUCE, produce_request(KILOBYTE * 15, now_ms=room.now_ms)).throttle_time_ms == 0


def test_who_comes_back_on_a_new_connection_is_heard() -> None:
    room = room_with(producer_byte_rate=1_000)
    room.say(1, ApiKey.PRODUCE, produce_request(KILOBYTE * 150, now_ms=room.now_ms))
    room.world.reset("client", "broker-1")
    room.run(0.1)
    assert room.say(1, ApiKey.METADATA, metadata_request()) in room.client.answers


def test_a_fork_throttles_as_its_original_does() -> None:
    room = room_with(producer_byte_rate=1_000)
    room.say(1, ApiKey.PRODUCE, produce_request(KILOBYTE * 15, now_ms=room.now_ms))
    asked = room.say(1, ApiKey.METADATA, metadata_request())
    copy = deepcopy(room.world)
    room.run(20)
    copy.run_until(room.world.now_us)
    assert copy.nodes["client"].answers[asked] == room.client.answers[asked]


def test_who_gives_a_new_client_id_each_time_does_not_fill_the_memory() -> None:
    room = Room(brokers=1)
    alter(room, of_client(None), request_percentage=50.0)
    broker = room.broker(1)
    for number in range(MOST_ACCOUNTS + 50):
        request = Request("client", "wire", number, ApiKey.METADATA, 13, f"id-{number}", metadata_request())
        room.world.tell_node("client", Say("broker-1", request))
        room.run(0.0001)
    assert len(broker.client_quotas._rates) <= MOST_ACCOUNTS


# -- changes of the cluster --------------------------------------------------------------------------


def create(name: str, partitions: int) -> Any:
    return create_topics(name, *[(1,)] * partitions)


def told(answer: Any) -> tuple[ErrorCode, str | None, int]:
    (topic,) = answer.topics
    return topic.error_code, topic.error_message, round(answer.throttle_time.total_seconds() * 1000)


def test_who_changes_too_much_is_refused_until_nothing_is_owed() -> None:
    room = room_with(controller_mutation_rate=1)
    assert told(room.ask(1, ApiKey.CREATE_TOPICS, create("a", 13))) == (ErrorCode.none, None, 0)
    refused = told(room.ask(1, ApiKey.CREATE_TOPICS, create("b", 1)))
    assert refused == (ErrorCode.throttling_quota_exceeded, "The throttling quota has been exceeded.", 2_000)
    began_ms = room.now_ms
    assert told(room.ask(1, ApiKey.CREATE_TOPICS, create("b", 1), within_s=5)) == (ErrorCode.none, None, 0)
    assert room.now_ms - began_ms == 2_000


def test_older_requests_are_carried_out_and_told_to_wait() -> None:
    room = room_with(controller_mutation_rate=1)
    answer = room.ask(1, ApiKey.CREATE_TOPICS, create("a", 13), api_version=5)
    assert told(answer) == (ErrorCode.none, None, 2_000)


@pytest.mark.parametrize("key", ["producer_byte_rate", "request_percentage"])
def test_other_quotas_do_not_hold_back_changes(key: str) -> None:
    room = room_with(**{key: 1_000_000})
    assert told(room.ask(1, ApiKey.CREATE_TOPICS, create("a", 50))) == (ErrorCode.none, None, 0)
