"""The settings of a thing on the stage: each with its value, where that comes from, and how to change it.

What topics, brokers and groups are told here is what a broker answers to DescribeConfigs. The lab's own
producers and consumers are shown by the properties that they were started with; what the programs of real
clients are set to, nobody but they can know.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from kafkalab.engine.controller.configs import (
    CLIENT_METRICS_CONFIG,
    DEFAULT_CONFIG,
    DYNAMIC_BROKER_CONFIG,
    DYNAMIC_DEFAULT_BROKER_CONFIG,
    GROUP_CONFIG,
    STATIC_BROKER_CONFIG,
    TOPIC_CONFIG,
    BrokerSettings,
    DescribedConfig,
    described_broker,
    described_group,
    described_topic,
)
from kafkalab.engine.controller.metadata import GROUP
from kafkalab.lab import commands as order
from kafkalab.lab.parsing import schema, snake_case
from kafkalab.lab.real import telling
from kafkalab.lab.share_commands import AddShareConsumer, UpdateShareConsumer

if TYPE_CHECKING:
    from kafkalab.lab.lab import Lab

SOURCES = {
    TOPIC_CONFIG: ("DYNAMIC_TOPIC_CONFIG", "set on this topic"),
    DYNAMIC_BROKER_CONFIG: ("DYNAMIC_BROKER_CONFIG", "set on this broker while it runs"),
    DYNAMIC_DEFAULT_BROKER_CONFIG: ("DYNAMIC_DEFAULT_BROKER_CONFIG", "set on all brokers while they run"),
    STATIC_BROKER_CONFIG: ("STATIC_BROKER_CONFIG", "from server.properties"),
    DEFAULT_CONFIG: ("DEFAULT_CONFIG", "Kafka's default"),
    CLIENT_METRICS_CONFIG: ("DYNAMIC_CLIENT_METRICS_CONFIG", "set on this subscription"),
    GROUP_CONFIG: ("DYNAMIC_GROUP_CONFIG", "set on this group"),
}
"""ConfigSource, by number: its name, and in words."""
OWN = {"topic": TOPIC_CONFIG, "broker": DYNAMIC_BROKER_CONFIG, "group": GROUP_CONFIG}
TYPES = ("unknown", "boolean", "string", "int", "short", "long", "double", "list", "class", "password")
"""ConfigType, by number."""
PROPERTIES = {
    "idempotence": "enable.idempotence",
    "compression": "compression.type",
    "max_in_flight": "max.in.flight.requests.per.connection",
    "partitioner": "partitioner.class",
    "group": "group.id",
    "assignor": "partition.assignment.strategy",
    "rack": "client.rack",
    "acknowledgement": "share.acknowledgement.mode",
}
"""What Kafka calls a client's property, where that is not the field's name with dots."""
OF_THE_LAB = (
    "rate",
    "key_pattern",
    "value_size",
    "records_per_transaction",
    "abort_every",
    "limit",
    "key_ranges",
    "synchronous",
    "processing_ms",
    "commit",
    "released_percent",
    "rejected_percent",
)
"""What a client of the lab has besides: the work that its application does."""
NOT_PROPERTIES = ("name", "topic", "topics", "user")
CHANGES = {
    order.CreateProducer: order.UpdateProducer,
    order.AddConsumer: order.UpdateConsumer,
    AddShareConsumer: UpdateShareConsumer,
}


@dataclass(frozen=True, slots=True)
class Synonym:
    """A place that a value may come from; the first that has one counts."""

    name: str
    value: str | None
    source: str
    says: str


@dataclass(frozen=True, slots=True)
class Edit:
    """The command that changes a setting."""

    command: str
    fields: Mapping[str, Any]
    field: str
    """Which of its fields takes the new value."""
    type: str
    """text, number, or true or false."""
    choices: tuple[str, ...] = ()
    can_reset: bool = False
    """A null there takes away what was set."""


@dataclass(frozen=True, slots=True)
class ConfigShown:
    name: str
    value: str | None
    source: str
    """By Kafka's name for it, or "" where Kafka has none."""
    says_source: str
    documentation: str
    type: str
    own: bool
    """Set on this very thing by somebody."""
    read_only: bool
    unread: str = ""
    """Why it has no effect here, if it has none."""
    synonyms: tuple[Synonym, ...] = ()
    edit: Edit | None = None


@dataclass(frozen=True, slots=True)
class ConfigsShown:
    of: str
    rows: tuple[ConfigShown, ...]
    note: str = ""
    unread: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Settings that Kafka has and nothing here reads: what they are about, and their names."""


def configs_of(lab: "Lab", entity_id: str) -> ConfigsShown:
    """Of an entity, by its id. What has no settings says so in its note."""
    kind, _, name = entity_id.partition(":")
    image = lab.image
    unread = {of: tuple((each.says, each.names) for each in rows) for of, rows in telling.unread_configs()}
    if kind in ("partition", "replica"):
        kind, name = "topic", name.split(":")[0]
    match kind:
        case "topic" if name in image.topics:
            settings = BrokerSettings.of(image, lab.cluster.config)
            described = described_topic(image.topic_config(name), settings)
            rows = _rows(kind, described, "alter_topic_config", {"topic": name}, dict(_by_name(unread["Topics"])))
            return ConfigsShown(f"topic {name}", rows)
        case "broker" if name.isdecimal() and int(name) in lab.broker_ids:
            settings = BrokerSettings.of(image, lab.cluster.config, int(name))
            rows = _rows(kind, described_broker(settings), "alter_broker_config", {"broker": int(name)}, {})
            return ConfigsShown(f"broker {name}", rows, unread=unread["Brokers"])
        case "group":
            settings = BrokerSettings.of(image, lab.cluster.config)
            described = described_group(image.configs.get((GROUP, name), {}), settings)
            rows = _rows(kind, described, "alter_group_config", {"group": name}, {})
            note = "A classic group minds none of these: its members bring their settings along."
            return ConfigsShown(f"group {name}", rows, note, unread["Groups"])
        case "producer" | "consumer" if name in lab.kept_clients.by_name:
            return ConfigsShown(name, _of_client(lab.kept_clients.by_name[name]))
        case "client":
            note = "A real client keeps its settings to itself: they stand in its program. Its quotas are the brokers'."
            return ConfigsShown(name, (), note)
    return ConfigsShown("", (), "This has no settings of its own.")


def _by_name(unread: tuple[tuple[str, tuple[str, ...]], ...]) -> list[tuple[str, str]]:
    return [(name, says) for says, names in unread for name in names]


def _rows(
    kind: str, described: list[DescribedConfig], command: str, who: Mapping[str, Any], unread: Mapping[str, str]
) -> tuple[ConfigShown, ...]:
    return tuple(
        ConfigShown(
            each.name,
            each.value,
            *SOURCES[each.source],
            documentation=each.documentation,
            type=TYPES[each.type],
            own=each.source == OWN[kind],
            read_only=each.read_only,
            unread=unread.get(each.name, ""),
            synonyms=tuple(Synonym(one.name, one.value, *SOURCES[one.source]) for one in each.synonyms),
            edit=None
            if each.read_only
            else Edit(command, {**who, "name": each.name}, "value", TYPES[each.type], can_reset=True),
        )
        for each in described
    )


def _of_client(started: Any) -> tuple[ConfigShown, ...]:
    """As it was started, and changed since."""
    change = CHANGES[type(started)]
    changeable = {each.name for each in fields(change)}
    rows = []
    for field in schema({"": type(started)})[0].fields:
        name = field.name
        if name in NOT_PROPERTIES:
            continue
        value = getattr(started, name)
        own = value != field.default
        says_source = "set when it was started, or since" if own else "the default"
        edit = Edit(snake_case(change.__name__), {"name": started.name}, name, field.type, field.choices)
        rows.append(
            ConfigShown(
                PROPERTIES.get(name, name.replace("_", " " if name in OF_THE_LAB else ".")),
                _text(value),
                "",
                f"{says_source}; its application's, and no property of Kafka's" if name in OF_THE_LAB else says_source,
                documentation=field.says,
                type=field.type,
                own=own,
                read_only=name not in changeable,
                edit=edit if name in changeable else None,
            )
        )
    return tuple(rows)


def _text(value: Any) -> str | None:
    if value is None:
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)
