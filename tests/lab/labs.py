"""A small lab in memory that stands still: tests let its time pass."""

from collections.abc import Callable
from typing import Any

from kafkalab.lab import Command, Lab, LabSettings, Outcome

SECOND_US = 1_000_000
QUICK = {"offsets.topic.num.partitions": "2", "group.initial.rebalance.delay.ms": "0"}

Ask = Callable[[Command], Outcome]


def opened(**settings: Any) -> Lab:
    lab = Lab.open(None, LabSettings(broker_configs=QUICK, **settings))
    lab.advance(SECOND_US)
    assert lab.ready
    return lab


def carried_out(lab: Lab, command: Command) -> Outcome:
    """The command's outcome, however long it takes in the lab."""
    heard: list[Outcome] = []
    lab.do(command, heard.append)
    for _ in range(600):
        if heard:
            return heard[0]
        lab.advance(100_000)
    raise AssertionError(f"no answer to {command} in a minute")
