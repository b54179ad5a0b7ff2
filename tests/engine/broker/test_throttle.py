"""A throttled move takes as long as its bytes at that rate, and nobody else is slowed by it."""

from datetime import timedelta
from typing import Any

import pytest
from kio.schema.alter_partition_reassignments.v1.request import (
    AlterPartitionReassignmentsRequest,
    ReassignablePartition,
    ReassignableTopic,
)
from kio.schema.describe_configs.v4.request import DescribeConfigsRequest, DescribeConfigsResource
from kio.schema.incremental_alter_configs.v1.request import (
    AlterableConfig,
    AlterConfigsResource,
    IncrementalAlterConfigsRequest,
)

from kafkalab.engine.controller.altering_configs import DELETE, SET
from kafkalab.engine.controller.metadata import BROKER, TOPIC
from kafkalab.engine.events import IsrShrunk, ReassignmentEnded, ReplicationHeldBack
from kafkalab.wire.api import ApiKey
from kafkalab.wire.errors import ErrorCode
from tests.engine.broker.room import EPOCH_US, SECOND_US, Room, produce_request

SMALL_FETCHES = {"replica.fetch.max.bytes": "20000"}
RECORD = "x" * 10_000
MOVED = 2_000_000
"""Bytes of the partition, but for what batches have around their records."""
LEADER, FOLLOWER = "leader.replication.throttled", "follower.replication.throttled"


def full_room(replicas: tuple[int, ...] = (1, 2), **configs: str) -> Room:
    room = Room(brokers=4, configs=SMALL_FETCHES | configs, latency_us=200)
    room.create(replicas)
    for _ in range(MOVED // len(RECORD)):
        room.produce(replicas[0], RECORD, acks=1)
    room.run(3)
    return room


def alter(room: Room, kind: int, name: str, **settings: str | None) -> tuple[ErrorCode, str | None]:
    """Settings with _ for each dot; None takes one away."""
    configs = tuple(
        AlterableConfig(name=setting.replace("_", "."), config_operation=DELETE if value is None else SET, value=value)
        for setting, value in settings.items()
    )
    resource = AlterConfigsResource(resource_type=kind, resource_name=name, configs=configs)
    body = IncrementalAlterConfigsRequest(resources=(resource,), validate_only=False)
    answer = room.ask(1, ApiKey.INCREMENTAL_ALTER_CONFIGS, body).responses[0]
    return answer.error_code, answer.error_message


def throttle(room: Room, side: str, rate: int | None, replicas: str = "*") -> None:
    done = ErrorCode.none, None
    given: dict[str, Any] = {f"{side}_replication_throttled_replicas": None if rate is None else replicas}
    assert alter(room, TOPIC, "orders", **given) == done
    given = {f"{side}_replication_throttled_rate": None if rate is None else str(rate)}
    assert alter(room, BROKER, "", **given) == done
    room.run(0.6)


def move(room: Room, *replicas: int) -> None:
    partition = ReassignablePartition(partition_index=0, replicas=replicas)
    topic = ReassignableTopic(name="orders", partitions=(partition,))
    body = AlterPartitionReassignmentsRequest(topics=(topic,), timeout=timedelta(seconds=30))
    answer = room.ask(1, ApiKey.ALTER_PARTITION_REASSIGNMENTS, body)
    assert answer.responses[0].partitions[0].error_code == ErrorCode.none, answer


def seconds_until_moved(room: Room, at_most: float = 120) -> float:
    """Clients write meanwhile, ten times a second, and are answered as fast as ever."""
    begun_us, slowest_us, number = room.world.now_us, 0, 0
    while not room.take_facts(ReassignmentEnded):
        asked_us = room.world.now_us
        room.produce(1, f"meanwhile {number}")
        slowest_us, number = max(slowest_us, room.world.now_us - asked_us), number + 1
        room.run(0.1)
        assert room.world.now_us - begun_us < at_most * SECOND_US, "not moved in time"
    # A fetch of the follower may just be on its way: never more than one round of it.
    assert slowest_us < 5_000
    return (room.world.now_us - begun_us) / SECOND_US


@pytest.mark.parametrize("side", ["leader", "follower"])
def test_a_move_takes_as_long_as_the_throttle_says(side: str) -> None:
    room = full_room()
    throttle(room, side, 100_000)
    room.take_facts()
    move(room, 1, 3)
    assert seconds_until_moved(room) == pytest.approx(MOVED / 100_000, rel=0.2)
    assert room.replica(3).log.end_offset == room.replica(1).log.end_offset


def test_without_a_throttle_the_same_move_takes_no_time() -> None:
    room = full_room()
    room.take_facts()
    move(room, 1, 3)
    assert seconds_until_moved(room) < 1


def test_without_a_pause_between_fetches_time_goes_on() -> None:
    room = full_room(**{"replica.fetch.backoff.ms": "0"})
    throttle(room, "follower", 200_000)
    room.take_facts()
    move(room, 1, 3)
    assert seconds_until_moved(room) == pytest.approx(MOVED / 200_000, rel=0.2)


def test_it_is_told_once_who_holds_back() -> None:
    room = full_room()
    throttle(room, "follower", 200_000)
    room.take_facts()
    move(room, 1, 3)
    room.run(12)
    assert room.take_facts(ReplicationHeldBack, ReassignmentEnded) == [
        ReplicationHeldBack(3, "follower", 200_000),
        ReassignmentEnded("orders", 0, (1, 3)),
    ]


def test_a_throttle_that_is_taken_away_holds_nothing_back() -> None:
    room = full_room()
    throttle(room, "follower", 10_000)
    room.take_facts()
    move(room, 1, 3)
    room.run(20)
    assert room.take_facts(ReassignmentEnded) == []
    throttle(room, "follower", None)
    assert seconds_until_moved(room) < 2


def test_what_is_in_sync_is_counted_but_not_held_back() -> None:
    room = full_room(**{"replica.lag.time.max.ms": "4000"})
    for side in ("leader", "follower"):
        throttle(room, side, 1_000)
    room.take_facts()
    for _ in range(100):
        assert room.produce(1, RECORD).error_code is ErrorCode.none
        room.run(0.1)
    room.run(5)
    assert room.take_facts(IsrShrunk, ReplicationHeldBack) == []
    assert room.broker(1).leader_quota.rate() > 50_000
    assert room.broker(2).follower_quota.rate() > 50_000


def test_only_the_listed_replicas_are_throttled() -> None:
    room = full_room()
    throttle(room, "follower", 1_000, "0:4,1:3")
    room.take_facts()
    move(room, 1, 3)
    assert seconds_until_moved(room) < 1
    assert [room.broker(broker).follower_quota.throttles(("orders", 0)) for broker in (1, 2, 3, 4)] == [
        False,
        False,
        False,
        True,
    ]


def test_a_partition_that_is_not_throttled_goes_on_beside_one_that_is() -> None:
    room = full_room()
    room.create((1, 2, 3), topic="other")
    throttle(room, "follower", 1_000)
    move(room, 1, 3)
    room.run(5)
    assert room.ask(1, ApiKey.PRODUCE, produce_request("beside", topic="other")).topics[0].partitions[0].error_code == 0
    assert room.replica(3, "other").log.end_offset == 1
    assert room.replica(3).log.end_offset < room.replica(1).log.end_offset


def test_a_broker_that_comes_back_knows_what_is_throttled() -> None:
    room = full_room()
    throttle(room, "follower", 10_000)
    move(room, 1, 3)
    room.run(3)
    room.cluster.crash(3)
    room.run(12)
    room.cluster.start_broker(3)
    room.run(3)
    quota = room.broker(3).follower_quota
    assert (quota.throttles(("orders", 0)), quota.bytes_per_second) == (True, 10_000)
    room.delete("orders")
    room.run(1)
    assert quota.partitions == {}


def test_the_rate_looks_back_eleven_seconds() -> None:
    quota = Room(brokers=1).broker(1).leader_quota
    quota.broker.now_us = EPOCH_US
    quota.record(1_000)
    rates = []
    for second in (0, 1, 5, 10, 11):
        quota.broker.now_us = EPOCH_US + second * SECOND_US
        rates.append(quota.rate())
    assert rates == [1_000, 1_000, 200, 100, 0]


@pytest.mark.parametrize("listed", ["*", "0:1", " 0:1 , 3:2", "", "0:1,"])
def test_a_list_of_throttled_replicas_is_taken(listed: str) -> None:
    room = Room(brokers=1)
    room.create((1,))
    assert alter(room, TOPIC, "orders", leader_replication_throttled_replicas=listed) == (ErrorCode.none, None)


@pytest.mark.parametrize("listed", ["all", "0", "*,0:1", "0:1,,0:2", "0:1:2", "-1:1"])
def test_anything_else_is_no_list_of_throttled_replicas(listed: str) -> None:
    room = Room(brokers=1)
    room.create((1,))
    name = f"{LEADER}.replicas"
    assert alter(room, TOPIC, "orders", leader_replication_throttled_replicas=listed) == (
        ErrorCode.invalid_config,
        f"Invalid value [{', '.join(listed.split(','))}] for configuration {name}: {name} must be the literal '*' or"
        " a list of replicas in the following format: [partitionId]:[brokerId],[partitionId]:[brokerId],...",
    )


def test_a_rate_is_set_while_brokers_run_and_told_to_who_asks() -> None:
    room = Room(brokers=2)

    def told(name: str) -> list[tuple[str, str, int]]:
        keys = (f"{LEADER}.rate",)
        resource = DescribeConfigsResource(resource_type=BROKER, resource_name=name, configuration_keys=keys)
        body = DescribeConfigsRequest(resources=(resource,), include_synonyms=False, include_documentation=False)
        answer = room.ask(1, ApiKey.DESCRIBE_CONFIGS, body).results[0]
        return [(each.name, each.value, each.config_source) for each in answer.configs]

    assert (told("1"), told("")) == ([], [])
    assert alter(room, BROKER, "", leader_replication_throttled_rate="5000") == (ErrorCode.none, None)
    assert alter(room, BROKER, "1", leader_replication_throttled_rate="7000") == (ErrorCode.none, None)
    room.run(1)
    assert (told("1"), told("")) == ([(f"{LEADER}.rate", "7000", 2)], [(f"{LEADER}.rate", "5000", 3)])
    assert [room.broker(broker).leader_quota.bytes_per_second for broker in (1, 2)] == [7_000, 5_000]
    assert alter(room, BROKER, "1", leader_replication_throttled_rate="-1") == (
        ErrorCode.invalid_config,
        f"Invalid value -1 for configuration {LEADER}.rate: Value must be at least 0",
    )
