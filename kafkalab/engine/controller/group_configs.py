"""What can be set on a group, and what counts for it: its own settings, over what the broker gives to all groups.

A broker's administrator says how far groups may go: beyond `group.consumer.min...` and `group.consumer.max...`
nothing can be set, and what was set before the bounds were moved counts as the bound. Only what something in the
engine reads is here (org.apache.kafka.coordinator.group.GroupConfig; KIP-848, KIP-932).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kafkalab.engine.config import SETTINGS, BrokerConfig, InvalidConfig, Setting
from kafkalab.engine.log.topic_configs import ConfigType
from kafkalab.engine.refused import Refused
from kafkalab.wire.errors import ErrorCode

CONSUMER_HEARTBEAT_INTERVAL_MS = "consumer.heartbeat.interval.ms"
CONSUMER_SESSION_TIMEOUT_MS = "consumer.session.timeout.ms"
CONSUMER_ASSIGNMENT_INTERVAL_MS = "consumer.assignment.interval.ms"
SHARE_HEARTBEAT_INTERVAL_MS = "share.heartbeat.interval.ms"
SHARE_SESSION_TIMEOUT_MS = "share.session.timeout.ms"
SHARE_AUTO_OFFSET_RESET = "share.auto.offset.reset"
SHARE_ISOLATION_LEVEL = "share.isolation.level"
SHARE_RENEW_ACKNOWLEDGE_ENABLE = "share.renew.acknowledge.enable"
LATEST, EARLIEST, BY_DURATION = "latest", "earliest", "by_duration:"
READ_COMMITTED, READ_UNCOMMITTED = "read_committed", "read_uncommitted"

_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class GroupSetting:
    setting: Setting
    broker_name: str | None = None
    """Who gives the default, and between whose `min` and `max` it must lie; None where the broker has no say."""

    @property
    def bound_names(self) -> tuple[str, str]:
        """The broker's settings for the least and the most."""
        kind, rest = self.setting.name.split(".", 1)
        return f"group.{kind}.min.{rest}", f"group.{kind}.max.{rest}"


def _from_broker(name: str, documentation: str) -> GroupSetting:
    given = SETTINGS[f"group.{name}"]
    return GroupSetting(Setting(name, given.type, given.default, documentation, given.at_least), given.name)


GROUP_CONFIGS: dict[str, GroupSetting] = {
    each.setting.name: each
    # In the order in which Kafka checks them: of several that are wrong, the first is told of.
    for each in (
        _from_broker(CONSUMER_HEARTBEAT_INTERVAL_MS, "How often the members of a consumer group heartbeat."),
        _from_broker(CONSUMER_SESSION_TIMEOUT_MS, "A member of a consumer group silent for this long is thrown out."),
        _from_broker(
            CONSUMER_ASSIGNMENT_INTERVAL_MS, "How far apart two target assignments of a consumer group are at least."
        ),
        _from_broker(SHARE_HEARTBEAT_INTERVAL_MS, "How often the members of a share group heartbeat."),
        _from_broker(SHARE_SESSION_TIMEOUT_MS, "A member of a share group silent for this long is put out."),
        _from_broker("share.record.lock.duration.ms", "How long a member of a share group may hold a record."),
        _from_broker("share.delivery.count.limit", "How often a record is given out at most."),
        _from_broker("share.partition.max.record.locks", "How many records of a partition are out at a time."),
        _from_broker(
            "share.assignment.interval.ms", "How far apart two target assignments of a share group are at least."
        ),
        GroupSetting(
            Setting(
                SHARE_AUTO_OFFSET_RESET,
                ConfigType.STRING,
                LATEST,
                "Where a share group begins: latest, earliest, or by_duration:PT1H for what is an hour old.",
            )
        ),
        GroupSetting(
            Setting(
                SHARE_ISOLATION_LEVEL,
                ConfigType.STRING,
                READ_UNCOMMITTED,
                "Whether a share group is given records of open transactions: read_uncommitted or read_committed.",
            )
        ),
        GroupSetting(
            Setting(
                SHARE_RENEW_ACKNOWLEDGE_ENABLE,
                ConfigType.BOOLEAN,
                True,
                "Whether members of a share group may ask for more time with a record.",
            )
        ),
    )
}


def group_config(name: str, own: Mapping[str, str], config: BrokerConfig) -> Any:
    """The typed value that counts for a group. What is set outside the broker's bounds counts as the bound."""
    each = GROUP_CONFIGS[name]
    if name not in own:
        return each.setting.default if each.broker_name is None else config.value(each.broker_name)
    value = each.setting.parse(own[name])
    if each.broker_name is None:
        return value
    least, most = map(config.value, each.bound_names)
    return min(max(value, least), most)


def check_group(name: str, settings: Mapping[str, str], config: BrokerConfig) -> None:
    if not name:
        raise Refused(ErrorCode.invalid_request, "Default group resources are not allowed.")
    for each in settings:
        if each not in GROUP_CONFIGS:
            raise Refused(ErrorCode.invalid_config, f"Unknown group config name: {each}")
    values = {each: _parsed(GROUP_CONFIGS[each].setting, text) for each, text in settings.items()}
    for each, group_setting in GROUP_CONFIGS.items():
        if each in values and group_setting.broker_name is not None:
            _check_bounds(group_setting, values[each], config)
    for kind in ("consumer", "share"):
        session, heartbeat = f"{kind}.session.timeout.ms", f"{kind}.heartbeat.interval.ms"
        session_ms, heartbeat_ms = (values.get(each, config.value(f"group.{each}")) for each in (session, heartbeat))
        if (session in values or heartbeat in values) and session_ms <= heartbeat_ms:
            raise Refused(ErrorCode.invalid_config, f"{session} must be greater than {heartbeat}")


def _check_bounds(each: GroupSetting, value: int, config: BrokerConfig) -> None:
    least, most = each.bound_names
    if value < config.value(least):
        raise Refused(ErrorCode.invalid_config, f"{each.setting.name} must be greater than or equal to {least}")
    if value > config.value(most):
        raise Refused(ErrorCode.invalid_config, f"{each.setting.name} must be less than or equal to {most}")


def _parsed(setting: Setting, text: str) -> Any:
    try:
        value = setting.parse(text)
    except InvalidConfig as invalid:
        raise Refused(ErrorCode.invalid_config, invalid.reason) from invalid
    if setting.name == SHARE_ISOLATION_LEVEL and value not in (READ_COMMITTED, READ_UNCOMMITTED):
        raise _invalid(setting, text, f"String must be one of: {READ_COMMITTED}, {READ_UNCOMMITTED}")
    if setting.name == SHARE_AUTO_OFFSET_RESET and value not in (LATEST, EARLIEST) and reset_ms(value) is None:
        words = (
            f"Invalid value `{text}` for configuration {setting.name}. The value must be either 'earliest', 'latest' "
        )
        raise _invalid(setting, text, f"{words}or of the format 'by_duration:<PnDTnHnMn.nS>'.")
    return value


def _invalid(setting: Setting, text: str, why: str) -> Refused:
    return Refused(ErrorCode.invalid_config, f"Invalid value {text} for configuration {setting.name}: {why}")


def reset_ms(text: str) -> int | None:
    """How far back by_duration:PT1H30M begins; None for what is no such thing."""
    return duration_ms(text.removeprefix(BY_DURATION)) if text.startswith(BY_DURATION) else None


def duration_ms(text: str) -> int | None:
    """Of an ISO 8601 duration such as PT1H30M; None for what is none."""
    found = _DURATION.fullmatch(text)
    if found is None or not any(found.groups()):
        return None
    days, hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return int(((days * 24 + hours) * 60 + minutes) * 60_000 + seconds * 1000)
