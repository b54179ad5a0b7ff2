"""What a client believes of the cluster, and when it asks again."""

from datetime import timedelta
from random import Random
from uuid import UUID

from kio.schema.metadata.v13.response import (
    MetadataResponse,
    MetadataResponseBroker,
    MetadataResponsePartition,
    MetadataResponseTopic,
)
from kio.schema.types import BrokerId, TopicName
from kio.static.primitive import i32, i32Timedelta

from kafkalab.engine.clients.metadata import ClientMetadata, KnownPartition, KnownTopic, backoff_us
from kafkalab.wire.dialect import LeaderHint
from kafkalab.wire.errors import ErrorCode

ORDERS, REMADE = UUID(int=7), UUID(int=8)
MINUTE_US = 60_000_000


def answer(leader: int, epoch: int, topic_id: UUID = ORDERS, error: ErrorCode = ErrorCode.none) -> MetadataResponse:
    partition = MetadataResponsePartition(
        error_code=ErrorCode.none if leader >= 0 else ErrorCode.leader_not_available,
        partition_index=i32(0),
        leader_id=BrokerId(leader),
        leader_epoch=i32(epoch),
    )
    topic = MetadataResponseTopic(
        error_code=error,
        name=TopicName("orders"),
        topic_id=topic_id,
        partitions=(partition,) if error is ErrorCode.none else (),
    )
    return MetadataResponse(
        throttle_time=i32Timedelta.parse(timedelta(0)),
        brokers=tuple(
            MetadataResponseBroker(node_id=BrokerId(broker), host="localhost", port=i32(9091 + broker))
            for broker in (1, 2)
        ),
        topics=(topic,),
        error_code=ErrorCode.none,
    )


def told(*answers: MetadataResponse) -> ClientMetadata:
    metadata = ClientMetadata()
    metadata.want("orders")
    for now_us, said in enumerate(answers):
        metadata.asking(now_us)
        metadata.update(said, now_us, Random(0))
    return metadata


def test_a_complete_answer_is_good_for_five_minutes() -> None:
    metadata = told(answer(1, 3))
    assert metadata.brokers == (1, 2)
    assert metadata.topics == {"orders": KnownTopic(ORDERS, {0: KnownPartition(1, 3)})}
    assert metadata.due_us() == 5 * MINUTE_US


def test_a_leader_of_an_older_epoch_is_not_believed() -> None:
    assert told(answer(2, 4), answer(1, 3)).leader("orders", 0) == KnownPartition(2, 4)


def test_nor_after_a_broker_that_has_just_started_denied_the_topic() -> None:
    denied = answer(-1, -1, error=ErrorCode.unknown_topic_or_partition)
    metadata = told(answer(2, 4), denied)
    assert (metadata.count("orders"), metadata.errors) == (0, {"orders": ErrorCode.unknown_topic_or_partition})
    metadata.update(answer(1, 3), 2, Random(0))
    assert metadata.leader("orders", 0) == KnownPartition(2, 4)


def test_a_topic_made_again_begins_with_epoch_0_and_is_believed() -> None:
    assert told(answer(2, 4), answer(1, 0, REMADE)).leader("orders", 0) == KnownPartition(1, 0)


def test_a_partition_without_a_leader_is_asked_about_again_soon() -> None:
    metadata = told(answer(-1, 5))
    assert metadata.leader("orders", 0) is None
    assert 80_000 <= metadata.due_us() <= 120_000


def test_a_hint_of_a_newer_leader_is_believed_at_once_and_an_old_one_is_not() -> None:
    metadata = told(answer(1, 3))
    assert metadata.follow("orders", 0, LeaderHint(2, 4))
    assert not metadata.follow("orders", 0, LeaderHint(1, 3))
    assert not metadata.follow("orders", 0, LeaderHint())
    assert metadata.leader("orders", 0) == KnownPartition(2, 4)


def test_waits_double_up_to_a_second_give_or_take_a_fifth() -> None:
    random = Random(1)
    for failures, expected_us in ((1, 100_000), (2, 200_000), (4, 800_000), (9, 1_000_000)):
        assert 0.8 * expected_us <= backoff_us(failures, random) <= min(1.2 * expected_us, 1_000_000)
