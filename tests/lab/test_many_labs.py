"""Many labs behind shared ports: who owns which, how many there may be, and how they sleep and wake."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from kafkalab.engine.config import BrokerConfig
from kafkalab.lab import (
    Bounds,
    Doors,
    Lab,
    LabSettings,
    LabsRefused,
    Listener,
    ManyLabs,
    Reception,
    SecurityProtocol,
    Tenant,
)
from kafkalab.lab.commands import CrashBroker, CreateTopic
from kafkalab.lab.security_commands import SetPassword
from kafkalab.wire.api import ApiKey
from kafkalab.wire.errors import ErrorCode
from tests.lab.test_authentication import is_closed, let_in, topics_of
from tests.lab.test_gateway import Client

pytestmark = pytest.mark.clock


class Building:
    def __init__(self, directory: Path | None, bounds: Bounds) -> None:
        self.listener = Listener(SecurityProtocol.SASL_PLAINTEXT, Doors.bind("127.0.0.1", 0, 3))
        self.said: list[str] = []
        self.labs = ManyLabs(directory, "127.0.0.1", (self.listener,), bounds, self.said.append)
        self.reception = Reception((self.listener,), self.labs.find, self.labs.enter, BrokerConfig.parse({}))

    async def connect(self, broker: int = 1) -> Client:
        return Client(*await asyncio.open_connection("127.0.0.1", self.listener.doors.ports[broker - 1]))

    async def enter(self, tenant: Tenant, broker: int = 1) -> Client:
        client = await self.connect(broker)
        told = await let_in(client, "SCRAM-SHA-256", tenant.user, tenant.password)
        assert told.error_code is ErrorCode.none, told
        return client

    async def do(self, tenant: Tenant, command: object) -> None:
        outcome = asyncio.get_running_loop().create_future()
        assert tenant.lab is not None
        tenant.lab.do(command, outcome.set_result)  # type: ignore[arg-type]
        assert (await asyncio.wait_for(outcome, 20)).ok


def in_a_building(
    test: Callable[[Building], Awaitable[None]], directory: Path | None = None, bounds: Bounds | None = None
) -> None:
    async def play() -> None:
        building = Building(directory, bounds or Bounds())
        building.labs.start()
        building.reception.start()
        try:
            await asyncio.wait_for(test(building), 60)
        finally:
            building.reception.close()
            building.labs.close()
            await asyncio.sleep(0.05)

    asyncio.run(play())


def test_a_client_wakes_its_lab_and_finds_what_it_left(tmp_path: Path) -> None:
    async def scenario(building: Building) -> None:
        tenant = building.labs.create("ann")
        await building.enter(tenant)
        await building.do(tenant, CreateTopic("orders", 1, 3))
        building.labs.put_to_sleep(tenant)
        assert tenant.lab is None
        client = await building.enter(tenant, broker=2)
        told = await topics_of(client)
        assert [topic.name for topic in told.topics] == ["orders"]
        assert [broker.port for broker in told.brokers] == list(building.listener.doors.ports)

    in_a_building(scenario, tmp_path)


def test_the_labs_are_there_after_a_restart(tmp_path: Path) -> None:
    made: list[Tenant] = []

    async def first(building: Building) -> None:
        made.append(building.labs.create("ann"))

    async def second(building: Building) -> None:
        (again,) = building.labs.owned_by("ann")
        assert (again.name, again.password, again.lab) == (made[0].name, made[0].password, None)
        await building.enter(again)

    in_a_building(first, tmp_path)
    in_a_building(second, tmp_path)


def test_a_wrong_password_wakes_nobody() -> None:
    async def scenario(building: Building) -> None:
        one, other = building.labs.create("ann"), building.labs.create("ben")
        told = await let_in(await building.connect(), "SCRAM-SHA-512", one.user, other.password)
        assert told.error_code is ErrorCode.sasl_authentication_failed
        assert (one.lab, other.lab) == (None, None)

    in_a_building(scenario)


def test_the_users_of_a_lab_are_users_of_no_other(tmp_path: Path) -> None:
    async def scenario(building: Building) -> None:
        one, other = building.labs.create("ann"), building.labs.create("ben")
        for tenant in (one, other):
            await building.labs.opened(tenant)
        await building.do(one, SetPassword("carl", "carls"))
        names = (f"carl@{one.name}", f"carl@{other.name}", "carl", f"{one.name}@{other.name}")
        told = [await let_in(await building.connect(), "SCRAM-SHA-256", name, "carls") for name in names]
        failed = ErrorCode.sasl_authentication_failed
        assert [each.error_code for each in told] == [ErrorCode.none, failed, failed, failed]
        building.labs.put_to_sleep(one)
        again = await let_in(await building.connect(), "SCRAM-SHA-256", names[0], "carls")
        assert again.error_code is ErrorCode.none, "its users are known while it sleeps"

    in_a_building(scenario, tmp_path)


def test_a_broker_that_is_down_closes_the_door_once_it_knows_who_it_is() -> None:
    async def scenario(building: Building) -> None:
        one, other = building.labs.create("ann"), building.labs.create("ben")
        before = await building.enter(one, broker=2)
        await building.enter(other, broker=2)
        await building.do(one, CrashBroker(2))
        assert await is_closed(before)
        client = await building.connect(broker=2)
        with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
            await let_in(client, "SCRAM-SHA-256", one.user, one.password)
        client = await building.enter(other, broker=2)
        assert len((await topics_of(client)).brokers) == 3

    in_a_building(scenario)


def test_clients_are_led_into_another_lab_and_back_into_their_own() -> None:
    async def scenario(building: Building) -> None:
        labs, (one, other) = building.labs, [building.labs.create(name) for name in ("ann", "ben")]
        before, stranger = await building.enter(one), await building.enter(other)
        drill = Lab.open(None, LabSettings(name="drill"), labs.ports)
        drill.play()
        await drill.until_ready()
        labs.lead(one, drill)
        assert await is_closed(before)
        client = await building.enter(one, broker=2)
        assert (await topics_of(client)).cluster_id == drill.cluster.spec.cluster_id
        assert [len(drill.world.edges), len(one.lab.world.edges) if one.lab else None] == [1, 0]
        told = await let_in(await building.connect(), "SCRAM-SHA-256", one.user, other.password)
        assert told.error_code is ErrorCode.sasl_authentication_failed
        labs.lead(one, None)
        assert await is_closed(client)
        drill.close()
        await building.enter(one)
        assert [len(each.lab.world.edges) for each in (one, other) if each.lab] == [1, 1]
        assert (await topics_of(stranger)).error_code is ErrorCode.none

    in_a_building(scenario)


def test_before_anybody_has_said_who_they_are_they_learn_of_no_lab() -> None:
    async def scenario(building: Building) -> None:
        client = await building.connect()
        told = await client.versions()
        assert (told.error_code, told.finalized_features, told.finalized_features_epoch) == (ErrorCode.none, (), -1)
        assert ApiKey.PRODUCE in {each.api_key for each in told.api_keys}

    in_a_building(scenario)


def test_there_are_bounds() -> None:
    async def scenario(building: Building) -> None:
        labs = building.labs
        labs.create("ann"), labs.create("ann")
        with pytest.raises(LabsRefused, match=r"as many labs as one may have \(2\)"):
            labs.create("ann")
        labs.create("ben")
        with pytest.raises(LabsRefused, match="There are 3 labs already"):
            labs.create("carl")
        labs.delete(labs.owned_by("ben")[0])
        assert labs.create("carl").owner == "carl"

    in_a_building(scenario, bounds=Bounds(labs=3, of_one_owner=2))


def test_who_was_unused_for_longest_makes_room_and_who_is_in_use_does_not() -> None:
    async def scenario(building: Building) -> None:
        one, two, three, four = (building.labs.create(name) for name in ("ann", "ben", "carl", "dora"))
        client = await building.enter(one)
        for tenant in (two, three):
            assert await building.labs.opened(tenant) is not None
        assert [tenant.lab is not None for tenant in (one, two, three)] == [True, False, True]
        other = await building.enter(three)
        assert await building.labs.opened(four) is None, "both that are awake are in use"
        for connected in (client, other):
            assert (await topics_of(connected)).error_code is ErrorCode.none

    in_a_building(scenario, bounds=Bounds(awake=2))


def test_whoever_is_idle_falls_asleep(tmp_path: Path) -> None:
    async def scenario(building: Building) -> None:
        busy, idle = building.labs.create("ann"), building.labs.create("ben")
        client = await building.enter(busy)
        await building.labs.opened(idle)
        await asyncio.sleep(1.5)
        assert (busy.lab is not None, idle.lab) == (True, None)
        assert (await topics_of(client)).error_code is ErrorCode.none

    in_a_building(scenario, tmp_path, Bounds(idle_s=0.8))


def test_a_lab_that_is_deleted_leaves_nothing_behind(tmp_path: Path) -> None:
    async def scenario(building: Building) -> None:
        tenant = building.labs.create("ann")
        client = await building.enter(tenant)
        assert (tmp_path / tenant.name / "lab.json").exists()
        building.labs.delete(tenant)
        assert await is_closed(client)
        assert [path.name for path in tmp_path.iterdir()] == ["labs.json"]
        told = await let_in(await building.connect(), "SCRAM-SHA-256", tenant.user, tenant.password)
        assert told.error_code is ErrorCode.sasl_authentication_failed

    in_a_building(scenario, tmp_path)


def test_no_password_lies_about_in_the_lab_itself(tmp_path: Path) -> None:
    async def scenario(building: Building) -> None:
        tenant = building.labs.create("ann")
        await building.labs.opened(tenant)
        await building.do(tenant, SetPassword("carl", "carls own secret"))
        building.labs.put_to_sleep(tenant)
        files = [path.read_bytes() for path in (tmp_path / tenant.name).rglob("*") if path.is_file()]
        assert not any(word in content for word in (tenant.password.encode(), b"carls own") for content in files)
        assert any(b"USER_SCRAM_CREDENTIAL_RECORD" in content for content in files)
        assert ((tmp_path / "labs.json").stat().st_mode & 0o077) == 0

    in_a_building(scenario, tmp_path)
