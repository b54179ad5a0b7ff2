"""kafka-acls: who may do what (org.apache.kafka.tools.AclCommand)."""

from dataclasses import dataclass

from kio.schema.create_acls.v3.request import AclCreation, CreateAclsRequest
from kio.schema.delete_acls.v3.request import DeleteAclsFilter, DeleteAclsRequest
from kio.schema.describe_acls.v3.request import DescribeAclsRequest
from kio.static.primitive import i8

from kafkalab.engine.security.acls import CLUSTER_NAME, Operation, PatternType, Permission, ResourceType
from kafkalab.lab.terminal import marks
from kafkalab.lab.terminal.errors import came, exception
from kafkalab.lab.terminal.options import Failed, Given, Option
from kafkalab.lab.terminal.tool import Ask, Io, Steps, Tool
from kafkalab.wire.api import ApiKey
from kafkalab.wire.errors import ErrorCode

ACTIONS = ("list", "add", "remove")
RESOURCES = {
    "topic": ResourceType.TOPIC,
    "group": ResourceType.GROUP,
    "cluster": ResourceType.CLUSTER,
    "transactional-id": ResourceType.TRANSACTIONAL_ID,
    "delegation-token": ResourceType.DELEGATION_TOKEN,
    "user-principal": ResourceType.USER,
}
PATTERNS = ("any", "match", "literal", "prefixed")


@dataclass(frozen=True, slots=True)
class Resource:
    kind: ResourceType
    name: str | None
    pattern: PatternType

    def __str__(self) -> str:
        name = marks.topic(self.name) if self.kind is ResourceType.TOPIC and self.name else self.name
        return f"ResourcePattern(resourceType={self.kind.name}, name={name}, patternType={self.pattern.name})"


@dataclass(frozen=True, slots=True)
class Entry:
    principal: str
    host: str
    operation: Operation
    permission: Permission

    def __str__(self) -> str:
        return (
            f"(principal={self.principal}, host={self.host}, operation={self.operation.name}, "
            f"permissionType={self.permission.name})"
        )


def run(given: Given, io: Io) -> Steps[None]:
    if sum(given.has(action) for action in ACTIONS) != 1:
        raise Failed("Command must include exactly one action: --list, --add, --remove. ", shows_usage=True)
    given.not_with("producer", "operation", "deny-principal", "deny-host")
    given.not_with("consumer", "operation", "deny-principal", "deny-host")
    if given.has("add"):
        if not given.has("allow-principal") and not given.has("deny-principal"):
            raise Failed(
                "You must specify one of: --allow-principal, --deny-principal when trying to add ACLs.",
                shows_usage=True,
            )
        yield from _add(_wanted(given), io)
    elif given.has("remove"):
        yield from _remove(given)
    else:
        yield from _list(given, io)


# -- what is meant -----------------------------------------------------------------------------------------


def _resources(given: Given) -> list[Resource]:
    pattern = PatternType[(given.one("resource-pattern-type") or "literal").upper()]
    found = []
    for option, kind in RESOURCES.items():
        if kind is ResourceType.CLUSTER:
            if given.has("cluster"):
                found.append(Resource(kind, CLUSTER_NAME, PatternType.LITERAL))
            continue
        found += [Resource(kind, name, pattern) for said in given.all(option) for name in said.split(",")]
    return found


def _wanted(given: Given) -> dict[Resource, list[Entry]]:
    """Raises Failed."""
    resources = _resources(given)
    if not resources:
        raise Failed(
            "You must specify at least one resource: --topic <topic> or --cluster or --group <group> or "
            "--delegation-token <Delegation Token ID> or --transactional-id <Transactional ID>",
            shows_usage=True,
        )
    found: dict[Resource, list[Entry]] = {}
    for resource in resources:
        for operations in _operations(given, resource):
            entries = found.setdefault(resource, [])
            entries += [entry for entry in _entries(given, operations) if entry not in entries]
    return found


def _operations(given: Given, resource: Resource) -> list[tuple[Operation, ...]]:
    found: list[tuple[Operation, ...]] = []
    if given.has("producer"):
        of_kind = {
            ResourceType.TOPIC: (Operation.WRITE, Operation.DESCRIBE, Operation.CREATE),
            ResourceType.TRANSACTIONAL_ID: (Operation.WRITE, Operation.DESCRIBE),
            ResourceType.CLUSTER: (Operation.IDEMPOTENT_WRITE,) if given.has("idempotent") else (),
        }
        found += [of_kind[resource.kind]] if of_kind.get(resource.kind) else []
    if given.has("consumer"):
        consuming = {
            ResourceType.TOPIC: (Operation.READ, Operation.DESCRIBE),
            ResourceType.GROUP: (Operation.READ,),
        }
        found += [consuming[resource.kind]] if resource.kind in consuming else []
    if given.has("producer") or given.has("consumer"):
        return found
    said = given.all("operation") or ["All"]
    return [tuple(_operation(word) for word in said)]


def _operation(word: str) -> Operation:
    for it in Operation:
        if it.name.replace("_", "").lower() == word.replace("_", "").lower():
            return it
    raise Failed(f"ResourceType does not support operation {word}", shows_usage=True)


def _entries(given: Given, operations: tuple[Operation, ...]) -> list[Entry]:
    found = []
    for side, permission in (("allow", Permission.ALLOW), ("deny", Permission.DENY)):
        for principal in given.all(f"{side}-principal"):
            hosts = given.all(f"{side}-host") or ["*"]
            found += [Entry(principal, host, it, permission) for host in hosts for it in operations]
    return found


# -- doing it ------------------------------------------------------------------------------------------------


def _add(wanted: dict[Resource, list[Entry]], io: Io) -> Steps[None]:
    for resource, entries in wanted.items():
        _say("Adding ACLs for resource", resource, entries, io, " ")
        creations = tuple(
            AclCreation(
                resource_type=i8(resource.kind),
                resource_name=resource.name or "",
                resource_pattern_type=i8(resource.pattern),
                principal=entry.principal,
                host=entry.host,
                operation=i8(entry.operation),
                permission_type=i8(entry.permission),
            )
            for entry in entries
        )
        outcome = yield Ask(ApiKey.CREATE_ACLS, CreateAclsRequest(creations=creations))
        if not outcome.ok:
            raise Failed(f"Error while executing ACL command: {exception(outcome.error, outcome.message)}")


def _say(what: str, resource: Resource, entries: list[Entry], io: Io, before: str = "") -> None:
    """The tool puts a space at the end of the line when it adds, and before the first entry."""
    io.say(f"{what} `{resource}`:{before}")
    for number, entry in enumerate(entries):
        io.say(f"{before if number == 0 else ''}\t{entry}")
    io.say("")


def _remove(given: Given) -> Steps[None]:
    resources = _resources(given) or [Resource(ResourceType.ANY, None, PatternType.ANY)]
    principals = given.has("allow-principal") or given.has("deny-principal")
    filters = []
    for resource in resources:
        # Without a principal all that is about the resource is meant.
        entries = [it for operations in _operations(given, resource) for it in _entries(given, operations)]
        for entry in entries if principals else [None]:
            filters.append(
                DeleteAclsFilter(
                    resource_type_filter=i8(resource.kind),
                    resource_name_filter=None
                    if resource.name == "*" and resource.pattern is PatternType.ANY
                    else resource.name,
                    pattern_type_filter=i8(resource.pattern),
                    principal_filter=None if entry is None else entry.principal,
                    host_filter=None if entry is None else entry.host,
                    operation=i8(Operation.ANY if entry is None else entry.operation),
                    permission_type=i8(Permission.ANY if entry is None else entry.permission),
                )
            )
    outcome = yield Ask(ApiKey.DELETE_ACLS, DeleteAclsRequest(filters=tuple(filters)))
    if not outcome.ok:
        raise Failed(f"Error while executing ACL command: {exception(outcome.error, outcome.message)}")


def _list(given: Given, io: Io) -> Steps[None]:
    found = yield from _listed(_resources(given) or [Resource(ResourceType.ANY, None, PatternType.ANY)])
    principals = given.all("principal")
    if not principals:
        for resource, entries in found.items():
            _say("Current ACLs for resource", resource, entries, io)
    for principal in principals:
        io.say(f"ACLs for principal `{principal}`")
        for resource, entries in found.items():
            theirs = [entry for entry in entries if entry.principal == principal]
            if theirs:
                _say("Current ACLs for resource", resource, theirs, io)


def _listed(resources: list[Resource]) -> Steps[dict[Resource, list[Entry]]]:
    found: dict[Resource, list[Entry]] = {}
    for resource in resources:
        body = DescribeAclsRequest(
            resource_type_filter=i8(resource.kind),
            resource_name_filter=resource.name,
            pattern_type_filter=i8(resource.pattern),
            principal_filter=None,
            host_filter=None,
            operation=i8(Operation.ANY),
            permission_type=i8(Permission.ANY),
        )
        answer = came((yield Ask(ApiKey.DESCRIBE_ACLS, body))).answers[0]
        if answer.error_code != ErrorCode.none:
            raise Failed(f"Error while executing ACL command: {exception(answer.error_code, answer.error_message)}")
        for it in answer.resources:
            key = Resource(ResourceType(it.resource_type), it.resource_name, PatternType(it.pattern_type))
            found.setdefault(key, []).extend(
                Entry(one.principal, one.host, Operation(one.operation), Permission(one.permission_type))
                for one in it.acls
            )
    return found


ACLS = Tool(
    "kafka-acls",
    "Lists, adds and removes entries of the access control lists.",
    (
        Option("list", "List the entries."),
        Option("add", "Add entries."),
        Option("remove", "Remove entries."),
        Option("allow-principal", "Who may: User:alice.", "principal"),
        Option("deny-principal", "Who may not.", "principal"),
        Option("allow-host", "From where.", "address"),
        Option("deny-host", "From where not.", "address"),
        Option("principal", "With --list: only of this one.", "principal"),
        Option("operation", "What: Read, Write, Describe, All ...", "operation"),
        Option("topic", "With which topic.", "topic", suggests="topics"),
        Option("group", "With which group.", "group", suggests="groups"),
        Option("transactional-id", "With which transactional id.", "id", suggests="transactional-ids"),
        Option("cluster", "With the cluster."),
        Option("delegation-token", "With which token. There are none here.", "token"),
        Option("user-principal", "With which user.", "principal"),
        Option("resource-pattern-type", "Whether the name is whole or a beginning.", "type", choices=PATTERNS),
        Option("producer", "What a producer needs, all at once."),
        Option("consumer", "What a consumer needs, all at once."),
        Option("idempotent", "With --producer: an idempotent one."),
        Option("force", "Do not ask. Nothing is asked here anyway."),
    ),
    run,
    example="kafka-acls --add --allow-principal User:alice --operation Read --topic orders",
)
