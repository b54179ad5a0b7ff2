"""Which names a topic may have (org.apache.kafka.common.internals.Topic)."""

import re
from collections.abc import Iterable

from kafkalab.engine.refused import Refused
from kafkalab.wire.errors import ErrorCode

GROUP_METADATA_TOPIC = "__consumer_offsets"
INTERNAL_TOPICS = (GROUP_METADATA_TOPIC, "__transaction_state", "__share_group_state")
MAX_NAME_LENGTH = 249

_LEGAL = re.compile(r"[a-zA-Z0-9._-]+")


def is_internal(topic: str) -> bool:
    return topic in INTERNAL_TOPICS


def check_topic_name(name: str) -> None:
    """Refuse with INVALID_TOPIC_EXCEPTION what is no topic name."""
    if reason := _illegal(name):
        raise Refused(ErrorCode.invalid_topic_exception, f"Topic name is invalid: {reason}")


def _illegal(name: str) -> str | None:
    if not name:
        return "the empty string is not allowed"
    if name in (".", ".."):
        return f"'{name}' is not allowed"
    if len(name) > MAX_NAME_LENGTH:
        return f"the length of '{name}' is longer than the max allowed length {MAX_NAME_LENGTH}"
    if not _LEGAL.fullmatch(name):
        return f"'{name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'"
    return None


def colliding_topic(name: str, others: Iterable[str]) -> str | None:
    """The topic whose metrics would get the same name, in which '.' becomes '_'."""
    unified = name.replace(".", "_")
    if "_" not in unified:
        return None
    return next((other for other in others if other.replace(".", "_") == unified), None)
