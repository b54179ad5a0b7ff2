"""A home lab into which everything that a person or a Kafka client may name was written with markup in it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from kafkalab.lab import Doors, Gateway, Lab, LabSettings, parse_command
from kafkalab.web.labs.open_labs import open_labs
from tests.web.labs import done

MARK = "hostile-7f3a"
QUOTA = "producer_byte_rate"


def markup(where: str) -> str:
    """What a browser would make elements of, in text, in an attribute, or in a script."""
    return f"</script><img src=x class={MARK} data-{where} onerror=alert(1)>'\"{{{{7*7}}}}"


@asynccontextmanager
async def hostile_lab() -> AsyncIterator[Lab]:
    doors = Doors.bind("127.0.0.1", 0, 3)
    lab = Lab.open(None, LabSettings(broker_configs={"offsets.topic.num.partitions": "3"}), doors.plain_ports)
    open_labs.by_name["home"] = lab
    gateway = Gateway(lab, doors)
    lab.play()
    gateway.start()
    try:
        await lab.until_ready()
        async with visited(lab):
            yield lab
    finally:
        del open_labs.by_name["home"]
        gateway.close()
        lab.close()


@asynccontextmanager
async def visited(lab: Lab) -> AsyncIterator[None]:
    """A client of somebody else's is connected, and the lab's own were told what they can be told."""
    servers = lab.bootstrap_servers
    await done(lab, parse_command({"command": "create_topic", "name": "orders", "partitions": 1}))
    writer = AIOKafkaProducer(bootstrap_servers=servers, client_id=markup("client"))
    reader = AIOKafkaConsumer(
        "orders", bootstrap_servers=servers, client_id=markup("reader"), group_id=markup("group"),
        auto_offset_reset="earliest",
    )  # fmt: skip
    await writer.start()
    await reader.start()
    try:
        headers = [(markup("header-name"), markup("header").encode())]
        await writer.send_and_wait("orders", markup("value").encode(), markup("key").encode(), headers=headers)
        await asyncio.wait_for(reader.getone(), 20)
        await reader.commit()
        for command in (
            {"command": "add_consumer", "topics": ["orders"], "group": markup("own-group")},
            {"command": "add_share_consumer", "topics": ["orders"], "group": markup("share-group")},
            {
                "command": "set_client_quota",
                "quota": "producer_byte_rate",
                "limit": 10**6,
                "client_id": markup("quota"),
            },
            {"command": "create_producer", "topic": "orders", "transactional_id": markup("transactional-id")},
            {"command": "create_producer", "topic": "orders", "rate": 1, "key_pattern": f"fixed:{markup('pattern')}"},
            {"command": "run_line", "line": f"kafka-topics.sh --describe --topic {markup('line')}"},
        ):
            await done(lab, parse_command(command))
        await asyncio.sleep(1.5)
        yield
    finally:
        await reader.stop()
        await writer.stop()
