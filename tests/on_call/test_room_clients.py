"""In a room's drill, learners' own clients come into the cluster that is broken, by the door of their seat."""

import asyncio
import re

import pytest
from django.test import AsyncClient

from kafkalab.engine.config import BrokerConfig
from kafkalab.lab import Doors, Listener, Reception, SecurityProtocol, Tenant
from kafkalab.web.classroom.models import Room
from kafkalab.web.drills.after_restart import let_drills_go_on
from kafkalab.web.drills.desks import desks
from kafkalab.web.drills.rooms import close_all
from kafkalab.web.drills.storing import all_stored
from kafkalab.web.labs.open_labs import open_labs
from kafkalab.wire.errors import ErrorCode
from tests.classroom.rooms import instructor, joined, lab_at, room_of, school
from tests.lab.test_authentication import is_closed, let_in, topics_of
from tests.lab.test_gateway import Client
from tests.on_call.test_room import at_the_drill_of, ordered, pins

pytestmark = pytest.mark.django_db(transaction=True)


class Street:
    """On which everybody's door is."""

    def __init__(self) -> None:
        self.listener = Listener(SecurityProtocol.SASL_PLAINTEXT, Doors.bind("127.0.0.1", 0, 3))

    async def enter(self, tenant: Tenant) -> Client:
        client = Client(*await asyncio.open_connection("127.0.0.1", self.listener.doors.ports[0]))
        assert (await let_in(client, "SCRAM-SHA-256", tenant.user, tenant.password)).error_code is ErrorCode.none
        return client


async def topics(client: Client) -> set[str]:
    return {topic.name for topic in (await topics_of(client)).topics}


async def told_a_password(browser: AsyncClient, path: str) -> list[str]:
    page = (await browser.get(path)).content.decode()
    return re.findall(r'<code id="password-\d+">([^<]*)</code>', page)


async def tenant_at(browser: AsyncClient, room: Room) -> Tenant:
    assert open_labs.many is not None
    return open_labs.many.by_name[await lab_at(browser, room)]


def test_the_door_of_a_seat_leads_into_its_drill_until_that_is_over() -> None:
    async def scenario() -> None:
        street = Street()
        async with school(listeners=(street.listener,)) as many:
            reception = Reception((street.listener,), many.find, many.enter, BrokerConfig.parse({}))
            reception.start()
            try:
                await goes_there_and_back(street)
            finally:
                await all_stored()
                close_all()
                desks.close()
                await all_stored()
                reception.close()

    asyncio.run(scenario())


async def led(street: Street, tenant: Tenant) -> Client:
    """Once its drill is there again. Until then clients are sent away, and into no other lab."""
    assert tenant.held
    with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
        await street.enter(tenant)
    async with asyncio.timeout(30):
        while tenant.elsewhere is None:
            await asyncio.sleep(0.05)
    assert not tenant.held
    return await street.enter(tenant)


def test_clients_find_their_drill_after_a_restart_and_their_own_lab_in_the_debrief() -> None:
    async def scenario() -> None:
        street = Street()
        async with school(listeners=(street.listener,)) as many:
            reception = Reception((street.listener,), many.find, many.enter, BrokerConfig.parse({}))
            reception.start()
            try:
                grace = await instructor()
                room = await room_of(grace)
                ada = await joined(room, "Ada")
                tenant = await tenant_at(ada, room)
                await ordered(grace, room, "begin", drill="5", seed="7")
                async with at_the_drill_of(ada, room) as page:
                    await pins(page)
                    await street.enter(tenant)
                    await asyncio.sleep(0.5)
                await all_stored()
                close_all()
                await all_stored()
                await let_drills_go_on()
                client = await led(street, tenant)
                assert await topics(client) != {"orders"}
                await ordered(grace, room, "inject", delay="0")
                async with at_the_drill_of(ada, room) as page:
                    lab = page.desk.duty.lab
                    assert lab.world.edges
                    # The own lab's page shows that lab, whoever its clients are with.
                    assert (await many.opened(tenant)) is tenant.lab is not lab
                    await ordered(grace, room, "stop")
                    await page.until("debrief")
                    assert await is_closed(client)
                    assert lab.time is not None, "it can be looked back in"
                    assert await topics(await street.enter(tenant)) == {"orders"}
            finally:
                await all_stored()
                close_all()
                desks.close()
                await all_stored()
                reception.close()

    asyncio.run(scenario())


async def goes_there_and_back(street: Street) -> None:
    grace = await instructor()
    room = await room_of(grace)
    ada, bob = await joined(room, "Ada"), await joined(room, "Bob")
    adas, bobs = await tenant_at(ada, room), await tenant_at(bob, room)
    own = await street.enter(adas)
    assert await topics(own) == {"orders"}
    await ordered(grace, room, "begin", drill="5", seed="7")
    async with at_the_drill_of(ada, room) as page:
        assert await is_closed(own)
        client = await street.enter(adas)
        drill = page.desk.duty.lab
        assert await topics(client) == {topic.name for topic in drill.image.topics.values()} != {"orders"}
        assert page.desk.used
        assert drill.snapshot()["entities"]["lab"]["listens"]
        assert await told_a_password(ada, f"/seat/{room.code}/drill/") == [adas.password]
        place = page.desk.owner.rpartition(" ")[2]
        assert await told_a_password(grace, f"/rooms/{room.code}/drill/watch/{place}/") == []
        async with at_the_drill_of(bob, room) as other:
            theirs = await street.enter(bobs)
            assert [len(each.desk.duty.lab.world.edges) for each in (page, other)] == [1, 1]
        await ordered(grace, room, "end")
    assert await is_closed(client)
    assert await is_closed(theirs)
    assert await topics(await street.enter(adas)) == {"orders"}
