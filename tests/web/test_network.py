"""The lab on a network: who must be there before it starts, whose the home lab is, and what a proxy is believed."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import AsyncClient, Client, RequestFactory, override_settings

from kafkalab.bench.peers import free_ports
from kafkalab.lab import Doors, Lab, Listener, SecurityProtocol
from kafkalab.web.asgi import application
from kafkalab.web.course import belonging
from kafkalab.web.course.learner import address_of
from kafkalab.web.labs.consumers import GOING_AWAY, NO_SUCH_LAB
from kafkalab.web.labs.open_labs import open_labs
from kafkalab.web.labs.opening_up import what_is_open
from kafkalab.web.network import AddressRefused, Public, is_loopback, names_of
from tests.web.labs import HERE, home_lab

ROOT = Path(__file__).parents[2]
PASSWORD = "chalk and blackboard"
STRANGERS = ("/api/labs/home/", "/labs/home/records/", "/labs/home/metrics", "/labs/home/recording/")


@pytest.fixture(autouse=True)
def fresh_turnstiles() -> Iterator[None]:
    yield
    belonging.logins.forget()


def manage(*words: str, password: str = "", **environment: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *words],
        env={**os.environ, "KAFKALAB_PYTHON_IS_READY": "1", **environment},
        input=f"{password}\n",
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout + done.stderr


@asynccontextmanager
async def on_a_network() -> AsyncIterator[Lab]:
    async with home_lab() as lab:
        open_labs.on_a_network = True
        try:
            yield lab
        finally:
            open_labs.on_a_network = False


async def logged_in(name: str, path: str = "/instructor/") -> AsyncClient:
    browser = AsyncClient()
    answer = await browser.post(path, {"username": name, "password": PASSWORD})
    assert answer.status_code == 302, answer.content
    return browser


async def socket_of(browser: AsyncClient, path: str = "/ws/labs/home/") -> WebsocketCommunicator:
    cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in browser.cookies.items())
    socket = WebsocketCommunicator(application, path, headers=[*HERE, (b"cookie", cookies.encode())])
    await socket.connect(20)
    return socket


# -- before it starts ------------------------------------------------------------------------------------------


def test_without_an_instructor_it_does_not_start_on_a_network(tmp_path: Path) -> None:
    """A learner's account is none."""
    port = free_ports(4)
    assert manage("account", "ann", "--data", str(tmp_path), password=PASSWORD)[0] == 0
    ports = ("--port", str(port), "--kafka-port", str(port + 1), "--data", str(tmp_path))
    assert manage("lab", "--host", "0.0.0.0", *ports) == (
        1,
        "On a network the lab needs an instructor with a password: make one with "
        f"python3 manage.py instructor NAME --data {tmp_path}, and start again.\n",
    )
    assert not (tmp_path / "home").exists()
    assert manage("instructor", "kim", "--data", str(tmp_path), password=PASSWORD) == (0, "Made the instructor kim.\n")


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (
            ("lab", "--address", "kafka.example.org"),
            "kafka.example.org is no address that people can come by: it looks like https://kafka.example.org\n",
        ),
        (
            ("lab", "--labs-host", "0.0.0.0"),
            "Kafka's clients are told where to come to, and 0.0.0.0 is no such place: "
            "name this machine's address on the network, as --labs-host 192.168.1.20.\n",
        ),
        (
            ("replay", "any.tape", "--serve", "--host", "0.0.0.0"),
            "A tape is shown on this machine only, and 0.0.0.0 is reached from others.\n",
        ),
    ],
)
def test_what_cannot_be_is_said_in_one_sentence(
    flags: tuple[str, ...], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        call_command(*flags)
    assert capsys.readouterr().err == sentence


def test_who_starts_it_is_told_what_is_open() -> None:
    home, inside = Doors.bind("127.0.0.1", 0, 3), Doors.bind("127.0.0.1", 0, 3)
    opened = replace(home, host="192.168.1.20")
    try:
        first, last = home.ports[0], home.ports[-1]
        plain, locked = Listener(SecurityProtocol.PLAINTEXT, opened), Listener(SecurityProtocol.SASL_PLAINTEXT, opened)
        assert what_is_open("127.0.0.1", (Listener(SecurityProtocol.PLAINTEXT, inside),), ()) == []
        assert what_is_open("127.0.0.1", (plain, locked), ()) == [
            f"Ports {first}-{last} (PLAINTEXT) are open to the network without a password: "
            "whoever connects may do anything in the home lab."
        ]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(open_labs, "on_a_network", True)
            assert what_is_open("192.168.1.20", (Listener(SecurityProtocol.PLAINTEXT, inside),), ()) == [
                "The page is open to the network without encryption: whoever listens there can read passwords. "
                "Put a proxy with HTTPS in front, and say --address https://...",
                "Kafka's ports are open to this machine only: --labs-host opens those of learners' labs to others.",
            ]
    finally:
        home.close()
        inside.close()


def test_whether_others_reach_an_address() -> None:
    told = {
        host: is_loopback(host) for host in ("127.0.0.1", "127.8.0.1", "::1", "localhost", "0.0.0.0", "::", "10.1.1.1")
    }
    assert [host for host, is_so in told.items() if is_so] == ["127.0.0.1", "127.8.0.1", "::1", "localhost"]
    assert is_loopback("no such host.invalid") is False
    assert names_of("fe80::1") == ["[fe80::1]"]


# -- what Django is told ---------------------------------------------------------------------------------------


def test_the_deployment_check_is_clean_behind_https(capsys: pytest.CaptureFixture[str]) -> None:
    environment = {"KAFKALAB_ADDRESS": "https://kafka.example.org", "KAFKALAB_HSTS_S": "31536000"}
    code, said = manage("check", "--deploy", "--fail-level", "WARNING", **environment)
    assert (code, said[:36]) == (0, "System check identified no issues (2")
    with override_settings(**Public.read("https://kafka.example.org").settings()):
        call_command("check", "--deploy", "--fail-level", "WARNING")
    assert "no issues (1 silenced)" in capsys.readouterr().out


def test_only_an_address_with_https_makes_a_proxy_believed() -> None:
    plain, secure = Public.read("http://kafka.example.org:8000"), Public.read("https://kafka.example.org", 60)
    assert "SECURE_PROXY_SSL_HEADER" not in plain.settings()
    assert plain.settings()["CSRF_TRUSTED_ORIGINS"] == ["http://kafka.example.org:8000"]
    assert secure.settings() == {
        "CSRF_TRUSTED_ORIGINS": ["https://kafka.example.org"],
        "SILENCED_SYSTEM_CHECKS": ["security.W005", "security.W021"],
        "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https"),
        "SECURE_SSL_REDIRECT": True,
        "SECURE_HSTS_SECONDS": 60,
        "SESSION_COOKIE_SECURE": True,
        "CSRF_COOKIE_SECURE": True,
        "LANGUAGE_COOKIE_SECURE": True,
    }


@pytest.mark.parametrize("address", ["ftp://a.example", "https://", "https://a.example/x", "https://a:b", "a.example"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(AddressRefused):
        Public.read(address)


def test_hsts_is_only_said_over_https() -> None:
    with pytest.raises(AddressRefused):
        Public.read("http://kafka.example.org", 60)


def test_a_proxy_says_from_whom_a_request_comes_and_nobody_else() -> None:
    asked = RequestFactory().get("/", headers={"X-Forwarded-For": "6.6.6.6, 192.0.2.7"}, REMOTE_ADDR="127.0.0.1")
    assert address_of(asked) == "127.0.0.1"
    with override_settings(PUBLIC=Public.read("https://kafka.example.org")):
        assert address_of(asked) == "192.0.2.7"


@pytest.mark.django_db
def test_behind_https_every_cookie_is_for_https_alone_and_out_of_reach_of_scripts() -> None:
    User.objects.create_user("kim", password=PASSWORD, is_staff=True)
    public = Public.read("https://testserver", 60)
    with override_settings(PUBLIC=public, **public.settings()):
        browser = Client(headers={"X-Forwarded-Proto": "https"})
        answers = [
            browser.get("/instructor/"),
            browser.post("/i18n/setlang/", {"language": "de"}),
            browser.post("/course/workbook/Q1/save/", {"text": "mine"}),
            browser.post("/instructor/", {"username": "kim", "password": PASSWORD}),
        ]
        assert answers[3].status_code == 302
        assert answers[0].headers["Strict-Transport-Security"] == "max-age=60"
        unencrypted = Client().get("/instructor/")
        assert (unencrypted.status_code, unencrypted.headers["Location"]) == (301, "https://testserver/instructor/")
    cookies = {name: morsel for answer in answers for name, morsel in answer.cookies.items()}
    assert sorted(cookies) == ["csrftoken", "django_language", "kafkalab-owner", "sessionid"]
    assert {(bool(each["secure"]), each["samesite"]) for each in cookies.values()} == {(True, "Lax")}
    assert sorted(name for name, each in cookies.items() if not each["httponly"]) == ["django_language"]


# -- whose the home lab is --------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_scraper_with_the_servers_token_reads_the_home_labs_metrics_on_a_network(settings: Any) -> None:
    """Nobody does where there is no token, and the token opens nothing else."""

    async def seen(token: str, path: str = "/metrics") -> tuple[int, bool]:
        answer = await AsyncClient().get(path, headers={"Authorization": f"Bearer {token}"})
        return answer.status_code, 'lab="home"' in answer.content.decode()

    async def scenario() -> None:
        async with on_a_network():
            assert (await AsyncClient().get("/metrics")).content == b""
            assert await seen("") == (200, False)
            assert await seen("0123456789abcdef") == (401, False)
            settings.METRICS_TOKEN = "0123456789abcdef"
            assert await seen("0123456789abcdef") == (200, True)
            assert await seen("0123456789abcdeF") == (401, False)
            assert await seen("") == (200, False)
            assert (await seen("0123456789abcdef", "/labs/home/metrics"))[0] == 404
            assert (await seen("0123456789abcdef", "/api/labs/home/"))[0] == 404

    asyncio.run(scenario())


def test_a_token_that_can_be_guessed_is_refused_before_anything_starts(tmp_path: Path) -> None:
    code, said = manage("lab", "--data", str(tmp_path), KAFKALAB_METRICS_TOKEN="secret")
    assert code != 0
    assert "KAFKALAB_METRICS_TOKEN has 16 characters at least: openssl rand -hex 20 makes one." in said


@pytest.mark.django_db(transaction=True)
def test_on_a_network_the_home_lab_is_the_instructors_alone() -> None:
    async def scenario() -> None:
        await sync_to_async(User.objects.create_user)("kim", password=PASSWORD, is_staff=True)
        async with on_a_network():
            stranger, instructor = AsyncClient(), await logged_in("kim")
            assert [(await stranger.get(path)).status_code for path in STRANGERS] == [404] * len(STRANGERS)
            assert [(await instructor.get(path)).status_code for path in STRANGERS] == [200] * len(STRANGERS)
            page = await stranger.get("/labs/home/")
            assert (page.status_code, page.headers["Location"]) == (302, "/instructor/?next=/labs/home/")
            assert (await instructor.get("/labs/home/")).status_code == 200
            doors = [(await who.get("/")).headers["Location"] for who in (stranger, instructor)]
            assert doors == ["/join/", "/labs/home/"]
            told = [(await who.get("/metrics")).content for who in (stranger, instructor)]
            assert [b'lab="home"' in each for each in told] == [False, True]
            shown = [(await who.get("/api/")).content.decode() for who in (stranger, instructor)]
            assert ["<h3><code>broker</code></h3>" in each for each in shown] == [False, True]
            assert [(await who.get("/real/")).status_code for who in (stranger, instructor)] == [200, 200]
            assert (await stranger.get("/healthz")).status_code == 200

    asyncio.run(scenario())


@pytest.mark.django_db(transaction=True)
def test_a_socket_of_the_home_lab_is_the_instructors_and_closes_when_he_logs_out() -> None:
    async def scenario() -> None:
        await sync_to_async(User.objects.create_user)("kim", password=PASSWORD, is_staff=True)
        async with on_a_network():
            for path in ("/ws/labs/home/", "/ws/labs/home/terminal/", "/ws/labs/home/lesson/"):
                socket = await socket_of(AsyncClient(), path)
                assert await socket.receive_output(20) == {"type": "websocket.close", "code": NO_SUCH_LAB}
                await socket.disconnect()
            instructor = await logged_in("kim")
            socket = await socket_of(instructor)
            assert (await socket.receive_output(20))["type"] == "websocket.send"
            assert (await instructor.post("/instructor/go-out/")).status_code == 302
            while (said := await socket.receive_output(20))["type"] != "websocket.close":
                pass
            assert said["code"] == GOING_AWAY
            await socket.disconnect()
            assert (await instructor.get("/api/labs/home/")).status_code == 404

    asyncio.run(scenario())


@pytest.mark.django_db(transaction=True)
def test_a_learner_with_an_account_is_no_instructor() -> None:
    async def scenario() -> None:
        await sync_to_async(User.objects.create_user)("ann", password=PASSWORD)
        async with on_a_network():
            learner = await logged_in("ann", "/course/yours/come-in/")
            assert (await learner.get("/api/labs/home/")).status_code == 404
            refused = await AsyncClient().post("/instructor/", {"username": "ann", "password": PASSWORD})
            wrong = await AsyncClient().post("/instructor/", {"username": "ann", "password": "wrong"})
            words = [re.findall(r'role="alert">([^<]+)', each.content.decode()) for each in (refused, wrong)]
            assert words == [["No instructor has this name and this password."]] * 2

    asyncio.run(scenario())


@pytest.mark.django_db(transaction=True)
def test_an_instructor_whose_password_was_changed_must_log_in_again() -> None:
    async def scenario() -> None:
        kim = await sync_to_async(User.objects.create_user)("kim", password=PASSWORD, is_staff=True)
        async with on_a_network():
            instructor = await logged_in("kim")
            kim.set_password("another one")
            await kim.asave()
            assert (await instructor.get("/api/labs/home/")).status_code == 404

    asyncio.run(scenario())


# -- the door ---------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_an_instructor_comes_in_and_goes_out_again() -> None:
    User.objects.create_user("kim", password=PASSWORD, is_staff=True)
    browser = Client()
    came = browser.post("/instructor/", {"username": "kim", "password": PASSWORD, "next": "/labs/home/"})
    assert (came.status_code, came.headers["Location"]) == (302, "/labs/home/")
    assert "You are logged in as kim." in browser.get("/instructor/").content.decode()
    assert browser.post("/instructor/go-out/").headers["Location"] == "/instructor/"
    assert "You are logged in" not in browser.get("/instructor/").content.decode()
    assert settings.SESSION_COOKIE_AGE == 12 * 3600


@pytest.mark.django_db
def test_an_instructors_password_is_not_tried_for_long() -> None:
    User.objects.create_user("kim", password=PASSWORD, is_staff=True)
    tries = [Client().post("/instructor/", {"username": "kim", "password": "x"}).status_code for _ in range(10)]
    right = Client().post("/instructor/", {"username": "kim", "password": PASSWORD})
    assert (tries, right.status_code) == ([400] * 10, 429)
