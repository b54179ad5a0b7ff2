"""The measured client: stock librdkafka with its default settings, in a process of its own.

`python -m kafkalab.bench.load create|produce|consume|latency|delete --bootstrap HOST:PORT ...` prints one
line of JSON. Every record carries its serial number, so each load also proves that nothing was
lost, doubled or put out of order inside a partition.
"""

import argparse
import json
import threading
import time
from collections.abc import Iterator

from confluent_kafka import Consumer, KafkaError, Message, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

DRAIN_S = 120
"""How long a load may take to finish before it counts as failed."""


class LoadFailed(SystemExit):
    """A load that lost, doubled or reordered a record, or did not finish."""


def create_topic(bootstrap: str, topic: str, partitions: int, replicas: int) -> None:
    """Make the topic and wait until each of its partitions has a leader."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    for future in admin.create_topics([NewTopic(topic, partitions, replicas)]).values():
        future.result(30)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        known = admin.list_topics(topic, timeout=10).topics[topic]
        if len(known.partitions) == partitions and all(p.leader >= 0 for p in known.partitions.values()):
            return
        time.sleep(0.05)
    raise LoadFailed(f"topic {topic} had no leaders after 30 s")


def delete_topic(bootstrap: str, topic: str) -> None:
    """Delete the topic: what it held is no longer in anybody's memory or on the disk."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    for future in admin.delete_topics([topic]).values():
        future.result(30)


def produce(bootstrap: str, topic: str, count: int, size: int, acks: str) -> dict[str, float]:
    """Send `count` records of `size` bytes as fast as the client can; the clock stops at the last ack."""
    failures: list[str] = []

    def delivered(error: KafkaError | None, message: Message) -> None:
        if error is not None:
            failures.append(error.str())

    producer = Producer({"bootstrap.servers": bootstrap, "acks": acks, "delivery.report.only.error": True})
    producer.list_topics(topic, timeout=10)
    pad = b"x" * (size - 16)
    start = time.perf_counter()
    for serial in range(count):
        value = b"%016d" % serial + pad
        while True:
            try:
                producer.produce(topic, value, on_delivery=delivered)
                break
            except BufferError:
                producer.poll(0.01)
        if serial % 1000 == 0:
            producer.poll(0)
    left = producer.flush(DRAIN_S)
    seconds = time.perf_counter() - start
    if left or failures:
        raise LoadFailed(f"{left} records not acked, {len(failures)} failed: {failures[:1]}")
    return {"records_per_s": count / seconds, "mb_per_s": count * size / seconds / 1e6, "seconds": seconds}


def _messages(consumer: Consumer, deadline: float) -> Iterator[Message]:
    while time.monotonic() < deadline:
        for message in consumer.consume(10_000, 0.2):
            if message.error() is not None:
                raise LoadFailed(str(message.error()))
            yield message


def consume(bootstrap: str, topic: str, count: int, size: int) -> dict[str, float]:
    """Read `count` records from the beginning; the clock starts at the first record."""
    consumer = Consumer(
        {"bootstrap.servers": bootstrap, "group.id": f"bench-{time.time_ns()}", "auto.offset.reset": "earliest"}
    )
    subscribed = time.perf_counter()
    consumer.subscribe([topic])
    seen = bytearray(count)
    last_of: dict[int | None, int] = {}
    start = joined = 0.0
    got = 0
    for message in _messages(consumer, time.monotonic() + DRAIN_S):
        if not got:
            start = time.perf_counter()
            joined = start - subscribed
        serial = int((message.value() or b"")[:16])
        partition = message.partition()
        if seen[serial] or last_of.get(partition, -1) >= serial:
            raise LoadFailed(f"record {serial} came twice or out of order in partition {partition}")
        seen[serial] = 1
        last_of[partition] = serial
        got += 1
        if got == count:
            break
    seconds = time.perf_counter() - start
    consumer.close()
    if got != count:
        raise LoadFailed(f"read {got} of {count} records")
    return {
        "records_per_s": count / seconds,
        "mb_per_s": count * size / seconds / 1e6,
        "first_record_s": joined,
        "seconds": seconds,
    }


def latency(bootstrap: str, topic: str, rate: int, seconds: int, linger_ms: int, acks: str) -> dict[str, float]:
    """Milliseconds from produce() to the consumer's poll() at a steady rate, both in this process."""
    consumer = Consumer(
        {"bootstrap.servers": bootstrap, "group.id": f"bench-{time.time_ns()}", "auto.offset.reset": "earliest"}
    )
    consumer.subscribe([topic])
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": linger_ms, "acks": acks})
    warm_up = rate
    count = warm_up + rate * seconds
    took: list[float] = []
    done = threading.Event()

    def read() -> None:
        while len(took) < count and not done.is_set():
            message = consumer.poll(0.1)
            if message is not None and message.error() is None:
                took.append(time.perf_counter() - float((message.value() or b"")[:20]))

    reader = threading.Thread(target=read)
    producer.produce(topic, b"%020.9f" % time.perf_counter() + b"x" * 80)
    producer.flush(30)
    reader.start()
    while not took:
        time.sleep(0.05)
    start = time.perf_counter()
    for serial in range(count - 1):
        wait = start + serial / rate - time.perf_counter()
        if wait > 0:
            time.sleep(wait)
        producer.produce(topic, b"%020.9f" % time.perf_counter() + b"x" * 80)
        producer.poll(0)
    producer.flush(30)
    reader.join(30)
    done.set()
    consumer.close()
    if len(took) != count:
        raise LoadFailed(f"read {len(took)} of {count} records")
    steady = sorted(took[warm_up:])
    return {
        "p50_ms": steady[len(steady) // 2] * 1000,
        "p99_ms": steady[len(steady) * 99 // 100] * 1000,
        "max_ms": steady[-1] * 1000,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("load", choices=["create", "produce", "consume", "latency", "delete"])
    parser.add_argument("--bootstrap", required=True)
    parser.add_argument("--topic", required=True)
    parser.add_argument("--partitions", type=int, default=4)
    parser.add_argument("--replicas", type=int, default=1)
    parser.add_argument("--count", type=int, default=0)
    parser.add_argument("--size", type=int, default=100)
    parser.add_argument("--acks", default="all")
    parser.add_argument("--rate", type=int, default=1000)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--linger-ms", type=int, default=5)
    options = parser.parse_args()
    result: dict[str, float] = {}
    match options.load:
        case "create":
            create_topic(options.bootstrap, options.topic, options.partitions, options.replicas)
        case "delete":
            delete_topic(options.bootstrap, options.topic)
        case "produce":
            result = produce(options.bootstrap, options.topic, options.count, options.size, options.acks)
        case "consume":
            result = consume(options.bootstrap, options.topic, options.count, options.size)
        case "latency":
            result = latency(
                options.bootstrap, options.topic, options.rate, options.seconds, options.linger_ms, options.acks
            )
    print(json.dumps(result))


if __name__ == "__main__":
    main()
