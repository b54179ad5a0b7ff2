"""Topics made, grown and deleted, well and badly."""

from typing import Any
from uuid import UUID

from kafkalab.wire.api import SERVED, ApiKey
from tests.clients.apache_kafka.conversation import Conversation, Fields

CREATE, DELETE, GROW = ApiKey.CREATE_TOPICS, ApiKey.DELETE_TOPICS, ApiKey.CREATE_PARTITIONS


def creatable(name: str, partitions: int = 1, replicas: int = 2, **more: Any) -> Fields:
    """`assigned`: lists of brokers; `configs`: names to values."""
    assigned = [
        {"partition_index": number, "broker_ids": brokers} for number, brokers in enumerate(more.get("assigned", ()))
    ]
    return {
        "name": name,
        "num_partitions": partitions,
        "replication_factor": replicas,
        "assignments": more.get("assignments", assigned),
        "configs": [{"name": key, "value": value} for key, value in more.get("configs", {}).items()],
    }


def create_topics(talk: Conversation) -> None:
    for version in SERVED[CREATE]:

        def make(name: str, *topics: Fields, version: int = version, **more: Any) -> None:
            talk.ask(name, CREATE, {"topics": list(topics), "timeout": 30_000, **more}, version=version)

        make("good", creatable(f"made-{version}", 3, 2))
        make("again", creatable(f"made-{version}", 3, 2))
        make("only asked", creatable(f"asked-{version}"), validate_only=True)
        make("only asked, bad", creatable(f"asked-{version}", 0), validate_only=True)
        make("with configs", creatable(f"set-{version}", configs={"retention.ms": "1000", "cleanup.policy": "compact"}))
    make("defaults", creatable("defaults", -1, -1))
    make("assigned", creatable("assigned", -1, -1, assigned=[[1, 2], [3, 1]]))
    make("nothing")


def create_topics_refused(talk: Conversation) -> None:
    talk.topic("a.b")

    def make(name: str, *topics: Fields) -> None:
        for version in (4, 7):
            talk.ask(name, CREATE, {"topics": list(topics), "timeout": 30_000}, version=version)

    make("empty name", creatable(""))
    make("dot", creatable("."))
    make("two dots", creatable(".."))
    make("long name", creatable("n" * 250))
    make("space", creatable("no where"))
    make("umlaut", creatable("ü"))
    make("collides", creatable("a_b"))
    make("twice", creatable("twice"), creatable("twice"))
    make("twice, otherwise", creatable("twice"), creatable("twice", 3))
    make("no partitions", creatable("bad", 0))
    make("minus two partitions", creatable("bad", -2))
    make("no replicas", creatable("bad", 1, 0))
    make("minus two replicas", creatable("bad", 1, -2))
    make("four replicas", creatable("bad", 1, 4))
    make("assigned and counted", creatable("bad", 1, -1, assigned=[[1, 2]]))
    make("assigned and replicated", creatable("bad", -1, 2, assigned=[[1, 2]]))
    make("unknown broker", creatable("bad", -1, -1, assigned=[[1, 7]]))
    make("negative broker", creatable("bad", -1, -1, assigned=[[1, -1]]))
    make("broker twice", creatable("bad", -1, -1, assigned=[[1, 1]]))
    make("no brokers", creatable("bad", -1, -1, assigned=[[]]))
    make("uneven", creatable("bad", -1, -1, assigned=[[1, 2], [3]]))
    gap = [{"partition_index": number, "broker_ids": [1, 2]} for number in (0, 2)]
    make("gap", creatable("bad", -1, -1, assignments=gap))
    make("from one", creatable("bad", -1, -1, assignments=[{"partition_index": 1, "broker_ids": [1]}]))
    make("partition twice", creatable("bad", -1, -1, assignments=[gap[0], gap[0]]))
    make("negative partition", creatable("bad", -1, -1, assignments=[{"partition_index": -1, "broker_ids": [1]}]))
    for setting, value in BAD_SETTINGS:
        make(f"{setting}={value}", creatable("bad", configs={setting: value}))
    make("one of two", creatable("bad", 0), creatable("one-of-two"))
    make("internal", creatable("__consumer_offsets"))
    make("too many", creatable("many", 100_000, 3))


BAD_SETTINGS: tuple[tuple[str, str | None], ...] = (
    ("nonsense", "1"),
    ("retention.ms", "soon"),
    ("retention.ms", "-2"),
    ("retention.ms", ""),
    ("retention.ms", None),
    ("retention.bytes", "99999999999999999999"),
    ("segment.bytes", "1"),
    ("segment.bytes", "3000000000"),
    ("segment.ms", "0"),
    ("cleanup.policy", "shred"),
    ("cleanup.policy", "delete,shred"),
    ("cleanup.policy", "delete,delete"),
    ("cleanup.policy", ""),
    ("compression.type", "zip"),
    ("compression.gzip.level", "0"),
    ("compression.gzip.level", "10"),
    ("compression.lz4.level", "18"),
    ("compression.zstd.level", "23"),
    ("min.insync.replicas", "0"),
    ("min.insync.replicas", "many"),
    ("min.cleanable.dirty.ratio", "1.5"),
    ("min.cleanable.dirty.ratio", "half"),
    ("preallocate", "maybe"),
    ("unclean.leader.election.enable", "1"),
    ("message.timestamp.type", "Now"),
    ("max.message.bytes", "-1"),
    ("max.compaction.lag.ms", "0"),
    ("index.interval.bytes", "-1"),
    ("leader.replication.throttled.replicas", "1"),
    ("leader.replication.throttled.replicas", "all"),
    ("leader.replication.throttled.replicas", "*"),
    ("remote.storage.enable", "true"),
    ("local.retention.ms", "-3"),
    ("flush.messages", "0"),
    ("flush.ms", "-1"),
    ("segment.jitter.ms", "-1"),
    ("segment.index.bytes", "3"),
    ("file.delete.delay.ms", "-1"),
    ("delete.retention.ms", "-1"),
    ("min.compaction.lag.ms", "-1"),
    ("message.timestamp.before.max.ms", "-1"),
    ("message.timestamp.after.max.ms", "-1"),
)


def delete_topics(talk: Conversation) -> None:
    for version in SERVED[DELETE]:
        talk.topic(f"gone-{version}")
        named = {"topic_names": [f"gone-{version}"], "topics": [{"name": f"gone-{version}"}], "timeout": 30_000}
        talk.ask("good", DELETE, named, version=version)
        talk.ask("again", DELETE, named, version=version)
        both = ["nowhere", "no where", ""]
        bad = {"topic_names": both, "topics": [{"name": name} for name in both], "timeout": 30_000}
        talk.ask("bad", DELETE, bad, version=version)
    topic_id = UUID(talk.topic("gone-by-id"))
    for name, topics in {
        "by unknown id": [{"name": None, "topic_id": UUID(int=7)}],
        "by both": [{"name": "gone-by-id", "topic_id": topic_id}],
        "by neither": [{"name": None}],
        "by name twice": [{"name": "gone-by-id"}, {"name": "gone-by-id"}],
        "by id twice": [{"name": None, "topic_id": topic_id}] * 2,
        "by name and id": [{"name": "gone-by-id"}, {"name": None, "topic_id": topic_id}],
        "by unknown name twice": [{"name": "nowhere"}, {"name": "nowhere"}],
        "nothing": [],
    }.items():
        talk.ask(name, DELETE, {"topics": topics, "timeout": 30_000})
    talk.topic("gone-by-id-2")
    topic_id = UUID(talk.topic("gone-by-id-3"))
    talk.ask("by id", DELETE, {"topics": [{"name": None, "topic_id": topic_id}], "timeout": 30_000})
    talk.ask("by id again", DELETE, {"topics": [{"name": None, "topic_id": topic_id}], "timeout": 30_000})


def create_partitions(talk: Conversation) -> None:
    for version in SERVED[GROW]:
        talk.topic(f"grown-{version}", [1, 2], [2, 3])

        def grow(name: str, count: int, assigned: list[list[int]] | None = None, version: int = version,
                 topic: str | None = None, **more: Any) -> None:  # fmt: skip
            wanted = None if assigned is None else [{"broker_ids": brokers} for brokers in assigned]
            entry = {"name": f"grown-{version}" if topic is None else topic, "count": count, "assignments": wanted}
            talk.ask(name, GROW, {"topics": [entry], "timeout": 30_000, **more}, version=version)

        grow("only asked", 4, validate_only=True)
        grow("only asked, bad", 1, validate_only=True)
        grow("fewer", 1)
        grow("as many", 2)
        grow("none", 0)
        grow("minus one", -1)
        grow("too few assigned", 4, [[1, 2]])
        grow("too many assigned", 3, [[1, 2], [2, 3]])
        grow("unknown broker", 3, [[1, 9]])
        grow("broker twice", 3, [[1, 1]])
        grow("uneven", 3, [[1, 2, 3]])
        grow("uneven among them", 4, [[1, 2], [1]])
        grow("no brokers", 3, [[]])
        grow("no lists", 3, [])
        grow("unknown topic", 3, topic="nowhere")
        grow("bad topic", 3, topic="no where")
        grow("assigned", 3, [[3, 1]])
        grow("good", 5)
    twice = [{"name": "grown-3", "count": 6, "assignments": None}] * 2
    talk.ask("twice", GROW, {"topics": twice, "timeout": 30_000})
    talk.ask("nothing", GROW, {"topics": [], "timeout": 30_000})


SCRIPTS = (create_topics, create_topics_refused, delete_topics, create_partitions)
