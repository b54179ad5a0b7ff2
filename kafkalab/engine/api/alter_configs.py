"""AlterConfigs (33): the controller decides; any broker passes the request on (KIP-133, KIP-590)."""

from typing import TYPE_CHECKING

from kio.schema.alter_configs.v2.response import AlterConfigsResourceResponse, AlterConfigsResponse

from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.wire.dialect import NOT_THROTTLED

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker


def handle(broker: "Broker", request: Request) -> None:
    broker.forward(request)


def refuse(request: Request, refused: Refused) -> AlterConfigsResponse:
    return AlterConfigsResponse(
        throttle_time=NOT_THROTTLED,
        responses=tuple(
            AlterConfigsResourceResponse(
                error_code=refused.error_code,
                error_message=refused.message,
                resource_type=resource.resource_type,
                resource_name=resource.resource_name,
            )
            for resource in request.body.resources
        ),
    )
