"""The authorizer: reads the access control lists and says yes or no (StandardAuthorizer, KIP-801).

A super user may do everything. Else an entry that denies wins over any that allows; where there are entries
for a resource and none of them allows, it is no; and where there are none at all,
`allow.everyone.if.no.acl.found` decides.
"""

from collections.abc import Mapping
from uuid import UUID

from kafkalab.engine.config import STANDARD_AUTHORIZER, BrokerConfig
from kafkalab.engine.security.acls import AccessControlEntryRecord, Operation, PatternType, Permission, ResourceType

SAID_AGAIN_AFTER_US = 10_000_000
DENIALS_REMEMBERED = 1_000

Acls = Mapping[UUID, AccessControlEntryRecord]


class Authorizer:
    def __init__(self, config: BrokerConfig) -> None:
        self.configured = config.authorizer_class_name == STANDARD_AUTHORIZER
        self.super_users = tuple(name.strip() for name in config.super_users.split(";") if name.strip())
        self.allows_without_acl = config.allow_everyone_if_no_acl_found
        self._denied_us: dict[tuple[str, ...], int] = {}

    def is_news(self, denial: tuple[str, ...], now_us: int) -> bool:
        """Whether that was not denied a moment ago: a client that tries again and again is told of once."""
        last_us = self._denied_us.get(denial)
        if last_us is not None and now_us - last_us < SAID_AGAIN_AFTER_US:
            return False
        if len(self._denied_us) >= DENIALS_REMEMBERED:
            self._denied_us.clear()
        self._denied_us[denial] = now_us
        return True

    def asks_nobody(self, acls: Acls) -> bool:
        """Whether everything is allowed to everybody."""
        return not self.configured or (self.allows_without_acl and not acls)

    def allows(
        self, acls: Acls, principal: str, host: str, operation: Operation, resource_type: ResourceType, name: str
    ) -> bool:
        """`host` is an address, `name` is CLUSTER_NAME for the cluster."""
        if not self.configured or principal in self.super_users:
            return True
        found = allowed = False
        for acl in acls.values():
            if acl.resource_type != resource_type or not acl.covers(name):
                continue
            found = True
            if acl.concerns(principal, host, operation):
                if acl.permission_type == Permission.DENY:
                    return False
                allowed = True
        return allowed if found else self.allows_without_acl

    def allows_some(
        self, acls: Acls, principal: str, host: str, operation: Operation, resource_type: ResourceType
    ) -> bool:
        """Whether there is any resource of that type with which they may do that (authorizeByResourceType)."""
        if not self.configured or principal in self.super_users:
            return True
        mine = [acl for acl in acls.values() if acl.resource_type == resource_type]
        mine = [acl for acl in mine if acl.concerns(principal, host, operation)]
        denied = [acl for acl in mine if acl.permission_type == Permission.DENY]
        if any(acl.covers("*") and acl.resource_name == "*" for acl in denied):
            return False
        if self.allows_without_acl:
            return True
        return any(not _dominated(acl, denied) for acl in mine if acl.permission_type == Permission.ALLOW)


def _dominated(allowed: AccessControlEntryRecord, denied: list[AccessControlEntryRecord]) -> bool:
    """Whether whatever it allows is denied by another."""
    for acl in denied:
        if acl.pattern_type == PatternType.PREFIXED and allowed.resource_name.startswith(acl.resource_name):
            return True
        same = (acl.resource_name, acl.pattern_type) == (allowed.resource_name, allowed.pattern_type)
        if same:
            return True
    return False
