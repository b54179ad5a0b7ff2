"""What a consumer is told when it is made, and what Kafka's would refuse to start with."""

from dataclasses import dataclass

from kafkalab.engine.coordinators.assignors import ASSIGNORS, RANGE
from kafkalab.engine.coordinators.modern.assignors import SERVER_ASSIGNORS

COMMITS = ("auto", "manual", "before", "none")
BEFORE = "before"
CLASSIC, CONSUMER = GROUP_PROTOCOLS = ("classic", "consumer")


@dataclass(frozen=True, slots=True)
class ConsumerSettings:
    """Defaults are those of Kafka 4's ConsumerConfig where it has the setting."""

    topics: tuple[str, ...]
    group: str | None = None
    """None: no group, no commits, every partition of the topics."""
    auto_offset_reset: str = "earliest"
    """earliest, latest or none. Kafka's default is latest, which puzzles whoever sent the records first."""
    processing_ms: int = 0
    """How long the application works on each record."""
    commit: str = "auto"
    """auto (as time passes), manual (after each poll's records), before (them, when they are polled) or none."""
    auto_commit_interval_ms: int = 5_000
    group_protocol: str = CLASSIC
    """classic, or consumer: the newer one, where the coordinator gives out the partitions (KIP-848)."""
    group_remote_assignor: str | None = None
    """Of the consumer protocol: the coordinator's assignor. None: its own choice."""
    assignor: str = RANGE
    """Of the classic protocol: what the group's leader computes with."""
    instance_id: str | None = None
    """A static member's group.instance.id (KIP-345)."""
    session_timeout_ms: int = 45_000
    heartbeat_interval_ms: int = 3_000
    max_poll_interval_ms: int = 300_000
    max_poll_records: int = 500
    request_timeout_ms: int = 30_000
    fetch_min_bytes: int = 1
    fetch_max_wait_ms: int = 500
    fetch_max_bytes: int = 52_428_800
    max_partition_fetch_bytes: int = 1_048_576
    isolation_level: int = 0
    """0 read_uncommitted, 1 read_committed."""
    rack: str | None = None
    partition: int | None = None
    """Without a group: only this partition of each topic."""
    begin_at: int | None = None
    """With that: the offset to begin at, whatever auto_offset_reset says."""
    limit: int | None = None
    """Close after so many records (--max-messages)."""
    idle_timeout_ms: int | None = None
    """Close when nothing has come for so long (--timeout-ms)."""

    def problems(self) -> dict[str, str]:
        """What Kafka's consumer would refuse to start with, by field."""
        wrong: dict[str, str] = {}
        if not self.topics:
            wrong["topics"] = "must name one topic at least"
        if self.auto_offset_reset not in ("earliest", "latest", "none"):
            wrong["auto_offset_reset"] = "must be earliest, latest or none"
        if self.commit not in COMMITS:
            wrong["commit"] = f"must be one of {', '.join(COMMITS)}"
        if self.assignor not in ASSIGNORS:
            wrong["assignor"] = f"must be one of {', '.join(ASSIGNORS)}"
        if self.heartbeat_interval_ms >= self.session_timeout_ms:
            wrong["heartbeat_interval_ms"] = "must be less than session_timeout_ms"
        return wrong | self._problems_of_protocol()

    def _problems_of_protocol(self) -> dict[str, str]:
        """Each protocol has settings that the other one refuses (KIP-848)."""
        if self.group_protocol not in GROUP_PROTOCOLS:
            return {"group_protocol": f"must be one of {', '.join(GROUP_PROTOCOLS)}"}
        if self.group_protocol == CLASSIC:
            foreign = self.group_remote_assignor is not None
            return {"group_remote_assignor": "cannot be set when group.protocol=CLASSIC"} if foreign else {}
        wrong = {}
        if self.group_remote_assignor not in (None, *SERVER_ASSIGNORS):
            wrong["group_remote_assignor"] = f"must be one of {', '.join(SERVER_ASSIGNORS)}"
        for name in ("assignor", "session_timeout_ms", "heartbeat_interval_ms"):
            if getattr(self, name) != type(self).__dataclass_fields__[name].default:
                wrong[name] = "cannot be set when group.protocol=CONSUMER"
        return wrong
