"""The programs on the page's connect panel, run as they stand there: by each listener, in each language.

Python's and kcat's run wherever the tests do. Java's and Kafka's own tools need the jars that
`apache_kafka/README.md` says how to get (KAFKALAB_APACHE_KAFKA), Go's and JavaScript's their toolchains.
"""

import html
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from kafkalab.bench.peers import free_ports, start_lab
from kafkalab.web.labs.snippets import CHOSEN_PASSWORD, PROGRAMS, Program
from tests.clients.apache_kafka.clusters import JARS
from tests.clients.conftest import RunningLab
from tests.clients.java.test_command_line_tools import TOOLS
from tests.clients.programs import CLIENTS, HERE, NoToolchain, needed

WAYS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
PATIENCE_S = 100
LEAN = ("-Xmx128m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
SAYS = {
    "confluent_kafka": "hello from confluent-kafka",
    "kafka_python": "hello from kafka-python",
    "java": "hello from Java",
    "go": "hello from Go",
    "kafkajs": "hello from kafkajs",
    "kcat": "hello from kcat",
    "tools": "hello from the tools",
}
"""What each of them sends, and must read again."""


@dataclass
class Run:
    process: subprocess.Popen[bytes]
    said: Path

    def text(self) -> str:
        return self.said.read_text(errors="replace")


@dataclass
class Panel:
    """What was read on the page by one way in, and what came of running it."""

    protocol: str
    code: dict[str, str]
    missing: dict[str, str]
    """By program: the toolchain that is not there."""
    runs: dict[str, Run]


def program(name: str) -> Program:
    return next(each for each in PROGRAMS if each.template == name)


# -- how each language runs a program that was copied from the page --------------------------------------


def python(place: Path) -> list[str]:
    return [sys.executable, "-W", "ignore", "hello.py"]


def apache_jars() -> Path:
    if JARS not in os.environ:
        raise NoToolchain(f"Apache Kafka ({JARS} is not set)")
    needed("java")
    return Path(os.environ[JARS])


def java(place: Path) -> list[str]:
    needed("javac", "a JDK")
    return ["java", *LEAN, "-cp", f"{apache_jars()}/*", "Hello.java"]


def go(place: Path) -> list[str]:
    tool = needed("go", "Go")
    for file in ("go.mod", "go.sum"):
        shutil.copy(HERE / "franz_go" / file, place)
    build = [tool, "build", "-mod=mod", "-o", "hello", "."]
    done = subprocess.run(build, cwd=place, capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0, done.stderr
    return ["./hello"]


def node(place: Path) -> list[str]:
    if os.environ.get("CI"):
        raise NoToolchain("what npm installs: a clean clone is tested with Python's and Debian's packages")
    [client] = [client for client in CLIENTS if client.folder == "kafkajs"]
    tool, installed = client.ready().command
    (place / "node_modules").symlink_to(Path(installed).parent / "node_modules")
    return [tool, "hello.mjs"]


def kcat(place: Path) -> list[str]:
    if shutil.which("kcat") is None:
        assert not os.environ.get("CI"), "kcat is missing: .ci/run installs it"
    needed("kcat", "Debian's package kcat")
    return ["bash", "hello.sh"]


def tools(place: Path) -> list[str]:
    """The scripts of Kafka's archive do no more than this; the jars come without them."""
    for tool in ("kafka-console-producer", "kafka-console-consumer"):
        script = place / "bin" / f"{tool}.sh"
        script.parent.mkdir(exist_ok=True)
        script.write_text(f'#!/bin/sh\nexec java {" ".join(LEAN)} -cp "{apache_jars()}/*" {TOOLS[tool]} "$@"\n')
        script.chmod(0o755)
    return ["bash", "hello.sh"]


HOW: dict[str, tuple[str, Callable[[Path], list[str]]]] = {
    "confluent_kafka": ("hello.py", python),
    "kafka_python": ("hello.py", python),
    "java": ("Hello.java", java),
    "go": ("main.go", go),
    "kafkajs": ("hello.mjs", node),
    "kcat": ("hello.sh", kcat),
    "tools": ("hello.sh", tools),
}


@pytest.fixture(scope="module", params=WAYS)
def panel(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    """All programs at the same time, at a lab of their own; each until it has read what it sent."""
    data = tmp_path_factory.mktemp("snippets")
    first = free_ports(9) + 700
    options = ("--ssl-port", str(first), "--sasl-port", str(first + 3), "--sasl-ssl-port", str(first + 6))
    peer = start_lab(str(data / "lab"), options=options)
    runs: dict[str, Run] = {}
    try:
        lab = RunningLab(peer)
        answer = lab.do("set_password", user="alice", password=CHOSEN_PASSWORD)
        assert answer["ok"], answer
        number = WAYS.index(request.param) + 1
        code = copied(peer.url, number)
        authority = download(peer.url + "kafkalab-ca.pem")
        missing: dict[str, str] = {}
        for name, text in code.items():
            place = data / name
            place.mkdir()
            file, ready = HOW[name]
            (place / file).write_text(text)
            (place / "kafkalab-ca.pem").write_bytes(authority)
            try:
                command = ready(place)
            except NoToolchain as error:
                missing[name] = str(error)
                continue
            runs[name] = started(command, place)
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline and any(SAYS[name] not in run.text() for name, run in runs.items()):
            time.sleep(0.2)
        yield Panel(request.param, code, missing, runs)
    finally:
        for run in runs.values():
            os.killpg(run.process.pid, signal.SIGKILL)
            run.process.wait()
        peer.stop()


def copied(url: str, number: int) -> dict[str, str]:
    """What the copy buttons of that way in copy, by program."""
    page = download(url + "labs/home/").decode()
    found = re.findall(rf'<code id="snippet-{number}-\w+" data-program="(\w+)">(.*?)</code>', page, re.DOTALL)
    return {name: html.unescape(text) for name, text in found}


def download(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=30) as answer:
        content: bytes = answer.read()
    return content


def started(command: list[str], place: Path) -> Run:
    said = place / "said"
    with said.open("wb") as file:
        process = subprocess.Popen(
            command,
            cwd=place,
            env={**os.environ, "PATH": f"{place / 'bin'}{os.pathsep}{os.environ['PATH']}"},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            # A shell's children end with it.
            start_new_session=True,
        )
    return Run(process, said)


def test_the_panel_has_every_program_by_every_listener(panel: Panel) -> None:
    assert list(panel.code) == [each.template for each in PROGRAMS] == list(HOW) == list(SAYS)
    for name, text in panel.code.items():
        if name not in ("go", "kafkajs"):
            assert (panel.protocol in text) is (panel.protocol != "PLAINTEXT"), text
        assert (CHOSEN_PASSWORD in text) is panel.protocol.startswith("SASL"), text
        assert ("kafkalab-ca.pem" in text) is panel.protocol.endswith("SSL"), text


@pytest.mark.parametrize("name", HOW)
def test_a_program_reads_what_it_has_sent(panel: Panel, name: str) -> None:
    if name in panel.missing:
        pytest.skip(f"{program(name).title} needs {panel.missing[name]}")
    assert SAYS[name] in panel.runs[name].text(), panel.runs[name].text()
