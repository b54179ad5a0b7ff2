"""What an administrator does, by aiokafka's AIOKafkaAdminClient."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from tests.clients.speaking_up import Ground

TOPIC_ALREADY_EXISTS = 36


@asynccontextmanager
async def admin_of(ground: Ground) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=ground.servers)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


async def until(what: Callable[[], Awaitable[object]], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not await what():
        assert time.monotonic() < deadline, f"not so within {seconds} s"
        await asyncio.sleep(0.05)


async def fill(ground: Ground, count: int) -> None:
    # aiokafka's own default is acks=1: what only the leader has cannot be deleted yet.
    async with AIOKafkaProducer(bootstrap_servers=ground.servers, acks="all") as producer:
        for n in range(count):
            await producer.send_and_wait(ground.topic, b"%d" % n, partition=0)


async def admin_topics(ground: Ground) -> str:
    name = f"{ground.topic}-made"
    async with admin_of(ground) as admin:

        async def is_there() -> bool:
            return name in await admin.list_topics()

        async def is_gone() -> bool:
            return not await is_there()

        made = await admin.create_topics([NewTopic(name, 2, 3, topic_configs={"retention.ms": "60000"})])
        assert [error[1] for error in made.topic_errors] == [0]
        again = await admin.create_topics([NewTopic(name, 2, 3)])
        assert [error[1] for error in again.topic_errors] == [TOPIC_ALREADY_EXISTS]
        await until(is_there)
        [described] = await admin.describe_topics([name])
        assert [len(one["replicas"]) for one in described["partitions"]] == [3, 3]
        assert sorted(broker["node_id"] for broker in (await admin.describe_cluster())["brokers"]) == [1, 2, 3]
        await admin.delete_topics([name])
        await until(is_gone)
    return "made, described, deleted"


async def admin_configs(ground: Ground) -> str:
    async with admin_of(ground) as admin:
        change = ConfigResource(ConfigResourceType.TOPIC, ground.topic, {"retention.ms": "60000"})
        await admin.alter_configs([change])

        async def told() -> bool:
            [answer] = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, ground.topic)])
            return ("retention.ms", "60000") in [(entry[0], entry[1]) for entry in answer.resources[0][4]]

        await until(told)
    return "retention.ms is 60000"


async def admin_groups(ground: Ground) -> str:
    await fill(ground, 1)
    async with (
        admin_of(ground) as admin,
        AIOKafkaConsumer(
            ground.topic, bootstrap_servers=ground.servers, group_id=ground.topic, auto_offset_reset="earliest"
        ) as member,
    ):
        await asyncio.wait_for(member.getone(), 30)
        assert ground.topic in [one[0] for one in await admin.list_consumer_groups()]
        [answer] = await admin.describe_consumer_groups([ground.topic])
        [described] = answer.groups
        assert (described[2], len(described[5])) == ("Stable", 1)
    return "listed and described; deleting groups is not in this client"


async def admin_offsets(ground: Ground) -> str:
    place = TopicPartition(ground.topic, 0)
    async with AIOKafkaConsumer(bootstrap_servers=ground.servers, group_id=ground.topic) as member:
        member.assign([place])
        await member.commit({place: 7})
    async with admin_of(ground) as admin:
        told = await admin.list_consumer_group_offsets(ground.topic)
        assert {at: one.offset for at, one in told.items()} == {place: 7}
    return "read; set by a consumer's commit; deleting offsets is not in this client"


async def admin_delete_records(ground: Ground) -> str:
    await fill(ground, 10)
    place = TopicPartition(ground.topic, 0)
    async with admin_of(ground) as admin:
        assert await admin.delete_records({place: RecordsToDelete(before_offset=4)}) == {place: 4}
    async with AIOKafkaConsumer(bootstrap_servers=ground.servers) as reader:
        assert await reader.beginning_offsets([place]) == {place: 4}
    return "begins at 4"


async def admin_partitions(ground: Ground) -> str:
    async with admin_of(ground) as admin:
        await admin.create_partitions({ground.topic: NewPartitions(5)})

        async def has_five() -> bool:
            [described] = await admin.describe_topics([ground.topic])
            return len(described["partitions"]) == 5

        await until(has_five)
    return "5 partitions"
