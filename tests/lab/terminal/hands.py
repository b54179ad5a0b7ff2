"""Typing into the terminal of a lab that stands still: its time passes until the line has ended."""

from typing import Any

from kafkalab.lab import Lab, LabSettings
from kafkalab.lab.terminal.marks import spans
from kafkalab.lab.terminal_commands import RunLine
from tests.lab.labs import SECOND_US

PATIENCE_S = 90


def opened() -> Lab:
    lab = Lab.open(None, LabSettings(broker_configs={"offsets.topic.num.partitions": "3"}))
    lab.advance(2 * SECOND_US)
    assert lab.ready
    return lab


def started(lab: Lab, line: str) -> int:
    """The number of the job."""
    heard: list[Any] = []
    lab.do(RunLine(line), heard.append)
    assert all(outcome.ok for outcome in heard), heard
    job = lab.terminal.newest
    assert job is not None
    return job.number


def typed(lab: Lab, line: str) -> list[str]:
    """What it printed once it has ended, and its exit code where that is not 0."""
    number = started(lab, line)
    job = lab.terminal.jobs[number]
    for _ in range(PATIENCE_S * 10):
        if job.exit is not None:
            break
        lab.advance(SECOND_US // 10)
    assert job.exit is not None, f"{line} still runs"
    printed: str = job.detail()["output"]
    return [*printed.splitlines(), *([f"[exit {job.exit}]"] if job.exit else [])]


def named(lab: Lab, line: str) -> list[tuple[str, str]]:
    """The names in what it printed, with what they are the name of."""
    typed(lab, line)
    job = lab.terminal.newest
    assert job is not None
    return [(text, entity) for said in job.output().lines for text, entity in spans(said) if entity is not None]
