"""Whole histories of one partition: written, copied, its leader lost, its tail cut, its replicas alike again."""

from kafkalab.engine.broker.lifecycle import BrokerState
from kafkalab.engine.events import (
    BecameFollower,
    BecameLeader,
    HighWatermarkAdvanced,
    IsrExpanded,
    IsrShrunk,
    LeaderElected,
    LogTruncated,
    RecordsAppended,
)
from kafkalab.wire.dialect import EpochEndOffset, FetchPartitionResult, LeaderHint, ProducePartitionResult
from kafkalab.wire.errors import ErrorCode
from tests.engine.broker.room import Room, produce_request, values_in

STORY = (
    RecordsAppended,
    HighWatermarkAdvanced,
    LeaderElected,
    BecameLeader,
    BecameFollower,
    LogTruncated,
    IsrShrunk,
    IsrExpanded,
)


def test_a_batch_is_acked_once_both_followers_have_it() -> None:
    room = Room()
    room.create((1, 2, 3))
    room.take_facts()
    result = room.produce(1, "a", "b")
    assert result == ProducePartitionResult(0, base_offset=0, log_start_offset=0)
    assert room.take_facts(*STORY) == [
        RecordsAppended("orders", 0, 1, 0, 1, 77, leader=True),
        RecordsAppended("orders", 0, 2, 0, 1, 77, leader=False),
        RecordsAppended("orders", 0, 3, 0, 1, 77, leader=False),
        HighWatermarkAdvanced("orders", 0, 1, 2),
    ]


def test_followers_learn_the_high_watermark_one_fetch_later() -> None:
    room = Room()
    room.create((1, 2, 3))
    room.produce(1, "a")
    assert [room.replica(broker).high_watermark for broker in (1, 2, 3)] == [1, 0, 0]
    room.take_facts()
    room.run(0.6)
    assert room.take_facts(*STORY) == [
        HighWatermarkAdvanced("orders", 0, 2, 1),
        HighWatermarkAdvanced("orders", 0, 3, 1),
    ]


def test_all_replicas_hold_the_same_bytes() -> None:
    room = Room(latency_us=300)
    room.create((1, 2, 3), (2, 3, 1))
    for number in range(20):
        room.produce(number % 2 + 1, f"value {number}", partition=number % 2)
    for partition in (0, 1):
        logs = [room.replica(broker, partition=partition).log for broker in (1, 2, 3)]
        first, *others = [log.read(0, 1 << 20, log.end_offset, True) for log in logs]
        assert others == [first, first]
        assert [value for _, _, value in values_in(first)] == [f"value {n}" for n in range(partition, 20, 2)]


def test_the_unreplicated_tail_of_a_crashed_leader_vanishes_when_it_returns() -> None:
    room = Room()
    room.create((1, 2, 3), min_insync_replicas="2")
    room.produce(1, "kept")
    room.cluster.freeze(2)
    room.cluster.freeze(3)
    assert room.produce(1, "lost", "lost too", acks=1).base_offset == 1
    room.cluster.crash(1)
    room.cluster.thaw(2)
    room.cluster.thaw(3)
    room.run(12)
    assert room.produce(2, "new").base_offset == 1
    assert room.values(2) == [(0, 0, "kept"), (1, 1, "new")]
    room.run(1)
    room.take_facts()
    room.cluster.start_broker(1)
    room.run(3)
    assert room.take_facts(*STORY) == [
        BecameFollower("orders", 0, 1, 2, 1),
        LogTruncated("orders", 0, 1, 3, 1, "the leader's epoch 0 ends at 1"),
        RecordsAppended("orders", 0, 1, 1, 1, 71, leader=False),
        HighWatermarkAdvanced("orders", 0, 1, 2),
        IsrExpanded("orders", 0, (2, 3), (2, 3, 1)),
    ]
    assert room.values(1) == room.values(2) == room.values(3) == [(0, 0, "kept"), (1, 1, "new")]
    assert [room.replica(broker).log.epochs.entries for broker in (1, 2, 3)] == [[(0, 0), (1, 1)]] * 3


def test_a_leader_crash_loses_no_acked_record() -> None:
    room = Room()
    room.create((1, 2, 3), min_insync_replicas="2")
    room.produce(1, "a")
    room.take_facts()
    room.cluster.crash(1)
    room.run(12)
    assert room.take_facts(*STORY) == [
        IsrShrunk("orders", 0, (1, 2, 3), (2, 3)),
        LeaderElected("orders", 0, 2, 1, 1, "broker 1 was silent for 9 s"),
        BecameLeader("orders", 0, 2, 1, 1),
        BecameFollower("orders", 0, 3, 2, 1),
        # The old leader took the knowledge of what is committed with it; the new one finds out again.
        HighWatermarkAdvanced("orders", 0, 2, 1),
        HighWatermarkAdvanced("orders", 0, 3, 1),
    ]
    assert values_in(room.fetch(2, 0).records) == [(0, 0, "a")]


def test_a_broker_that_stops_in_good_order_hands_its_lead_over_first() -> None:
    room = Room()
    room.create((1, 2, 3))
    room.produce(1, "a")
    room.run(1)
    room.take_facts()
    room.cluster.stop(1)
    assert room.broker(1).state is BrokerState.PENDING_CONTROLLED_SHUTDOWN
    room.run(5)
    assert 1 not in room.cluster.brokers
    assert room.take_facts(*STORY) == [
        IsrShrunk("orders", 0, (1, 2, 3), (2, 3)),
        LeaderElected("orders", 0, 2, 1, 1, "broker 1 is about to shut down"),
        BecameFollower("orders", 0, 1, 2, 1),
        BecameLeader("orders", 0, 2, 1, 1),
        BecameFollower("orders", 0, 3, 2, 1),
    ]
    room.cluster.start_broker(1)
    room.run(2)
    assert room.replica(2).isr == (2, 3, 1)


def test_a_frozen_leader_that_comes_back_finds_another_and_follows_it() -> None:
    room = Room()
    room.create((1, 2, 3), min_insync_replicas="2")
    room.produce(1, "a")
    room.cluster.freeze(1)
    waiting = room.say(1, 0, produce_request("from the zombie's time"))
    room.run(12)
    room.produce(2, "b")
    room.cluster.thaw(1)
    room.run(5)
    result = room.client.answers[waiting].topics[0].partitions[0]
    assert result == ProducePartitionResult(0, ErrorCode.not_leader_or_follower, current_leader=LeaderHint(2, 1))
    assert room.values(1) == room.values(2) == [(0, 0, "a"), (1, 1, "b")]
    assert room.replica(2).isr == (2, 3, 1)


def test_a_reader_whose_epoch_ended_earlier_is_told_where() -> None:
    room = Room()
    room.create((1, 2, 3))
    room.produce(1, "a")
    room.cluster.crash(1)
    room.run(12)
    room.produce(2, "b")
    assert room.fetch(2, 5, last_fetched_epoch=0) == FetchPartitionResult(
        0,
        high_watermark=2,
        last_stable_offset=2,
        log_start_offset=0,
        diverging_epoch=EpochEndOffset(0, 1),
    )


def test_a_follower_that_was_away_while_the_log_began_anew_starts_where_it_begins() -> None:
    room = Room(configs={"replica.lag.time.max.ms": "5000"})
    room.create((1, 2))
    room.produce(1, "a", "b", "c")
    room.cluster.crash(2)
    room.run(12)
    room.produce(1, "d", "e")
    room.replica(1).advance_log_start(5, "for this test")
    room.produce(1, "f")
    room.take_facts()
    room.cluster.start_broker(2)
    room.run(3)
    assert room.take_facts(LogTruncated) == [LogTruncated("orders", 0, 2, 3, 5, "the leader's log begins at 5 only")]
    assert room.values(2) == [(5, 0, "f")]
    assert room.replica(1).isr == (1, 2)


def test_every_replica_is_gone_with_its_topic() -> None:
    room = Room()
    room.create((1, 2, 3))
    room.produce(1, "a")
    room.delete("orders")
    room.run(1)
    assert [room.broker(broker).partitions for broker in (1, 2, 3)] == [{}, {}, {}]
    assert [room.cluster.disks[f"broker-{broker}"].names("orders-0") for broker in (1, 2, 3)] == [[], [], []]


def test_a_topic_deleted_while_a_broker_was_down_is_removed_from_its_disk() -> None:
    room = Room()
    room.create((1, 2, 3))
    room.produce(1, "old")
    room.cluster.crash(3)
    room.run(10)
    room.delete("orders")
    room.create((1, 2, 3))
    room.produce(1, "new")
    room.cluster.start_broker(3)
    room.run(3)
    assert room.values(3) == [(0, 0, "new")]


def test_a_leadership_in_which_nothing_was_written_leaves_no_trace() -> None:
    room = Room(latency_us=1000)
    room.create((1, 2, 3))
    room.produce(1, "a")
    room.run(1)
    room.cluster.crash(1)
    room.run(12)
    assert room.replica(2).log.epochs.entries == [(0, 0), (1, 1)]
    room.cluster.crash(2)
    room.run(12)
    room.cluster.start_broker(2)
    before = room.world.steps
    room.run(2)
    assert room.world.steps - before < 1000
    assert [room.replica(broker).log.epochs.entries for broker in (2, 3)] == [[(0, 0)], [(0, 0), (2, 1)]]
    room.produce(3, "b")
    assert room.values(2) == room.values(3) == [(0, 0, "a"), (1, 2, "b")]
