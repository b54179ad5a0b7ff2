"""A server that is killed in the middle of a class: rooms, seats, votes and labs are there again as they were."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path

import pytest
from websockets.sync.client import connect

from kafkalab.bench.peers import MANAGE, Peer, free_ports, start_lab

PASSWORD = "correct horse battery"


class Browser:
    """Keeps cookies and fills in forms."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self.jar = CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))

    def get(self, path: str) -> str:
        with self._opener.open(self.url + path, timeout=30) as answer:
            return str(answer.read().decode())

    def post(self, form: str, path: str = "", **fields: str) -> str:
        """From the page with that form, to the path or to the page itself; the page that it leads to."""
        [token, *_] = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', self.get(form))
        data = urllib.parse.urlencode({**fields, "csrfmiddlewaretoken": token}).encode()
        with self._opener.open(self.url + (path or form), data, timeout=30) as answer:
            return str(answer.read().decode())

    def ask(self, socket: str, command: dict[str, object]) -> dict[str, object]:
        """The answer of a lab's socket."""
        cookies = "; ".join(f"{it.name}={it.value}" for it in self.jar)
        headers = {"Cookie": cookies, "Origin": self.url}
        with connect(f"ws{self.url[4:]}{socket}", additional_headers=headers, max_size=None) as line:
            line.send(json.dumps({"id": 1, **command}))
            while (heard := json.loads(line.recv(30)))["type"] != "answer":
                pass
        return dict(heard)


@pytest.fixture
def data() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="kafkalab-room-") as directory:
        yield Path(directory)


def instructor(data: Path, name: str, password: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, str(MANAGE), "instructor", name, "--data", str(data)],
        input=f"{password}\n",
        env={**os.environ, "KAFKALAB_PYTHON_IS_READY": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, (done.stdout + done.stderr).strip()


def killed(server: Peer) -> None:
    server.process.send_signal(signal.SIGKILL)
    server.process.wait()


def test_rooms_seats_votes_and_labs_outlive_a_killed_server(data: Path) -> None:
    assert instructor(data, "grace", "forgotten password") == (0, "Made the instructor grace.")
    assert instructor(data, "grace", PASSWORD) == (0, "There is a new password for the instructor grace.")
    port = free_ports(4)
    server = start_lab(str(data), port)
    try:
        teacher, ada = Browser(server.url), Browser(server.url)
        teacher.post("/instructor/", username="grace", password=PASSWORD)
        page = teacher.post("/rooms/", "/rooms/new/", title="Monday", arrangement="own", teams="2")
        [code, *_] = re.findall(r"/rooms/([2-9A-Z]{6})/", page)
        seat = ada.post(f"/join/{code}/", name="Ada")
        [socket, *_] = re.findall(r'data-socket="([^"]+)"', seat)
        made = ada.ask(socket, {"command": "create_topic", "name": "mine", "partitions": 2, "replication_factor": 3})
        assert made["ok"], made
        sent = ada.ask(socket, {"command": "send_record", "topic": "mine", "key": "k", "value": "kept", "partition": 1})
        assert sent["ok"], sent
        votes, mine = f"/rooms/{code}/votes/", f"/seat/{code}/vote/"
        teacher.post(votes, f"{votes}order/", order="ask_own", ask="How many?", kind="number")
        [vote, *_] = re.findall(r'name="vote" value="(\w+)"', ada.get(mine))
        ada.post(mine, f"{mine}cast/", vote=vote, said="3")
        teacher.post(f"/rooms/{code}/", f"/rooms/{code}/order/", order="pause")
        killed(server)
        server = start_lab(str(data), port)
        # The same room, seat and lab, by the cookies that the browsers have; and the pause still holds.
        again = ada.get(f"/seat/{code}/")
        assert (f'data-socket="{socket}"' in again, "<strong>Ada</strong>" in again) == (True, True)
        lab = socket.removeprefix("/ws").rstrip("/")
        assert "kept" in ada.get(f"{lab}/records/?topic=mine&partition=1&offset=0")
        assert 'You have voted: <strong lang="en">3</strong>' in ada.get(mine)
        teacher.post(votes, f"{votes}order/", order="reveal", vote=vote)
        assert "Round 1: 1 vote" in ada.get(mine)
        refused = ada.ask(socket, {"command": "create_topic", "name": "more"})
        assert refused["error"] == "The instructor has paused the room: wait a moment."
        teacher.post(f"/rooms/{code}/", f"/rooms/{code}/order/", order="go_on")
        assert ada.ask(socket, {"command": "create_topic", "name": "more"})["ok"]
        with pytest.raises(urllib.error.HTTPError, match="404"):
            Browser(server.url).get(f"{lab}/")
    finally:
        server.stop()


def test_a_learners_account_is_made_no_instructor(data: Path) -> None:
    environment = {**os.environ, "KAFKALAB_PYTHON_IS_READY": "1"}
    command = [sys.executable, str(MANAGE), "account", "ada", "--data", str(data)]
    subprocess.run(command, input=f"{PASSWORD}\n", env=environment, text=True, check=True, capture_output=True)
    code, said = instructor(data, "ada", "another long password")
    assert (code, said) == (1, "CommandError: ada is a learner's account: an instructor needs another name.")
