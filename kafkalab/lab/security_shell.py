"""The command lines of Kafka's own tools for users and access control lists."""

import shlex

from kafkalab.lab.security_commands import AddAcl, RemoveAcl, RemovePassword, SecurityCommand, SetPassword


def line(command: SecurityCommand, at: str) -> str:
    """`at` says where the cluster is, as the tools take it."""
    match command:
        case AddAcl():
            side = command.permission
            words = [f"--{side}-principal {shlex.quote(command.principal)}"]
            if command.host != "*":
                words.append(f"--{side}-host {shlex.quote(command.host)}")
            words.append(f"--operation {_operation(command.operation)}")
            words.append(_resource(command.resource_type, command.resource))
            if command.pattern != "literal":
                words.append(f"--resource-pattern-type {command.pattern}")
            return f"kafka-acls.sh {at} --add {' '.join(words)}"
        case RemoveAcl():
            words = []
            if command.principal is not None:
                words.append(f"--{command.permission or 'allow'}-principal {shlex.quote(command.principal)}")
            if command.operation is not None:
                words.append(f"--operation {_operation(command.operation)}")
            if command.resource_type is not None:
                words.append(_resource(command.resource_type, command.resource or "*"))
            if command.host is not None:
                words.append(f"--{command.permission or 'allow'}-host {shlex.quote(command.host)}")
            words.append(f"--resource-pattern-type {command.pattern or 'any'}")
            return f"kafka-acls.sh {at} --remove --force {' '.join(words)}"
        case SetPassword(user, password, mechanism):
            config = shlex.quote(f"{mechanism}=[password={password}]")
            return f"{_user(user, at)} --add-config {config}"
        case RemovePassword(user, mechanism):
            return f"{_user(user, at)} --delete-config {mechanism}"


def _user(user: str, at: str) -> str:
    return f"kafka-configs.sh {at} --alter --entity-type users --entity-name {shlex.quote(user)}"


def _operation(name: str) -> str:
    """As the tool prints it: DescribeConfigs."""
    return "".join(word.capitalize() for word in name.split("_"))


def _resource(kind: str, name: str) -> str:
    return "--cluster" if kind == "cluster" else f"--{kind.replace('_', '-')} {shlex.quote(name)}"
