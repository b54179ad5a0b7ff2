"""What server.properties may say, and what a spec makes of it."""

import pytest

from kafkalab.engine.config import SETTINGS, BrokerConfig, InvalidConfig
from kafkalab.engine.controller.configs import (
    INTERNAL,
    BrokerSettings,
    DescribedConfig,
    Synonym,
    described_broker,
    described_topic,
)
from kafkalab.engine.spec import BrokerSpec, ClusterSpec


def test_settings_are_typed_and_the_rest_is_kafkas_default() -> None:
    config = BrokerConfig.parse({"replica.lag.time.max.ms": "10000", "auto.create.topics.enable": "FALSE"})
    assert (config.replica_lag_time_max_ms, config.auto_create_topics_enable) == (10_000, False)
    assert config.broker_session_timeout_ms == 9_000
    assert config.value("replica.lag.time.max.ms") == 10_000


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("no.such.thing", "1", "Unknown configuration no.such.thing"),
        (
            "num.partitions",
            "many",
            "Invalid value many for configuration num.partitions: Not a number of type INT",
        ),
        ("num.partitions", "0", "Invalid value 0 for configuration num.partitions: Value must be at least 1"),
        (
            "num.partitions",
            "9" * 5000,
            f"Invalid value {'9' * 5000} for configuration num.partitions: Not a number of type INT",
        ),
        (
            "delete.topic.enable",
            "yes",
            "Invalid value yes for configuration delete.topic.enable: Expected value to be either true or false",
        ),
        (
            "min.insync.replicas",
            "0",
            "Invalid value 0 for configuration min.insync.replicas: Value must be at least 1",
        ),
    ],
)
def test_a_setting_that_cannot_be_is_refused_in_kafkas_words(name: str, value: str, reason: str) -> None:
    with pytest.raises(InvalidConfig) as refused:
        BrokerConfig.parse({name: value})
    assert (refused.value.name, refused.value.reason) == (name, reason)


def test_a_topics_own_setting_counts_before_the_brokers() -> None:
    config = BrokerConfig.parse({"log.retention.hours": "2", "min.insync.replicas": "2"})
    log = config.log_config({"retention.ms": "5"})
    assert (log.retention_ms, log.min_insync_replicas) == (5, 2)
    assert config.log_config({}).retention_ms == 7_200_000


def test_the_smaller_unit_counts_before_the_larger() -> None:
    config = BrokerConfig.parse({"log.retention.hours": "2", "log.retention.minutes": "3"})
    assert config.topic_defaults == {"log.retention.ms": "180000"}


def test_for_ever_is_for_ever_in_every_unit() -> None:
    assert BrokerConfig.parse({"log.retention.hours": "-1"}).log_config({}).retention_ms == -1


def test_a_description_shows_every_place_a_value_could_come_from() -> None:
    config = BrokerConfig.parse({"min.insync.replicas": "2"})
    described = {each.name: each for each in described_topic({"min.insync.replicas": "3"}, BrokerSettings(config))}
    assert described["min.insync.replicas"].synonyms == (
        Synonym("min.insync.replicas", "3", 1),
        Synonym("min.insync.replicas", "2", 4),
        Synonym("min.insync.replicas", "1", 5),
    )


def test_a_brokers_settings_are_all_described_and_read_only() -> None:
    described = described_broker(BrokerSettings(BrokerConfig.parse({"num.partitions": "3"})))
    assert (
        DescribedConfig(
            "num.partitions",
            3,
            SETTINGS["num.partitions"].documentation,
            (Synonym("num.partitions", "3", 4), Synonym("num.partitions", "1", 5)),
            read_only=True,
        )
        in described
    )
    names = [each.name for each in described]
    assert names == sorted(set(names))
    assert set(SETTINGS) - set(names) == set(INTERNAL)


def test_a_local_cluster_deals_its_brokers_out_over_ports_and_racks() -> None:
    spec = ClusterSpec.local(3, first_port=19092, racks=("a", "b"))
    assert spec.brokers == (
        BrokerSpec(1, "127.0.0.1", 19092, "a"),
        BrokerSpec(2, "127.0.0.1", 19093, "b"),
        BrokerSpec(3, "127.0.0.1", 19094, "a"),
    )
    assert [broker.node for broker in spec.brokers] == ["broker-1", "broker-2", "broker-3"]


def test_a_seed_gives_a_cluster_its_id() -> None:
    ids = [ClusterSpec.local(seed=seed).cluster_id for seed in (1, 1, 2)]
    assert ids[0] == ids[1] != ids[2]
    assert [len(each) for each in ids] == [22, 22, 22]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            {"group.consumer.session.timeout.ms": "10000"},
            "group.consumer.session.timeout.ms must be greater than or equal to group.consumer.min.session.timeout.ms",
        ),
        (
            {"group.consumer.max.heartbeat.interval.ms": "4000"},
            "group.consumer.max.heartbeat.interval.ms must be greater than or equal to "
            "group.consumer.min.heartbeat.interval.ms",
        ),
        (
            {
                "group.share.heartbeat.interval.ms": "45000",
                "group.share.max.heartbeat.interval.ms": "45000",
            },
            "group.share.heartbeat.interval.ms must be less than group.share.session.timeout.ms",
        ),
        (
            {"group.share.assignment.interval.ms": "15001"},
            "group.share.assignment.interval.ms must be less than or equal to group.share.max.assignment.interval.ms",
        ),
        (
            {"group.share.delivery.count.limit": "11"},
            "group.share.max.delivery.count.limit must be greater than or equal to group.share.delivery.count.limit",
        ),
        (
            {"group.share.record.lock.duration.ms": "14000"},
            "group.share.record.lock.duration.ms must be greater than or equal to "
            "group.share.min.record.lock.duration.ms",
        ),
        (
            {"group.share.max.share.sessions": "199"},
            "group.share.max.share.sessions must be greater than or equal to group.share.max.size",
        ),
    ],
)
def test_what_groups_may_set_and_what_they_have_must_go_together(given: dict[str, str], words: str) -> None:
    with pytest.raises(InvalidConfig) as refused:
        BrokerConfig.parse(given)
    assert refused.value.reason == words


def test_smaller_timeouts_go_with_smaller_bounds() -> None:
    given = {"group.consumer.session.timeout.ms": "10000", "group.consumer.min.session.timeout.ms": "6000"}
    assert BrokerConfig.parse(given).group_consumer_session_timeout_ms == 10_000
