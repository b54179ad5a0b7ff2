"""How a share group wants to be treated: its own settings, over what the broker gives to all of them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kafkalab.engine.controller.group_configs import (
    SHARE_AUTO_OFFSET_RESET,
    SHARE_HEARTBEAT_INTERVAL_MS,
    SHARE_ISOLATION_LEVEL,
    SHARE_RENEW_ACKNOWLEDGE_ENABLE,
    SHARE_SESSION_TIMEOUT_MS,
    group_config,
)
from kafkalab.engine.controller.metadata import GROUP

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker


@dataclass(frozen=True, slots=True)
class ShareGroupConfig:
    record_lock_duration_ms: int
    delivery_count_limit: int
    partition_max_record_locks: int
    session_timeout_ms: int
    heartbeat_interval_ms: int
    assignment_interval_ms: int
    auto_offset_reset: str
    isolation_level: str
    renew_acknowledge_enable: bool

    @staticmethod
    def of(broker: "Broker", group: str) -> "ShareGroupConfig":
        own = broker.metadata.configs.get((GROUP, group), {})
        names = (
            "share.record.lock.duration.ms",
            "share.delivery.count.limit",
            "share.partition.max.record.locks",
            SHARE_SESSION_TIMEOUT_MS,
            SHARE_HEARTBEAT_INTERVAL_MS,
            "share.assignment.interval.ms",
            SHARE_AUTO_OFFSET_RESET,
            SHARE_ISOLATION_LEVEL,
            SHARE_RENEW_ACKNOWLEDGE_ENABLE,
        )
        return ShareGroupConfig(*(group_config(name, own, broker.config) for name in names))
