"""Which clients a subscription is for: a pattern for what they say of themselves.

Kafka takes any pattern that Java takes; here they are RE2's, which look neither ahead nor back and so cannot be slow.
"""

from kafkalab.engine import patterns
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


def parse_match(text: str) -> tuple[str, str]:
    """(attribute, pattern) of `client_id=app-.*`. Refuses with INVALID_CONFIG."""
    name, _, pattern = text.partition("=")
    try:
        if "=" not in pattern and name.strip() in ATTRIBUTES and 0 < len(pattern) <= LONGEST:
            patterns.check(pattern.strip())
            return name.strip(), pattern.strip()
    except patterns.BadPattern:
        pass
    raise Refused(ErrorCode.invalid_config, f"Illegal client matching pattern: {text}")


def matches(pattern: str, said: str) -> bool:
    return patterns.matches(pattern, said[:LONGEST])
