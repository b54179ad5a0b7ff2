"""The forms beside the stage ask for what the commands take."""

from kafkalab.lab import command_schema
from kafkalab.web.labs.forms import OFFERS, forms


def test_every_field_of_a_command_is_in_its_form_once() -> None:
    fields = {schema.name: sorted(field.name for field in schema.fields) for schema in command_schema()}
    asked = {form.command: sorted(field.name for field in form.shown + form.folded) for form in forms()}
    assert asked == {offer.command: fields[offer.command] for offer in OFFERS}


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
