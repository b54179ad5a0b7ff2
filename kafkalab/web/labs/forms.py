"""The forms beside the stage, made from the commands themselves: what a command takes, a form asks for.

Those that a newcomer needs are written out here, in the order of their use. Every other command
with something to ask for gets a form as well, so that none can be forgotten.
"""

from dataclasses import dataclass
from typing import Any

from kafkalab.lab import FAULTS, FieldSchema, command_schema

_READ_AS = {
    "text": "text",
    "number": "number",
    "true or false": "yes",
    "list of names": "names",
    "list of numbers": "numbers",
    "object of texts": "settings",
    "list of pairs": "headers",
}
"""How the page turns what stands in a field into JSON."""
_NULL_SAYS = {
    "send_record": "null, a tombstone",
    "alter_topic_config": "take the topic's own setting away",
    "alter_broker_config": "take away what was set while it runs",
    "alter_group_config": "take the group's own setting away",
}
"""What a value that is null means, where a field called `value` may be."""
SUGGESTED = ("topics", "groups", "producers", "consumers", "nodes", "racks")
"""Lists of names on the stage that the page keeps, for fields that ask for one."""
_SETTINGS = {"alter_topic_config": "settings", "alter_broker_config": "broker-settings"}
_NODES = ("one", "other")
_LABELS = {"one": "one end", "other": "other end"}
_NAMED_TOPICS = ("add_partitions", "delete_topic")
_OF_PRODUCERS = (
    "update_producer",
    "begin_transaction",
    "end_transaction",
    "pause_producer",
    "resume_producer",
    "remove_producer",
    "crash_producer",
)
_OF_CONSUMERS = ("update_consumer", "update_share_consumer", "remove_consumer", "crash_consumer",
                 "stop_archive", "crash_archive")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Offer:
    """One form: the fields that everybody needs are shown, the others wait below a fold."""

    command: str
    title: str
    button: str
    shown: tuple[str, ...] = ()
    """None: those without which it makes no sense."""
    start: tuple[tuple[str, Any], ...] = ()
    """Values to begin with where the command has no default, or one that explains little."""


FIRST = (
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
    Offer(
        "add_consumer",
        "Add a consumer",
        "Add consumer",
        ("topics", "group", "group_protocol", "processing_ms", "auto_offset_reset"),
    ),
    Offer(
        "add_share_consumer",
        "Add a consumer to a share group",
        "Add share consumer",
        ("topics", "group", "processing_ms", "acknowledgement", "released_percent", "rejected_percent"),
    ),
)
TOPICS = (
    Offer("alter_topic_config", "Change a topic's setting", "Change setting", ("topic", "name", "value")),
    Offer("alter_broker_config", "Change a broker's setting", "Change setting", ("broker", "name", "value")),
    Offer("add_partitions", "Add partitions", "Add partitions", ("name", "partitions")),
    Offer("reassign_partition", "Move a partition", "Move", ("topic", "partition", "replicas")),
    Offer("elect_leader", "Elect a leader", "Hold election", ("topic", "partition", "election_type")),
    Offer("roll_segment", "Roll segments", "Roll now"),
    Offer("compact_now", "Compact a topic", "Compact now"),
    Offer("run_retention", "Run retention", "Run retention now"),
    Offer(
        "delete_records",
        "Delete old records",
        "Delete records",
        ("topic", "partition", "before_offset"),
    ),
    Offer("delete_topic", "Delete a topic", "Delete topic"),
)
CLIENTS = (
    Offer("set_client_quota", "Set a quota", "Set quota", ("quota", "limit", "client_id", "user"),
          (("quota", "producer_byte_rate"), ("limit", 10_000))),
    Offer("subscribe_to_metrics", "Ask clients for their metrics", "Ask", ("subscription", "metrics", "interval_ms"),
          (("subscription", "all"),)),
    Offer("start_archive", "Archive a topic", "Start archiving", ("topic", "buffer_mib", "buffer_s", "format")),
    Offer("stop_archive", "Stop archiving", "Stop it"),
    Offer("crash_archive", "Kill an archive's sink", "Kill it", ("name", "when")),
    Offer("run_stand_in", "Run a stand-in for a client of your own", "Run it",
          ("client_id", "topic", "role", "bootstrap_broker", "rate")),
    Offer("update_producer", "Change a producer", "Change producer", ("name", "rate", "acks", "linger_ms")),
    Offer("update_consumer", "Change a consumer", "Change consumer", ("name", "processing_ms", "max_poll_records")),
    Offer(
        "update_share_consumer",
        "Change a consumer of a share group",
        "Change share consumer",
        ("name", "processing_ms", "released_percent", "rejected_percent"),
    ),
)  # fmt: skip
SECURITY = (
    Offer("set_password", "Give a user a password", "Set password", ("user", "password", "mechanism")),
    Offer(
        "add_acl",
        "Allow or deny",
        "Add entry",
        ("principal", "permission", "operation", "resource_type", "resource", "pattern"),
        (("resource", ""),),
    ),
    Offer(
        "remove_acl", "Strike entries out", "Remove entries", ("principal", "operation", "resource_type", "resource")
    ),
    Offer("remove_password", "Take a password away", "Remove password"),
)
TIME = (Offer("fork", "Fork", "Begin the branch", ("name",)),)
BREAKING = (
    Offer("slow_disk", "Slow disk", "Slow it down", ("broker", "delay_ms")),
    Offer("fill_disk", "Full disk", "Fill it", ("broker", "free_bytes")),
    Offer("fail_disk", "Failed disk", "Let it fail"),
    Offer("tear_write", "Torn write", "Tear its next write"),
    Offer("cut_link", "Cut a link", "Cut it", ("one", "other", "direction")),
    Offer("lose_packets", "Lossy link", "Lose packets", ("one", "other", "percent")),
    Offer("delay_link", "Slow link", "Slow it down", ("one", "other", "delay_ms", "jitter_ms")),
    Offer("duplicate_connections", "Connections that break at one end", "Let them break", ("one", "other", "percent")),
    Offer("isolate_rack", "Isolate a rack", "Isolate rack"),
    Offer("skew_clock", "Wrong clock", "Set it wrong", (), (("by_ms", 5_000),)),
    Offer("fail_responses", "Errors and late answers", "Let them fail", ("api", "error", "times", "broker"),
          (("api", "Produce"), ("error", "NOT_ENOUGH_REPLICAS"))),
    Offer("lose_answers", "Lost answers", "Lose them", ("api", "times", "broker", "topic")),
    Offer("hide_leader", "Metadata without a leader", "Hide the leader"),
    Offer("tell_stale_leader", "Metadata with a leader of the past", "Name that leader"),
    Offer("move_coordinator", "Coordinator elsewhere", "Say so"),
    Offer("advertise_wrong_address", "Wrong advertised.listeners", "Write it so", ("broker", "host", "port")),
    Offer("pose_as_kafka", "Pose as an older Kafka", "Pose"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Section:
    name: str
    title: str
    says: str
    offers: tuple[Offer, ...]


SECTIONS = (
    Section("use", "Use it", "", FIRST),
    Section("topics", "Topics", "", TOPICS),
    Section("clients", "Clients", "Change what runs already.", CLIENTS),
    Section(
        "security",
        "Who may do what",
        "Everybody may use what no entry is for. Where there are entries for a thing, only those whom one allows.",
        SECURITY,
    ),
    Section(
        "time",
        "Time",
        "Another history that parts from this one, now or at a moment that has passed. This one stays as it is.",
        TIME,
    ),
    Section(
        "break",
        "Break it",
        "Each fault is shown where it hits, with a button that undoes it. Faults end when the lab is stopped.",
        BREAKING,
    ),
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
    """Which of the lists of names the page offers for it, if any."""
    null_says: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    command: str
    title: str
    button: str
    says: str
    shown: tuple[FormField, ...]
    folded: tuple[FormField, ...]


@dataclass(frozen=True, slots=True)
class FormSection:
    name: str
    title: str
    says: str
    forms: tuple[Form, ...]


def sections(without: tuple[str, ...] = ()) -> list[FormSection]:
    """All forms. `without` names the commands that need none, since buttons say all that they take."""
    known = {schema.name: schema for schema in command_schema()}
    offered = {offer.command for section in SECTIONS for offer in section.offers}
    others = [name for name, schema in known.items() if name not in offered and name not in without and schema.fields]
    made = []
    for section in SECTIONS:
        extra = [_derived(name) for name in others if (name in FAULTS) == (section.offers is BREAKING)]
        offers = section.offers + tuple(extra if section.offers in (TOPICS, BREAKING) else ())
        forms = tuple(_form(offer, known[offer.command].says, known[offer.command].fields) for offer in offers)
        made.append(FormSection(section.name, section.title, section.says, forms))
    return made


def forms(without: tuple[str, ...] = ()) -> list[Form]:
    return [form for section in sections(without) for form in section.forms]


def _derived(command: str) -> Offer:
    spoken = command.replace("_", " ").capitalize()
    return Offer(command, spoken, spoken)


def _form(offer: Offer, says: str, fields: tuple[FieldSchema, ...]) -> Form:
    by_name = {field.name: _form_field(offer, field) for field in fields}
    shown = offer.shown or tuple(field.name for field in fields if field.required) or tuple(by_name)
    return Form(
        offer.command,
        offer.title,
        offer.button,
        "" if says == f"{offer.title}." else says,
        shown=tuple(by_name[name] for name in shown),
        folded=tuple(by_name[field.name] for field in fields if field.name not in shown),
    )


def _form_field(offer: Offer, field: FieldSchema) -> FormField:
    read_as = "value" if field.name == "value" else _READ_AS[field.type.removesuffix(" or null")]
    suggested = _suggested(offer.command, field)
    start = dict(offer.start).get(field.name, field.default)
    # What may stay unsaid has an empty choice, or the form would always say something.
    unsaid = ("",) if field.choices and field.default is None and not field.required else ()
    return FormField(
        name=field.name,
        label=_LABELS.get(field.name, field.name.replace("_", " ").replace(" ms", " (ms)")),
        read_as=read_as,
        says=_said_beside(field, read_as, suggested),
        start="" if start in (None, (), {}) else start,
        choices=unsaid + field.choices,
        required=field.required,
        suggest=suggested,
        null_says=_NULL_SAYS.get(offer.command, "null") if read_as == "value" else "",
    )


def _said_beside(field: FieldSchema, read_as: str, suggested: str) -> str:
    """Nothing where the field speaks for itself: a topic that is offered by name, a value with its own checkbox."""
    return "" if read_as == "value" or suggested == "topics" else field.says


def _suggested(command: str, field: FieldSchema) -> str:
    name = field.name
    if name == "name":
        for commands, names in ((_NAMED_TOPICS, "topics"), (_OF_PRODUCERS, "producers"), (_OF_CONSUMERS, "consumers")):
            if command in commands:
                return names
        return _SETTINGS.get(command, "")
    if name in _NODES:
        return "nodes"
    return {"group": "groups", "topic": "topics", "topics": "topics", "rack": "racks"}.get(name, "")
