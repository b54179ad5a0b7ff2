"""Share groups that nobody has joined, and share groups that read committed records only."""

from typing import Any

from kafkalab.wire.api import ApiKey
from tests.clients.apache_kafka.conversation import Conversation, Fields, batch, producing
from tests.clients.apache_kafka.scripts.cluster import settle_groups
from tests.clients.apache_kafka.scripts.configs import SET, change, settled
from tests.clients.apache_kafka.scripts.group_configs import GROUP as OF_GROUPS
from tests.clients.apache_kafka.scripts.share import ACCEPT, ACK, FETCH, ONE, fetching, leave, saying, settle_share
from tests.clients.apache_kafka.scripts.transactions import Id

DESCRIBE, ALTER, FORGET = (
    ApiKey.DESCRIBE_SHARE_GROUP_OFFSETS, ApiKey.ALTER_SHARE_GROUP_OFFSETS, ApiKey.DELETE_SHARE_GROUP_OFFSETS
)  # fmt: skip


def share_offsets_of_nobody(talk: Conversation) -> None:
    talk.topic("unjoined", [1, 2, 3], [2, 3, 1])
    talk.produce("unjoined", b"a", b"b", b"c")
    group = "unjoined"
    to = settle_groups(talk, group)

    def described(name: str, topics: Any = None, of: str = group) -> None:
        talk.ask(name, DESCRIBE, {"groups": [{"group_id": of, "topics": topics}]}, to=to)
        told = {"group_ids": [group], "include_authorized_operations": False}
        talk.ask(f"{name}, the group", ApiKey.SHARE_GROUP_DESCRIBE, told, to=to)

    def altered(name: str, *offsets: int, topic: str = "unjoined", of: str = group) -> None:
        parts = [{"partition_index": number, "start_offset": offset} for number, offset in enumerate(offsets)]
        talk.ask(name, ALTER, {"group_id": of, "topics": [{"topic_name": topic, "partitions": parts}]}, to=to)

    described("nobody")
    described("nobody, no topic", [{"topic_name": "nowhere", "partitions": [0]}])
    talk.ask("forgotten", FORGET, {"group_id": group, "topics": [{"topic_name": "unjoined"}]}, to=to)
    altered("in no topic", 1, topic="nowhere")
    described("in no topic, described")
    altered("made", 1)
    described("made, described")
    altered("again", 2, 0)
    described("again, described")
    talk.ask("listed", ApiKey.LIST_GROUPS, {"states_filter": [], "types_filter": ["share"]}, to=to)
    talk.quietly(ApiKey.DELETE_GROUPS, {"groups_names": [group]}, to=to)
    described("deleted, described")
    commits = {"partition_index": 0, "committed_offset": 1, "committed_leader_epoch": -1, "committed_metadata": ""}
    simple = {"group_id": group, "generation_id_or_member_epoch": -1, "member_id": ""}
    topics = [{"name": "unjoined", "partitions": [commits]}]
    talk.quietly(ApiKey.OFFSET_COMMIT, simple | {"topics": topics}, to=to, version=8)
    described("of another kind")
    altered("of another kind, altered", 1)
    described("no name", of="")
    altered("no name, altered", 1, of="")
    talk.quietly(ApiKey.DELETE_GROUPS, {"groups_names": [group]}, to=to)


class Committed:
    """A group that reads committed records only, and a producer with a transactional id."""

    group, topic = "committed-only", "of-transactions"

    def __init__(self, talk: Conversation) -> None:
        self.talk, self.topic_id = talk, talk.topic(self.topic, [1, 2, 3])
        level = (OF_GROUPS, self.group, [("share.isolation.level", SET, "read_committed")])
        talk.quietly(ApiKey.INCREMENTAL_ALTER_CONFIGS, change(level))
        settled(talk, self.group, "share.isolation.level", "read_committed", kind=OF_GROUPS)
        self.producer = Id(talk, "of-share")
        self.producer.begin()
        self.to, _ = settle_share(talk, self.topic, group=self.group)
        self.epoch, self.begin = 0, 0
        talk.quietly(FETCH, fetching(self.topic_id, 0, group=self.group))
        talk.until(self._probed)

    def _probed(self) -> bool:
        """A share partition is opened by the first fetch; latest is the end at that moment."""
        at = self.talk.produce(self.topic, b"probe")["base_offset"]
        got = self._fetch()
        if got:
            self.accept(got)
            self.begin = at + 1
        return bool(got)

    def _fetch(self) -> list[Fields]:
        self.epoch += 1
        told = self.talk.quietly(FETCH, fetching(self.topic_id, self.epoch, group=self.group, max_wait=500))
        return [each for it in told["responses"] for part in it["partitions"] for each in part["acquired_records"]]

    def given(self, step: str) -> list[Fields]:
        got = self._fetch()
        spans = [(each["first_offset"] - self.begin, each["last_offset"] - self.begin) for each in got]
        self.talk.keep(step, [(*span, each["delivery_count"]) for span, each in zip(spans, got, strict=True)])
        return got

    def accept(self, got: list[Fields]) -> list[str]:
        self.epoch += 1
        said = [(each["first_offset"], each["last_offset"], [ACCEPT]) for each in got]
        told = self.talk.quietly(ACK, {**saying(self.topic_id, self.epoch, *said), "group_id": self.group})
        return [part["error_code"] for it in told["responses"] for part in it["partitions"]]

    def write(self, *values: bytes, sequence: int = 0) -> None:
        told = {"producer_id": self.producer.producer_id, "producer_epoch": self.producer.epoch}
        records = batch(*values, is_transactional=True, base_sequence=sequence, **told)
        asked = producing(self.topic, records, transactional_id=self.producer.name)
        answer = self.talk.quietly(ApiKey.PRODUCE, asked, version=12)
        assert answer["responses"][0]["partition_responses"][0]["error_code"] == "none", answer

    def end(self, *, commit: bool) -> None:
        self.producer.end("", commit)
        self.producer.settle()

    def lag(self) -> int:
        """Not the start: Apache Kafka moves it over aborted records one write later."""
        told = self.talk.quietly(DESCRIBE, {"groups": [{"group_id": self.group, "topics": None}]}, to=self.to)
        (part,) = told["groups"][0]["topics"][0]["partitions"]
        return int(part["lag"])


def share_reads_committed(talk: Conversation) -> None:
    it = Committed(talk)
    it.write(b"aborted", b"aborted")
    it.write(b"aborted, too", sequence=2)
    it.given("while it is open")
    talk.produce(it.topic, b"in between")
    it.end(commit=False)
    it.write(b"committed")
    it.end(commit=True)
    got = it.given("when it was aborted")
    it.given("and then nothing")
    talk.keep("accepted", it.accept(got))
    talk.keep("and the lag then", it.lag())
    it.write(b"aborted at the end")
    it.end(commit=False)
    it.given("nothing but aborted")
    it.given("nothing but aborted, again")
    talk.quietly(FETCH, fetching(None, -1, group=it.group))
    leave(talk, it.to, ONE, group=it.group)
    talk.quietly(ApiKey.DELETE_GROUPS, {"groups_names": [it.group]}, to=it.to)


SCRIPTS = (share_offsets_of_nobody, share_reads_committed)
