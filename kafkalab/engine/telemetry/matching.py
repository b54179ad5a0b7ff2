"""Which clients a subscription is for: a pattern for what they say of themselves.

Patterns are searched by a machine that goes back and tries again, so one that could keep it busy for long is
refused: no repetition of something that repeats, three repetitions at most. Kafka takes any that Java takes.
"""

import re

from kafkalab.engine.refused import Refused
from kafkalab.wire.errors import ErrorCode

ATTRIBUTES = (
    "client_instance_id",
    "client_id",
    "client_software_name",
    "client_software_version",
    "client_source_address",
    "client_source_port",
)
LONGEST = 200
MOST_REPETITIONS = 3
_REPEATED_GROUP = re.compile(r"\)\s*[*+?{]")
_REPETITION = re.compile(r"(?<!\\)[*+{]")


def parse_match(text: str) -> tuple[str, re.Pattern[str]]:
    """(attribute, pattern) of `client_id=app-.*`. Refuses with INVALID_CONFIG."""
    name, _, pattern = text.partition("=")
    is_well = "=" not in pattern and name.strip() in ATTRIBUTES and 0 < len(pattern) <= LONGEST
    is_quick = not _REPEATED_GROUP.search(pattern) and len(_REPETITION.findall(pattern)) <= MOST_REPETITIONS
    try:
        if is_well and is_quick:
            return name.strip(), re.compile(pattern.strip())
    except re.error:
        pass
    raise Refused(ErrorCode.invalid_config, f"Illegal client matching pattern: {text}")


def matches(pattern: re.Pattern[str], said: str) -> bool:
    return pattern.fullmatch(said[:LONGEST]) is not None
