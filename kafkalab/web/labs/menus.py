"""What can be done to a thing on the stage: the menus of the inspector, made from the commands.

A command belongs to a thing when its fields can be filled in from it: what takes a broker is in the
broker's menu. When nothing else is to be asked the menu has a button that does it, else one that
opens the form. The page knows no commands of its own, so a new command appears by itself.
"""

from dataclasses import asdict, dataclass
from typing import Any

from kafkalab.lab import FAULTS, CommandSchema, command_schema

IN_THE_TOP_BAR = (
    "pause_time",
    "play_time",
    "step_time",
    "step_to_significant",
    "run_to",
    "set_rate",
    "enter_lab_time",
    "remove_branch",
    "run_line",
    "type_line",
    "stop_line",
    "what_if",
)
"""Lab time has buttons of its own there, and the terminal its input."""
UP = ("running", "starting", "frozen", "isolated")
DOWN = ("crashed", "stopped")


@dataclass(frozen=True, slots=True)
class Verb:
    """How a command that begins with this word is offered."""

    label: str
    states: tuple[str, ...] = ()
    """Of a node, in which it makes sense; empty: in all."""
    unless: tuple[str, ...] = ()
    """States in which it does not."""
    danger: bool = False


VERBS = {
    "crash": Verb("kill -9", UP, danger=True),
    "stop": Verb("Stop", UP),
    "start": Verb("Start", DOWN),
    "freeze": Verb("Freeze", ("running",)),
    "thaw": Verb("Thaw", ("frozen",)),
    "isolate": Verb("Isolate", ("running",)),
    "pause": Verb("Pause", unless=("paused",)),
    "resume": Verb("Resume", ("paused",)),
    "remove": Verb("Remove…"),
    "delete": Verb("Delete…"),
    "undo": Verb("Undo"),
    "force": Verb("Force its end", danger=True),
    "unregister": Verb("Unregister", DOWN, danger=True),
}
NEVER_BACK = ("remove", "delete")
"""What cannot be taken back is asked for twice."""
LABELS = {
    "send_record": "Send a record",
    "create_producer": "Run a producer",
    "add_consumer": "Add a consumer",
    "add_share_consumer": "Add a share consumer",
    "start_archive": "Archive it",
    "alter_share_group_offset": "Begin elsewhere",
    "alter_topic_config": "Change a setting",
    "reassign_partition": "Move to other brokers",
    "verify_reassignment": "Verify its move",
    "elect_leader": "Elect a leader",
    "roll_segment": "Roll segments",
    "compact_now": "Compact now",
    "run_retention": "Run retention",
    "delete_records": "Delete old records",
    "heal_network": "Heal the network",
    "describe_quorum": "Describe the quorum",
    "abort_transaction": "Abort a hanging transaction",
    "fail_responses": "Wrong or late answers",
    "lose_answers": "Lose answers",
    "hide_leader": "Hide the leader",
    "tell_stale_leader": "Name a leader of the past",
    "move_coordinator": "Coordinator elsewhere",
    "advertise_wrong_address": "Wrong advertised.listeners",
    "pose_as_kafka": "Pose as an older Kafka",
    "begin_transaction": "Begin a transaction",
    "end_transaction": "Commit or abort",
    "update_producer": "Change",
    "update_consumer": "Change",
    "update_share_consumer": "Change",
}
LABELS_OF = {
    ("broker", "isolate_rack"): "Isolate its rack",
    ("broker", "add_consumer"): "Add a consumer in its rack",
    ("partition", "roll_segment"): "Roll the topic's segments",
    ("partition", "run_retention"): "Run the topic's retention",
    ("partition", "compact_now"): "Compact the topic",
}
"""Where it is not as it is everywhere."""
WITH_A_PROCESS = ("broker", "controller")
"""What has the states that VERBS speaks of."""
THINGS: dict[str, dict[str, str]] = {
    "broker": {"broker": "broker", "one": "node", "rack": "rack"},
    "controller": {"controller": "id", "one": "node"},
    "topic": {"topic": "topic", "topics": "topic"},
    "partition": {"topic": "topic", "partition": "partition"},
    "producer": {"name": "name", "one": "name"},
    "consumer": {"name": "name", "one": "name"},
    "group": {"group": "group"},
    "transaction": {"transactional_id": "transactional_id"},
    "fault": {"fault": "fault"},
    "archive": {"name": "sink"},
}
"""Of each kind of entity: the field of a command by which it names one, and the entity's own that fills it in."""
BEGINS_WITH = {
    "reassign_partition": {"replicas": "replicas"},
    "update_producer": {"rate": "rate", "acks": "acks", "linger_ms": "linger_ms"},
    "update_consumer": {"processing_ms": "processing_ms"},
}
"""Further fields of a form that begin with what is so now."""
ABOUT_NAMES = {
    "topic": ("delete_topic", "add_partitions"),
    "producer": (
        "update_producer",
        "begin_transaction",
        "end_transaction",
        "pause_producer",
        "resume_producer",
        "remove_producer",
        "crash_producer",
    ),
    "archive": ("stop_archive", "crash_archive"),
    "consumer": ("update_consumer", "update_share_consumer", "remove_consumer", "crash_consumer"),
}
"""Commands whose `name` is that of such a thing."""
ONLY_OF = {
    "move_coordinator": ("group",),
    "alter_share_group_offset": ("group",),
    "fail_responses": ("broker",),
    "lose_answers": ("broker",),
    "tell_stale_leader": ("partition",),
    "hide_leader": ("partition",),
}
"""Commands that would fit more things than one would look for them at."""
OF_SHARE_GROUPS = {"update_consumer": False, "update_share_consumer": True, "alter_share_group_offset": True}
"""Commands for groups and members of one sort: those that share records, or the others."""
ALSO_OF_PARTITION = ("roll_segment", "run_retention", "compact_now")
"""Done to the whole topic, but looked for at a partition."""


@dataclass(frozen=True, slots=True)
class MenuItem:
    command: str
    label: str
    fill: dict[str, str]
    asks: bool
    """It opens the form: there is more to say."""
    fault: bool
    states: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    danger: bool = False
    sure: bool = False
    """It is asked for twice."""
    share: bool | None = None
    """Only for what belongs to a share group, or only for what does not."""


def menus() -> dict[str, list[MenuItem]]:
    """By kind of entity."""
    schemas = command_schema()
    found = {kind: [item for schema in schemas if (item := _item(kind, schema))] for kind in THINGS}
    # At a process what is done with one press comes first.
    return {kind: sorted(items, key=lambda item: item.asks and kind in WITH_A_PROCESS) for kind, items in found.items()}


def menus_as_json() -> dict[str, list[dict[str, Any]]]:
    return {kind: [asdict(item) for item in items] for kind, items in menus().items()}


def buttons() -> tuple[str, ...]:
    """Commands that need no form."""
    pressed = [item.command for items in menus().values() for item in items if not item.asks]
    return tuple(dict.fromkeys([*pressed, *IN_THE_TOP_BAR]))


def _item(kind: str, schema: CommandSchema) -> MenuItem | None:
    command = schema.name
    fill = _filled(kind, schema)
    if command == "heal_network" and kind in WITH_A_PROCESS:
        return MenuItem(command, LABELS[command], {}, asks=False, fault=False, states=("isolated",))
    if command == "describe_quorum" and kind == "controller":
        return MenuItem(command, LABELS[command], {}, asks=False, fault=False, states=UP)
    if not fill or kind not in ONLY_OF.get(command, (kind,)):
        return None
    verb, _, _ = command.partition("_")
    said = VERBS.get(verb, Verb(command.replace("_", " ").capitalize()))
    asks = any(field.name not in fill and (field.required or field.name in _WORTH_ASKING) for field in schema.fields)
    asks = asks or command in BEGINS_WITH or command in _ASKED_ANYWAY
    fill |= BEGINS_WITH.get(command, {})
    label = LABELS.get(command, said.label if verb in VERBS else command.replace("_", " ").capitalize())
    label = LABELS_OF.get((kind, command), label)
    return MenuItem(
        command,
        f"{label}…" if asks and not label.endswith("…") else label,
        fill,
        asks=asks,
        fault=command in FAULTS and kind != "fault",
        states=said.states if kind in WITH_A_PROCESS or verb == "resume" else (),
        unless=said.unless,
        danger=said.danger,
        sure=verb in NEVER_BACK and not asks,
        share=OF_SHARE_GROUPS.get(command),
    )


_ASKED_ANYWAY = ("elect_leader", "cut_link")
_WORTH_ASKING = (
    "delay_ms",
    "free_bytes",
    "rate",
    "value",
    "key",
    "election_type",
    "error",
    "times",
    "processing_ms",
    "group",
    "direction",
    "release",
    "when",
    "host",
)
"""Fields with a default that one would still want to choose."""


def _filled(kind: str, schema: CommandSchema) -> dict[str, str]:
    names = [field.name for field in schema.fields]
    fill = {name: own for name, own in THINGS[kind].items() if name in names}
    if kind in ABOUT_NAMES:
        if schema.name in ABOUT_NAMES[kind]:
            return fill | {"name": {"topic": "topic", "archive": "sink"}.get(kind, "name")}
        fill.pop("name", None)
    if kind == "partition" and "partition" not in names and schema.name not in ALSO_OF_PARTITION:
        return {}
    if kind == "topic" and "partition" in names and schema.name != "send_record":
        return {}
    # A field that may stay empty does not make it a command of this thing, unless it says where.
    required = [field.name for field in schema.fields if field.required]
    if not any(name in required for name in fill) and schema.name not in ONLY_OF:
        return {} if schema.name != "add_consumer" else fill
    return fill
