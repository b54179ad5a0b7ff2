"""An access control list entry: who may, or may not, do what, to which resource, from where (KIP-11, KIP-290).

The numbers are those of Kafka's protocol (org.apache.kafka.common.acl, .resource).
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any
from uuid import UUID

ANY_PRINCIPAL = "User:*"
ANY_HOST = "*"
ANY_NAME = "*"
CLUSTER_NAME = "kafka-cluster"
"""The one resource of type CLUSTER."""


class ResourceType(IntEnum):
    ANY = 1
    TOPIC = 2
    GROUP = 3
    CLUSTER = 4
    TRANSACTIONAL_ID = 5
    DELEGATION_TOKEN = 6
    USER = 7


class PatternType(IntEnum):
    ANY = 1
    MATCH = 2
    """In filters: whatever would apply to a resource of that name."""
    LITERAL = 3
    PREFIXED = 4


class Operation(IntEnum):
    ANY = 1
    ALL = 2
    READ = 3
    WRITE = 4
    CREATE = 5
    DELETE = 6
    ALTER = 7
    DESCRIBE = 8
    CLUSTER_ACTION = 9
    DESCRIBE_CONFIGS = 10
    ALTER_CONFIGS = 11
    IDEMPOTENT_WRITE = 12
    CREATE_TOKENS = 13
    DESCRIBE_TOKENS = 14
    TWO_PHASE_COMMIT = 15


class Permission(IntEnum):
    ANY = 1
    DENY = 2
    ALLOW = 3


IMPLYING = {
    Operation.DESCRIBE: (Operation.READ, Operation.WRITE, Operation.DELETE, Operation.ALTER),
    Operation.DESCRIBE_CONFIGS: (Operation.ALTER_CONFIGS,),
}
"""Whoever is allowed one of these is allowed the first as well."""


@dataclass(frozen=True, slots=True)
class AccessControlEntryRecord:
    """One entry, as it stands in the metadata log and in the image."""

    id: UUID
    resource_type: int
    resource_name: str
    pattern_type: int
    principal: str
    host: str
    operation: int
    permission_type: int

    @property
    def binding(self) -> tuple[int, str, int, str, str, int, int]:
        """All but the id: two entries never say the same."""
        return (
            self.resource_type,
            self.resource_name,
            self.pattern_type,
            self.principal,
            self.host,
            self.operation,
            self.permission_type,
        )

    def covers(self, name: str) -> bool:
        """Whether the pattern is for that resource."""
        if self.pattern_type == PatternType.PREFIXED:
            return name.startswith(self.resource_name)
        return self.resource_name in (name, ANY_NAME)

    def concerns(self, principal: str, host: str, operation: Operation) -> bool:
        """Whether it says anything about them doing that. What is allowed implies more than what is denied."""
        if self.principal not in (principal, ANY_PRINCIPAL) or self.host not in (host, ANY_HOST):
            return False
        if self.operation in (operation, Operation.ALL):
            return True
        return self.permission_type == Permission.ALLOW and self.operation in IMPLYING.get(operation, ())

    def sentence(self) -> str:
        """`User:alice is allowed READ on topics that begin with orders`."""
        verb = "is allowed" if self.permission_type == Permission.ALLOW else "is denied"
        where = "" if self.host == ANY_HOST else f" from {self.host}"
        return f"{self.principal} {verb} {Operation(self.operation).name} on {self._resources()}{where}"

    def _resources(self) -> str:
        kind = ResourceType(self.resource_type).name.lower().replace("_", " ")
        if self.resource_type == ResourceType.CLUSTER:
            return "the cluster"
        if self.pattern_type == PatternType.PREFIXED:
            return f"every {kind} whose name begins with {self.resource_name}"
        return f"every {kind}" if self.resource_name == ANY_NAME else f"{kind} {self.resource_name}"


@dataclass(frozen=True, slots=True)
class RemoveAccessControlEntryRecord:
    id: UUID


def matches(asked: Any, acl: AccessControlEntryRecord) -> bool:
    """Whether an entry is meant by a filter, as DescribeAcls and DeleteAcls send it (AclBindingFilter.matches)."""
    if asked.resource_type_filter not in (ResourceType.ANY, acl.resource_type):
        return False
    if asked.principal_filter not in (None, acl.principal) or asked.host_filter not in (None, acl.host):
        return False
    if asked.operation not in (Operation.ANY, acl.operation):
        return False
    if asked.permission_type not in (Permission.ANY, acl.permission_type):
        return False
    name = asked.resource_name_filter
    if asked.pattern_type_filter not in (PatternType.ANY, PatternType.MATCH, acl.pattern_type):
        return False
    if name is None:
        return True
    return acl.covers(name) if asked.pattern_type_filter == PatternType.MATCH else name == acl.resource_name
