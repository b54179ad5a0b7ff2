"""A cluster with an authorizer, and access control lists as a person would write them."""

from kio.schema.create_acls.v3.request import AclCreation, CreateAclsRequest

from kafkalab.engine.config import STANDARD_AUTHORIZER
from kafkalab.engine.security.acls import Operation, PatternType, Permission, ResourceType
from kafkalab.wire.api import ApiKey
from tests.engine.broker.room import Room

GUARDED = {
    "authorizer.class.name": STANDARD_AUTHORIZER,
    "super.users": "User:admin",
    "allow.everyone.if.no.acl.found": "false",
}
ADMIN, ALICE = "User:admin", "User:alice"


def guarded(brokers: int = 1, **configs: str) -> Room:
    """What nobody allows is denied. The room speaks as the administrator until told otherwise."""
    room = Room(brokers, {**GUARDED, **{name.replace("_", "."): value for name, value in configs.items()}})
    room.principal = ADMIN
    return room


def entry(
    operation: Operation,
    resource_type: ResourceType,
    name: str,
    *,
    principal: str = ALICE,
    pattern: PatternType = PatternType.LITERAL,
    permission: Permission = Permission.ALLOW,
    host: str = "*",
) -> AclCreation:
    return AclCreation(
        resource_type=resource_type,
        resource_name=name,
        resource_pattern_type=pattern,
        principal=principal,
        host=host,
        operation=operation,
        permission_type=permission,
    )


def allow(room: Room, *entries: AclCreation) -> None:
    """Written by the administrator; the room speaks as before afterwards."""
    before, room.principal = room.principal, ADMIN
    answer = room.ask(1, ApiKey.CREATE_ACLS, CreateAclsRequest(creations=entries))
    assert [(each.error_code, each.error_message) for each in answer.results] == [(0, "")] * len(entries)
    room.run(1)
    room.principal = before
