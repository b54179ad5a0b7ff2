"""CreateAcls (30): the controller writes them down, if there is anybody who reads them."""

from typing import TYPE_CHECKING

from kio.schema.create_acls.v3.response import AclCreationResult, CreateAclsResponse

from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.wire.dialect import NOT_THROTTLED
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker

NO_AUTHORIZER = "No Authorizer is configured."


def handle(broker: "Broker", request: Request) -> None:
    if not broker.authorizer.configured:
        raise Refused(ErrorCode.security_disabled, NO_AUTHORIZER)
    broker.forward(request)


def refuse(request: Request, refused: Refused) -> CreateAclsResponse:
    result = AclCreationResult(error_code=refused.error_code, error_message=refused.message)
    return CreateAclsResponse(throttle_time=NOT_THROTTLED, results=(result,) * len(request.body.creations))
