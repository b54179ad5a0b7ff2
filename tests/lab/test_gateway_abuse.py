"""Whoever floods the TCP door, or names thousands of things in one request, holds up nobody else."""

import asyncio
import struct
from datetime import timedelta
from typing import Any

import pytest
from kio.schema.create_partitions.v3.request import CreatePartitionsRequest, CreatePartitionsTopic
from kio.schema.create_topics.v7.request import CreatableTopic, CreateTopicsRequest
from kio.schema.delete_groups.v2.request import DeleteGroupsRequest
from kio.schema.delete_topics.v6.request import DeleteTopicsRequest, DeleteTopicState
from kio.schema.list_offsets.v11.request import ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic
from kio.schema.metadata.v13.request import MetadataRequest, MetadataRequestTopic
from kio.schema.types import BrokerId, GroupId, TopicName
from kio.static.primitive import i8, i16, i32, i32Timedelta, i64

from kafkalab.engine.broker.topic_creation import MOST_IN_FLIGHT as MOST_TOPICS_ASKED_FOR
from kafkalab.engine.node import Request
from kafkalab.engine.spec import HostLimits
from kafkalab.lab.commands import CreateTopic
from kafkalab.lab.connection import MOST_AT_A_TURN, MOST_IN_FLIGHT
from kafkalab.wire.api import ApiKey
from kafkalab.wire.errors import ErrorCode
from kafkalab.wire.translate import encode_request
from tests.lab.test_gateway import WHO, Client, Street, on_a_street

pytestmark = pytest.mark.clock

PATIENCE = i32Timedelta.parse(timedelta(seconds=10))
MANY = 9_000
MOST_PARTITIONS = HostLimits().partitions


def topic(name: str, partitions: int) -> CreatableTopic:
    return CreatableTopic(
        name=TopicName(name), num_partitions=i32(partitions), replication_factor=i16(1), assignments=(), configs=()
    )


async def asked(client: Client, api_key: int, version: int, body: Any) -> Any:
    client.send(api_key, version, 1, body)
    return (await client.hear(api_key, version))[1]


def test_a_flood_waits_outside_the_world_and_others_are_answered_meanwhile() -> None:
    async def test(street: Street) -> None:
        flood = b"".join(encode_request(ApiKey.API_VERSIONS, 4, 1, "flood", WHO)) * 2_000
        floods = [await street.connect() for _ in range(10)]
        good = await street.connect()
        for each in floods:
            each.writer.write(flood)
        loop = asyncio.get_running_loop()
        in_flight: list[int] = []

        def count(*_: object) -> None:
            """Whenever something is sent, so within the turn of a connection too: after it all may be answered."""
            in_flight.append(max(len(each.in_flight) for each in street.gateway.connections.values()))

        street.lab.world.on_message.append(count)
        for _ in range(10):
            began = loop.time()
            assert (await good.versions()).error_code == ErrorCode.none
            assert loop.time() - began < 2
        street.lab.world.on_message.remove(count)
        # A whole turn at once, or the flood was none, and never more than one may have under way.
        assert MOST_AT_A_TURN <= max(in_flight) <= MOST_IN_FLIGHT + 1
        for each in floods:
            each.writer.transport.abort()

    on_a_street(test)


def test_a_round_of_the_event_loop_takes_no_more_however_many_flood() -> None:
    """The page shares the loop: while each of ten connections had its turn in every round, it took 330 ms to answer."""
    connections = 10

    async def test(street: Street) -> None:
        flood = b"".join(encode_request(ApiKey.API_VERSIONS, 4, 1, "flood", WHO)) * 2_000
        floods = [await street.connect() for _ in range(connections)]
        loop = asyncio.get_running_loop()
        taken = [0]

        def count(_sent_us: int, _due_us: int, source: str, _target: str, message: object) -> None:
            taken[-1] += isinstance(message, Request) and source.startswith("client-")

        def go_round() -> None:
            taken.append(0)
            if len(taken) < 300:
                loop.call_soon(go_round)

        for each in floods:
            each.writer.write(flood)
        street.lab.world.on_message.append(count)
        go_round()
        while len(taken) < 300:
            await asyncio.sleep(0.05)
        street.lab.world.on_message.remove(count)
        # What came after the last of these rounds is of no interest.
        assert MOST_AT_A_TURN <= max(taken[:-1]) <= connections * MOST_AT_A_TURN / 2
        # And all of them get on.
        asked = [street.lab.visitors.of_connection[name].requests for name in street.gateway.connections]
        assert min(asked) > 0
        for each in floods:
            each.writer.transport.abort()

    on_a_street(test)


def test_all_requests_of_a_flood_are_answered_in_order() -> None:
    async def test(street: Street) -> None:
        client = await street.connect()
        for number in range(500):
            client.send(ApiKey.API_VERSIONS, 4, number, WHO)
        assert [(await client.hear(ApiKey.API_VERSIONS, 4))[0] for _ in range(500)] == list(range(500))

    on_a_street(test)


def test_answers_to_whoever_has_gone_are_not_written(caplog: pytest.LogCaptureFixture) -> None:
    async def test(street: Street) -> None:
        for _ in range(10):
            client = await street.connect()
            client.writer.write(b"".join(encode_request(ApiKey.API_VERSIONS, 4, 1, "tester", WHO)) * 1_000)
            await client.reader.read(1)
            client.writer.transport.abort()
        await asyncio.sleep(0.2)
        assert street.gateway.connections == {}

    on_a_street(test)
    # A client of another test may still be telling of brokers that it misses.
    ours = [record.message for record in caplog.records if not record.name.startswith("kafka.")]
    assert ours == []


def test_a_request_of_too_many_items_is_refused() -> None:
    async def test(street: Street) -> None:
        client = await street.connect()
        client.send(ApiKey.DELETE_GROUPS, 2, 1, DeleteGroupsRequest(groups_names=(GroupId("g"),) * 100_000))
        assert await client.reader.read() == b""
        assert street.refusals() == [
            "Broker 1 closed a connection from 127.0.0.1: DeleteGroups v2: more than 10000 items in one request."
        ]

    on_a_street(test)


def test_a_cluster_has_a_bounded_number_of_partitions() -> None:
    async def test(street: Street) -> None:
        client = await street.connect()
        await street.do(CreateTopic("orders", 1, 1))
        topics = (topic("big", MOST_PARTITIONS), topic("small", 2))
        body = CreateTopicsRequest(topics=topics, timeout=PATIENCE)
        first, second = (await asked(client, ApiKey.CREATE_TOPICS, 7, body)).topics
        assert (first.error_code, first.error_message) == (
            ErrorCode.policy_violation,
            f"This cluster would have {MOST_PARTITIONS + 1} partitions, where at most {MOST_PARTITIONS} are allowed.",
        )
        assert second.error_code == ErrorCode.none
        more = CreatePartitionsTopic(name=TopicName("orders"), count=i32(MOST_PARTITIONS), assignments=None)
        answer = await asked(
            client,
            ApiKey.CREATE_PARTITIONS,
            3,
            CreatePartitionsRequest(topics=(more,), timeout=PATIENCE, validate_only=False),
        )
        assert [result.error_code for result in answer.results] == [ErrorCode.policy_violation]

    on_a_street(test)


def test_asking_for_thousands_of_topics_makes_a_few_at_a_time() -> None:
    async def test(street: Street) -> None:
        client = await street.connect()
        names = [MetadataRequestTopic(name=TopicName(f"stray-{number}"), topic_id=None) for number in range(MANY)]
        body = MetadataRequest(topics=tuple(names), include_topic_authorized_operations=False)
        answer = await asked(client, ApiKey.METADATA, 13, body)
        assert {each.error_code for each in answer.topics} == {ErrorCode.unknown_topic_or_partition}
        await asyncio.sleep(1)
        topics = [name for name in street.lab.controller.image.topics if name.startswith("stray-")]
        assert len(topics) == MOST_TOPICS_ASKED_FOR

    on_a_street(test)


def _delete_groups() -> Any:
    return DeleteGroupsRequest(groups_names=tuple(GroupId(f"group-{number}") for number in range(MANY)))


def _delete_topics() -> Any:
    states = (DeleteTopicState(name=TopicName(f"gone-{number}"), topic_id=None) for number in range(MANY))
    return DeleteTopicsRequest(topics=tuple(states), timeout=PATIENCE)


def _create_topics_twice() -> Any:
    return CreateTopicsRequest(topics=tuple(topic(f"t-{number // 2}", 1) for number in range(MANY)), timeout=PATIENCE)


def _list_offsets() -> Any:
    partitions = (
        ListOffsetsPartition(partition_index=i32(number), current_leader_epoch=i32(-1), timestamp=i64(-1))
        for number in range(MANY)
    )
    topics = (ListOffsetsTopic(name=TopicName("orders"), partitions=tuple(partitions)),)
    return ListOffsetsRequest(replica_id=BrokerId(-1), isolation_level=i8(0), topics=topics, timeout=PATIENCE)


@pytest.mark.parametrize(
    ("api_key", "version", "body"),
    [
        (ApiKey.DELETE_GROUPS, 2, _delete_groups()),
        (ApiKey.DELETE_TOPICS, 6, _delete_topics()),
        (ApiKey.CREATE_TOPICS, 7, _create_topics_twice()),
        (ApiKey.LIST_OFFSETS, 11, _list_offsets()),
    ],
    ids=["DeleteGroups", "DeleteTopics", "CreateTopics", "ListOffsets"],
)
def test_what_thousands_of_names_cost_grows_no_faster_than_their_number(
    api_key: ApiKey, version: int, body: Any
) -> None:
    """DeleteTopics took a minute while each name was compared with all the others."""

    async def test(street: Street) -> None:
        await street.do(CreateTopic("orders", 1, 3))
        client = await street.connect()
        began = asyncio.get_running_loop().time()
        await asked(client, api_key, version, body)
        assert asyncio.get_running_loop().time() - began < 1.5

    on_a_street(test)


def test_frames_that_come_in_one_piece_with_a_bad_one_end_at_the_bad_one() -> None:
    async def test(street: Street) -> None:
        client = await street.connect()
        good = b"".join(encode_request(ApiKey.API_VERSIONS, 4, 1, "tester", WHO))
        client.writer.write(good * 30 + struct.pack(">ihhih", 10, 4711, 0, 1, -1) + good * 30)
        await client.reader.read()
        assert street.refusals() == ["Broker 1 closed a connection from 127.0.0.1: API 4711 v0 is not spoken here."]

    on_a_street(test)
