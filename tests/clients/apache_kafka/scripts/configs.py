"""Settings of topics and brokers, asked for and changed."""

from typing import Any

from kafkalab.wire.api import SERVED, ApiKey
from tests.clients.apache_kafka.conversation import Conversation, Fields
from tests.clients.apache_kafka.scripts.topics import BAD_SETTINGS

DESCRIBE, ALTER, CHANGE = ApiKey.DESCRIBE_CONFIGS, ApiKey.ALTER_CONFIGS, ApiKey.INCREMENTAL_ALTER_CONFIGS
TOPIC, BROKER, LOGGER, METRICS, GROUP = 2, 4, 8, 16, 32
SET, REMOVE, APPEND, SUBTRACT = range(4)


def resource(kind: int, name: str, **configs: Any) -> Fields:
    return {
        "resource_type": kind,
        "resource_name": name,
        "configs": [{"name": key.replace("_", "."), "value": value} for key, value in configs.items()],
    }


def describing(*resources: tuple[int, str, list[str] | None], synonyms: bool = True) -> Fields:
    return {
        "resources": [
            {"resource_type": kind, "resource_name": name, "configuration_keys": keys} for kind, name, keys in resources
        ],
        "include_synonyms": synonyms,
        "include_documentation": False,
    }


def describe_configs(talk: Conversation) -> None:
    talk.topic("described", retention_ms="5000", cleanup_policy="compact,delete")
    for version in SERVED[DESCRIBE]:
        talk.ask("a topic", DESCRIBE, describing((TOPIC, "described", None)), version=version)
    talk.ask("a topic, plainly", DESCRIBE, describing((TOPIC, "described", None), synonyms=False))
    talk.ask("two keys", DESCRIBE, describing((TOPIC, "described", ["retention.ms", "segment.ms", "nonsense"])))
    talk.ask("no keys", DESCRIBE, describing((TOPIC, "described", [])))
    talk.ask("unknown topic", DESCRIBE, describing((TOPIC, "nowhere", None)))
    talk.ask("bad topic", DESCRIBE, describing((TOPIC, "no where", None)))
    talk.ask("empty topic", DESCRIBE, describing((TOPIC, "", None)))
    talk.ask("internal topic", DESCRIBE, describing((TOPIC, "__consumer_offsets", ["cleanup.policy", "segment.bytes"])))
    talk.ask("broker", DESCRIBE, describing((BROKER, "1", None)))
    talk.ask("another broker", DESCRIBE, describing((BROKER, "2", None)))
    talk.ask("unknown broker", DESCRIBE, describing((BROKER, "7", None)))
    talk.ask("no broker", DESCRIBE, describing((BROKER, "one", None)))
    talk.ask("all brokers", DESCRIBE, describing((BROKER, "", None)))
    talk.ask("unknown kind", DESCRIBE, describing((99, "x", None)))
    talk.ask("loggers of another", DESCRIBE, describing((LOGGER, "2", None)))
    talk.ask("loggers of none", DESCRIBE, describing((LOGGER, "", None)))
    talk.ask("a group", DESCRIBE, describing((GROUP, "any", None)))
    talk.ask("metrics", DESCRIBE, describing((METRICS, "any", None)))


def alter_configs(talk: Conversation) -> None:
    talk.topic("altered", retention_ms="5000", segment_ms="6000")

    def see(name: str) -> None:
        told = talk.quietly(DESCRIBE, describing((TOPIC, "altered", None)))
        talk.keep(
            name, {one["name"]: one["value"] for one in told["results"][0]["configs"] if one["config_source"] == 1}
        )

    def alter(name: str, *resources: Fields, version: int = 2, only_asked: bool = False) -> None:
        talk.ask(name, ALTER, {"resources": list(resources), "validate_only": only_asked}, version=version)

    for version in SERVED[ALTER]:
        alter("good", resource(TOPIC, "altered", retention_ms=f"700{version}"), version=version)
    settled(talk, "altered", "retention.ms", "7002")
    see("what is left is what was said")
    alter("only asked", resource(TOPIC, "altered", retention_ms="1"), only_asked=True)
    alter("null", resource(TOPIC, "altered", retention_ms=None))
    alter("nonsense", resource(TOPIC, "altered", nonsense="1"))
    alter("unknown topic", resource(TOPIC, "nowhere", retention_ms="1"))
    alter("bad topic", resource(TOPIC, "no where", retention_ms="1"))
    alter("empty topic", resource(TOPIC, "", retention_ms="1"))
    alter("twice", resource(TOPIC, "altered", retention_ms="1"), resource(TOPIC, "altered", retention_ms="2"))
    twice = resource(TOPIC, "altered", retention_ms="1")
    alter("a key twice", {**twice, "configs": [{"name": "retention.ms", "value": value} for value in ("8", "9")]})
    alter("unknown broker", resource(BROKER, "7", log_retention_ms="1"))
    alter("no broker", resource(BROKER, "one", log_retention_ms="1"))
    alter("fixed", resource(BROKER, "1", broker_session_timeout_ms="1"))
    alter("unknown kind", resource(99, "x", retention_ms="1"))
    alter("logger", resource(LOGGER, "1", kafka="INFO"))
    alter("nothing")


def settled(talk: Conversation, topic: str, key: str, value: str, *, to: int = 1, kind: int = TOPIC) -> None:
    def is_so() -> bool:
        told = talk.quietly(DESCRIBE, describing((kind, topic, [key])), to=to)
        return any(one["value"] == value for one in told["results"][0]["configs"] or ())

    talk.until(is_so)


def change(*resources: tuple[int, str, list[tuple[str, int, str | None]]], only_asked: bool = False) -> Fields:
    return {
        "resources": [
            {
                "resource_type": kind,
                "resource_name": name,
                "configs": [{"name": key, "config_operation": how, "value": value} for key, how, value in changes],
            }
            for kind, name, changes in resources
        ],
        "validate_only": only_asked,
    }


def incremental_alter_configs(talk: Conversation) -> None:
    talk.topic("changed", retention_ms="5000", cleanup_policy="delete")

    def topic(name: str, *changes: tuple[str, int, str | None], topic: str = "changed", **more: Any) -> None:
        for version in SERVED[CHANGE]:
            talk.ask(name, CHANGE, change((TOPIC, topic, list(changes)), **more), version=version)

    topic("set", ("retention.ms", SET, "7000"), ("segment.ms", SET, "8000"))
    topic("only asked", ("retention.ms", SET, "1"), only_asked=True)
    topic("remove", ("segment.ms", REMOVE, None))
    topic("remove what is not there", ("segment.ms", REMOVE, ""))
    topic("remove nonsense", ("nonsense", REMOVE, None))
    topic("append", ("cleanup.policy", APPEND, "compact"))
    topic("append again", ("cleanup.policy", APPEND, "compact"))
    topic("append nonsense", ("cleanup.policy", APPEND, "shred"))
    topic("append two", ("cleanup.policy", APPEND, "compact,delete"))
    topic("append to no list", ("retention.ms", APPEND, "1"))
    topic("subtract", ("cleanup.policy", SUBTRACT, "compact"))
    topic("subtract again", ("cleanup.policy", SUBTRACT, "compact"))
    topic("subtract the last", ("cleanup.policy", SUBTRACT, "delete"))
    topic("subtract from no list", ("retention.ms", SUBTRACT, "1"))
    topic("append to what is not set", ("leader.replication.throttled.replicas", APPEND, "0:1"))
    topic("subtract what is not set", ("follower.replication.throttled.replicas", SUBTRACT, "0:1"))
    topic("null", ("retention.ms", SET, None))
    topic("append null", ("cleanup.policy", APPEND, None))
    topic("unknown way", ("retention.ms", 9, "1"))
    topic("a key twice", ("retention.ms", SET, "1"), ("retention.ms", SET, "2"))
    topic("two keys, one bad", ("retention.ms", SET, "1"), ("segment.ms", SET, "0"))
    topic("no changes")
    topic("unknown topic", ("retention.ms", SET, "1"), topic="nowhere")
    topic("bad topic", ("retention.ms", SET, "1"), topic="no where")
    topic("empty topic", ("retention.ms", SET, "1"), topic="")
    for setting, value in BAD_SETTINGS:
        talk.ask(f"{setting}={value}", CHANGE, change((TOPIC, "changed", [(setting, SET, value)])))
    twice = (TOPIC, "changed", [("retention.ms", SET, "1")])
    talk.ask("topic twice", CHANGE, change(twice, twice))
    talk.ask("nothing", CHANGE, change())
    talk.ask("unknown kind", CHANGE, change((99, "x", [("retention.ms", SET, "1")])))
    talk.ask("metrics", CHANGE, change((METRICS, "x", [("interval.ms", SET, "1000")])))
    talk.ask("group", CHANGE, change((GROUP, "x", [("consumer.session.timeout.ms", SET, "50000")])))
    talk.quietly(CHANGE, change((GROUP, "x", [("consumer.session.timeout.ms", REMOVE, None)])))


def broker_configs(talk: Conversation) -> None:
    def broker(name: str, which: str, *changes: tuple[str, int, str | None], only_asked: bool = False) -> None:
        talk.ask(name, CHANGE, change((BROKER, which, list(changes)), only_asked=only_asked))

    for which in ("", "1"):
        said = "all brokers" if which == "" else "a broker"
        # Two values, so that the second is not taken for the first.
        value = f"10000000{len(which)}"
        broker(f"{said}: set", which, ("log.retention.ms", SET, value))
        settled(talk, which, "log.retention.ms", value, kind=BROKER)
        keys = ["log.retention.ms", "log.segment.bytes"]
        talk.ask(f"{said}: described", DESCRIBE, describing((BROKER, which, keys)))
        broker(f"{said}: only asked", which, ("log.retention.ms", SET, "5"), only_asked=True)
        broker(f"{said}: bad", which, ("log.retention.ms", SET, "soon"))
        broker(f"{said}: bad in bounds", which, ("log.segment.bytes", SET, "1"))
        broker(f"{said}: fixed", which, ("broker.session.timeout.ms", SET, "5000"))
        broker(f"{said}: fixed, of old", which, ("num.partitions", SET, "5"))
        broker(f"{said}: nonsense", which, ("nonsense", SET, "5"))
        broker(f"{said}: hours", which, ("log.retention.hours", SET, "5"))
        broker(f"{said}: min.insync.replicas", which, ("min.insync.replicas", SET, "1"))
        broker(f"{said}: min.insync.replicas away", which, ("min.insync.replicas", REMOVE, None))
        broker(f"{said}: min.insync.replicas too small", which, ("min.insync.replicas", SET, "0"))
        broker(f"{said}: unclean", which, ("unclean.leader.election.enable", SET, "false"))
        broker(f"{said}: unclean away", which, ("unclean.leader.election.enable", REMOVE, None))
        broker(f"{said}: append to no list", which, ("log.retention.ms", APPEND, "5"))
        broker(f"{said}: remove", which, ("log.retention.ms", REMOVE, None))
        broker(f"{said}: null", which, ("log.retention.ms", SET, None))
    broker("unknown broker", "7", ("log.retention.ms", SET, "5"))
    broker("no broker", "one", ("log.retention.ms", SET, "5"))
    talk.ask("another broker", CHANGE, change((BROKER, "2", [("log.retention.ms", SET, "5000")])))
    talk.ask("another broker, away", CHANGE, change((BROKER, "2", [("log.retention.ms", REMOVE, None)])))
    twice = (BROKER, "1", [("log.retention.ms", SET, "5000")])
    talk.ask("twice", CHANGE, change(twice, twice))
    talk.ask("broker and topic", CHANGE, change((BROKER, "1", [("nonsense", SET, "5")]), (TOPIC, "nowhere", [])))
    talk.ask("loggers", CHANGE, change((LOGGER, "1", [("kafka.nowhere", SET, "LOUD")])))


SCRIPTS = (describe_configs, alter_configs, incremental_alter_configs, broker_configs)
