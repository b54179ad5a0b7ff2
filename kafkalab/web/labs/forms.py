"""The forms beside the stage, made from the commands themselves: what a command takes, a form asks for."""

from dataclasses import dataclass
from typing import Any

from kafkalab.lab import FieldSchema, command_schema

_READ_AS = {
    "text": "text",
    "number": "number",
    "true or false": "yes",
    "list of names": "names",
    "object of texts": "settings",
    "list of pairs": "headers",
}
"""How the page turns what stands in a field into JSON."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One form: the fields that everybody needs are shown, the others wait below a fold."""

    command: str
    title: str
    button: str
    shown: tuple[str, ...]
    start: tuple[tuple[str, Any], ...] = ()
    """Values to begin with where the command has no default, or one that explains little."""


OFFERS = (
    Offer(
        "create_topic",
        "Create a topic",
        "Create topic",
        ("name", "partitions", "replication_factor", "configs"),
        (("partitions", 3), ("replication_factor", 3)),
    ),
    Offer("send_record", "Send a record", "Send", ("topic", "key", "value", "partition", "headers")),
    Offer(
        "create_producer",
        "Run a producer",
        "Run producer",
        ("topic", "rate", "key_pattern", "acks"),
        (("rate", 2),),
    ),
    Offer("add_consumer", "Add a consumer", "Add consumer", ("topics", "group", "processing_ms", "auto_offset_reset")),
    Offer("add_partitions", "Add partitions", "Add partitions", ("name", "partitions")),
    Offer("delete_topic", "Delete a topic", "Delete topic", ("name",)),
    Offer("delete_records", "Delete old records", "Delete records", ("topic", "partition", "before_offset")),
)


@dataclass(frozen=True, slots=True)
class FormField:
    name: str
    label: str
    read_as: str
    says: str
    start: Any
    choices: tuple[str, ...]
    required: bool
    suggest: str
    """Which names the page offers for it: topics, groups or none."""


@dataclass(frozen=True, slots=True)
class Form:
    command: str
    title: str
    button: str
    says: str
    shown: tuple[FormField, ...]
    folded: tuple[FormField, ...]


def forms() -> list[Form]:
    schemas = {schema.name: schema for schema in command_schema()}
    return [_form(offer, schemas[offer.command].says, schemas[offer.command].fields) for offer in OFFERS]


def _form(offer: Offer, says: str, fields: tuple[FieldSchema, ...]) -> Form:
    by_name = {field.name: _form_field(offer, field) for field in fields}
    return Form(
        offer.command,
        offer.title,
        offer.button,
        "" if says == f"{offer.title}." else says,
        shown=tuple(by_name[name] for name in offer.shown),
        folded=tuple(by_name[field.name] for field in fields if field.name not in offer.shown),
    )


def _form_field(offer: Offer, field: FieldSchema) -> FormField:
    read_as = "value" if field.name == "value" else _READ_AS[field.type.removesuffix(" or null")]
    suggested = _suggested(offer.command, field.name)
    start = dict(offer.start).get(field.name, field.default)
    return FormField(
        name=field.name,
        label=field.name.replace("_", " "),
        read_as=read_as,
        says=_said_beside(field, read_as, suggested),
        start="" if start in (None, (), {}) else start,
        choices=field.choices,
        required=field.required,
        suggest=suggested,
    )


def _said_beside(field: FieldSchema, read_as: str, suggested: str) -> str:
    """Nothing where the field speaks for itself: a topic that is offered by name, a value with its own checkbox."""
    return "" if read_as == "value" or suggested == "topics" else field.says


def _suggested(command: str, name: str) -> str:
    if name == "group":
        return "groups"
    wants_topic = name in ("topic", "topics") or (name == "name" and command in ("add_partitions", "delete_topic"))
    return "topics" if wants_topic else ""
