"""While a drill is on: what may not be ordered, and what is asked about once."""

from pathlib import Path
from typing import Any

import pytest

from kafkalab.drills import gate, opened, read_drill
from kafkalab.drills.duty import DELAYS_S, scripted
from kafkalab.lab import Lab, Outcome, parse_command
from tests.drills.drill import RIGHT, written


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    made = opened(read_drill(written(tmp_path)), 1)
    made.gate = gate.Gate(made)
    return made


def said(lab: Lab, command: str, **fields: Any) -> str:
    """Why it was not carried out, or "" where it was at least tried."""
    heard: list[Outcome] = []
    before = len(lab.tape.commands) if lab.tape is not None else 0
    lab.do(parse_command({"command": command, **fields}), heard.append)
    assert lab.tape is not None
    if len(lab.tape.commands) > before:
        return ""
    [outcome] = heard
    return outcome.error


@pytest.mark.parametrize(
    ("line", "risk"),
    [
        ("kafka-topics --delete --topic orders", gate.TOPIC_GONE),
        ("kafka-topics.sh --bootstrap-server localhost:9092 --delete --topic orders", gate.TOPIC_GONE),
        ("kafka-leader-election --election-type=UNCLEAN --topic orders --partition 0", gate.UNCLEAN),
        ("kafka-consumer-groups --group g --topic orders --reset-offsets --to-latest --execute", gate.OFFSETS_MOVED),
        (
            "kafka-configs --alter --entity-type topics --entity-name orders --add-config retention.ms=1000",
            gate.SETTINGS["retention.ms"],
        ),
        (
            "kafka-configs --alter --entity-type topics --entity-name orders --add-config [cleanup.policy=compact]",
            gate.SETTINGS["cleanup.policy"],
        ),
        ("lab do delete_topic name=orders", gate.TOPIC_GONE),
    ],
)
def test_a_line_that_may_lose_data_is_asked_about_once_and_then_obeyed(lab: Lab, line: str, risk: str) -> None:
    assert [said(lab, "run_line", line=line) for _ in range(3)] == [f"{risk} {gate.ONCE_MORE}", "", ""]


@pytest.mark.parametrize(
    "line",
    [
        "kafka-topics --describe --topic orders",
        "kafka-leader-election --election-type preferred --all-topic-partitions",
        "kafka-consumer-groups --group g --topic orders --reset-offsets --to-latest --dry-run",
        "kafka-configs --describe --entity-type topics --entity-name orders",
        "echo 'not closed",
    ],
)
def test_a_line_that_only_looks_is_not_asked_about(lab: Lab, line: str) -> None:
    assert said(lab, "run_line", line=line) == ""


def test_commands_of_the_page_are_asked_about_like_lines(lab: Lab) -> None:
    unclean = {"topic": "orders", "partition": 0, "election_type": "unclean"}
    asked = [said(lab, "elect_leader", **unclean), said(lab, "elect_leader", **unclean)]
    assert asked == [f"{gate.UNCLEAN} {gate.ONCE_MORE}", ""]
    assert said(lab, "alter_topic_config", topic="orders", name="retention.ms", value="5").startswith("What is older")
    assert said(lab, "alter_topic_config", topic="orders", name="segment.ms", value="5000") == ""
    assert said(lab, "stop_broker", broker=1) == ""


def test_what_the_drill_itself_orders_passes(lab: Lab) -> None:
    heard: list[Outcome] = []
    lab.do(parse_command({"command": "slow_disk", "broker": 1}), heard.append, unseen=True)
    assert heard[0].ok
    assert said(lab, "undo_fault", fault=1) == gate.NOT_BY_MAGIC


def test_a_script_draws_the_same_for_the_same_seed_and_no_more_than_two_red_herrings(tmp_path: Path) -> None:
    herrings = "".join(f"  - {{name: h{n}, says: It rains., steps: [{{wait: 1}}]}}\n" for n in range(4))
    drill = read_drill(written(tmp_path, RIGHT.replace("page:\n", f"herrings:\n{herrings}page:\n", 1)))
    drawn = [scripted(drill, seed) for seed in range(40)]
    assert drawn == [scripted(drill, seed) for seed in range(40)]
    assert {len(herrings) for _, herrings in drawn} == {0, 1, 2}
    assert {delay_s for delay_s, _ in drawn} == set(DELAYS_S)
