"""Starting and stopping as a person does it at a prompt."""

import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections import deque
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Origin

from kafkalab.bench.peers import MANAGE, await_health, free_ports, lab_command
from kafkalab.web.labs.consumers import GOING_AWAY

READY = {**os.environ, "KAFKALAB_PYTHON_IS_READY": "1"}


def start(port: int, data: Path) -> "subprocess.CompletedProcess[str]":
    """For starts that must fail: they end by themselves."""
    return subprocess.run(
        lab_command(port, str(data)), env=READY, capture_output=True, text=True, timeout=60, check=False
    )


def test_a_taken_page_port_is_said_in_one_sentence(tmp_path: Path) -> None:
    port = free_ports(4)
    with socket.create_server(("127.0.0.1", port + 3)):
        done = start(port, tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert str(port + 3) in done.stderr


def test_a_taken_kafka_port_is_said_in_one_sentence(tmp_path: Path) -> None:
    port = free_ports(4)
    with socket.create_server(("127.0.0.1", port + 1)):
        done = start(port, tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert str(port + 1) in done.stderr


def test_a_data_directory_that_cannot_be_one_is_said_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a directory")
    done = start(free_ports(4), tmp_path / "file")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert str(tmp_path / "file") in done.stderr


def test_an_old_python_is_told_so_in_one_sentence() -> None:
    pretend = "import runpy, sys; sys.version_info = (3, 9, 18); runpy.run_path(sys.argv[1], run_name='__main__')"
    done = subprocess.run(
        [sys.executable, "-c", pretend, str(MANAGE)], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith("Kafka Lab needs Python 3.11 or newer")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT to send to one process")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_the_lab_says_when_it_is_ready_and_stops_cleanly(tmp_path: Path, how: signal.Signals) -> None:
    port = free_ports(4)
    process = subprocess.Popen(
        lab_command(port, str(tmp_path)), env=READY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    await_health(f"http://127.0.0.1:{port + 3}/healthz", process)
    with urllib.request.urlopen(f"http://127.0.0.1:{port + 3}/", timeout=10) as page:
        assert page.status == 200
    process.send_signal(how)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert out.splitlines()[0] == (
        f"Kafka Lab is ready: http://127.0.0.1:{port + 3}/  bootstrap.servers=127.0.0.1:{port}"
    )
    assert err == ""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to send to one process")
def test_an_open_browser_does_not_keep_the_lab_from_stopping(tmp_path: Path) -> None:
    port = free_ports(4)
    page = f"http://127.0.0.1:{port + 3}"
    process = subprocess.Popen(lab_command(port, str(tmp_path)), env=READY, stdout=subprocess.DEVNULL)
    await_health(f"{page}/healthz", process)
    with connect(f"ws://127.0.0.1:{port + 3}/ws/labs/home/", origin=Origin(page), max_size=None) as socket:
        socket.recv(timeout=10)
        process.send_signal(signal.SIGTERM)
        with pytest.raises(ConnectionClosed) as closed:
            deque(socket, maxlen=0)
    assert process.wait(timeout=15) == 0
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == GOING_AWAY


def test_a_path_out_of_the_static_folder_is_not_found(tmp_path: Path) -> None:
    port = free_ports(4)
    process = subprocess.Popen(
        lab_command(port, str(tmp_path)), env=READY, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    await_health(f"http://127.0.0.1:{port + 3}/healthz", process)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"http://127.0.0.1:{port + 3}/static/%2e%2e/%2e%2e/manage.py", timeout=10)
    process.terminate()
    _, err = process.communicate(timeout=20)
    assert refused.value.code == 404
    assert "Traceback" not in err
