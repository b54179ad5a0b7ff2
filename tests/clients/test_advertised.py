"""A wrong advertised listener, as a client sees it that nobody here wrote: it bootstraps, and a third of it hangs."""

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient

from tests.clients.conftest import RunningLab


def test_librdkafka_bootstraps_and_does_not_find_the_broker_that_is_advertised_elsewhere(lab: RunningLab) -> None:
    lab.create_topic("advertised")
    fault = lab.do("advertise_elsewhere", broker=2, host="build.invalid")["detail"]["fault"]
    try:
        told = AdminClient({"bootstrap.servers": lab.bootstrap}).list_topics("advertised", timeout=20)
        assert {broker.id: broker.host for broker in told.brokers.values()}[2] == "build.invalid"
        producer = Producer({"bootstrap.servers": lab.bootstrap, "message.timeout.ms": 3_000})
        fates: dict[int, bool] = {}
        for partition in range(3):
            producer.produce(
                "advertised",
                value=b"x",
                partition=partition,
                on_delivery=lambda error, message: fates.update({message.partition(): error is None}),
            )
        assert producer.flush(20) == 0
        leaders = {partition: known.leader for partition, known in told.topics["advertised"].partitions.items()}
        assert fates == {partition: leader != 2 for partition, leader in leaders.items()}
        assert list(leaders.values()).count(2) == 1
    finally:
        lab.do("undo_fault", fault=fault)
