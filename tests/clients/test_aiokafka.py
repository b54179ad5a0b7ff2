"""aiokafka: a client on asyncio."""

import asyncio

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from tests.clients.conftest import RunningLab


def test_an_idempotent_producer_and_a_group(lab: RunningLab) -> None:
    topic = lab.create_topic("aio-simple", partitions=2)

    async def send_and_read() -> list[tuple[bytes, bytes]]:
        producer = AIOKafkaProducer(bootstrap_servers=lab.bootstrap, enable_idempotence=True)
        await producer.start()
        for n in range(50):
            await producer.send_and_wait(topic, str(n).encode(), key=str(n % 3).encode())
        await producer.stop()
        consumer = AIOKafkaConsumer(
            topic, bootstrap_servers=lab.bootstrap, group_id="aio", auto_offset_reset="earliest"
        )
        await consumer.start()
        got = []
        while len(got) < 50:
            message = await asyncio.wait_for(consumer.getone(), 30)
            got.append((message.key, message.value))
        await consumer.commit()
        await consumer.stop()
        return got

    got = asyncio.run(send_and_read())
    assert sorted(got) == sorted((str(n % 3).encode(), str(n).encode()) for n in range(50))
    group = next(one for one in lab.entities("group") if one["group"] == "aio")
    assert group["lag"] == 0


def test_a_reader_sees_the_end_move_while_it_waits(lab: RunningLab) -> None:
    topic = lab.create_topic("aio-tail", partitions=1)

    async def tail() -> list[bytes]:
        consumer = AIOKafkaConsumer(topic, bootstrap_servers=lab.bootstrap, auto_offset_reset="earliest")
        producer = AIOKafkaProducer(bootstrap_servers=lab.bootstrap)
        await consumer.start()
        await producer.start()
        got = []
        for n in range(5):
            await producer.send_and_wait(topic, str(n).encode())
            got.append((await asyncio.wait_for(consumer.getone(), 10)).value)
        await producer.stop()
        await consumer.stop()
        return got

    assert asyncio.run(tail()) == [b"0", b"1", b"2", b"3", b"4"]
