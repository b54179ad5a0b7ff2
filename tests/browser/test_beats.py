"""What is made of frames for the eye, by pure functions: ribbons, beats and the three steps of a rebalance."""

from typing import Any

from playwright.sync_api import Page

from tests.browser.test_model import recorded

REBALANCES = """async (frames) => {
  const { EMPTY, reduce } = await import("/static/js/model.js");
  const { rebalanceOf } = await import("/static/js/rebalance.js");
  const told = [];
  let model = EMPTY;
  for (const frame of frames) {
    model = reduce(model, frame);
    const story = rebalanceOf(model, "billing");
    if (JSON.stringify(story) !== JSON.stringify(told.at(-1) ?? null)) told.push(story);
  }
  return told;
}"""
WAYS = """async (frames) => {
  const { EMPTY, reduce } = await import("/static/js/model.js");
  const { ways } = frames.reduce(reduce, EMPTY);
  return Object.values(ways).map(({ source, target, per_s, wide }) => [source, target, per_s, wide]);
}"""
BEAT = """async (frames) => {
  const { EMPTY, reduce } = await import("/static/js/model.js");
  const { makeBeats } = await import("/static/js/beats.js");
  let now = 0;
  const beats = makeBeats(() => now);
  const said = (model, still) => {
    const beat = beats.of(model, still);
    return beat && [beat.text, [...beat.ids].sort()];
  };
  let model = reduce(EMPTY, frames[0]);
  const all = [said(model, false)];
  model = reduce(model, frames[1]);
  for (const [at, still] of [[100, false], [500, true], [5000, true], [5100, false]]) {
    now = at;
    all.push(said(model, still));
  }
  return all;
}"""


def frame(version: int, at_us: int, events: list[dict[str, Any]], **entities: dict[str, Any]) -> dict[str, Any]:
    kind = "snapshot" if version == 1 else "frame"
    return {
        "type": kind, "version": version, "at_us": at_us, "rate": 1, "entities": entities, "gone": [], "events": events
    }  # fmt: skip


def moved(kind: str, at_us: int, client: str, *partitions: str) -> dict[str, Any]:
    return {
        "kind": kind, "at_us": at_us, "client": client, "group": "billing", "partitions": list(partitions),
        "text": f"{client} {kind} {partitions} at {at_us}", "node": client,
    }  # fmt: skip


def test_a_recorded_rebalance_is_told_as_what_was_taken_the_gap_and_what_was_given(page: Page) -> None:
    everything = ["orders-0", "orders-1", "orders-2"]
    told = {"revoked": everything, "assigned": everything, "gap_us": 0, "over": True}
    assert page.evaluate(REBALANCES, recorded("rebalance.jsonl")) == [told]


def test_the_gap_of_a_rebalance_grows_until_the_last_partition_is_read_again(page: Page) -> None:
    frames = [
        frame(1, 0, []),
        frame(2, 1_000, [moved("PartitionsRevoked", 1_000, "a", "orders-0", "orders-1")]),
        frame(3, 4_000, [moved("PartitionsAssigned", 3_500, "a", "orders-0")]),
        frame(4, 9_000, [moved("PartitionsAssigned", 8_000, "b", "orders-1")]),
        frame(5, 9_000_000, []),
    ]
    both = ["orders-0", "orders-1"]
    assert page.evaluate(REBALANCES, frames) == [
        {"revoked": both, "assigned": [], "gap_us": 0, "over": False},
        {"revoked": both, "assigned": ["orders-0"], "gap_us": 3_000, "over": False},
        {"revoked": both, "assigned": both, "gap_us": 7_000, "over": True},
        None,
    ]


def test_more_than_sixty_records_a_second_on_a_way_are_a_ribbon(page: Page) -> None:
    def packet(target: str, count: int) -> dict[str, Any]:
        return {"kind": "Packet", "api": "Produce", "source": "producer-1", "target": target, "count": count}

    counted = {"kind": "PacketCount", "api": "Produce", "source": "producer-1", "target": "broker-1", "count": 9}
    steps = [frame(1, 0, [])]
    for number in range(1, 11):
        events = [packet("broker-1", 5), counted | {"records": 5}, packet("broker-2", 5)]
        steps.append(frame(number + 1, number * 100_000, events))
    assert page.evaluate(WAYS, steps) == [
        ["producer-1", "broker-1", 100, True],
        ["producer-1", "broker-2", 50, False],
    ]
    assert page.evaluate(WAYS, [*steps, frame(12, 3_000_000, [])]) == []


def test_a_beat_lasts_for_600_ms_and_stays_where_time_stands_still(page: Page) -> None:
    partition = {"kind": "partition", "topic": "orders", "partition": 0, "replicas": [1, 2]}
    topic = {"kind": "topic", "topic": "orders", "internal": False}
    elected = {
        "kind": "LeaderElected", "at_us": 7, "topic": "orders", "partition": 0, "leader": 2, "previous": 1,
        "leader_epoch": 1, "reason": "broker 1 was silent", "node": "controller-3000",
        "text": "Broker 2 leads orders-0.",
    }  # fmt: skip
    first = frame(1, 0, [], **{"topic:orders": topic, "partition:orders:0": partition})
    beat = [
        "Broker 2 leads orders-0.",
        sorted([
            "topic:orders", "partition:orders:0", "replica:orders:0:1", "replica:orders:0:2", "broker:1", "broker:2",
            "controller:3000", "client:controller-3000", "consumer:controller-3000", "producer:controller-3000",
        ]),
    ]  # fmt: skip
    assert page.evaluate(BEAT, [first, frame(2, 8, [elected])]) == [None, beat, beat, beat, None]
