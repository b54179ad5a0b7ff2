"""Transactions by clients that nobody here wrote: librdkafka, kafka-python, aiokafka."""

import asyncio
import time

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.structs import TopicPartition as AioTopicPartition
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from kafka import KafkaProducer

from tests.clients.confluent_kafka.reading import read_all
from tests.clients.conftest import RunningLab


def transactional(lab: RunningLab, transactional_id: str, **settings: object) -> Producer:
    producer = Producer({"bootstrap.servers": lab.bootstrap, "transactional.id": transactional_id, **settings})
    producer.init_transactions(30)
    return producer


def values(lab: RunningLab, topic: str, count: int, isolation: str = "read_committed") -> list[bytes]:
    return sorted(message.value() for message in read_all(lab, topic, count, **{"isolation.level": isolation}))


def test_what_is_committed_is_read_and_what_is_aborted_is_not(lab: RunningLab) -> None:
    topic = lab.create_topic("txn-confluent")
    producer = transactional(lab, "confluent-1")
    for number, ends_well in enumerate([True, False, True]):
        producer.begin_transaction()
        for n in range(30):
            producer.produce(topic, f"{number}-{n:02}".encode(), str(n).encode())
        producer.flush(30)
        if ends_well:
            producer.commit_transaction(30)
        else:
            producer.abort_transaction(30)
    committed = sorted(f"{number}-{n:02}".encode() for number in (0, 2) for n in range(30))
    assert values(lab, topic, 60) == committed
    # Without the wish for committed records only, the aborted ones are there too.
    assert len(values(lab, topic, 90, "read_uncommitted")) == 90


def test_a_zombie_is_fenced(lab: RunningLab) -> None:
    topic = lab.create_topic("txn-zombie")
    zombie = transactional(lab, "confluent-zombie")
    zombie.begin_transaction()
    zombie.produce(topic, b"of the zombie")
    zombie.flush(30)
    heir = transactional(lab, "confluent-zombie")
    with pytest.raises(KafkaException) as refused:
        zombie.commit_transaction(30)
    assert refused.value.args[0].code() in (KafkaError._FENCED, KafkaError.PRODUCER_FENCED)
    heir.begin_transaction()
    heir.produce(topic, b"of the heir")
    heir.commit_transaction(30)
    assert values(lab, topic, 1) == [b"of the heir"]


def test_offsets_are_committed_with_what_was_made_of_the_records(lab: RunningLab) -> None:
    source, sink = lab.create_topic("txn-source", partitions=1), lab.create_topic("txn-sink", partitions=1)
    feeder = Producer({"bootstrap.servers": lab.bootstrap})
    for n in range(40):
        feeder.produce(source, str(n).encode())
    assert feeder.flush(30) == 0
    consumer = Consumer(
        {
            "bootstrap.servers": lab.bootstrap,
            "group.id": "txn-transform",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
        }
    )
    consumer.subscribe([source])
    producer = transactional(lab, "transform-1")
    done = 0
    aborted_once = False
    deadline = time.monotonic() + 60
    while done < 40 and time.monotonic() < deadline:
        messages = consumer.consume(10, 1)
        if not messages:
            continue
        producer.begin_transaction()
        for message in messages:
            assert message.error() is None, message.error()
            producer.produce(sink, b"made of " + message.value())
        producer.send_offsets_to_transaction(
            consumer.position(consumer.assignment()), consumer.consumer_group_metadata(), 30
        )
        if done and not aborted_once:
            aborted_once = True
            producer.abort_transaction(30)
            (back,) = consumer.committed(consumer.assignment(), 30)
            assert back.offset == done
            consumer.seek(back)
            continue
        producer.commit_transaction(30)
        done += len(messages)
    (committed,) = consumer.committed([TopicPartition(source, 0)], 30)
    consumer.close()
    assert (committed.offset, aborted_once) == (40, True)
    assert values(lab, sink, 40) == sorted(f"made of {n}".encode() for n in range(40))


def test_the_page_shows_who_is_in_which_state(lab: RunningLab) -> None:
    topic = lab.create_topic("txn-shown", partitions=1)
    producer = transactional(lab, "shown")

    def state() -> list[tuple[str, int, list[str]]]:
        return [
            (one["state"], one["producer_epoch"], one["partitions"])
            for one in lab.entities("transaction")
            if one["transactional_id"] == "shown"
        ]

    producer.begin_transaction()
    producer.produce(topic, b"x")
    producer.flush(30)
    lab.wait_for(lambda: state() == [("Ongoing", 0, [[topic, 0]])])
    producer.commit_transaction(30)
    lab.wait_for(lambda: state() == [("CompleteCommit", 0, [])])


def test_kafka_python_commits_and_aborts(lab: RunningLab) -> None:
    topic = lab.create_topic("txn-kafka-python")
    producer = KafkaProducer(bootstrap_servers=lab.bootstrap, transactional_id="kafka-python-1", acks="all")
    producer.init_transactions()
    for number, ends_well in enumerate([True, False, True]):
        producer.begin_transaction()
        for n in range(20):
            producer.send(topic, f"{number}-{n:02}".encode())
        producer.flush(30)
        if ends_well:
            producer.commit_transaction()
        else:
            producer.abort_transaction()
    producer.close(10)
    committed = sorted(f"{number}-{n:02}".encode() for number in (0, 2) for n in range(20))
    assert values(lab, topic, 40) == committed


def test_aiokafka_commits_aborts_and_reads_committed(lab: RunningLab) -> None:
    topic = lab.create_topic("txn-aiokafka", partitions=1)

    async def play() -> list[bytes]:
        producer = AIOKafkaProducer(bootstrap_servers=lab.bootstrap, transactional_id="aiokafka-1")
        await producer.start()
        try:
            async with producer.transaction():
                await producer.send_and_wait(topic, b"committed")
            await producer.begin_transaction()
            await producer.send_and_wait(topic, b"aborted")
            await producer.abort_transaction()
            async with producer.transaction():
                await producer.send_and_wait(topic, b"committed too")
                await producer.send_offsets_to_transaction({AioTopicPartition(topic, 0): 1}, "aiokafka-group")
        finally:
            await producer.stop()
        consumer = AIOKafkaConsumer(
            topic,
            bootstrap_servers=lab.bootstrap,
            group_id="aiokafka-group",
            isolation_level="read_committed",
            auto_offset_reset="earliest",
        )
        await consumer.start()
        try:
            # It begins at the offset that the transaction committed, behind the first record.
            return [(await asyncio.wait_for(consumer.getone(), 30)).value]
        finally:
            await consumer.stop()

    assert asyncio.run(play()) == [b"committed too"]
