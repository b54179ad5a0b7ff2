"""The TCP door: real bytes in, real bytes out, and nothing bad gets through."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest
from kio.schema.api_versions.v4.request import ApiVersionsRequest

from kafkalab.lab import Doors, Gateway, Lab, LabSettings, PortRefused
from kafkalab.lab.commands import CrashBroker, CreateTopic, FreezeBroker, StartBroker, StopBroker, ThawBroker
from kafkalab.lab.connection import Connection
from kafkalab.wire import batches
from kafkalab.wire.api import ApiKey
from kafkalab.wire.dialect import ProducePartition, ProduceRequest, ProduceTopic
from kafkalab.wire.errors import ErrorCode
from kafkalab.wire.records import Record
from kafkalab.wire.translate import decode_response, encode_request
from tests.lab.labs import QUICK

pytestmark = pytest.mark.clock

SHORT_SESSIONS = {"broker.session.timeout.ms": "1000", "broker.heartbeat.interval.ms": "200"}
WHO = ApiVersionsRequest(client_software_name="probe", client_software_version="1.0")


class Client:
    """A connection that speaks Kafka's frames."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def send(self, api_key: int, version: int, correlation_id: int, body: Any) -> None:
        self.writer.writelines(encode_request(api_key, version, correlation_id, "tester", body))

    async def hear(self, api_key: int, version: int) -> tuple[int, Any]:
        (size,) = struct.unpack(">i", await self.reader.readexactly(4))
        return decode_response(api_key, version, await self.reader.readexactly(size))

    async def versions(self) -> Any:
        self.send(ApiKey.API_VERSIONS, 4, 1, WHO)
        return (await self.hear(ApiKey.API_VERSIONS, 4))[1]


class Street:
    """A played lab with open doors."""

    def __init__(self) -> None:
        self.doors = Doors.bind("127.0.0.1", 0, 3)
        self.lab = Lab.open(None, LabSettings(broker_configs=QUICK | SHORT_SESSIONS), self.doors.plain_ports)
        self.gateway = Gateway(self.lab, self.doors)

    async def connect(self, broker: int = 1) -> Client:
        return Client(*await asyncio.open_connection("127.0.0.1", self.doors.ports[broker - 1]))

    async def do(self, command: Any) -> Any:
        outcome = asyncio.get_running_loop().create_future()
        self.lab.do(command, outcome.set_result)
        return await asyncio.wait_for(outcome, 20)

    def refusals(self) -> list[str]:
        return [event["text"] for event in self.lab.snapshot()["events"] if event["kind"] == "ConnectionRefused"]


def on_a_street(test: Callable[[Street], Awaitable[None]]) -> None:
    async def play() -> None:
        street = Street()
        street.lab.play()
        street.gateway.start()
        try:
            await asyncio.wait_for(street.lab.until_ready(), 20)
            await asyncio.wait_for(test(street), 60)
        finally:
            street.gateway.close()
            street.lab.close()
            await asyncio.sleep(0.01)

    asyncio.run(play())


def produce(topic: str, *values: bytes, acks: int = -1) -> ProduceRequest:
    records = [Record(number, 0, None, value) for number, value in enumerate(values)]
    part = ProducePartition(0, batches.build(records))
    return ProduceRequest(acks, 10_000, (ProduceTopic(topic, None, (part,)),))


def test_a_client_is_told_what_is_spoken_here_and_is_seen() -> None:
    async def test(street: Street) -> None:
        client = await street.connect()
        answer = await client.versions()
        assert {key.api_key for key in answer.api_keys} >= {ApiKey.PRODUCE, ApiKey.FETCH, ApiKey.JOIN_GROUP}
        entity = street.lab.view()["client:1"]
        assert entity == {
            "kind": "client",
            "name": "client-1",
            "client_id": "tester",
            "software_name": "probe",
            "software_version": "1.0",
            "address": "127.0.0.1",
            "brokers": [1],
            "connections": [[1, 1]],
            "requests": 1,
            "asked_last": {"ApiVersions": 1},
            "role": "?",
            "principal": "User:ANONYMOUS",
            "groups": [],
            "topics": [],
            "bytes_in": entity["bytes_in"],
            "bytes_out": entity["bytes_out"],
        }
        client.writer.close()
        await asyncio.sleep(0.1)
        assert ("client:1" in street.lab.view(), street.gateway.connections) == (False, {})

    on_a_street(test)


def test_connections_of_one_client_are_one_visitor() -> None:
    async def test(street: Street) -> None:
        clients = [await street.connect(broker) for broker in (1, 2, 2)]
        for client in clients:
            await client.versions()
        view = street.lab.view()
        visitors = [entity["brokers"] for entity in view.values() if entity["kind"] == "client"]
        assert (visitors, [view[f"broker:{broker}"]["connections"] for broker in (1, 2, 3)]) == ([[1, 2]], [1, 2, 0])

    on_a_street(test)


def test_an_unknown_version_of_apiversions_gets_kafkas_answer() -> None:
    async def test(street: Street) -> None:
        client = await street.connect()
        client.writer.write(struct.pack(">ihhih", 10, ApiKey.API_VERSIONS, 99, 77, -1))
        correlation_id, answer = await client.hear(ApiKey.API_VERSIONS, 0)
        assert (correlation_id, answer.error_code) == (77, ErrorCode.unsupported_version)
        assert len(answer.api_keys) > 20
        assert (await client.versions()).error_code == ErrorCode.none

    on_a_street(test)


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", "a frame of 1195725856 bytes, where at most 104857600 are allowed"),
        (struct.pack(">i", -1), "a frame of -1 bytes, where at most 104857600 are allowed"),
        (struct.pack(">ihhih", 10, 4711, 0, 1, -1), "API 4711 v0 is not spoken here"),
        (struct.pack(">ihhih", 10, ApiKey.FETCH, 3, 1, -1), "Fetch v3 is not spoken here"),
        (struct.pack(">ih", 2, 1), "a request of 2 bytes has no room for its header"),
    ],
)
def test_what_is_no_request_closes_that_connection_and_harms_nobody_else(sent: bytes, reason: str) -> None:
    async def test(street: Street) -> None:
        good, bad = await street.connect(), await street.connect()
        await good.versions()
        bad.writer.write(sent)
        assert await bad.reader.read() == b""
        assert street.refusals() == [f"Broker 1 closed a connection from 127.0.0.1: {reason}."]
        assert (await good.versions()).error_code == ErrorCode.none

    on_a_street(test)


def test_garbage_in_every_known_request_only_closes_connections() -> None:
    async def test(street: Street) -> None:
        answer = await (await street.connect()).versions()
        for api in answer.api_keys:
            bad = await street.connect()
            bad.writer.write(struct.pack(">ihhih", 40, api.api_key, api.max_version, 1, -1) + b"\xff" * 30)
            await asyncio.wait_for(bad.reader.read(), 5)
        assert (await (await street.connect()).versions()).error_code == ErrorCode.none

    on_a_street(test)


def test_answers_come_in_the_order_of_the_requests() -> None:
    async def test(street: Street) -> None:
        await street.do(CreateTopic("orders", 1, 3))
        leader = street.lab.view()["partition:orders:0"]["leader"]
        client = await street.connect(leader)
        for number in range(30):
            client.send(ApiKey.PRODUCE, 9, number, produce("orders", b"x", acks=-1 if number % 2 else 1))
        heard = [await client.hear(ApiKey.PRODUCE, 9) for _ in range(30)]
        assert [number for number, _ in heard] == list(range(30))
        assert [body.topics[0].partitions[0].base_offset for _, body in heard] == list(range(30))
        assert street.lab.view()["ledger"] | {"visible": 30} == {
            "kind": "ledger",
            "sent": 30,
            "acked": 30,
            "visible": 30,
            "delivered": 0,
            "duplicated": 0,
            "failed": 0,
            "lost_after_ack": 0,
            "aborted": 0,
            "dropped": 0,
            "passed_over": 0,
            "lost_before_ack": 0,
        }

    on_a_street(test)


def test_a_frame_may_come_in_pieces_of_any_size() -> None:
    async def test(street: Street) -> None:
        await street.do(CreateTopic("orders", 1, 1, {"max.message.bytes": "9000000"}))
        leader = street.lab.view()["partition:orders:0"]["leader"]
        client = await street.connect(leader)
        frame = b"".join(encode_request(ApiKey.PRODUCE, 9, 5, "tester", produce("orders", b"v" * 3_000_000)))
        for start, end in ((0, 2), (2, 5), (5, 70_000), (70_000, len(frame))):
            client.writer.write(frame[start:end])
            await asyncio.sleep(0.02)
        _, body = await client.hear(ApiKey.PRODUCE, 9)
        assert body.topics[0].partitions[0].error_code == ErrorCode.none
        opened = street.lab.logs.record("orders", 0, 0)
        assert opened is not None
        assert (opened.record.value, opened.crc_fits) == ("v" * 3_000_000, True)

    on_a_street(test)


def is_read(connection: Connection) -> bool:
    assert connection._transport is not None
    return connection._transport.is_reading()


def test_a_client_that_never_reads_is_no_longer_read() -> None:
    async def test(street: Street) -> None:
        with socket.create_connection(("127.0.0.1", street.doors.ports[0])) as client:
            client.setblocking(False)
            frame = b"".join(encode_request(ApiKey.API_VERSIONS, 4, 1, "tester", WHO)) * 2_000
            rest = frame
            while all(map(is_read, street.gateway.connections.values())):
                with suppress(BlockingIOError):
                    rest = rest[client.send(rest) :] or frame
                await asyncio.sleep(0.002)
            (connection,) = street.gateway.connections.values()
            assert not is_read(connection)
            assert (await (await street.connect()).versions()).error_code == ErrorCode.none

    on_a_street(test)


def test_a_killed_broker_refuses_and_comes_back_on_its_port() -> None:
    async def test(street: Street) -> None:
        client = await street.connect(2)
        await client.versions()
        await street.do(CrashBroker(2))
        assert await client.reader.read() == b""
        with pytest.raises(ConnectionRefusedError):
            await street.connect(2)
        await street.do(StartBroker(2))
        await asyncio.wait_for(street.lab.until_ready(), 20)
        assert (await (await street.connect(2)).versions()).error_code == ErrorCode.none

    on_a_street(test)


def test_a_broker_that_shuts_down_closes_its_connections() -> None:
    async def test(street: Street) -> None:
        client = await street.connect(3)
        await client.versions()
        await street.do(StopBroker(3))
        assert await asyncio.wait_for(client.reader.read(), 10) == b""

    on_a_street(test)


def test_a_frozen_broker_answers_when_it_thaws() -> None:
    async def test(street: Street) -> None:
        await street.do(FreezeBroker(2))
        client = await street.connect(2)
        client.send(ApiKey.API_VERSIONS, 4, 1, WHO)
        heard = asyncio.ensure_future(client.hear(ApiKey.API_VERSIONS, 4))
        await asyncio.sleep(0.2)
        assert not heard.done()
        await street.do(ThawBroker(2))
        assert (await heard)[0] == 1

    on_a_street(test)


def test_a_taken_port_is_told_in_one_sentence_and_all_are_given_back() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortRefused) as refused:
            Doors.bind("127.0.0.1", port, 1)
    assert str(refused.value) == f"Port {port} on 127.0.0.1 cannot be used for a broker: Address already in use."
    Doors.bind("127.0.0.1", port, 1).close()
    with pytest.raises(PortRefused, match="70000 is no port: they go up to 65535"):
        Doors.bind("127.0.0.1", 70_000, 1)
