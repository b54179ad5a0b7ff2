"""A lab is forked while it is at work, and both go on by themselves."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kafkalab.bench.forks import RECORDS, with_records
from kafkalab.lab import Lab, LabSettings
from kafkalab.lab.commands import (
    AddConsumer,
    CrashBroker,
    CreateProducer,
    CreateTopic,
    FreezeBroker,
    IsolateBroker,
    SendRecord,
)
from kafkalab.lab.fault_commands import UndoFault
from tests.lab.labs import QUICK, SECOND_US, carried_out

pytestmark = pytest.mark.clock

TRAFFIC = (CreateTopic("orders", 3, 3), AddConsumer(("orders",), group="billing"), CreateProducer("orders", rate=100))


@pytest.fixture(params=["memory", "files"])
def busy(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lab]:
    lab = Lab.open(None if request.param == "memory" else tmp_path, LabSettings(broker_configs=QUICK))
    lab.advance(SECOND_US)
    for command in TRAFFIC:
        assert carried_out(lab, command).ok
    lab.advance(5 * SECOND_US)
    yield lab
    lab.close()


def test_a_fork_and_its_original_both_produce_and_consume(busy: Lab) -> None:
    fork = busy.fork()
    before = busy.ledger.totals
    assert fork.ledger.totals == before
    delivered = before.delivered
    fork.advance(5 * SECOND_US)
    assert busy.ledger.totals.delivered == delivered
    busy.advance(5 * SECOND_US)
    assert fork.ledger.totals == busy.ledger.totals
    assert busy.ledger.totals.delivered >= delivered + 400


def test_both_take_orders_of_their_own(busy: Lab) -> None:
    fork = busy.fork()
    sent = carried_out(fork, SendRecord("orders", "of the fork", partition=0))
    assert sent.ok
    assert carried_out(fork, CreateTopic("of-the-fork", 1, 3)).ok
    assert carried_out(busy, SendRecord("orders", "of the original", partition=0)).ok
    assert carried_out(busy, CreateTopic("of-the-original", 1, 3)).ok
    assert "of-the-fork" in fork.image.topics
    assert "of-the-fork" not in busy.image.topics
    assert (
        fork.logs.records("orders", 0, sent.detail["offset"], 1)[0].value
        != busy.logs.records("orders", 0, 0, 1)[0].value
    )


def test_what_is_broken_is_broken_in_the_fork_and_mended_there_alone(busy: Lab) -> None:
    assert carried_out(busy, IsolateBroker(1)).ok
    assert carried_out(busy, FreezeBroker(2)).ok
    fork = busy.fork()
    assert [fault.command for fault in fork.faults.active()] == [IsolateBroker(1), FreezeBroker(2)]
    assert carried_out(fork, UndoFault(1)).ok
    assert [fault.command for fault in fork.faults.active()] == [FreezeBroker(2)]
    assert [fault.command for fault in busy.faults.active()] == [IsolateBroker(1), FreezeBroker(2)]


def test_a_fork_shows_what_its_original_shows(busy: Lab) -> None:
    assert carried_out(busy, CrashBroker(3)).ok
    busy.advance(SECOND_US)
    fork = busy.fork()
    ours, theirs = busy.view(), fork.view()
    # Real clients stay outside of the fork.
    assert theirs == ours | {"lab": ours["lab"] | {"listens": False}}


def test_a_fork_is_played_in_lab_time(busy: Lab) -> None:
    fork = busy.fork()
    from_us = fork.world.now_us

    async def played() -> None:
        fork.play()
        while fork.world.now_us < from_us + SECOND_US // 5:
            await asyncio.sleep(0.01)
        fork.conductor.stop()

    asyncio.run(asyncio.wait_for(played(), 20))
    assert fork.world.now_us < from_us + 3 * SECOND_US
    assert busy.world.now_us == from_us


def test_a_fork_of_a_fork_goes_on_too(busy: Lab) -> None:
    first = busy.fork()
    first.advance(SECOND_US)
    second = first.fork()
    second.advance(SECOND_US)
    busy.advance(2 * SECOND_US)
    assert second.ledger.totals == busy.ledger.totals


def test_a_lab_with_ten_thousand_records_is_forked_at_once() -> None:
    lab = with_records(None)
    taken_s = []
    for _ in range(15):
        began_s = time.process_time()
        fork = lab.fork()
        taken_s.append(time.process_time() - began_s)
    assert fork.ledger.totals.delivered == RECORDS
    assert min(taken_s) < 0.020
    lab.close()
