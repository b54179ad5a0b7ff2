"""Before a server is reached from a network: is there somebody whose it is, by which names, and what is open then."""

from pathlib import Path

from django.conf import settings

from kafkalab.lab import Listener
from kafkalab.web.classroom.desks import there_are_instructors
from kafkalab.web.labs.open_labs import open_labs
from kafkalab.web.network import ANY_ADDRESS, Public, is_loopback
from kafkalab.web.storage import keep_in


class NotForANetwork(Exception):
    """It does not start that way; the message is one sentence with what to do."""


def come_by(host: str, address: str | None, hsts_s: int | None) -> bool:
    """Sets what Django must know, before any of it runs; true where the page is reached from a network.
    What is None is as the environment said. Raises AddressRefused."""
    if address is not None or hsts_s is not None:
        said: Public = settings.PUBLIC
        public = Public.read(said.origin if address is None else address, said.hsts_s if hsts_s is None else hsts_s)
        settings.PUBLIC = public
        for name, value in public.settings().items():
            setattr(settings, name, value)
        if public.host:
            settings.ALLOWED_HOSTS.append(public.host)
    others = [name for name in settings.ALLOWED_HOSTS if name == "*" or not is_loopback(name.strip("[]"))]
    return bool(others) or not is_loopback(host)


def check_instructor(data: Path) -> None:
    """Raises NotForANetwork unless somebody can log in here to whom the home lab belongs."""
    try:
        keep_in(data)
    except OSError as error:
        raise NotForANetwork(f"The data directory {data} cannot be used: {error.strerror}.") from None
    if not there_are_instructors():
        where = "" if data == settings.DATA_DIR else f" --data {data}"
        raise NotForANetwork(
            "On a network the lab needs an instructor with a password: "
            f"make one with python3 manage.py instructor NAME{where}, and start again."
        )


def check_kafka_host(option: str, host: str) -> None:
    """Raises NotForANetwork."""
    if host in ANY_ADDRESS:
        raise NotForANetwork(
            f"Kafka's clients are told where to come to, and {host} is no such place: "
            f"name this machine's address on the network, as {option} 192.168.1.20."
        )


def what_is_open(host: str, of_home: tuple[Listener, ...], of_labs: tuple[Listener, ...]) -> list[str]:
    """In sentences, for whoever has started it; nothing where only this machine can come."""
    public: Public = settings.PUBLIC
    said = []
    if not is_loopback(host) and not public.https:
        said.append(
            "The page is open to the network without encryption: whoever listens there can read passwords. "
            "Put a proxy with HTTPS in front, and say --address https://..."
        )
    elif not is_loopback(host):
        said.append(f"Only the proxy should reach {host}: whoever comes past it is believed to come by HTTPS.")
    unlocked = [each for each in of_home if not each.protocol.authenticates and not is_loopback(each.doors.host)]
    for listener in unlocked:
        first, last = listener.doors.ports[0], listener.doors.ports[-1]
        said.append(
            f"Ports {first}-{last} ({listener.name}) are open to the network without a password: "
            "whoever connects may do anything in the home lab."
        )
    doors = [each.doors.host for each in (*of_home, *of_labs)]
    if open_labs.on_a_network and all(is_loopback(each) for each in doors):
        said.append("Kafka's ports are open to this machine only: --labs-host opens those of learners' labs to others.")
    return said
