"""aiokafka shows what it can do, with its defaults unless the capability is a setting."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError

from tests.clients.aiokafka import admin
from tests.clients.speaking_up import Ground, NotThere, main

WAIT_S = 60


@asynccontextmanager
async def producer(ground: Ground, **settings: Any) -> AsyncIterator[AIOKafkaProducer]:
    # aiokafka's own default is acks=1: what the leader alone has is not there for readers yet.
    wanted = {"bootstrap_servers": ground.servers, "linger_ms": 20, "acks": "all"} | settings
    sender = AIOKafkaProducer(**wanted)
    await sender.start()
    try:
        yield sender
    finally:
        await sender.stop()


@asynccontextmanager
async def reader(ground: Ground, **settings: Any) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=ground.servers, auto_offset_reset="earliest", enable_auto_commit=False, **settings
    )
    await consumer.start()
    try:
        yield consumer
    finally:
        # It has left its group by then; a fetch that waits to be tried again is thrown at us (README, findings).
        with suppress(asyncio.CancelledError):
            await consumer.stop()


async def until(what: Callable[[], object], seconds: float = WAIT_S) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, f"not so within {seconds} s"
        await asyncio.sleep(0.05)


async def taken(consumer: AIOKafkaConsumer, wait_ms: int = 300) -> list[Any]:
    got = await consumer.getmany(timeout_ms=wait_ms)
    return [message for messages in got.values() for message in messages]


async def read(consumer: AIOKafkaConsumer, count: int) -> list[Any]:
    got: list[Any] = []
    deadline = time.monotonic() + WAIT_S
    while len(got) < count:
        assert time.monotonic() < deadline, f"{len(got)} of {count} records after {WAIT_S} s"
        got += await taken(consumer)
    return got


async def everything(ground: Ground, count: int, **settings: Any) -> list[Any]:
    async with reader(ground, **settings) as consumer:
        consumer.assign([TopicPartition(ground.topic, partition) for partition in range(3)])
        return await read(consumer, count)


async def send(ground: Ground, values: range, **settings: Any) -> None:
    async with producer(ground, **settings) as sender:
        sent = [await sender.send(ground.topic, b"%d" % n, b"key-%d" % (n % 7)) for n in values]
        await asyncio.gather(*sent)


class Noting(ConsumerRebalanceListener):
    def __init__(self) -> None:
        self.given_up: list[list[int]] = []

    async def on_partitions_revoked(self, revoked: Any) -> None:
        if revoked:
            self.given_up.append(sorted(one.partition for one in revoked))

    async def on_partitions_assigned(self, assigned: Any) -> None:
        pass


class Member:
    """A member of the group that polls for as long as it lives."""

    def __init__(self, ground: Ground, **settings: Any) -> None:
        self.seen: list[int] = []
        self.assigned: set[int] = set()
        self.noted = Noting()
        self._ground, self._settings = ground, settings
        self._over = False
        self._polling = asyncio.create_task(self._poll())

    async def _poll(self) -> None:
        async with reader(
            self._ground, group_id=self._ground.topic, heartbeat_interval_ms=500, **self._settings
        ) as consumer:
            consumer.subscribe([self._ground.topic], listener=self.noted)
            while not self._over:
                messages = await taken(consumer, 100)
                self.seen += [int(one.value) for one in messages]
                self.assigned = {one.partition for one in consumer.assignment()}
                if messages:
                    await self._commit(consumer)

    async def _commit(self, consumer: AIOKafkaConsumer) -> None:
        # While a coordinator is away, or the group shares out anew, a commit fails; the next one brings it up.
        try:
            await consumer.commit()
        except KafkaError as error:
            if not (error.retriable or type(error).__name__ in ("CommitFailedError", "RebalanceInProgressError")):
                raise

    async def leave(self) -> None:
        self._over = True
        await asyncio.wait_for(self._polling, WAIT_S)


def compressed(codec: str | None) -> Callable[[Ground], Awaitable[str]]:
    async def produce(ground: Ground) -> str:
        sent = [(b"key-%d" % (n % 7), b"value %d " % n * 20) for n in range(200)]
        async with producer(ground, compression_type=codec) as sender:
            for key, value in sent:
                await sender.send(ground.topic, value, key)
        got = await everything(ground, 200)
        assert sorted((one.key, one.value) for one in got) == sorted(sent)
        return "200 records came back"

    return produce


async def keyed(ground: Ground) -> str:
    await send(ground, range(300))
    by_key: dict[bytes, list[int]] = {}
    places: dict[bytes, set[int]] = {}
    for one in await everything(ground, 300):
        by_key.setdefault(one.key, []).append(int(one.value))
        places.setdefault(one.key, set()).add(one.partition)
    assert by_key == {b"key-%d" % key: list(range(key, 300, 7)) for key in range(7)}
    assert all(len(partitions) == 1 for partitions in places.values())
    return f"7 keys in {len(set.union(*places.values()))} partitions"


async def unkeyed(ground: Ground) -> str:
    async with producer(ground) as sender:
        for n in range(100):
            await sender.send(ground.topic, b"%d" % n)
    got = await everything(ground, 100)
    assert sorted((one.key, int(one.value)) for one in got) == [(None, n) for n in range(100)]
    return "100 records with null for a key"


async def headers(ground: Ground) -> str:
    sent = [("a", b"1"), ("b", b""), ("a", b"2")]
    async with producer(ground) as sender:
        await sender.send_and_wait(ground.topic, b"x", headers=sent)
    [got] = await everything(ground, 1)
    assert list(got.headers) == sent
    return "three headers in order"


async def idempotent(ground: Ground) -> str:
    async with producer(ground, enable_idempotence=True) as sender:
        sent = []
        for n in range(2000):
            sent.append(await sender.send(ground.topic, b"%d" % n, partition=0))
            if n == 1000:
                await asyncio.sleep(0.2)
                await asyncio.to_thread(ground.crash_leader, 0)
        offsets = [one.offset for one in await asyncio.wait_for(asyncio.gather(*sent), WAIT_S)]
    assert offsets == list(range(2000))
    assert [int(one.value) for one in await everything(ground, 2000)] == list(range(2000))
    return "2,000 records, each once and in order"


async def transactional(ground: Ground) -> str:
    settings = {"transactional_id": f"{ground.topic}-id"}
    async with producer(ground, **settings) as sender:
        for values, end in ((range(10), sender.commit_transaction), (range(10, 20), sender.abort_transaction)):
            await sender.begin_transaction()
            for n in values:
                await sender.send_and_wait(ground.topic, b"%d" % n)
            await end()
        async with producer(ground, **settings) as second:
            try:
                await sender.begin_transaction()
                await sender.send_and_wait(ground.topic, b"zombie")
                await sender.commit_transaction()
            except KafkaError as fenced:
                fenced_by = type(fenced).__name__
            else:
                raise AssertionError("the first producer was not fenced")
            await second.begin_transaction()
            await second.send_and_wait(ground.topic, b"20")
            await second.commit_transaction()
    got = await everything(ground, 11, isolation_level="read_committed")
    assert sorted(int(one.value) for one in got) == [*range(10), 20]
    return f"11 committed records seen, the zombie met {fenced_by}"


async def read_committed(ground: Ground) -> str:
    async with producer(ground, transactional_id=f"{ground.topic}-id") as sender:
        await sender.begin_transaction()
        for n in range(10):
            await sender.send_and_wait(ground.topic, b"%d" % n, partition=0)
        assert len(await everything(ground, 10, isolation_level="read_uncommitted")) == 10
        async with reader(ground, isolation_level="read_committed") as careful:
            careful.assign([TopicPartition(ground.topic, 0)])
            assert await taken(careful, 2000) == []
            await sender.commit_transaction()
            assert len(await read(careful, 10)) == 10
    return "nothing before the commit, 10 records after it"


async def group_rebalance(ground: Ground) -> str:
    await send(ground, range(100))
    first = Member(ground)
    await until(lambda: first.assigned == {0, 1, 2})
    second = Member(ground)
    await until(lambda: sorted(map(len, (first.assigned, second.assigned))) == [1, 2])
    assert first.assigned | second.assigned == {0, 1, 2}
    await send(ground, range(100, 200))
    await until(lambda: {*first.seen, *second.seen} == set(range(200)))
    await first.leave()
    await until(lambda: second.assigned == {0, 1, 2})
    await send(ground, range(200, 300))
    await until(lambda: {*first.seen, *second.seen} == set(range(300)))
    await second.leave()
    return "shares [1, 2], then 3; 300 records"


async def through_a_crash(ground: Ground, crash: Callable[[], None]) -> str:
    await send(ground, range(100))
    member = Member(ground)
    await until(lambda: set(member.seen) == set(range(100)))
    await asyncio.to_thread(crash)
    await send(ground, range(100, 200), enable_idempotence=True)
    await until(lambda: set(member.seen) == set(range(200)))
    await member.leave()
    async with reader(ground, group_id=ground.topic) as asking:
        offsets = [await asking.committed(TopicPartition(ground.topic, partition)) or 0 for partition in range(3)]
    assert sum(offsets) == 200, offsets
    return "200 records, 200 committed"


async def group_broker_crash(ground: Ground) -> str:
    return await through_a_crash(ground, lambda: ground.crash_leader(0))


async def group_coordinator_crash(ground: Ground) -> str:
    return await through_a_crash(ground, lambda: ground.crash_coordinator(ground.topic))


async def static_member(ground: Ground) -> str:
    stays, leaves = (
        Member(ground, group_instance_id=f"instance-{number}", session_timeout_ms=30_000) for number in (1, 2)
    )
    await until(lambda: sorted(map(len, (stays.assigned, leaves.assigned))) == [1, 2])
    had = set(leaves.assigned)
    stays.noted.given_up.clear()
    await leaves.leave()
    back = Member(ground, group_instance_id="instance-2", session_timeout_ms=30_000)
    await until(lambda: back.assigned == had)
    assert stays.noted.given_up == []
    assert stays.assigned | had == {0, 1, 2}
    await stays.leave()
    await back.leave()
    return f"partitions {sorted(had)} again, no rebalance"


async def cooperative(ground: Ground) -> str:
    raise NotThere("its assignors are eager: range, round robin, sticky")


async def kip848(ground: Ground) -> str:
    raise NotThere("its consumer has no group_protocol")


async def seek(ground: Ground) -> str:
    async with producer(ground) as sender:
        for n in range(20):
            await sender.send(ground.topic, b"%d" % n, partition=1)
    place = TopicPartition(ground.topic, 1)
    async with reader(ground) as consumer:
        consumer.assign([place])
        consumer.seek(place, 15)
        assert [int(one.value) for one in await read(consumer, 5)] == list(range(15, 20))
        await consumer.seek_to_beginning(place)
        assert [int(one.value) for one in await read(consumer, 20)] == list(range(20))
        assert await consumer.beginning_offsets([place]) == {place: 0}
        assert await consumer.end_offsets([place]) == {place: 20}
    return "from 15, then from 0"


async def time_lookup(ground: Ground) -> str:
    async with producer(ground) as sender:
        for n in range(10):
            await sender.send(ground.topic, b"%d" % n, partition=0, timestamp_ms=1_700_000_000_000 + n * 1000)
    place = TopicPartition(ground.topic, 0)
    found = []
    async with reader(ground) as consumer:
        for ms in (0, 3500, 9000, 9001):
            told = (await consumer.offsets_for_times({place: 1_700_000_000_000 + ms}))[place]
            found.append(None if told is None else told.offset)
    assert found == [0, 4, 9, None]
    return "offsets 0, 4, 9 and none"


def in_a_loop(ability: Callable[[Ground], Awaitable[str]]) -> Callable[[Ground], str]:
    async def shown(ground: Ground) -> str:
        return await ability(ground)

    return lambda ground: asyncio.run(shown(ground))


if __name__ == "__main__":
    abilities = {
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
    main({name: in_a_loop(ability) for name, ability in abilities.items()})
