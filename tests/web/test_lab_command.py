"""`manage.py lab`: what cannot work is said in one sentence, and a stop is clean."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

from kafkalab.bench.peers import free_ports

ROOT = Path(__file__).parents[2]


def lab(*flags: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), "lab", *flags],
        env={**os.environ, "KAFKALAB_PYTHON_IS_READY": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def refusal_of(*flags: str) -> tuple[int, str]:
    process = lab(*flags)
    _, said = process.communicate(timeout=60)
    return process.returncode, said


def test_a_taken_port_is_said_in_one_sentence(tmp_path: Path) -> None:
    port = free_ports(4)
    with socket.create_server(("127.0.0.1", port)):
        refusal = refusal_of("--port", str(port), "--kafka-port", str(port + 1), "--data", str(tmp_path))
    assert refusal == (1, f"Port {port} on 127.0.0.1 is taken: choose another with --port.\n")


def test_a_data_directory_that_is_a_file_is_said_in_one_sentence(tmp_path: Path) -> None:
    port = free_ports(4)
    (tmp_path / "home").write_text("not a directory")
    code, said = refusal_of("--port", str(port), "--kafka-port", str(port + 1), "--data", str(tmp_path))
    assert (code, said.count("\n")) == (1, 1)
    assert str(tmp_path / "home") in said


def test_certificates_that_cannot_be_kept_are_said_in_one_sentence(tmp_path: Path) -> None:
    port = free_ports(7)
    (tmp_path / "tls").write_text("not a directory")
    ports = ("--port", str(port), "--kafka-port", str(port + 1), "--ssl-port", str(port + 4))
    code, said = refusal_of(*ports, "--data", str(tmp_path))
    assert (code, said) == (1, f"There can be no certificates in {tmp_path / 'tls'}: File exists.\n")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to catch")
def test_it_says_where_it_is_and_stops_cleanly(tmp_path: Path) -> None:
    port = free_ports(4)
    process = lab("--port", str(port), "--kafka-port", str(port + 1), "--data", str(tmp_path))
    assert process.stdout is not None
    ready = process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=30)
    assert ready == f"Kafka Lab is ready: http://127.0.0.1:{port}/  bootstrap.servers=127.0.0.1:{port + 1}\n"
    assert (process.returncode, said) == (0, "")


def test_the_deployment_check_is_clean(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("check", "--deploy", "--fail-level", "WARNING")
    assert "no issues" in capsys.readouterr().out
