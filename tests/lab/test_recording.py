"""The recording: what was shown is shown again just so, in bounded room, and it says since when it has all."""

import gzip
import json
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from kafkalab.lab import (
    Forgotten,
    Frame,
    Frames,
    Lab,
    Recording,
    RecordingRefused,
    apply,
    read_recording,
    recording_head,
    shown_again,
)
from kafkalab.lab.commands import AddConsumer, CrashBroker, CreateProducer, CreateTopic, StartBroker
from kafkalab.lab.security_commands import SetPassword
from tests.lab.labs import SECOND_US, Ask, carried_out, opened

STEP_US = 100_000
ROOM = 90_000
"""Less than what is shown needs, more than one stretch."""
Past = tuple[Lab, list[Frame]]
"""A lab, and the snapshot that was there after each of its frames."""


def played(lab: Lab) -> list[Frame]:
    """Traffic, and a broker that dies and comes back."""
    ask = partial(carried_out, lab)
    ask(CreateTopic("orders", 3, 3))
    ask(CreateProducer("orders", rate=20))
    ask(AddConsumer(("orders",), group="billing"))
    shown = []
    for step in range(260):
        if step in (100, 200):
            ask(CrashBroker(2) if step == 100 else StartBroker(2))
        lab.advance(STEP_US)
        shown.append(json.loads(json.dumps(lab.snapshot())))
    return shown


@pytest.fixture(scope="module")
def past() -> Iterator[Past]:
    lab = opened()
    yield lab, played(lab)
    lab.close()


def test_a_moment_is_shown_as_it_was_shown_then(past: Past) -> None:
    lab, shown = past
    for snapshot in shown:
        assert lab.recording.at(snapshot["at_us"]) == snapshot


def test_a_run_of_frames_leads_from_one_moment_to_the_other(past: Past) -> None:
    lab, shown = past
    first, last = shown[20], shown[250]
    run = [json.loads(text) for text in lab.recording.run(first["at_us"], last["at_us"])]
    assert run[0] == first
    assert [frame["version"] for frame in run] == list(range(first["version"], last["version"] + 1))
    view: dict[str, Any] = {}
    for message in run:
        view = apply(view, message)
    assert view == last["entities"]


def test_what_there_is_no_room_for_is_forgotten_and_it_says_so() -> None:
    lab = opened(limits={"recorded_bytes": ROOM})
    shown = played(lab)
    held = lab.recording.index()
    assert held["most_bytes"] == ROOM
    assert held["began_us"] <= shown[0]["at_us"] < held["first_us"] < held["last_us"]
    assert held["bytes"] <= ROOM
    assert min(tick["at_us"] for tick in held["ticks"]) >= held["first_us"]
    with pytest.raises(Forgotten, match="no longer held"):
        lab.recording.at(shown[0]["at_us"])
    kept = [snapshot for snapshot in shown if snapshot["at_us"] >= held["first_us"]]
    assert [lab.recording.at(snapshot["at_us"]) for snapshot in kept] == kept
    assert json.loads(lab.recording.run(0, kept[0]["at_us"])[0])["at_us"] == held["first_us"]
    lab.close()


def test_the_index_has_what_was_done_and_what_came_of_it(past: Past) -> None:
    index = past[0].recording.index()
    told = [(tick["kind"], tick["text"]) for tick in index["ticks"]]
    assert ("Commanded", "kill -9 <pid of broker 2>") in told
    assert {"NodeCrashed", "BrokerFenced", "LeaderElected", "IsrShrunk"} <= {kind for kind, _ in told}
    assert [tick["at_us"] for tick in index["ticks"]] == sorted(tick["at_us"] for tick in index["ticks"])
    assert not any(kind in ("RecordsAppended", "Packet") for kind, _ in told)
    assert max(under_replicated for _, _, under_replicated, *_ in index["signs"]) >= 3
    seconds = [at_us // SECOND_US for at_us, *_ in index["signs"]]
    assert seconds == sorted(set(seconds))


def test_a_flood_of_one_kind_leaves_the_others_their_ticks() -> None:
    recording = Recording()
    frames = Frames(lambda: None, recording.add)
    frames.publish(1, 1, {}, [{"kind": "LeaderElected", "at_us": 1, "text": "elected"}])
    for at_us in range(2, 700):
        frames.publish(at_us, 1, {}, [{"kind": "TransactionEnded", "at_us": at_us, "text": "ended"}])
    ticks = recording.index()["ticks"]
    assert ticks[0] == {"kind": "LeaderElected", "at_us": 1, "text": "elected"}
    assert len(ticks) == 201


def test_the_file_holds_every_frame_once(past: Past) -> None:
    lab, shown = past
    name, again = read_recording(b"".join([recording_head("home"), *lab.recording.members()]))
    assert name == "home"
    assert [again.at(snapshot["at_us"]) for snapshot in shown[::20]] == shown[::20]
    here, there = lab.recording.index(), again.index()
    same = ("began_us", "first_us", "last_us", "ticks")
    assert {part: there[part] for part in same} == {part: here[part] for part in same}


def test_a_recording_on_the_stage_shows_its_end_and_nothing_can_be_done(past: Past) -> None:
    lab, shown = past
    again = shown_again("home", lab.recording)
    there = again.snapshot()
    entity = shown[-1]["entities"]["lab"] | {"mode": "lab", "paused": True}
    assert there["entities"] == shown[-1]["entities"] | {"lab": entity}
    outcome = carried_out(again, CreateTopic("more"))
    assert (outcome.ok, outcome.error) == (False, "This is a recording: nothing can be done in it.")
    assert again.recording.at(shown[3]["at_us"]) == shown[3]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "Nothing is recorded"),
        (b"no gzip", "cannot be unpacked"),
        (recording_head("home"), "Nothing is recorded"),
        (recording_head("home")[:-3], "breaks off"),
        (gzip.compress(b'{"recording": "else"}\n', mtime=0), "no recording of Kafka Lab"),
        (gzip.compress(b"[]\n", mtime=0), "no message"),
    ],
)
def test_what_is_no_recording_is_refused(content: bytes, why: str) -> None:
    with pytest.raises(RecordingRefused, match=why):
        read_recording(content)


def test_nobody_reads_a_password_that_somebody_set(lab: Lab, ask: Ask) -> None:
    lab.snapshot()
    assert ask(SetPassword("alice", "open sesame")).ok
    lab.advance(SECOND_US)
    lab.snapshot()
    recorded = json.dumps(lab.recording.run(0, lab.world.now_us))
    assert "entity-name alice --add-config" in recorded
    assert "open sesame" not in recorded


def test_an_empty_recording_has_no_moment() -> None:
    with pytest.raises(Forgotten, match="Nothing is recorded"):
        Recording().at(1)
