"""Brokers that are made to answer wrongly: once or until it is undone, and to clients only."""

from kio.schema.api_versions.v4.request import ApiVersionsRequest
from kio.schema.find_coordinator.v6.request import FindCoordinatorRequest
from kio.schema.heartbeat.v4.request import HeartbeatRequest
from kio.schema.metadata.v13.request import MetadataRequest

from kafkalab.engine.broker.releases import RELEASES
from kafkalab.engine.broker.tampering import (
    AnswerWith,
    CoordinatorElsewhere,
    Leaderless,
    PosesAs,
    Rule,
    StaleLeader,
)
from kafkalab.wire.api import SERVED, ApiKey
from kafkalab.wire.dialect import ProducePartition, ProduceRequest, ProduceTopic
from kafkalab.wire.errors import ErrorCode
from tests.engine.broker.room import Room, batch_of, fetch_request, produce_request

METADATA = MetadataRequest(topics=None, allow_auto_topic_creation=False, include_topic_authorized_operations=False)
SOFTWARE = ApiVersionsRequest(client_software_name="test", client_software_version="1")


def room_with(*rules: Rule, partitions: int = 2) -> Room:
    room = Room()
    room.create(*[(1, 2, 3)] * partitions)
    room.cluster.tampering[1].rules.update({str(number): rule for number, rule in enumerate(rules)})
    return room


def test_the_next_two_answers_are_an_error_and_nothing_is_written() -> None:
    room = room_with(AnswerWith(ApiKey.PRODUCE, 2, ErrorCode.not_enough_replicas))
    errors = [room.produce(1, "a").error_code for _ in range(3)]
    assert errors == [ErrorCode.not_enough_replicas, ErrorCode.not_enough_replicas, ErrorCode.none]
    assert [value for _, _, value in room.values(1)] == ["a"]


def test_an_answer_is_late_by_its_round_trip_and_holds_up_the_next_on_the_connection() -> None:
    room = room_with(AnswerWith(ApiKey.METADATA, 1, None, round_trip_ms=700))
    numbers = [room.say(1, ApiKey.METADATA, METADATA) for _ in range(2)]
    room.run(0.6)
    assert not set(numbers) & set(room.client.answers)
    room.run(0.2)
    assert set(numbers) <= set(room.client.answers)


def test_one_partition_is_refused_and_its_neighbour_written() -> None:
    room = room_with(AnswerWith(ApiKey.PRODUCE, 1, ErrorCode.message_too_large, topic="orders", partition=1))
    parts = tuple(ProducePartition(number, batch_of("a", now_ms=room.now_ms)) for number in (0, 1))
    answer = room.ask(1, ApiKey.PRODUCE, ProduceRequest(-1, 5000, (ProduceTopic("orders", None, parts),)))
    told = {part.partition: part.error_code for topic in answer.topics for part in topic.partitions}
    assert told == {0: ErrorCode.none, 1: ErrorCode.message_too_large}
    assert [[value for _, _, value in room.values(1, number)] for number in (0, 1)] == [["a"], []]


def test_a_rule_for_one_partition_lets_requests_for_others_pass() -> None:
    rule = AnswerWith(ApiKey.FETCH, 1, ErrorCode.kafka_storage_error, topic="orders", partition=1)
    room = room_with(rule)
    results = [room.fetch(1, 0, partition=number).error_code for number in (0, 1, 1)]
    assert results == [ErrorCode.none, ErrorCode.kafka_storage_error, ErrorCode.none]


def test_followers_are_never_lied_to() -> None:
    room = room_with(AnswerWith(ApiKey.FETCH, 1000, ErrorCode.unknown_server_error))
    assert room.produce(1, "a").error_code is ErrorCode.none


def test_without_acks_an_error_closes_the_connection() -> None:
    room = room_with(AnswerWith(ApiKey.PRODUCE, 1, ErrorCode.not_leader_or_follower))
    room.say(1, ApiKey.PRODUCE, produce_request("a", acks=0))
    assert room.client.lost == ["broker-1"]


def test_metadata_hides_one_leader_and_names_a_stale_one() -> None:
    room = room_with(Leaderless("orders", 0), StaleLeader("orders", 1, 3))
    room.cluster.crash(2)
    room.run(12)
    told = room.ask(1, ApiKey.METADATA, METADATA).topics[0].partitions
    assert [(part.error_code, part.leader_id) for part in told] == [
        (ErrorCode.leader_not_available, -1),
        (ErrorCode.none, 3),
    ]
    truth = room.ask(3, ApiKey.METADATA, METADATA).topics[0].partitions
    assert [(part.error_code, part.leader_id) for part in truth] == [(ErrorCode.none, 1)] * 2


def test_a_coordinator_that_moved_is_told_and_the_old_one_refuses_the_group() -> None:
    room = room_with(CoordinatorElsewhere("billing", 3))
    find = FindCoordinatorRequest(key_type=0, coordinator_keys=("billing", "other"))
    room.ask(1, ApiKey.FIND_COORDINATOR, find)
    room.run(2)
    told = room.ask(1, ApiKey.FIND_COORDINATOR, find).coordinators
    assert (told[0].node_id, told[0].port, told[0].error_code) == (3, 9094, ErrorCode.none)
    beat = HeartbeatRequest(group_id="billing", generation_id=1, member_id="m")
    assert room.ask(1, ApiKey.HEARTBEAT, beat).error_code is ErrorCode.not_coordinator


def test_an_older_kafka_advertises_what_it_has_and_hangs_up_on_what_it_has_not() -> None:
    room = room_with(PosesAs("2.8"))
    told = {
        each.api_key: each.max_version for each in room.ask(1, ApiKey.API_VERSIONS, SOFTWARE, api_version=3).api_keys
    }
    assert (told[ApiKey.FETCH], told[ApiKey.PRODUCE], ApiKey.DESCRIBE_TOPIC_PARTITIONS in told) == (12, 9, False)
    refused = room.ask(1, ApiKey.API_VERSIONS, SOFTWARE, api_version=4)
    assert (refused.error_code, {each.api_key: each.max_version for each in refused.api_keys}) == (
        ErrorCode.unsupported_version,
        told,
    )
    assert room.client.lost == []
    room.say(1, ApiKey.FETCH, fetch_request(0), api_version=13)
    assert room.client.lost == ["broker-1"]


def test_no_release_speaks_newer_than_the_lab_except_where_it_is_said() -> None:
    newer = {
        release: [key for key, top in newest.items() if key in SERVED and top > SERVED[key][-1]]
        for release, newest in RELEASES.items()
    }
    assert newer == {"2.8": [], "3.9": [], "4.2": []}


def test_what_a_broker_is_made_to_say_outlives_its_process() -> None:
    room = room_with(Leaderless("orders", 0))
    room.cluster.crash(1)
    room.run(12)
    room.cluster.start_broker(1)
    room.run(5)
    assert room.ask(1, ApiKey.METADATA, METADATA).topics[0].partitions[0].leader_id == -1
