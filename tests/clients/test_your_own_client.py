"""Lesson 21 with clients that nobody here wrote: its challenge is met by them, and they meet the wrong address."""

import json
import subprocess
import urllib.request
from pathlib import Path

import pytest
from confluent_kafka import KafkaError, Producer

from kafkalab.lessons import read_lesson
from kafkalab.lessons.facts import Facts, facts_of
from tests.clients.conftest import RunningLab

LESSON = Path(__file__).parents[2] / "fixtures" / "lessons" / "21-your-own-client.md"
TOPIC = "greetings"


def look(lab: RunningLab) -> Facts:
    with urllib.request.urlopen(lab.url + "api/labs/home/", timeout=10) as answer:
        snapshot = json.load(answer)
    return facts_of(snapshot["entities"], snapshot["at_us"])


def given(lab: RunningLab) -> None:
    if not any(topic["topic"] == TOPIC for topic in lab.entities("topic")):
        lab.create_topic(TOPIC, partitions=1)


@pytest.mark.parametrize("client", ["confluent-kafka", "kcat"])
def test_a_client_of_ones_own_meets_the_challenge_of_the_lesson(lab: RunningLab, kcat: str, client: str) -> None:
    given(lab)
    challenge = read_lesson(LESSON).sections[0].challenge
    assert challenge is not None
    before = look(lab)
    assert not challenge.goal.reached(before=before, now=before)
    if client == "kcat":
        command = (kcat, "-b", lab.bootstrap, "-P", "-t", TOPIC, "-X", "client.id=my-kcat")
        subprocess.run(command, input="hello from kcat\n", text=True, check=True, timeout=30)
        client_id, software = "my-kcat", "librdkafka"
    else:
        client_id, software = "my-confluent", "confluent-kafka-python"
        producer = Producer({"bootstrap.servers": lab.bootstrap, "client.id": client_id})
        producer.produce(TOPIC, value="hello from confluent-kafka")
        assert producer.flush(20) == 0
    now = look(lab)
    assert challenge.goal.reached(before=before, now=now)
    shown = now["clients"][client_id]
    assert (shown["software_name"], shown["asked_last"]["Produce"]) == (software, lab.leader(TOPIC, 0))


def restarted(lab: RunningLab, broker: int) -> None:
    def state() -> str:
        return str(look(lab)["brokers"][str(broker)]["state"])

    lab.do("stop_broker", broker=broker)
    lab.wait_for(lambda: state() == "stopped", 60)
    lab.do("start_broker", broker=broker)
    lab.wait_for(lab.all_brokers_running, 60)


def test_a_wrong_address_leads_a_real_client_to_nobody_although_its_bootstrap_server_answers(lab: RunningLab) -> None:
    topic = lab.create_topic("led-astray", partitions=1, replicas=1)
    broker = lab.leader(topic, 0)
    fault = lab.do("advertise_wrong_address", broker=broker, host="localhost", port=9)["detail"]["fault"]
    try:
        restarted(lab, broker)
        other = next(one for one in lab.entities("broker") if one["broker"] != broker)
        failed: list[KafkaError] = []
        producer = Producer({"bootstrap.servers": f"{other['host']}:{other['port']}", "message.timeout.ms": 2_000})
        producer.produce(topic, value="to nobody", on_delivery=lambda error, _message: failed.append(error))
        told = producer.list_topics(topic, timeout=20)
        assert (told.brokers[broker].host, told.brokers[broker].port) == ("localhost", 9)
        assert producer.flush(20) == 0
        assert [error.code() for error in failed] == [KafkaError._MSG_TIMED_OUT]
    finally:
        lab.do("undo_fault", fault=fault)
        restarted(lab, broker)
    delivered: list[KafkaError | None] = []
    producer = Producer({"bootstrap.servers": lab.bootstrap})
    producer.produce(topic, value="to its leader", on_delivery=lambda error, _message: delivered.append(error))
    assert (producer.flush(20), delivered) == (0, [None])
