"""ListConfigResources (74): what has settings, by kind; version 0 knows subscriptions to metrics only (KIP-1142)."""

from typing import TYPE_CHECKING

from kio.schema.list_config_resources.v1.request import ListConfigResourcesRequest
from kio.schema.list_config_resources.v1.response import ConfigResource, ListConfigResourcesResponse
from kio.static.primitive import i8

from kafkalab.engine.controller.metadata import BROKER, CLIENT_METRICS, GROUP, TOPIC
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.wire.dialect import NOT_THROTTLED
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker

BROKER_LOGGER = 8
KINDS = (TOPIC, BROKER, BROKER_LOGGER, CLIENT_METRICS, GROUP)


def handle(broker: "Broker", request: Request) -> ListConfigResourcesResponse:
    body: ListConfigResourcesRequest = request.body
    if request.api_version == 0:
        wanted: tuple[int, ...] = (CLIENT_METRICS,)
    else:
        wanted = tuple(dict.fromkeys(int(kind) for kind in body.resource_types)) or KINDS
    if any(kind not in KINDS for kind in wanted):
        raise Refused(ErrorCode.unsupported_version)
    return ListConfigResourcesResponse(
        throttle_time=NOT_THROTTLED,
        error_code=ErrorCode.none,
        config_resources=tuple(
            ConfigResource(resource_name=name, resource_type=i8(kind))
            for kind in wanted
            for name in _names(broker, kind)
        ),
    )


def _names(broker: "Broker", kind: int) -> list[str]:
    image = broker.metadata
    match kind:
        case 2:
            return list(image.topics)
        case 4 | 8:
            return [str(each.broker_id) for each in image.brokers.values() if not each.fenced]
        case _:
            return [name for (of, name), settings in image.configs.items() if of == kind and settings]


def refuse(request: Request, refused: Refused) -> ListConfigResourcesResponse:
    return ListConfigResourcesResponse(throttle_time=NOT_THROTTLED, error_code=refused.error_code, config_resources=())
