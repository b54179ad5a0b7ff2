"""librdkafka in groups of KIP-848: group.protocol=consumer."""

import time

import pytest
from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from tests.clients.conftest import RunningLab


def member(lab: RunningLab, group: str, **settings: object) -> Consumer:
    return Consumer(
        {
            "bootstrap.servers": lab.bootstrap,
            "group.id": group,
            "group.protocol": "consumer",
            "auto.offset.reset": "earliest",
            **settings,
        }
    )


def group(lab: RunningLab, name: str) -> dict[str, object]:
    return next((found for found in lab.entities("group") if found["group"] == name), {})


def poll_until(members: list[Consumer], settled: object, seconds: float = 60) -> list[str]:
    """Poll all of them in turn; the values that came."""
    got: list[str] = []
    deadline = time.monotonic() + seconds
    while not settled() and time.monotonic() < deadline:  # type: ignore[operator]
        for each in members:
            message = each.poll(0.1)
            if message is not None:
                assert message.error() is None, message.error()
                got.append(message.value().decode())
    assert settled()  # type: ignore[operator]
    return got


@pytest.mark.parametrize("assignor", ["uniform", "range"])
def test_two_members_share_and_the_one_that_stays_gets_everything_back(lab: RunningLab, assignor: str) -> None:
    topic = lab.create_topic(f"kip848-{assignor}", partitions=4)
    name = f"g848-{assignor}-{time.time_ns()}"
    producer = Producer({"bootstrap.servers": lab.bootstrap})
    for n in range(200):
        producer.produce(topic, str(n).encode(), str(n).encode())
    assert producer.flush(30) == 0
    first, second = (member(lab, name, **{"group.remote.assignor": assignor}) for _ in range(2))
    first.subscribe([topic])
    got = poll_until([first], lambda: len(first.assignment()) == 4)
    second.subscribe([topic])
    got += poll_until([first, second], lambda: [len(first.assignment()), len(second.assignment())] == [2, 2])
    found = group(lab, name)
    assert (found["type"], found["protocol"]) == ("consumer", assignor)
    second.close()
    got += poll_until([first], lambda: len(first.assignment()) == 4)
    deadline = time.monotonic() + 30
    while len(set(got)) < 200 and time.monotonic() < deadline:
        message = first.poll(0.2)
        if message is not None:
            got.append(message.value().decode())
    first.close()
    assert sorted(set(got), key=int) == [str(n) for n in range(200)]
    admin = AdminClient({"bootstrap.servers": lab.bootstrap})
    committed = admin.list_consumer_group_offsets(
        [ConsumerGroupTopicPartitions(name, [TopicPartition(topic, n) for n in range(4)])]
    )
    offsets = committed[name].result(20).topic_partitions
    assert sum(each.offset for each in offsets) == 200


def test_a_crash_of_the_coordinator_costs_no_member_its_place(lab: RunningLab) -> None:
    topic = lab.create_topic("kip848-crash", partitions=2)
    name = f"g848-crash-{time.time_ns()}"
    reader = member(lab, name)
    reader.subscribe([topic])
    poll_until([reader], lambda: len(reader.assignment()) == 2)
    before = group(lab, name)
    assert lab.do("crash_broker", broker=before["coordinator"])["ok"]
    poll_until([reader], lambda: group(lab, name).get("coordinator") not in (before["coordinator"], -1), 90)
    producer = Producer({"bootstrap.servers": lab.bootstrap})
    producer.produce(topic, b"after")
    assert producer.flush(30) == 0
    got: list[str] = []
    deadline = time.monotonic() + 60
    while got != ["after"] and time.monotonic() < deadline:
        message = reader.poll(0.2)
        if message is not None and message.error() is None:
            got.append(message.value().decode())
    after = group(lab, name)
    reader.close()
    assert got == ["after"]
    assert (after["generation"], [each["member_id"] for each in after["members"]]) == (
        before["generation"],
        [each["member_id"] for each in before["members"]],
    )
