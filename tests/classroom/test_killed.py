"""A server that is killed in the middle of a class and of its drill: all is there again as it was, and goes on."""

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
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

from kafkalab.bench.peers import MANAGE, Peer, free_ports, start_lab

PASSWORD = "correct horse battery"
ALONE = "/drills/5-the-same-error-every-second/?seed=7"
PATIENCE_S = 60


class Line:
    """A socket of a lab, and what was heard there last."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.drill: dict[str, Any] = {}
        self.shown: dict[str, Any] = {}
        """A snapshot or a frame."""

    def ask(self, command: str, **fields: Any) -> dict[str, Any]:
        self.socket.send(json.dumps({"command": command, "id": 1, **fields}))
        while (said := self.hear())["type"] != "answer":
            pass
        return said

    def asks(self, command: str, **fields: Any) -> None:
        said = self.ask(command, **fields)
        assert said["ok"], said

    def until(self, *steps: str) -> None:
        while self.drill.get("step") not in steps or not self.shown:
            self.hear()

    def passes(self, seconds: float) -> None:
        """Of the lab's time, for it to be written down."""
        enough_us = self.shown["at_us"] + int(seconds * 1_000_000)
        while self.shown["at_us"] < enough_us:
            self.hear()

    def hear(self) -> dict[str, Any]:
        said: dict[str, Any] = json.loads(self.socket.recv(timeout=PATIENCE_S))
        if said["type"] == "drill":
            self.drill = said["drill"]
        elif said["type"] in ("snapshot", "frame"):
            self.shown = said
        return said


class Browser:
    """Keeps cookies and fills in forms."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self.jar = CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))

    def get(self, path: str) -> str:
        with self._opener.open(self.url + path, timeout=PATIENCE_S) as answer:
            return str(answer.read().decode())

    def post(self, form: str, path: str = "", **fields: str) -> str:
        """From the page with that form, to the path or to the page itself; the page that it leads to."""
        [token, *_] = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', self.get(form))
        data = urllib.parse.urlencode({**fields, "csrfmiddlewaretoken": token}).encode()
        with self._opener.open(self.url + (path or form), data, timeout=PATIENCE_S) as answer:
            return str(answer.read().decode())

    @contextmanager
    def at(self, page: str) -> Iterator[Line]:
        """The lab that is shown there."""
        with self.on(self.socket_of(page)) as line:
            yield line

    @contextmanager
    def on(self, socket: str) -> Iterator[Line]:
        cookies = "; ".join(f"{it.name}={it.value}" for it in self.jar)
        headers = {"Cookie": cookies, "Origin": self.url}
        with connect(f"ws{self.url[4:]}{socket}", additional_headers=headers, max_size=None) as line:
            yield Line(line)

    def socket_of(self, page: str) -> str:
        [socket] = re.findall(r'<html[^>]* data-socket="([^"]+)"', self.get(page))
        return str(socket)


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


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL to send to one process")
def test_rooms_seats_votes_labs_and_drills_outlive_a_killed_server(data: Path) -> None:
    assert instructor(data, "grace", "forgotten password") == (0, "Made the instructor grace.")
    assert instructor(data, "grace", PASSWORD) == (0, "There is a new password for the instructor grace.")
    port = free_ports(4)
    server = start_lab(str(data), port)
    try:
        teacher, ada, alone = Browser(server.url), Browser(server.url), Browser(server.url)
        teacher.post("/instructor/", username="grace", password=PASSWORD)
        page = teacher.post("/rooms/", "/rooms/new/", title="Monday", arrangement="own", teams="2")
        [code, *_] = re.findall(r"/rooms/([2-9A-Z]{6})/", page)
        ada.post(f"/join/{code}/", name="Ada")
        lab = ada.socket_of(f"/seat/{code}/")
        with ada.on(lab) as line:
            line.asks("create_topic", name="mine", partitions=2, replication_factor=3)
            line.asks("send_record", topic="mine", key="k", value="kept", partition=1)
        votes, mine = f"/rooms/{code}/votes/", f"/seat/{code}/vote/"
        teacher.post(votes, f"{votes}order/", order="ask_own", ask="How many?", kind="number")
        [vote, *_] = re.findall(r'name="vote" value="(\w+)"', ada.get(mine))
        ada.post(mine, f"{mine}cast/", vote=vote, said="3")
        with alone.at(ALONE) as line:
            is_on_watch(line)
        drill = f"/rooms/{code}/drill/"
        teacher.post(drill, f"{drill}order/", order="begin", drill="5", seed="7")
        with ada.at(f"/seat/{code}/drill/") as line:
            breaks(line, teacher, drill)
            before = line.drill
        teacher.post(f"/rooms/{code}/", f"/rooms/{code}/order/", order="pause")
        killed(server)
        server = start_lab(str(data), port)
        # The same room, seat and lab, by the cookies that the browsers have.
        seat = ada.get(f"/seat/{code}/")
        assert (f'data-socket="{lab}"' in seat, "<strong>Ada</strong>" in seat) == (True, True)
        assert "kept" in ada.get(f"{lab.removeprefix('/ws')}records/?topic=mine&partition=1&offset=0")
        assert 'You have voted: <strong lang="en">3</strong>' in ada.get(mine)
        teacher.post(votes, f"{votes}order/", order="reveal", vote=vote)
        assert "Round 1: 1 vote" in ada.get(mine)
        goes_on_in_the_room(teacher, ada, code, lab, before)
        with alone.at(ALONE) as line:
            goes_on_alone(line)
        with pytest.raises(urllib.error.HTTPError, match="404"):
            Browser(server.url).get(lab.removeprefix("/ws"))
        server.process.terminate()
        assert server.process.wait(15) == 0
    finally:
        server.stop()


def is_on_watch(line: Line) -> None:
    line.until("brief")
    line.asks("take_pager")
    line.asks("pin_metrics", metrics=["lag", "stuck"])
    line.asks("begin_watch")
    line.asks("note_belief", text="All is quiet.")
    line.asks("create_topic", name="mine", partitions=1)
    line.passes(2)


def breaks(line: Line, teacher: Browser, drill: str) -> None:
    """In secret: a record is there that cannot be read."""
    line.until("brief")
    line.asks("take_pager")
    line.asks("pin_metrics", metrics=["lag", "stuck"])
    teacher.post(drill, f"{drill}order/", order="inject", delay="0")
    line.until("watch")
    while line.drill["metrics"][1]["value"] != 1:
        line.hear()
    line.asks("note_belief", text="It is one record.")
    line.passes(2)


def goes_on_in_the_room(teacher: Browser, ada: Browser, code: str, lab: str, before: dict[str, Any]) -> None:
    """Where it was: the pause holds, the cluster is as broken as it was, and it ends for all together."""
    drill, room = f"/rooms/{code}/drill/", f"/rooms/{code}/"
    with ada.at(f"/seat/{code}/drill/") as line:
        line.until("watch", "paged")
        same = ("seed", "notice", "pinned", "acknowledged")
        assert {key: line.drill[key] for key in same} == {key: before[key] for key in same}
        assert [(one["pinned"], one["healthy"]) for one in line.drill["metrics"]][1] == (True, False)
        refused = line.ask("note_belief", text="Am I heard?")
        assert refused["error"] == "The instructor has paused the room: wait a moment."
        teacher.post(room, f"{room}order/", order="go_on")
        with ada.on(lab) as own:
            own.asks("create_topic", name="more")
        line.asks("note_belief", text="It goes on.")
        teacher.post(drill, f"{drill}order/", order="stop")
        line.until("debrief")
        said = [(one["text"], one["who"]) for one in line.drill["debrief"]["lines"] if one["kind"] == "said"]
        ended = ("Whoever leads the room ended it.", "")
        assert said[-3:] == [("It is one record.", "Ada"), ("It goes on.", "Ada"), ended]
    assert "Poison pill" in teacher.get(f"{drill}debrief/")
    assert ",Ada,1,debrief,True,,5,Poison pill,7," in teacher.get(f"{drill}results.csv")


def goes_on_alone(line: Line) -> None:
    line.until("watch", "paged")
    assert (line.drill["step"], line.drill["seed"], line.drill["notice"]) == ("watch", 7, "")
    assert "topic:mine" in line.shown["entities"]
    assert [one["name"] for one in line.drill["metrics"] if one["pinned"]] == ["lag", "stuck"]
    line.asks("begin_debrief", sure=True)
    line.until("debrief")
    told = " ".join(one["text"] for one in line.drill["debrief"]["lines"])
    assert "All is quiet." in told
    assert "kafka-topics.sh --bootstrap-server" in told


def test_a_learners_account_is_made_no_instructor(data: Path) -> None:
    environment = {**os.environ, "KAFKALAB_PYTHON_IS_READY": "1"}
    command = [sys.executable, str(MANAGE), "account", "ada", "--data", str(data)]
    subprocess.run(command, input=f"{PASSWORD}\n", env=environment, text=True, check=True, capture_output=True)
    code, said = instructor(data, "ada", "another long password")
    assert (code, said) == (1, "CommandError: ada is a learner's account: an instructor needs another name.")
