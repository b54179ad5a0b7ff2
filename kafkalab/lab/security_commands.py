"""What a person can say of who may do what: users and their passwords, access control lists."""

from dataclasses import dataclass
from typing import Annotated, Any

from kio.schema.alter_user_scram_credentials.v0.request import (
    AlterUserScramCredentialsRequest,
    ScramCredentialDeletion,
    ScramCredentialUpsertion,
)
from kio.schema.create_acls.v3.request import AclCreation, CreateAclsRequest
from kio.schema.delete_acls.v3.request import DeleteAclsFilter, DeleteAclsRequest
from kio.static.primitive import i8, i32

from kafkalab.engine.security.acls import ANY_HOST, CLUSTER_NAME, Operation, PatternType, Permission, ResourceType
from kafkalab.engine.security.scram import MIN_ITERATIONS, ScramMechanism, salted_password
from kafkalab.lab.parsing import Text
from kafkalab.wire.api import ApiKey

OPERATIONS = (
    "read", "write", "describe", "create", "delete", "alter", "describe_configs", "alter_configs", "idempotent_write",
    "cluster_action", "all",
)  # fmt: skip
RESOURCES = ("topic", "group", "transactional_id", "cluster")
PATTERNS = ("literal", "prefixed")
PERMISSIONS = ("allow", "deny")
MECHANISMS = tuple(mechanism.sasl_name for mechanism in ScramMechanism)

Principal = Annotated[str, Text("User:alice, or User:* for everybody.", pattern=r"User:[^\s,=]{1,100}")]
UserName = Annotated[str, Text("Its name, without User: before it.", pattern=r"[^\s,=:]{1,100}")]
Host = Annotated[str, Text("From which address; * is any.", pattern=r"[0-9a-fA-F.:*]{1,45}")]


@dataclass(frozen=True, slots=True)
class AddAcl:
    """Allow or deny somebody to do something. Where a resource has such entries, what none of them allows is denied."""

    principal: Principal
    operation: Annotated[str, Text("What.", choices=OPERATIONS)]
    resource_type: Annotated[str, Text("With what kind of thing.", choices=RESOURCES)] = "topic"
    resource: Annotated[
        str, Text("Its name, or how the names begin; * is any. Not asked for the cluster.", longest=249)
    ] = "*"
    pattern: Annotated[str, Text("Whether the name is whole or a beginning.", choices=PATTERNS)] = "literal"
    permission: Annotated[str, Text("A denial wins over whatever allows.", choices=PERMISSIONS)] = "allow"
    host: Host = ANY_HOST


@dataclass(frozen=True, slots=True)
class RemoveAcl:
    """Strike entries out again: those that fit everything that is said here. What is left empty fits anything."""

    principal: Annotated[str | None, Text("Whose.", pattern=r"User:[^\s,=]{1,100}")] = None
    operation: Annotated[str | None, Text("What.", choices=OPERATIONS)] = None
    resource_type: Annotated[str | None, Text("With what kind of thing.", choices=RESOURCES)] = None
    resource: Annotated[str | None, Text("Its name or beginning.", longest=249)] = None
    pattern: Annotated[str | None, Text("Whether that is a whole name or a beginning.", choices=PATTERNS)] = None
    permission: Annotated[str | None, Text("Which of the two.", choices=PERMISSIONS)] = None
    host: Annotated[str | None, Text("From which address.", pattern=r"[0-9a-fA-F.:*]{1,45}")] = None


@dataclass(frozen=True, slots=True)
class SetPassword:
    """Give a user a password, so that a client can authenticate with it. The cluster keeps keys made of it only."""

    user: UserName
    password: Annotated[str, Text("What the client has to know.", longest=200, pattern=r".+")]
    mechanism: Annotated[str, Text("For which kind of proof.", choices=MECHANISMS)] = MECHANISMS[0]


@dataclass(frozen=True, slots=True)
class RemovePassword:
    """Take a user's password away. Who is connected stays; nobody new comes in with it."""

    user: UserName
    mechanism: Annotated[str, Text("For which kind of proof.", choices=MECHANISMS)] = MECHANISMS[0]


SecurityCommand = AddAcl | RemoveAcl | SetPassword | RemovePassword


def request(command: SecurityCommand, salt: bytes) -> tuple[int, Any]:
    """(API key, body in the dialect)."""
    match command:
        case AddAcl():
            creation = AclCreation(
                resource_type=i8(ResourceType[command.resource_type.upper()]),
                resource_name=CLUSTER_NAME if command.resource_type == "cluster" else command.resource,
                resource_pattern_type=i8(PatternType[command.pattern.upper()]),
                principal=command.principal,
                host=command.host,
                operation=i8(Operation[command.operation.upper()]),
                permission_type=i8(Permission[command.permission.upper()]),
            )
            return ApiKey.CREATE_ACLS, CreateAclsRequest(creations=(creation,))
        case RemoveAcl():
            meant = DeleteAclsFilter(
                resource_type_filter=i8(ResourceType[(command.resource_type or "any").upper()]),
                resource_name_filter=command.resource,
                pattern_type_filter=i8(PatternType[(command.pattern or "any").upper()]),
                principal_filter=command.principal,
                host_filter=command.host,
                operation=i8(Operation[(command.operation or "any").upper()]),
                permission_type=i8(Permission[(command.permission or "any").upper()]),
            )
            return ApiKey.DELETE_ACLS, DeleteAclsRequest(filters=(meant,))
        case SetPassword(user, password, name):
            mechanism = _mechanism(name)
            upsertion = ScramCredentialUpsertion(
                name=user,
                mechanism=i8(mechanism),
                iterations=i32(MIN_ITERATIONS),
                salt=salt,
                salted_password=salted_password(mechanism, password, salt, MIN_ITERATIONS),
            )
            return ApiKey.ALTER_USER_SCRAM_CREDENTIALS, AlterUserScramCredentialsRequest(
                deletions=(), upsertions=(upsertion,)
            )
        case RemovePassword(user, name):
            deletion = ScramCredentialDeletion(name=user, mechanism=i8(_mechanism(name)))
            return ApiKey.ALTER_USER_SCRAM_CREDENTIALS, AlterUserScramCredentialsRequest(
                deletions=(deletion,), upsertions=()
            )


def _mechanism(name: str) -> ScramMechanism:
    return ScramMechanism[name.replace("-", "_")]
