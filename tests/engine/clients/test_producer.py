"""Producers against a whole cluster: what they send arrives once, in order, or is said to have failed."""

from collections import Counter
from random import Random

import pytest

from kafkalab.engine.clients.client import Close
from kafkalab.engine.clients.fate import Fate, FateState
from kafkalab.engine.clients.producer import ChangeProducer, Pause
from kafkalab.engine.clients.workload import Pace, ProducerSettings, key_of, value_of
from kafkalab.engine.events import (
    NodeExited,
    ProducerIdAssigned,
    RecordAcked,
    RecordFailed,
    RecordsAcked,
    RecordSent,
)
from kafkalab.wire.errors import ErrorCode
from kafkalab.wire.records import Record
from tests.engine.clients.stage import EPOCH_US, SECOND, Stage


def test_a_record_sent_by_hand_can_be_found_again() -> None:
    stage = Stage()
    producer = stage.producer(topic=None)
    stage.send(producer, 7, key=b"abc", value=b"hello", headers=(("trace", b"1"),))
    sent_ms = stage.world.now_us // 1000
    stage.run(1)
    how = "murmur2(key) & 0x7fffffff = 479470107; % 4 = 3"
    assert producer.fates == {7: Fate(1, "orders", FateState.ACKED, 3, how, 0, sent_ms)}
    assert stage.stored(3) == [Record(0, sent_ms, b"abc", b"hello", (("trace", b"1"),))]
    assert stage.told(RecordSent) + stage.told(RecordAcked) == [
        RecordSent("producer-1", 1, "orders", 3, "abc", how),
        RecordAcked("producer-1", 1, "orders", 3, 0),
    ]


def test_the_sender_may_name_the_partition_and_a_tombstone_has_no_value() -> None:
    stage = Stage()
    producer = stage.producer(topic=None)
    stage.send(producer, 1, key=b"abc", value=None, partition=0)
    stage.run(1)
    assert [(record.key, record.value) for record in stage.stored(0)] == [(b"abc", None)]


def test_a_topic_that_does_not_exist_fails_the_record_after_max_block_ms() -> None:
    stage = Stage(configs={"auto.create.topics.enable": "false"})
    producer = stage.producer(topic=None, max_block_ms=3_000)
    stage.send(producer, 1, topic="nowhere", value=b"v")
    stage.run(2)
    assert producer.state == "waiting for metadata"
    stage.run(2)
    assert producer.fates[1] == Fate(1, "nowhere", FateState.FAILED, error=ErrorCode.unknown_topic_or_partition)
    assert stage.told(RecordFailed) == [RecordFailed("producer-1", 1, "nowhere", -1, "UNKNOWN_TOPIC_OR_PARTITION")]


def test_an_unknown_topic_is_made_where_brokers_make_topics() -> None:
    stage = Stage(configs={"auto.create.topics.enable": "true"})
    producer = stage.producer(topic=None)
    stage.send(producer, 1, topic="new", value=b"v")
    stage.run(3)
    assert producer.fates[1].state is FateState.ACKED


def test_a_running_producer_keeps_its_pace_and_its_limit() -> None:
    stage = Stage()
    producer = stage.producer(rate_per_s=50, limit=120, key_pattern="cycle:a,b")
    stage.run(2)
    assert 98 <= producer.sent <= 101
    stage.run(3)
    assert (producer.sent, producer.acked, producer.state) == (120, 120, "finished")
    assert Counter(record.key for partition in range(4) for record in stage.stored(partition)) == {b"a": 60, b"b": 60}
    assert sum(event.count for event in stage.told(RecordsAcked)) == 120


def test_an_idempotent_producer_gets_an_id_and_numbers_its_batches() -> None:
    stage = Stage()
    producer = stage.producer()
    stage.run(1)
    assert stage.told(ProducerIdAssigned) == [
        ProducerIdAssigned("producer-1", producer.producer_id, 0, "the cluster gave it")
    ]


def test_with_acks_0_nobody_will_ever_say() -> None:
    stage = Stage()
    producer = stage.producer(topic=None, acks=0, idempotence=False)
    stage.send(producer, 1, value=b"v", partition=2)
    stage.run(1)
    assert producer.fates[1].state is FateState.UNCONFIRMED
    assert [record.value for record in stage.stored(2)] == [b"v"]


def test_too_few_in_sync_replicas_are_tried_again_until_delivery_timeout_ms() -> None:
    stage = Stage()
    producer = stage.producer(topic=None, delivery_timeout_ms=40_000)
    stage.run(1)
    survivor = stage.leader(0)
    for broker in (1, 2, 3):
        if broker != survivor:
            stage.cluster.crash(broker)
    stage.run(15)
    stage.send(producer, 1, value=b"v", partition=0)
    stage.run(30)
    assert producer.fates[1].state is FateState.WAITING
    assert producer.retried > 10
    stage.run(11)
    assert producer.fates[1].error is ErrorCode.request_timed_out


def test_a_producer_goes_on_under_a_new_epoch_after_a_batch_of_unknown_fate() -> None:
    stage = Stage()
    producer = stage.producer(topic=None, delivery_timeout_ms=31_000)
    stage.send(producer, 1, value=b"before", partition=0)
    stage.run(1)
    for broker in (1, 2, 3):
        stage.cluster.crash(broker)
    stage.send(producer, 2, value=b"lost", partition=0)
    stage.run(35)
    for broker in (1, 2, 3):
        stage.cluster.start_broker(broker)
    stage.run(20)
    stage.send(producer, 3, value=b"after", partition=0)
    stage.run(5)
    assert [producer.fates[token].state.value for token in (1, 2, 3)] == ["acked", "failed", "acked"]
    assert [record.value for record in stage.stored(0)] == [b"before", b"after"]


def test_a_batch_too_large_for_the_topic_goes_out_in_halves() -> None:
    stage = Stage()
    stage.topic("small", 1, {"max.message.bytes": "250000"})
    producer = stage.producer(topic=None, batch_size=900_000, linger_ms=50)
    stage.run(1)
    for token in range(8):
        stage.send(producer, token, "small", value=b"x" * 100_000)
    stage.run(1)
    assert [producer.fates[token].offset for token in range(8)] == list(range(8))
    assert producer.producer_epoch == 0


def test_closing_sends_what_is_still_held() -> None:
    stage = Stage()
    producer = stage.producer(topic=None, linger_ms=10_000)
    stage.run(1)
    stage.send(producer, 1, value=b"v", partition=1)
    stage.run(1)
    assert producer.buffered == 1
    stage.world.tell_node(producer.name, Close())
    stage.run(1)
    assert [record.value for record in stage.stored(1)] == [b"v"]
    assert stage.told(NodeExited) == [NodeExited("producer-1")]


def test_settings_change_while_it_runs() -> None:
    stage = Stage()
    producer = stage.producer(rate_per_s=10)
    stage.run(2)
    before = producer.sent
    stage.world.tell_node(producer.name, ChangeProducer(ProducerSettings(topic="orders", rate_per_s=100)))
    stage.run(2)
    assert 190 <= producer.sent - before <= 205
    stage.world.tell_node(producer.name, Pause())
    stage.run(1)
    paused = producer.sent
    stage.run(5)
    assert (producer.sent, producer.state) == (paused, "paused")


@pytest.mark.parametrize("acks", [-1, 1])
def test_without_idempotence_a_lost_answer_may_cost_a_duplicate_but_no_record(acks: int) -> None:
    stage = Stage(seed=3)
    producer = stage.producer(rate_per_s=50, idempotence=False, acks=acks, value="{serial}")
    for broker in (1, 2, 3):
        stage.run(4)
        stage.cluster.freeze(broker)
        stage.run(4)
        stage.cluster.thaw(broker)
    stage.run(2)
    stage.world.tell_node(producer.name, Pause())
    stage.run(45)
    values = {record.value for partition in range(4) for record in stage.stored(partition)}
    assert values == {str(serial).encode() for serial in range(1, producer.sent + 1)}
    assert producer.acked == producer.sent


def test_what_kafka_would_refuse_is_refused_with_the_reason() -> None:
    wrong = ProducerSettings(topic="t", acks=1, max_in_flight=9, delivery_timeout_ms=10, partitioner="dice").problems()
    assert wrong == {
        "acks": "must be all with idempotence: else a leader could forget what it numbered",
        "max_in_flight": "must be at most 5 with idempotence: brokers remember five batches a producer",
        "delivery_timeout_ms": "must be at least linger_ms + request_timeout_ms",
        "partitioner": "must be one of default, murmur2, roundrobin, crc32, ranges",
    }


def test_keys_and_values_follow_their_patterns() -> None:
    random = Random(1)
    assert [key_of("cycle:a,b,c", serial, random) for serial in (1, 2, 3, 4)] == [b"a", b"b", b"c", b"a"]
    assert (key_of("none", 1, random), key_of("sequence", 9, random)) == (None, b"9")
    assert key_of("fixed:x:y", 1, random) == b"x:y"
    settings = ProducerSettings(value="{serial} of {producer} for {key}", value_size=20)
    assert value_of(settings, "p", 3, b"k") == b"3 of p for k........"


def test_a_pace_that_fell_behind_makes_up_for_a_tenth_of_a_second_only() -> None:
    pace = Pace()
    assert pace.due(100, EPOCH_US) == 1
    assert pace.due(100, EPOCH_US + SECOND) == 11
    assert pace.due(100, EPOCH_US + SECOND + 1) == 0


def test_who_waits_for_each_answer_has_one_record_on_its_way() -> None:
    """`send().get()`: a round trip of some milliseconds bounds the rate, whatever is wanted."""
    stage = Stage()
    waiting = stage.producer("waiting", rate_per_s=1_000, synchronous=True, linger_ms=0)
    running = stage.producer("running", rate_per_s=1_000, linger_ms=0)
    most = 0
    for _ in range(1_000):
        stage.run(0.001)
        most = max(most, waiting.buffered)
    assert most == 1
    assert running.sent > 900
    assert 50 < waiting.sent < running.sent / 2


def test_who_waits_for_each_answer_keeps_its_pace_where_answers_come_soon_enough() -> None:
    stage = Stage()
    producer = stage.producer(rate_per_s=50, synchronous=True, linger_ms=0, limit=100)
    stage.run(2.2)
    assert (producer.acked, producer.state) == (100, "finished")


def test_ranges_of_letters_belong_to_the_partitioner_that_uses_them() -> None:
    assert ProducerSettings(key_ranges="A-F").problems() == {
        "key_ranges": "belongs to the partitioner ranges, and it needs them"
    }
    assert ProducerSettings(partitioner="ranges", key_ranges="A to F").problems() == {
        "key_ranges": "must be ranges of first letters as in A-F,G-M,N-Z"
    }
    assert ProducerSettings(partitioner="ranges", key_ranges="A-F,G-Z").problems() == {}
