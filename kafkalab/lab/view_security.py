"""Who may do what, as the page shows it: the users that have a password, and every access control list entry."""

from typing import Any

from kafkalab.engine.controller.metadata import MetadataImage
from kafkalab.engine.security.acls import Operation, PatternType, Permission, ResourceType
from kafkalab.engine.security.scram import ScramMechanism


def security(image: MetadataImage) -> dict[str, Any]:
    users: dict[str, list[str]] = {}
    for (user, mechanism), _ in sorted(image.scram.items()):
        users.setdefault(user, []).append(ScramMechanism(mechanism).sasl_name)
    return {
        "kind": "security",
        "users": [{"user": user, "mechanisms": mechanisms} for user, mechanisms in users.items()],
        "acls": [
            {
                "principal": acl.principal,
                "permission": Permission(acl.permission_type).name.lower(),
                "operation": Operation(acl.operation).name.lower(),
                "resource_type": ResourceType(acl.resource_type).name.lower(),
                "resource": acl.resource_name,
                "pattern": PatternType(acl.pattern_type).name.lower(),
                "host": acl.host,
                "says": acl.sentence(),
            }
            for acl in image.acls.values()
        ],
    }
