"""Commands from JSON, their reasons when wrong, their command lines and their documentation."""

import pytest

from kafkalab.lab import COMMANDS, CommandRefused, FieldSchema, command_schema, parse_command, shell
from kafkalab.lab.client_commands import KEY_PATTERN_NOTE
from kafkalab.lab.commands import AddConsumer, CrashBroker, CreateTopic, SendRecord


def test_a_command_is_its_name_and_its_fields() -> None:
    assert parse_command({"command": "crash_broker", "broker": 2, "id": 7}) == CrashBroker(broker=2)


def test_what_is_left_out_has_kafkas_default() -> None:
    said = {"command": "create_topic", "name": "orders", "configs": {"retention.ms": 1000}}
    assert parse_command(said) == CreateTopic("orders", -1, -1, {"retention.ms": "1000"})


def test_lists_become_tuples_and_null_stays_null() -> None:
    said = {"command": "send_record", "topic": "orders", "value": None, "headers": [["trace", "1"], ["flag", None]]}
    assert parse_command(said) == SendRecord("orders", None, None, (("trace", "1"), ("flag", None)))


def test_every_wrong_field_gets_its_reason() -> None:
    with pytest.raises(CommandRefused) as refused:
        parse_command({"command": "create_topic", "name": "or ders", "partitions": "3", "replication": 3})
    assert refused.value.fields == {
        "name": "is not allowed: Letters, digits, '.', '_' and '-'.",
        "partitions": "must be a whole number",
        "replication": "is no field of create_topic",
    }


def test_a_missing_field_is_named() -> None:
    with pytest.raises(CommandRefused) as refused:
        parse_command({"command": "crash_broker"})
    assert (refused.value.error, refused.value.fields) == ("crash_broker: broker is missing", {"broker": "is missing"})


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("rate", True, "must be a whole number"),
        ("rate", -1, "must be from 0 to 10000"),
        ("acks", "2", "must be one of 0, 1, all"),
        ("key_pattern", "random:0", f"is not allowed: {KEY_PATTERN_NOTE}"),
        ("idempotence", 1, "must be true or false"),
        ("topic", "", "must not be empty"),
        ("topic", None, "must be text"),
    ],
)
def test_a_producer_field_out_of_range_says_what_is_allowed(field: str, value: object, reason: str) -> None:
    with pytest.raises(CommandRefused) as refused:
        parse_command({"command": "create_producer", "topic": "orders", field: value})
    assert refused.value.fields == {field: reason}


@pytest.mark.parametrize("said", [None, [], "crash_broker", 7])
def test_what_is_no_object_is_no_command(said: object) -> None:
    with pytest.raises(CommandRefused, match="A command is a JSON object"):
        parse_command(said)


@pytest.mark.parametrize("name", [None, 7, "reboot", ["crash_broker"]])
def test_an_unknown_command_is_told_which_there_are(name: object) -> None:
    with pytest.raises(CommandRefused) as refused:
        parse_command({"command": name})
    assert refused.value.fields == {"command": f"must be one of {', '.join(COMMANDS)}"}


def test_half_a_character_is_refused_wherever_it_is() -> None:
    with pytest.raises(CommandRefused, match="whole Unicode"):
        parse_command({"command": "send_record", "topic": "orders", "headers": [["h", "\ud800"]]})


def test_command_lines_quote_what_a_shell_would_take_apart() -> None:
    lines = [
        shell(CreateTopic("orders", 3, 2, {"cleanup.policy": "compact,delete"})),
        shell(SendRecord("orders", "it's; rm -rf /", "k 1", (("h", "v"),), 2, "1"), "10.0.0.1:9092"),
        shell(SendRecord("orders", None, "k")),
        shell(AddConsumer(("a", "b"), "my group", commit="manual", assignor="sticky")),
        shell(CrashBroker(2)),
    ]
    assert lines == [
        "kafka-topics.sh --bootstrap-server 127.0.0.1:9092 --create --topic orders --partitions 3"
        " --replication-factor 2 --config cleanup.policy=compact,delete",
        "kcat -b 10.0.0.1:9092 -P -t orders -p 2 -k 'k 1' -H h=v -X acks=1 <<< 'it'\"'\"'s; rm -rf /'",
        "kcat -b 127.0.0.1:9092 -P -t orders -k k -Z <<< ''",
        "kafka-console-consumer.sh --bootstrap-server 127.0.0.1:9092 --include 'a|b' --group 'my group'"
        " --from-beginning --command-property enable.auto.commit=false"
        " --command-property partition.assignment.strategy=org.apache.kafka.clients.consumer.StickyAssignor",
        "kill -9 <pid of broker 2>",
    ]


def test_every_command_has_a_command_line() -> None:
    made = {
        "name": "x",
        "topic": "t",
        "topics": ["t"],
        "partition": 0,
        "partitions": 2,
        "before_offset": 1,
        "start_offset": 1,
        "transactional_id": "transfer 1",
        "broker": 1,
        "controller": 3000,
        "group": "g",
        "one": "broker-1",
        "other": "broker-2",
        "rack": "rack-a",
        "by_ms": 5,
        "api": "Fetch",
        "leader": 2,
        "release": "3.9",
        "fault": 1,
        "rate": "0.1",
        "at_us": 1_767_225_600_000_000,
        "change": "acks=all",
        "replicas": [2, 3],
        "quota": "producer_byte_rate",
        "subscription": "all",
        "principal": "User:alice",
        "operation": "read",
        "client_id": "my-app",
        "user": "alice",
        "password": "secret",
        "line": "kafka-topics --list",
        "job": 1,
    }
    for schema in command_schema():
        said = {field.name: made[field.name] for field in schema.fields if field.required}
        assert shell(parse_command({"command": schema.name, **said})), schema.name


def test_the_schema_tells_what_the_documentation_needs() -> None:
    by_name = {schema.name: schema for schema in command_schema()}
    assert list(by_name) == list(COMMANDS)
    assert by_name["add_partitions"].says == (
        "Let a topic grow. Records stay where they are, but keys may map to other partitions from now on."
    )
    assert by_name["send_record"].fields[2:] == (
        FieldSchema("key", "text or null", False, None, "Empty: no key."),
        FieldSchema("headers", "list of pairs", False, (), "Names and values."),
        FieldSchema("partition", "number or null", False, None, "Empty: the partitioner chooses."),
        FieldSchema("acks", "text", False, "all", "Whose word counts as stored.", ("0", "1", "all")),
    )
