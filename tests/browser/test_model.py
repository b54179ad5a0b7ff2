"""The page's reducer and the lab's own `apply` make the same of recorded frames."""

import json
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from kafkalab.lab import apply

FRAMES = Path(__file__).parents[2] / "fixtures" / "frames"

FOLD = """async (frames) => {
  const { EMPTY, reduce } = await import("/static/js/model.js");
  return frames.reduce(reduce, EMPTY);
}"""


def recorded(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (FRAMES / name).read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("name", sorted(path.name for path in FRAMES.glob("*.jsonl")))
def test_recorded_frames_give_the_same_view_in_the_browser(page: Page, name: str) -> None:
    frames = recorded(name)
    model = page.evaluate(FOLD, frames)
    assert (model["gap"], model["version"]) == (False, frames[-1]["version"])
    assert model["entities"] == reduce(apply, frames, {})


def test_a_missing_frame_is_noticed(page: Page) -> None:
    frames = recorded("rebalance.jsonl")
    model = page.evaluate(FOLD, [frames[0], *frames[2:3]])
    assert (model["gap"], model["version"]) == (True, frames[0]["version"])
    assert model["entities"] == frames[0]["entities"]


def test_what_is_said_again_at_once_is_one_line_with_a_number(page: Page) -> None:
    def fact(at_us: int, kind: str, text: str) -> dict[str, Any]:
        return {"kind": kind, "at_us": at_us, "text": text, "node": "producer-1"}

    again, other = "producer-1 sends a batch again", "producer-1 sends another batch again"
    events = [
        fact(1, "ProducerRetried", again),
        fact(2, "ProducerRetried", other),
        fact(3, "ProducerRetried", again),
        fact(4, "BrokerFenced", "The controller fenced broker 1."),
        fact(5, "ProducerRetried", again),
        fact(6, "GroupStateChanged", "Group billing went from Stable to PreparingRebalance."),
        fact(7, "GroupStateChanged", "Group billing went from PreparingRebalance to Stable."),
        fact(8, "GroupStateChanged", "Group billing went from Stable to PreparingRebalance."),
    ]
    start = {"type": "snapshot", "version": 1, "at_us": 0, "rate": 1, "entities": {}, "events": events[:2]}
    frame = {"type": "frame", "version": 2, "at_us": 8, "rate": 1, "entities": {}, "gone": [], "events": events[2:]}
    assert page.evaluate(FOLD, [start, frame])["facts"] == [
        events[0] | {"times": 2, "last_us": 3},
        events[1],
        *events[3:],
    ]


def test_a_failover_is_one_story(page: Page) -> None:
    def elected(at_us: int, partition: int) -> dict[str, Any]:
        text = f"Broker 1 leads orders-{partition} from leader epoch 1 on (before: 2); broker 2 is fenced."
        return {
            "kind": "LeaderElected", "at_us": at_us, "text": text, "node": "controller-3000", "topic": "orders",
            "partition": partition, "leader": 1, "previous": 2, "reason": "broker 2 is fenced",
        }  # fmt: skip

    def shrunk(at_us: int, partition: int) -> dict[str, Any]:
        return {
            "kind": "IsrShrunk", "at_us": at_us, "text": "shrank", "node": "controller-3000", "topic": "orders",
            "partition": partition, "before": [2, 1, 3], "after": [1, 3],
        }  # fmt: skip

    pairs = [fact for number in range(3) for fact in (shrunk(number, number), elected(number, number))]
    start = {"type": "snapshot", "version": 1, "at_us": 0, "rate": 1, "entities": {}, "events": pairs[:2]}
    frame = {"type": "frame", "version": 2, "at_us": 9, "rate": 1, "entities": {}, "gone": [], "events": pairs[2:]}
    later = {**frame, "version": 3, "events": [elected(5_000_000, 7)]}
    facts = page.evaluate(FOLD, [start, frame, later])["facts"]
    assert [fact["text"] for fact in facts] == [
        "Broker 2 left the in-sync replicas of 3 partitions.",
        "3 partitions have new leaders in place of broker 2; broker 2 is fenced.",
        elected(0, 7)["text"],
    ]
    assert facts[1]["parts"] == [
        {
            "name": f"orders-{number}",
            "topic": "orders",
            "partition": number,
            "text": elected(0, number)["text"],
            "leader": 1,
            "previous": 2,
        }
        for number in range(3)
    ]
