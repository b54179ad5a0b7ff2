"""Stock clients by the listeners that authenticate and encrypt, and what they make of a no."""

import asyncio
import ssl
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)
from kafka import KafkaConsumer, KafkaProducer
from kafka.errors import GroupAuthorizationFailedError, TopicAuthorizationFailedError

from kafkalab.bench.peers import Peer, free_ports, start_lab
from tests.clients.conftest import RunningLab, without_waiting

ALICE, SECRET = "alice", "alice-secret"
PROTOCOLS = ("SASL_PLAINTEXT", "SASL_SSL")
SASL = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")


@dataclass
class GuardedLab:
    lab: RunningLab
    ports: dict[str, int]
    authority: str

    def librdkafka(self, protocol: str, mechanism: str = "SCRAM-SHA-256", **more: Any) -> dict[str, Any]:
        return {
            "bootstrap.servers": f"127.0.0.1:{self.ports[protocol]}",
            "security.protocol": protocol,
            "ssl.ca.location": self.authority,
            "sasl.mechanism": mechanism,
            "sasl.username": ALICE,
            "sasl.password": SECRET,
            "log_level": 0,
            **more,
        }

    def python(self, protocol: str, mechanism: str = "SCRAM-SHA-256") -> dict[str, Any]:
        return {
            "bootstrap_servers": f"127.0.0.1:{self.ports[protocol]}",
            "security_protocol": protocol,
            "sasl_mechanism": mechanism,
            "sasl_plain_username": ALICE,
            "sasl_plain_password": SECRET,
        }


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuardedLab]:
    data = tmp_path_factory.mktemp("guarded")
    first = free_ports(9) + 400
    ports = {"SSL": first, "SASL_PLAINTEXT": first + 3, "SASL_SSL": first + 6}
    options = ("--ssl-port", str(first), "--sasl-port", str(first + 3), "--sasl-ssl-port", str(first + 6))
    peer: Peer = start_lab(without_waiting(data), options=options)
    try:
        lab = RunningLab(peer)
        for mechanism in SASL[1:]:
            answer = lab.do("set_password", user=ALICE, password=SECRET, mechanism=mechanism)
            assert answer["ok"], answer
        yield GuardedLab(lab, ports, str(data / "tls" / "ca.pem"))
    finally:
        peer.stop()


@pytest.mark.parametrize("mechanism", SASL)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_confluent_kafka(guarded: GuardedLab, protocol: str, mechanism: str) -> None:
    topic = guarded.lab.create_topic(f"confluent-{protocol}-{mechanism}")
    config = guarded.librdkafka(protocol, mechanism)
    producer = Producer(config | {"enable.idempotence": True})
    for number in range(20):
        producer.produce(topic, str(number))
    assert producer.flush(30) == 0
    consumer = Consumer(config | {"group.id": topic, "auto.offset.reset": "earliest"})
    consumer.subscribe([topic])
    got: list[int] = []
    deadline = time.monotonic() + 30
    while len(got) < 20 and time.monotonic() < deadline:
        message = consumer.poll(1)
        if message is not None and message.error() is None:
            got.append(int(message.value() or b"-1"))
    consumer.close()
    assert sorted(got) == list(range(20))


@pytest.mark.parametrize("mechanism", SASL)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_kafka_python(guarded: GuardedLab, protocol: str, mechanism: str) -> None:
    topic = guarded.lab.create_topic(f"kp-{protocol}-{mechanism}", partitions=1)
    config = guarded.python(protocol, mechanism) | {"ssl_cafile": guarded.authority}
    producer = KafkaProducer(**config)
    stored = [producer.send(topic, str(number).encode()).get(30).offset for number in range(5)]
    reader = KafkaConsumer(topic, group_id=topic, auto_offset_reset="earliest", consumer_timeout_ms=8_000, **config)
    got = []
    for message in reader:
        got.append(message.value)
        if len(got) == 5:
            break
    reader.close()
    producer.close()
    assert (stored, got) == ([0, 1, 2, 3, 4], [b"0", b"1", b"2", b"3", b"4"])


@pytest.mark.parametrize("mechanism", SASL)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_aiokafka(guarded: GuardedLab, protocol: str, mechanism: str) -> None:
    topic = guarded.lab.create_topic(f"aio-{protocol}-{mechanism}", partitions=1)
    config = guarded.python(protocol, mechanism)
    if protocol == "SASL_SSL":
        config["ssl_context"] = ssl.create_default_context(cafile=guarded.authority)

    async def scenario() -> list[bytes]:
        async with AIOKafkaProducer(**config) as producer:
            for number in range(5):
                await producer.send_and_wait(topic, str(number).encode())
        async with AIOKafkaConsumer(topic, group_id=topic, auto_offset_reset="earliest", **config) as consumer:
            return [(await asyncio.wait_for(consumer.getone(), 30)).value for _ in range(5)]

    assert asyncio.run(scenario()) == [b"0", b"1", b"2", b"3", b"4"]


@pytest.mark.parametrize("protocol", ["SSL", *PROTOCOLS])
def test_kcat(guarded: GuardedLab, kcat: str, protocol: str) -> None:
    """With PLAIN: Debian's kcat says SCRAM with its nonce twice, which Kafka 4.3 refuses as well."""
    topic = guarded.lab.create_topic(f"kcat-{protocol}", partitions=1)
    config = guarded.librdkafka(protocol, "PLAIN")
    if protocol == "SSL":
        config = {name: value for name, value in config.items() if not name.startswith("sasl")}
    at = [kcat, "-b", config.pop("bootstrap.servers"), "-t", topic]
    options = [word for name, value in config.items() for word in ("-X", f"{name}={value}")]
    subprocess.run([*at, "-P", *options], input=b"hello\n", check=True, timeout=30)
    read = subprocess.run([*at, "-C", "-e", "-o", "beginning", *options], capture_output=True, check=True, timeout=30)
    assert read.stdout == b"hello\n"


def test_whoever_does_not_trust_the_authority_does_not_come_in(guarded: GuardedLab, tmp_path: Path) -> None:
    heard: list[str] = []
    config = guarded.librdkafka("SASL_SSL", **{"error_cb": lambda error: heard.append(error.name())})
    del config["ssl.ca.location"]
    admin = AdminClient(config)
    with pytest.raises(KafkaException):
        admin.list_topics(timeout=3)
    admin.poll(1)
    assert "_SSL" in heard


# -- users and lists -----------------------------------------------------------------------------------


def test_an_administrator_gives_a_user_a_password(guarded: GuardedLab) -> None:
    admin = AdminClient({"bootstrap.servers": guarded.lab.bootstrap})
    change = UserScramCredentialUpsertion("bob", ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096), b"bobs")
    for future in admin.alter_user_scram_credentials([change]).values():
        future.result(20)
    told = admin.describe_user_scram_credentials(["bob"])["bob"].result(20)
    assert [(info.mechanism, info.iterations) for info in told.scram_credential_infos] == [
        (ScramMechanism.SCRAM_SHA_512, 4096)
    ]
    config = guarded.librdkafka("SASL_PLAINTEXT", "SCRAM-SHA-512")
    who = AdminClient(config | {"sasl.username": "bob", "sasl.password": "bobs"})
    assert len(who.list_topics(timeout=20).brokers) == 3


def binding(kind: ResourceType, name: str, operation: AclOperation, principal: str = "User:alice") -> AclBinding:
    return AclBinding(kind, name, ResourcePatternType.LITERAL, principal, "*", operation, AclPermissionType.ALLOW)


def test_what_a_list_does_not_allow_is_refused_in_kafkas_words(guarded: GuardedLab) -> None:
    mine, yours = guarded.lab.create_topic("mine", 1), guarded.lab.create_topic("yours", 1)
    admin = AdminClient({"bootstrap.servers": guarded.lab.bootstrap})
    entries = [
        binding(ResourceType.TOPIC, mine, AclOperation.ALL),
        binding(ResourceType.TOPIC, yours, AclOperation.ALL, "User:bob"),
        binding(ResourceType.GROUP, "bobs", AclOperation.READ, "User:bob"),
    ]
    for future in admin.create_acls(entries).values():
        future.result(20)
    config = guarded.librdkafka("SASL_SSL")
    assert yours not in AdminClient(config).list_topics(timeout=20).topics
    fates: list[Any] = []
    producer = Producer(config)
    for topic in (mine, yours):
        producer.produce(topic, "hello", callback=lambda error, _: fates.append(error and error.code()))
    producer.flush(20)
    assert sorted(fates, key=str) == [KafkaError.TOPIC_AUTHORIZATION_FAILED, None]

    python = guarded.python("SASL_SSL") | {"ssl_cafile": guarded.authority}
    with pytest.raises(TopicAuthorizationFailedError):
        KafkaProducer(**python).send(yours, b"hello").get(20)
    with pytest.raises(GroupAuthorizationFailedError):
        KafkaConsumer(mine, group_id="bobs", **python).poll(10_000)

    consumer = Consumer(config | {"group.id": "alices", "auto.offset.reset": "earliest"})
    consumer.subscribe([yours])
    message = consumer.poll(10)
    assert message is not None
    assert message.error().code() == KafkaError.TOPIC_AUTHORIZATION_FAILED
    consumer.close()

    everything = AclBindingFilter(
        ResourceType.ANY, None, ResourcePatternType.ANY, None, None, AclOperation.ANY, AclPermissionType.ANY
    )
    assert sorted(acl.name for acl in admin.describe_acls(everything).result(20)) == ["bobs", mine, yours]
    deleted = next(iter(admin.delete_acls([everything]).values())).result(20)
    assert len(deleted) == 3
    assert yours in AdminClient(config).list_topics(timeout=20).topics


def test_a_producer_of_the_page_may_be_somebody_too(guarded: GuardedLab) -> None:
    topic = guarded.lab.create_topic("paged", 1)
    answer = guarded.lab.do("add_acl", principal="User:carol", operation="write", resource=topic)
    assert answer["ok"], answer
    assert answer["shell"].startswith("kafka-acls.sh --bootstrap-server 127.0.0.1:")
    for name, user in (("for-carol", "carol"), ("for-nobody", None)):
        assert guarded.lab.do("create_producer", topic=topic, name=name, rate=50, user=user)["ok"]

    def told() -> dict[str, Any]:
        return {one["name"]: one for one in guarded.lab.entities("producer") if one["name"].startswith("for-")}

    guarded.lab.wait_for(lambda: told()["for-carol"]["acked"] > 20)
    assert told()["for-nobody"]["acked"] == 0
    for name in told():
        guarded.lab.do("remove_producer", name=name)
    assert guarded.lab.do("remove_acl", resource=topic)["ok"]
