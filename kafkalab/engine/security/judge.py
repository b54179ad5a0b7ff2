"""One request before the authorizer: asks for its principal, and says aloud whatever was denied."""

from typing import TYPE_CHECKING, Any

from kafkalab.engine.events import AuthorizationDenied
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.engine.security.acls import Operation, ResourceType
from kafkalab.wire.api import name_of
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker
    from kafkalab.engine.controller.metadata import MetadataImage

ERRORS = {
    ResourceType.TOPIC: ErrorCode.topic_authorization_failed,
    ResourceType.GROUP: ErrorCode.group_authorization_failed,
    ResourceType.CLUSTER: ErrorCode.cluster_authorization_failed,
    ResourceType.TRANSACTIONAL_ID: ErrorCode.transactional_id_authorization_failed,
}


MESSAGES = {
    ErrorCode.topic_authorization_failed: "Topic authorization failed.",
    ErrorCode.group_authorization_failed: "Group authorization failed.",
    ErrorCode.cluster_authorization_failed: "Cluster authorization failed.",
    ErrorCode.transactional_id_authorization_failed: "Transactional Id authorization failed.",
}
"""Kafka's words, where it says any."""


class Judge:
    def __init__(self, broker: "Broker", request: Request) -> None:
        self.broker = broker
        self.request = request
        self.image: MetadataImage = broker.metadata
        self.denied: ResourceType | None = None
        """What kind of thing was denied last."""

    @property
    def creates_topics(self) -> bool:
        return self.broker.config.auto_create_topics_enable

    def may(self, operation: Operation, resource_type: ResourceType, name: str, *, silently: bool = False) -> bool:
        """Whether the principal may; if not, that is told, unless nobody would notice."""
        request = self.request
        host = request.client_host.removeprefix("/")
        acls = self.image.acls
        if self.broker.authorizer.allows(acls, request.principal, host, operation, resource_type, name):
            return True
        if not silently:
            self.denied = resource_type
            self._tell(operation, resource_type, name)
        return False

    def _tell(self, operation: Operation, resource_type: ResourceType, name: str) -> None:
        broker, request = self.broker, self.request
        kind = resource_type.name.lower().replace("_", " ")
        resource = "the cluster" if resource_type is ResourceType.CLUSTER else f"{kind} {name}"
        api, client = name_of(request.api_key), request.client_id or request.source
        if broker.authorizer.is_news((request.principal, operation.name, resource, api, client), broker.now_us):
            broker.tell(
                AuthorizationDenied(
                    broker=broker.broker_id,
                    principal=request.principal,
                    operation=operation.name,
                    resource=resource,
                    api=api,
                    client=client,
                )
            )

    def may_some(self, operation: Operation, resource_type: ResourceType) -> bool:
        """Whether there is any resource of that type with which the principal may do that."""
        request = self.request
        host = request.client_host.removeprefix("/")
        return self.broker.authorizer.allows_some(self.image.acls, request.principal, host, operation, resource_type)

    def demand(self, operation: Operation, resource_type: ResourceType, name: str) -> None:
        """Raises Refused."""
        if not self.may(operation, resource_type, name):
            raise Refused(ERRORS[resource_type])

    def topic_name(self, named: Any) -> str:
        """Of whatever names a topic, by name or by id; "" where nobody knows such a topic."""
        topic_id = getattr(named, "topic_id", None)
        by_id = self.image.topic_names.get(topic_id, "") if topic_id is not None else ""
        return str(getattr(named, "name", None) or by_id)

    def operations_on(self, resource_type: ResourceType, name: str) -> int:
        """One bit for each operation that the principal may do there."""
        allowed = [each for each in OPERATIONS[resource_type] if self.may(each, resource_type, name, silently=True)]
        return sum(1 << each for each in allowed)


OPERATIONS = {
    ResourceType.TOPIC: (
        Operation.READ,
        Operation.WRITE,
        Operation.CREATE,
        Operation.DELETE,
        Operation.ALTER,
        Operation.DESCRIBE,
        Operation.DESCRIBE_CONFIGS,
        Operation.ALTER_CONFIGS,
    ),
    ResourceType.GROUP: (
        Operation.READ,
        Operation.DELETE,
        Operation.DESCRIBE,
        Operation.DESCRIBE_CONFIGS,
        Operation.ALTER_CONFIGS,
    ),
    ResourceType.CLUSTER: (
        Operation.CREATE,
        Operation.ALTER,
        Operation.DESCRIBE,
        Operation.CLUSTER_ACTION,
        Operation.DESCRIBE_CONFIGS,
        Operation.ALTER_CONFIGS,
        Operation.IDEMPOTENT_WRITE,
    ),
}
"""What can be done with each (AclEntry.supportedOperations)."""
