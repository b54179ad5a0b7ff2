"""DeleteAcls (31): the controller strikes out whatever a filter means."""

from typing import TYPE_CHECKING

from kio.schema.delete_acls.v3.response import DeleteAclsFilterResult, DeleteAclsResponse

from kafkalab.engine.api.create_acls import NO_AUTHORIZER
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.wire.dialect import NOT_THROTTLED
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker


def handle(broker: "Broker", request: Request) -> None:
    if not broker.authorizer.configured:
        raise Refused(ErrorCode.security_disabled, NO_AUTHORIZER)
    broker.forward(request)


def refuse(request: Request, refused: Refused) -> DeleteAclsResponse:
    result = DeleteAclsFilterResult(error_code=refused.error_code, error_message=refused.message, matching_acls=())
    return DeleteAclsResponse(throttle_time=NOT_THROTTLED, filter_results=(result,) * len(request.body.filters))
