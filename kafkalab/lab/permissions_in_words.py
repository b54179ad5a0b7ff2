"""What each request needs to be allowed, in words: made from the table that the brokers go by."""

from dataclasses import dataclass

from kafkalab.engine.api import ROUTES
from kafkalab.engine.security.acls import ResourceType
from kafkalab.engine.security.permissions import PERMISSIONS, Each, Other, Permission, Shown, Whole
from kafkalab.wire.api import name_of


@dataclass(frozen=True, slots=True)
class Needed:
    api: str
    says: tuple[str, ...]


def needed() -> list[Needed]:
    """Of every request that a broker answers, by name."""
    return sorted(
        (Needed(name_of(key), tuple(map(_said, PERMISSIONS[key])) or ("free to everybody",)) for key in ROUTES),
        key=lambda each: each.api,
    )


def _said(permission: Permission) -> str:
    match permission:
        case Whole(operation, resource_type, _, when):
            kind = "the cluster" if resource_type is ResourceType.CLUSTER else f"the {_kind(resource_type)}"
            rule = f"{operation.name} on {kind}"
            return f"{rule}, {_about(when)}" if when is not None else rule
        case Each(operation=operation, resource_type=resource_type, unless=unless, ask=ask):
            if ask is not None:
                return _about(ask)
            rule = f"{operation.name} on each {_kind(resource_type)}"
            return f"{rule}, or {_about(unless)}" if unless is not None else rule
        case Shown(resource_type=resource_type, unless=unless):
            rule = f"tells of a {_kind(resource_type)} only to those who may DESCRIBE it"
            return f"{rule}, or {_about(unless)}" if unless is not None else rule
        case Other(ask):
            return _about(ask)


def _kind(resource_type: ResourceType) -> str:
    return resource_type.name.lower().replace("_", " ")


def _about(rule: object) -> str:
    """The rule's own words, as they go on in a sentence."""
    return " ".join((rule.__doc__ or "").split()).rstrip(".")
