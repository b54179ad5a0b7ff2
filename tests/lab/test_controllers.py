"""A lab with three controllers: what a person can do to them, and what is seen of them."""

import json
from pathlib import Path
from typing import Any

import pytest

from kafkalab.lab import Lab, LabSettings, StoreRefused
from kafkalab.lab.acting import Outcome
from kafkalab.lab.commands import CreateTopic, DescribeQuorum
from kafkalab.lab.controller_commands import (
    CrashController,
    FreezeController,
    IsolateController,
    StartController,
    StopController,
    ThawController,
)

SECOND_US = 1_000_000


def done(lab: Lab, command: Any, seconds: float = 1) -> Outcome:
    outcomes: list[Outcome] = []
    lab.do(command, outcomes.append)
    lab.advance(int(seconds * SECOND_US))
    return outcomes[0]


def opened(directory: Path | None = None) -> Lab:
    lab = Lab.open(directory, LabSettings(controllers=3))
    lab.advance(10 * SECOND_US)
    assert lab.ready
    return lab


def roles(lab: Lab) -> dict[int, tuple[str, str, bool]]:
    shown = [entity for entity in lab.view().values() if entity["kind"] == "controller"]
    return {each["id"]: (each["state"], each["role"], each["active"]) for each in shown}


def test_each_controller_is_an_entity_and_one_is_active() -> None:
    lab = opened()
    active = lab.controller
    assert active is not None
    followers = dict.fromkeys((3000, 3001, 3002), ("running", "follower", False))
    assert roles(lab) == followers | {active.controller_id: ("running", "leader", True)}
    end = active.replica.end_offset
    assert lab.view()[f"controller:{active.controller_id}"] == {
        "kind": "controller",
        "id": active.controller_id,
        "node": active.name,
        "state": "running",
        "active": True,
        "role": "leader",
        "voter": True,
        "epoch": 1,
        "leader": active.controller_id,
        "voted_for": active.controller_id,
        "log_start": 0,
        "log_end": end,
        "high_watermark": end,
        "snapshot_end": 0,
        "metadata_offset": end - 1,
    }


def test_the_active_controller_is_killed_and_another_one_takes_over() -> None:
    lab = opened()
    killed = lab.view()["signs"]["active_controller"]
    outcome = done(lab, CrashController(killed), 0.1)
    assert outcome == Outcome(True, f"kill -9 <pid of controller {killed}>")
    assert roles(lab)[killed] == ("crashed", "none", False)
    assert (lab.view()["signs"]["active_controller"], lab.view()["lab"]["controller"]) == (None, "")
    # The view goes on while nobody is active.
    assert len([each for each in lab.view().values() if each["kind"] == "broker" and not each["fenced"]]) == 3
    lab.advance(5 * SECOND_US)
    assert lab.view()["signs"]["active_controller"] not in (None, killed)
    assert done(lab, CreateTopic("orders", 1, 3)).ok
    assert done(lab, CrashController(killed)).fields == {"controller": f"{killed} is not running"}
    assert done(lab, StartController(killed), 3).ok
    assert roles(lab)[killed] == ("running", "follower", False)


def test_a_controller_is_frozen_thawed_cut_off_and_stopped() -> None:
    lab = opened()
    first = lab.view()["signs"]["active_controller"]
    assert done(lab, FreezeController(first), 5).detail == {"fault": 1}
    assert roles(lab)[first] == ("frozen", "leader", False)
    assert [each["nodes"] for each in lab.view().values() if each["kind"] == "fault"] == [[f"controller-{first}"]]
    assert done(lab, ThawController(first), 3).ok
    assert roles(lab)[first] == ("running", "follower", False)
    second = lab.view()["signs"]["active_controller"]
    assert done(lab, IsolateController(second), 5).detail == {"fault": 2}
    assert roles(lab)[second][0] == "isolated"
    lab.faults.undo(2)
    lab.advance(3 * SECOND_US)
    third = lab.view()["signs"]["active_controller"]
    assert done(lab, StopController(third), 2).ok
    assert roles(lab)[third] == ("stopped", "none", False)
    assert lab.view()["signs"]["active_controller"] not in (None, third)


def test_the_quorum_is_described_as_kafkas_tool_does() -> None:
    lab = opened()
    active = lab.controller
    assert active is not None
    outcome = done(lab, DescribeQuorum())
    assert outcome.shell == "kafka-metadata-quorum.sh --bootstrap-server 127.0.0.1:9092 describe --status"
    assert outcome.detail == {
        "leader_id": active.controller_id,
        "leader_epoch": 1,
        "high_watermark": active.replica.high_watermark,
        "max_follower_lag": 0,
        "current_voters": [3000, 3001, 3002],
        "current_observers": [1, 2, 3],
    }


def test_a_lab_keeps_its_controllers(tmp_path: Path) -> None:
    lab = opened(tmp_path)
    assert done(lab, CreateTopic("orders", 1, 3)).ok
    lab.close()
    assert json.loads((tmp_path / "lab.json").read_text())["controllers"] == 3
    with pytest.raises(StoreRefused, match="was made with 3 controllers: it keeps them"):
        Lab.open(tmp_path, LabSettings(controllers=1))
    again = Lab.open(tmp_path, LabSettings())
    again.advance(25 * SECOND_US)
    assert again.ready
    assert list(again.image.topics) == ["orders"]
    again.close()


def test_a_lab_from_before_there_was_a_choice_has_one_controller(tmp_path: Path) -> None:
    lab = Lab.open(tmp_path, LabSettings())
    lab.advance(10 * SECOND_US)
    lab.close()
    kept = json.loads((tmp_path / "lab.json").read_text())
    del kept["controllers"]
    (tmp_path / "lab.json").write_text(json.dumps(kept))
    again = Lab.open(tmp_path, LabSettings())
    again.advance(25 * SECOND_US)
    assert (again.ready, list(again.cluster.controllers)) == (True, [3000])
    again.close()
