"""How a share group wants to be treated: its own settings, over what the broker gives to all of them.

A group's settings are configs of the resource type GROUP and have Kafka's names
(org.apache.kafka.coordinator.group.GroupConfig, ShareGroupConfigProvider).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker

GROUP = 32
"""ConfigResource.Type.GROUP."""
LATEST, EARLIEST, BY_DURATION = "latest", "earliest", "by_duration:"
READ_COMMITTED = "read_committed"

_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")


@dataclass(frozen=True, slots=True)
class ShareGroupConfig:
    record_lock_duration_ms: int
    delivery_count_limit: int
    partition_max_record_locks: int
    session_timeout_ms: int
    heartbeat_interval_ms: int
    auto_offset_reset: str
    isolation_level: str
    renew_acknowledge_enable: bool

    @staticmethod
    def of(broker: "Broker", group: str) -> "ShareGroupConfig":
        own: Mapping[str, str] = broker.metadata.configs.get((GROUP, group), {})
        config = broker.config

        def bounded(name: str, default: int, least: int, most: int) -> int:
            """What is set outside the broker's bounds counts as the bound."""
            return min(max(int(own[name]), least), most) if name in own else default

        return ShareGroupConfig(
            bounded(
                "share.record.lock.duration.ms",
                config.group_share_record_lock_duration_ms,
                config.group_share_min_record_lock_duration_ms,
                config.group_share_max_record_lock_duration_ms,
            ),
            bounded(
                "share.delivery.count.limit",
                config.group_share_delivery_count_limit,
                config.group_share_min_delivery_count_limit,
                config.group_share_max_delivery_count_limit,
            ),
            bounded(
                "share.partition.max.record.locks",
                config.group_share_partition_max_record_locks,
                config.group_share_min_partition_max_record_locks,
                config.group_share_max_partition_max_record_locks,
            ),
            bounded(
                "share.session.timeout.ms",
                config.group_share_session_timeout_ms,
                config.group_share_min_session_timeout_ms,
                config.group_share_max_session_timeout_ms,
            ),
            bounded(
                "share.heartbeat.interval.ms",
                config.group_share_heartbeat_interval_ms,
                config.group_share_min_heartbeat_interval_ms,
                config.group_share_max_heartbeat_interval_ms,
            ),
            own.get("share.auto.offset.reset", LATEST),
            own.get("share.isolation.level", "read_uncommitted"),
            own.get("share.renew.acknowledge.enable", "true") == "true",
        )


def duration_ms(text: str) -> int | None:
    """Of an ISO 8601 duration such as PT1H30M; None for what is none."""
    found = _DURATION.fullmatch(text)
    if found is None or not any(found.groups()):
        return None
    days, hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return int(((days * 24 + hours) * 60 + minutes) * 60_000 + seconds * 1000)
