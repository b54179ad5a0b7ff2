"""Who is in sync, who asks the controller about it, and what stands still meanwhile."""

from kio.schema.incremental_alter_configs.v1.request import (
    AlterableConfig,
    AlterConfigsResource,
    IncrementalAlterConfigsRequest,
)

from kafkalab.engine.broker.follower_state import FollowerState
from kafkalab.engine.controller.altering_configs import SET
from kafkalab.engine.controller.metadata import TOPIC
from kafkalab.engine.events import HighWatermarkAdvanced, IsrExpanded, IsrShrunk
from kafkalab.engine.network import Link
from kafkalab.wire.api import ApiKey
from kafkalab.wire.dialect import ProducePartitionResult
from kafkalab.wire.errors import ErrorCode
from tests.engine.broker.room import Room, values_in

SHORT_LAG = {"replica.lag.time.max.ms": "4000"}


def test_a_follower_that_falls_behind_leaves_the_isr_and_comes_back() -> None:
    room = Room(configs=SHORT_LAG)
    room.create((1, 2, 3))
    room.cluster.freeze(3)
    result = room.produce(1, "a", acks=1)
    assert result.base_offset == 0
    room.run(8)
    assert room.take_facts(IsrShrunk) == [IsrShrunk("orders", 0, (1, 2, 3), (1, 2))]
    assert room.replica(1).high_watermark == 1
    room.cluster.thaw(3)
    room.run(2)
    assert room.take_facts(IsrExpanded) == [IsrExpanded("orders", 0, (1, 2), (1, 2, 3))]
    assert room.replica(1).isr == room.cluster.controller.image.partition("orders", 0).isr == (1, 2, 3)


def test_with_too_few_in_sync_acks_all_is_refused_and_nothing_is_written() -> None:
    room = Room()
    room.create((1, 2), min_insync_replicas="2")
    room.cluster.crash(2)
    room.run(12)
    assert room.produce(1, "a") == ProducePartitionResult(
        0,
        ErrorCode.not_enough_replicas,
        log_start_offset=0,
        error_message="The size of the current ISR 1 is insufficient to satisfy the min.isr requirement of 2"
        " for partition orders-0",
    )
    assert room.values(1) == []


def test_the_high_watermark_stands_still_below_min_insync_replicas() -> None:
    room = Room()
    room.create((1, 2), min_insync_replicas="2")
    room.produce(1, "a")
    room.cluster.crash(2)
    room.run(12)
    assert room.produce(1, "b", acks=1).base_offset == 1
    room.run(5)
    assert room.replica(1).isr == (1,)
    assert room.replica(1).high_watermark == 1
    assert values_in(room.fetch(1, 0).records) == [(0, 0, "a")]
    room.take_facts()
    room.cluster.start_broker(2)
    room.run(2)
    assert HighWatermarkAdvanced("orders", 0, 1, 2) in room.take_facts(HighWatermarkAdvanced)
    assert [value for _, _, value in values_in(room.fetch(1, 0).records)] == ["a", "b"]


def test_a_leader_that_has_not_heard_of_a_raised_minimum_goes_by_the_old_one() -> None:
    """As in Kafka: a setting reaches the leader with the metadata log, and no answer waits for that."""
    room = Room(brokers=3)
    room.create((1, 2))
    room.cluster.crash(2)
    room.run(12)
    room.world.network.links["controller-3000", "broker-1"] = Link(latency_us=3_000_000)
    raised = AlterableConfig(name="min.insync.replicas", config_operation=SET, value="2")
    resource = AlterConfigsResource(resource_type=TOPIC, resource_name="orders", configs=(raised,))
    body = IncrementalAlterConfigsRequest(resources=(resource,), validate_only=False)
    assert room.ask(3, ApiKey.INCREMENTAL_ALTER_CONFIGS, body).responses[0].error_code == ErrorCode.none
    assert room.produce(1, "before") == ProducePartitionResult(0, base_offset=0, log_start_offset=0)
    assert room.replica(1).high_watermark == 1
    room.run(4)
    assert room.produce(1, "after").error_code is ErrorCode.not_enough_replicas
    assert room.replica(1).high_watermark == 1


def test_min_insync_replicas_counts_at_most_the_replicas_there_are() -> None:
    room = Room()
    room.create((1,), min_insync_replicas="3")
    assert room.produce(1, "a") == ProducePartitionResult(0, base_offset=0, log_start_offset=0)


def test_a_write_under_way_when_a_replica_leaves_is_told_that_it_may_be_lost() -> None:
    room = Room(configs=SHORT_LAG)
    room.create((1, 2), min_insync_replicas="2")
    room.cluster.freeze(2)
    result = room.produce(1, "a", timeout_ms=30_000)
    # The high watermark does not move with too few in sync, so only the timeout can end the wait.
    assert result == ProducePartitionResult(0, ErrorCode.request_timed_out)
    assert room.values(1) == [(0, 0, "a")]


def test_a_follower_is_caught_up_as_of_its_last_fetch_if_it_then_had_all() -> None:
    state = FollowerState(2)
    state.fetched(10, 0, 5, leader_end=10, now_ms=1000)
    assert (state.log_end, state.last_caught_up_ms) == (10, 1000)
    state.fetched(10, 0, 5, leader_end=20, now_ms=2000)
    assert state.last_caught_up_ms == 1000
    state.fetched(20, 0, 5, leader_end=30, now_ms=3000)
    assert state.last_caught_up_ms == 2000
    assert state.caught_up(30, now_ms=32_000, lag_time_max_ms=30_000)
    assert not state.caught_up(30, now_ms=32_001, lag_time_max_ms=30_000)


def test_a_new_leader_gives_the_isr_the_benefit_of_the_doubt_and_nobody_else() -> None:
    member, stranger = FollowerState(2), FollowerState(3)
    for state in (member, stranger):
        state.fetched(10, 0, 5, leader_end=10, now_ms=1000)
        state.reset(in_sync=state is member, new_leader=True, leader_end=10, now_ms=9000)
    assert member == FollowerState(2, last_caught_up_ms=9000)
    assert stranger == FollowerState(3)


def test_a_member_that_is_late_is_waited_for_until_the_controller_lets_it_go() -> None:
    room = Room(configs=SHORT_LAG)
    room.create((1, 2, 3))
    room.cluster.freeze(3)
    room.world.crash("controller-3000")
    room.produce(1, "a", acks=1)
    room.run(7)
    assert room.replica(1).in_sync.proposal.isr == (1, 2)
    assert room.replica(1).maximal_isr == (1, 2, 3)
    assert room.produce(1, "b", timeout_ms=1000) == ProducePartitionResult(0, ErrorCode.request_timed_out)
    assert room.replica(1).high_watermark == 0


def test_a_newcomer_is_waited_for_before_the_controller_lets_it_in() -> None:
    room = Room(configs=SHORT_LAG)
    room.create((1, 2))
    room.cluster.freeze(2)
    room.produce(1, "a", acks=1)
    room.run(7)
    assert room.replica(1).isr == (1,)
    room.world.crash("controller-3000")
    room.cluster.thaw(2)
    room.run(0.5)
    assert (room.replica(1).isr, room.replica(1).maximal_isr) == ((1,), (1, 2))
    room.cluster.freeze(2)
    room.run(5)
    room.produce(1, "b", acks=1)
    assert room.replica(1).high_watermark == 1
