"""Requests and their answers: produce, fetch, list offsets, and the order in which they are served."""

from dataclasses import replace
from datetime import timedelta

import pytest
from kio.schema.delete_records.v2.request import DeleteRecordsPartition, DeleteRecordsRequest, DeleteRecordsTopic
from kio.schema.delete_records.v2.response import (
    DeleteRecordsPartitionResult,
    DeleteRecordsResponse,
    DeleteRecordsTopicResult,
)
from kio.schema.init_producer_id.v5.request import InitProducerIdRequest
from kio.schema.init_producer_id.v5.response import InitProducerIdResponse
from kio.schema.list_offsets.v11.request import ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic
from kio.schema.list_offsets.v11.response import ListOffsetsPartitionResponse
from kio.schema.offset_for_leader_epoch.v4.request import (
    OffsetForLeaderEpochRequest,
    OffsetForLeaderPartition,
    OffsetForLeaderTopic,
)
from kio.schema.offset_for_leader_epoch.v4.response import EpochEndOffset

from kafkalab.engine.events import DuplicateBatchDropped, LogStartMoved
from kafkalab.engine.world import World
from kafkalab.wire.api import ApiKey
from kafkalab.wire.dialect import (
    NOT_THROTTLED,
    FetchPartition,
    FetchPartitionResult,
    FetchRequest,
    FetchResponse,
    FetchTopic,
    LeaderHint,
    NodeEndpoint,
    ProducePartition,
    ProducePartitionResult,
    ProduceRequest,
    ProduceResponse,
    ProduceTopic,
    ProduceTopicResult,
)
from kafkalab.wire.errors import ErrorCode
from tests.engine.broker.room import Room, batch_of, fetch_request, produce_request, values_in


@pytest.fixture
def room() -> Room:
    made = Room()
    made.create((1, 2, 3))
    return made


# -- produce ---------------------------------------------------------------------------------------


def test_who_asks_a_follower_is_told_the_leader(room: Room) -> None:
    assert room.ask(2, ApiKey.PRODUCE, produce_request("a")) == ProduceResponse(
        (
            ProduceTopicResult(
                "orders",
                None,
                (ProducePartitionResult(0, ErrorCode.not_leader_or_follower, current_leader=LeaderHint(1, 0)),),
            ),
        ),
        node_endpoints=(NodeEndpoint(1, "127.0.0.1", 9092),),
    )


def test_a_topic_given_by_id_is_answered_by_id(room: Room) -> None:
    topic_id = room.replica(1).topic_id
    data = batch_of("a", now_ms=room.now_ms)
    body = ProduceRequest(1, 1000, (ProduceTopic("", topic_id, (ProducePartition(0, data),)),))
    result = ProducePartitionResult(0, base_offset=0, log_start_offset=0)
    assert room.ask(1, ApiKey.PRODUCE, body) == ProduceResponse((ProduceTopicResult("", topic_id, (result,)),))
    wanted = FetchTopic("", topic_id, (FetchPartition(0, 0, 1000),))
    reply = room.ask(1, ApiKey.FETCH, FetchRequest((wanted,), 0, 1))
    assert [topic.topic_id for topic in reply.topics] == [topic_id]


@pytest.mark.parametrize(
    ("topic", "acks", "error"),
    [
        ("nowhere", 1, ErrorCode.unknown_topic_or_partition),
        ("orders", 2, ErrorCode.invalid_required_acks),
        ("__consumer_offsets", 1, ErrorCode.invalid_topic_exception),
    ],
)
def test_a_produce_that_cannot_be_is_refused(room: Room, topic: str, acks: int, error: ErrorCode) -> None:
    answer = room.ask(1, ApiKey.PRODUCE, produce_request("a", topic=topic, acks=acks))
    assert answer.topics[0].partitions[0].error_code is error


def test_acks_0_has_no_answer_and_the_next_request_is_served(room: Room) -> None:
    silent = room.say(1, ApiKey.PRODUCE, produce_request("a", acks=0))
    assert room.produce(1, "b").base_offset == 1
    assert silent not in room.client.answers


def test_acks_0_that_fails_closes_the_connection(room: Room) -> None:
    room.say(2, ApiKey.PRODUCE, produce_request("a", acks=0))
    assert room.client.lost == ["broker-2"]


def test_acks_0_that_is_refused_as_a_whole_closes_the_connection_too(room: Room) -> None:
    asked = room.say(1, ApiKey.PRODUCE, produce_request("a", acks=0, is_transactional=True))
    assert asked not in room.client.answers
    assert room.client.lost == ["broker-1"]


def test_a_batch_sent_twice_is_written_once(room: Room) -> None:
    first = room.produce(1, "a", "b", producer_id=7, producer_epoch=0, base_sequence=0)
    room.take_facts()
    again = room.produce(1, "a", "b", producer_id=7, producer_epoch=0, base_sequence=0)
    # As Kafka answers it: with the timestamp of the batch that was kept.
    assert again == replace(first, log_append_time_ms=room.now_ms)
    assert room.take_facts(DuplicateBatchDropped) == [DuplicateBatchDropped("orders", 0, 1, 7, 0, 1)]
    assert room.values(1) == [(0, 0, "a"), (1, 0, "b")]


def test_a_duplicate_is_still_known_to_the_next_leader() -> None:
    room = Room()
    room.create((1, 2, 3))
    sent_ms = room.now_ms
    first = room.produce(1, "a", producer_id=7, producer_epoch=0, base_sequence=0)
    room.cluster.crash(1)
    room.run(12)
    again = room.produce(2, "a", producer_id=7, producer_epoch=0, base_sequence=0)
    assert again == replace(first, log_append_time_ms=sent_ms)
    assert room.values(2) == [(0, 0, "a")]


def test_a_wait_that_takes_too_long_says_so_and_the_record_stays(room: Room) -> None:
    room.cluster.freeze(2)
    assert room.produce(1, "a", timeout_ms=300) == ProducePartitionResult(0, ErrorCode.request_timed_out)
    assert room.values(1) == [(0, 0, "a")]


# -- fetch -----------------------------------------------------------------------------------------


def test_a_consumer_sees_nothing_beyond_the_high_watermark(room: Room) -> None:
    room.cluster.freeze(2)
    room.produce(1, "a", acks=1)
    nothing = FetchPartitionResult(0, high_watermark=0, last_stable_offset=0, log_start_offset=0)
    assert room.fetch(1, 0) == nothing
    assert room.fetch(1, 1) == nothing
    assert room.fetch(1, 2) == FetchPartitionResult(0, ErrorCode.offset_out_of_range)


def test_a_fetch_waits_for_records_and_is_answered_when_they_are_committed(room: Room) -> None:
    number = room.say(1, ApiKey.FETCH, fetch_request(0, max_wait_ms=5000), channel="reading")
    room.run(0.2)
    assert number not in room.client.answers
    room.produce(1, "a")
    room.run(0)
    result = room.client.answers[number].topics[0].partitions[0]
    assert values_in(result.records) == [(0, 0, "a")]
    assert len(room.broker(1).purgatory.waits) == 2, "the followers' own fetches"


def test_a_fetch_that_finds_nothing_is_answered_when_its_time_is_up(room: Room) -> None:
    number = room.say(1, ApiKey.FETCH, fetch_request(0, max_wait_ms=700))
    room.run(0.69)
    assert number not in room.client.answers
    room.run(0.02)
    nothing = FetchPartitionResult(0, high_watermark=0, last_stable_offset=0, log_start_offset=0)
    assert room.client.answers[number].topics[0].partitions == (nothing,)


def test_min_bytes_are_waited_for(room: Room) -> None:
    number = room.say(1, ApiKey.FETCH, fetch_request(0, max_wait_ms=5000, min_bytes=150), channel="reading")
    room.produce(1, "a")
    room.run(0.1)
    assert number not in room.client.answers
    room.produce(1, "b")
    room.produce(1, "c")
    room.run(0.1)
    result = room.client.answers[number].topics[0].partitions[0]
    assert [value for _, _, value in values_in(result.records)] == ["a", "b", "c"]


def test_the_first_batch_comes_whole_however_small_the_limits(room: Room) -> None:
    room.produce(1, "x" * 1000)
    room.produce(1, "y")
    result = room.fetch(1, 0, max_bytes=10, partition_max_bytes=10)
    assert [offset for offset, _, _ in values_in(result.records)] == [0]


def test_a_consumer_of_version_11_may_read_from_a_follower_and_an_older_one_not(room: Room) -> None:
    room.produce(1, "a")
    room.run(0.6)
    assert values_in(room.fetch(2, 0).records) == [(0, 0, "a")]
    old = room.ask(2, ApiKey.FETCH, fetch_request(0), api_version=10)
    assert old.topics[0].partitions[0] == FetchPartitionResult(0, ErrorCode.not_leader_or_follower)


@pytest.mark.parametrize(("epoch", "error"), [(0, ErrorCode.fenced_leader_epoch), (2, ErrorCode.unknown_leader_epoch)])
def test_a_reader_of_another_leader_epoch_is_refused(epoch: int, error: ErrorCode) -> None:
    room = Room()
    room.create((1, 2, 3))
    room.cluster.crash(1)
    room.run(12)
    assert room.fetch(2, 0, current_leader_epoch=epoch).error_code is error


def test_fetch_sessions_are_declined(room: Room) -> None:
    body = FetchRequest((), 0, 1, session_id=5, session_epoch=3)
    assert room.ask(1, ApiKey.FETCH, body) == FetchResponse((), ErrorCode.fetch_session_id_not_found)


# -- list offsets, epochs --------------------------------------------------------------------------


def list_offsets(room: Room, broker_id: int, timestamp: int, **more: int) -> ListOffsetsPartitionResponse:
    wanted = ListOffsetsPartition(partition_index=0, timestamp=timestamp)
    body = ListOffsetsRequest(
        replica_id=-1,
        isolation_level=0,
        topics=(ListOffsetsTopic(name="orders", partitions=(wanted,)),),
        timeout=timedelta(0),
    )
    answer: ListOffsetsPartitionResponse = (
        room.ask(broker_id, ApiKey.LIST_OFFSETS, body, **more).topics[0].partitions[0]
    )
    return answer


def test_the_ends_of_a_log_and_the_first_record_of_a_time() -> None:
    room = Room()
    room.create((1, 2))
    times = []
    for value in ("a", "b", "c"):
        times.append(room.now_ms)
        room.produce(1, value)
        room.run(1)

    def found(timestamp: int, offset: int, epoch: int) -> ListOffsetsPartitionResponse:
        return ListOffsetsPartitionResponse(
            partition_index=0, error_code=ErrorCode.none, timestamp=timestamp, offset=offset, leader_epoch=epoch
        )

    assert list_offsets(room, 1, -1) == found(-1, 3, 0)
    assert list_offsets(room, 1, -2) == found(-1, 0, 0)
    assert list_offsets(room, 1, -3) == found(times[2], 2, 0)
    assert list_offsets(room, 1, times[0] + 1) == found(times[1], 1, 0)
    assert list_offsets(room, 1, times[2] + 1) == found(-1, -1, -1)


def test_a_new_leader_that_does_not_know_what_is_committed_says_not_yet() -> None:
    room = Room()
    room.create((1, 2, 3))
    room.produce(1, "a")
    # The leader dies before its followers learn that offset 0 is committed, and one of them stands still.
    room.cluster.crash(1)
    room.run(8)
    room.cluster.freeze(3)
    room.run(2)
    assert (room.replica(2).is_leader, room.replica(2).high_watermark) == (True, 0)
    assert list_offsets(room, 2, -1).error_code is ErrorCode.offset_not_available
    assert list_offsets(room, 2, -1, api_version=4).error_code is ErrorCode.leader_not_available


def test_where_an_epoch_ended() -> None:
    room = Room()
    room.create((1, 2, 3))
    room.produce(1, "a", "b")
    room.cluster.crash(1)
    room.run(12)
    room.produce(2, "c")

    def ask(epoch: int) -> EpochEndOffset:
        wanted = OffsetForLeaderPartition(partition=0, leader_epoch=epoch)
        topic = OffsetForLeaderTopic(topic="orders", partitions=(wanted,))
        body = OffsetForLeaderEpochRequest(replica_id=-1, topics=(topic,))
        answer: EpochEndOffset = room.ask(2, ApiKey.OFFSET_FOR_LEADER_EPOCH, body).topics[0].partitions[0]
        return answer

    def ended(epoch: int, offset: int) -> EpochEndOffset:
        return EpochEndOffset(error_code=ErrorCode.none, partition=0, leader_epoch=epoch, end_offset=offset)

    assert [ask(0), ask(1), ask(2)] == [ended(0, 2), ended(1, 3), ended(-1, -1)]


# -- delete records, producer ids ------------------------------------------------------------------


def delete_records(room: Room, broker_id: int, offset: int) -> DeleteRecordsResponse:
    wanted = DeleteRecordsPartition(partition_index=0, offset=offset)
    body = DeleteRecordsRequest(
        topics=(DeleteRecordsTopic(name="orders", partitions=(wanted,)),), timeout=timedelta(seconds=5)
    )
    answer: DeleteRecordsResponse = room.ask(broker_id, ApiKey.DELETE_RECORDS, body, within_s=6)
    return answer


def deleted(low_watermark: int, error: ErrorCode = ErrorCode.none) -> DeleteRecordsResponse:
    result = DeleteRecordsPartitionResult(partition_index=0, low_watermark=low_watermark, error_code=error)
    topic = DeleteRecordsTopicResult(name="orders", partitions=(result,))
    return DeleteRecordsResponse(throttle_time=NOT_THROTTLED, topics=(topic,))


def test_records_are_deleted_once_every_replica_has_let_go_of_them(room: Room) -> None:
    room.produce(1, "a")
    room.produce(1, "b")
    room.produce(1, "c")
    room.take_facts()
    assert delete_records(room, 1, 2) == deleted(2)
    moved = room.take_facts(LogStartMoved)
    assert moved == [
        LogStartMoved("orders", 0, 1, 2, "records were deleted on request"),
        LogStartMoved("orders", 0, 2, 2, "as on the leader"),
        LogStartMoved("orders", 0, 3, 2, "as on the leader"),
    ]
    assert room.fetch(1, 1) == FetchPartitionResult(0, ErrorCode.offset_out_of_range)
    assert delete_records(room, 1, -1) == deleted(3)
    assert delete_records(room, 1, 4) == deleted(-1, ErrorCode.offset_out_of_range)
    assert delete_records(room, 2, 3) == deleted(-1, ErrorCode.not_leader_or_follower)


def init_producer_id(room: Room, broker_id: int, transactional_id: str | None = None) -> InitProducerIdResponse:
    body = InitProducerIdRequest(transactional_id=transactional_id, transaction_timeout=timedelta(minutes=1))
    answer: InitProducerIdResponse = room.ask(broker_id, ApiKey.INIT_PRODUCER_ID, body)
    return answer


def test_producer_ids_come_in_blocks_and_never_twice(room: Room) -> None:
    def given(producer_id: int) -> InitProducerIdResponse:
        return InitProducerIdResponse(
            throttle_time=NOT_THROTTLED, error_code=ErrorCode.none, producer_id=producer_id, producer_epoch=0
        )

    assert [init_producer_id(room, broker) for broker in (1, 2, 1)] == [given(0), given(1000), given(1)]
    room.cluster.crash(1)
    room.run(12)
    room.cluster.start_broker(1)
    room.run(1)
    assert init_producer_id(room, 1) == given(2000)


def test_a_transactional_id_is_looked_for_at_its_coordinator(room: Room) -> None:
    assert init_producer_id(room, 1, "payments").error_code is ErrorCode.not_coordinator
    assert init_producer_id(room, 1, "").error_code is ErrorCode.invalid_request


# -- order -----------------------------------------------------------------------------------------


def test_requests_of_one_connection_are_answered_in_the_order_they_came(room: Room) -> None:
    room.cluster.freeze(2)
    first = room.say(1, ApiKey.PRODUCE, produce_request("a", timeout_ms=1000))
    second = room.say(1, ApiKey.PRODUCE, produce_request("b", acks=1))
    third = room.say(1, ApiKey.FETCH, fetch_request(0), channel="another")
    assert third in room.client.answers
    assert room.values(1) == [(0, 0, "a")], "the second waits behind the first"
    room.run(1)
    assert list(room.client.answers)[-3:] == [third, first, second]


def test_what_a_lost_connection_waited_for_is_forgotten(room: Room) -> None:
    room.cluster.freeze(2)
    number = room.say(1, ApiKey.PRODUCE, produce_request("a", timeout_ms=1000))
    room.say(1, ApiKey.PRODUCE, produce_request("b"))
    world: World = room.world
    world.reset("client", "broker-1")
    room.run(2)
    assert number not in room.client.answers
    assert room.values(1) == [(0, 0, "a")]
    assert room.broker(1).router.lines.get("client") is None


def test_an_api_that_is_not_served_closes_the_connection(room: Room) -> None:
    room.say(1, ApiKey.CREATE_DELEGATION_TOKEN, None, api_version=1)
    assert room.client.lost == ["broker-1"]
