"""kafka-python shows what it can do, with its defaults unless the capability is a setting."""

import threading
import time
from collections.abc import Callable
from typing import Any

from kafka import ConsumerRebalanceListener, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.errors import KafkaError

from tests.clients.kafka_python import admin
from tests.clients.speaking_up import Ground, NotThere, main

WAIT_S = 60


def producer(ground: Ground, **settings: Any) -> KafkaProducer:
    return KafkaProducer(bootstrap_servers=ground.servers, linger_ms=20, **settings)


def reader(ground: Ground, **settings: Any) -> KafkaConsumer:
    return KafkaConsumer(
        bootstrap_servers=ground.servers, auto_offset_reset="earliest", enable_auto_commit=False, **settings
    )


def until(what: Callable[[], object], seconds: float = WAIT_S) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, f"not so within {seconds} s"
        time.sleep(0.05)


def taken(consumer: KafkaConsumer, wait_ms: int = 300) -> list[Any]:
    return [message for messages in consumer.poll(wait_ms).values() for message in messages]


def read(consumer: KafkaConsumer, count: int) -> list[Any]:
    got: list[Any] = []
    deadline = time.monotonic() + WAIT_S
    while len(got) < count:
        assert time.monotonic() < deadline, f"{len(got)} of {count} records after {WAIT_S} s"
        got += taken(consumer)
    return got


def everything(ground: Ground, count: int, **settings: Any) -> list[Any]:
    consumer = reader(ground, **settings)
    consumer.assign([TopicPartition(ground.topic, partition) for partition in range(3)])
    try:
        return read(consumer, count)
    finally:
        consumer.close()


def send(ground: Ground, values: range, **settings: Any) -> None:
    sender = producer(ground, **settings)
    sent = [sender.send(ground.topic, b"%d" % n, b"key-%d" % (n % 7)) for n in values]
    for one in sent:
        one.get(WAIT_S)
    sender.close()


class Member(threading.Thread):
    """A member of the group that polls for as long as it lives."""

    def __init__(self, ground: Ground, listener: ConsumerRebalanceListener | None = None, **settings: Any) -> None:
        super().__init__()
        self.seen: list[int] = []
        self.assigned: set[int] = set()
        self._consumer = reader(ground, group_id=ground.topic, heartbeat_interval_ms=500, **settings)
        self._consumer.subscribe([ground.topic], listener=listener)
        self._over = threading.Event()
        self.start()

    def run(self) -> None:
        try:
            while not self._over.is_set():
                messages = taken(self._consumer, 100)
                self.seen += [int(one.value) for one in messages]
                self.assigned = {one.partition for one in self._consumer.assignment()}
                if messages:
                    self._commit()
        finally:
            self._consumer.close()

    def _commit(self) -> None:
        # While a coordinator is away, or the group shares out anew, a commit fails; the next one brings it up.
        try:
            self._consumer.commit()
        except KafkaError as error:
            if not (error.retriable or type(error).__name__ in ("CommitFailedError", "RebalanceInProgressError")):
                raise

    def leave(self) -> None:
        self._over.set()
        self.join(WAIT_S)


def compressed(codec: str | None) -> Callable[[Ground], str]:
    def produce(ground: Ground) -> str:
        sender = producer(ground, compression_type=codec)
        sent = [(b"key-%d" % (n % 7), b"value %d " % n * 20) for n in range(200)]
        for key, value in sent:
            sender.send(ground.topic, value, key)
        sender.flush(WAIT_S)
        sender.close()
        assert sorted((one.key, one.value) for one in everything(ground, 200)) == sorted(sent)
        return "200 records came back"

    return produce


def keyed(ground: Ground) -> str:
    send(ground, range(300))
    by_key: dict[bytes, list[int]] = {}
    places: dict[bytes, set[int]] = {}
    for one in everything(ground, 300):
        by_key.setdefault(one.key, []).append(int(one.value))
        places.setdefault(one.key, set()).add(one.partition)
    assert by_key == {b"key-%d" % key: list(range(key, 300, 7)) for key in range(7)}
    assert all(len(partitions) == 1 for partitions in places.values())
    return f"7 keys in {len(set.union(*places.values()))} partitions"


def unkeyed(ground: Ground) -> str:
    sender = producer(ground)
    for n in range(100):
        sender.send(ground.topic, b"%d" % n)
    sender.close()
    got = everything(ground, 100)
    assert sorted((one.key, int(one.value)) for one in got) == [(None, n) for n in range(100)]
    return "100 records with null for a key"


def headers(ground: Ground) -> str:
    sent = [("a", b"1"), ("b", b""), ("a", b"2")]
    sender = producer(ground)
    sender.send(ground.topic, b"x", headers=sent).get(WAIT_S)
    sender.close()
    [got] = everything(ground, 1)
    assert list(got.headers) == sent
    return "three headers in order"


def idempotent(ground: Ground) -> str:
    sender = producer(ground, enable_idempotence=True)
    sent = []
    for n in range(2000):
        sent.append(sender.send(ground.topic, b"%d" % n, partition=0))
        if n == 1000:
            time.sleep(0.2)
            ground.crash_leader(0)
    offsets = [one.get(WAIT_S).offset for one in sent]
    sender.close()
    assert offsets == list(range(2000))
    assert [int(one.value) for one in everything(ground, 2000)] == list(range(2000))
    return "2,000 records, each once and in order"


def transactional(ground: Ground) -> str:
    settings = {"transactional_id": f"{ground.topic}-id"}
    sender = producer(ground, **settings)
    sender.init_transactions()
    for values, end in ((range(10), sender.commit_transaction), (range(10, 20), sender.abort_transaction)):
        sender.begin_transaction()
        for n in values:
            sender.send(ground.topic, b"%d" % n)
        sender.flush(30)
        end()
    second = producer(ground, **settings)
    second.init_transactions()
    try:
        sender.begin_transaction()
        sender.send(ground.topic, b"zombie").get(WAIT_S)
        sender.commit_transaction()
    except KafkaError as fenced:
        fenced_by = type(fenced).__name__
    else:
        raise AssertionError("the first producer was not fenced")
    second.begin_transaction()
    second.send(ground.topic, b"20")
    second.commit_transaction()
    got = everything(ground, 11, isolation_level="read_committed")
    assert sorted(int(one.value) for one in got) == [*range(10), 20]
    return f"11 committed records seen, the zombie met {fenced_by}"


def read_committed(ground: Ground) -> str:
    sender = producer(ground, transactional_id=f"{ground.topic}-id")
    sender.init_transactions()
    sender.begin_transaction()
    for n in range(10):
        sender.send(ground.topic, b"%d" % n, partition=0)
    sender.flush(30)
    assert len(everything(ground, 10, isolation_level="read_uncommitted")) == 10
    careful = reader(ground, isolation_level="read_committed")
    careful.assign([TopicPartition(ground.topic, 0)])
    assert taken(careful, 2000) == []
    sender.commit_transaction()
    assert len(read(careful, 10)) == 10
    careful.close()
    return "nothing before the commit, 10 records after it"


def group_rebalance(ground: Ground) -> str:
    send(ground, range(100))
    first = Member(ground)
    until(lambda: first.assigned == {0, 1, 2})
    second = Member(ground)
    try:
        until(lambda: sorted(map(len, (first.assigned, second.assigned))) == [1, 2])
        assert first.assigned | second.assigned == {0, 1, 2}
        send(ground, range(100, 200))
        until(lambda: {*first.seen, *second.seen} == set(range(200)))
        first.leave()
        until(lambda: second.assigned == {0, 1, 2})
        send(ground, range(200, 300))
        until(lambda: {*first.seen, *second.seen} == set(range(300)))
    finally:
        first.leave()
        second.leave()
    return "shares [1, 2], then 3; 300 records"


def through_a_crash(ground: Ground, crash: Callable[[], None]) -> str:
    send(ground, range(100))
    member = Member(ground)
    try:
        until(lambda: set(member.seen) == set(range(100)))
        crash()
        send(ground, range(100, 200), enable_idempotence=True)
        until(lambda: set(member.seen) == set(range(200)))
    finally:
        member.leave()
    asking = reader(ground, group_id=ground.topic)
    offsets = [asking.committed(TopicPartition(ground.topic, partition)) or 0 for partition in range(3)]
    asking.close()
    assert sum(offsets) == 200, offsets
    return "200 records, 200 committed"


def group_broker_crash(ground: Ground) -> str:
    return through_a_crash(ground, lambda: ground.crash_leader(0))


def group_coordinator_crash(ground: Ground) -> str:
    return through_a_crash(ground, lambda: ground.crash_coordinator(ground.topic))


class Noting(ConsumerRebalanceListener):
    def __init__(self) -> None:
        self.given_up: list[list[int]] = []

    def on_partitions_revoked(self, revoked: Any) -> None:
        if revoked:
            self.given_up.append(sorted(one.partition for one in revoked))

    def on_partitions_assigned(self, assigned: Any) -> None:
        pass


def static_member(ground: Ground) -> str:
    noted = Noting()
    stays = Member(ground, noted, group_instance_id="instance-1", session_timeout_ms=30_000)
    leaves = Member(ground, group_instance_id="instance-2", session_timeout_ms=30_000)
    until(lambda: sorted(map(len, (stays.assigned, leaves.assigned))) == [1, 2])
    had = set(leaves.assigned)
    noted.given_up.clear()
    leaves.leave()
    back = Member(ground, group_instance_id="instance-2", session_timeout_ms=30_000)
    try:
        until(lambda: back.assigned == had)
        assert noted.given_up == []
        assert stays.assigned | had == {0, 1, 2}
    finally:
        stays.leave()
        back.leave()
    return f"partitions {sorted(had)} again, no rebalance"


def cooperative(ground: Ground) -> str:
    noted = Noting()
    strategy = (CooperativeStickyAssignor,)
    first = Member(ground, noted, partition_assignment_strategy=strategy)
    until(lambda: first.assigned == {0, 1, 2})
    second = Member(ground, partition_assignment_strategy=strategy)
    try:
        until(lambda: len(first.assigned) == 2 and len(second.assigned) == 1)
        assert noted.given_up == [sorted(second.assigned)]
    finally:
        second.leave()
        first.leave()
    return "one of three partitions given up"


def kip848(ground: Ground) -> str:
    if "group_protocol" in KafkaConsumer.DEFAULT_CONFIG:
        raise AssertionError("this client learnt the new protocol: let it show it")
    raise NotThere("its consumer has no group_protocol")


def seek(ground: Ground) -> str:
    sender = producer(ground)
    for n in range(20):
        sender.send(ground.topic, b"%d" % n, partition=1)
    sender.close()
    consumer, place = reader(ground), TopicPartition(ground.topic, 1)
    consumer.assign([place])
    consumer.seek(place, 15)
    assert [int(one.value) for one in read(consumer, 5)] == list(range(15, 20))
    consumer.seek_to_beginning(place)
    assert [int(one.value) for one in read(consumer, 20)] == list(range(20))
    assert (consumer.beginning_offsets([place]), consumer.end_offsets([place])) == ({place: 0}, {place: 20})
    consumer.close()
    return "from 15, then from 0"


def time_lookup(ground: Ground) -> str:
    sender = producer(ground)
    for n in range(10):
        sender.send(ground.topic, b"%d" % n, partition=0, timestamp_ms=1_700_000_000_000 + n * 1000)
    sender.close()
    consumer, place = reader(ground), TopicPartition(ground.topic, 0)

    def at(time_ms: int) -> int | None:
        found = consumer.offsets_for_times({place: time_ms})[place]
        return None if found is None else found.offset

    assert [at(1_700_000_000_000 + ms) for ms in (0, 3500, 9000, 9001)] == [0, 4, 9, None]
    consumer.close()
    return "offsets 0, 4, 9 and none"


if __name__ == "__main__":
    main(
        {
            "produce_none": compressed(None),
            **{f"produce_{codec}": compressed(codec) for codec in ("gzip", "snappy", "lz4", "zstd")},
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
