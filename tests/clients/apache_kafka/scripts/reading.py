"""Reading: Fetch and its sessions, ListOffsets, leader epochs, DeleteRecords, what lies on the disk."""

from typing import Any
from uuid import UUID

from kafkalab.wire.api import SERVED, ApiKey
from tests.clients.apache_kafka.conversation import NOW_MS, Conversation, Fields, batch, producing
from tests.clients.apache_kafka.scripts.cluster import settle_groups

FETCH, LIST, EPOCHS, DELETE = (
    ApiKey.FETCH,
    ApiKey.LIST_OFFSETS,
    ApiKey.OFFSET_FOR_LEADER_EPOCH,
    ApiKey.DELETE_RECORDS,
)


def fetching(topic: str, topic_id: UUID | None = None, offset: int = 0, number: int = 0, **more: Any) -> Fields:
    """Of one partition, at once; `more` goes into the request or into the partition, whichever has it."""
    partition = {
        "partition": number,
        "current_leader_epoch": -1,
        "fetch_offset": offset,
        "last_fetched_epoch": -1,
        "log_start_offset": -1,
        "partition_max_bytes": 1_000_000,
    }
    partition |= {key: value for key, value in more.items() if key in partition}
    return {
        "replica_id": -1,
        "max_wait": 0,
        "min_bytes": 0,
        "max_bytes": 10_000_000,
        "isolation_level": 0,
        "session_id": 0,
        "session_epoch": -1,
        "forgotten_topics_data": (),
        "rack_id": "",
        "topics": [{"topic": topic, "topic_id": topic_id, "partitions": [partition]}],
        **{key: value for key, value in more.items() if key not in partition},
    }


def fetch_versions(talk: Conversation) -> None:
    topic_id = UUID(talk.topic("fetch-v"))
    talk.produce("fetch-v", b"a", b"b", b"c")
    talk.produce("fetch-v", b"d")

    def follower_has_all() -> bool:
        told = talk.quietly(FETCH, fetching("fetch-v", topic_id, 4), to=2)
        return bool(told["responses"][0]["partitions"][0]["high_watermark"] == 4)

    talk.until(follower_has_all)
    for version in SERVED[FETCH]:

        def fetch(name: str, version: int = version, to: int = 1, **more: Any) -> None:
            told = {"topic": "fetch-v", "topic_id": topic_id} | more
            talk.ask(name, FETCH, fetching(**told), version=version, to=to)

        fetch("from the start")
        fetch("within a batch", offset=2)
        fetch("at the end", offset=4)
        fetch("beyond", offset=5)
        fetch("negative", offset=-1)
        fetch("committed only", isolation_level=1)
        fetch("unknown partition", number=7)
        fetch("negative partition", number=-1)
        fetch("unknown topic", topic="nowhere", topic_id=UUID(int=7))
        fetch("little", max_bytes=1, partition_max_bytes=1)
        fetch("nothing at all", max_bytes=0, partition_max_bytes=0)
        fetch("from a follower", to=2)
        fetch("from a follower, beyond", to=2, offset=77)
        if version >= 9:
            fetch("current epoch", current_leader_epoch=0)
            fetch("older epoch", current_leader_epoch=-2)
            fetch("newer epoch", current_leader_epoch=5)
            fetch("a follower, newer epoch", current_leader_epoch=5, to=2)
        if version >= 12:
            fetch("same last epoch", last_fetched_epoch=0, offset=4)
            fetch("same last epoch, beyond", last_fetched_epoch=0, offset=9)
            fetch("a last epoch that was not", last_fetched_epoch=3, offset=2)
    fetch("isolation 2", isolation_level=2)
    fetch("no id", topic="", topic_id=UUID(int=0))
    both = fetching("fetch-v", topic_id)
    both["topics"][0]["partitions"] *= 2
    talk.ask("twice", FETCH, both)
    talk.ask("no topics", FETCH, both | {"topics": []})
    talk.ask("no such replica", FETCH, fetching("fetch-v", topic_id, replica_id=77), version=12)
    state = {"replica_state": {"replica_id": 77, "replica_epoch": 1}}
    talk.ask("no such replica", FETCH, fetching("fetch-v", topic_id, **state))
    mine = fetching("fetch-v", topic_id, replica_id=77, current_leader_epoch=0)
    talk.ask("no such replica, right epoch", FETCH, mine, version=12)
    talk.ask("other cluster", FETCH, fetching("fetch-v", topic_id, cluster_id="elsewhere"))
    waits = fetching("fetch-v", topic_id, 4, max_wait=200, min_bytes=1)
    talk.ask("a wait in vain", FETCH, waits)


def fetch_sessions(talk: Conversation) -> None:
    one, other = UUID(talk.topic("session-1", [1, 2], [1, 2])), UUID(talk.topic("session-2", [1, 3]))
    talk.produce("session-1", b"a")
    topics = [
        fetching("session-1", one)["topics"][0],
        fetching("session-2", other)["topics"][0],
    ]
    topics[0]["partitions"] = topics[0]["partitions"] + fetching("session-1", one, number=1)["topics"][0]["partitions"]
    for version in (7, 12, 17):
        base = fetching("session-1", one)

        def ask(name: str, session: int, epoch: int, asked: list[Fields], version: int = version,
                forgotten: list[Fields] | tuple[()] = (), base: Fields = base) -> Fields:  # fmt: skip
            said = {"session_id": session, "session_epoch": epoch, "topics": asked, "forgotten_topics_data": forgotten}
            return talk.ask(name, FETCH, base | said, version=version)

        mine = ask("new session", 0, 0, topics)["session_id"]
        ask("nothing new", mine, 1, [])
        ask("an advance", mine, 2, fetching("session-1", one, 1)["topics"])
        talk.produce("session-2", b"b")
        ask("something new", mine, 3, [])
        ask("again the same", mine, 4, [])
        ask("wrong epoch", mine, 9, [])
        ask("the epoch of before", mine, 4, [])
        ask("forget one", mine, 5, [], forgotten=[{"topic": "session-2", "topic_id": other, "partitions": [0]}])
        ask("one is forgotten", mine, 6, [])
        unknown = fetching("nowhere", UUID(int=7))["topics"]
        ask("an unknown topic", mine, 7, unknown)
        ask("still unknown", mine, 8, [])
        ask("closed", mine, -1, [])
        ask("after the close", mine, 9, [])
        ask("never there", 12345, 3, [])
        ask("new with an id", 12345, 0, topics)
        ask("an epoch without a session", 0, 5, topics)


def fetch_diverging(talk: Conversation) -> None:
    """Epochs that grew by elections: 0, 1 and 2, with records in each but the second."""
    topic_id = UUID(talk.topic("epochs", [1, 2]))
    talk.produce("epochs", b"a", b"b")
    _move(talk, "epochs", [2, 1], 2)
    _move(talk, "epochs", [1, 2], 1)
    talk.produce("epochs", b"c", b"d")
    talk.ask("where it stands", ApiKey.METADATA, {"topics": [{"name": "epochs"}]})
    for epoch in range(-1, 5):
        for offset in (0, 2, 3, 4, 6):
            fields = fetching("epochs", topic_id, offset, last_fetched_epoch=epoch)
            talk.ask(f"last fetched {epoch} at {offset}", FETCH, fields)
    talk.ask("fenced", FETCH, fetching("epochs", topic_id, current_leader_epoch=1))
    talk.ask("fenced", FETCH, fetching("epochs", topic_id, current_leader_epoch=1), version=11)
    for version in SERVED[EPOCHS]:
        for epoch in range(-1, 5):
            asked = {"partition": 0, "current_leader_epoch": -1, "leader_epoch": epoch}
            told = {"replica_id": -1, "topics": [{"topic": "epochs", "partitions": [asked]}]}
            talk.ask(f"end of epoch {epoch}", EPOCHS, told, version=version)
        for name, current, number, topic, to in (
            ("fenced", 1, 0, "epochs", 1),
            ("current", 2, 0, "epochs", 1),
            ("newer", 7, 0, "epochs", 1),
            ("unknown partition", -1, 9, "epochs", 1),
            ("unknown topic", -1, 0, "nowhere", 1),
            ("of a follower", -1, 0, "epochs", 2),
            ("of a stranger", -1, 0, "epochs", 3),
        ):
            asked = {"partition": number, "current_leader_epoch": current, "leader_epoch": 0}
            told = {"replica_id": -1, "topics": [{"topic": topic, "partitions": [asked]}]}
            talk.ask(name, EPOCHS, told, version=version, to=to)


def _move(talk: Conversation, topic: str, replicas: list[int], leader: int) -> None:
    """The same replicas in another order, and the first of them elected."""
    wanted = {"partition_index": 0, "replicas": replicas}
    told = {"topics": [{"name": topic, "partitions": [wanted]}], "timeout": 30_000}
    talk.quietly(ApiKey.ALTER_PARTITION_REASSIGNMENTS, told)
    talk.until(lambda: talk.partition(topic).get("replica_nodes") == replicas)
    talk.until(lambda: sorted(talk.partition(topic).get("isr_nodes", ())) == sorted(replicas))
    elected = {"election_type": 0, "topic_partitions": [{"topic": topic, "partitions": [0]}], "timeout": 30_000}
    talk.quietly(ApiKey.ELECT_LEADERS, elected)
    talk.until_led(topic, 0, leader)


def list_offsets(talk: Conversation) -> None:
    talk.topic("listed", [1, 2])
    talk.produce("listed", b"a", b"b", b"c")
    talk.quietly(ApiKey.PRODUCE, producing("listed", batch(b"later", at_ms=NOW_MS + 1000)), version=12)
    talk.quietly(ApiKey.PRODUCE, producing("listed", batch(b"earlier", at_ms=NOW_MS - 1000)), version=12)
    times = {"latest": -1, "earliest": -2, "largest time": -3, "local": -4, "tiered": -5, "pending": -6, "unknown": -7}
    times |= {"zero": 0, "before": NOW_MS - 500, "first": NOW_MS, "second": NOW_MS + 1, "last": NOW_MS + 1000,
              "future": NOW_MS + 99_999}  # fmt: skip
    for version in SERVED[LIST]:
        for isolation in (0, 1):
            for name, at in times.items():
                talk.ask(f"{name}, isolation {isolation}", LIST, _listing("listed", at, isolation), version=version)
    for name, topic, number, epoch, to in (
        ("unknown partition", "listed", 7, -1, 1),
        ("unknown topic", "nowhere", 0, -1, 1),
        ("bad topic", "no where", 0, -1, 1),
        ("of a follower", "listed", 0, -1, 2),
        ("of a stranger", "listed", 0, -1, 3),
        ("current epoch", "listed", 0, 0, 1),
        ("newer epoch", "listed", 0, 5, 1),
    ):
        for version in (4, 11):
            fields = _listing(topic, -1, 0, number=number, epoch=epoch)
            talk.ask(name, LIST, fields, to=to, version=version)
    twice = _listing("listed", -1)
    twice["topics"][0]["partitions"] *= 2
    talk.ask("twice", LIST, twice)
    talk.topic("listed-empty", [1, 2])
    for name, at in times.items():
        talk.ask(f"{name} of nothing", LIST, _listing("listed-empty", at))
    for replica in (2, 77, -2):
        talk.ask(f"for replica {replica}", LIST, _listing("listed", -1) | {"replica_id": replica})


def _listing(topic: str, at: int, isolation: int = 0, number: int = 0, epoch: int = -1) -> Fields:
    asked = {"partition_index": number, "current_leader_epoch": epoch, "timestamp": at}
    return {
        "replica_id": -1,
        "isolation_level": isolation,
        "topics": [{"name": topic, "partitions": [asked]}],
        "timeout": 5_000,
    }


def delete_records(talk: Conversation) -> None:
    settle_groups(talk)
    topic_id = UUID(talk.topic("shortened", [1, 2]))
    talk.topic("kept", [1, 2], cleanup_policy="compact")
    talk.topic("both-ways", [1, 2], cleanup_policy="compact,delete")
    for topic in ("shortened", "kept", "both-ways"):
        for value in (b"a", b"b", b"c", b"d"):
            talk.produce(topic, value)

    def delete(name: str, offset: int, topic: str = "shortened", number: int = 0, to: int = 1) -> None:
        asked = {"partition_index": number, "offset": offset}
        told = {"topics": [{"name": topic, "partitions": [asked]}], "timeout": 10_000}
        for version in SERVED[DELETE]:
            talk.ask(name, DELETE, told, version=version, to=to)

    delete("some", 2)
    delete("fewer", 1)
    delete("too many", 9)
    delete("negative", -5)
    delete("unknown partition", 0, number=7)
    delete("unknown topic", 0, topic="nowhere")
    delete("bad topic", 0, topic="no where")
    delete("compacted", 1, topic="kept")
    delete("compacted and deleted", 1, topic="both-ways")
    delete("internal", 0, topic="__consumer_offsets")
    delete("of a follower", 3, to=2)
    delete("of a stranger", 3, to=3)
    talk.ask("read what is gone", FETCH, fetching("shortened", topic_id, 0))
    talk.ask("read what is left", FETCH, fetching("shortened", topic_id, 2))
    talk.ask("earliest", LIST, _listing("shortened", -2))
    delete("all", -1)
    talk.ask("nothing", DELETE, {"topics": [], "timeout": 1000})


def log_dirs(talk: Conversation) -> None:
    api, move = ApiKey.DESCRIBE_LOG_DIRS, ApiKey.ALTER_REPLICA_LOG_DIRS
    talk.topic("on-disk", [1, 2], [2, 3])
    talk.produce("on-disk", b"a" * 1000)
    of_one = {"topics": [{"topic": "on-disk", "partitions": [0, 1, 7]}]}
    for version in SERVED[api]:
        talk.ask("of one topic", api, of_one, version=version)
    talk.ask("of an unknown topic", api, {"topics": [{"topic": "nowhere", "partitions": [0]}]})
    talk.ask("of no topics", api, {"topics": []})
    mine = talk.quietly(api, of_one)["results"][0]["log_dir"]
    for version in SERVED[move]:
        for name, path in (("to where it is", mine), ("to nowhere", "/nowhere"), ("to what is no path", "here")):
            parts = [{"name": "on-disk", "partitions": [0, 1, 7]}, {"name": "nowhere", "partitions": [0]}]
            talk.ask(f"moved {name}", move, {"dirs": [{"path": path, "topics": parts}]}, version=version)
        talk.ask("moved nothing", move, {"dirs": []}, version=version)


SCRIPTS = (fetch_versions, fetch_sessions, fetch_diverging, list_offsets, delete_records, log_dirs)
