"""Another learner's lab: whoever knows its name gets of it what he would get of a lab that is not there."""

import asyncio
from pathlib import Path

import pytest
from channels.testing import WebsocketCommunicator
from django.test import AsyncClient

from kafkalab.lab.commands import CreateTopic
from kafkalab.web.asgi import application, sockets
from kafkalab.web.labs.consumers import NO_SUCH_LAB
from kafkalab.web.labs.open_labs import open_labs
from kafkalab.web.labs.owners import COOKIE
from tests.web.attacks.paths import Known, known_paths
from tests.web.labs import HERE, done
from tests.web.test_learners import made, school

NOWHERE = "lab-000000"
OF_LABS = [known for known in known_paths() if known.lab]
SOCKETS = [each.pattern.regex.pattern for each in sockets if "labs/(?P<name>" in each.pattern.regex.pattern]


def test_the_paths_of_labs_are_found() -> None:
    """Or nothing below would be attacked."""
    found = {known.filled("x") for known in OF_LABS}
    assert {"/labs/x/", "/labs/x/tape/", "/labs/x/recording/", "/labs/x/metrics", "/api/labs/x/moment/"} < found
    assert {"/labs/x/compare/", "/labs/x/archive/order/", "/labs/x/delete/", "/labs/x/ledger/"} < found


@pytest.mark.django_db(transaction=True)
def test_no_path_tells_a_lab_of_somebody_else_from_one_that_is_not_there(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with school(tmp_path) as many:
            owner, other, stranger = AsyncClient(), AsyncClient(), AsyncClient()
            lab, _ = await made(owner), await made(other)
            await owner.get(f"/labs/{lab}/")
            awake = many.by_name[lab].lab
            assert awake is not None
            await done(awake, CreateTopic("of-the-owner"))
            branch = f"{lab}~what-if"
            for known in OF_LABS:
                for who in (other, stranger):
                    for name, missing in ((lab, NOWHERE), (branch, f"{NOWHERE}~what-if")):
                        assert await answers(who, known, name) == await answers(who, known, missing), known
            assert lab in many.by_name
            assert awake.snapshot()["entities"]["topic:of-the-owner"]

    asyncio.run(scenario())


async def answers(who: AsyncClient, known: Known, lab: str) -> list[tuple[int, str]]:
    """To each method; all that a stranger may hear is that there is nothing, or that this is no way to ask."""
    path = known.filled(lab) + "?topic=of-the-owner&partition=0&offset=0&at_us=1&from_us=1&to_us=2&id=broker:1"
    got = [await who.get(path), await who.post(path), await who.delete(path)]
    assert {answer.status_code for answer in got} <= {404, 405}, (path, [answer.status_code for answer in got])
    return [(answer.status_code, answer.content.decode().replace(lab, "")) for answer in got]


def test_the_owner_gets_what_is_kept_from_others(tmp_path: Path) -> None:
    """Or the walk above would prove nothing."""

    async def scenario() -> None:
        async with school(tmp_path):
            owner = AsyncClient()
            lab = await made(owner)
            for path in ("", "records/?topic=x", "recording/", "metrics", "ledger/", "metrics/charts/", "join.svg"):
                assert (await owner.get(f"/labs/{lab}/{path}")).status_code == 200, path

    asyncio.run(scenario())


@pytest.mark.parametrize("pattern", SOCKETS)
def test_no_socket_opens_anothers_lab(pattern: str, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with school(tmp_path):
            owner, other = AsyncClient(), AsyncClient()
            lab, _ = await made(owner), await made(other)
            before, _, after = pattern.lstrip("^").rstrip("$").partition("(?P<name>")
            ends = after[after.index("/") :]
            for name in (lab, f"{lab}~what-if", NOWHERE):
                for cookie in ("", other.cookies[COOKIE].value, f"{owner.cookies[COOKIE].value}x"):
                    headers = [*HERE, (b"cookie", f"{COOKIE}={cookie}".encode())]
                    socket = WebsocketCommunicator(application, f"/{before}{name}{ends}", headers=headers)
                    await socket.connect(20)
                    said = await socket.receive_output(20)
                    assert said == {"type": "websocket.close", "code": NO_SUCH_LAB}
                    await socket.disconnect()

    asyncio.run(scenario())


def test_metrics_of_another_lab_need_its_own_password(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with school(tmp_path) as many:
            owner, other = AsyncClient(), AsyncClient()
            lab, mine = await made(owner), await made(other)
            key = many.by_name[mine].password
            for user, password in ((lab, key), (mine, key), (lab, ""), ("", ""), (lab, "ü")):
                said = {"Authorization": _basic(user, password)}
                assert (await AsyncClient().get(f"/labs/{lab}/metrics", headers=said)).status_code == 404
            said = {"Authorization": _basic(lab, many.by_name[lab].password)}
            assert (await AsyncClient().get(f"/labs/{lab}/metrics", headers=said)).status_code == 200

    asyncio.run(scenario())


def _basic(user: str, password: str) -> str:
    import base64

    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


def test_a_lab_of_a_lesson_is_its_learners_alone() -> None:
    from kafkalab.web.labs.open_labs import PrivateLab
    from tests.web.labs import home_lab

    async def scenario() -> None:
        async with home_lab() as lab:
            open_labs.private["lesson-1-abc"] = PrivateLab("a" * 32, lab, "/course/1-a/")
            try:
                for known in OF_LABS:
                    got = await AsyncClient().get(known.filled("lesson-1-abc"))
                    assert got.status_code in (404, 405), known
            finally:
                del open_labs.private["lesson-1-abc"]

    asyncio.run(scenario())
