"""DescribeAcls (29): the entries that a filter means, as this broker knows them, those of one pattern together."""

from typing import TYPE_CHECKING

from kio.schema.describe_acls.v3.request import DescribeAclsRequest
from kio.schema.describe_acls.v3.response import AclDescription, DescribeAclsResource, DescribeAclsResponse
from kio.static.primitive import i8

from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.engine.security.acls import AccessControlEntryRecord, matches
from kafkalab.wire.dialect import NOT_THROTTLED
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker


def handle(broker: "Broker", request: Request) -> DescribeAclsResponse:
    body: DescribeAclsRequest = request.body
    if not broker.authorizer.configured:
        raise Refused(ErrorCode.security_disabled, "No Authorizer is configured on the broker")
    patterns: dict[tuple[int, str, int], list[AccessControlEntryRecord]] = {}
    for acl in broker.metadata.acls.values():
        if matches(body, acl):
            patterns.setdefault((acl.resource_type, acl.resource_name, acl.pattern_type), []).append(acl)
    resources = tuple(
        DescribeAclsResource(
            resource_type=i8(resource_type),
            resource_name=name,
            pattern_type=i8(pattern_type),
            acls=tuple(map(_described, acls)),
        )
        for (resource_type, name, pattern_type), acls in patterns.items()
    )
    return DescribeAclsResponse(
        throttle_time=NOT_THROTTLED, error_code=ErrorCode.none, error_message="", resources=resources
    )


def refuse(request: Request, refused: Refused) -> DescribeAclsResponse:
    return DescribeAclsResponse(
        throttle_time=NOT_THROTTLED, error_code=refused.error_code, error_message=refused.message, resources=()
    )


def _described(acl: AccessControlEntryRecord) -> AclDescription:
    return AclDescription(
        principal=acl.principal,
        host=acl.host,
        operation=i8(acl.operation),
        permission_type=i8(acl.permission_type),
    )
