"""Requests that no browser would send: of another host, out of the folder, too large, too many."""

import asyncio
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from channels.testing import HttpCommunicator, WebsocketCommunicator
from django.test import AsyncClient
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Origin

from kafkalab.bench.peers import Peer, start_lab
from kafkalab.web.asgi import application
from kafkalab.web.course.bookshelf import LARGEST_PICTURE
from kafkalab.web.labs.consumers import LARGEST_MESSAGE, SOCKETS_OF_ONE, TRY_AGAIN_LATER
from kafkalab.web.labs.making import made as made_labs
from kafkalab.web.labs.narrow_doors import LARGEST_BODY
from kafkalab.web.labs.open_labs import open_labs
from kafkalab.web.labs.owners import COOKIE
from tests.course.browsers import known_browser
from tests.web.labs import HERE, home_lab
from tests.web.test_learners import made, school


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "evil.example:8000", "127.0.0.1.evil.example"]
)
def test_a_host_that_is_not_ours_gets_no_page(host: str) -> None:
    async def scenario() -> None:
        async with home_lab():
            for path in ("/labs/home/", "/api/labs/home/", "/course/", "/static/js/main.js", "/labs/home/join.svg"):
                for headers in ({"Host": host}, {"Host": "localhost", "X-Forwarded-Host": host}):
                    answer = await AsyncClient().get(path, headers=headers)
                    if headers["Host"] == host and not path.startswith("/static"):
                        assert answer.status_code == 400
                    assert host not in answer.content.decode()

    asyncio.run(scenario())


CLIMBING = (
    "/static/../manage.py",
    "/static/..%2fmanage.py",
    "/static/%2e%2e/manage.py",
    "/static/..%5cmanage.py",
    "/static//etc/passwd",
    "/static/%2fetc%2fpasswd",
    "/static/js/../../pyproject.toml",
    "/static/\x00",
    "/guides/..%2f..%2fREADME/",
    "/labs/..%2fhome/tape/",
    "/labs/home%2f..%2f..%2fsecret-key/",
    "/labs/home~..%2f..%2fx/recording/",
    "/course/sheets/..%2f1/",
    "/course/1-..%2f..%2fx/",
    "/labs/home/archive/verify/?topic=../../../etc/passwd&topic_id=..&format=jsonl",
)


@pytest.mark.parametrize("path", CLIMBING)
def test_nobody_climbs_out_of_a_folder(path: str) -> None:
    """Through the application itself, static files and all, with the path as a server decodes it."""

    async def scenario() -> int:
        async with home_lab():
            asked = HttpCommunicator(application, "GET", path, headers=[(b"host", b"localhost")])
            answer = await asked.get_response(20)
            return int(answer["status"])

    assert asyncio.run(scenario()) == 404


def test_what_a_file_is_called_is_not_the_askers_choice() -> None:
    async def scenario() -> str:
        async with home_lab():
            answer = await AsyncClient().get("/labs/home/recording/?name=../../evil&filename=evil.html")
            return str(answer.headers["Content-Disposition"])

    assert asyncio.run(scenario()) == 'attachment; filename="home-recording.jsonl.gz"'


@pytest.mark.django_db
def test_a_form_that_is_too_large_is_refused() -> None:
    learner = known_browser("a" * 32)
    assert learner.post("/course/workbook/Q1/save/", {"text": "x" * 70_000}).status_code == 400
    assert learner.post("/instructor/", {"username": "x" * 70_000, "password": "x"}).status_code == 400
    assert learner.post("/course/yours/take/", {f"f{n}": "" for n in range(1_100)}).status_code == 400
    assert LARGEST_PICTURE < LARGEST_BODY


def test_on_a_network_nobody_makes_labs_without_end(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with school(tmp_path):
            open_labs.on_a_network = True
            try:
                asked = [await AsyncClient().post("/labs/new/") for _ in range(made_labs.each + 1)]
                assert [answer.status_code for answer in asked] == [302] * made_labs.each + [429]
                lesson = await AsyncClient().get("/course/1-a-log-not-a-queue/")
                assert (lesson.status_code, b"Too many labs at once" in lesson.content) == (429, True)
            finally:
                open_labs.on_a_network = False
                made_labs.forget()

    asyncio.run(scenario())


def test_one_browser_has_not_all_the_sockets(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with school(tmp_path):
            owner = AsyncClient()
            lab = await made(owner)
            cookie = f"{COOKIE}={owner.cookies[COOKIE].value}".encode()
            sockets = []
            for _ in range(SOCKETS_OF_ONE + 1):
                one = WebsocketCommunicator(application, f"/ws/labs/{lab}/", headers=[*HERE, (b"cookie", cookie)])
                await one.connect(20)
                sockets.append(one)
            said = await sockets[-1].receive_output(20)
            assert said == {"type": "websocket.close", "code": TRY_AGAIN_LATER}
            for one in sockets:
                await one.disconnect()

    asyncio.run(scenario())


@pytest.fixture(scope="module")
def server() -> Iterator[Peer]:
    peer = start_lab()
    yield peer
    peer.stop()


def _spoken_to(server: Peer, *pieces: bytes) -> bytes:
    """What comes back until the server closes, or has nothing more to say for a moment."""
    port = int(server.url.rstrip("/").rpartition(":")[2])
    heard = b""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
        try:
            for piece in pieces:
                line.sendall(piece)
            while b"\r\n\r\n" not in heard and (more := line.recv(4096)):
                heard += more
        except (BrokenPipeError, ConnectionResetError):
            pass
    return heard


HEAD = b"POST /course/yours/take/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"


def test_a_body_that_is_too_large_is_refused_before_it_has_come(server: Peer) -> None:
    before = server.memory_mb()
    declared = _spoken_to(server, HEAD + f"Content-Length: {LARGEST_BODY + 1}\r\n\r\n".encode())
    assert declared.startswith(b"HTTP/1.1 413 ")
    piece = b"100000\r\n" + b"x" * 2**20 + b"\r\n"
    chunked = _spoken_to(server, HEAD + b"Transfer-Encoding: chunked\r\n\r\n", *[piece] * (LARGEST_BODY // 2**20 + 3))
    assert chunked == b"" or chunked.startswith(b"HTTP/1.1 413 ")
    fitting = _spoken_to(server, HEAD + b"Content-Length: 4\r\n\r\ncode")
    assert fitting.startswith(b"HTTP/1.1 403 ")
    assert server.memory_mb() - before < 60


def test_a_message_in_many_frames_is_not_larger_than_one_in_one(server: Peer) -> None:
    where = server.url.rstrip("/")
    with connect(f"{where.replace('http', 'ws')}/ws/labs/home/", origin=Origin(where), max_size=None) as browser:
        browser.recv(timeout=20)
        browser.send([*["x" * 1_000] * 30])
        while json.loads(browser.recv(timeout=20)).get("error") != "This is not JSON.":
            pass
        sent = []

        def pieces() -> Iterator[str]:
            for number in range(400):
                time.sleep(0.005)
                sent.append(number)
                yield "x" * (LARGEST_MESSAGE // 2)

        with pytest.raises(ConnectionClosed):
            browser.send(pieces())
    assert len(sent) < 400


def test_a_head_without_end_is_refused(server: Peer) -> None:
    heard = _spoken_to(server, b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"x" * 100_000)
    assert heard == b"" or heard.startswith(b"HTTP/1.1 400 ")


def test_what_is_no_request_is_refused(server: Peer) -> None:
    for nonsense in (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"GET\r\n\r\n", b"G T / HTTP/9\r\n\r\n"):
        assert _spoken_to(server, nonsense).startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 505 "))


def test_two_lengths_are_no_way_to_hide_a_second_request(server: Peer) -> None:
    smuggled = (
        HEAD + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /labs/home/ HTTP/1.1\r\n\r\n"
    )
    assert _spoken_to(server, smuggled).startswith(b"HTTP/1.1 400 ")
