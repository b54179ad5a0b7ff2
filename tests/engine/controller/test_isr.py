"""A leader asks to change who is in sync."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from kio.schema.alter_partition.v3.response import AlterPartitionResponse, PartitionData, TopicData

from kafkalab.engine.events import IsrExpanded, IsrShrunk
from kafkalab.wire.errors import ErrorCode
from tests.engine.controller.scripted import Cluster, assigned

ZERO = timedelta(0)


@pytest.fixture
def led_by_1(three_brokers: Cluster) -> Cluster:
    """orders-0 on brokers 1, 2, 3, led by 1 in leader epoch 0."""
    three_brokers.create(assigned("orders", (1, 2, 3)))
    three_brokers.take_facts()
    return three_brokers


def error_of(answer: Any) -> ErrorCode:
    partition = answer.topics[0].partitions[0]
    assert (partition.leader_id, partition.isr) == (0, ()), "a refusal tells nothing else"
    return ErrorCode(partition.error_code)


def test_a_leader_shrinks_and_expands_its_isr(led_by_1: Cluster) -> None:
    topic_id = led_by_1.partition("orders").topic_id

    def answered(isr: tuple[int, ...], partition_epoch: int) -> AlterPartitionResponse:
        partition = PartitionData(
            partition_index=0,
            error_code=ErrorCode.none,
            leader_id=1,
            leader_epoch=0,
            isr=isr,
            leader_recovery_state=0,
            partition_epoch=partition_epoch,
        )
        return AlterPartitionResponse(
            throttle_time=ZERO,
            error_code=ErrorCode.none,
            topics=(TopicData(topic_id=topic_id, partitions=(partition,)),),
        )

    assert led_by_1.alter("orders", (1, 2)) == answered((1, 2), 1)
    assert led_by_1.alter("orders", (1, 2, 3)) == answered((1, 2, 3), 2)
    assert led_by_1.take_facts() == [
        IsrShrunk("orders", 0, (1, 2, 3), (1, 2)),
        IsrExpanded("orders", 0, (1, 2), (1, 2, 3)),
    ]


def test_asking_for_what_is_so_already_changes_nothing(led_by_1: Cluster) -> None:
    before = led_by_1.partition("orders")
    answer = led_by_1.alter("orders", (1, 2, 3)).topics[0].partitions[0]
    assert (answer.error_code, answer.partition_epoch) == (ErrorCode.none, 0)
    assert led_by_1.partition("orders") == before


def test_an_old_registration_is_refused_as_a_whole(led_by_1: Cluster) -> None:
    assert led_by_1.alter("orders", (1, 2), broker_epoch=0) == AlterPartitionResponse(
        throttle_time=ZERO, error_code=ErrorCode.stale_broker_epoch, topics=()
    )


def test_an_unknown_topic_or_partition(led_by_1: Cluster) -> None:
    assert error_of(led_by_1.alter(None, (1,))) is ErrorCode.unknown_topic_id
    assert error_of(led_by_1.alter("orders", (1,), partition=7)) is ErrorCode.unknown_topic_or_partition


def test_a_leader_that_knows_more_than_the_controller_is_sent_to_the_real_one(led_by_1: Cluster) -> None:
    assert error_of(led_by_1.alter("orders", (1,), leader_epoch=1)) is ErrorCode.not_controller
    assert error_of(led_by_1.alter("orders", (1,), partition_epoch=1)) is ErrorCode.not_controller


def test_a_deposed_leader_is_fenced_before_anything_else_is_looked_at(led_by_1: Cluster) -> None:
    led_by_1.pass_seconds(9, alive=(2, 3))
    assert led_by_1.partition("orders").leader == 2
    assert error_of(led_by_1.alter("orders", (9,), broker_id=3, leader_epoch=0)) is ErrorCode.fenced_leader_epoch


def test_only_the_leader_may_ask(led_by_1: Cluster) -> None:
    assert error_of(led_by_1.alter("orders", (1, 2), broker_id=2)) is ErrorCode.invalid_request


def test_a_leader_that_has_not_seen_the_last_change_is_told_so(led_by_1: Cluster) -> None:
    led_by_1.alter("orders", (1, 2))
    assert error_of(led_by_1.alter("orders", (1,), partition_epoch=0)) is ErrorCode.invalid_update_version


@pytest.mark.parametrize("isr", [(), (1, 9), (1, 1), (2, 3)], ids=["empty", "stranger", "twice", "without the leader"])
def test_an_isr_that_cannot_be_is_refused(led_by_1: Cluster, isr: tuple[int, ...]) -> None:
    assert error_of(led_by_1.alter("orders", isr)) is ErrorCode.invalid_request


def test_a_recovered_partition_does_not_go_back_to_recovering(led_by_1: Cluster) -> None:
    assert error_of(led_by_1.alter("orders", (1,), recovery_state=1)) is ErrorCode.invalid_request


def test_a_recovering_leader_stays_alone(led_by_1: Cluster) -> None:
    assert error_of(led_by_1.alter("orders", (1, 2), recovery_state=1)) is ErrorCode.invalid_request


def test_a_fenced_replica_is_not_let_in(led_by_1: Cluster) -> None:
    led_by_1.pass_seconds(9, alive=(1, 2))
    assert error_of(led_by_1.alter("orders", (1, 2, 3))) is ErrorCode.ineligible_replica


def test_a_replica_that_is_about_to_stop_is_not_let_in(led_by_1: Cluster) -> None:
    led_by_1.create(assigned("other", (3, 1)))
    led_by_1.heartbeat(3, stop=True)
    assert error_of(led_by_1.alter("orders", (1, 2, 3))) is ErrorCode.ineligible_replica


def test_a_replica_restarted_since_the_leader_saw_it_is_not_let_in(led_by_1: Cluster) -> None:
    led_by_1.alter("orders", (1, 2))
    old_epoch = led_by_1.epochs[3]
    led_by_1.pass_seconds(9, alive=(1, 2))
    led_by_1.register(3, incarnation=2)
    led_by_1.heartbeat(3)
    assert error_of(led_by_1.alter("orders", (1, 2, 3), epochs={3: old_epoch})) is ErrorCode.ineligible_replica
    assert led_by_1.alter("orders", (1, 2, 3)).topics[0].partitions[0].error_code is ErrorCode.none


def test_the_image_is_untouched_by_a_refusal(led_by_1: Cluster) -> None:
    before = replace(led_by_1.partition("orders"))
    offset = led_by_1.controller.image.offset
    led_by_1.alter("orders", (1, 9))
    assert (led_by_1.partition("orders"), led_by_1.controller.image.offset) == (before, offset)
