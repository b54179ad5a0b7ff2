"""DescribeConfigs (32): what every setting of a topic or of this broker is, and where that comes from.

(kafka.server.ConfigHelper, KIP-133, KIP-226, KIP-569.)
"""

from collections.abc import Sequence
from datetime import timedelta
from enum import IntEnum
from typing import TYPE_CHECKING

from kio.schema.describe_configs.v4.request import DescribeConfigsRequest, DescribeConfigsResource
from kio.schema.describe_configs.v4.response import (
    DescribeConfigsResourceResult,
    DescribeConfigsResponse,
    DescribeConfigsResult,
    DescribeConfigsSynonym,
)
from kio.static.primitive import i8, i32Timedelta

from kafkalab.engine.controller.configs import (
    BrokerSettings,
    DescribedConfig,
    described_all_brokers,
    described_broker,
    described_group,
    described_subscription,
    described_topic,
)
from kafkalab.engine.controller.metadata import BROKER, CLIENT_METRICS, GROUP, TOPIC
from kafkalab.engine.controller.topic_names import check_topic_name
from kafkalab.engine.node import Request
from kafkalab.engine.refused import MALFORMED, Refused
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker

ZERO = i32Timedelta.parse(timedelta(0))

LOGGER = 8
"""ConfigResource.Type.BROKER_LOGGER. Nothing here logs, so there is no logger to tell of."""


class _ConfigResource(IntEnum):
    TOPIC = TOPIC
    BROKER = BROKER
    CLIENT_METRICS = CLIENT_METRICS
    GROUP = GROUP


def handle(broker: "Broker", request: Request) -> DescribeConfigsResponse:
    body: DescribeConfigsRequest = request.body
    return DescribeConfigsResponse(
        throttle_time=ZERO, results=tuple(_describe(broker, body, resource) for resource in body.resources)
    )


def refuse(request: Request, refused: Refused) -> DescribeConfigsResponse:
    return DescribeConfigsResponse(
        throttle_time=ZERO, results=tuple(_refused(resource, refused) for resource in request.body.resources)
    )


def _describe(
    broker: "Broker", body: DescribeConfigsRequest, resource: DescribeConfigsResource
) -> DescribeConfigsResult:
    try:
        configs = _configs(broker, resource)
    except Refused as refused:
        return _refused(resource, refused)
    # No keys given, in either way of saying so, asks for all.
    wanted = resource.configuration_keys or [each.name for each in configs]
    return DescribeConfigsResult(
        error_code=ErrorCode.none,
        error_message="",
        resource_type=resource.resource_type,
        resource_name=resource.resource_name,
        configs=tuple(_result(body, each) for each in configs if each.name in wanted),
    )


def _configs(broker: "Broker", resource: DescribeConfigsResource) -> Sequence[DescribedConfig]:
    name = resource.resource_name
    settings = BrokerSettings.of(broker.metadata, broker.static_config, broker.broker_id)
    match resource.resource_type:
        case _ConfigResource.TOPIC:
            check_topic_name(name)
            if name not in broker.metadata.topics:
                raise Refused(ErrorCode.unknown_topic_or_partition)
            return described_topic(broker.metadata.topic_config(name), settings)
        case _ConfigResource.BROKER if name == "":
            return described_all_brokers(settings)
        case _ConfigResource.BROKER if not name.removeprefix("-").isdecimal():
            raise Refused(ErrorCode.invalid_request, f"Broker id must be an integer, but it is: {name}")
        case _ConfigResource.BROKER if name != str(broker.broker_id):
            raise Refused(
                ErrorCode.invalid_request,
                f"Unexpected broker id, expected {broker.broker_id} or empty string, but received {name}",
            )
        case _ConfigResource.BROKER:
            return described_broker(settings)
        case _ConfigResource.CLIENT_METRICS if not name:
            raise Refused(ErrorCode.invalid_request, "Client metrics subscription name must not be empty")
        case _ConfigResource.CLIENT_METRICS:
            return described_subscription(broker.metadata.configs.get((CLIENT_METRICS, name), {}))
        case _ConfigResource.GROUP if not name:
            raise Refused(ErrorCode.invalid_request, "Group name must not be empty")
        case _ConfigResource.GROUP:
            return described_group(broker.metadata.configs.get((GROUP, name), {}), settings)
        case other:
            words = "This broker has no loggers" if other == LOGGER else MALFORMED
            raise Refused(ErrorCode.invalid_request, words)


def _result(body: DescribeConfigsRequest, config: DescribedConfig) -> DescribeConfigsResourceResult:
    synonyms = config.synonyms if body.include_synonyms else ()
    return DescribeConfigsResourceResult(
        name=config.name,
        value=config.value,
        read_only=config.read_only,
        config_source=i8(config.source),
        is_sensitive=False,
        synonyms=tuple(
            DescribeConfigsSynonym(name=each.name, value=each.value, source=i8(each.source)) for each in synonyms
        ),
        config_type=i8(config.type),
        documentation=config.documentation if body.include_documentation else None,
    )


def _refused(resource: DescribeConfigsResource, refused: Refused) -> DescribeConfigsResult:
    return DescribeConfigsResult(
        error_code=refused.error_code,
        error_message=refused.message or "",
        resource_type=resource.resource_type,
        resource_name=resource.resource_name,
        configs=(),
    )
