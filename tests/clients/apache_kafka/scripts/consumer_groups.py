"""Consumer groups by KIP-848: heartbeats, static members, regular expressions, commits, and the way to and fro."""

import struct
from typing import Any
from uuid import UUID

from kafkalab.wire.api import ApiKey
from tests.clients.apache_kafka.conversation import Conversation, Fields
from tests.clients.apache_kafka.scripts.cluster import settle_groups
from tests.clients.apache_kafka.scripts.groups import BEAT as CLASSIC_BEAT
from tests.clients.apache_kafka.scripts.groups import COMMIT, COMMITTED, JOIN, LEAVE, SYNC, committing
from tests.clients.apache_kafka.scripts.groups import beating as classic_beating
from tests.clients.apache_kafka.scripts.groups import joining as classic_joining
from tests.clients.apache_kafka.scripts.groups import syncing as classic_syncing

BEAT, DESCRIBE = ApiKey.CONSUMER_GROUP_HEARTBEAT, ApiKey.CONSUMER_GROUP_DESCRIBE
ONE, OTHER, THIRD = "AAAAAAAAAAAAAAAAAAAAAQ", "AAAAAAAAAAAAAAAAAAAAAg", "AAAAAAAAAAAAAAAAAAAAAw"
"""Member ids, which members choose themselves."""
Owned = tuple[str, list[int]]


def beating(group: str, member: str, epoch: int, owned: Owned | None = None, **more: Any) -> Fields:
    partitions = None if owned is None else [{"topic_id": UUID(owned[0]), "partitions": owned[1]}]
    return {
        "group_id": group,
        "member_id": member,
        "member_epoch": epoch,
        "instance_id": None,
        "rack_id": None,
        "rebalance_timeout": -1,
        "subscribed_topic_names": None,
        "subscribed_topic_regex": None,
        "server_assignor": None,
        "topic_partitions": partitions,
        **more,
    }


def joining(group: str, member: str, topics: list[str] | None, **more: Any) -> Fields:
    asked = {"rebalance_timeout": 30_000, "subscribed_topic_names": topics, "topic_partitions": []}
    return beating(group, member, 0, **{**asked, **more})


def described(talk: Conversation, name: str, *groups: str, to: int, rights: bool = False) -> None:
    asked = {"group_ids": list(groups), "include_authorized_operations": rights}
    talk.ask(name, DESCRIBE, asked, to=to)


def leave(talk: Conversation, to: int, group: str, *members: str) -> None:
    for member in members:
        talk.quietly(BEAT, beating(group, member, -1), to=to)


def consumer_heartbeats_refused(talk: Conversation) -> None:
    topic = talk.topic("modern-refused", [1, 2, 3])
    group, names = "modern-refused", ["modern-refused"]
    to = settle_groups(talk, group)

    def ask(name: str, fields: Fields, **how: Any) -> None:
        talk.ask(name, BEAT, fields, **{"to": to, **how})

    for version in (0, 1):
        ask("no group", joining("", ONE, names), version=version)
        ask("blank group", joining(" ", ONE, names), version=version)
        ask("empty instance", joining(group, ONE, names, instance_id=""), version=version)
        ask("empty rack", joining(group, ONE, names, rack_id=""), version=version)
        ask("no member in an epoch", beating(group, "", 1), version=version)
        ask("no member leaves", beating(group, "", -1), version=version)
        ask("no timeout", joining(group, ONE, names, rebalance_timeout=-1), version=version)
        ask("no partitions", joining(group, ONE, names, topic_partitions=None), version=version)
        owned = [{"topic_id": UUID(topic), "partitions": [0]}]
        ask("joins with partitions", joining(group, ONE, names, topic_partitions=owned), version=version)
        ask("no topics", joining(group, ONE, None), version=version)
        ask("static leave without an instance", beating(group, ONE, -2), version=version)
        ask("no such epoch", beating(group, ONE, -3), version=version)
        ask("unknown assignor", joining(group, ONE, names, server_assignor="mine"), version=version)
        ask("empty assignor", joining(group, ONE, names, server_assignor=""), version=version)
        ask("unknown group", beating(group, ONE, 1), version=version)
        ask("leave of an unknown group", beating(group, ONE, -1), version=version)
        ask("static leave of an unknown group", beating(group, ONE, -2, instance_id="i"), version=version)
    ask("no member joins", joining(group, "", names))
    for regex in ("(", "[a", "*", "a(?=b)", "\\8", "a**", "[b-a]"):
        ask(f"bad regex {regex}", joining(group, ONE, None, subscribed_topic_regex=regex))
    ask("not here", joining(group, ONE, names), to=next(it for it in (1, 2, 3) if it != to))
    described(talk, "nothing came of it", group, to=to)


def consumer_heartbeats(talk: Conversation) -> None:
    topic = talk.topic("modern", [1, 2, 3], [2, 3, 1])
    talk.topic("modern-too", [1, 2, 3])
    group, names = "modern", ["modern"]
    to = settle_groups(talk, group)

    def ask(name: str, fields: Fields, **how: Any) -> Any:
        return talk.ask(name, BEAT, fields, **{"to": to, **how})

    ask("joins", joining(group, ONE, names))
    ask("joins again", joining(group, ONE, names))
    ask("beats", beating(group, ONE, 2))
    ask("beats with what it has", beating(group, ONE, 2, (topic, [0, 1])))
    full = {"rebalance_timeout": 30_000, "subscribed_topic_names": names}
    ask("tells everything", beating(group, ONE, 2, (topic, [0, 1]), **full))
    ask("is behind", beating(group, ONE, 1))
    ask("is ahead", beating(group, ONE, 9))
    ask("is nobody", beating(group, OTHER, 1))
    ask("nobody leaves", beating(group, OTHER, -1))
    ask("unknown instance beats", beating(group, ONE, 2, instance_id="nobody"))
    ask("unknown instance leaves", beating(group, ONE, -2, instance_id="nobody"))
    described(talk, "described with one", group, to=to)
    ask("a second joins", joining(group, OTHER, names))
    described(talk, "described while it moves", group, to=to)
    told = ask("the first is asked to give up", beating(group, ONE, 2, (topic, [0, 1])))
    kept = told["assignment"]["topic_partitions"][0]["partitions"]
    described(talk, "described while it gives up", group, to=to)
    ask("the first has not given up", beating(group, ONE, 2, (topic, [0, 1])))
    ask("the second waits", beating(group, OTHER, 3, (topic, [])))
    ask("the first gave up", beating(group, ONE, 2, (topic, kept)))
    ask("the first, an epoch behind, with what it has", beating(group, ONE, 2, (topic, kept)))
    ask("the first, an epoch behind, with too much", beating(group, ONE, 2, (topic, [0, 1])))
    ask("the first, an epoch behind, saying nothing", beating(group, ONE, 2))
    ask("the second gets its share", beating(group, OTHER, 3, (topic, [])))
    described(talk, "described with two", group, to=to, rights=True)
    ask("the second wants more", beating(group, OTHER, 3, subscribed_topic_names=["modern", "modern-too"]))
    ask("the second wants another assignor", beating(group, OTHER, 4, server_assignor="range"))
    ask("the first follows", beating(group, ONE, 3))
    described(talk, "described after a change", group, to=to)
    talk.ask("described as classic", ApiKey.DESCRIBE_GROUPS, {"groups": [group]}, to=to)
    talk.ask("described as share", ApiKey.SHARE_GROUP_DESCRIBE, {"group_ids": [group]}, to=to)
    talk.ask("listed", ApiKey.LIST_GROUPS, {"states_filter": [], "types_filter": ["consumer"]}, to=to)
    talk.ask("deleted in use", ApiKey.DELETE_GROUPS, {"groups_names": [group]}, to=to)
    described(talk, "described unknown, empty and twice", "nowhere", "", group, group, to=to)
    ask("the first leaves", beating(group, ONE, -1))
    ask("the first is gone", beating(group, ONE, 4))
    ask("the second leaves in an older version", beating(group, OTHER, -1), version=0)
    old = "modern-old"
    told = ask("an older version joins", joining(old, "", names), version=0, to=settle_groups(talk, old))
    leave(talk, settle_groups(talk, old), old, told["member_id"])
    described(talk, "described elsewhere", group, to=next(it for it in (1, 2, 3) if it != to))


def consumer_static_members(talk: Conversation) -> None:
    topic = talk.topic("modern-static", [1, 2, 3], [2, 3, 1])
    group, names = "modern-static", ["modern-static"]
    to = settle_groups(talk, group)
    mine = {"instance_id": "one"}

    def ask(name: str, fields: Fields) -> Any:
        return talk.ask(name, BEAT, fields, to=to)

    ask("joins", joining(group, ONE, names, **mine))
    ask("beats", beating(group, ONE, 2, **mine))
    ask("another takes its name", joining(group, OTHER, names, **mine))
    ask("another beats in its name", beating(group, OTHER, 2, **mine))
    ask("another leaves in its name", beating(group, OTHER, -1, **mine))
    ask("another leaves for a while in its name", beating(group, OTHER, -2, **mine))
    ask("beats without its name", beating(group, ONE, 2))
    described(talk, "described", group, to=to)
    ask("leaves for a while", beating(group, ONE, -2, **mine))
    described(talk, "described while it is away", group, to=to)
    ask("beats while it is away", beating(group, ONE, 2, (topic, [0, 1]), **mine))
    ask("is back under another id", joining(group, OTHER, names, **mine))
    described(talk, "described when it is back", group, to=to)
    ask("the old id beats", beating(group, ONE, 2, **mine))
    ask("the old id beats without its name", beating(group, ONE, 2))
    ask("the old id joins", joining(group, ONE, names, **mine))
    ask("the old id leaves", beating(group, ONE, -1, **mine))
    ask("leaves for a while again", beating(group, OTHER, -2, **mine))
    changed = ["modern-static", "nowhere"]
    ask("is back and wants something else", joining(group, THIRD, changed, **mine))
    ask("leaves for good", beating(group, THIRD, -1, **mine))
    described(talk, "described when it is gone", group, to=to)


def consumer_regexes(talk: Conversation) -> None:
    talk.topic("regex-a", [1, 2, 3])
    talk.topic("regex-b", [1, 2, 3])
    group = "modern-regex"
    to = settle_groups(talk, group)
    talk.ask("joins", BEAT, joining(group, ONE, None, subscribed_topic_regex="regex-[ab]"), to=to)
    epoch = 1

    def assigned() -> bool:
        nonlocal epoch
        told = talk.quietly(BEAT, beating(group, ONE, epoch), to=to)
        epoch = told["member_epoch"]
        return bool(told["assignment"] and told["assignment"]["topic_partitions"])

    talk.until(assigned)
    described(talk, "described", group, to=to)
    talk.ask("another with the same", BEAT, joining(group, OTHER, None, subscribed_topic_regex="regex-[ab]"), to=to)
    talk.ask("another changes to a bad one", BEAT, beating(group, OTHER, 3, subscribed_topic_regex="("), to=to)
    by_name = {"subscribed_topic_regex": "", "subscribed_topic_names": ["regex-a"]}
    talk.ask("another changes to names", BEAT, beating(group, OTHER, 3, **by_name), to=to)
    described(talk, "described with both", group, to=to)
    leave(talk, to, group, ONE, OTHER)


def consumer_offsets(talk: Conversation) -> None:
    topic = talk.topic("modern-offsets", [1, 2, 3])
    group = "modern-offsets"
    to = settle_groups(talk, group)
    talk.quietly(BEAT, joining(group, ONE, ["modern-offsets"]), to=to)
    told = {"topic": "modern-offsets", "topic_id": UUID(topic)}
    for version in (2, 8, 9, 10):

        def commit(name: str, version: int = version, **more: Any) -> None:
            who = {"member": ONE, "generation": 2, **told, **more}
            talk.ask(f"commit: {name}", COMMIT, committing(group, **who), to=to, version=version)

        commit("in its epoch")
        commit("in a later epoch", generation=3)
        commit("in an older epoch", generation=1)
        commit("by nobody", member=OTHER)
        commit("by nobody at all", member="", generation=-1)
        commit("by a member without an epoch", generation=-1)
        commit("of another partition", number=9)
    for version in (8, 9, 10):

        def fetch(name: str, version: int = version, **more: Any) -> None:
            topics = [{"name": "modern-offsets", "topic_id": UUID(topic), "partition_indexes": [0]}]
            asked = {"group_id": group, "topics": topics, "member_id": ONE, "member_epoch": 2, **more}
            talk.ask(f"fetch: {name}", COMMITTED, {"groups": [asked]}, to=to, version=version)

        fetch("in its epoch")
        fetch("in a later epoch", member_epoch=3)
        fetch("in an older epoch", member_epoch=1)
        fetch("by nobody", member_id=OTHER)
        fetch("by nobody at all", member_id=None, member_epoch=-1)
        fetch("by an empty id", member_id="", member_epoch=-1)
        fetch("by an empty id in an epoch", member_id="", member_epoch=1)
        fetch("without an epoch", member_epoch=-1)
        fetch("all", topics=None)
    for name in ("modern-offsets", "nowhere"):
        asked = {"group_id": group, "topics": [{"name": name, "partitions": [{"partition_index": 0}]}]}
        talk.ask(f"delete of {name}", ApiKey.OFFSET_DELETE, asked, to=to)
    classic = [
        ("joins by the classic protocol", JOIN, classic_joining(group, session_timeout=10_000)),
        ("beats by the classic protocol", CLASSIC_BEAT, classic_beating(group, ONE, 2)),
        ("syncs by the classic protocol", SYNC, classic_syncing(group, ONE, 2)),
        ("leaves by the classic protocol", LEAVE, {"group_id": group, "members": [{"member_id": ONE}]}),
        ("nobody beats by the classic protocol", CLASSIC_BEAT, classic_beating(group, OTHER, 1)),
    ]
    for name, api, fields in classic:
        talk.ask(name, api, fields, to=to)
    described(talk, "described after that", group, to=to)
    leave(talk, to, group, ONE)
    talk.ask("commit: when it is empty", COMMIT, committing(group, **told), to=to)
    asked = {"group_id": group, "topics": [{"name": "modern-offsets", "partitions": [{"partition_index": 0}]}]}
    talk.ask("delete when it is empty", ApiKey.OFFSET_DELETE, asked, to=to)
    talk.ask("the group is deleted", ApiKey.DELETE_GROUPS, {"groups_names": [group]}, to=to)
    described(talk, "described when deleted", group, to=to)


def subscription(*topics: str) -> bytes:
    """ConsumerProtocolSubscription, version 0."""
    names = b"".join(struct.pack(">h", len(each)) + each.encode() for each in topics)
    return struct.pack(">hi", 0, len(topics)) + names + struct.pack(">i", -1)


def consumer_protocol(group: str, member: str = "", *topics: str, **more: Any) -> Fields:
    """Joining as a client does that knows the classic protocol only."""
    protocols = [{"name": "range", "metadata": subscription(*topics)}]
    return classic_joining(group, member, **{"protocols": protocols, **more})


def up_and_down(talk: Conversation) -> None:
    """A classic group becomes one of KIP-848 when a member joins that way, and a classic one when the last goes.

    Each wants another topic: who gets which partition of one depends on ids that are drawn at random.
    """
    talk.topic("updown", [1, 2, 3], [2, 3, 1])
    talk.topic("updown-too", [1, 2, 3])
    group = "updown"
    to = settle_groups(talk, group)
    classic = str(talk.quietly(JOIN, consumer_protocol(group, "", "updown"), to=to)["member_id"])
    talk.call(classic, "the classic one")
    talk.quietly(JOIN, consumer_protocol(group, classic, "updown"), to=to)
    talk.quietly(SYNC, classic_syncing(group, classic, 1, (classic, b"\0\0\0\0\0\0\xff\xff\xff\xff")), to=to)
    described(talk, "described before", group, to=to)
    talk.ask("a member of the new protocol joins", BEAT, joining(group, ONE, ["updown-too"]), to=to)
    described(talk, "described after the upgrade", group, to=to)
    talk.ask("the classic one beats", CLASSIC_BEAT, classic_beating(group, classic, 1), to=to)
    talk.ask("the classic one syncs", SYNC, classic_syncing(group, classic, 1), to=to)
    talk.ask("the classic one beats in another generation", CLASSIC_BEAT, classic_beating(group, classic, 9), to=to)
    talk.ask("the classic one beats by the new protocol", BEAT, beating(group, classic, 1), to=to)
    talk.ask("the new one beats by the classic protocol", CLASSIC_BEAT, classic_beating(group, ONE, 2), to=to)
    joined = talk.ask("the classic one joins again", JOIN, consumer_protocol(group, classic, "updown"), to=to)
    generation = joined["generation_id"]
    talk.ask("the classic one asks for its share", SYNC, classic_syncing(group, classic, generation), to=to)
    talk.ask("the new one gets its share", BEAT, beating(group, ONE, generation), to=to)
    described(talk, "described with both", group, to=to)
    more = {"member": classic, "generation": generation, "topic": "updown"}
    talk.ask("the classic one commits", COMMIT, committing(group, **more), to=to, version=8)
    talk.ask("the classic one commits in an older generation", COMMIT,
             committing(group, **{**more, "generation": 1}), to=to, version=8)  # fmt: skip
    talk.ask("another protocol joins", JOIN, consumer_protocol(group, protocol_type="connect"), to=to)
    talk.ask("nonsense joins", JOIN, consumer_protocol(group, protocols=[{"name": "range", "metadata": b"m"}]), to=to)
    talk.ask("a second of the new protocol", BEAT, joining(group, OTHER, ["updown-too"]), to=to)
    leave(talk, to, group, OTHER)
    talk.ask("the new one leaves", BEAT, beating(group, ONE, -1), to=to)
    described(talk, "described after the downgrade", group, to=to)
    talk.ask("described as classic", ApiKey.DESCRIBE_GROUPS, {"groups": [group]}, to=to)
    now = talk.quietly(ApiKey.LIST_GROUPS, {"states_filter": [], "types_filter": ["classic"]}, to=to)["groups"]
    talk.keep("listed as classic", [one for one in now if one["group_id"] == group])
    for number in (generation, generation + 1):
        talk.ask(f"the classic one beats in generation {number}", CLASSIC_BEAT,
                 classic_beating(group, classic, number), to=to)  # fmt: skip
    talk.ask("it leaves", LEAVE, {"group_id": group, "members": [{"member_id": classic}]}, to=to)
    other = "updown-other"
    to = settle_groups(talk, other)
    stranger = str(talk.quietly(JOIN, classic_joining(other), to=to)["member_id"])
    talk.call(stranger, "the stranger")
    talk.quietly(JOIN, classic_joining(other, stranger), to=to)
    talk.ask("into a group of another language", BEAT, joining(other, ONE, ["updown"]), to=to)
    connect = "updown-connect"
    to = settle_groups(talk, connect)
    worker = str(talk.quietly(JOIN, classic_joining(connect, protocol_type="connect"), to=to)["member_id"])
    talk.call(worker, "the worker")
    talk.quietly(JOIN, classic_joining(connect, worker, protocol_type="connect"), to=to)
    talk.ask("into a group of workers", BEAT, joining(connect, ONE, ["updown"]), to=to)
    talk.ask("beats in a group of workers", BEAT, beating(connect, ONE, 1), to=to)
    talk.ask("leaves a group of workers", BEAT, beating(connect, ONE, -1), to=to)


SCRIPTS = (
    consumer_heartbeats_refused,
    consumer_heartbeats,
    consumer_static_members,
    consumer_regexes,
    consumer_offsets,
    up_and_down,
)
