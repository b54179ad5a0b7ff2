"""A lab of one's own, by the page: made with a press, nobody else's, and gone when it is deleted."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from channels.testing import WebsocketCommunicator
from django.test import AsyncClient

from kafkalab.lab import Bounds, Certificates, Doors, Listener, ManyLabs, SecurityProtocol
from kafkalab.web.asgi import application
from kafkalab.web.labs.consumers import NO_SUCH_LAB
from kafkalab.web.labs.open_labs import open_labs
from kafkalab.web.labs.owners import COOKIE
from tests.web.labs import HERE, home_lab


@asynccontextmanager
async def school(directory: Path, **bounds: int) -> AsyncIterator[ManyLabs]:
    certificates = Certificates(directory / "tls")
    doors = [Doors.bind("127.0.0.1", 0, 3) for _ in range(2)]
    listeners = (
        Listener(SecurityProtocol.SASL_PLAINTEXT, doors[0]),
        Listener(SecurityProtocol.SASL_SSL, doors[1], certificates.context("127.0.0.1")),
    )
    async with home_lab():
        many = ManyLabs(directory / "labs", "127.0.0.1", listeners, Bounds(**bounds))
        open_labs.many, open_labs.certificates = many, certificates
        try:
            yield many
        finally:
            open_labs.many = open_labs.certificates = None
            many.close()
            for taken in doors:
                taken.close()


async def made(browser: AsyncClient) -> str:
    """The name of a new lab."""
    answer = await browser.post("/labs/new/")
    assert answer.status_code == 302, answer.content
    return str(answer.headers["Location"]).rstrip("/").rpartition("/")[2]


async def closed_with(lab: str, browser: AsyncClient) -> int | None:
    """None when the socket stays open."""
    cookie = f"{COOKIE}={browser.cookies[COOKIE].value}" if COOKIE in browser.cookies else ""
    headers = [*HERE, (b"cookie", cookie.encode())]
    socket = WebsocketCommunicator(application, f"/ws/labs/{lab}/", headers=headers)
    await socket.connect(20)
    said = await socket.receive_output(20)
    await socket.disconnect()
    return said.get("code") if said["type"] == "websocket.close" else None


def test_a_new_lab_shows_its_own_way_in(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with school(tmp_path) as many:
            browser = AsyncClient()
            name = await made(browser)
            page = (await browser.get(f"/labs/{name}/")).content.decode()
            (tenant,) = many.by_name.values()
            shown = dict(re.findall(r'<code id="(\w+-\d)">([^<]*)</code>', page))
            credentials = {key: value for key, value in shown.items() if key.startswith(("user", "password"))}
            assert credentials == {f"user-{n}": name for n in (1, 2)} | {
                f"password-{n}": tenant.password for n in (1, 2)
            }
            [first] = re.findall(r'<code id="snippet-1-confluent_kafka"[^>]*>([^<]*)</code>', page)
            assert "SASL_PLAINTEXT" in first
            assert tenant.password in first
            assert "/kafkalab-ca.pem" in page

    asyncio.run(scenario())


def test_to_everybody_else_it_is_not_there(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with school(tmp_path):
            owner, other, stranger = AsyncClient(), AsyncClient(), AsyncClient()
            lab, _ = await made(owner), await made(other)
            paths = [
                f"/labs/{lab}/",
                f"/api/labs/{lab}/",
                f"/labs/{lab}/records/?topic=orders",
                f"/labs/{lab}/record/?topic=orders&partition=0&offset=0",
                f"/labs/{lab}/line/?command=%7B%7D",
            ]
            found = [[(await who.get(path)).status_code for path in paths] for who in (owner, other, stranger)]
            assert found == [[200] * 5, [404] * 5, [404] * 5]
            assert [await closed_with(lab, who) for who in (owner, other, stranger)] == [None, NO_SUCH_LAB, NO_SUCH_LAB]
            assert (await other.post(f"/labs/{lab}/delete/")).status_code == 404

    asyncio.run(scenario())


def test_a_cookie_that_was_made_up_owns_nothing(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with school(tmp_path) as many:
            lab = await made(AsyncClient())
            forger = AsyncClient()
            forger.cookies[COOKIE] = f"{many.by_name[lab].owner}:{'x' * 43}"
            assert (await forger.get(f"/labs/{lab}/")).status_code == 404
            assert await closed_with(lab, forger) == NO_SUCH_LAB

    asyncio.run(scenario())


def test_one_is_told_when_there_is_no_room(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with school(tmp_path, of_one_owner=1):
            browser = AsyncClient()
            await made(browser)
            answer = await browser.post("/labs/new/")
            assert answer.status_code == 409
            assert "You have as many labs as one may have (1): delete one first." in answer.content.decode()

    asyncio.run(scenario())


def test_a_lab_is_deleted_by_its_owner(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with school(tmp_path) as many:
            browser = AsyncClient()
            lab = await made(browser)
            assert f"/labs/{lab}/" in (await browser.get("/labs/")).content.decode()
            assert (await browser.post(f"/labs/{lab}/delete/")).status_code == 302
            assert (many.by_name, (await browser.get(f"/labs/{lab}/")).status_code) == ({}, 404)

    asyncio.run(scenario())


def test_a_form_of_another_site_makes_no_lab(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with school(tmp_path) as many:
            assert (await AsyncClient(enforce_csrf_checks=True).post("/labs/new/")).status_code == 403
            assert many.by_name == {}

    asyncio.run(scenario())


def test_a_server_of_one_lab_has_no_others() -> None:
    async def scenario() -> None:
        async with home_lab():
            browser = AsyncClient()
            paths = ("/labs/", "/kafkalab-ca.pem")
            assert [(await browser.get(path)).status_code for path in paths] == [404, 404]
            assert (await browser.post("/labs/new/")).status_code == 404

    asyncio.run(scenario())


def test_the_certificate_that_clients_trust_can_be_had(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with school(tmp_path):
            answer = await AsyncClient().get("/kafkalab-ca.pem")
            assert (answer.status_code, answer.content) == (200, (tmp_path / "tls" / "ca.pem").read_bytes())
            assert b"PRIVATE" not in answer.content

    asyncio.run(scenario())


def test_the_page_on_security_tells_what_every_request_needs() -> None:
    async def scenario() -> None:
        async with home_lab():
            page = (await AsyncClient().get("/security/")).content.decode()
        rows = dict(re.findall(r"<tr><td><code>(\w+)</code></td><td>(.*?)</td></tr>", page))
        assert {api: rows[api] for api in ("Produce", "Heartbeat", "ApiVersions", "CreateTopics", "ListGroups")} == {
            "Produce": "WRITE on the transactional id; WRITE on each topic",
            "Heartbeat": "READ on the group",
            "ApiVersions": "free to everybody",
            "CreateTopics": "CREATE on each topic, or CREATE on the cluster",
            "ListGroups": "tells of a group only to those who may DESCRIBE it, or DESCRIBE on the cluster",
        }
        assert all(rows.values())

    asyncio.run(scenario())
