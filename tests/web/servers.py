"""PostgreSQL and Redis from Debian's packages, started for tests: on loopback, in a directory of their own."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from kafkalab.bench.peers import free_ports

PATIENCE_S = 30
PASSWORD = "only-for-tests"
SOON = ["-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off"]
"""What is lost in a power failure is no loss here."""


@contextmanager
def postgresql() -> Iterator[str]:
    """Its URL."""
    initdb, postgres = _program("initdb"), _program("postgres")
    with _own_directory() as directory:
        (directory / "password").write_text(PASSWORD)
        (directory / "password").chmod(0o644)
        made = [initdb, "-D", "data", "-U", "kafkalab", "-A", "scram-sha-256", "--pwfile", "password", "-E", "UTF8"]
        subprocess.run([*made, "--no-sync"], cwd=directory, check=True, capture_output=True, **_somebody())
        port = free_ports(1)
        where = ["-p", str(port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]
        with _running(port, directory, postgres, "-D", "data", *where, *SOON):
            yield f"postgresql://kafkalab:{PASSWORD}@127.0.0.1:{port}/postgres"


@contextmanager
def redis() -> Iterator[str]:
    """Its URL."""
    program = _program("redis-server")
    with _own_directory() as directory:
        port = free_ports(1)
        options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--requirepass", PASSWORD]
        with _running(port, directory, program, *options):
            yield f"redis://:{PASSWORD}@127.0.0.1:{port}/0"


def _program(name: str) -> str:
    """Where it is; the test is skipped where it is not, but never in CI."""
    packaged = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    path = str(packaged[-1]) if packaged else shutil.which(name)
    if path is None:
        assert not os.environ.get("CI"), f"{name} is missing: .ci/run installs it"
        pytest.skip(f"{name} is not installed (Debian: apt-get install postgresql redis-server)")
    return path


def _somebody() -> dict[str, Any]:
    """PostgreSQL refuses to be run by root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


@contextmanager
def _own_directory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="kafkalab-server-") as kept:
        who = _somebody()
        if who:
            os.chown(kept, who["user"], who["group"])
        yield Path(kept)


@contextmanager
def _running(port: int, directory: Path, *command: str) -> Iterator[None]:
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=directory, stdout=log, stderr=log, **_somebody())
    try:
        deadline = time.monotonic() + PATIENCE_S
        while not _listens(port):
            assert process.poll() is None, (directory / "log").read_text()
            assert time.monotonic() < deadline, (directory / "log").read_text()
            time.sleep(0.05)
        yield
    finally:
        # To PostgreSQL: at once, whoever is still connected. Redis does as much.
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE_S)


def _listens(port: int) -> bool:
    with socket.socket() as trial:
        return trial.connect_ex(("127.0.0.1", port)) == 0
