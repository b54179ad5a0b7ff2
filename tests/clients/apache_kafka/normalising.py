"""What must differ between two clusters, and is made equal before they are compared: each by a rule with a reason.

A rule changes values, never leaves out a field: that a field is there, and is of the same kind, is compared.
"""

import re
from dataclasses import dataclass
from typing import Any

from kafkalab.wire.api import ApiKey
from tests.clients.apache_kafka.conversation import Conversation, Step

ZERO = "00000000-0000-0000-0000-000000000000"


class Names:
    """Values that a cluster chose, called after the order in which they are first met."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._known: dict[Any, str] = {}

    def __call__(self, value: Any) -> str:
        return self._known.setdefault(value, f"<{self._kind} {len(self._known) + 1}>")


UNCHOSEN: tuple[Any, ...] = (None, "", -1, 0, ZERO)
"""What a field has when nothing was chosen stays as it is."""


class Normaliser:
    """Of one conversation, as names are given in its order."""

    def __init__(self, conversation: Conversation) -> None:
        self._brokers = {port: f"<port of broker {broker}>" for broker, port in conversation.cluster.ports.items()}
        # Ids of topics are drawn at random by whoever creates them.
        self._topics = conversation.topics
        self._topic_ids = Names("topic id")
        # Member ids end in a random UUID; the part before it, the client's id, is compared.
        self._called = conversation.members
        self._members = Names("member")
        # Producer ids count up from what the cluster gave out before.
        self._producer_ids = Names("producer id")
        # Fetch session ids are drawn at random.
        self._sessions = Names("session")

    def normal(self, step: Step) -> Any:
        return self._value("", step.answer, step.api)

    def _value(self, field: str, value: Any, api: ApiKey | None) -> Any:
        if isinstance(value, dict):
            return {name: self._value(name, each, api) for name, each in value.items()}
        if isinstance(value, list):
            return self._in_order(field, [self._value(field, each, api) for each in value])
        if value in UNCHOSEN or isinstance(value, bool):
            return value
        return self._chosen(field, value, api)

    def _chosen(self, field: str, value: Any, api: ApiKey | None) -> Any:
        match field:
            # How long a quota makes a client wait depends on what it did just before.
            case "throttle_time":
                return "<throttle time>"
            case "port":
                return self._brokers.get(value, value)
            case "topic_id":
                made = self._topics.get(value)
                return f"<id of {made}>" if made else self._topic_ids(value)
            # Any broker that is up, drawn at random: clients that know better go elsewhere (KIP-590).
            case "controller_id":
                return "<a broker that is up>" if value in (1, 2, 3) else value
            # How far the metadata log has grown: the two write different records into it.
            case "finalized_features_epoch":
                return "<metadata offset>"
            case "producer_id":
                return self._producer_ids(value)
            case "session_id":
                return self._sessions(value)
            # How far the metadata has grown, and when it was fetched last; directories have random ids.
            case "high_watermark" | "log_end_offset" | "last_fetch_timestamp" | "last_caught_up_timestamp" if (
                api == ApiKey.DESCRIBE_QUORUM
            ):
                return f"<{field}>"
            case "leader_epoch" if api == ApiKey.DESCRIBE_QUORUM:
                return "<epoch of the quorum>"
            case "replica_directory_id":
                return "<directory id>"
            # Directories have the names that each test run gave them, on a disk that others fill as well.
            case "log_dir":
                return "<log dir>"
            case "total_bytes" | "usable_bytes":
                return "<bytes of the disk>"
            # When the broker appended, by the machine's clock.
            case "log_append_time" | "log_append_time_ms":
                return "<time>"
        if isinstance(value, str):
            return self._text(field, value)
        return value

    def _text(self, field: str, value: str) -> str:
        value = re.sub(
            r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
            lambda m: self._called.get(m[0]) or self._members(m[0]),
            value,
        )
        # The producers of two clusters have different ids.
        value = re.sub(r"producer(Id)? \d+", "producer <id>", value)
        # Directories get random ids when they are formatted.
        value = re.sub(r"directoryId=[\w-]{22}", "directoryId=<directory id>", value)
        # What is too old or too new is told with the clock at that moment.
        return re.sub(r"within \[-?\d+, \d+\]", "within [<from>, <to>]", value)

    @staticmethod
    def _in_order(field: str, values: list[Any]) -> list[Any]:
        """Kafka keeps these in hash maps: their order says nothing. Order of replicas, for one, does and stays."""
        if values and isinstance(values[0], dict) and field not in HAS_AN_ORDER:
            return sorted(values, key=lambda each: str(identity(each)).rjust(8))
        return sorted(values) if field in SETS else values


SETS = ("isr_nodes", "offline_replicas", "eligible_leader_replicas", "last_known_elr")
"""Kafka's leaders and controllers keep these as sets; the order in which they came in says nothing."""
HAS_AN_ORDER = ("synonyms",)
"""Lists whose order a client goes by."""
IDENTITIES = (
    "transactional_id", "name", "topic", "topic_name", "group_id", "api_key", "node_id", "broker_id",
    "resource_name", "member_id", "key", "config_name", "replica_id", "partition_index", "partition",
    "partition_id", "index", "topic_id",
    "user", "mechanism", "operation",
)  # fmt: skip


def identity(entry: dict[str, Any]) -> Any:
    """By which field an entry of a list is known."""
    return next((entry[name] for name in IDENTITIES if entry.get(name) not in (None, "")), "")


@dataclass(frozen=True, slots=True)
class Missing:
    """In place of an entry that one of them does not have."""


MISSING = Missing()


def differences(theirs: Any, ours: Any, path: str = "") -> list[tuple[str, Any, Any]]:
    """(where, theirs, ours) of every field that is not the same."""
    pairs: list[tuple[str, Any, Any]] = []
    if isinstance(theirs, dict) and isinstance(ours, dict):
        pairs = [
            (f"{path}.{name}" if path else name, theirs.get(name, MISSING), ours.get(name, MISSING))
            for name in theirs | ours
        ]
    elif isinstance(theirs, list) and isinstance(ours, list) and all(isinstance(one, dict) for one in theirs + ours):
        labelled = [_labelled(entries) for entries in (theirs, ours)]
        pairs = [
            (f"{path}[{label}]", labelled[0].get(label, MISSING), labelled[1].get(label, MISSING))
            for label in labelled[0] | labelled[1]
        ]
    elif theirs != ours or type(theirs) is not type(ours):
        return [(path, theirs, ours)]
    return [found for where, their, our in pairs for found in differences(their, our, where)]


def _labelled(entries: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    labelled: dict[str, dict[str, Any]] = {}
    for entry in entries:
        label = str(identity(entry))
        while label in labelled:
            label += "'"
        labelled[label] = entry
    return labelled
