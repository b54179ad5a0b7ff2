"""What changes when others reach this server over a network, and what a reverse proxy in front of it is believed.

On this machine alone the lab is whoever's who sits at it. From a network nobody is believed by where they come from:
there must be an instructor with a password, and what was everybody's is the instructor's.

A proxy is believed only where an address that begins with https:// was declared, because this server has no TLS of
its own for pages: then somebody stands in front of it, and says of each request whether it came encrypted and
from whom.
"""

import socket
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

ANY_ADDRESS = ("0.0.0.0", "::")
LONGEST_HSTS_S = 2 * 366 * 24 * 3600


class AddressRefused(Exception):
    """Nobody can come by that; the message is one sentence for the person who said it."""


@dataclass(frozen=True, slots=True)
class Public:
    """How people reach the server from elsewhere, as they type it into a browser."""

    origin: str = ""
    """https://kafka.example.org; "" where nobody said."""
    host: str = ""
    hsts_s: int = 0
    """For how long a browser that was here once shall not come unencrypted. 0: nothing is said about it."""

    @staticmethod
    def read(address: str, hsts_s: int = 0) -> "Public":
        """Raises AddressRefused."""
        if not address and not hsts_s:
            return Public()
        try:
            parts = urlsplit(address)
            host, port = parts.hostname, parts.port
        except ValueError:
            host = None
        if host is None or parts.scheme not in ("http", "https") or parts.path not in ("", "/") or parts.query:
            raise AddressRefused(
                f"{address or 'Nothing'} is no address that people can come by: it looks like https://kafka.example.org"
            )
        if not 0 <= hsts_s <= LONGEST_HSTS_S:
            raise AddressRefused(f"--hsts is a number of seconds up to {LONGEST_HSTS_S} (two years).")
        if hsts_s and parts.scheme != "https":
            raise AddressRefused("--hsts needs an address that begins with https://, as without it nobody could come.")
        name = f"[{host}]" if ":" in host else host
        return Public(f"{parts.scheme}://{name}{f':{port}' if port else ''}", name, hsts_s)

    @property
    def https(self) -> bool:
        """A proxy speaks HTTPS for this server, and is believed."""
        return self.origin.startswith("https://")

    def settings(self) -> dict[str, Any]:
        """Those of Django that follow."""
        if not self.https:
            # Over plain HTTP a redirect to TLS, HSTS and secure cookies lead nowhere.
            plain = ["security.W004", "security.W008", "security.W012", "security.W016"]
            return {"CSRF_TRUSTED_ORIGINS": [self.origin] if self.origin else [], "SILENCED_SYSTEM_CHECKS": plain}
        # HSTS speaks of this name only: what lies under it, and lists in browsers, are for its owner to decide.
        silenced = ["security.W005", "security.W021"] if self.hsts_s else ["security.W004"]
        return {
            "CSRF_TRUSTED_ORIGINS": [self.origin],
            "SILENCED_SYSTEM_CHECKS": silenced,
            "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https"),
            "SECURE_SSL_REDIRECT": True,
            "SECURE_HSTS_SECONDS": self.hsts_s,
            "SESSION_COOKIE_SECURE": True,
            "CSRF_COOKIE_SECURE": True,
            "LANGUAGE_COOKIE_SECURE": True,
        }


def is_loopback(host: str) -> bool:
    """Whoever listens there is reached from this machine alone."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        pass
    try:
        found = {str(each[4][0]) for each in socket.getaddrinfo(host, None)}
    except (OSError, UnicodeError):
        return False
    return all(ip_address(address.partition("%")[0]).is_loopback for address in found)


def names_of(host: str) -> list[str]:
    """Under which a page that listens there may be asked for."""
    if host not in ANY_ADDRESS:
        return [f"[{host}]" if ":" in host else host]
    name = socket.gethostname()
    try:
        here = {str(found[4][0]) for found in socket.getaddrinfo(name, None)}
    except OSError:
        here = set()
    return [name, *(f"[{it}]" if ":" in it else it for it in sorted(here))]
