"""Topics are made, deleted and given more partitions."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from kio.schema.create_partitions.v3.request import (
    CreatePartitionsAssignment,
    CreatePartitionsRequest,
    CreatePartitionsTopic,
)
from kio.schema.create_topics.v7.request import CreatableTopic
from kio.schema.create_topics.v7.response import CreatableTopicConfigs
from kio.schema.delete_topics.v6.request import DeleteTopicsRequest, DeleteTopicState
from kio.schema.delete_topics.v6.response import DeletableTopicResult

from kafkalab.engine.controller.metadata import PartitionRecord
from kafkalab.engine.events import PartitionsAdded, TopicCreated, TopicDeleted
from kafkalab.wire.api import ApiKey
from kafkalab.wire.errors import ErrorCode
from tests.engine.controller.scripted import Cluster, assigned, topic

ZERO = timedelta(0)


def refusal(answer: Any) -> tuple[ErrorCode, str | None]:
    result = answer.topics[0]
    assert (result.topic_id, result.num_partitions, result.replication_factor, result.configs) == (None, -1, -1, ())
    return result.error_code, result.error_message


# -- create ----------------------------------------------------------------------------------------


def test_a_topic_is_created_with_all_its_replicas_in_sync(three_brokers: Cluster) -> None:
    answer = three_brokers.create(topic("orders", 2, 3, {"retention.ms": "1000"})).topics[0]
    image = three_brokers.controller.image.topics["orders"]
    assert (answer.name, answer.topic_id, answer.error_code) == ("orders", image.topic_id, ErrorCode.none)
    assert (answer.num_partitions, answer.replication_factor) == (2, 3)
    assert [config for config in answer.configs if config.name in ("retention.ms", "retention.bytes")] == [
        CreatableTopicConfigs(name="retention.bytes", value="-1", read_only=False, config_source=5, is_sensitive=False),
        CreatableTopicConfigs(name="retention.ms", value="1000", read_only=False, config_source=1, is_sensitive=False),
    ]
    for number, partition in image.partitions.items():
        replicas = partition.replicas
        assert partition == PartitionRecord(image.topic_id, number, replicas, replicas, replicas[0], 0, 0)
        assert sorted(replicas) == [1, 2, 3]
    assert three_brokers.controller.image.topic_config("orders") == {"retention.ms": "1000"}
    assert three_brokers.take_facts() == [TopicCreated("orders", 2, 3)]


def test_defaults_are_taken_where_nothing_is_said() -> None:
    cluster = Cluster(settings={"num.partitions": "4", "default.replication.factor": "2"})
    cluster.bring_up(1, 2, 3)
    answer = cluster.create(topic("orders")).topics[0]
    assert (answer.num_partitions, answer.replication_factor) == (4, 2)


def test_fenced_replicas_start_outside_the_isr(three_brokers: Cluster) -> None:
    three_brokers.pass_seconds(9, alive=(1, 2))
    three_brokers.create(assigned("orders", (3, 2, 1)))
    partition = three_brokers.partition("orders")
    assert (partition.replicas, partition.isr, partition.leader) == ((3, 2, 1), (2, 1), 2)


def test_validating_only_creates_nothing(three_brokers: Cluster) -> None:
    assert three_brokers.create(topic("orders", 2, 3), validate_only=True).topics[0].error_code is ErrorCode.none
    assert (three_brokers.controller.image.topics, three_brokers.take_facts()) == ({}, [])


def test_each_topic_of_a_request_succeeds_or_fails_on_its_own(three_brokers: Cluster) -> None:
    answer = three_brokers.create(topic("good", 1, 1), topic("bad", 1, 9), topic("twice", 1, 1), topic("twice", 2, 1))
    assert [(result.name, result.error_code) for result in answer.topics] == [
        ("good", ErrorCode.none),
        ("bad", ErrorCode.invalid_replication_factor),
        ("twice", ErrorCode.invalid_request),
    ]
    assert list(three_brokers.controller.image.topics) == ["good"]


@pytest.mark.parametrize(
    ("asked", "error_code", "message"),
    [
        (topic(""), ErrorCode.invalid_topic_exception, "Topic name is invalid: the empty string is not allowed"),
        (topic(".."), ErrorCode.invalid_topic_exception, "Topic name is invalid: '..' is not allowed"),
        (
            topic("a/b"),
            ErrorCode.invalid_topic_exception,
            "Topic name is invalid: 'a/b' contains one or more characters other than ASCII alphanumerics, "
            "'.', '_' and '-'",
        ),
        (
            topic("ü" * 3),
            ErrorCode.invalid_topic_exception,
            "Topic name is invalid: 'üüü' contains one or more characters other than ASCII alphanumerics, "
            "'.', '_' and '-'",
        ),
        (
            topic("x" * 250),
            ErrorCode.invalid_topic_exception,
            f"Topic name is invalid: the length of '{'x' * 250}' is longer than the max allowed length 249",
        ),
        (topic("there"), ErrorCode.topic_already_exists, "Topic 'there' already exists."),
        (
            topic("dotted_name"),
            ErrorCode.invalid_topic_exception,
            "Topic 'dotted_name' collides with existing topic: dotted.name",
        ),
        (topic("__cluster_metadata"), ErrorCode.topic_authorization_failed, "Authorization failed."),
        (
            topic("orders", 0, 1),
            ErrorCode.invalid_partitions,
            "Number of partitions was set to an invalid non-positive value.",
        ),
        (
            topic("orders", 1, 0),
            ErrorCode.invalid_replication_factor,
            "Replication factor must be larger than 0, or -1 to use the default value.",
        ),
        (
            topic("orders", 1, 4),
            ErrorCode.invalid_replication_factor,
            "Unable to replicate the partition 4 time(s): The target replication factor of 4 cannot be reached "
            "because only 3 broker(s) are registered or some brokers have all their log directories cordoned.",
        ),
        (
            topic("orders", 10_001, 1),
            ErrorCode.policy_violation,
            "Excessively large number of partitions per request.",
        ),
        (
            topic("orders", 1, 1, {"no.such": "1"}),
            ErrorCode.invalid_config,
            "Unknown topic config name: no.such",
        ),
        (
            topic("orders", 1, 1, {"retention.ms": None}),
            ErrorCode.invalid_config,
            "Null value not supported for topic configs: retention.ms",
        ),
        (
            topic("orders", 1, 1, {"retention.ms": "soon"}),
            ErrorCode.invalid_config,
            "Invalid value soon for configuration retention.ms: Not a number of type LONG",
        ),
        (
            assigned("orders", (1, 2), (1,)),
            ErrorCode.invalid_replica_assignment,
            "The manual partition assignment includes a partition with 1 replica(s), but this is not consistent with "
            "previous partitions, which have 2 replica(s).",
        ),
        (
            assigned("orders", (1, 1)),
            ErrorCode.invalid_replica_assignment,
            "The manual partition assignment includes the broker 1 more than once.",
        ),
        (
            assigned("orders", (1, 9)),
            ErrorCode.invalid_replica_assignment,
            "The manual partition assignment includes broker 9, but no such broker is registered.",
        ),
        (
            assigned("orders", ()),
            ErrorCode.invalid_replica_assignment,
            "The manual partition assignment includes an empty replica list.",
        ),
    ],
)
def test_a_topic_that_cannot_be_is_refused_in_kafkas_words(
    three_brokers: Cluster, asked: CreatableTopic, error_code: ErrorCode, message: str
) -> None:
    three_brokers.create(topic("there", 1, 1), topic("dotted.name", 1, 1))
    offset = three_brokers.controller.image.offset
    assert refusal(three_brokers.create(asked)) == (error_code, message)
    assert three_brokers.controller.image.offset == offset


def test_no_topic_is_created_while_all_brokers_are_fenced(cluster: Cluster) -> None:
    cluster.register(1)
    assert refusal(cluster.create(topic("orders", 1, 1))) == (
        ErrorCode.invalid_replication_factor,
        "Unable to replicate the partition 1 time(s): All brokers are currently fenced.",
    )
    assert refusal(cluster.create(assigned("orders", (1,)))) == (
        ErrorCode.invalid_replica_assignment,
        "All brokers specified in the manual partition assignment for partition 0 are fenced or in controlled "
        "shutdown.",
    )


# -- delete ----------------------------------------------------------------------------------------


def delete(cluster: Cluster, *topics: DeleteTopicState) -> tuple[DeletableTopicResult, ...]:
    body = DeleteTopicsRequest(topics=topics, timeout=timedelta(seconds=30))
    responses: tuple[DeletableTopicResult, ...] = cluster.ask(1, ApiKey.DELETE_TOPICS, body).responses
    return responses


def deleted(name: str, topic_id: UUID) -> DeletableTopicResult:
    return DeletableTopicResult(name=name, topic_id=topic_id, error_code=ErrorCode.none)


def test_topics_are_deleted_by_name_and_by_id(three_brokers: Cluster) -> None:
    three_brokers.create(topic("a", 1, 1, {"retention.ms": "1000"}), topic("b", 1, 1))
    a, b = (three_brokers.controller.image.topics[name].topic_id for name in "ab")
    three_brokers.take_facts()
    answer = delete(three_brokers, DeleteTopicState(name="a", topic_id=None), DeleteTopicState(name=None, topic_id=b))
    assert answer == (deleted("a", a), deleted("b", b))
    image = three_brokers.controller.image
    assert (image.topics, image.topic_names, image.topic_config("a")) == ({}, {}, {})
    assert three_brokers.take_facts() == [TopicDeleted("a"), TopicDeleted("b")]


def test_a_topic_made_again_has_another_id(three_brokers: Cluster) -> None:
    first = three_brokers.create(topic("a", 1, 1)).topics[0].topic_id
    delete(three_brokers, DeleteTopicState(name="a", topic_id=None))
    assert three_brokers.create(topic("a", 1, 1)).topics[0].topic_id != first


@pytest.mark.parametrize(
    ("asked", "error_code", "message"),
    [
        (
            DeleteTopicState(name="x", topic_id=None),
            ErrorCode.unknown_topic_or_partition,
            "This server does not host this topic-partition.",
        ),
        (
            DeleteTopicState(name=None, topic_id=UUID(int=404)),
            ErrorCode.unknown_topic_id,
            "This server does not host this topic ID.",
        ),
        (
            DeleteTopicState(name="x", topic_id=UUID(int=404)),
            ErrorCode.invalid_request,
            "You may not specify both topic name and topic id.",
        ),
        (
            DeleteTopicState(name=None, topic_id=None),
            ErrorCode.invalid_request,
            "Neither topic name nor id were specified.",
        ),
    ],
)
def test_a_topic_that_is_not_there_is_not_deleted(
    three_brokers: Cluster, asked: DeleteTopicState, error_code: ErrorCode, message: str
) -> None:
    assert delete(three_brokers, asked) == (
        DeletableTopicResult(name=asked.name, topic_id=asked.topic_id, error_code=error_code, error_message=message),
    )


def test_the_same_topic_by_name_and_by_id_is_not_deleted(three_brokers: Cluster) -> None:
    topic_id = three_brokers.create(topic("a", 1, 1)).topics[0].topic_id
    answer = delete(
        three_brokers, DeleteTopicState(name="a", topic_id=None), DeleteTopicState(name=None, topic_id=topic_id)
    )
    assert answer == (
        DeletableTopicResult(
            name="a",
            topic_id=topic_id,
            error_code=ErrorCode.invalid_request,
            error_message="The provided topic name maps to an ID that was already supplied.",
        ),
    )
    assert list(three_brokers.controller.image.topics) == ["a"]


def test_deleting_can_be_forbidden() -> None:
    cluster = Cluster(settings={"delete.topic.enable": "false"})
    cluster.bring_up(1)
    cluster.create(topic("a", 1, 1))
    assert delete(cluster, DeleteTopicState(name="a", topic_id=None))[0].error_code is ErrorCode.topic_deletion_disabled
    assert list(cluster.controller.image.topics) == ["a"]


# -- more partitions -------------------------------------------------------------------------------


def grow(
    cluster: Cluster, name: str, count: int, *replicas: tuple[int, ...], validate_only: bool = False
) -> tuple[ErrorCode, str | None]:
    assignments = tuple(CreatePartitionsAssignment(broker_ids=ids) for ids in replicas) or None
    body = CreatePartitionsRequest(
        topics=(CreatePartitionsTopic(name=name, count=count, assignments=assignments),),
        timeout=timedelta(seconds=30),
        validate_only=validate_only,
    )
    result = cluster.ask(1, ApiKey.CREATE_PARTITIONS, body).results[0]
    return result.error_code, result.error_message


def test_partitions_are_added_with_as_many_replicas_as_the_others_have(three_brokers: Cluster) -> None:
    three_brokers.create(topic("orders", 1, 2))
    three_brokers.take_facts()
    assert grow(three_brokers, "orders", 4) == (ErrorCode.none, None)
    partitions = three_brokers.controller.image.topics["orders"].partitions
    assert [(number, len(partition.isr)) for number, partition in partitions.items()] == [
        (0, 2),
        (1, 2),
        (2, 2),
        (3, 2),
    ]
    assert three_brokers.take_facts() == [PartitionsAdded("orders", 1, 4)]


def test_partitions_are_added_where_the_request_says(three_brokers: Cluster) -> None:
    three_brokers.create(assigned("orders", (1, 2)))
    assert grow(three_brokers, "orders", 2, (3, 1)) == (ErrorCode.none, None)
    assert three_brokers.partition("orders", 1).replicas == (3, 1)


def test_validating_only_adds_nothing(three_brokers: Cluster) -> None:
    three_brokers.create(topic("orders", 1, 1))
    assert grow(three_brokers, "orders", 2, validate_only=True) == (ErrorCode.none, None)
    assert list(three_brokers.controller.image.topics["orders"].partitions) == [0]


@pytest.mark.parametrize(
    ("name", "count", "replicas", "refused"),
    [
        ("nowhere", 2, (), (ErrorCode.unknown_topic_or_partition, None)),
        ("orders", 2, (), (ErrorCode.invalid_partitions, "Topic already has 2 partition(s).")),
        (
            "orders",
            1,
            (),
            (
                ErrorCode.invalid_partitions,
                "The topic orders currently has 2 partition(s); 1 would not be an increase.",
            ),
        ),
        (
            "orders",
            4,
            ((1, 2),),
            (
                ErrorCode.invalid_replica_assignment,
                "Attempted to add 2 additional partition(s), but only 1 assignment(s) were specified.",
            ),
        ),
        (
            "orders",
            3,
            ((1, 2, 3),),
            (
                ErrorCode.invalid_replica_assignment,
                "The manual partition assignment includes a partition with 3 replica(s), but this is not consistent "
                "with previous partitions, which have 2 replica(s).",
            ),
        ),
    ],
)
def test_partitions_that_cannot_be_are_refused(
    three_brokers: Cluster,
    name: str,
    count: int,
    replicas: tuple[tuple[int, ...], ...],
    refused: tuple[ErrorCode, str | None],
) -> None:
    three_brokers.create(topic("orders", 2, 2))
    assert grow(three_brokers, name, count, *replicas) == refused
