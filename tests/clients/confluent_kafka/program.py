"""librdkafka by way of confluent-kafka shows what it can do, with its defaults unless the capability is a setting."""

import time
from collections.abc import Callable

import confluent_kafka as ck
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from tests.clients.confluent_kafka import admin
from tests.clients.speaking_up import Ground, main

WAIT_S = 60


def producer(ground: Ground, **settings: object) -> Producer:
    return Producer({"bootstrap.servers": ground.bootstrap, "linger.ms": 20, **settings})


def member(ground: Ground, group: str = "", **settings: object) -> Consumer:
    return Consumer(
        {
            "bootstrap.servers": ground.bootstrap,
            "group.id": group or ground.topic,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            **settings,
        }
    )


def until(what: Callable[[], bool], seconds: float = WAIT_S) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, f"not so within {seconds} s"


def send(ground: Ground, values: range, **settings: object) -> None:
    sender = producer(ground, **settings)
    failed: list[KafkaError] = []
    for n in values:
        sender.produce(
            ground.topic, b"%d" % n, b"key-%d" % (n % 7), on_delivery=lambda e, _: failed.append(e) if e else None
        )
        sender.poll(0)
    assert sender.flush(WAIT_S) == 0
    assert failed == []


def read(consumer: Consumer, count: int, seconds: float = WAIT_S) -> list[Message]:
    """So many messages, or a failure; more than so many if they came."""
    got: list[Message] = []
    deadline = time.monotonic() + seconds
    while len(got) < count:
        assert time.monotonic() < deadline, f"{len(got)} of {count} records after {seconds} s"
        got += taken(consumer)
    return got


def taken(consumer: Consumer, seconds: float = 0.2) -> list[Message]:
    messages = consumer.consume(1000, seconds)
    return [one for one in messages if _fine(one)]


def _fine(message: Message) -> bool:
    # What a crash makes a consumer say, and it goes on by itself.
    assert message.error() is None or message.error().retriable() or message.error().code() < 0, message.error()
    return message.error() is None


def everything(ground: Ground, count: int, **settings: object) -> list[Message]:
    consumer = member(ground, f"{ground.topic}-all-{time.time_ns()}", **settings)
    consumer.subscribe([ground.topic])
    try:
        return read(consumer, count)
    finally:
        consumer.close()


def compressed(codec: str) -> Callable[[Ground], str]:
    def produce(ground: Ground) -> str:
        sender = producer(ground, **{"compression.type": codec})
        sent = [(b"key-%d" % (n % 7), b"value %d " % n * 20) for n in range(200)]
        for key, value in sent:
            sender.produce(ground.topic, value, key)
        assert sender.flush(WAIT_S) == 0
        got = everything(ground, len(sent))
        assert sorted((one.key(), one.value()) for one in got) == sorted(sent)
        return "200 records came back"

    return produce


def keyed(ground: Ground) -> str:
    send(ground, range(300))
    by_key: dict[bytes, list[int]] = {}
    places: dict[bytes, set[int]] = {}
    for one in everything(ground, 300):
        by_key.setdefault(one.key(), []).append(int(one.value()))
        places.setdefault(one.key(), set()).add(one.partition())
    assert by_key == {b"key-%d" % key: list(range(key, 300, 7)) for key in range(7)}
    assert all(len(partitions) == 1 for partitions in places.values())
    return f"7 keys in {len(set.union(*places.values()))} partitions"


def unkeyed(ground: Ground) -> str:
    sender = producer(ground)
    for n in range(100):
        sender.produce(ground.topic, b"%d" % n)
    assert sender.flush(WAIT_S) == 0
    got = everything(ground, 100)
    assert sorted((one.key(), int(one.value())) for one in got) == [(None, n) for n in range(100)]
    return "100 records with null for a key"


def headers(ground: Ground) -> str:
    sent = [("a", b"1"), ("b", b""), ("a", b"2"), ("none", None)]
    sender = producer(ground)
    sender.produce(ground.topic, b"x", headers=sent)
    assert sender.flush(WAIT_S) == 0
    [got] = everything(ground, 1)
    assert got.headers() == sent
    return "four headers in order"


def idempotent(ground: Ground) -> str:
    sender = producer(ground, **{"enable.idempotence": True})
    failed: list[KafkaError] = []
    for n in range(2000):
        sender.produce(ground.topic, b"%d" % n, partition=0, on_delivery=lambda e, _: failed.append(e) if e else None)
        sender.poll(0)
        if n == 1000:
            sender.poll(0.2)
            ground.crash_leader(0)
    assert sender.flush(WAIT_S) == 0
    assert failed == []
    assert [int(one.value()) for one in everything(ground, 2000)] == list(range(2000))
    return "2,000 records, each once and in order"


def transactional(ground: Ground) -> str:
    settings = {"transactional.id": f"{ground.topic}-id"}
    sender = producer(ground, **settings)
    sender.init_transactions(30)
    for values, end in ((range(10), sender.commit_transaction), (range(10, 20), sender.abort_transaction)):
        sender.begin_transaction()
        for n in values:
            sender.produce(ground.topic, b"%d" % n)
        sender.flush(30)
        end(30)
    second = producer(ground, **settings)
    second.init_transactions(30)
    sender.begin_transaction()
    sender.produce(ground.topic, b"zombie")
    try:
        sender.commit_transaction(30)
    except KafkaException as fenced:
        fenced_by = fenced.args[0].name()
    else:
        raise AssertionError("the first producer was not fenced")
    second.begin_transaction()
    second.produce(ground.topic, b"20")
    second.commit_transaction(30)
    got = everything(ground, 11, **{"isolation.level": "read_committed"})
    assert sorted(int(one.value()) for one in got) == [*range(10), 20]
    return f"11 committed records seen, the zombie met {fenced_by}"


def read_committed(ground: Ground) -> str:
    sender = producer(ground, **{"transactional.id": f"{ground.topic}-id"})
    sender.init_transactions(30)
    sender.begin_transaction()
    for n in range(10):
        sender.produce(ground.topic, b"%d" % n, partition=0)
    sender.flush(30)
    assert len(everything(ground, 10, **{"isolation.level": "read_uncommitted"})) == 10
    reader = member(ground, **{"isolation.level": "read_committed"})
    reader.assign([TopicPartition(ground.topic, 0, 0)])
    assert taken(reader, 2) == []
    sender.commit_transaction(30)
    assert len(read(reader, 10)) == 10
    reader.close()
    return "nothing before the commit, 10 records after it"


def assigned(consumer: Consumer) -> set[int]:
    return {one.partition for one in consumer.assignment()}


def group_rebalance(ground: Ground, **settings: object) -> str:
    send(ground, range(100))
    first, second = (member(ground, **settings) for _ in range(2))
    seen: set[int] = set()

    def go_on(*consumers: Consumer) -> None:
        for one in consumers:
            messages = taken(one)
            seen.update(int(message.value()) for message in messages)
            if messages:
                one.commit(asynchronous=True)

    first.subscribe([ground.topic])
    until(lambda: go_on(first) or assigned(first) == {0, 1, 2})
    second.subscribe([ground.topic])
    until(
        lambda: (
            go_on(first, second)
            or (
                assigned(first) | assigned(second) == {0, 1, 2}
                and min(len(assigned(first)), len(assigned(second))) == 1
            )
        )
    )
    shares = sorted(len(assigned(one)) for one in (first, second))
    send(ground, range(100, 200))
    until(lambda: go_on(first, second) or seen == set(range(200)))
    first.close()
    until(lambda: go_on(second) or assigned(second) == {0, 1, 2})
    send(ground, range(200, 300))
    until(lambda: go_on(second) or seen == set(range(300)))
    second.close()
    return f"shares {shares}, then 3; 300 records"


def kip848(ground: Ground) -> str:
    return group_rebalance(ground, **{"group.protocol": "consumer"})


def through_a_crash(ground: Ground, crash: Callable[[], None]) -> str:
    consumer = member(ground)
    consumer.subscribe([ground.topic])
    seen: set[int] = set()

    def go_on() -> None:
        seen.update(int(message.value()) for message in taken(consumer))

    send(ground, range(100))
    until(lambda: go_on() or seen == set(range(100)))
    consumer.commit(asynchronous=False)
    crash()
    send(ground, range(100, 200), **{"enable.idempotence": True})
    until(lambda: go_on() or seen == set(range(200)))
    until(lambda: go_on() or committed(consumer))
    places = [TopicPartition(ground.topic, partition) for partition in range(3)]
    offsets = [max(one.offset, 0) for one in consumer.committed(places, timeout=30)]
    assert sum(offsets) == 200, offsets
    consumer.close()
    return "200 records, 200 committed"


def committed(consumer: Consumer) -> bool:
    try:
        consumer.commit(asynchronous=False)
    except KafkaException:
        return False
    return True


def group_broker_crash(ground: Ground) -> str:
    return through_a_crash(ground, lambda: ground.crash_leader(0))


def group_coordinator_crash(ground: Ground) -> str:
    return through_a_crash(ground, lambda: ground.crash_coordinator(ground.topic))


def static_member(ground: Ground) -> str:
    def instance(number: int) -> Consumer:
        return member(ground, **{"group.instance.id": f"instance-{number}", "session.timeout.ms": 30_000})

    stays, leaves = instance(1), instance(2)
    disturbed: list[str] = []
    stays.subscribe([ground.topic], on_revoke=lambda *_: disturbed.append("revoked"))
    leaves.subscribe([ground.topic])
    both = (stays, leaves)
    until(
        lambda: (
            [taken(one) for one in both] == []
            or (all(map(assigned, both)) and assigned(stays) | assigned(leaves) == {0, 1, 2})
        )
    )
    had = assigned(leaves)
    disturbed.clear()
    leaves.close()
    back = instance(2)
    back.subscribe([ground.topic])
    until(lambda: [taken(one) for one in (stays, back)] == [] or assigned(back) == had)
    assert disturbed == []
    assert assigned(stays) | had == {0, 1, 2}
    stays.close()
    back.close()
    return f"partitions {sorted(had)} again, no rebalance"


def cooperative(ground: Ground) -> str:
    first, second = (member(ground, **{"partition.assignment.strategy": "cooperative-sticky"}) for _ in range(2))
    given_up: list[set[int]] = []
    first.subscribe([ground.topic], on_revoke=lambda _, some: given_up.append({one.partition for one in some}))
    until(lambda: bool(taken(first)) or assigned(first) == {0, 1, 2})
    second.subscribe([ground.topic])
    until(lambda: [taken(one) for one in (first, second)] == [] or len(assigned(second)) == 1)
    assert [*map(sorted, given_up)] == [sorted(assigned(second))]
    assert len(assigned(first)) == 2
    second.close()
    first.close()
    return "one of three partitions given up"


def seek(ground: Ground) -> str:
    sender = producer(ground)
    for n in range(20):
        sender.produce(ground.topic, b"%d" % n, partition=1)
    assert sender.flush(WAIT_S) == 0
    reader = member(ground)
    reader.assign([TopicPartition(ground.topic, 1, 15)])
    assert [int(one.value()) for one in read(reader, 5)] == list(range(15, 20))
    reader.seek(TopicPartition(ground.topic, 1, 0))
    assert [int(one.value()) for one in read(reader, 20)] == list(range(20))
    assert reader.get_watermark_offsets(TopicPartition(ground.topic, 1), timeout=30) == (0, 20)
    reader.close()
    return "from 15, then from 0"


def time_lookup(ground: Ground) -> str:
    sender = producer(ground)
    for n in range(10):
        sender.produce(ground.topic, b"%d" % n, partition=0, timestamp=1_700_000_000_000 + n * 1000)
    assert sender.flush(WAIT_S) == 0
    reader = member(ground)

    def at(time_ms: int) -> int:
        return reader.offsets_for_times([TopicPartition(ground.topic, 0, time_ms)], timeout=30)[0].offset

    found = [at(1_700_000_000_000 + ms) for ms in (0, 3500, 9000, 9001)]
    assert found == [0, 4, 9, ck.OFFSET_END], found
    reader.close()
    return "offsets 0, 4, 9 and none"


if __name__ == "__main__":
    main(
        {
            **{f"produce_{codec}": compressed(codec) for codec in ("none", "gzip", "snappy", "lz4", "zstd")},
            **{
                each.__name__: each
                for each in (
                    *(keyed, unkeyed, headers, idempotent, transactional, read_committed, group_rebalance),
                    *(group_broker_crash, group_coordinator_crash, static_member, cooperative, kip848, seek),
                    *(time_lookup, admin.admin_topics, admin.admin_configs, admin.admin_groups, admin.admin_offsets),
                    *(admin.admin_delete_records, admin.admin_partitions),
                )
            },
        }
    )
