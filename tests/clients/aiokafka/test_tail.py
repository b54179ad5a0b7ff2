"""aiokafka reads at the end of a topic, where fetches wait; the rest is in `program.py`."""

import asyncio

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from tests.clients.conftest import RunningLab


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
