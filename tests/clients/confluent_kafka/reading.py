"""Reading a topic from its beginning with librdkafka, for tests."""

import time

from confluent_kafka import Consumer, Message

from tests.clients.conftest import RunningLab


def read_all(lab: RunningLab, topic: str, count: int, **settings: object) -> list[Message]:
    """So many messages, or what there is after a minute."""
    consumer = Consumer(
        {
            "bootstrap.servers": lab.bootstrap,
            "group.id": f"reader-{time.time_ns()}",
            "auto.offset.reset": "earliest",
            **settings,
        }
    )
    consumer.subscribe([topic])
    got: list[Message] = []
    deadline = time.monotonic() + 60
    while len(got) < count and time.monotonic() < deadline:
        for message in consumer.consume(1000, 0.5):
            assert message.error() is None, message.error()
            got.append(message)
    consumer.close()
    return got
