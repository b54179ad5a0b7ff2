"""Quotas set and told, subscriptions to metrics, and what has settings."""

from typing import Any

from kafkalab.wire.api import SERVED, ApiKey
from tests.clients.apache_kafka.conversation import Conversation, Fields
from tests.clients.apache_kafka.scripts.configs import METRICS, REMOVE, SET, change, describing

ALTER, DESCRIBE, LIST = ApiKey.ALTER_CLIENT_QUOTAS, ApiKey.DESCRIBE_CLIENT_QUOTAS, ApiKey.LIST_CONFIG_RESOURCES
EXACT, DEFAULT, ANY = range(3)
Who = dict[str, str | None]


def quota(who: Who, **limits: float | None) -> Fields:
    return {
        "entity": [{"entity_type": kind.replace("_", "-"), "entity_name": name} for kind, name in who.items()],
        "ops": [{"key": key, "value": float(value or 0), "remove": value is None} for key, value in limits.items()],
    }


def altering(*entries: Fields, only_asked: bool = False) -> Fields:
    return {"entries": list(entries), "validate_only": only_asked}


def asking(*components: tuple[str, int, str | None], strict: bool = False) -> Fields:
    return {
        "components": [{"entity_type": kind, "match_type": how, "match": name} for kind, how, name in components],
        "strict": strict,
    }


def client_quotas(talk: Conversation) -> None:
    def alter(name: str, *entries: Fields, **more: Any) -> None:
        talk.ask(name, ALTER, altering(*entries, **more))

    for version in SERVED[ALTER]:
        entry = quota({"user": "ann", "client_id": "app"}, producer_byte_rate=1000)
        talk.ask("set", ALTER, altering(entry), version=version)
    alter("set again", quota({"user": "ann", "client_id": "app"}, producer_byte_rate=1000))
    alter("another default", quota({"client_id": None}, request_percentage=12.5))
    alter("an address", quota({"ip": "10.0.0.1"}, connection_creation_rate=5))
    alter("only asked", quota({"user": "bob"}, producer_byte_rate=1), only_asked=True)
    alter("remove what is not there", quota({"user": "bob"}, producer_byte_rate=None))
    alter("nobody", quota({}, producer_byte_rate=1))
    alter("unknown type", quota({"group": "g"}, producer_byte_rate=1))
    alter("empty name", quota({"user": ""}, producer_byte_rate=1))
    alter("unknown key", quota({"user": "bob"}, speed=1))
    alter("negative", quota({"user": "bob"}, producer_byte_rate=-1))
    alter("fraction", quota({"user": "bob"}, producer_byte_rate=1.5))
    alter("too large", quota({"user": "bob"}, consumer_byte_rate=1e30))
    alter("too large for an int", quota({"ip": "10.0.0.1"}, connection_creation_rate=1e10))
    alter("a user's connections", quota({"user": "bob"}, connection_creation_rate=1))
    alter("an address's bytes", quota({"ip": "10.0.0.1"}, producer_byte_rate=1))
    alter("address and user", quota({"ip": "10.0.0.1", "user": "bob"}, connection_creation_rate=1))
    alter("a key twice", {**quota({"user": "bob"}), "ops": [{"key": "producer_byte_rate", "value": 1.0}] * 2})
    alter("twice", quota({"user": "bob"}, producer_byte_rate=1), quota({"user": "bob"}, producer_byte_rate=2))
    alter("and away", quota({"user": "bob"}, producer_byte_rate=None))
    alter("nothing")
    talk.until(lambda: not _entries(talk, asking(("user", EXACT, "bob"))))
    talk.until(lambda: len(_entries(talk, asking())) == 3)

    def see(name: str, *components: tuple[str, int, str | None], strict: bool = False) -> None:
        talk.ask(name, DESCRIBE, asking(*components, strict=strict))

    for version in SERVED[DESCRIBE]:
        talk.ask("one", DESCRIBE, asking(("user", EXACT, "ann")), version=version)
    see("one, strictly", ("user", EXACT, "ann"), strict=True)
    see("both", ("user", EXACT, "ann"), ("client-id", ANY, None), strict=True)
    see("default", ("client-id", DEFAULT, None))
    see("addresses", ("ip", ANY, None))
    see("unknown type", ("group", EXACT, "g"))
    see("empty type", ("", EXACT, "g"))
    see("twice", ("user", EXACT, "a"), ("user", DEFAULT, None))
    see("exactly nothing", ("user", EXACT, None))
    see("default and a name", ("user", DEFAULT, "a"))
    see("any and a name", ("user", ANY, "a"))
    see("unknown way", ("user", 9, None))
    see("address and user", ("ip", ANY, None), ("user", ANY, None))
    for who, key in (
        ({"user": "ann", "client_id": "app"}, "producer_byte_rate"),
        ({"client_id": None}, "request_percentage"),
        ({"ip": "10.0.0.1"}, "connection_creation_rate"),
    ):
        talk.quietly(ALTER, altering(quota(dict(who), **{key: None})))
    talk.until(lambda: not _entries(talk, asking()))


def _entries(talk: Conversation, body: Fields) -> list[Any]:
    return talk.quietly(DESCRIBE, body)["entries"] or []


def client_metrics(talk: Conversation) -> None:
    configs = ApiKey.INCREMENTAL_ALTER_CONFIGS

    def alter(name: str, *changes: tuple[str, int, str | None], of: str = "all") -> None:
        talk.ask(name, configs, change((METRICS, of, list(changes))))

    alter("set", ("metrics", SET, "a.,b."), ("interval.ms", SET, "1000"))
    alter("no name", ("metrics", SET, "a."), of="")
    alter("unknown", ("speed", SET, "1"))
    alter("too often", ("interval.ms", SET, "99"))
    alter("no number", ("interval.ms", SET, "soon"))
    alter("bad pattern", ("match", SET, "client_id=("))
    alter("unknown attribute", ("match", SET, "color=red"))
    talk.until(lambda: talk.quietly(LIST, {"resource_types": [METRICS]})["config_resources"])
    talk.ask("described", ApiKey.DESCRIBE_CONFIGS, describing((METRICS, "all", None)))
    talk.ask("not there", ApiKey.DESCRIBE_CONFIGS, describing((METRICS, "none", None)))
    talk.ask("described without a name", ApiKey.DESCRIBE_CONFIGS, describing((METRICS, "", None)))
    talk.ask("listed", LIST, {}, version=0)
    talk.ask("listed by kind", LIST, {"resource_types": [METRICS]}, version=1)
    talk.ask("brokers listed", LIST, {"resource_types": [4]}, version=1)
    talk.ask("loggers listed", LIST, {"resource_types": [8]}, version=1)
    talk.ask("unknown kind listed", LIST, {"resource_types": [99]}, version=1)
    alter("append", ("metrics", 2, "c."))
    alter("and away", ("metrics", REMOVE, None), ("interval.ms", REMOVE, None))


SCRIPTS = (client_quotas, client_metrics)
