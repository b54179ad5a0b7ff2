"""Addresses that lead nowhere: what a fault may tell clients without sending them to a stranger's machine.

RFC 2606 and 6761 keep some names for tests and documentation, RFC 5737 some addresses: no public name server and
no router knows them.
"""

from ipaddress import ip_address, ip_network

NAMES = ("invalid", "test", "example", "example.com", "example.net", "example.org")
NETWORKS = tuple(map(ip_network, ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")))


def leads_nowhere(host: str) -> bool:
    host = host.lower().rstrip(".")
    try:
        address = ip_address(host)
    except ValueError:
        return any(host == name or host.endswith(f".{name}") for name in NAMES)
    return any(address in network for network in NETWORKS)


def is_own(host: str, own: str) -> bool:
    """Whether it names the machine that the lab itself listens on, at `own`."""
    host = host.lower()
    return host == own or (host == "localhost" and own in ("127.0.0.1", "::1", "localhost"))
