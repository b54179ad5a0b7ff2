"""How a consumer group wants to be treated: its own settings, over what the broker gives to all of them."""

from dataclasses import dataclass

from kafkalab.engine.config import BrokerConfig
from kafkalab.engine.controller.group_configs import (
    CONSUMER_ASSIGNMENT_INTERVAL_MS,
    CONSUMER_HEARTBEAT_INTERVAL_MS,
    CONSUMER_SESSION_TIMEOUT_MS,
    group_config,
)
from kafkalab.engine.controller.metadata import GROUP, MetadataImage


@dataclass(frozen=True, slots=True)
class ConsumerGroupConfig:
    session_timeout_ms: int
    heartbeat_interval_ms: int
    assignment_interval_ms: int

    @staticmethod
    def of(image: MetadataImage, config: BrokerConfig, group_id: str) -> "ConsumerGroupConfig":
        own = image.configs.get((GROUP, group_id), {})
        names = (CONSUMER_SESSION_TIMEOUT_MS, CONSUMER_HEARTBEAT_INTERVAL_MS, CONSUMER_ASSIGNMENT_INTERVAL_MS)
        return ConsumerGroupConfig(*(group_config(name, own, config) for name in names))
