"""How long it takes to fork a lab that is at work and holds 10,000 records."""

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from kafkalab.lab import Lab, LabSettings
from kafkalab.lab.commands import AddConsumer, Command, CreateProducer, CreateTopic

SECOND_US = 1_000_000
RECORDS = 10_000
FORKS = 15


def with_records(directory: Path | None) -> Lab:
    """Three brokers, three partitions in three copies, a consumer, and a producer that has sent them all."""
    lab = Lab.open(directory, LabSettings(name="forks"))
    lab.advance(5 * SECOND_US)
    ordered(lab, CreateTopic("orders", 3, 3))
    ordered(lab, AddConsumer(("orders",), group="billing"))
    ordered(lab, CreateProducer("orders", rate=1_000, limit=RECORDS))
    lab.advance((RECORDS // 1_000 + 5) * SECOND_US)
    assert lab.ledger.totals.delivered == RECORDS, lab.ledger.totals
    return lab


def ordered(lab: Lab, command: Command) -> None:
    """And carried out: a second of the lab's time goes by."""
    lab.do(command, lambda outcome: None)
    lab.advance(SECOND_US)


def fork_ms(lab: Lab) -> float:
    """The median of a few."""
    return median(_timed_ms(lab.fork) for _ in range(FORKS))


def measured() -> dict[str, float]:
    lab = with_records(None)
    figures = {"fork of a lab with 10,000 records, ms": fork_ms(lab)}
    lab.close()
    with TemporaryDirectory() as directory:
        lab = with_records(Path(directory))
        figures["fork of a lab with 10,000 records on disk, ms"] = fork_ms(lab)
        lab.close()
    return figures


def _timed_ms(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1_000
