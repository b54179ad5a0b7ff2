"""A presenter with a remote: forward, back, dark, quicker, and a demo made of what was done by hand."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from kafkalab.lab import Outcome, parse_command
from kafkalab.lessons.demo import read_demo
from kafkalab.lessons.demo_commands import (
    BeginRecording,
    BlankScreen,
    CutCard,
    DropRecording,
    NextCard,
    PutUpCard,
    TakeBack,
)
from kafkalab.lessons.demo_play import check_demo, opening
from kafkalab.lessons.demo_showing import DemoRefused, Showing, projected, shown
from kafkalab.lessons.work import at_once

DEMOS = Path(__file__).parents[2] / "fixtures" / "demos"
SLICE_US = 20_000


def showing_of(number: int) -> Showing:
    [file] = DEMOS.glob(f"{number:02}-*.yaml")
    demo = read_demo(file)
    return Showing(demo, at_once(opening(demo)), at_once_s=60)


def wait(showing: Showing, seconds: float) -> None:
    """As the clock on the wall goes on: the lab's own time stands still where it was held."""
    for _ in range(int(seconds * 1_000_000 / SLICE_US)):
        if showing.lab.time is None or showing.lab.time.pace:
            showing.lab.advance(SLICE_US)
        showing.go_on()


def wait_for(showing: Showing, phase: str) -> None:
    for _ in range(400):
        if showing.phase == phase or showing.error:
            break
        wait(showing, 0.2)
    assert (showing.phase, showing.error) == (phase, "")


def order(showing: Showing, command: str, patience_s: float = 1, **fields: Any) -> list[Outcome]:
    heard: list[Outcome] = []
    showing.lab.do(parse_command({"command": command, **fields}), heard.append)
    wait(showing, patience_s)
    return heard


def proven(showing: Showing) -> list[bool]:
    return [one["holds"] for one in shown(showing)["card"]["proven"]]


def test_a_card_is_said_first_then_carried_out_then_the_next_one_is_put_up() -> None:
    showing = showing_of(1)
    assert (showing.phase, showing.index, proven(showing)) == ("ready", 0, [])
    began_us = showing.lab.world.now_us
    wait(showing, 3)
    assert showing.lab.world.now_us == began_us
    showing.do(NextCard())
    assert (showing.phase, showing.index) == ("doing", 0)
    wait_for(showing, "done")
    assert proven(showing) == [True]
    stands_us = showing.lab.world.now_us
    wait(showing, 3)
    assert showing.lab.world.now_us == stands_us
    showing.do(NextCard())
    assert (showing.phase, showing.index, proven(showing)) == ("ready", 1, [])


def test_back_is_how_the_lab_stood_before_the_card_and_before_that_before_the_one_in_front() -> None:
    showing = showing_of(1)
    labs = []
    showing.on_lab = labs.append
    for _ in range(2):
        before = showing.lab.view()
        showing.do(NextCard())
        wait_for(showing, "done")
        showing.do(NextCard())
    assert "consumer:billing-1" in showing.lab.view()
    showing.do(TakeBack())
    assert (showing.phase, showing.index) == ("ready", 1)
    assert showing.lab.view() == before
    assert labs == [showing.lab]
    showing.do(NextCard())
    wait_for(showing, "done")
    showing.do(TakeBack())
    assert (showing.phase, showing.index, showing.lab.view() == before) == ("ready", 1, True)
    for _ in range(3):
        showing.do(TakeBack())
    assert (showing.phase, showing.index) == ("ready", 0)


def test_who_presses_on_while_a_card_is_carried_out_makes_it_quicker_and_no_different() -> None:
    showing = showing_of(5)
    showing.do(PutUpCard(2))
    wait_for(showing, "ready")
    assert showing.index == 2
    showing.do(NextCard())
    assert showing.lab.time is not None
    assert (showing.hurrying, showing.lab.time.rate) == (False, 1.0)
    showing.do(NextCard())
    assert (showing.hurrying, showing.lab.time.rate) == (True, 10.0)
    wait_for(showing, "done")
    assert (showing.lab.time.rate, proven(showing)) == (1.0, [True, True])


def test_after_the_take_back_there_is_none() -> None:
    showing = showing_of(2)
    showing.do(PutUpCard(4))
    wait_for(showing, "ready")
    with pytest.raises(DemoRefused, match=r"That was the last card\."):
        showing.do(NextCard())
    with pytest.raises(DemoRefused, match=r"The demo has 5 cards\."):
        showing.do(PutUpCard(5))


def test_what_somebody_broke_by_hand_is_said_and_back_mends_it() -> None:
    showing = showing_of(1)
    for broker in (1, 2, 3):
        order(showing, "crash_broker", broker=broker)
    showing.do(NextCard())
    wait(showing, 130)
    assert showing.error.startswith("The demo cannot go on from here: ")
    with pytest.raises(DemoRefused):
        showing.do(NextCard())
    showing.do(TakeBack())
    assert (showing.phase, showing.index, showing.error) == ("ready", 0, "")
    showing.do(NextCard())
    wait_for(showing, "done")


def test_the_projector_is_told_nothing_of_what_is_said() -> None:
    showing = showing_of(1)
    showing.do(BlankScreen(True))
    assert projected(showing) == {
        "index": 0, "phase": "ready", "dark": True, "lens": "log", "looks_at": "partition:orders:0",
    }  # fmt: skip
    showing.do(BlankScreen(False))
    assert not projected(showing)["dark"]


# -- recording ---------------------------------------------------------------------------------------


def test_what_was_done_by_hand_becomes_a_demo_that_holds() -> None:
    showing = showing_of(7)
    showing.do(NextCard())
    wait_for(showing, "done")
    showing.do(BeginRecording())
    wait_for(showing, "recording")
    assert showing.lab.ledger.entity()["acked"] == 0
    order(showing, "send_record", topic="orders", value="=not an expression", key="ann")
    order(showing, "run_line", line="kafka-topics --create --topic typed --partitions 2")
    wait(showing, 2)
    showing.do(CutCard(title="Two things", say="I send *one*, and make a topic.", ask="Where is it?"))
    [refusal] = order(showing, "send_record", 12, topic="orders", partition=7, value="lost")
    assert not refusal.ok
    order(showing, "crash_broker", broker=2)
    wait(showing, 8)
    showing.do(CutCard(ends=True))
    wait_for(showing, "ready")
    assert showing.recorder is None
    text = showing.recorded
    demo = read_demo(Path("07-recorded.yaml"), text)
    check_demo(demo)
    said = yaml.safe_load(text)
    one, two = said["cards"]
    assert said["cluster"] == yaml.safe_load((DEMOS / "07-what-acks-all-waits-for.yaml").read_text())["cluster"]
    assert (one["title"], one["say"], one["ask"]) == (
        "Two things", "I send *one*, and make a topic.", "Where is it?",
    )  # fmt: skip
    assert one["do"] == [
        {"send_record": {"topic": "orders", "value": '= "=not an expression"', "key": "ann"}},
        {"wait": 1.0},
        {"run_line": {"line": "kafka-topics --create --topic typed --partitions 2"}},
        {"wait": 3.0},
    ]
    assert 'now.topics.exists(t, t == "typed")' in [proof["holds"] for proof in one["holds"]]
    assert two["title"] == "Card 2"
    assert [next(iter(step)) for step in two["do"]] == ["send_record", "wait", "crash_broker", "wait"]
    assert two["do"][0]["refused"] == "The record was not stored: UNKNOWN_TOPIC_OR_PARTITION."
    assert two["holds"][0] == {"says": "Broker 2 is crashed.", "holds": 'now.brokers["2"].state == "crashed"'}


def test_what_was_recorded_can_be_taken_back_card_by_card_and_dropped() -> None:
    showing = showing_of(1)
    with pytest.raises(DemoRefused, match=r"Nothing is being recorded\."):
        showing.do(CutCard())
    showing.do(BeginRecording())
    wait_for(showing, "recording")
    for name in ("one", "two"):
        order(showing, "create_topic", name=name, partitions=1)
        showing.do(CutCard(title=name))
    order(showing, "create_topic", name="three", partitions=1)
    topics = [entity for entity in showing.lab.view() if entity.startswith("topic:")]
    assert topics == ["topic:orders", "topic:one", "topic:two", "topic:three"]
    assert shown(showing)["recording"] == {"card": 3, "orders": 1}
    showing.do(TakeBack())
    assert "topic:three" not in showing.lab.view()
    assert shown(showing)["recording"] == {"card": 3, "orders": 0}
    showing.do(TakeBack())
    assert "topic:two" not in showing.lab.view()
    assert shown(showing)["recording"] == {"card": 2, "orders": 0}
    showing.do(DropRecording())
    assert (showing.phase, showing.index, showing.recorded) == ("ready", 0, "")
    assert "topic:one" not in showing.lab.view()
