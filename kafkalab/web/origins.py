"""A socket is opened by our own pages only: a browser sends the cookies of this server along whoever asks it to.

The page must come from the very address that the socket is opened at, port and all, or from the one that was declared
for the server. That address must be one of ours too: a name that somebody else lets point at this machine is none.
"""

from typing import Any
from urllib.parse import urlsplit

from channels.security.websocket import WebsocketDenier
from django.conf import settings
from django.http.request import split_domain_port, validate_host

from kafkalab.web.labs.instructing import Application


def from_our_own_pages(application: Application) -> Application:
    async def opened(scope: dict[str, Any], receive: Any, send: Any) -> None:
        chosen = application if _is_ours(dict(scope["headers"])) else WebsocketDenier()
        await chosen(scope, receive, send)

    return opened


def _is_ours(headers: dict[bytes, bytes]) -> bool:
    origin, host = (headers.get(name, b"").decode("latin-1").lower() for name in (b"origin", b"host"))
    domain, _ = split_domain_port(host)
    if not domain or not validate_host(domain, settings.ALLOWED_HOSTS):
        return False
    try:
        said = urlsplit(origin)
    except ValueError:
        return False
    schemes = ("https",) if settings.PUBLIC.https else ("http", "https")
    return (said.scheme in schemes and said.netloc == host) or origin in settings.CSRF_TRUSTED_ORIGINS
