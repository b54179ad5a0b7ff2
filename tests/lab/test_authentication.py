"""The way in: what a listener that authenticates says, word for word, and what it never says."""

import asyncio
import base64
import hashlib
import hmac
import ssl
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from kio.schema.metadata.v13.request import MetadataRequest
from kio.schema.sasl_authenticate.v2.request import SaslAuthenticateRequest
from kio.schema.sasl_handshake.v1.request import SaslHandshakeRequest

from kafkalab.lab import Certificates, Doors, Gateway, Lab, LabSettings, Listener, SecurityProtocol, ports_of
from kafkalab.lab.commands import CreateTopic
from kafkalab.lab.security_commands import MECHANISMS, AddAcl, RemovePassword, SetPassword
from kafkalab.wire.api import ApiKey
from kafkalab.wire.errors import ErrorCode
from tests.lab.labs import QUICK
from tests.lab.test_gateway import WHO, Client

pytestmark = pytest.mark.clock

SECRET = "alice's secret"
ALL = ("PLAIN", *MECHANISMS)
EVERYTHING = MetadataRequest(topics=None, allow_auto_topic_creation=False, include_topic_authorized_operations=False)


@dataclass
class House:
    """A played lab with a plain door, one that authenticates, and one that does so behind TLS."""

    lab: Lab
    gateway: Gateway
    listeners: tuple[Listener, ...]
    trust: ssl.SSLContext

    async def connect(self, protocol: SecurityProtocol = SecurityProtocol.SASL_PLAINTEXT, broker: int = 1) -> Client:
        doors = next(each.doors for each in self.gateway.listeners if each.protocol is protocol)
        tls = self.trust if protocol.is_encrypted else None
        return Client(*await asyncio.open_connection("127.0.0.1", doors.ports[broker - 1], ssl=tls))

    async def do(self, command: Any) -> Any:
        outcome = asyncio.get_running_loop().create_future()
        self.lab.do(command, outcome.set_result)
        done = await asyncio.wait_for(outcome, 20)
        assert done.ok, done
        return done

    def facts(self, *kinds: str) -> list[str]:
        return [event["text"] for event in self.lab.snapshot()["events"] if event["kind"] in kinds]


def in_a_house(directory: Path, test: Callable[[House], Awaitable[None]], **configs: str) -> None:
    async def play() -> None:
        certificates = Certificates(directory / "tls")
        tls = certificates.context("127.0.0.1")
        doors = Doors.bind("127.0.0.1", 0, 1)
        listeners = (
            Listener(SecurityProtocol.SASL_PLAINTEXT, Doors.bind("127.0.0.1", 0, 1)),
            Listener(SecurityProtocol.SASL_SSL, Doors.bind("127.0.0.1", 0, 1), tls),
        )
        named = {name.replace("_", "."): value for name, value in configs.items()}
        lab = Lab.open(
            None,
            LabSettings(brokers=1, broker_configs=QUICK | named),
            doors.plain_ports | ports_of(listeners),
        )
        gateway = Gateway(lab, doors, listeners)
        trust = ssl.create_default_context(cafile=str(certificates.authority))
        house = House(lab, gateway, listeners, trust)
        lab.play()
        gateway.start()
        try:
            await asyncio.wait_for(lab.until_ready(), 20)
            for mechanism in MECHANISMS:
                await house.do(SetPassword("alice", SECRET, mechanism))
            await asyncio.wait_for(test(house), 60)
        finally:
            gateway.close()
            lab.close()
            await asyncio.sleep(0.05)

    asyncio.run(play())


async def handshake(client: Client, mechanism: str) -> tuple[ErrorCode, tuple[str, ...]]:
    client.send(ApiKey.SASL_HANDSHAKE, 1, 2, SaslHandshakeRequest(mechanism=mechanism))
    _, told = await client.hear(ApiKey.SASL_HANDSHAKE, 1)
    return told.error_code, told.mechanisms


async def say(client: Client, token: bytes) -> Any:
    client.send(ApiKey.SASL_AUTHENTICATE, 2, 3, SaslAuthenticateRequest(auth_bytes=token))
    return (await client.hear(ApiKey.SASL_AUTHENTICATE, 2))[1]


async def proven(client: Client, mechanism: str, user: str, password: str, before_nonce: str = "") -> Any:
    """The last answer of an exchange, and for SCRAM the server's own proof checked."""
    if mechanism == "PLAIN":
        return await say(client, f"\0{user}\0{password}".encode())
    name = mechanism.removeprefix("SCRAM-").replace("-", "").lower()
    bare = f"n={user},r=clientsnonce"
    first = await say(client, f"n,,{bare}".encode())
    if first.error_code is not ErrorCode.none:
        return first
    told = dict(part.split("=", 1) for part in first.auth_bytes.decode().split(","))
    salted = hashlib.pbkdf2_hmac(name, password.encode(), base64.b64decode(told["s"]), int(told["i"]))
    client_key = hmac.digest(salted, b"Client Key", name)
    final = f"c=biws,r={before_nonce}{told['r']}"
    said = f"{bare},{first.auth_bytes.decode()},{final}".encode()
    signature = hmac.digest(hashlib.new(name, client_key).digest(), said, name)
    proof = base64.b64encode(bytes(a ^ b for a, b in zip(client_key, signature, strict=True))).decode()
    last = await say(client, f"{final},p={proof}".encode())
    if last.error_code is ErrorCode.none:
        ours = hmac.digest(hmac.digest(salted, b"Server Key", name), said, name)
        assert last.auth_bytes == b"v=" + base64.b64encode(ours)
    return last


async def let_in(client: Client, mechanism: str = "SCRAM-SHA-256", user: str = "alice", password: str = SECRET) -> Any:
    assert await handshake(client, mechanism) == (ErrorCode.none, ALL)
    return await proven(client, mechanism, user, password)


async def is_closed(client: Client) -> bool:
    try:
        return await client.reader.read(1) == b""
    except ConnectionResetError:
        return True


async def topics_of(client: Client) -> Any:
    client.send(ApiKey.METADATA, 13, 9, EVERYTHING)
    return (await client.hear(ApiKey.METADATA, 13))[1]


@pytest.mark.parametrize("protocol", [SecurityProtocol.SASL_PLAINTEXT, SecurityProtocol.SASL_SSL])
@pytest.mark.parametrize("mechanism", ALL)
def test_who_knows_the_password_is_let_in(tmp_path: Path, mechanism: str, protocol: SecurityProtocol) -> None:
    async def scenario(house: House) -> None:
        client = await house.connect(protocol)
        assert (await client.versions()).error_code is ErrorCode.none
        told = await let_in(client, mechanism)
        assert (told.error_code, told.error_message) == (ErrorCode.none, None)
        brokers = (await topics_of(client)).brokers
        listener = next(each for each in house.listeners if each.protocol is protocol)
        assert [broker.port for broker in brokers] == list(listener.doors.ports), "it is sent to the same listener"
        assert house.facts("AuthenticationSucceeded") == [
            f"127.0.0.1 authenticated as User:alice with {mechanism} on listener {protocol.name} of broker 1."
        ]

    in_a_house(tmp_path, scenario)


WRONG = "Authentication failed during authentication due to invalid credentials with SASL mechanism"


@pytest.mark.parametrize("who", [("alice", "guess"), ("nobody", SECRET)])
@pytest.mark.parametrize(
    ("mechanism", "message"),
    [
        ("PLAIN", "Authentication failed: Invalid username or password"),
        ("SCRAM-SHA-256", f"{WRONG} SCRAM-SHA-256"),
        ("SCRAM-SHA-512", f"{WRONG} SCRAM-SHA-512"),
    ],
)
def test_who_does_not_hears_so_after_a_while_and_is_closed(
    tmp_path: Path, mechanism: str, message: str, who: tuple[str, str]
) -> None:
    async def scenario(house: House) -> None:
        client = await house.connect()
        began = asyncio.get_running_loop().time()
        told = await let_in(client, mechanism, *who)
        took_s = asyncio.get_running_loop().time() - began
        assert (told.error_code, told.error_message) == (ErrorCode.sasl_authentication_failed, message)
        assert took_s >= 0.3
        assert await is_closed(client)
        assert house.facts("AuthenticationFailed") == [
            f"127.0.0.1 could not authenticate with {mechanism} on listener SASL_PLAINTEXT of broker 1."
        ]

    in_a_house(tmp_path, scenario, connection_failed_authentication_delay_ms="300")


def test_a_nonce_with_something_before_it_is_another_one(tmp_path: Path) -> None:
    """As librdkafka said it before 2.6.1, with a proof that fits."""

    async def scenario(house: House) -> None:
        client = await house.connect()
        await handshake(client, "SCRAM-SHA-256")
        told = await proven(client, "SCRAM-SHA-256", "alice", SECRET, before_nonce="clientsnonce")
        assert told.error_code is ErrorCode.sasl_authentication_failed

    in_a_house(tmp_path, scenario)


def test_a_mechanism_that_there_is_not(tmp_path: Path) -> None:
    async def scenario(house: House) -> None:
        client = await house.connect()
        assert await handshake(client, "GSSAPI") == (ErrorCode.unsupported_sasl_mechanism, ALL)
        assert await is_closed(client)

    in_a_house(tmp_path, scenario)


def test_nothing_is_served_before(tmp_path: Path) -> None:
    async def scenario(house: House) -> None:
        at_once, twice, between = [await house.connect() for _ in range(3)]
        at_once.send(ApiKey.METADATA, 13, 1, EVERYTHING)
        await twice.versions()
        twice.send(ApiKey.API_VERSIONS, 4, 2, WHO)
        await handshake(between, "PLAIN")
        between.send(ApiKey.METADATA, 13, 1, EVERYTHING)
        assert [await is_closed(client) for client in (at_once, twice, between)] == [True] * 3
        assert [text.partition(": ")[2] for text in house.facts("ConnectionRefused")] == [
            "Unexpected Kafka request of type METADATA during SASL handshake..",
            "Unexpected ApiVersions request received during SASL authentication.",
            "Unexpected Kafka request of type METADATA during SASL authentication..",
        ]

    in_a_house(tmp_path, scenario)


def test_a_stranger_may_not_send_much(tmp_path: Path) -> None:
    async def scenario(house: House) -> None:
        client = await house.connect()
        client.writer.write(struct.pack(">i", 600_000))
        assert await is_closed(client)

    in_a_house(tmp_path, scenario)


def test_old_clients_send_bare_tokens(tmp_path: Path) -> None:
    async def scenario(house: House) -> None:
        client = await house.connect()
        client.send(ApiKey.SASL_HANDSHAKE, 0, 1, SaslHandshakeRequest(mechanism="PLAIN"))
        assert (await client.hear(ApiKey.SASL_HANDSHAKE, 0))[1].error_code is ErrorCode.none
        token = f"\0alice\0{SECRET}".encode()
        client.writer.write(struct.pack(">i", len(token)) + token)
        assert await client.reader.readexactly(4) == b"\0\0\0\0"
        assert (await topics_of(client)).error_code is ErrorCode.none

    in_a_house(tmp_path, scenario)


def test_on_a_plain_door_authentication_is_out_of_turn(tmp_path: Path) -> None:
    async def scenario(house: House) -> None:
        client = await house.connect(SecurityProtocol.PLAINTEXT)
        assert await handshake(client, "PLAIN") == (ErrorCode.illegal_sasl_state, ())
        told = await say(client, b"\0alice\0x")
        assert told.error_code is ErrorCode.illegal_sasl_state

    in_a_house(tmp_path, scenario)


def test_a_password_that_was_taken_away_is_one_no_more(tmp_path: Path) -> None:
    async def scenario(house: House) -> None:
        await house.do(RemovePassword("alice", "SCRAM-SHA-256"))
        told = await let_in(await house.connect(), "SCRAM-SHA-256")
        still = await let_in(await house.connect(), "SCRAM-SHA-512")
        assert (told.error_code, still.error_code) == (ErrorCode.sasl_authentication_failed, ErrorCode.none)

    in_a_house(tmp_path, scenario)


def test_a_list_is_for_whom_the_listener_let_in(tmp_path: Path) -> None:
    async def scenario(house: House) -> None:
        await house.do(CreateTopic("orders", 1, 1))
        await house.do(CreateTopic("bills", 1, 1))
        await house.do(AddAcl("User:bob", "read", resource="orders"))
        alice = await house.connect()
        await let_in(alice)
        assert [topic.name for topic in (await topics_of(alice)).topics] == ["bills"]
        await house.do(AddAcl("User:alice", "describe", resource="ord", pattern="prefixed"))
        assert [topic.name for topic in (await topics_of(alice)).topics] == ["orders", "bills"]

    in_a_house(tmp_path, scenario)


# -- sessions that end (KIP-368) -----------------------------------------------------------------------


def test_a_session_goes_on_for_whoever_authenticates_again(tmp_path: Path) -> None:
    async def scenario(house: House) -> None:
        client = await house.connect()
        assert (await let_in(client)).session_lifetime.total_seconds() == 1.5
        await asyncio.sleep(1.1)
        assert (await let_in(client)).error_code is ErrorCode.none
        await asyncio.sleep(1)
        assert (await topics_of(client)).error_code is ErrorCode.none, "the first session would be over"
        await asyncio.sleep(0.7)
        client.send(ApiKey.METADATA, 13, 9, EVERYTHING)
        assert await is_closed(client)
        assert house.facts("ConnectionRefused")[-1].endswith("its session has expired.")

    in_a_house(tmp_path, scenario, connections_max_reauth_ms="1500")


def test_nobody_becomes_somebody_else(tmp_path: Path) -> None:
    async def scenario(house: House) -> None:
        await house.do(SetPassword("bob", "bobs", "SCRAM-SHA-256"))
        client, other = await house.connect(), await house.connect()
        for each in (client, other):
            await let_in(each)
        await asyncio.sleep(1.1)
        told = await let_in(client, "SCRAM-SHA-256", "bob", "bobs")
        assert (told.error_code, told.error_message) == (
            ErrorCode.sasl_authentication_failed,
            "Cannot change principals during re-authentication from User.alice: to User.bob",
        )
        assert await handshake(other, "PLAIN") == (ErrorCode.none, ALL)
        other.send(ApiKey.SASL_AUTHENTICATE, 2, 3, SaslAuthenticateRequest(auth_bytes=f"\0alice\0{SECRET}".encode()))
        assert [await is_closed(client), await is_closed(other)] == [True, True]

    in_a_house(tmp_path, scenario, connections_max_reauth_ms="60000")
