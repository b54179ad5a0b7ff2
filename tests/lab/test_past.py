"""A moment of a lab's past is executed again, and everything is as it was then."""

import json
import random
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from kafkalab.lab import Lab, LabSettings
from kafkalab.lab.commands import (
    AddConsumer,
    Command,
    CrashBroker,
    CreateProducer,
    CreateTopic,
    ReassignPartition,
    RemoveConsumer,
    SendRecord,
    StartBroker,
    StopBroker,
)
from kafkalab.lab.fault_commands import CutLink, FailDisk, UndoFault
from kafkalab.lab.past import NotHeld, Past, TimedOrder
from kafkalab.lab.past.past import MOST_CHECKPOINTS, SECOND_US
from tests.lab.labs import QUICK, carried_out

pytestmark = pytest.mark.clock

DOINGS: tuple[Command, ...] = (
    CreateTopic("orders", 3, 3),
    CreateProducer("orders", rate=20, name="shop"),
    AddConsumer(("orders",), group="billing", name="one"),
    AddConsumer(("orders",), group="billing", name="two"),
    ReassignPartition("orders", 0, (3, 1), throttle=100_000),
    CrashBroker(2),
    SendRecord("orders", "by hand", key="k"),
    StartBroker(2),
    CutLink("broker-1", "broker-3"),
    RemoveConsumer("two"),
    UndoFault(1),
    StopBroker(3),
    StartBroker(3),
    FailDisk(1),
)


@pytest.fixture(autouse=True)
def _checkpoints_take_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """These labs live much faster than the clock on the wall."""
    monkeypatch.setattr("kafkalab.lab.past.past.SHARE", 1e9)
    monkeypatch.setattr("kafkalab.lab.past.past.SHARE_OF_ALL", 1e9)


@pytest.fixture(params=["memory", "files"])
def lab(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lab]:
    lab = Lab.open(None if request.param == "memory" else tmp_path, LabSettings(broker_configs=QUICK))
    lab.advance(SECOND_US)
    lab.past = Past(lab)
    yield lab
    lab.close()


def shown(lab: Lab) -> str:
    """All there is to see, but for whether time stands still."""
    entities = lab.view()
    del entities["lab"]
    return json.dumps(entities, sort_keys=True)


def quick(lab: Lab, *commands: Command) -> None:
    for command in commands:
        assert carried_out(lab, command).ok


def test_every_moment_that_is_executed_again_equals_the_one_of_then(lab: Lab) -> None:
    chance = random.Random(5)
    seen: dict[int, str] = {}
    for command in DOINGS:
        lab.do(command, lambda outcome: None)
        for _ in range(chance.randint(3, 12)):
            lab.advance(chance.randint(1, 900_000))
            if chance.random() < 0.3:
                seen[lab.world.now_us] = shown(lab)
        lab.advance(1)
    assert lab.past is not None
    assert len(lab.past.moments) > 4
    for at_us in chance.sample(sorted(seen), 10):
        again = lab.past.at(at_us)
        assert again.world.now_us == at_us
        assert shown(again) == seen[at_us]
    assert lab.ledger.totals.delivered > 100


def test_the_moment_stands_still_in_lab_time_and_can_be_gone_on_from(lab: Lab) -> None:
    quick(lab, *DOINGS[:3])
    lab.advance(12 * SECOND_US)
    assert lab.past is not None
    then_us = lab.world.now_us - 7 * SECOND_US
    again = lab.past.at(then_us)
    assert {name: again.view()["lab"][name] for name in ("mode", "paused")} == {"mode": "lab", "paused": True}
    before = lab.ledger.totals
    quick(again, CreateTopic("another-story", 1, 1))
    again.advance(7 * SECOND_US)
    assert "another-story" not in lab.image.topics
    assert lab.ledger.totals == before


def test_what_is_executed_again_and_goes_on_becomes_what_it_became(lab: Lab) -> None:
    quick(lab, *DOINGS[:3])
    lab.advance(9 * SECOND_US)
    assert lab.past is not None
    again = lab.past.at(lab.world.now_us - 4 * SECOND_US)
    again.advance(4 * SECOND_US)
    assert shown(again) == shown(lab)


def test_a_script_has_the_orders_since_a_checkpoint_and_can_be_changed(lab: Lab) -> None:
    quick(lab, CreateTopic("orders", 1, 3))
    lab.advance(6 * SECOND_US)
    since_us = lab.world.now_us
    sent = SendRecord("orders", "as it was")
    quick(lab, sent)
    lab.advance(SECOND_US)
    assert lab.past is not None
    script = lab.past.script(since_us)
    assert script.from_us <= since_us
    assert [order.command for order in script.orders] == [sent]
    (order,) = script.orders
    other = TimedOrder(order.at_us, order.step, SendRecord("orders", "as it might have been"))
    changed = type(script)(script.checkpoint, (other,), script.until_us).begin()
    for us in range(script.from_us, script.until_us + 1, 100_000):
        changed.to(us)
    changed.to(script.until_us)
    told = [each.logs.records("orders", 0, 0, 5)[0].value for each in (lab, changed.lab)]
    assert told == ["as it was", "as it might have been"]
    assert changed.lab.world.now_us == lab.world.now_us


def test_a_moment_before_the_first_checkpoint_or_still_to_come_is_not_held(lab: Lab) -> None:
    lab.advance(2 * SECOND_US)
    assert lab.past is not None
    with pytest.raises(NotHeld, match="held for the last 2 s"):
        lab.past.at(lab.past.first_us - 1)
    with pytest.raises(NotHeld, match="has not come yet"):
        lab.past.at(lab.world.now_us + 1)


def test_a_stretch_with_real_clients_has_its_checkpoints_and_nothing_between() -> None:
    lab = Lab.open(None, LabSettings(broker_configs=QUICK))
    lab.advance(SECOND_US)
    past = lab.past = Past(lab)
    quick(lab, *DOINGS[:3])
    lab.advance(8 * SECOND_US)
    begin_us = lab.world.now_us
    past.real_clients(True)
    for _ in range(20):
        lab.advance(SECOND_US)
    inside_us = lab.world.now_us
    past.real_clients(False)
    lab.advance(SECOND_US)
    lab.advance(3 * SECOND_US)
    assert past.exact(begin_us)
    assert past.at(begin_us).world.now_us == begin_us
    assert not past.exact(inside_us)
    with pytest.raises(NotHeld, match="Real clients took part") as refused:
        past.at(inside_us)
    near = past.near(inside_us)
    assert near.world.now_us == refused.value.nearest_us == max(us for us in past.moments if us <= inside_us)
    assert past.at(lab.world.now_us).world.now_us == lab.world.now_us
    lab.close()


def test_checkpoints_are_bounded_and_reach_back_ten_minutes() -> None:
    lab = Lab.open(None, LabSettings(broker_configs=QUICK))
    lab.advance(SECOND_US)
    past = lab.past = Past(lab)
    quick(lab, CreateTopic("orders", 1, 3), CreateProducer("orders", rate=1))
    for _ in range(700):
        lab.advance(SECOND_US)
    now_us = lab.world.now_us
    assert past.first_us <= now_us - 600 * SECOND_US
    lately = [us for us in past.moments if us >= now_us - 600 * SECOND_US]
    assert max(after - before for before, after in pairwise(lately)) <= 15 * SECOND_US
    assert len(past.moments) <= MOST_CHECKPOINTS
    lab.close()


def test_a_lab_in_which_nothing_happens_keeps_hardly_any_checkpoints() -> None:
    lab = Lab.open(None, LabSettings(broker_configs=QUICK))
    lab.advance(SECOND_US)
    past = lab.past = Past(lab)
    for _ in range(120):
        lab.advance(SECOND_US)
    assert len(past.moments) <= 4
    lab.close()
