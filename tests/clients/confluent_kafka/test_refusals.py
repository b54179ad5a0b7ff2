"""Kafka's own errors reach librdkafka's user; what works is in `program.py`."""

import pytest
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, NewTopic

from tests.clients.conftest import RunningLab


@pytest.mark.parametrize(
    ("topic", "code"),
    [
        (NewTopic("orders", 2, 3), KafkaError.TOPIC_ALREADY_EXISTS),
        (NewTopic("admin-four", 1, 4), KafkaError.INVALID_REPLICATION_FACTOR),
        (NewTopic("no spaces", 1, 1), KafkaError.TOPIC_EXCEPTION),
        (NewTopic("admin-none", 0, 1), KafkaError.INVALID_PARTITIONS),
        (NewTopic("admin-odd", 1, 1, config={"retention.ms": "soon"}), KafkaError.INVALID_CONFIG),
    ],
    ids=str,
)
def test_a_topic_that_cannot_be_is_refused_with_kafkas_error(lab: RunningLab, topic: NewTopic, code: int) -> None:
    lab.wait_for(lambda: lab.leader("orders", 0) > 0)
    admin = AdminClient({"bootstrap.servers": lab.bootstrap})
    with pytest.raises(KafkaException) as refused:
        admin.create_topics([topic])[topic.topic].result(20)
    assert refused.value.args[0].code() == code
