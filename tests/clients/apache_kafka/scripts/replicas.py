"""Who leads and who follows: elections by hand, reassignments, brokers that go and the eligible leaders they leave."""

from typing import Any

from kafkalab.wire.api import SERVED, ApiKey
from tests.clients.apache_kafka.conversation import Conversation, Fields, batch, producing
from tests.clients.apache_kafka.scripts.configs import REMOVE, SET, TOPIC, change

ELECT, MOVE, MOVES = ApiKey.ELECT_LEADERS, ApiKey.ALTER_PARTITION_REASSIGNMENTS, ApiKey.LIST_PARTITION_REASSIGNMENTS
SEEN = ("leader_id", "leader_epoch", "replica_nodes", "isr_nodes", "eligible_leader_replicas", "last_known_elr",
        "offline_replicas", "error_code")  # fmt: skip


def electing(kind: int, *partitions: tuple[str, list[int]] | None) -> Fields:
    wanted = [{"topic": one[0], "partitions": one[1]} for one in partitions if one]
    return {"election_type": kind, "topic_partitions": None if partitions == (None,) else wanted, "timeout": 5_000}


def elect_leaders(talk: Conversation) -> None:
    talk.topic("elected", [1, 2], [2, 1])
    for version in SERVED[ELECT]:
        for name, kind in (("preferred", 0), ("unclean", 1)):
            asked = electing(kind, ("elected", [0, 1, 7]), ("nowhere", [0]))
            talk.ask(f"{name}: not needed", ELECT, asked, version=version)
            talk.ask(f"{name}: everything", ELECT, electing(kind, None), version=version)
            talk.ask(f"{name}: nothing", ELECT, electing(kind), version=version)
    talk.ask("unknown kind", ELECT, electing(7, ("elected", [0])))
    talk.ask("twice", ELECT, electing(0, ("elected", [0, 0])))
    talk.ask("bad topic", ELECT, electing(0, ("no where", [0])))


def moving(topic: str, *replicas: tuple[int, list[int] | None], **more: Any) -> Fields:
    wanted = [{"partition_index": number, "replicas": brokers} for number, brokers in replicas]
    return {"timeout": 10_000, "topics": [{"name": topic, "partitions": wanted}], **more}


def reassignments(talk: Conversation) -> None:
    talk.topic("moved", [1, 2], [2, 1])
    for version in SERVED[MOVE]:
        for name, how in {
            "unknown topic": moving("nowhere", (0, [1, 2])),
            "bad topic": moving("no where", (0, [1, 2])),
            "unknown partition": moving("moved", (7, [1, 2])),
            "unknown broker": moving("moved", (0, [1, 7])),
            "negative broker": moving("moved", (0, [1, -1])),
            "broker twice": moving("moved", (0, [1, 1])),
            "no brokers": moving("moved", (0, [])),
            "nothing to cancel": moving("moved", (0, None)),
            "as it is": moving("moved", (0, [1, 2])),
            "one good, one bad": moving("moved", (0, [1, 2]), (1, [9])),
            "partition twice": moving("moved", (0, [1, 2]), (0, [1, 2])),
            "nothing": {"timeout": 1000, "topics": []},
        }.items():
            talk.ask(name, MOVE, how, version=version)
    # Only version 1 can forbid it.
    forbidden = moving("moved", (1, [2, 1, 3]), allow_replication_factor_change=False)
    talk.ask("other factor, forbidden", MOVE, forbidden)
    talk.ask("another order", MOVE, moving("moved", (0, [2, 1])))
    talk.until(lambda: talk.partition("moved")["replica_nodes"] == [2, 1])
    talk.ask("to another broker", MOVE, moving("moved", (0, [2, 3])))
    talk.until(lambda: talk.partition("moved")["replica_nodes"] == [2, 3])
    talk.until(lambda: talk.partition("moved")["leader_id"] == 2)
    _see(talk, "moved", "after the move")
    talk.ask("more replicas", MOVE, moving("moved", (1, [2, 1, 3]), allow_replication_factor_change=True))
    talk.until(lambda: sorted(talk.partition("moved", 1)["isr_nodes"]) == [1, 2, 3])
    talk.ask("fewer replicas", MOVE, moving("moved", (1, [3]), allow_replication_factor_change=True))
    talk.until(lambda: talk.partition("moved", 1)["replica_nodes"] == [3])
    for name, topics in {
        "none": None,
        "of one": [{"name": "moved", "partition_indexes": [0, 7]}],
        "of an unknown topic": [{"name": "nowhere", "partition_indexes": [0]}],
        "of no partitions": [{"name": "moved", "partition_indexes": []}],
    }.items():
        talk.ask(name, MOVES, {"timeout": 1000, "topics": topics})


def a_broker_is_gone(talk: Conversation) -> None:
    """Broker 3 is killed: elections without it, a move that waits for it, its return."""
    talk.topic("widow", [3, 1], [1, 3], min_insync_replicas="2")
    talk.topic("orphan", [3])
    talk.produce("orphan", b"a", to=3)
    talk.crash(3)
    talk.until_led("widow", 0, 1, (1, 2))
    talk.until(lambda: talk.partition("orphan")["leader_id"] == -1)
    talk.until(lambda: talk.partition("widow", 1)["isr_nodes"] == [1])
    for topic, number in (("widow", 0), ("widow", 1), ("orphan", 0)):
        _see(talk, topic, "without its broker", number)
    names = [{"name": "widow"}, {"name": "orphan"}]
    for version in (4, 8, 13):
        talk.ask("metadata", ApiKey.METADATA, {"topics": names}, version=version)
    brokers = {"endpoint_type": 1, "include_fenced_brokers": True}
    fenced = talk.quietly(ApiKey.DESCRIBE_CLUSTER, brokers)["brokers"]
    talk.keep("fenced", sorted((one["broker_id"], one["is_fenced"]) for one in fenced))
    wanted = (("widow", [0, 1]), ("orphan", [0]))
    talk.ask("preferred", ELECT, electing(0, *wanted))
    talk.ask("unclean", ELECT, electing(1, *wanted))
    everything = talk.quietly(ELECT, electing(0, None))["replica_election_results"]
    # Other scripts' topics lie where chance has put them.
    talk.keep("everything", [one for one in everything if one["topic"] in ("widow", "orphan")])
    talk.ask("acks all, too few in sync", ApiKey.PRODUCE, producing("widow", batch(b"a")), version=12)
    talk.ask("acks 1", ApiKey.PRODUCE, producing("widow", batch(b"a"), acks=1), version=12)
    talk.ask("to the orphan", ApiKey.PRODUCE, producing("orphan", batch(b"a")), version=12)
    talk.ask("create on a dead broker", ApiKey.CREATE_TOPICS, {
        "topics": [
            {"name": "stillborn", "num_partitions": -1, "replication_factor": -1,
             "assignments": [{"partition_index": 0, "broker_ids": [3]}]},
            {"name": "half", "num_partitions": -1, "replication_factor": -1,
             "assignments": [{"partition_index": 0, "broker_ids": [3, 1]}]},
        ], "timeout": 5_000})  # fmt: skip
    talk.ask("a move to the dead broker", MOVE, moving("widow", (1, [1, 2, 3])))
    talk.ask("moves", MOVES, {"timeout": 1000, "topics": None})
    talk.ask("a move given up", MOVE, moving("widow", (1, None)))
    talk.ask("moves, none left", MOVES, {"timeout": 1000, "topics": None})
    talk.ask("a second move given up", MOVE, moving("widow", (1, None)))
    talk.start(3)
    talk.until(lambda: sorted(talk.partition("widow")["isr_nodes"]) == [1, 3])
    talk.until_led("orphan", 0, 3)
    _see(talk, "widow", "with its broker again")
    talk.ask("back to the preferred", ELECT, electing(0, ("widow", [0])))


def eligible_leaders(talk: Conversation) -> None:
    """All replicas of a partition go, one after the other, and its min.insync.replicas is changed meanwhile."""
    for name in ("elr-raised", "elr-lowered", "elr-removed", "elr-kept"):
        talk.topic(name, [3, 2], min_insync_replicas="2")
        talk.produce(name, b"a", to=3)
    talk.crash(2)
    for name in ("elr-raised", "elr-lowered", "elr-removed", "elr-kept"):
        talk.until(lambda name=name: talk.partition(name)["isr_nodes"] == [3])
        _see(talk, name, "one is gone")
    talk.crash(3)
    for name in ("elr-raised", "elr-lowered", "elr-removed", "elr-kept"):
        talk.until(lambda name=name: talk.partition(name)["leader_id"] == -1)
        _see(talk, name, "both are gone")
    for name, how, value in (("elr-raised", SET, "3"), ("elr-lowered", SET, "1"), ("elr-removed", REMOVE, None)):
        changed = change((TOPIC, name, [("min.insync.replicas", how, value)]))
        talk.ask(f"{name}: changed", ApiKey.INCREMENTAL_ALTER_CONFIGS, changed)
    for name in ("elr-raised", "elr-lowered", "elr-removed", "elr-kept"):
        _see(talk, name, "after the change")
    talk.start(2)
    for name in ("elr-raised", "elr-lowered", "elr-removed", "elr-kept"):
        _see(talk, name, "the first to go is back")
    talk.start(3)
    talk.until(lambda: sorted(talk.partition("elr-kept")["isr_nodes"]) == [2, 3])
    for name in ("elr-raised", "elr-lowered", "elr-removed", "elr-kept"):
        _see(talk, name, "both are back")
    talk.ask("unclean", ELECT, electing(1, *((name, [0]) for name in ("elr-raised", "elr-lowered", "elr-removed"))))
    for name in ("elr-raised", "elr-lowered", "elr-removed"):
        talk.until(lambda name=name: sorted(talk.partition(name)["isr_nodes"]) == [2, 3])
        _see(talk, name, "after the election")


def _see(talk: Conversation, topic: str, when: str, number: int = 0) -> None:
    told = talk.partition(topic, number)
    talk.keep(f"{topic}-{number} {when}", {field: told[field] for field in SEEN})


SCRIPTS = (elect_leaders, reassignments, a_broker_is_gone, eligible_leaders)
