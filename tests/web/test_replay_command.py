"""`manage.py replay`: what a tape tells, how it ends, and what is said of one that cannot be played."""

import os
import re
import signal
import subprocess
import sys
import urllib.request
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from kafkalab.bench.peers import free_ports
from kafkalab.lab import Lab, LabSettings
from kafkalab.lab.commands import CrashBroker, CreateTopic
from tests.simulation.planted.elections import anybody_alive_may_be_elected

ROOT = Path(__file__).parents[2]
SECOND_US = 1_000_000
TWO_FAULTS = """
{"tape": "Kafka Lab", "version": 1, "plays": "history", "seed": 8, "brokers": 2, "racks": [], \
"broker_configs": {}, "latency_us": 5000, "chaos_s": 7.1, "end_s": 67.1}
{"topic": "topic-0", "partitions": 1, "replication_factor": 2, "min_insync_replicas": 1, "segment_bytes": 1000000}
{"fault": "stop", "at_s": 7.0, "until_s": 7.1, "node": "broker-1"}
{"fault": "kill", "at_s": 7.0, "until_s": 7.1, "node": "broker-2"}
"""


@pytest.fixture
def tape(tmp_path: Path) -> Path:
    """Of a lab in which a broker crashed."""
    lab = Lab.open(None, LabSettings(seed=3), start_us=1_767_225_600 * SECOND_US)
    lab.advance(2 * SECOND_US)
    lab.do(CreateTopic("orders", 1, 3), lambda outcome: None)
    lab.advance(SECOND_US)
    lab.do(CrashBroker(2), lambda outcome: None)
    lab.advance(15 * SECOND_US)
    assert lab.tape is not None
    lab.tape.save(tmp_path / "scene.jsonl", lab.world.now_us)
    return tmp_path / "scene.jsonl"


def played(*args: str) -> tuple[int, str, str]:
    """(exit code, what it printed, what it complained of)"""
    out, complaints = StringIO(), StringIO()
    try:
        call_command("replay", *args, stdout=out, stderr=complaints)
    except SystemExit as ended:
        return int(str(ended.code)), out.getvalue(), complaints.getvalue()
    return 0, out.getvalue(), complaints.getvalue()


def test_it_tells_what_happened_and_when(tape: Path) -> None:
    code, said, complaints = played(str(tape))
    lines = said.splitlines()
    assert (code, complaints) == (0, "")
    assert (
        "   3.000000  broker-2          broker-2 was killed: what it held in memory is gone, its disk is as it was."
        in lines
    )
    assert any(re.fullmatch(r" {2}1\d\.\d{6}  controller-3000   .*[Bb]roker 2.*", line) for line in lines)
    assert re.fullmatch(r"Every invariant held after 18\.000000 s, at step [\d,]+\.", lines[-1])


def test_it_goes_no_farther_than_it_is_told_to(tape: Path) -> None:
    code, said, _ = played(str(tape), "--until", "2.5")
    assert code == 0
    assert "broker-2 was killed" not in said
    assert "Every invariant held after 2.500000 s" in said


def test_a_broken_rule_is_told_and_is_the_exit_code(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "small.jsonl").write_text(TWO_FAULTS)
    code, said, _ = played(str(tmp_path / "small.jsonl"))
    assert code == 0
    assert "Every invariant held, and so did the final count, after 67.100000 s" in said
    anybody_alive_may_be_elected(monkeypatch.setattr)
    code, said, _ = played(str(tmp_path / "small.jsonl"))
    assert code == 1
    assert re.search(r"^Broken after 1\d\.\d+ s, at step \d+: M8: topic-0-0: ", said, re.MULTILINE)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("not JSON", "line 4: this is no JSON: Expecting value at column 1."),
        ('{"at_s": 4, "command": "explode"}', "line 4: There is no such command: explode."),
    ],
)
def test_a_bad_tape_is_refused_in_one_sentence(tape: Path, line: str, said: str) -> None:
    tape.write_text(tape.read_text() + line)
    assert played(str(tape)) == (1, "", f"{tape}, {said}\n")


def test_another_version_is_refused_in_one_sentence(tape: Path) -> None:
    tape.write_text(tape.read_text().replace('"version": 1', '"version": 2'))
    assert played(str(tape)) == (
        1, "", f"{tape}, line 1: the tape is of version 2, and this Kafka Lab plays version 1.\n"
    )  # fmt: skip


def test_a_tape_that_is_not_there_is_said_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "none.jsonl"
    assert played(str(path)) == (1, "", f"{path} cannot be read: No such file or directory.\n")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to catch")
def test_it_serves_the_page_and_stops_cleanly(tape: Path) -> None:
    port = free_ports(1)
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), "replay", str(tape), "--serve", "--port", str(port)],
        env={**os.environ, "KAFKALAB_PYTHON_IS_READY": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    said = [process.stdout.readline() for _ in range(4)]
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/labs/home/", timeout=20) as page:
        html = page.read().decode()
    process.send_signal(signal.SIGTERM)
    _, complaints = process.communicate(timeout=30)
    assert said[2] == f"On the stage, just before that: http://127.0.0.1:{port}/\n"
    assert (process.returncode, complaints) == (0, "")
    assert 'data-mode="lab"' in html
    assert "bootstrap.servers" not in html
