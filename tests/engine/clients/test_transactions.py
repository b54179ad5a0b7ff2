"""Transactions of the lab's own clients against a whole cluster: all of one is seen, or nothing."""

from collections import Counter

import pytest

from kafkalab.engine.clients.client import Close
from kafkalab.engine.clients.committed import told_apart
from kafkalab.engine.clients.producer import BeginTransaction, EndTransaction, Fate, FateState, Pause, Producer
from kafkalab.engine.clients.workload import ProducerSettings
from kafkalab.engine.coordinator_place import TRANSACTIONS_TOPIC, partition_of
from kafkalab.engine.events import NodeExited, ProducerFenced, TransactionEnded
from kafkalab.engine.log.transactions import Marker, marker_batch
from kafkalab.wire.batches import Record, build, records
from kafkalab.wire.dialect import AbortedTransaction, FetchPartitionResult
from kafkalab.wire.errors import ErrorCode
from tests.engine.clients.stage import Stage

CONFIGS = {"transaction.state.log.num.partitions": "2"}


def values(stage: Stage, name: str) -> list[str]:
    """What a consumer has delivered, in the order of each partition."""
    consumer = stage.world.nodes[name]
    return [(delivered.record.value or b"").decode() for delivered in consumer.last]  # type: ignore[attr-defined]


def transactional(stage: Stage, **settings: object) -> Producer:
    wanted = {"transactional_id": "t", "rate_per_s": 50, "records_per_transaction": 5, "value": "{serial}"}
    return stage.producer(**(wanted | settings))


def test_readers_of_committed_records_see_no_aborted_one_and_all_others() -> None:
    stage = Stage(configs=CONFIGS)
    everything, committed = stage.consumer("all"), stage.consumer("committed", isolation_level=1)
    producer = transactional(stage, abort_every=3, limit=45)
    stage.run(4)
    transactions = producer.transactions
    assert transactions is not None
    assert (producer.acked, transactions.committed, transactions.aborted) == (45, 6, 3)
    assert (everything.delivered, committed.delivered) == (45, 30)
    ended = stage.told(TransactionEnded)
    assert [event.how for event in ended[:3]] == ["committed", "committed", "aborted (as the application wanted)"]
    assert producer.producer_epoch == 9


def test_the_aborted_ones_are_those_of_the_aborted_transactions() -> None:
    stage = Stage(partitions=1, configs=CONFIGS)
    stage.consumer("committed", isolation_level=1)
    transactional(stage, abort_every=2, limit=20)
    stage.run(4)
    assert values(stage, "committed") == [str(serial) for serial in (1, 2, 3, 4, 5, 11, 12, 13, 14, 15)]


def test_an_open_transaction_holds_up_readers_of_committed_records_only() -> None:
    stage = Stage(partitions=1, configs=CONFIGS)
    everything, committed = stage.consumer("all"), stage.consumer("committed", isolation_level=1)
    producer = transactional(stage, topic=None, rate_per_s=0)
    plain = stage.producer("plain", topic=None)
    stage.run(1)
    stage.world.tell_node(producer.name, BeginTransaction())
    stage.send(producer, 1, value=b"a")
    stage.run(1)
    stage.send(plain, 1, value=b"b")
    stage.run(1)
    assert (everything.delivered, committed.delivered) == (2, 0)
    stage.world.tell_node(producer.name, EndTransaction(commit=True))
    stage.run(1)
    assert (everything.delivered, committed.delivered, values(stage, "committed")) == (2, 2, ["a", "b"])


def test_nothing_can_be_sent_outside_of_a_transaction() -> None:
    stage = Stage(configs=CONFIGS)
    producer = transactional(stage, topic=None, rate_per_s=0)
    stage.run(1)
    stage.send(producer, 1, value=b"a")
    stage.run(1)
    assert producer.fates == {1: Fate(1, "orders", FateState.FAILED, error=ErrorCode.invalid_txn_state)}


def test_a_transaction_without_records_ends_without_a_word() -> None:
    stage = Stage(configs=CONFIGS)
    producer = transactional(stage, topic=None, rate_per_s=0)
    stage.run(1)
    stage.world.tell_node(producer.name, BeginTransaction())
    stage.world.tell_node(producer.name, EndTransaction(commit=True))
    stage.run(1)
    assert (stage.told(TransactionEnded), producer.producer_epoch) == (
        [TransactionEnded("producer-1", "t", 0, "committed")],
        0,
    )


def test_whoever_takes_over_a_transactional_id_fences_the_one_before() -> None:
    stage = Stage(partitions=1, configs=CONFIGS)
    stage.consumer("committed", isolation_level=1)
    first = transactional(stage, records_per_transaction=1000)
    stage.run(1)
    stage.world.tell_node(first.name, Pause())
    second = Producer("second", stage.bootstrap, ProducerSettings(**{**vars_of(first), "limit": 5, "value": "second"}))
    stage.world.start(second)
    stage.run(3)
    stage.world.tell_node(first.name, EndTransaction(commit=True))
    stage.run(3)
    assert (first.state, second.state, second.acked) == ("fenced", "finished", 5)
    assert stage.told(ProducerFenced) == [ProducerFenced("producer-1", "t", "PRODUCER_FENCED")]
    assert values(stage, "committed") == ["second"] * 5


def vars_of(producer: Producer) -> dict[str, object]:
    return {name: getattr(producer.settings, name) for name in producer.settings.__dataclass_fields__}


def test_closing_a_producer_aborts_what_is_open() -> None:
    stage = Stage(partitions=1, configs=CONFIGS)
    committed = stage.consumer("committed", isolation_level=1)
    producer = transactional(stage, records_per_transaction=1000)
    stage.run(1)
    stage.world.tell_node(producer.name, Pause())
    stage.run(0.2)
    stage.world.tell_node(producer.name, Close())
    stage.run(2)
    assert stage.told(NodeExited, "producer-1") != []
    leader = stage.cluster.brokers[stage.leader(0)].partitions["orders", 0]
    assert (leader.last_stable_offset, committed.delivered) == (leader.high_watermark, 0)


@pytest.mark.parametrize("seed", range(4))
def test_all_of_a_transaction_is_seen_or_nothing_while_brokers_crash(seed: int) -> None:
    stage = Stage(seed=seed, configs=CONFIGS)
    producer = transactional(stage, abort_every=4, rate_per_s=20, key_pattern="sequence")
    stage.run(2)
    coordinator = stage.leader(partition_of("t", 2), TRANSACTIONS_TOPIC)
    for broker in (stage.leader(0), coordinator, stage.leader(1)):
        stage.world.crash(f"broker-{broker}")
        stage.run(15)
        stage.cluster.start_broker(broker)
        stage.run(10)
    stage.world.tell_node(producer.name, Close())
    stage.run(40)
    committed = stage.consumer("committed", isolation_level=1)
    stage.run(20)
    seen = Counter(value for partition in range(4) for value in readable(stage, partition))
    expected = sum(event.records for event in stage.told(TransactionEnded) if event.how == "committed")
    assert expected > 100
    assert (len(seen), set(seen.values()), committed.delivered) == (expected, {1}, expected)


def readable(stage: Stage, partition: int) -> list[str]:
    """What the leader gives to whoever reads only what is committed."""
    leader = stage.cluster.brokers[stage.leader(partition)].partitions["orders", partition]
    assert leader.last_stable_offset == leader.high_watermark == leader.log.end_offset
    result = FetchPartitionResult(
        partition,
        aborted_transactions=tuple(
            AbortedTransaction(each.producer_id, each.first_offset)
            for each in leader.log.aborted_between(0, leader.log.end_offset)
        ),
        records=leader.log.read(0, 1 << 30),
    )
    return [
        (record.value or b"").decode() for batch, counts in told_apart(result) if counts for record in records(batch)
    ]


# -- what a consumer leaves out ----------------------------------------------------------------------


def data(producer_id: int, offset: int, transactional: bool = True) -> bytes:
    return build(
        [Record(offset, 0, None, b"x")],
        base_offset=offset,
        producer_id=producer_id,
        producer_epoch=0,
        base_sequence=0,
        is_transactional=transactional,
    )


def marker(producer_id: int, offset: int, commit: bool) -> bytes:
    made = marker_batch(producer_id, 0, Marker(commit, 0), 0)
    return offset.to_bytes(8, "big") + made[8:]


def test_what_is_left_out_begins_where_the_broker_says_and_ends_at_the_marker() -> None:
    log = [data(7, 0), data(8, 1), data(7, 2), marker(7, 3, False), data(7, 4), marker(7, 5, True), data(9, 6, False)]
    result = FetchPartitionResult(0, aborted_transactions=(AbortedTransaction(7, 0),), records=b"".join(log))
    assert [(batch.base_offset, readable) for batch, readable in told_apart(result)] == [
        (0, False),
        (1, True),
        (2, False),
        (3, False),
        (4, True),
        (5, False),
        (6, True),
    ]


def test_without_a_word_about_aborted_ones_only_markers_are_left_out() -> None:
    result = FetchPartitionResult(0, records=data(7, 0) + marker(7, 1, False))
    assert [(batch.base_offset, readable) for batch, readable in told_apart(result)] == [(0, True), (1, False)]
