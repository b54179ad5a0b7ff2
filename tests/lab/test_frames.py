"""Frames: what changed, in order, to everyone who watches, and a snapshot for whoever fell behind."""

import json
from typing import Any

from kafkalab.lab import Frames, Watcher, apply
from kafkalab.lab.frames import QUEUE_FRAMES, RECENT_FREQUENT_EVENTS, difference

BROKER = {"kind": "broker", "broker": 1}
TOPIC = {"kind": "topic", "topic": "orders"}


def new_frames() -> Frames:
    return Frames(refresh=lambda: None)


def taken(watcher: Watcher) -> list[dict[str, Any]]:
    messages = []
    while (text := watcher.take()) is not None:
        messages.append(json.loads(text))
    return messages


def test_only_what_changed_is_in_the_difference() -> None:
    before = {"broker:1": BROKER, "topic:orders": TOPIC, "gone": {"kind": "x"}}
    after = {"broker:1": dict(BROKER), "topic:orders": TOPIC | {"partitions": 4}, "new": {"kind": "y"}}
    changed = {"topic:orders": TOPIC | {"partitions": 4}, "new": {"kind": "y"}}
    assert difference(before, after) == (changed, ["gone"])


def test_a_watcher_gets_a_snapshot_and_then_frames() -> None:
    frames = new_frames()
    frames.publish(1, 1, {"broker:1": BROKER}, [{"kind": "BrokerUnfenced", "at_us": 1}])
    watcher = frames.watch(lambda: None)
    frames.publish(2, 1, {"topic:orders": TOPIC}, [{"kind": "Packet"}])
    assert taken(watcher) == [
        {
            "type": "snapshot",
            "version": 2,
            "at_us": 2,
            "rate": 1,
            "entities": {"topic:orders": TOPIC},
            "events": [{"kind": "BrokerUnfenced", "at_us": 1}],
        }
    ]
    frames.publish(3, 1, {"broker:1": BROKER}, [{"kind": "TopicDeleted", "at_us": 3}])
    assert taken(watcher) == [
        {
            "type": "frame",
            "version": 3,
            "at_us": 3,
            "rate": 1,
            "entities": {"broker:1": BROKER},
            "changes": {},
            "gone": ["topic:orders"],
            "events": [{"kind": "TopicDeleted", "at_us": 3}],
        }
    ]


def test_of_an_entity_that_was_there_only_what_changed_travels() -> None:
    frames = new_frames()
    signs, later = {"kind": "signs", "lag": 0, "offline": 0}, {"kind": "signs", "lag": 7, "offline": 0}
    frames.publish(1, 1, {"broker:1": BROKER | {"state": "running"}, "topic:orders": TOPIC, "signs": signs}, [])
    watcher = frames.watch(lambda: None)
    [snapshot] = taken(watcher)
    more = TOPIC | {"tail": [1]}
    frames.publish(2, 1, {"broker:1": BROKER | {"state": "crashed"}, "topic:orders": more, "signs": later}, [])
    [frame] = taken(watcher)
    assert frame["changes"] == {"broker:1": {"state": "crashed"}}
    assert frame["entities"] == {"topic:orders": more, "signs": later}
    assert apply(snapshot["entities"], frame) == frames.snapshot()["entities"]


def test_nothing_new_makes_no_frame() -> None:
    frames = new_frames()
    frames.publish(1, 1, {"broker:1": BROKER}, [])
    assert (frames.publish(2, 1, {"broker:1": dict(BROKER)}, []), frames.version) == (None, 1)


def test_who_does_not_read_loses_its_place_and_gets_a_snapshot() -> None:
    frames = new_frames()
    slow, quick = frames.watch(lambda: None), frames.watch(lambda: None)
    slow.take(), quick.take()
    seen: dict[str, Any] = {}
    for number in range(QUEUE_FRAMES + 3):
        frames.publish(number, 1, {"broker:1": BROKER | {"epoch": number}}, [])
        for message in taken(quick):
            seen = apply(seen, message)
    caught_up = taken(slow)
    assert [message["type"] for message in caught_up] == ["snapshot"]
    assert apply({}, caught_up[0]) == seen == {"broker:1": BROKER | {"epoch": QUEUE_FRAMES + 2}}
    assert (slow.overflows, quick.overflows) == (1, 0)


def test_a_watcher_is_told_once_until_it_has_taken_everything() -> None:
    frames = new_frames()
    told: list[int] = []
    watcher = frames.watch(lambda: told.append(frames.version))
    for number in (1, 2, 3):
        frames.publish(number, 1, {"broker:1": BROKER | {"epoch": number}}, [])
    assert told == [0]
    taken(watcher)
    frames.publish(4, 1, {}, [])
    assert told == [0, 4]


def test_a_closed_watcher_is_forgotten() -> None:
    frames = new_frames()
    watcher = frames.watch(lambda: None)
    watcher.close()
    watcher.close()
    assert frames.watchers == []


def test_many_appends_do_not_push_an_election_out_of_the_snapshot() -> None:
    frames = new_frames()
    frames.publish(1, 1, {"broker:1": BROKER}, [{"kind": "LeaderElected", "at_us": 1}])
    appends = [{"kind": "RecordsAppended", "at_us": at_us} for at_us in range(2, 500)]
    frames.publish(500, 1, {"broker:1": BROKER}, appends)
    assert frames.snapshot()["events"] == [{"kind": "LeaderElected", "at_us": 1}, *appends[-RECENT_FREQUENT_EVENTS:]]
