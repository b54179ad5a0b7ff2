"""Every line that the page shows for what was done on it can be typed in the terminal."""

import json
from typing import Any

import pytest

from kafkalab.lab import COMMANDS, Command, Lab, command_schema, parse_command, shell
from kafkalab.lab.terminal.line import taken_apart
from kafkalab.lab.terminal.options import read
from kafkalab.lab.terminal.own import own_line
from kafkalab.lab.terminal.shelf import AS_COMMANDS, named
from kafkalab.lab.terminal.unix import unix_line
from tests.lab.terminal.hands import typed

SAID: dict[str, dict[str, Any]] = {
    "create_topic": {"name": "orders", "partitions": 3, "configs": {"cleanup.policy": "compact,delete"}},
    "alter_topic_config": {"topic": "orders", "name": "cleanup.policy", "value": "compact,delete"},
    "reassign_partition": {"topic": "orders", "partition": 0, "replicas": [2, 3], "throttle": 1000},
    "send_record": {"topic": "orders", "value": "it's; rm -rf /", "key": "k 1", "headers": [["h", "v"]], "acks": "1"},
    "create_producer": {"topic": "orders", "acks": "1", "idempotence": False, "transactional_id": None, "limit": 5},
    "add_consumer": {"topics": ["orders", "payments"], "group": "my group", "assignor": "sticky", "rack": "a b"},
    "add_share_consumer": {"topics": ["orders"], "group": "sharers", "acknowledgement": "explicit"},
    "alter_broker_config": {"name": "min.insync.replicas", "value": "2"},
    "set_client_quota": {"quota": "producer_byte_rate", "limit": 1000.0, "client_id": "*", "user": "alice"},
    "subscribe_to_metrics": {"subscription": "mine", "match": "client_id=a.*"},
    "add_acl": {"principal": "User:alice", "operation": "describe_configs", "resource": "or", "pattern": "prefixed"},
    "remove_acl": {"principal": "User:alice", "operation": "read"},
    "set_rate": {"rate": "0.1"},
    "step_time": {},
    "run_line": {"line": "kafka-topics --list"},
    "fail_responses": {"api": "Produce", "error": "NOT_LEADER_OR_FOLLOWER"},
}
"""Fields that show more than the fewest."""
OF_A_TYPE = {"text": "orders", "number": 1, "true or false": True, "list of names": ["orders"], "list of numbers": [1],
             "object of texts": {}, "list of pairs": []}  # fmt: skip


def every_command() -> list[Command]:
    made = []
    for schema in command_schema():
        said: dict[str, Any] = {}
        for field in schema.fields:
            if field.required:
                kind = field.type.removesuffix(" or null")
                said[field.name] = field.choices[0] if field.choices else OF_A_TYPE[kind]
        said |= {"principal": "User:alice"} if "principal" in said else {}
        said |= {"other": "broker-2", "one": "broker-1"} if "other" in said else {}
        made.append(parse_command({"command": schema.name, **said, **SAID.get(schema.name, {})}))
    return made


@pytest.mark.parametrize(
    "command",
    [it for it in every_command() if type(it).__name__ not in ("TypeLine", "StopLine")],
    ids=lambda it: type(it).__name__,
)
def test_a_line_that_is_shown_is_understood(command: Command, lab: Lab) -> None:
    line = shell(command, lab.bootstrap_servers)
    found = unix_line(line, lab) if not line.startswith("kill") or "broker" in line or "controller" in line else command
    if found is not None:
        assert found == command
        return
    parts = taken_apart(line)
    if line.startswith("lab "):
        assert own_line(list(parts.words[1:]), lab) == command
        return
    tool = named(parts.words[0])
    assert tool is not None, line
    given = read(list(parts.words[1:]), tool.all_options)
    if tool.name in AS_COMMANDS:
        assert type(AS_COMMANDS[tool.name](given)) is type(command)


def test_all_commands_are_walked() -> None:
    assert len(every_command()) == len(COMMANDS)


def test_lines_do_what_the_buttons_do(lab: Lab) -> None:
    lines = [
        shell(parse_command({"command": "create_topic", "name": "orders", "partitions": 2, "replication_factor": 3})),
        shell(
            parse_command({"command": "send_record", "topic": "orders", "value": "it's", "key": "k 1", "partition": 1})
        ),
        shell(parse_command({"command": "add_partitions", "name": "orders", "partitions": 4})),
        shell(parse_command({"command": "crash_broker", "broker": 3})),
        shell(parse_command({"command": "slow_disk", "broker": 1, "delay_ms": 3})),
        shell(parse_command({"command": "fail_responses", "api": "Fetch", "error": "NOT_LEADER_OR_FOLLOWER"})),
    ]
    for line in lines:
        assert "[exit" not in str(typed(lab, line)), line
        if line.startswith("kcat"):
            assert [(it.key, it.value) for it in lab.logs.records("orders", 1)] == [("k 1", "it's")]
    assert len(lab.image.topics["orders"].partitions) == 4
    assert lab.down == {3: "crashed"}
    faults = [it["label"] for it in lab.faults.entities().values()]
    assert len(faults) == 2
    assert typed(lab, "lab undo")[0].startswith("Which? 1: slow disk: 3 ms; 2: ")
    assert typed(lab, "lab undo 1") == []
    assert typed(lab, "kafka-server-start.sh -daemon config/broker-3.properties") == []
    assert lab.down == {}


def test_a_producer_that_must_not_retry_does_not_when_its_line_is_typed(lab: Lab) -> None:
    made = parse_command({"command": "create_producer", "topic": "orders", "retries": 0, "idempotence": False})
    typed(lab, shell(made).replace("<no limit>", "0"))
    assert [(it.settings.retries, it.settings.idempotence) for it in lab.producers.values()] == [(0, False)]


def test_json_in_a_line_is_kept(lab: Lab) -> None:
    parts = taken_apart(
        shell(parse_command({"command": "delete_records", "topic": "a", "partition": 0, "before_offset": 3}))
    )
    assert [json.loads(text)["partitions"] for text in parts.files.values()] == [
        [{"topic": "a", "partition": 0, "offset": 3}]
    ]


def test_a_producer_that_no_tool_of_kafkas_makes_is_the_labs_own_line(lab: Lab) -> None:
    command = parse_command(
        {
            "command": "create_producer",
            "topic": "users",
            "partitioner": "ranges",
            "key_ranges": "A-F,G-Z",
            "synchronous": True,
        }
    )
    line = shell(command)
    assert line == "lab do create_producer topic=users partitioner=ranges key_ranges=A-F,G-Z synchronous=true"
    assert own_line(list(taken_apart(line).words[1:]), lab) == command
