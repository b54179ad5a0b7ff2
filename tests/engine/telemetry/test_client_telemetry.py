"""Clients are told which metrics to push and how often, and what they push is kept (KIP-714)."""

import struct
from typing import Any
from uuid import UUID

import pytest
from kio.schema.describe_configs.v4.request import DescribeConfigsRequest, DescribeConfigsResource
from kio.schema.get_telemetry_subscriptions.v0.request import GetTelemetrySubscriptionsRequest
from kio.schema.list_config_resources.v1.request import ListConfigResourcesRequest
from kio.schema.push_telemetry.v0.request import PushTelemetryRequest
from kio.static.primitive import i8, i32

from kafkalab.engine.controller.metadata import BROKER, CLIENT_METRICS, TOPIC
from kafkalab.wire.api import ApiKey
from kafkalab.wire.compression import Codec, compress
from kafkalab.wire.errors import ErrorCode
from kafkalab.wire.otlp import Metric, NotTelemetry, metrics_of
from tests.engine.broker.room import Room
from tests.engine.broker.test_throttle import alter


def field(number: int, kind: int, data: bytes) -> bytes:
    return bytes([number << 3 | kind]) + (bytes([len(data)]) if kind == 2 else b"") + data


def gauge(name: str, value: float) -> bytes:
    point = field(3, 1, bytes(8)) + field(4, 1, struct.pack("<d", value))
    return field(1, 2, name.encode()) + field(5, 2, field(1, 2, point))


def total(name: str, *values: int) -> bytes:
    points = b"".join(field(1, 2, field(6, 1, struct.pack("<q", value))) for value in values)
    return field(1, 2, name.encode()) + field(7, 2, points + bytes([2 << 3, 1]))


def pushed(*metrics: bytes) -> bytes:
    """One resource and one scope around them, each with something to step over."""
    scope = field(1, 2, b"scope") + b"".join(field(2, 2, metric) for metric in metrics)
    return field(1, 2, field(1, 2, b"resource") + field(2, 2, scope))


def room_with(**settings: str) -> Room:
    room = Room(brokers=1)
    if settings:
        assert alter(room, CLIENT_METRICS, "all", **settings) == (ErrorCode.none, None)
    return room


def subscribed(room: Room, instance: UUID | None = None) -> Any:
    return room.ask(
        1, ApiKey.GET_TELEMETRY_SUBSCRIPTIONS, GetTelemetrySubscriptionsRequest(client_instance_id=instance)
    )


def push(room: Room, told: Any, data: bytes, codec: int = 0, terminating: bool = False, **more: Any) -> ErrorCode:
    body = PushTelemetryRequest(
        client_instance_id=told.client_instance_id,
        subscription_id=i32(more.get("subscription_id", told.subscription_id)),
        terminating=terminating,
        compression_type=i8(codec),
        metrics=data,
    )
    answer: ErrorCode = room.ask(1, ApiKey.PUSH_TELEMETRY, body).error_code
    return answer


def test_where_nobody_asks_for_metrics_none_are_wanted() -> None:
    told = subscribed(room_with())
    assert (told.error_code, told.requested_metrics, told.push_interval.total_seconds()) == (ErrorCode.none, (), 300)
    assert told.client_instance_id.version == 4


def test_what_is_asked_of_a_client_is_all_that_its_subscriptions_ask() -> None:
    room = room_with(metrics="org.apache.kafka.producer.,org.apache.kafka.consumer.", interval_ms="5000")
    alter(
        room,
        CLIENT_METRICS,
        "mine",
        metrics="org.apache.kafka.producer.,x.",
        interval_ms="1000",
        match="client_id=te.*",
    )
    alter(room, CLIENT_METRICS, "others", metrics="y.", interval_ms="100", match="client_id=other")
    told = subscribed(room)
    assert told.requested_metrics == ("org.apache.kafka.producer.", "org.apache.kafka.consumer.", "x.")
    assert told.push_interval.total_seconds() == 1


def test_who_is_asked_for_everything_is_told_so() -> None:
    room = room_with(metrics="*")
    alter(room, CLIENT_METRICS, "more", metrics="x.")
    assert subscribed(room).requested_metrics == ("*",)


@pytest.mark.parametrize("codec", list(Codec))
def test_what_is_pushed_is_kept_in_whatever_compression(codec: Codec) -> None:
    room = room_with(metrics="*", interval_ms="1000")
    told = subscribed(room)
    data = pushed(gauge("queue.depth", 2.5), total("records", 3, 7))
    assert push(room, told, compress(codec, data), codec) == ErrorCode.none
    (instance,) = room.broker(1).telemetry.instances.values()
    assert (instance.values, instance.pushes) == ({"queue.depth": 2.5, "records": 7}, 1)


def test_who_asks_or_pushes_too_soon_is_refused() -> None:
    room = room_with(metrics="*", interval_ms="1000")
    told = subscribed(room)
    assert subscribed(room, told.client_instance_id).error_code == ErrorCode.throttling_quota_exceeded
    assert push(room, told, b"") == ErrorCode.none
    assert push(room, told, b"") == ErrorCode.throttling_quota_exceeded
    room.run(1)
    assert push(room, told, b"") == ErrorCode.none


def test_the_last_push_may_come_at_any_time_and_is_the_last() -> None:
    room = room_with(metrics="*", interval_ms="1000")
    told = subscribed(room)
    push(room, told, b"")
    assert push(room, told, b"", terminating=True) == ErrorCode.none
    assert push(room, told, b"", terminating=True) == ErrorCode.invalid_request


def test_who_does_not_know_what_is_asked_now_is_told_to_ask() -> None:
    room = room_with(metrics="*", interval_ms="1000")
    told = subscribed(room)
    alter(room, CLIENT_METRICS, "all", metrics="x.")
    assert push(room, told, b"") == ErrorCode.unknown_subscription_id
    again = subscribed(room, told.client_instance_id)
    assert (again.client_instance_id, again.requested_metrics) == (told.client_instance_id, ("x.",))
    assert push(room, again, b"") == ErrorCode.none


@pytest.mark.parametrize(
    ("data", "codec", "error"),
    [
        (b"\xff" * 20, 0, ErrorCode.invalid_record),
        (b"not gzip", 1, ErrorCode.invalid_record),
        (b"", 9, ErrorCode.unsupported_compression_type),
        (bytes(1_048_577), 0, ErrorCode.telemetry_too_large),
    ],
)
def test_what_cannot_be_read_is_refused(data: bytes, codec: int, error: ErrorCode) -> None:
    room = room_with(metrics="*")
    assert push(room, subscribed(room), data, codec) == error


def test_a_client_that_is_gone_is_forgotten() -> None:
    room = room_with(metrics="*")
    subscribed(room)
    room.world.reset("client", "broker-1")
    room.run(0.1)
    assert room.broker(1).telemetry.instances == {}


def test_a_histogram_is_its_mean() -> None:
    point = field(4, 1, struct.pack("<Q", 4)) + field(5, 1, struct.pack("<d", 10.0))
    metric = field(1, 2, b"latency") + field(9, 2, field(1, 2, point))
    assert metrics_of(pushed(metric)) == [Metric("latency", 2.5)]


@pytest.mark.parametrize("data", [b"\x0a", b"\x0a\x05abc", b"\xff" * 11, b"\x0b\x00"])
def test_bytes_that_are_no_metrics_are_refused(data: bytes) -> None:
    with pytest.raises(NotTelemetry):
        metrics_of(data)


# -- as settings ---------------------------------------------------------------------------------------


def described(room: Room, name: str) -> dict[str, tuple[str | None, int]]:
    resource = DescribeConfigsResource(resource_type=i8(CLIENT_METRICS), resource_name=name, configuration_keys=None)
    body = DescribeConfigsRequest(resources=(resource,), include_synonyms=True, include_documentation=False)
    (result,) = room.ask(1, ApiKey.DESCRIBE_CONFIGS, body).results
    synonyms = {each.name: [(one.name, one.value, one.source) for one in each.synonyms] for each in result.configs}
    own = {each.name: each.value for each in result.configs if each.config_source == 7}
    assert synonyms == {each.name: [(each.name, each.value, 7)] if each.name in own else [] for each in result.configs}
    return {each.name: (each.value, each.config_source) for each in result.configs}


def test_a_subscription_is_told_with_its_defaults() -> None:
    room = room_with(metrics="a.,b.")
    assert described(room, "all") == {"interval.ms": ("300000", 5), "match": ("", 5), "metrics": ("a.,b.", 7)}
    assert described(room, "none") == {"interval.ms": ("300000", 5), "match": ("", 5), "metrics": ("", 5)}


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({"speed": "1"}, ErrorCode.invalid_request, "Unknown client metrics configuration: speed"),
        (
            {"interval_ms": "99"},
            ErrorCode.invalid_request,
            "Invalid value 99 for interval.ms, interval must be between 100 and 3600000 (1 hour)",
        ),
        ({"match": "color=red"}, ErrorCode.invalid_config, "Illegal client matching pattern: color=red"),
        ({"match": "client_id=("}, ErrorCode.invalid_config, "Illegal client matching pattern: client_id=("),
        ({"match": "client_id=a(?=b)"}, ErrorCode.invalid_config, "Illegal client matching pattern: client_id=a(?=b)"),
    ],
)
def test_a_subscription_that_cannot_be_is_refused(settings: dict[str, str], error: ErrorCode, words: str) -> None:
    assert alter(room_with(), CLIENT_METRICS, "all", **settings) == (error, words)


def test_what_has_settings_is_listed() -> None:
    room = room_with(metrics="*")
    room.create((1,))
    body = ListConfigResourcesRequest(resource_types=())
    listed = [(each.resource_type, each.resource_name) for each in told_of(room, body).config_resources]
    assert listed == [(TOPIC, "orders"), (BROKER, "1"), (8, "1"), (CLIENT_METRICS, "all")]
    asked = told_of(room, ListConfigResourcesRequest(resource_types=(i8(BROKER),)))
    assert [each.resource_name for each in asked.config_resources] == ["1"]
    refused = told_of(room, ListConfigResourcesRequest(resource_types=(i8(99),)))
    assert refused.error_code == ErrorCode.unsupported_version
    old = room.ask(1, ApiKey.LIST_CONFIG_RESOURCES, body, api_version=0)
    assert [each.resource_name for each in old.config_resources] == ["all"]


def told_of(room: Room, body: ListConfigResourcesRequest) -> Any:
    return room.ask(1, ApiKey.LIST_CONFIG_RESOURCES, body)
