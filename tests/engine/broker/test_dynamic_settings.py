"""Settings of brokers that are changed while they run count at once, of one broker and of all."""

from typing import Any

from kio.schema.describe_configs.v4.request import DescribeConfigsRequest, DescribeConfigsResource
from kio.static.primitive import i8

from kafkalab.engine.controller.metadata import BROKER
from kafkalab.wire.api import ApiKey
from kafkalab.wire.errors import ErrorCode
from tests.engine.broker.room import Room
from tests.engine.broker.test_throttle import alter

DONE = ErrorCode.none, None


def described(room: Room, broker: int, name: str) -> Any:
    resource = DescribeConfigsResource(resource_type=i8(BROKER), resource_name=str(broker), configuration_keys=(name,))
    body = DescribeConfigsRequest(resources=(resource,), include_synonyms=True, include_documentation=False)
    (config,) = room.ask(broker, ApiKey.DESCRIBE_CONFIGS, body).results[0].configs
    synonyms = [(each.name, each.value, each.source) for each in config.synonyms]
    return config.value, config.config_source, config.read_only, synonyms


def test_one_broker_comes_before_all_and_all_before_the_file() -> None:
    room = Room(brokers=2, configs={"log.cleaner.backoff.ms": "7000"})
    name = "log.cleaner.backoff.ms"
    assert alter(room, BROKER, "", log_cleaner_backoff_ms="5000") == DONE
    assert alter(room, BROKER, "1", log_cleaner_backoff_ms="3000") == DONE
    room.run(0.6)
    assert [room.broker(each).config.log_cleaner_backoff_ms for each in (1, 2)] == [3_000, 5_000]
    everywhere = [(name, "5000", 3), (name, "7000", 4), (name, "15000", 5)]
    assert described(room, 1, name) == ("3000", 2, False, [(name, "3000", 2), *everywhere])
    assert described(room, 2, name) == ("5000", 3, False, everywhere)
    assert alter(room, BROKER, "1", log_cleaner_backoff_ms=None) == DONE
    assert alter(room, BROKER, "", log_cleaner_backoff_ms=None) == DONE
    room.run(0.6)
    assert [room.broker(each).config.log_cleaner_backoff_ms for each in (1, 2)] == [7_000, 7_000]


def test_what_cannot_be_is_refused_in_kafkas_words_and_changes_nothing() -> None:
    room = Room(brokers=1)
    words = "Invalid value -1 for configuration max.connections.per.ip: Value must be at least 0"
    assert alter(room, BROKER, "1", max_connections_per_ip="-1") == (ErrorCode.invalid_config, words)
    assert room.broker(1).config.max_connections_per_ip == 2**31 - 1


def test_what_is_read_at_the_start_alone_is_not_changed() -> None:
    room = Room(brokers=1)
    refused = ErrorCode.invalid_request, "Cannot update these configs dynamically: [num.partitions]"
    assert alter(room, BROKER, "1", num_partitions="5") == refused
