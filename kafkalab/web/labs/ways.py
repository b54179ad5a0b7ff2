"""How one's own clients get into a lab: for each listener where it is, and as whom."""

from kafkalab.lab import Tenant
from kafkalab.web.labs.open_labs import open_labs
from kafkalab.web.labs.snippets import Way

MECHANISM = "SCRAM-SHA-256"


def ways_into(name: str, bootstrap_servers: str) -> list[Way]:
    """For who was let in to act there. The first one is what the programs on the page use."""
    if name in open_labs.by_name:
        return [Way(bootstrap_servers), *_more()]
    tenant = _tenant(name)
    if tenant is None or open_labs.many is None:
        return [Way(bootstrap_servers)]
    return [
        Way(
            f"{open_labs.many.host}:{listener.doors.ports[0]}",
            listener.name,
            MECHANISM,
            tenant.user,
            tenant.password,
        )
        for listener in open_labs.many.listeners
    ]


def _tenant(name: str) -> Tenant | None:
    """Whose name and password lead there."""
    many, private = open_labs.many, open_labs.private.get(name)
    if many is None:
        return None
    if private is None:
        return many.by_name[name]
    led = [each for each in many.owned_by(private.owner) if each.elsewhere is not None]
    return next((each for each in led if each.elsewhere and each.elsewhere.lab is private.lab), None)


def _more() -> list[Way]:
    """Into the home lab, whose users are those that somebody has given a password."""
    return [
        Way(
            f"{listener.doors.host}:{listener.doors.ports[0]}",
            listener.name,
            MECHANISM if listener.protocol.authenticates else "",
            "alice" if listener.protocol.authenticates else "",
        )
        for listener in open_labs.listeners
    ]
