"""Consumer groups of the classic protocol: joining, syncing, beating, committing, and every wrong order of these."""

from typing import Any
from uuid import UUID

from kafkalab.wire.api import SERVED, ApiKey
from tests.clients.apache_kafka.conversation import Conversation, Fields
from tests.clients.apache_kafka.scripts.cluster import settle_groups

JOIN, SYNC, BEAT, LEAVE = ApiKey.JOIN_GROUP, ApiKey.SYNC_GROUP, ApiKey.HEARTBEAT, ApiKey.LEAVE_GROUP
COMMIT, COMMITTED = ApiKey.OFFSET_COMMIT, ApiKey.OFFSET_FETCH
NOBODY = "nobody-00000000-1111-2222-3333-444444444444"


def joining(group: str, member: str = "", **more: Any) -> Fields:
    return {
        "group_id": group,
        "session_timeout": 10_000,
        "rebalance_timeout": 10_000,
        "member_id": member,
        "group_instance_id": None,
        "protocol_type": "consumer",
        "protocols": [{"name": "range", "metadata": b"m"}],
        "reason": None,
        **more,
    }


def syncing(group: str, member: str, generation: int, *shares: tuple[str, bytes], **more: Any) -> Fields:
    return {
        "group_id": group,
        "generation_id": generation,
        "member_id": member,
        "group_instance_id": None,
        "protocol_type": "consumer",
        "protocol_name": "range",
        "assignments": [{"member_id": each, "assignment": share} for each, share in shares],
        **more,
    }


def beating(group: str, member: str, generation: int, instance: str | None = None) -> Fields:
    return {"group_id": group, "generation_id": generation, "member_id": member, "group_instance_id": instance}


def stable(talk: Conversation, to: int, group: str, **more: Any) -> str:
    """A group with one member, in generation 1; returns its id."""
    member = more.pop("member", "")
    if not more.get("group_instance_id"):
        member = talk.quietly(JOIN, joining(group, **more), to=to)["member_id"]
    joined = talk.quietly(JOIN, joining(group, member, **more), to=to)
    assert joined["error_code"] == "none", joined
    mine = str(joined["member_id"])
    talk.quietly(SYNC, syncing(group, mine, 1, (mine, b"all"), group_instance_id=more.get("group_instance_id")), to=to)
    return mine


def join_group(talk: Conversation) -> None:
    to = settle_groups(talk)
    for version in SERVED[JOIN]:
        group = "any"

        def join(name: str, member: str = "", version: int = version, group: str = group, **more: Any) -> Fields:
            return talk.ask(name, JOIN, joining(group, member, **more), version=version, to=to)

        mine = join("first")["member_id"]
        if version >= 4:
            join("with the id", mine)
        bad = {
            "unknown member": {"member": NOBODY},
            "other type": {"protocol_type": "other"},
            "no type": {"protocol_type": ""},
            "no protocols": {"protocols": []},
            "other protocol": {"protocols": [{"name": "sticky", "metadata": b""}], "member": mine},
            "short session": {"session_timeout": 1_000},
            "long session": {"session_timeout": 9_000_000},
            "no group": {"group": ""},
        }
        for name, how in bad.items():
            answer = join(name, **how)
            if answer["error_code"] == "member_id_required":
                gone = {"members": [{"member_id": answer["member_id"]}], "member_id": answer["member_id"]}
                talk.quietly(LEAVE, {"group_id": "any", **gone}, to=to)
        talk.quietly(LEAVE, {"group_id": "any", "members": [{"member_id": mine}]}, to=to)
    other = next(broker for broker in (1, 2, 3) if broker != to)
    talk.ask("not here", JOIN, joining("any"), to=other)
    talk.ask("not here", SYNC, syncing("any", NOBODY, 1), to=other)
    talk.ask("not here", BEAT, beating("any", NOBODY, 1), to=other)
    talk.ask("not here", LEAVE, {"group_id": "any", "members": [{"member_id": NOBODY}]}, to=other)
    talk.ask("not here", COMMIT, committing("any"), to=other)
    talk.ask("not here", COMMITTED, {"groups": [{"group_id": "any", "topics": None}]}, to=other)


def group_steps(talk: Conversation) -> None:
    to = settle_groups(talk)

    def ask(name: str, api: ApiKey, fields: Fields, versions: Any = None) -> None:
        for version in versions or (SERVED[api][0], SERVED[api][-1]):
            talk.ask(name, api, fields, version=version, to=to)

    ask("sync in an unknown group", SYNC, syncing("any-x", NOBODY, 1))
    ask("beat in an unknown group", BEAT, beating("any-x", NOBODY, 1))
    ask("no group", SYNC, syncing("", NOBODY, 1))
    ask("no group", BEAT, beating("", NOBODY, 1))
    group = "any"
    member = talk.quietly(JOIN, joining(group), to=to)["member_id"]
    ask("beat of one who has not joined", BEAT, beating(group, member, -1))
    ask("beat of one who has not joined, 1", BEAT, beating(group, member, 1))
    ask("sync of one who has not joined", SYNC, syncing(group, member, 1))
    joined = talk.ask("joined", JOIN, joining(group, member), to=to)
    generation = joined["generation_id"]
    ask("beat before the sync", BEAT, beating(group, member, generation))
    ask("commit before the sync", COMMIT, committing(group, member, generation))
    ask("sync of an older generation", SYNC, syncing(group, member, generation - 1))
    ask("sync of another type", SYNC, syncing(group, member, generation, protocol_type="other"), (5,))
    ask("sync of another protocol", SYNC, syncing(group, member, generation, protocol_name="sticky"), (5,))
    ask("sync of nobody", SYNC, syncing(group, NOBODY, generation))
    ask("sync", SYNC, syncing(group, member, generation, (member, b"all"), (NOBODY, b"x")))
    ask("sync again, otherwise", SYNC, syncing(group, member, generation, (member, b"nothing")))
    ask("beat", BEAT, beating(group, member, generation))
    ask("beat of nobody", BEAT, beating(group, NOBODY, generation))
    ask("beat of an older generation", BEAT, beating(group, member, generation - 1))
    ask("beat with an instance", BEAT, beating(group, member, generation, "one"), (4,))
    ask("described", ApiKey.DESCRIBE_GROUPS, {"groups": [group, "nowhere", ""]}, SERVED[ApiKey.DESCRIBE_GROUPS])
    ask("described with rights", ApiKey.DESCRIBE_GROUPS,
        {"groups": [group], "include_authorized_operations": True}, (3, 6))  # fmt: skip
    ask("listed", ApiKey.LIST_GROUPS, {"states_filter": ["Stable"]}, SERVED[ApiKey.LIST_GROUPS])
    ask("listed by no such state", ApiKey.LIST_GROUPS, {"states_filter": ["Great"]}, (4, 5))
    ask("listed by small letters", ApiKey.LIST_GROUPS, {"states_filter": ["stable"]}, (4, 5))
    ask("listed by type", ApiKey.LIST_GROUPS, {"states_filter": ["Stable"], "types_filter": ["classic"]}, (5,))
    ask("listed by other type", ApiKey.LIST_GROUPS, {"types_filter": ["consumer"]}, (5,))
    ask("deleted while in use", ApiKey.DELETE_GROUPS, {"groups_names": [group, "nowhere", ""]})
    ask("leave of nobody", LEAVE, {"group_id": group, "member_id": NOBODY, "members": [{"member_id": NOBODY}]})
    ask("leave of an unknown group", LEAVE, {"group_id": "any-x", "member_id": NOBODY, "members": [{"member_id": "x"}]})
    ask("leave of no group", LEAVE, {"group_id": "", "member_id": NOBODY, "members": [{"member_id": "x"}]})
    ask("leave of none", LEAVE, {"group_id": group, "members": []}, (5,))
    two = [{"member_id": member}, {"member_id": NOBODY}, {"member_id": "", "group_instance_id": "nobody"}]
    ask("leave", LEAVE, {"group_id": group, "member_id": member, "members": two}, (5,))
    ask("beat after the leave", BEAT, beating(group, member, generation))
    ask("described when empty", ApiKey.DESCRIBE_GROUPS, {"groups": [group]})
    ask("deleted", ApiKey.DELETE_GROUPS, {"groups_names": [group]}, (2,))
    ask("deleted again", ApiKey.DELETE_GROUPS, {"groups_names": [group]}, (2,))
    ask("described when gone", ApiKey.DESCRIBE_GROUPS, {"groups": [group]})


def two_members(talk: Conversation) -> None:
    """A second member makes the first join again, and is answered when it has."""
    to, group = settle_groups(talk, "pair"), "pair"
    first = stable(talk, to, group)
    connection = talk.connection(to, "second")
    second = connection.ask(JOIN, 9, joining(group))["member_id"]
    talk.call(first, "the first")
    talk.call(second, "the second")
    connection.send(JOIN, 9, joining(group, second))

    def rebalances() -> bool:
        return bool(talk.quietly(BEAT, beating(group, first, 1), to=to)["error_code"] == "rebalance_in_progress")

    talk.until(rebalances)
    talk.ask("the first's beat", BEAT, beating(group, first, 1), to=to)
    talk.ask("the first's sync", SYNC, syncing(group, first, 1), to=to)
    talk.ask("the first's commit", COMMIT, committing(group, first, 1), to=to)
    talk.ask("described", ApiKey.DESCRIBE_GROUPS, {"groups": [group]}, to=to)
    talk.ask("the first joins again", JOIN, joining(group, first), to=to)
    talk.keep("the second is in", connection.hear(JOIN, 9))
    connection.send(SYNC, 5, syncing(group, second, 2))
    talk.ask("the leader syncs", SYNC, syncing(group, first, 2, (first, b"one"), (second, b"two")), to=to)
    talk.keep("the second has its share", connection.hear(SYNC, 5))
    talk.ask("described with two", ApiKey.DESCRIBE_GROUPS, {"groups": [group]}, to=to)
    talk.ask("the second joins again", JOIN, joining(group, second), to=to, by="second")
    talk.ask("a third with another protocol", JOIN,
             joining(group, protocols=[{"name": "sticky", "metadata": b""}]), to=to, by="third")  # fmt: skip


def static_members(talk: Conversation) -> None:
    to, group = settle_groups(talk, "static"), "static"
    one = {"group_instance_id": "one"}
    joined = talk.ask("joined", JOIN, joining(group, **one), to=to)
    member, generation = joined["member_id"], joined["generation_id"]
    talk.ask("sync", SYNC, syncing(group, member, generation, (member, b"all"), **one), to=to)
    talk.ask("described", ApiKey.DESCRIBE_GROUPS, {"groups": [group]}, to=to)
    again = talk.ask("back without an id", JOIN, joining(group, **one), to=to)
    talk.ask("the old id beats", BEAT, beating(group, member, generation, "one"), to=to)
    talk.ask("the old id beats without instance", BEAT, beating(group, member, generation), to=to)
    talk.ask("the old id syncs", SYNC, syncing(group, member, generation, **one), to=to)
    talk.ask("the old id joins", JOIN, joining(group, member, **one), to=to)
    talk.ask("the old id commits", COMMIT, committing(group, member, generation, instance="one"), to=to)
    talk.ask("the new id beats", BEAT, beating(group, again["member_id"], generation, "one"), to=to)
    talk.ask("the new id syncs", SYNC, syncing(group, again["member_id"], generation, **one), to=to)
    talk.ask("unknown instance beats", BEAT, beating(group, again["member_id"], generation, "two"), to=to)
    fenced = [{"member_id": member, "group_instance_id": "one"}]
    talk.ask("the old id leaves", LEAVE, {"group_id": group, "members": fenced}, to=to)
    by_instance = [{"member_id": "", "group_instance_id": "one"}]
    talk.ask("leaves by instance", LEAVE, {"group_id": group, "members": by_instance}, to=to)


def committing(group: str, member: str = "", generation: int = -1, **more: Any) -> Fields:
    partition = {
        "partition_index": more.get("number", 0),
        "committed_offset": more.get("offset", 7),
        "committed_leader_epoch": more.get("epoch", -1),
        "committed_metadata": more.get("metadata", "note"),
    }
    return {
        "group_id": group,
        "generation_id_or_member_epoch": generation,
        "member_id": member,
        "group_instance_id": more.get("instance"),
        "retention_time": -1,
        "topics": [{"name": more.get("topic", "offsets"), "topic_id": more.get("topic_id"), "partitions": [partition]}],
    }


def offsets(talk: Conversation) -> None:
    to, group = settle_groups(talk, "keeper"), "keeper"
    topic_id = UUID(talk.topic("offsets", [1, 2], [1, 2]))
    for version in SERVED[COMMIT]:

        def commit(name: str, version: int = version, group: str = group, **more: Any) -> None:
            told = {"topic_id": topic_id} | more
            talk.ask(name, COMMIT, committing(group, **told), version=version, to=to)

        commit("simple")
        commit("unknown topic", topic="nowhere", topic_id=UUID(int=7))
        commit("unknown partition", number=9)
        commit("long note", metadata="n" * 5000)
        commit("no note", metadata=None)
        commit("negative", offset=-1)
        commit("with an epoch", offset=8, epoch=3)
        commit("of a generation nobody has", generation=3, member=NOBODY)
        commit("of a member without generation", member=NOBODY)
        commit("no group", group="")
    talk.ask("in an unknown group with a generation", COMMIT,
             committing("keeper-x", NOBODY, 3, topic_id=topic_id), to=to)  # fmt: skip
    for version in SERVED[COMMITTED]:

        def fetch(name: str, topics: Any, version: int = version, group: str = group, **more: Any) -> None:
            asked = {"group_id": group, "topics": topics, "member_id": None, "member_epoch": -1, **more}
            talk.ask(name, COMMITTED, {**asked, "groups": [asked]}, version=version, to=to)

        one = [{"name": "offsets", "topic_id": topic_id, "partition_indexes": [0, 1, 9]}]
        fetch("some", one)
        if version >= 2:
            fetch("all", None)
        fetch("none", [])
        fetch("unknown topic", [{"name": "nowhere", "topic_id": UUID(int=7), "partition_indexes": [0]}])
        fetch("unknown group", one, group="keeper-y")
        fetch("no group", one, group="")
        if version >= 9:
            fetch("of a member", one, member_id=NOBODY, member_epoch=3)
    both = [
        {"group_id": name, "topics": None, "member_id": None, "member_epoch": -1} for name in ("keeper", "keeper-z")
    ]
    talk.ask("two groups", COMMITTED, {"groups": both}, to=to)
    talk.ask("stable ones", COMMITTED, {"groups": both[:1], "require_stable": True}, to=to)
    talk.ask("deleted", ApiKey.DELETE_GROUPS, {"groups_names": ["keeper"]}, to=to)
    talk.ask("after that", COMMITTED, {"groups": both[:1]}, to=to)


SCRIPTS = (join_group, group_steps, two_members, static_members, offsets)
