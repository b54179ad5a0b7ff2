"""Facts about who may do what, and who was told no."""

from kafkalab.engine.events.event import Event
from kafkalab.wire.frozen import dataclass


@dataclass(frozen=True, slots=True)
class AuthorizationDenied(Event):
    """Broker {broker} denied {principal} {operation} on {resource} ({api})."""

    broker: int
    principal: str
    operation: str
    resource: str
    api: str
    client: str


@dataclass(frozen=True, slots=True)
class AclCreated(Event):
    """A new access control list entry: {entry}."""

    entry: str


@dataclass(frozen=True, slots=True)
class AclDeleted(Event):
    """This access control list entry is gone: {entry}."""

    entry: str


@dataclass(frozen=True, slots=True)
class UserGivenPassword(Event):
    """User {user} has a password for {mechanism}; the cluster keeps keys made of it, not the password."""

    user: str
    mechanism: str


@dataclass(frozen=True, slots=True)
class UserLostPassword(Event):
    """User {user} has no password for {mechanism} any more."""

    user: str
    mechanism: str


@dataclass(frozen=True, slots=True)
class AuthenticationSucceeded(Event):
    """{client} authenticated as {principal} with {mechanism} on listener {listener} of broker {broker}."""

    broker: int
    client: str
    principal: str
    mechanism: str
    listener: str


@dataclass(frozen=True, slots=True)
class AuthenticationFailed(Event):
    """{client} could not authenticate with {mechanism} on listener {listener} of broker {broker}."""

    broker: int
    client: str
    mechanism: str
    listener: str
