"""Topic configs: defaults as Kafka's, and refusals in Kafka's words."""

import pytest

from kafkalab.engine.log import LogConfig
from kafkalab.engine.log.config import parse, validate
from kafkalab.engine.log.topic_configs import TOPIC_CONFIGS
from kafkalab.engine.refused import Refused
from kafkalab.wire.batches import Codec
from kafkalab.wire.errors import ErrorCode


def test_nothing_set_gives_kafkas_defaults() -> None:
    assert LogConfig.of({}) == LogConfig()


def test_every_default_is_valid() -> None:
    defaults = {name: config.default for name, config in TOPIC_CONFIGS.items() if config.default is not None}
    validate(defaults)
    assert LogConfig.of(defaults) == LogConfig()


def test_the_table_is_sorted_and_explains_everything() -> None:
    assert list(TOPIC_CONFIGS) == sorted(TOPIC_CONFIGS)
    assert [config.name for config in TOPIC_CONFIGS.values() if not config.documentation.endswith(".")] == []


def test_the_topic_comes_before_the_broker_and_that_before_the_default() -> None:
    broker = {"log.retention.ms": "5000", "min.insync.replicas": "2"}
    config = LogConfig.of({"retention.ms": "7000"}, broker)
    assert (config.retention_ms, config.min_insync_replicas, config.segment_ms) == (7000, 2, 604_800_000)


def test_values_are_typed() -> None:
    config = LogConfig.of(
        {
            "cleanup.policy": "compact, delete",
            "compression.type": "lz4",
            "message.timestamp.type": "LogAppendTime",
            "segment.bytes": "2097152",
            "unclean.leader.election.enable": "TRUE",
            "min.cleanable.dirty.ratio": "0.25",
        }
    )
    assert config == LogConfig(
        cleanup_policy=("compact", "delete"),
        codec=Codec.LZ4,
        log_append_time=True,
        segment_bytes=2_097_152,
        unclean_leader_election=True,
        min_cleanable_dirty_ratio=0.25,
    )
    assert LogConfig.of({"compression.type": "uncompressed"}).codec is Codec.NONE


def test_lessons_may_have_segments_smaller_than_a_megabyte() -> None:
    assert LogConfig.of({"internal.segment.bytes": "500"}).segment_bytes == 500


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("colour", "blue", "Unknown topic config name: colour"),
        ("retention.ms", None, "Null value not supported for topic configs: retention.ms"),
        ("retention.ms", "soon", "Invalid value soon for configuration retention.ms: Not a number of type LONG"),
        ("retention.ms", "1_000", "Invalid value 1_000 for configuration retention.ms: Not a number of type LONG"),
        ("retention.ms", "-2", "Invalid value -2 for configuration retention.ms: Value must be at least -1"),
        ("segment.ms", "9" * 19, f"Invalid value {'9' * 19} for configuration segment.ms: Not a number of type LONG"),
        (
            "segment.bytes",
            "1024",
            "Invalid value 1024 for configuration segment.bytes: Value must be at least 1048576",
        ),
        (
            "segment.bytes",
            "2147483648",
            "Invalid value 2147483648 for configuration segment.bytes: Not a number of type INT",
        ),
        (
            "min.cleanable.dirty.ratio",
            "nan",
            "Invalid value nan for configuration min.cleanable.dirty.ratio: Value must be at least 0",
        ),
        (
            "min.cleanable.dirty.ratio",
            "1.5",
            "Invalid value 1.5 for configuration min.cleanable.dirty.ratio: Value must be no more than 1",
        ),
        (
            "compression.type",
            "zip",
            "Invalid value zip for configuration compression.type: "
            "String must be one of: uncompressed, zstd, lz4, snappy, gzip, producer",
        ),
        (
            "cleanup.policy",
            "compact,burn",
            "Invalid value burn for configuration cleanup.policy: String must be one of: compact, delete",
        ),
        (
            "preallocate",
            "yes",
            "Invalid value yes for configuration preallocate: Expected value to be either true or false",
        ),
        (
            "remote.storage.enable",
            "true",
            "Tiered Storage functionality is disabled in the broker. "
            "Topic cannot be configured with remote log storage.",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_kafkas_words(name: str, value: str | None, message: str) -> None:
    with pytest.raises(Refused) as refusal:
        validate({name: value})
    assert (refusal.value.error_code, refusal.value.message) == (ErrorCode.invalid_config, message)


def test_settings_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(Refused, match="conflict topic config setting"):
        validate({"min.compaction.lag.ms": "10", "max.compaction.lag.ms": "5"})


def test_an_absent_internal_value_is_none() -> None:
    assert parse("internal.segment.bytes", None) is None
