"""Consumers against a whole cluster: groups share, nothing is skipped, positions come back."""

from dataclasses import replace

import pytest
from kio.schema.create_partitions.v3.request import CreatePartitionsRequest, CreatePartitionsTopic
from kio.schema.delete_records.v2.request import DeleteRecordsPartition, DeleteRecordsRequest, DeleteRecordsTopic
from kio.schema.types import TopicName
from kio.static.primitive import i32, i64

from kafkalab.engine.clients.admin import Order
from kafkalab.engine.clients.client import Close
from kafkalab.engine.clients.consumer import ChangeConsumer, Consumer
from kafkalab.engine.clients.consumer_settings import ConsumerSettings
from kafkalab.engine.clients.producer import Pause
from kafkalab.engine.clients.requests import duration
from kafkalab.engine.events import ConsumerFailed, PartitionsAssigned, PartitionsRevoked, PositionReset
from kafkalab.wire.api import ApiKey
from tests.engine.clients.stage import Stage

ALL_FOUR = [("orders", partition) for partition in range(4)]


def with_records(count: int = 40, **settings: object) -> Stage:
    """`count` records in each of the four partitions."""
    stage = Stage(**settings)  # type: ignore[arg-type]
    producer = stage.producer("filler", topic=None)
    stage.run(1)
    for token in range(4 * count):
        stage.send(producer, token, key=b"k", value=str(token).encode(), partition=token % 4)
    stage.run(1)
    assert producer.acked == 4 * count
    return stage


def held(*consumers: Consumer) -> list[list[int]]:
    return [[partition for _, partition in consumer.assignment] for consumer in consumers]


def test_without_a_group_a_consumer_reads_every_partition_from_the_start() -> None:
    stage = with_records(10)
    reader = stage.consumer()
    stage.run(2)
    assert reader.positions == dict.fromkeys(ALL_FOUR, 10)
    assert sorted(stage.delivered()) == [(where, offset) for where in ALL_FOUR for offset in range(10)]
    assert [(it.topic, it.record.key) for it in reader.last] == [("orders", b"k")] * 20


def test_latest_reads_only_what_comes_afterwards() -> None:
    stage = with_records(10)
    reader = stage.consumer(auto_offset_reset="latest")
    stage.run(2)
    assert (reader.delivered, reader.positions) == (0, dict.fromkeys(ALL_FOUR, 10))
    reason = "it belongs to no group, so auto.offset.reset=latest decides"
    assert sorted(stage.told(PositionReset), key=lambda event: event.partition) == [
        PositionReset("consumer-1", *where, 10, reason) for where in ALL_FOUR
    ]


def test_without_a_committed_offset_and_without_a_reset_rule_a_consumer_fails() -> None:
    stage = Stage()
    reader = stage.consumer(group="g", auto_offset_reset="none")
    stage.run(4)
    reason = "orders-0: group g has committed nothing, and auto.offset.reset=none"
    assert (reader.state, reader.last_error, reader.assignment) == ("failed", reason, ())
    assert stage.told(ConsumerFailed) == [ConsumerFailed("consumer-1", reason)]


@pytest.mark.parametrize("assignor", ["range", "roundrobin", "sticky", "cooperative-sticky"])
def test_members_share_the_partitions_as_they_come_and_go(assignor: str) -> None:
    stage = with_records(10)
    first = stage.consumer("c1", group="g", assignor=assignor)
    stage.run(4)
    assert held(first) == [[0, 1, 2, 3]]
    others = [stage.consumer(f"c{number}", group="g", assignor=assignor) for number in (2, 3, 4)]
    stage.run(12)
    assert sorted(held(first, *others)) == [[0], [1], [2], [3]]
    assert [consumer.state for consumer in (first, *others)] == ["polling"] * 4
    stage.world.tell_node("c1", Close())
    stage.world.tell_node("c2", Close())
    stage.run(12)
    assert sorted(partition for share in held(*others[1:]) for partition in share) == [0, 1, 2, 3]
    assert [len(share) for share in held(*others[1:])] == [2, 2]
    assert sorted(stage.delivered()) == [(where, offset) for where in ALL_FOUR for offset in range(10)]


@pytest.mark.parametrize("assignor", ["range", "cooperative-sticky"])
def test_a_rebalance_in_good_order_hands_over_without_a_gap_and_without_doing_work_twice(assignor: str) -> None:
    stage = Stage()
    producer = stage.producer(rate_per_s=500, key_pattern="random:20")
    for name in ("c1", "c2", "c3"):
        stage.consumer(name, group="g", assignor=assignor, auto_commit_interval_ms=600_000)
        stage.run(10)
    stage.world.tell_node("c2", Close())
    stage.run(10)
    stage.world.tell_node(producer.name, Pause())
    stage.run(2)
    assert sorted(stage.delivered()) == sorted(stage.acked())
    assert len(stage.acked()) == producer.sent


def test_an_eager_member_gives_up_everything_and_a_cooperative_one_only_what_moves() -> None:
    given_up = []
    for assignor in ("range", "cooperative-sticky"):
        stage = Stage()
        stage.consumer("c1", group="g", assignor=assignor)
        stage.run(4)
        stage.consumer("c2", group="g", assignor=assignor)
        stage.run(8)
        given_up.append(sum(len(event.partitions) for event in stage.told(PartitionsRevoked, "c1")))
        assert len(stage.told(PartitionsAssigned, "c2")) == 1
    assert given_up == [4, 2]


def test_a_group_goes_on_where_it_stopped() -> None:
    stage = with_records(10)
    first = stage.consumer("c1", group="g")
    stage.run(4)
    stage.world.tell_node("c1", Close())
    stage.run(1)
    second = stage.consumer("c2", group="g")
    stage.run(4)
    assert (first.delivered, second.delivered) == (40, 0)
    assert second.committed == second.positions == dict.fromkeys(ALL_FOUR, 10)


def test_a_crashed_member_is_missed_after_its_session_and_its_work_is_done_again() -> None:
    stage = with_records(10)
    stage.consumer("c1", group="g", session_timeout_ms=6_000, commit="none")
    stage.run(4)
    second = stage.consumer("c2", group="g", session_timeout_ms=6_000)
    stage.run(5)
    stage.world.crash("c1")
    stage.run(4)
    assert len(second.assignment) == 2
    stage.run(5)
    assert second.assignment == tuple(ALL_FOUR)
    assert sorted(stage.delivered("c2")) == [(where, offset) for where in ALL_FOUR for offset in range(10)]


def test_a_slow_consumer_advances_record_by_record_and_commits_only_what_is_done() -> None:
    stage = with_records(10)
    slow = stage.consumer(group="g", processing_ms=1_000, commit="manual", max_poll_records=4)
    stage.run(1)
    while slow.delivered < 6:
        stage.run(0.5)
    assert (slow.delivered, slow.state) == (6, "processing")
    assert sum(offset or 0 for offset in slow.committed.values()) == 4
    assert sum(offset or 0 for offset in slow.positions.values()) == 6


def test_polling_too_late_costs_the_membership_and_the_next_poll_joins_anew() -> None:
    stage = with_records(8)
    settings = {"group": "g", "max_poll_interval_ms": 6_000, "session_timeout_ms": 6_000, "commit": "manual"}
    slow = stage.consumer(processing_ms=2_000, max_poll_records=8, **settings)
    stage.run(10)
    assert slow.generation == -1
    assert slow.last_error == "max.poll.interval.ms passed without a poll: it left its group"
    stage.run(10)
    assert slow.last_error == "commit refused: the group went on, or is rebalancing"
    assert len(stage.told(PartitionsRevoked)) == 1
    stage.world.tell_node("consumer-1", ChangeConsumer(replace(slow.settings, processing_ms=0)))
    stage.run(20)
    assert slow.committed == dict.fromkeys(ALL_FOUR, 8)
    assert slow.last_error is None


def test_offsets_that_are_gone_are_passed_over() -> None:
    stage = with_records(10)
    reader = stage.consumer(group="g", commit="manual")
    stage.run(4)
    stage.world.tell_node("consumer-1", Close())
    stage.run(1)
    assert reader.delivered == 40
    producer = stage.producer(topic=None)
    for token in range(20):
        stage.send(producer, token, value=b"v", partition=0)
    stage.run(1)
    part = DeleteRecordsPartition(partition_index=i32(0), offset=i64(25))
    topic = DeleteRecordsTopic(name=TopicName("orders"), partitions=(part,))
    body = DeleteRecordsRequest(topics=(topic,), timeout=duration(30_000))
    stage.world.tell_node("admin", Order(9, ApiKey.DELETE_RECORDS, body))
    stage.run(2)
    assert stage.admin.outcomes[9].answers[0].topics[0].partitions[0].low_watermark == 25
    stage.consumer("c2", group="g")
    stage.run(4)
    assert stage.delivered("c2") == [(("orders", 0), offset) for offset in range(25, 30)]
    reason = "offset 10 is out of range, so auto.offset.reset=earliest decides"
    assert stage.told(PositionReset, "c2") == [PositionReset("c2", "orders", 0, 25, reason)]


def test_partitions_added_to_a_topic_are_given_out() -> None:
    stage = Stage(partitions=2)
    member = stage.consumer(group="g")
    reader = stage.consumer("reader")
    stage.run(4)
    grown = CreatePartitionsTopic(name=TopicName("orders"), count=i32(5), assignments=None)
    body = CreatePartitionsRequest(topics=(grown,), timeout=duration(30_000), validate_only=False)
    stage.world.tell_node("admin", Order(5, ApiKey.CREATE_PARTITIONS, body))
    stage.run(310)
    assert held(member, reader) == [[0, 1, 2, 3, 4]] * 2


def test_the_coordinators_crash_stops_nobody_for_long() -> None:
    stage = with_records(10)
    member = stage.consumer(group="g", auto_commit_interval_ms=500)
    stage.run(4)
    generation = member.generation
    assert member.link.broker is not None
    stage.cluster.crash(member.link.broker)
    producer = stage.producer(rate_per_s=20)
    stage.run(30)
    stage.world.tell_node(producer.name, Pause())
    stage.run(2)
    assert member.delivered == 40 + producer.sent
    assert member.committed == member.positions
    assert member.generation == generation


def test_a_static_member_that_comes_back_in_time_keeps_its_partitions_without_a_rebalance() -> None:
    stage = Stage()
    stage.consumer("c1", group="g", instance_id="one", session_timeout_ms=20_000)
    second = stage.consumer("c2", group="g", instance_id="two", session_timeout_ms=20_000)
    stage.run(8)
    generation = second.generation
    stage.world.crash("c1")
    stage.run(2)
    again = stage.consumer("c1", group="g", instance_id="one", session_timeout_ms=20_000)
    stage.run(5)
    assert (second.generation, again.generation) == (generation, generation)
    assert sorted(held(again, second)) == [[0, 1], [2, 3]]


def test_a_consumer_that_is_given_another_group_leaves_the_old_one() -> None:
    stage = with_records(10)
    member = stage.consumer(group="g")
    other = stage.consumer("c2", group="g")
    stage.run(8)
    stage.world.tell_node("consumer-1", ChangeConsumer(ConsumerSettings(topics=("orders",), group="h")))
    stage.run(8)
    assert held(member, other) == [[0, 1, 2, 3]] * 2
    assert sorted(set(stage.delivered("consumer-1"))) == [(where, offset) for where in ALL_FOUR for offset in range(10)]


def test_what_kafka_would_refuse_is_refused_with_the_reason() -> None:
    wrong = ConsumerSettings(topics=(), assignor="fair", heartbeat_interval_ms=50_000).problems()
    assert wrong == {
        "topics": "must name one topic at least",
        "assignor": "must be one of range, roundrobin, sticky, cooperative-sticky",
        "heartbeat_interval_ms": "must be less than session_timeout_ms",
    }


def test_who_commits_before_the_work_has_nothing_to_commit_after_it() -> None:
    stage = with_records(10)
    member = stage.consumer(group="g", commit="before", processing_ms=100)
    while not member.delivered:
        stage.run(0.01)
    ahead = [offset for offset in member.committed.values() if offset]
    assert sum(ahead) == member.in_hand + member.delivered == 10 * len(ahead)
    stage.run(5)
    assert (member.delivered, member.positions) == (40, dict.fromkeys(ALL_FOUR, 10))


@pytest.mark.parametrize(("assignor", "least_ms", "most_ms"), [("range", 500, 3_000), ("cooperative-sticky", 0, 100)])
def test_a_member_remembers_how_long_a_rebalance_kept_it_from_its_work(
    assignor: str, least_ms: int, most_ms: int
) -> None:
    """A slow member comes late. Who has given up everything waits for it; who has not reads on."""
    stage = Stage()
    stage.producer(rate_per_s=200, key_pattern="sequence")
    quick = stage.consumer("quick", group="g", assignor=assignor)
    stage.consumer("slow", group="g", assignor=assignor, processing_ms=50, max_poll_records=40)
    stage.run(12)
    before = len(quick.gaps)
    late = stage.consumer("late", group="g", assignor=assignor)
    stage.run(12)
    gaps_us = [gap.ended_us - gap.began_us for gap in list(quick.gaps)[before:]]
    longest_ms = max(gaps_us, default=0) / 1_000
    assert least_ms <= longest_ms <= most_ms
    assert list(late.gaps) == []
