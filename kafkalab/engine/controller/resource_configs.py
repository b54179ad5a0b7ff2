"""Settings of groups and of subscriptions to clients' metrics: what each can be, and where its default comes from.

Only what something in the engine reads is in these tables. A group's setting has a default of the broker's, under
the broker's name for it; a subscription's has a fixed one (GroupConfig, ClientMetricsConfigs; KIP-848, KIP-932,
KIP-714).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from kafkalab.engine.config import InvalidConfig, Setting
from kafkalab.engine.log.topic_configs import ConfigType
from kafkalab.engine.refused import Refused
from kafkalab.engine.telemetry.matching import parse_match
from kafkalab.wire.errors import ErrorCode

METRICS, INTERVAL_MS, MATCH = "metrics", "interval.ms", "match"
SHORTEST_INTERVAL_MS, LONGEST_INTERVAL_MS = 100, 3_600_000
DEFAULT_INTERVAL_MS = 300_000


@dataclass(frozen=True, slots=True)
class GroupSetting:
    setting: Setting
    broker_name: str | None = None
    """Who gives the default, and between whose `min` and `max` it must lie; None where the broker has no say."""


GROUP_CONFIGS: dict[str, GroupSetting] = {}
"""By name. Whoever makes the coordinator read one adds it here."""

CLIENT_METRICS_CONFIGS: dict[str, Setting] = {
    each.name: each
    for each in (
        Setting(
            INTERVAL_MS,
            ConfigType.INT,
            DEFAULT_INTERVAL_MS,
            "How often a client pushes its metrics. Of several subscriptions the shortest counts.",
        ),
        Setting(
            MATCH,
            ConfigType.LIST,
            "",
            "Which clients it is for, as client_id=<pattern>,client_software_name=<pattern>... Empty: all of them.",
        ),
        Setting(
            METRICS,
            ConfigType.LIST,
            "",
            "Beginnings of the names of the metrics that are asked for, or * for all.",
        ),
    )
}


def items(text: str) -> list[str]:
    """Of a list."""
    return [item.strip() for item in text.split(",") if item.strip()]


def check_client_metrics(name: str, settings: Mapping[str, str]) -> None:
    if not name:
        raise Refused(ErrorCode.invalid_request, "Subscription name can't be empty")
    for each in settings:
        if each not in CLIENT_METRICS_CONFIGS:
            raise Refused(ErrorCode.invalid_request, f"Unknown client metrics configuration: {each}")
    if INTERVAL_MS in settings:
        interval_ms = _typed(CLIENT_METRICS_CONFIGS[INTERVAL_MS], settings[INTERVAL_MS])
        if not SHORTEST_INTERVAL_MS <= interval_ms <= LONGEST_INTERVAL_MS:
            words = f"Invalid value {interval_ms} for {INTERVAL_MS}, interval must be between 100 and 3600000 (1 hour)"
            raise Refused(ErrorCode.invalid_request, words)
    for pattern in items(settings.get(MATCH, "")):
        parse_match(pattern)


def check_group(name: str, settings: Mapping[str, str]) -> None:
    if not name:
        raise Refused(ErrorCode.invalid_request, "Default group resources are not allowed.")
    for each, text in settings.items():
        if each not in GROUP_CONFIGS:
            raise Refused(ErrorCode.invalid_config, f"Unknown group config name: {each}")
        _typed(GROUP_CONFIGS[each].setting, text)


def _typed(setting: Setting, text: str) -> int:
    try:
        value: int = setting.parse(text)
    except InvalidConfig as invalid:
        raise Refused(ErrorCode.invalid_config, invalid.reason) from invalid
    return value
