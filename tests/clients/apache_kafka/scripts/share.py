"""Share groups: heartbeats, sessions, locks, what is said of records, and what the share coordinator keeps."""

from typing import Any
from uuid import UUID

from kafkalab.wire.api import ApiKey
from kafkalab.wire.uuids import text_of
from tests.clients.apache_kafka.conversation import Conversation, Fields
from tests.clients.apache_kafka.scripts.cluster import NOWHERE, settle_groups

BEAT, FETCH, ACK = ApiKey.SHARE_GROUP_HEARTBEAT, ApiKey.SHARE_FETCH, ApiKey.SHARE_ACKNOWLEDGE
GROUP = "any"
ONE, OTHER = "AAAAAAAAAAAAAAAAAAAAAQ", "AAAAAAAAAAAAAAAAAAAAAg"
"""Member ids, which members choose themselves."""
ACCEPT, RELEASE, REJECT, RENEW = 1, 2, 3, 4
Said = tuple[int, int, list[int]]


def beating(group: str, member: str, epoch: int, topics: list[str] | None = None, **more: Any) -> Fields:
    fields = {"group_id": group, "member_id": member, "member_epoch": epoch, "rack_id": None}
    return {**fields, "subscribed_topic_names": topics, **more}


def partitions(topic_id: str, number: int, said: tuple[Said, ...]) -> list[Fields]:
    batches = [{"first_offset": first, "last_offset": last, "acknowledge_types": types} for first, last, types in said]
    return [
        {
            "topic_id": UUID(topic_id),
            "partitions": [{"partition_index": number, "acknowledgement_batches": batches}],
        }
    ]


def fetching(
    topic_id: str | None, epoch: int, *said: Said, member: str = ONE, number: int = 0, group: str = GROUP, **more: Any
) -> Fields:
    return {
        "group_id": group,
        "member_id": member,
        "share_session_epoch": epoch,
        "max_wait": 0,
        "min_bytes": 1,
        "max_bytes": 1 << 20,
        "max_records": 500,
        "batch_size": 500,
        "share_acquire_mode": 0,
        "is_renew_ack": False,
        "topics": partitions(topic_id, number, said) if topic_id else [],
        "forgotten_topics_data": [],
        **more,
    }


def saying(
    topic_id: str | None, epoch: int, *said: Said, member: str = ONE, number: int = 0, renews: bool = False
) -> Fields:
    return {
        "group_id": GROUP,
        "member_id": member,
        "share_session_epoch": epoch,
        "is_renew_ack": renews,
        "topics": partitions(topic_id, number, said) if topic_id else [],
    }


def settle_share(talk: Conversation, topic: str, member: str = ONE, group: str = GROUP) -> tuple[int, int]:
    """Until the member has its partitions: the group's coordinator, and the member's epoch."""
    to = settle_groups(talk, group)
    told = talk.quietly(BEAT, beating(group, member, 0, [topic]), to=to)
    epoch = told["member_epoch"]

    def assigned() -> bool:
        nonlocal epoch
        told = talk.quietly(BEAT, beating(group, member, epoch, [topic]), to=to)
        epoch = told["member_epoch"]
        return bool(told["assignment"] and told["assignment"]["topic_partitions"])

    talk.until(assigned)
    return to, epoch


def leave(talk: Conversation, to: int, *members: str, group: str = GROUP) -> None:
    for member in members:
        talk.quietly(BEAT, beating(group, member, -1), to=to)


def share_heartbeats(talk: Conversation) -> None:
    talk.topic("share-beats", [1, 2, 3])
    to = settle_groups(talk)
    talk.ask("no member", BEAT, beating(GROUP, "", 0, ["share-beats"]), to=to)
    talk.ask("no group", BEAT, beating("", ONE, 0, ["share-beats"]), to=to)
    talk.ask("no topics", BEAT, beating(GROUP, ONE, 0), to=to)
    talk.ask("empty rack", BEAT, beating(GROUP, ONE, 0, ["share-beats"], rack_id=""), to=to)
    talk.ask("no such epoch", BEAT, beating(GROUP, ONE, -2), to=to)
    talk.ask("unknown group", BEAT, beating("any-x", ONE, 1), to=to)
    talk.ask("leave of an unknown group", BEAT, beating("any-x", ONE, -1), to=to)
    talk.ask("not here", BEAT, beating(GROUP, ONE, 0, ["share-beats"]), to=next(it for it in (1, 2, 3) if it != to))
    _, epoch = settle_share(talk, "share-beats")
    talk.ask("again", BEAT, beating(GROUP, ONE, epoch), to=to)
    talk.ask("all of it again", BEAT, beating(GROUP, ONE, epoch, ["share-beats"]), to=to)
    talk.ask("ahead", BEAT, beating(GROUP, ONE, epoch + 7), to=to)
    talk.ask("behind", BEAT, beating(GROUP, ONE, epoch - 1), to=to)
    talk.ask("nobody", BEAT, beating(GROUP, OTHER, 1), to=to)
    talk.ask("nobody leaves", BEAT, beating(GROUP, OTHER, -1), to=to)
    describe = {"group_ids": [GROUP, "nowhere"], "include_authorized_operations": False}
    talk.ask("described", ApiKey.SHARE_GROUP_DESCRIBE, describe, to=to)
    talk.ask("described as another kind", ApiKey.DESCRIBE_GROUPS, {"groups": [GROUP]}, to=to)
    talk.ask("listed", ApiKey.LIST_GROUPS, {"states_filter": [], "types_filter": ["share"]}, to=to)
    talk.ask("deleted while in use", ApiKey.DELETE_GROUPS, {"groups_names": [GROUP]}, to=to)
    talk.ask("leave", BEAT, beating(GROUP, ONE, -1), to=to)
    talk.ask("described when empty", ApiKey.SHARE_GROUP_DESCRIBE, describe, to=to)
    talk.ask("deleted", ApiKey.DELETE_GROUPS, {"groups_names": [GROUP]}, to=to)


def share_fetches(talk: Conversation) -> None:
    topic = talk.topic("share-fetch", [1, 2, 3])
    to, _ = settle_share(talk, "share-fetch")
    talk.ask("no session", FETCH, fetching(topic, 1))
    talk.ask("no session to end", FETCH, fetching(topic, -1))
    talk.ask("said at the beginning", FETCH, fetching(topic, 0, (0, 0, [ACCEPT])))
    talk.ask("not the leader", FETCH, fetching(topic, 0), to=2)
    talk.ask("unknown topic", FETCH, fetching(NOWHERE, 0, member=OTHER))
    talk.ask("unknown partition", FETCH, fetching(topic, 0, member=OTHER, number=7))

    def open_session() -> bool:
        """A share partition is opened by the first fetch; latest is the end at that moment."""
        talk.quietly(FETCH, fetching(topic, 0))
        talk.produce("share-fetch", b"probe")
        told = talk.quietly(FETCH, fetching(topic, 1, max_wait=500))
        given = [each for it in told["responses"] for part in it["partitions"] for each in part["acquired_records"]]
        if given:
            accepted = [(each["first_offset"], each["last_offset"], [ACCEPT]) for each in given]
            talk.quietly(ACK, saying(topic, 2, *accepted))
        return bool(given)

    talk.until(open_session)
    found = talk.quietly(FETCH, fetching(topic, 3))
    talk.keep("nothing more", found["responses"])
    talk.quietly(FETCH, fetching(None, -1))
    at = talk.produce("share-fetch", b"a", b"b", b"c", b"d")["base_offset"]

    def given() -> bool:
        """The session before was the group's last here: the share partition opens anew."""
        told = talk.quietly(FETCH, fetching(topic, 0, member=OTHER, max_wait=500))
        return any(part["acquired_records"] for it in told["responses"] for part in it["partitions"])

    talk.until(given)
    share_acknowledgements(talk, topic, at, at + 3)
    leave(talk, to, ONE)
    talk.quietly(ApiKey.DELETE_GROUPS, {"groups_names": [GROUP]}, to=to)


def share_acknowledgements(talk: Conversation, topic: str, begin: int, last: int) -> None:
    """OTHER holds the offsets from `begin` to `last`."""
    talk.ask("held by another", FETCH, fetching(topic, 0))
    talk.ask("wrong number", FETCH, fetching(topic, 5))
    talk.ask("says of what another holds", ACK, saying(topic, 1, (last, last, [ACCEPT])))
    talk.ask("says at epoch 0", ACK, saying(topic, 0, (last, last, [ACCEPT])))
    talk.ask("no types", ACK, saying(topic, 2, (last, last, [])))
    talk.ask("too many types", ACK, saying(topic, 3, (last, last, [ACCEPT, ACCEPT])))
    talk.ask("no such type", ACK, saying(topic, 4, (last, last, [9])))
    talk.ask("renewed without saying so", ACK, saying(topic, 5, (last, last, [RENEW])))
    talk.ask("backwards", ACK, saying(topic, 6, (last, last - 1, [ACCEPT])))
    talk.ask("overlapping", ACK, saying(topic, 7, (begin, last, [ACCEPT]), (last, last, [ACCEPT])))
    talk.ask("past the end", ACK, saying(topic, 8, (last, last + 50, [ACCEPT])))
    talk.ask("all past the end", ACK, saying(topic, 9, (last + 50, last + 51, [ACCEPT])))
    talk.ask("unknown partition said", ACK, saying(topic, 10, (0, 0, [ACCEPT]), number=7))
    talk.ask("unknown topic said", ACK, saying(NOWHERE, 11, (0, 0, [ACCEPT])))
    talk.ask("renewed", ACK, saying(topic, 1, (begin, last, [RENEW]), member=OTHER, renews=True))
    talk.ask("renewed with a fetch", FETCH, fetching(topic, 2, (last, last, [RENEW]), member=OTHER, is_renew_ack=True))
    talk.ask("released", ACK, saying(topic, 2, (begin, last, [RELEASE]), member=OTHER))
    talk.ask("released again", ACK, saying(topic, 3, (last, last, [RELEASE]), member=OTHER))
    again = talk.ask("given again", FETCH, fetching(topic, 12, max_wait=500))
    talk.keep("what was given again", [again["responses"][0]["partitions"][0]["acquired_records"]])
    talk.ask("each for itself", ACK, saying(topic, 13, (last - 3, last, [ACCEPT, RELEASE, REJECT, ACCEPT])))
    talk.ask("one is left", FETCH, fetching(topic, 14, max_wait=500))
    talk.ask("said with the end", ACK, saying(topic, -1, (last - 2, last - 2, [ACCEPT])))
    talk.ask("the session is over", ACK, saying(topic, 15, (last, last, [ACCEPT])))
    talk.quietly(FETCH, fetching(None, -1, member=OTHER))


def share_state(talk: Conversation) -> None:
    """What brokers ask a share coordinator, asked by hand."""
    topic = talk.topic("share-state", [1, 2, 3])
    key = {"key_type": 2, "coordinator_keys": [f"kept:{text_of(UUID(topic))}:0"]}

    def found() -> int:
        return int(talk.quietly(ApiKey.FIND_COORDINATOR, key)["coordinators"][0]["node_id"])

    talk.until(lambda: found() > 0)
    to = found()

    def coordinator(topic_id: str | None, number: int) -> int:
        if topic_id in (topic, None) and number in (0, -1):
            return to
        asked = {"key_type": 2, "coordinator_keys": [f"kept:{text_of(UUID(topic_id or NOWHERE))}:{number}"]}
        return int(talk.quietly(ApiKey.FIND_COORDINATOR, asked)["coordinators"][0]["node_id"])

    def ask(name: str, api: ApiKey, topic_id: str | None = topic, number: int = 0, by: int = 0, **part: Any) -> Any:
        by = by or coordinator(topic_id, number)
        data = [{"topic_id": UUID(topic_id) if topic_id else None, "partitions": [{"partition": number, **part}]}]
        return talk.ask(name, api, {"group_id": "kept", "topics": data}, to=by)

    begin, read, write = (
        ApiKey.INITIALIZE_SHARE_GROUP_STATE, ApiKey.READ_SHARE_GROUP_STATE, ApiKey.WRITE_SHARE_GROUP_STATE
    )  # fmt: skip
    summary, forget = ApiKey.READ_SHARE_GROUP_STATE_SUMMARY, ApiKey.DELETE_SHARE_GROUP_STATE

    def loaded() -> bool:
        data = [{"topic_id": UUID(topic), "partitions": [{"partition": 0, "leader_epoch": 0}]}]
        told = talk.quietly(summary, {"group_id": "kept", "topics": data}, to=to)
        return told["results"][0]["partitions"][0]["error_code"] == "none"  # type: ignore[no-any-return]

    talk.until(loaded)

    def batch(first: int, last: int, state: int, count: int) -> Fields:
        return {"first_offset": first, "last_offset": last, "delivery_state": state, "delivery_count": count}

    def written(name: str, state_epoch: int, leader_epoch: int, start: int, complete: int, *batches: Fields) -> None:
        ask(
            name,
            write,
            state_epoch=state_epoch,
            leader_epoch=leader_epoch,
            start_offset=start,
            delivery_complete_count=complete,
            state_batches=list(batches),
        )

    ask("nothing of it yet", summary, leader_epoch=0)
    ask("read before the beginning", read, leader_epoch=0)
    written("written before the beginning", 0, 0, 0, 0)
    ask("forgotten before the beginning", forget)
    ask("begun in no topic", begin, NOWHERE, state_epoch=1, start_offset=0)
    ask("begun in no partition", begin, number=9, state_epoch=1, start_offset=0)
    ask("begun", begin, state_epoch=3, start_offset=-1)
    ask("begun, summary", summary, leader_epoch=0)
    ask("begun again, older", begin, state_epoch=2, start_offset=5)
    ask("begun again", begin, state_epoch=4, start_offset=5)
    ask("begun again, summary", summary, leader_epoch=0)
    ask("read", read, leader_epoch=2)
    ask("read by an older leader", read, leader_epoch=1)
    written("written by an older leader", 4, 1, 5, 0)
    written("written of an older beginning", 3, 2, 5, 0)
    written("written", 4, 2, 5, 1, batch(5, 9, 0, 1), batch(7, 7, 2, 2))
    ask("what was written", read, leader_epoch=2)
    written("written over", 4, 2, 6, 1, batch(6, 6, 4, 5), batch(8, 9, 2, 2))
    ask("what was written over", read, leader_epoch=2)
    ask("its summary", summary, leader_epoch=2)
    ask("not here", read, by=next(it for it in (1, 2, 3) if it != to), leader_epoch=2)
    ask("forgotten", forget)
    ask("read after that", read, leader_epoch=2)


def share_offsets(talk: Conversation) -> None:
    topic = talk.topic("share-offsets", [1, 2, 3])
    to, _ = settle_share(talk, "share-offsets")
    describe, alter, forget = (
        ApiKey.DESCRIBE_SHARE_GROUP_OFFSETS, ApiKey.ALTER_SHARE_GROUP_OFFSETS, ApiKey.DELETE_SHARE_GROUP_OFFSETS
    )  # fmt: skip

    def altered(name: str, topic_name: str, number: int) -> None:
        part = {"partition_index": number, "start_offset": 1}
        fields = {"group_id": GROUP, "topics": [{"topic_name": topic_name, "partitions": [part]}]}
        talk.ask(name, alter, fields, to=to)

    def forgotten(name: str, topic_name: str, group: str = GROUP) -> None:
        talk.ask(name, forget, {"group_id": group, "topics": [{"topic_name": topic_name}]}, to=to)

    def described(name: str) -> None:
        talk.ask(name, describe, {"groups": [{"group_id": GROUP, "topics": None}]}, to=to)
        told = {"group_ids": [GROUP], "include_authorized_operations": False}
        talk.ask(f"{name}, the group", ApiKey.SHARE_GROUP_DESCRIBE, told, to=to)

    talk.produce("share-offsets", b"a", b"b", b"c")
    described("before anybody reads")
    none = settle_groups(talk, "any-nowhere")
    talk.ask("of no group", describe, {"groups": [{"group_id": "any-nowhere", "topics": None}]}, to=none)
    wanted = [{"topic_name": "share-offsets", "partitions": [0, 7]}, {"topic_name": "nowhere", "partitions": [0]}]
    talk.ask("of some", describe, {"groups": [{"group_id": GROUP, "topics": wanted}]}, to=to)
    altered("altered while in use", "share-offsets", 0)
    forgotten("forgotten while in use", "share-offsets")
    leave(talk, to, ONE)
    part = {"topic_name": "share-offsets", "partitions": [{"partition_index": 0, "start_offset": 1}]}
    talk.ask("altered in no group", alter, {"group_id": "any-nowhere", "topics": [part]}, to=none)
    altered("altered in no topic", "nowhere", 0)
    altered("altered in no partition", "share-offsets", 7)
    described("left")
    altered("altered", "share-offsets", 0)
    described("altered, described")

    talk.quietly(FETCH, fetching(topic, 0, max_wait=500))
    told = talk.quietly(FETCH, fetching(topic, 1, max_wait=500))
    parts = [part for it in told["responses"] for part in it["partitions"]]
    talk.keep("given from there on", [part["acquired_records"] for part in parts])
    talk.ask("accepted", ACK, saying(topic, 2, (1, 2, [ACCEPT])))
    described("accepted, described")
    talk.quietly(FETCH, fetching(None, -1))
    forgotten("forgotten in no topic", "nowhere")
    forgotten("forgotten", "share-offsets")
    described("forgotten, described")
    talk.quietly(ApiKey.DELETE_GROUPS, {"groups_names": [GROUP]}, to=to)


SCRIPTS = (share_heartbeats, share_fetches, share_state, share_offsets)
