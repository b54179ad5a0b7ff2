"""Access control lists are written down and struck out: CreateAcls (30) and DeleteAcls (31).

(org.apache.kafka.controller.AclControlManager, kafka.server.AclApis.)
"""

from random import Random
from typing import Any
from uuid import UUID

from kio.schema.create_acls.v3.request import AclCreation, CreateAclsRequest
from kio.schema.create_acls.v3.response import AclCreationResult, CreateAclsResponse
from kio.schema.delete_acls.v3.request import DeleteAclsRequest
from kio.schema.delete_acls.v3.response import DeleteAclsFilterResult, DeleteAclsMatchingAcl, DeleteAclsResponse
from kio.static.primitive import i8

from kafkalab.engine.controller.decision import Decision
from kafkalab.engine.controller.metadata import MetadataImage
from kafkalab.engine.refused import Refused
from kafkalab.engine.security.acls import (
    CLUSTER_NAME,
    AccessControlEntryRecord,
    Operation,
    PatternType,
    Permission,
    RemoveAccessControlEntryRecord,
    ResourceType,
    matches,
)
from kafkalab.wire.dialect import NOT_THROTTLED
from kafkalab.wire.errors import ErrorCode

MOST_RECORDS = 10_000
"""Of one request (QuorumController.MAX_RECORDS_PER_USER_OP)."""
UNKNOWN = 0


def create(image: MetadataImage, body: CreateAclsRequest, random: Random) -> Decision:
    there = {acl.binding for acl in image.acls.values()}
    results: list[AclCreationResult] = []
    records: list[AccessControlEntryRecord] = []
    for asked in body.creations:
        try:
            _check(asked)
            acl = AccessControlEntryRecord(
                UUID(int=random.getrandbits(128), version=4),
                int(asked.resource_type),
                asked.resource_name,
                int(asked.resource_pattern_type),
                asked.principal,
                asked.host,
                int(asked.operation),
                int(asked.permission_type),
            )
        except Refused as refused:
            results.append(AclCreationResult(error_code=refused.error_code, error_message=refused.message))
            continue
        results.append(AclCreationResult(error_code=ErrorCode.none, error_message=""))
        if acl.binding not in there:
            there.add(acl.binding)
            records.append(acl)
    return Decision(CreateAclsResponse(throttle_time=NOT_THROTTLED, results=tuple(results)), tuple(records))


def _check(asked: AclCreation) -> None:
    kind = int(asked.resource_type)
    if kind == ResourceType.CLUSTER and asked.resource_name != CLUSTER_NAME:
        raise _invalid(f"The only valid name for the CLUSTER resource is {CLUSTER_NAME}")
    if not asked.resource_name:
        raise _invalid("Invalid empty resource name")
    if kind not in list(ResourceType) or kind == ResourceType.ANY:
        raise _invalid(f"Invalid resourceType {_name(ResourceType, kind)}")
    if int(asked.resource_pattern_type) not in (PatternType.LITERAL, PatternType.PREFIXED):
        raise _invalid(f"Invalid patternType {_name(PatternType, int(asked.resource_pattern_type))}")
    operation = int(asked.operation)
    if operation not in list(Operation) or operation == Operation.ANY:
        raise _invalid(f"Invalid operation {_name(Operation, operation)}")
    if int(asked.permission_type) not in (Permission.DENY, Permission.ALLOW):
        raise _invalid(f"Invalid permissionType {_name(Permission, int(asked.permission_type))}")
    if ":" not in asked.principal:
        raise _invalid(
            f"Could not parse principal from `{asked.principal}` (no colon is present separating the "
            "principal type from the principal name)"
        )


def _name(kind: Any, number: int) -> str:
    return str(kind(number).name) if number in list(kind) else "UNKNOWN"


def _invalid(message: str) -> Refused:
    return Refused(ErrorCode.invalid_request, message)


def delete(image: MetadataImage, body: DeleteAclsRequest) -> Decision:
    gone: dict[UUID, None] = {}
    results: list[DeleteAclsFilterResult] = []
    for asked in body.filters:
        if UNKNOWN in (asked.resource_type_filter, asked.pattern_type_filter):
            results.append(_filter_refused("Unknown patternFilter."))
            continue
        if UNKNOWN in (asked.operation, asked.permission_type):
            results.append(_filter_refused("Unknown entryFilter."))
            continue
        meant = [acl for acl in image.acls.values() if matches(asked, acl)]
        gone.update(dict.fromkeys(acl.id for acl in meant))
        results.append(
            DeleteAclsFilterResult(
                error_code=ErrorCode.none, error_message=None, matching_acls=tuple(map(_deleted, meant))
            )
        )
    if len(gone) > MOST_RECORDS:
        message = f"Cannot remove more than {MOST_RECORDS} acls in a single delete operation."
        results = [_filter_refused(message)] * len(body.filters)
        gone = {}
    answer = DeleteAclsResponse(throttle_time=NOT_THROTTLED, filter_results=tuple(results))
    return Decision(answer, tuple(RemoveAccessControlEntryRecord(acl_id) for acl_id in gone))


def _filter_refused(message: str) -> DeleteAclsFilterResult:
    return DeleteAclsFilterResult(error_code=ErrorCode.invalid_request, error_message=message, matching_acls=())


def _deleted(acl: AccessControlEntryRecord) -> DeleteAclsMatchingAcl:
    return DeleteAclsMatchingAcl(
        error_code=ErrorCode.none,
        error_message=None,
        resource_type=i8(acl.resource_type),
        resource_name=acl.resource_name,
        pattern_type=i8(acl.pattern_type),
        principal=acl.principal,
        host=acl.host,
        operation=i8(acl.operation),
        permission_type=i8(acl.permission_type),
    )
