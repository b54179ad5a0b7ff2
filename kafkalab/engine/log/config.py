"""A topic's configuration: every name Kafka knows, its type, its default, and what it is for.

One table. DescribeConfigs prints it, CreateTopics validates by it, and `LogConfig` is the part a
log reads while it works (`org.apache.kafka.storage.internals.log.LogConfig`). Values arrive as
strings and are refused in Kafka's words.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kafkalab.engine.log.topic_configs import (
    INTERNAL_SEGMENT_BYTES,
    MAX_LONG,
    TOPIC_CONFIGS,
    ConfigType,
    TopicConfig,
)
from kafkalab.engine.refused import Refused
from kafkalab.wire.compression import Codec
from kafkalab.wire.errors import ErrorCode

Value = bool | int | float | str | tuple[str, ...] | None


_REPLICA = re.compile(r"[0-9]{1,9}:[0-9]{1,9}")
_CODECS = {"uncompressed": Codec(0), "gzip": Codec(1), "snappy": Codec(2), "lz4": Codec(3), "zstd": Codec(4)}


@dataclass(frozen=True)
class LogConfig:
    """What a log reads of it. `LogConfig()` has Kafka's defaults."""

    segment_bytes: int = 1 << 30
    segment_ms: int = 604_800_000
    segment_jitter_ms: int = 0
    segment_index_bytes: int = 10 << 20
    index_interval_bytes: int = 4096
    retention_ms: int = 604_800_000
    """-1: for ever."""
    retention_bytes: int = -1
    """Of one partition; -1: without bound."""
    max_message_bytes: int = 1_048_588
    """Largest batch, as sent."""
    cleanup_policy: tuple[str, ...] = ("delete",)
    codec: Codec | None = None
    """None: as the producer chose (`compression.type=producer`)."""
    log_append_time: bool = False
    timestamp_before_max_ms: int = MAX_LONG
    timestamp_after_max_ms: int = 3_600_000
    min_insync_replicas: int = 1
    unclean_leader_election: bool = False
    flush_messages: int = MAX_LONG
    file_delete_delay_ms: int = 60_000
    delete_retention_ms: int = 86_400_000
    min_compaction_lag_ms: int = 0
    max_compaction_lag_ms: int = MAX_LONG
    min_cleanable_dirty_ratio: float = 0.5

    def __deepcopy__(self, _memo: dict[int, Any]) -> "LogConfig":
        """Nothing in it ever changes: forked worlds share it."""
        return self

    @property
    def is_compacted(self) -> bool:
        return "compact" in self.cleanup_policy

    @property
    def deletes(self) -> bool:
        return "delete" in self.cleanup_policy

    @property
    def longest_segment_ms(self) -> int:
        """What lies in the active segment cannot be compacted, so it must not lie there too long."""
        return min(self.segment_ms, self.max_compaction_lag_ms) if self.is_compacted else self.segment_ms

    @staticmethod
    def of(settings: Mapping[str, str], broker: Mapping[str, str] | None = None) -> "LogConfig":
        """From what is set on the topic, then on the broker (`log.retention.ms` ...), then Kafka's
        defaults. Refused with INVALID_CONFIG."""
        values = {name: parse(name, text) for name, text in effective(settings, broker or {}).items()}
        small = values[INTERNAL_SEGMENT_BYTES]
        compression = str(values["compression.type"])
        return LogConfig(
            segment_bytes=_int(values["segment.bytes"] if small is None else small),
            segment_ms=_int(values["segment.ms"]),
            segment_jitter_ms=_int(values["segment.jitter.ms"]),
            segment_index_bytes=_int(values["segment.index.bytes"]),
            index_interval_bytes=_int(values["index.interval.bytes"]),
            retention_ms=_int(values["retention.ms"]),
            retention_bytes=_int(values["retention.bytes"]),
            max_message_bytes=_int(values["max.message.bytes"]),
            cleanup_policy=_names(values["cleanup.policy"]),
            codec=_CODECS.get(compression),
            log_append_time=values["message.timestamp.type"] == "LogAppendTime",
            timestamp_before_max_ms=_int(values["message.timestamp.before.max.ms"]),
            timestamp_after_max_ms=_int(values["message.timestamp.after.max.ms"]),
            min_insync_replicas=_int(values["min.insync.replicas"]),
            unclean_leader_election=bool(values["unclean.leader.election.enable"]),
            flush_messages=_int(values["flush.messages"]),
            file_delete_delay_ms=_int(values["file.delete.delay.ms"]),
            delete_retention_ms=_int(values["delete.retention.ms"]),
            min_compaction_lag_ms=_int(values["min.compaction.lag.ms"]),
            max_compaction_lag_ms=_int(values["max.compaction.lag.ms"]),
            min_cleanable_dirty_ratio=_float(values["min.cleanable.dirty.ratio"]),
        )


def effective(settings: Mapping[str, str], broker: Mapping[str, str]) -> dict[str, str | None]:
    """Every topic config by name, as text: the topic's own, else the broker's, else Kafka's default."""
    return {
        name: settings.get(name, broker.get(config.broker_name, config.default))
        for name, config in TOPIC_CONFIGS.items()
    }


def validate(settings: Mapping[str, str | None]) -> None:
    """Refuse, with INVALID_CONFIG and Kafka's words, what CreateTopics or AlterConfigs would."""
    for name, value in settings.items():
        if name not in TOPIC_CONFIGS:
            raise _invalid(f"Unknown topic config name: {name}")
        if value is None:
            raise _invalid(f"Null value not supported for topic configs: {name}")
        parse(name, value)
    if settings.get("remote.storage.enable") == "true":
        raise _invalid(
            "Tiered Storage functionality is disabled in the broker. "
            "Topic cannot be configured with remote log storage."
        )
    config = LogConfig.of({name: value for name, value in settings.items() if value is not None})
    if config.min_compaction_lag_ms > config.max_compaction_lag_ms:
        raise _invalid(
            "conflict topic config setting min.compaction.lag.ms "
            f"({config.min_compaction_lag_ms}) > max.compaction.lag.ms ({config.max_compaction_lag_ms})"
        )


def parse(name: str, text: str | None) -> Value:
    """The typed value; Refused when it is none (`ConfigDef.parseType` and its validators)."""
    config = TOPIC_CONFIGS[name]
    if text is None:
        return None
    text = text.strip()
    match config.type:
        case ConfigType.BOOLEAN:
            if text.lower() not in ("true", "false"):
                raise _bad_value(config, text, "Expected value to be either true or false")
            return text.lower() == "true"
        case ConfigType.INT | ConfigType.LONG:
            return _parse_whole(config, text)
        case ConfigType.DOUBLE:
            try:
                number = float(text)
            except ValueError:
                raise _bad_value(config, text, "Not a number of type DOUBLE") from None
            return _within(config, number, text)
        case ConfigType.LIST:
            if config.of_replicas:
                _check_replicas(config, [part.strip() for part in text.split(",")])
            names = tuple(part.strip() for part in text.split(",") if part.strip())
            for part in names:
                _one_of(config, part)
            return names
        case ConfigType.STRING:
            return _one_of(config, text)


def _parse_whole(config: TopicConfig, text: str) -> int:
    largest = MAX_LONG if config.type is ConfigType.LONG else 0x7FFFFFFF
    digits = text[1:] if text[:1] in ("-", "+") else text
    # int() would take 1_000 too, and digits of other scripts.
    is_number = len(digits) < 20 and digits.isascii() and digits.isdigit()
    if not is_number or not -largest - 1 <= int(text) <= largest:
        raise _bad_value(config, text, f"Not a number of type {config.type.name}")
    number = int(text)
    _within(config, number, text)
    return number


def _within(config: TopicConfig, number: float, text: str) -> float:
    if config.or_equal is not None and config.least is not None and config.most is not None:
        if number != config.or_equal and not config.least <= number <= config.most:
            between = f"Value must be between {config.least} and {config.most}"
            raise _bad_value(config, text, f"{between} or equal to {config.or_equal}")
        return number
    if config.least is not None and not number >= config.least:
        raise _bad_value(config, text, f"Value must be at least {config.least}")
    if config.most is not None and number > config.most:
        raise _bad_value(config, text, f"Value must be no more than {config.most}")
    return number


def _one_of(config: TopicConfig, text: str) -> str:
    if config.choices and text not in config.choices:
        raise _bad_value(config, text, f"String must be one of: {', '.join(config.choices)}")
    return text


def _check_replicas(config: TopicConfig, parts: list[str]) -> None:
    """ThrottledReplicaListValidator: nothing may stand behind a comma too many."""
    while parts and not parts[-1]:
        parts = parts[:-1]
    if parts != ["*"] and not all(_REPLICA.fullmatch(part) for part in parts):
        form = "[partitionId]:[brokerId],[partitionId]:[brokerId],..."
        reason = f"{config.name} must be the literal '*' or a list of replicas in the following format: {form}"
        raise _bad_value(config, f"[{', '.join(parts)}]", reason)


def _bad_value(config: TopicConfig, text: str, reason: str) -> Refused:
    return _invalid(f"Invalid value {text} for configuration {config.name}: {reason}")


def _invalid(message: str) -> Refused:
    return Refused(ErrorCode.invalid_config, message)


def _int(value: Value) -> int:
    assert isinstance(value, int), value
    return value


def _float(value: Value) -> float:
    assert isinstance(value, float), value
    return value


def _names(value: Value) -> tuple[str, ...]:
    assert isinstance(value, tuple), value
    return value
