"""Settings of groups: what may be set, and what counts."""

import pytest

from kafkalab.engine.config import BrokerConfig
from kafkalab.engine.controller.configs import BrokerSettings, Synonym, described_group
from kafkalab.engine.controller.group_configs import check_group, duration_ms, group_config
from kafkalab.engine.refused import Refused
from kafkalab.wire.errors import ErrorCode

SESSION, HEARTBEAT = "consumer.session.timeout.ms", "consumer.heartbeat.interval.ms"
DEFAULTS = BrokerConfig()


def refusal(name: str = "g", config: BrokerConfig = DEFAULTS, **settings: str) -> tuple[ErrorCode, str | None] | None:
    try:
        check_group(name, {key.replace("_", "."): value for key, value in settings.items()}, config)
    except Refused as refused:
        return refused.error_code, refused.message
    return None


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"no_such": "1"}, "Unknown group config name: no.such"),
        ({"streams_session_timeout_ms": "45000"}, "Unknown group config name: streams.session.timeout.ms"),
        (
            {"consumer_session_timeout_ms": "44999"},
            "consumer.session.timeout.ms must be greater than or equal to group.consumer.min.session.timeout.ms",
        ),
        (
            {"share_delivery_count_limit": "11"},
            "share.delivery.count.limit must be less than or equal to group.share.max.delivery.count.limit",
        ),
        (
            {"consumer_assignment_interval_ms": "-1"},
            "Invalid value -1 for configuration consumer.assignment.interval.ms: Value must be at least 0",
        ),
        (
            {"share_isolation_level": "READ_COMMITTED"},
            "Invalid value READ_COMMITTED for configuration share.isolation.level: String must be one of: "
            "read_committed, read_uncommitted",
        ),
        (
            {"share_auto_offset_reset": "by_duration:-PT1H"},
            "Invalid value by_duration:-PT1H for configuration share.auto.offset.reset: Invalid value "
            "`by_duration:-PT1H` for configuration share.auto.offset.reset. The value must be either 'earliest', "
            "'latest' or of the format 'by_duration:<PnDTnHnMn.nS>'.",
        ),
    ],
)
def test_a_wrong_setting_is_refused_in_kafkas_words(settings: dict[str, str], message: str) -> None:
    assert refusal(**settings) == (ErrorCode.invalid_config, message)


def test_a_group_without_a_name_has_no_settings() -> None:
    words = "Default group resources are not allowed."
    assert refusal("", consumer_session_timeout_ms="50000") == (ErrorCode.invalid_request, words)


def test_a_session_must_be_longer_than_the_time_between_two_heartbeats() -> None:
    config = BrokerConfig(group_consumer_max_heartbeat_interval_ms=60_000)
    words = "consumer.session.timeout.ms must be greater than consumer.heartbeat.interval.ms"
    assert refusal(config=config, consumer_heartbeat_interval_ms="45000") == (ErrorCode.invalid_config, words)
    good = {"consumer_heartbeat_interval_ms": "45000", "consumer_session_timeout_ms": "45001"}
    assert refusal(config=config, **good) is None


def test_what_lies_outside_bounds_that_were_moved_since_counts_as_the_bound() -> None:
    config = BrokerConfig(group_consumer_session_timeout_ms=48_000, group_consumer_max_session_timeout_ms=50_000)
    assert group_config(SESSION, {}, config) == 48_000
    assert group_config(SESSION, {SESSION: "49000"}, config) == 49_000
    assert group_config(SESSION, {SESSION: "60000"}, config) == 50_000
    assert group_config(SESSION, {SESSION: "1"}, config) == 45_000


def test_a_setting_is_described_with_what_the_broker_was_given_and_kafkas_default() -> None:
    static = BrokerConfig.parse({"group.consumer.heartbeat.interval.ms": "6000"})
    told = {each.name: each for each in described_group({HEARTBEAT: " 7000 "}, BrokerSettings(static))}
    name = "group.consumer.heartbeat.interval.ms"
    assert told[HEARTBEAT].synonyms == (
        Synonym(HEARTBEAT, "7000", 8),
        Synonym(name, "6000", 4),
        Synonym(name, "5000", 5),
    )
    renewal = "share.renew.acknowledge.enable"
    assert told[renewal].synonyms == (Synonym(renewal, "true", 5),)


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [("PT1H30M", 5_400_000), ("P1DT2H", 93_600_000), ("pt0.5s", 500), ("P", None), ("PT", None), ("an hour", None)],
)
def test_durations_are_written_as_iso_8601_says(text: str, milliseconds: int | None) -> None:
    assert duration_ms(text) == milliseconds
