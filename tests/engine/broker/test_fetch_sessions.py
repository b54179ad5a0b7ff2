"""Fetch sessions: who names its partitions once need not do so again."""

from dataclasses import replace
from random import Random

from kafkalab.engine.broker.fetch_sessions import EVICTION_MS, FetchSessions, Wanted, next_epoch
from kafkalab.engine.node import Request, Response
from kafkalab.wire.api import ApiKey
from kafkalab.wire.dialect import (
    FetchPartition,
    FetchPartitionResult,
    FetchRequest,
    FetchResponse,
    FetchTopic,
    FetchTopicResult,
    ForgottenTopic,
)
from kafkalab.wire.errors import ErrorCode
from tests.engine.broker.room import Room


def asking(*offsets: tuple[int, int], session_id: int = 0, session_epoch: int = 0) -> FetchRequest:
    """For (partition, offset) pairs of orders, by name."""
    parts = tuple(FetchPartition(partition, offset, 1 << 20) for partition, offset in offsets)
    topics = (FetchTopic("orders", None, parts),) if parts else ()
    return FetchRequest(topics, 0, 1, session_id=session_id, session_epoch=session_epoch)


def ask(room: Room, body: FetchRequest, api_version: int = 12) -> FetchResponse:
    answer: FetchResponse = room.ask(1, ApiKey.FETCH, body, api_version)
    return answer


def told(answer: FetchResponse) -> list[FetchPartitionResult]:
    return [result for topic in answer.topics for result in topic.partitions]


def opened(partitions: int = 3) -> tuple[Room, int]:
    """A room with a session over all partitions of orders."""
    room = Room(1)
    room.create(*[(1,)] * partitions)
    answer = ask(room, asking(*((number, 0) for number in range(partitions))))
    assert len(told(answer)) == partitions
    return room, answer.session_id


def test_an_answer_leaves_out_partitions_with_nothing_new() -> None:
    room, session = opened()
    answers = [ask(room, asking(session_id=session, session_epoch=1))]
    room.produce(1, "a", partition=1)
    answers.append(ask(room, asking(session_id=session, session_epoch=2)))
    records = room.fetch(1, 0, partition=1).records
    result = FetchPartitionResult(1, high_watermark=1, last_stable_offset=1, log_start_offset=0, records=records)
    assert answers == [
        FetchResponse((), session_id=session),
        FetchResponse((FetchTopicResult("orders", None, (result,)),), session_id=session),
    ]


def test_a_request_names_only_what_it_asks_for_differently() -> None:
    room, session = opened()
    for partition in range(3):
        room.produce(1, "a", partition=partition)
    assert [result.partition for result in told(ask(room, asking(session_id=session, session_epoch=1)))] == [0, 1, 2]
    moved_on = asking((0, 1), (1, 1), session_id=session, session_epoch=2)
    assert [(result.partition, bool(result.records)) for result in told(ask(room, moved_on))] == [(2, True)]


def test_a_forgotten_partition_is_read_no_more_and_the_last_one_ends_the_session() -> None:
    room, session = opened(2)
    room.produce(1, "a", partition=0)
    forgetting = asking(session_id=session, session_epoch=1)
    answer = ask(room, replace(forgetting, forgotten_topics=(ForgottenTopic("orders", None, (0,)),)))
    assert answer == FetchResponse((), session_id=session)
    forgetting = asking(session_id=session, session_epoch=2)
    answer = ask(room, replace(forgetting, forgotten_topics=(ForgottenTopic("orders", None, (1,)),)))
    assert answer == FetchResponse((), session_id=0)
    assert session not in room.broker(1).fetch_sessions.by_id


def test_an_error_is_told_each_time_and_its_end_too() -> None:
    room, session = opened(1)
    beyond = asking((0, 5), session_id=session, session_epoch=1)
    answers = [ask(room, beyond), ask(room, asking(session_id=session, session_epoch=2))]
    assert [told(answer)[0].error_code for answer in answers] == [ErrorCode.offset_out_of_range] * 2
    within = asking((0, 0), session_id=session, session_epoch=3)
    assert told(ask(room, within)) == [
        FetchPartitionResult(0, high_watermark=0, last_stable_offset=0, log_start_offset=0)
    ]


def test_a_session_that_is_not_there_out_of_step_or_of_another_kind_is_refused() -> None:
    room, session = opened()
    refused = [
        ask(room, asking(session_id=session + 1, session_epoch=1)),
        ask(room, asking(session_id=session, session_epoch=2)),
        ask(room, asking(session_id=session, session_epoch=1), api_version=13),
    ]
    assert refused == [
        FetchResponse((), ErrorCode.fetch_session_id_not_found),
        FetchResponse((), ErrorCode.invalid_fetch_session_epoch),
        FetchResponse((), ErrorCode.fetch_session_topic_id_error),
    ]
    # None of which has changed the session.
    assert ask(room, asking(session_id=session, session_epoch=1)).error_code is ErrorCode.none


def test_the_final_epoch_closes_a_session_and_epoch_0_begins_another() -> None:
    room, session = opened()
    closing = ask(room, asking((0, 0), session_id=session, session_epoch=-1))
    assert (closing.session_id, len(told(closing))) == (0, 1)
    assert ask(room, asking(session_id=session, session_epoch=1)).error_code is ErrorCode.fetch_session_id_not_found
    assert ask(room, asking((0, 0))).session_id not in (0, session)


def test_after_the_last_epoch_comes_1() -> None:
    assert [next_epoch(0), next_epoch(2**31 - 2), next_epoch(2**31 - 1)] == [1, 2**31 - 1, 1]


def test_without_room_a_follower_takes_a_consumers_place_and_a_consumer_gets_none() -> None:
    sessions, dice = FetchSessions(2), Random(1)
    wanted = [Wanted("orders", None, FetchPartition(0, 0, 1))]

    def begin(privileged: bool, now_ms: int) -> int:
        session = sessions.begin(wanted, privileged, False, now_ms, dice)
        return session.id if session else 0

    consumers = [begin(False, 0), begin(False, 0)]
    assert begin(False, 1) == 0
    follower = begin(True, 1)
    assert (len(sessions.by_id), follower in sessions.by_id) == (2, True)
    assert sum(consumer in sessions.by_id for consumer in consumers) == 1
    late = begin(False, EVICTION_MS + 1)
    assert list(sessions.by_id) == [follower, late]


def test_an_idle_follower_names_no_partition_at_all() -> None:
    room = Room()
    room.create(*[(1, 2)] * 60)
    named: list[int] = []

    def observe(_sent: int, _due: int, _source: str, _target: str, message: Request | Response) -> None:
        if message.api_key == ApiKey.FETCH and message.channel == "fetcher":
            named.append(sum(len(topic.partitions) for topic in message.body.topics))

    room.world.on_message.append(observe)
    room.run(10)
    assert (len(named) > 10, set(named)) == (True, {0})
    assert room.produce(1, "a", partition=37).error_code is ErrorCode.none
    # The records out, and what comes after them asked for; the new high watermark with the next answer.
    assert [number for number in named if number] == [1, 1]


def test_followers_go_on_when_the_leader_has_forgotten_their_session() -> None:
    room = Room()
    room.create((1, 2, 3), (1, 3, 2))
    room.broker(1).fetch_sessions.by_id.clear()
    results = [room.produce(1, str(number), partition=number % 2) for number in range(4)]
    assert [(result.error_code, result.base_offset) for result in results] == [
        (ErrorCode.none, 0),
        (ErrorCode.none, 0),
        (ErrorCode.none, 1),
        (ErrorCode.none, 1),
    ]
