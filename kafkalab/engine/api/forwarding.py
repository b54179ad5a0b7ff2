"""Requests that the controller answers: any broker passes them on and hands the answer back (KIP-590).

The file of such a request says only which request it is, and how all of it is refused.
"""

from typing import TYPE_CHECKING, Any

from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.wire.dialect import NOT_THROTTLED

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker


def handle(broker: "Broker", request: Request) -> None:
    broker.forward(request)


def refused_resources(answer: type[Any], each: type[Any], request: Request, refused: Refused) -> Any:
    """No to a change of settings, in the words of that API: `answer` of one `each` for every resource."""
    return answer(
        throttle_time=NOT_THROTTLED,
        responses=tuple(
            each(
                error_code=refused.error_code,
                error_message=refused.message,
                resource_type=resource.resource_type,
                resource_name=resource.resource_name,
            )
            for resource in request.body.resources
        ),
    )
