"""Thirty learners on one server: their clients share three ports, and none reaches another's cluster."""

import json
import re
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
from confluent_kafka import Consumer, KafkaException, Producer
from confluent_kafka.admin import AdminClient
from kafka import KafkaConsumer, KafkaProducer
from kafka.errors import KafkaError
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Origin

from kafkalab.bench.learners import Browser, Learner
from kafkalab.bench.peers import Peer, free_ports, start_lab

LEARNERS = 30
MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")


@dataclass
class School:
    peer: Peer
    bootstrap: str
    """The three ports."""
    learners: list[Learner]
    alone_mb: float
    """Memory of the server before the first learner came."""
    took_s: list[float]
    """From the press of the button to the page of the lab."""


@pytest.fixture(scope="module")
def school() -> Iterator[School]:
    first = free_ports(3) + 300
    peer = start_lab(options=("--labs-port", str(first)))
    try:
        time.sleep(1)
        school = School(peer, ",".join(f"127.0.0.1:{first + n}" for n in range(3)), [], peer.memory_mb(), [])
        for _ in range(LEARNERS):
            began = time.perf_counter()
            school.learners.append(Learner.arrive(peer.url))
            school.took_s.append(time.perf_counter() - began)
        yield school
    finally:
        peer.stop()


def login(school: School, user: str, password: str, mechanism: str) -> dict[str, Any]:
    return {
        "bootstrap.servers": school.bootstrap,
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": mechanism,
        "sasl.username": user,
        "sasl.password": password,
        "log_level": 0,
    }


def python_login(school: School, user: str, password: str, mechanism: str) -> dict[str, Any]:
    return {
        "bootstrap_servers": school.bootstrap.split(","),
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": mechanism,
        "sasl_plain_username": user,
        "sasl_plain_password": password,
    }


def use(school: School, number: int) -> list[bytes]:
    """Write to a topic of one name in every lab, and read all of it; one learner in three with kafka-python."""
    learner = school.learners[number]
    mechanism = MECHANISMS[number % len(MECHANISMS)]
    said = [f"{learner.lab} {n}".encode() for n in range(5)]
    if number % 3 == 2:
        who = python_login(school, learner.user, learner.password, mechanism)
        producer = KafkaProducer(**who)
        for value in said:
            producer.send("orders", value).get(30)
        producer.close()
        reader = KafkaConsumer("orders", group_id="all", auto_offset_reset="earliest", **who)
        found: list[bytes] = []
        deadline = time.monotonic() + 40
        while len(found) < len(said) and time.monotonic() < deadline:
            found += [message.value for messages in reader.poll(500).values() for message in messages]
        reader.close()
        return found
    whose = login(school, learner.user, learner.password, mechanism)
    writer = Producer(whose)
    for value in said:
        writer.produce("orders", value)
    assert writer.flush(30) == 0
    consumer = Consumer(whose | {"group.id": "all", "auto.offset.reset": "earliest"})
    consumer.subscribe(["orders"])
    got: list[bytes] = []
    deadline = time.monotonic() + 40
    while len(got) < len(said) and time.monotonic() < deadline:
        message = consumer.poll(0.5)
        if message is not None and message.error() is None:
            got.append(message.value() or b"")
    consumer.close()
    return got


@pytest.mark.timeout(400)
def test_thirty_learners_read_what_they_wrote_and_nothing_else(school: School) -> None:
    began = time.perf_counter()
    with ThreadPoolExecutor(10) as pool:
        found = list(pool.map(lambda number: use(school, number), range(LEARNERS)))
    took_s = time.perf_counter() - began
    expected = [[f"{learner.lab} {n}".encode() for n in range(5)] for learner in school.learners]
    assert [sorted(each) for each in found] == expected
    a_lab_mb = (school.peer.memory_mb() - school.alone_mb) / LEARNERS
    print(
        f"\n{LEARNERS} labs behind 3 ports: {school.alone_mb:.0f} MB for the server and its home lab,"
        f" {a_lab_mb:.1f} MB more for each lab that was used; from the button to the lab's page"
        f" {statistics.median(school.took_s) * 1000:.0f} ms (median), {max(school.took_s) * 1000:.0f} ms at most;"
        f" all wrote and read within {took_s:.1f} s"
    )
    assert a_lab_mb < 60


def heard(school: School, user: str, password: str, mechanism: str) -> set[str]:
    """What librdkafka makes of what it is told, on all three ports."""
    said: list[str] = []
    config = login(school, user, password, mechanism)
    admin = AdminClient(config | {"error_cb": lambda error: said.append(f"{error.name()}: {error.str()}")})
    with pytest.raises(KafkaException):
        admin.list_topics(timeout=2)
    deadline = time.monotonic() + 20
    admin.poll(0.5)
    while not said and time.monotonic() < deadline:
        admin.poll(0.5)
    told = [one for one in said if "brokers are down" not in one]
    return {re.sub(r".*authentication error: |\(after.*", "", one).strip() for one in told}


INVALID = "Authentication failed during authentication due to invalid credentials with SASL mechanism"
TOLD = {
    "PLAIN": "Authentication failed: Invalid username or password",
    "SCRAM-SHA-256": f"{INVALID} SCRAM-SHA-256",
    "SCRAM-SHA-512": f"{INVALID} SCRAM-SHA-512",
}


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_another_labs_password_is_a_failure_and_nothing_else(school: School, mechanism: str) -> None:
    """In both directions, and with a password that is nobody's, and a user whom there is not."""
    one, other = school.learners[0], school.learners[1]
    tries = ((one.user, other.password), (other.user, one.password), (one.user, "guess"), ("lab-0", one.password))
    with ThreadPoolExecutor(len(tries)) as pool:
        told = list(pool.map(lambda each: heard(school, *each, mechanism), tries))
    assert told == [{TOLD[mechanism]}] * len(tries)


def test_kafka_python_does_not_come_in_either(school: School) -> None:
    one, other = school.learners[0], school.learners[1]

    def refused(mechanism: str) -> bool:
        with pytest.raises(KafkaError):
            KafkaProducer(**python_login(school, one.user, other.password, mechanism), bootstrap_timeout_ms=2_000)
        return True

    with ThreadPoolExecutor(len(MECHANISMS)) as pool:
        assert list(pool.map(refused, MECHANISMS)) == [True] * len(MECHANISMS)


def test_a_client_sees_the_brokers_of_its_own_cluster_behind_the_shared_ports(school: School) -> None:
    found = []
    for learner in school.learners[:2]:
        admin = AdminClient(login(school, learner.user, learner.password, "SCRAM-SHA-512"))
        told = admin.list_topics(timeout=20)
        found.append((told.cluster_id, sorted(str(broker) for broker in told.brokers.values())))
    ports = school.bootstrap.split(",")
    assert [len(brokers) for _, brokers in found] == [3, 3]
    assert all(port in broker for _, brokers in found for port, broker in zip(ports, brokers, strict=True))
    assert found[0][0] != found[1][0]


def test_nobody_reaches_anothers_lab_by_page_api_or_socket(school: School) -> None:
    one, other = school.learners[0], school.learners[1]
    stranger = Browser(school.peer.url)
    paths = [f"labs/{one.lab}/", f"api/labs/{one.lab}/", f"labs/{one.lab}/records/?topic=orders"]
    assert [one.browser.get(path)[0] for path in paths] == [200, 200, 200]
    assert [browser.get(path)[0] for browser in (other.browser, stranger) for path in paths] == [404] * 6
    status, _, _ = other.browser.post(f"labs/{one.lab}/delete/", other.browser.token())
    assert status == 404
    said = [first_word(school, one.lab, browser.cookies) for browser in (one.browser, other.browser, stranger)]
    assert said == ["snapshot", 4404, 4404]


def first_word(school: School, lab: str, cookies: str) -> str | int:
    """The kind of a socket's first message, or the code with which it was closed."""
    origin = Origin(school.peer.url.rstrip("/"))
    address = school.peer.url.replace("http", "ws") + f"ws/labs/{lab}/"
    with connect(address, origin=origin, additional_headers={"Cookie": cookies}, max_size=None) as socket:
        try:
            return str(json.loads(socket.recv(timeout=20))["type"])
        except ConnectionClosed as closed:
            return closed.code if closed.rcvd is None else closed.rcvd.code
