"""What a broker's settings for groups must be to each other: else it does not start.

Each has a smallest and a largest value that groups may set for themselves, and lies between them
(org.apache.kafka.coordinator.group.GroupCoordinatorConfig, ShareGroupConfig.validate; the words are theirs).
"""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from kafkalab.engine.config import BrokerConfig

AT_LEAST: Final = "greater than or equal to"
AT_MOST: Final = "less than or equal to"
LESS: Final = "less than"


def _between(kind: str, rest: str) -> tuple[tuple[str, str, str], ...]:
    it, least, most = (f"group.{kind}.{word}{rest}" for word in ("", "min.", "max."))
    return (most, AT_LEAST, least), (it, AT_LEAST, least), (it, AT_MOST, most)


def _of_members(kind: str) -> tuple[tuple[str, str, str], ...]:
    return (
        *_between(kind, "heartbeat.interval.ms"),
        *_between(kind, "session.timeout.ms"),
        (f"group.{kind}.heartbeat.interval.ms", LESS, f"group.{kind}.session.timeout.ms"),
        *_between(kind, "assignment.interval.ms"),
    )


def _of_records(rest: str) -> tuple[tuple[str, str, str], ...]:
    it, least, most = (f"group.share.{word}{rest}" for word in ("", "min.", "max."))
    return (most, AT_LEAST, it), (it, AT_LEAST, least)


BOUNDS = (
    *_of_members("consumer"),
    *_of_members("share"),
    *_of_records("delivery.count.limit"),
    *_of_records("partition.max.record.locks"),
    *_of_records("record.lock.duration.ms"),
    ("group.share.max.share.sessions", AT_LEAST, "group.share.max.size"),
)
"""In the order in which Kafka looks."""


def what_is_out_of_bounds(config: "BrokerConfig") -> tuple[str, str] | None:
    """The first setting that is, and what is said of it."""
    for name, relation, other in BOUNDS:
        value, bound = config.value(name), config.value(other)
        kept = {AT_LEAST: value >= bound, AT_MOST: value <= bound, LESS: value < bound}[relation]
        if not kept:
            return name, f"{name} must be {relation} {other}"
    return None
