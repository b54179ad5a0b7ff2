"""A client over its quota, on a real socket: answered at once, then not read; and who may come in at all."""

import asyncio
from typing import Any

import pytest

from kafkalab.lab import Doors, Gateway, Lab, LabSettings
from kafkalab.lab.commands import CreateTopic
from kafkalab.lab.config_commands import AlterBrokerConfig, SetClientQuota
from kafkalab.wire.api import ApiKey
from tests.lab.labs import QUICK
from tests.lab.test_gateway import Client, Street, on_a_street, produce

pytestmark = pytest.mark.clock

KILOBYTE = b"x" * 1_000


async def street_with_quota(street: Street, **quota: Any) -> Client:
    """A client of the one broker that leads the topic's one partition."""
    await street.do(CreateTopic("orders", 1, 1))
    assert (await street.do(SetClientQuota(**quota))).ok
    await asyncio.sleep(0.7)
    leader = street.lab.image.topics["orders"].partitions[0].leader
    return await street.connect(leader)


def test_the_answer_comes_at_once_and_the_next_one_after_the_throttle() -> None:
    async def test(street: Street) -> None:
        client = await street_with_quota(street, quota="producer_byte_rate", limit=10_000.0, client_id="tester")
        loop = asyncio.get_running_loop()
        began = loop.time()
        client.send(ApiKey.PRODUCE, 9, 1, produce("orders", KILOBYTE * 112))
        _, answer = await client.hear(ApiKey.PRODUCE, 9)
        assert loop.time() - began < 0.5
        assert 1_000 < answer.throttle_time_ms < 1_500
        await client.versions()
        waited_ms = (loop.time() - began) * 1000
        assert answer.throttle_time_ms - 50 < waited_ms < answer.throttle_time_ms + 700

    on_a_street(test)


def test_who_is_muted_is_not_read_though_it_wants_no_answers() -> None:
    async def test(street: Street) -> None:
        client = await street_with_quota(street, quota="producer_byte_rate", limit=10_000.0, client_id="tester")
        client.send(ApiKey.PRODUCE, 9, 1, produce("orders", KILOBYTE * 150, acks=0))
        await asyncio.sleep(0.3)
        (connection,) = street.gateway.connections.values()
        taken = street.lab.visitors.of_connection[connection.name].requests
        for number in range(50):
            client.send(ApiKey.PRODUCE, 9, number, produce("orders", KILOBYTE, acks=0))
        await asyncio.sleep(0.5)
        assert street.lab.visitors.of_connection[connection.name].requests == taken
        entity = street.lab.view()["client:1"]
        assert entity["throttled"]["quota"] == "producer_byte_rate"

    on_a_street(test)


def test_connections_that_come_faster_than_their_address_may_are_closed() -> None:
    async def test(street: Street) -> None:
        assert (await street.do(SetClientQuota("connection_creation_rate", 1.0, ip="127.0.0.1"))).ok
        await asyncio.sleep(0.7)
        clients = [await street.connect() for _ in range(15)]
        await asyncio.sleep(0.2)
        assert len(street.gateway.connections) == 10
        assert await clients[-1].reader.read() == b""
        why = "connections come too fast from that address (connection_creation_rate)"
        assert street.refusals()[-1] == f"Broker 1 closed a connection from 127.0.0.1: {why}."

    on_a_street(test)


def test_a_broker_takes_as_many_connections_of_an_address_as_it_is_set_to() -> None:
    async def test(street: Street) -> None:
        assert (await street.do(AlterBrokerConfig("max.connections.per.ip", "2", broker=1))).ok
        await asyncio.sleep(0.7)
        clients = [await street.connect(broker) for broker in (1, 1, 1, 2, 2, 2)]
        await asyncio.sleep(0.2)
        held = [connection.broker for connection in street.gateway.connections.values()]
        assert (held.count(1), held.count(2)) == (2, 3)
        assert await clients[2].reader.read() == b""

    on_a_street(test)


def test_what_a_lab_is_made_with_bounds_connections_requests_and_idleness() -> None:
    async def play() -> None:
        doors = Doors.bind("127.0.0.1", 0, 1)
        configs = QUICK | {"socket.request.max.bytes": "1000", "connections.max.idle.ms": "500"}
        settings = LabSettings(brokers=1, broker_configs=configs, limits={"connections": 2})
        lab = Lab.open(None, settings, doors.plain_ports)
        gateway = Gateway(lab, doors)
        lab.play()
        gateway.start()
        try:
            await asyncio.wait_for(lab.until_ready(), 20)
            clients = [Client(*await asyncio.open_connection("127.0.0.1", doors.ports[0])) for _ in range(3)]
            await asyncio.sleep(0.1)
            assert len(gateway.connections) == 2
            clients[0].writer.write((1_001).to_bytes(4, "big") + bytes(1_001))
            assert await clients[0].reader.read() == b""
            # The other says nothing for half a second.
            assert await asyncio.wait_for(clients[1].reader.read(), 5) == b""
        finally:
            gateway.close()
            lab.close()
            await asyncio.sleep(0.01)

    asyncio.run(play())
