"""Another site in the same browser: it can send requests with the learner's cookies, and nothing comes of it."""

import asyncio
from urllib.parse import quote, urljoin

import pytest
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import User
from django.test import AsyncClient, Client, override_settings

from kafkalab.web.asgi import application
from kafkalab.web.course import belonging
from kafkalab.web.network import Public
from tests.web.attacks.paths import known_paths
from tests.web.labs import STAGE

EVIL = "https://evil.example"
WITHOUT_CHANGE = {"/healthz"}
"""Answered before anything else, and changes nothing."""


async def is_let_in(origin: str | None, host: str | None = "localhost:8000") -> bool:
    headers = [(name, value.encode()) for name, value in ((b"origin", origin), (b"host", host)) if value is not None]
    socket = WebsocketCommunicator(application, STAGE, headers=headers)
    connected, _ = await socket.connect(20)
    await socket.disconnect()
    return bool(connected)


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "null",
        "",
        EVIL,
        "http://localhost.evil.example:8000",
        "http://evil.example@localhost:8000",
        "http://localhost:8000@evil.example",
        "http://localhost:3000",
        "http://localhost",
        "http://127.0.0.1:8000",
        "ftp://localhost:8000",
        "file://localhost:8000",
        "chrome-extension://localhost:8000",
        "http://[localhost:8000",
    ],
)
def test_a_socket_is_not_opened_from_elsewhere(origin: str | None) -> None:
    assert asyncio.run(is_let_in(origin)) is False


def test_a_socket_is_opened_from_our_own_page() -> None:
    assert asyncio.run(is_let_in("http://localhost:8000")) is True


def test_a_name_that_was_turned_upon_this_machine_opens_no_socket() -> None:
    for name in ("rebound.example:8000", "localhost.rebound.example", "", "localhost:8000, evil.example", None):
        assert asyncio.run(is_let_in(f"http://{name}", name)) is False


def test_behind_https_a_page_that_came_unencrypted_opens_no_socket() -> None:
    public = Public.read("https://localhost")
    with override_settings(PUBLIC=public, **public.settings()):
        told = {
            origin: asyncio.run(is_let_in(origin, "localhost")) for origin in ("http://localhost", "https://localhost")
        }
    assert told == {"http://localhost": False, "https://localhost": True}


@pytest.mark.parametrize("path", [known.filled() for known in known_paths() if known.filled() not in WITHOUT_CHANGE])
def test_nothing_is_changed_without_the_token_of_the_page(path: str) -> None:
    async def scenario() -> list[int]:
        browser = AsyncClient(enforce_csrf_checks=True)
        browser.cookies["csrftoken"] = "a" * 32
        forged = {"csrfmiddlewaretoken": "b" * 32}
        return [
            (await browser.post(path)).status_code,
            (await browser.post(path, forged, headers={"Origin": EVIL})).status_code,
            (await browser.put(path)).status_code,
            (await browser.patch(path)).status_code,
            (await browser.delete(path)).status_code,
        ]

    assert asyncio.run(scenario()) == [403] * 5


@pytest.mark.django_db
def test_not_even_with_the_right_token_from_another_site() -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.get("/instructor/")
    token = browser.cookies["csrftoken"].value
    sent = {"csrfmiddlewaretoken": token, "language": "de"}
    assert browser.post("/i18n/setlang/", sent, headers={"Origin": "http://testserver"}).status_code == 302
    for origin in (EVIL, "null", "http://testserver:81", "http://testserver.evil.example"):
        assert browser.post("/i18n/setlang/", sent, headers={"Origin": origin}).status_code == 403


AWAY = [
    "//evil.example/",
    "https://evil.example/",
    "https:evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "javascript:alert(1)",
    "http://testserver@evil.example/",
    "%2f%2fevil.example",
    "/%09/evil.example",
    "\t//evil.example",
]


@pytest.mark.parametrize("there", AWAY)
def test_nobody_is_sent_elsewhere_after_he_chose_a_language(there: str) -> None:
    answer = Client().post("/i18n/setlang/", {"language": "de", "next": there}, headers={"Referer": EVIL})
    assert _stays(answer.headers["Location"])


@pytest.mark.django_db
def test_nobody_is_sent_elsewhere_after_he_logged_in() -> None:
    User.objects.create_user("kim", password="chalk and blackboard", is_staff=True)
    for there in AWAY:
        belonging.logins.forget()
        said = {"username": "kim", "password": "chalk and blackboard", "next": there}
        answer = Client().post(f"/instructor/?next={quote(there)}", said)
        assert answer.status_code == 302
        assert _stays(answer.headers["Location"]), there
    belonging.logins.forget()


def _stays(location: str) -> bool:
    """As a browser reads it: backslashes are slashes, and tabs are nothing."""
    read = location.replace("\\", "/").replace("\t", "").strip()
    return urljoin("http://testserver/instructor/", read).startswith("http://testserver/")


@pytest.mark.django_db
def test_no_page_is_shown_within_another_sites() -> None:
    answer = Client().get("/instructor/")
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in answer.headers
