"""The forms and menus of the page ask for what the commands take, and none is forgotten."""

from kafkalab.lab import COMMANDS, command_schema
from kafkalab.web.labs.forms import SUGGESTED, forms, sections
from kafkalab.web.labs.menus import IN_THE_TOP_BAR, buttons, menus


def test_every_command_of_the_lab_can_be_given_from_the_page() -> None:
    asked = {form.command for form in forms(buttons())}
    pressed = {item.command for items in menus().values() for item in items if not item.asks}
    assert asked | pressed == set(COMMANDS) - {*IN_THE_TOP_BAR}


def test_whatever_a_menu_asks_more_about_has_a_form() -> None:
    asked = {form.command for form in forms(buttons())}
    assert {item.command for items in menus().values() for item in items if item.asks} <= asked


def test_every_field_of_a_command_is_in_its_form_once() -> None:
    fields = {schema.name: sorted(field.name for field in schema.fields) for schema in command_schema()}
    asked = {form.command: sorted(field.name for field in form.shown + form.folded) for form in forms()}
    assert asked == {command: fields[command] for command in asked}
    assert len(forms()) == len(asked)


def test_a_topic_starts_with_three_partitions_of_three_replicas() -> None:
    create_topic = next(form for form in forms() if form.command == "create_topic")
    assert [(field.name, field.read_as, field.start) for field in create_topic.shown] == [
        ("name", "text", ""),
        ("partitions", "number", 3),
        ("replication_factor", "number", 3),
        ("configs", "settings", ""),
    ]


def test_a_hint_speaks_to_a_person_and_not_to_a_program() -> None:
    fields = [field for form in forms() for field in form.shown + form.folded]
    assert [field.says for field in fields if "null" in field.says.lower()] == []
    send = next(form for form in forms() if form.command == "send_record")
    assert {field.name: field.says for field in send.shown} == {
        "topic": "",
        "key": "Empty: no key.",
        "value": "",
        "partition": "Empty: the partitioner chooses.",
        "headers": "Names and values.",
    }


def test_names_are_offered_where_something_must_be_named() -> None:
    fields = [field for form in forms() for field in form.shown + form.folded]
    assert {field.suggest for field in fields} - {""} == {*SUGGESTED, "settings", "broker-settings"}


def test_what_may_stay_unsaid_has_an_empty_choice() -> None:
    wrong_answers = next(form for form in forms() if form.command == "fail_responses")
    choices = {field.name: field.choices[:2] for field in wrong_answers.shown if field.choices}
    assert (choices["error"][0], choices["api"][0]) == ("", "Produce")


def test_the_menus_of_a_broker_and_a_partition() -> None:
    """What newcomers look for, where they look for it."""
    labels = {kind: [item.label for item in items if not item.fault] for kind, items in menus().items()}
    assert labels["broker"] == [
        "kill -9",
        "Stop",
        "Start",
        "Unregister",
        "Freeze",
        "Thaw",
        "Isolate",
        "Heal the network",
        "Add a consumer in its rack…",
    ]
    assert labels["partition"] == [
        "Elect a leader…",
        "Move to other brokers…",
        "Verify its move",
        "Delete old records…",
        "Roll the topic's segments",
        "Run the topic's retention",
        "Compact the topic",
        "Send a record…",
        "Abort a hanging transaction…",
    ]
    assert labels["transaction"] == ["Force its end"]
    assert [item.fill for item in menus()["partition"] if item.command == "reassign_partition"] == [
        {"topic": "topic", "partition": "partition", "replicas": "replicas"}
    ]
    assert labels["fault"] == ["Undo"]
    assert [(item.label, item.command, item.share) for item in menus()["consumer"] if item.label == "Change…"] == [
        ("Change…", "update_consumer", False),
        ("Change…", "update_share_consumer", True),
    ]


def test_faults_stand_apart_from_what_mends_and_runs() -> None:
    breaking = sections(buttons())[-1]
    assert (breaking.name, [form.command for form in breaking.forms][:3]) == (
        "break",
        ["slow_disk", "fill_disk", "fail_disk"],
    )
    assert "undo_fault" not in [form.command for form in breaking.forms]
