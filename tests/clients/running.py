"""Start a client's program for one capability, do to the cluster what it asks for, and hear its last word."""

import json
import re
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.clients.conftest import RunningLab
from tests.clients.programs import Program

ROOT = Path(__file__).parents[2]
MOST_S = 120
"""A capability takes seconds; three of them wait for a session of a group to run out."""


@dataclass(frozen=True)
class Cell:
    """What became of a capability: True, False, or None where the client has no such thing."""

    ok: bool | None
    why: str


def shown(program: Program, capability: str, lab: RunningLab, topic: str) -> Cell:
    lab.heal()
    lab.create_topic(topic, **{"min.insync.replicas": "2"})
    process = subprocess.Popen(
        (*program.command, capability, lab.bootstrap, topic),
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    silenced = threading.Event()
    complaints: list[str] = []
    listener = threading.Thread(target=complaints.extend, args=(process.stderr,))
    listener.start()

    def silence() -> None:
        silenced.set()
        process.kill()

    alarm = threading.Timer(MOST_S, silence)
    alarm.start()
    last: Cell | None = None
    try:
        for line in process.stdout:
            if not line.startswith("{"):
                continue
            said = json.loads(line)
            if "please" not in said:
                last = Cell(said["ok"], said["why"])
                continue
            _oblige(lab, topic, said)
            try:
                process.stdin.write("done\n")
                process.stdin.flush()
            except BrokenPipeError:
                break
        process.wait()
    finally:
        alarm.cancel()
        process.kill()
        process.wait()
        listener.join()
        for stream in (process.stdin, process.stdout, process.stderr):
            stream.close()
    if silenced.is_set():
        return Cell(False, f"nothing after {MOST_S} s; {_last_words(complaints)}")
    if last is None or (process.returncode != 0 and last.ok):
        return Cell(False, _last_words(complaints) or f"ended with {process.returncode}")
    return last


def _oblige(lab: RunningLab, topic: str, asked: dict[str, Any]) -> None:
    match asked["please"]:
        case "crash_leader":
            victim = lab.leader(topic, asked["partition"])
        case "crash_coordinator":
            victim = next(one["coordinator"] for one in lab.entities("group") if one["group"] == asked["group"])
        case other:
            raise AssertionError(f"nobody knows how to {other}")
    assert lab.do("crash_broker", broker=victim)["ok"]


def _last_words(complaints: list[str]) -> str:
    """What a program says on stderr about its end: the line that names the error, else the last three."""
    said = [line.strip() for line in complaints if line.strip()]
    if raised := [line for line in said if re.match(r"[\w.]*(Error|Exception|Expired|NotThere)\b", line)]:
        said = raised[-1:]
    elif thrown := [line for line in said if line.startswith(("Exception in thread", "Caused by"))]:
        said = thrown
    return " / ".join(said[-3:])[:400]
