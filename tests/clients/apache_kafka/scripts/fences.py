"""Transactions of version 2 that somebody else aborts: what their producer can still do, and for how long.

The abort raises the epoch by one, as the producer's own end would. Until another producer begins, the one that
was shut out can thus not be told from one that asks again for its own abort.
"""

from collections.abc import Callable
from itertools import count

from kafkalab.engine.api.produce import ADMIN_CLIENT_ID
from kafkalab.engine.coordinator_place import partition_of
from kafkalab.engine.transactions.metadata import LAST_EPOCH, VERSION_2, TransactionMetadata
from kafkalab.engine.transactions.records import encode
from kafkalab.wire.api import SERVED, ApiKey
from tests.clients.apache_kafka.clusters import BROKERS
from tests.clients.apache_kafka.conversation import NOW_MS, Conversation, Fields, batch, producing
from tests.clients.apache_kafka.scripts.cluster import settle_groups
from tests.clients.apache_kafka.scripts.transactions import OFFSETS, Id, settle_transactions
from tests.clients.apache_kafka.speaking import Connection

COMMIT, ABORT = True, False
GROUP = "shut-out"
TO_TIME_OUT_S = 40
"""Open transactions are looked through every ten seconds."""
STATE = "__transaction_state"
PLACE, COPIES = 0, 2
"""A partition of `__transaction_state`, and how many replicas it has."""


class ShutOut(Id):
    """A producer with an open transaction, begun by writing, and the epochs as it knows them."""

    def __init__(self, talk: Conversation, name: str, topic: str) -> None:
        super().__init__(talk, name)
        self.topic = topic
        self.first_id = -1

    def opens(self, timeout_ms: int = 60_000) -> None:
        self.begin(transaction_timeout=timeout_ms)
        self.write("opens")
        self.first_id = self.producer_id
        self.commit_offsets("opens offsets")

    def write(self, step: str, *, sequence: int = 0, **more: int) -> None:
        told: dict[str, int] = {"producer_id": self.producer_id, "producer_epoch": self.epoch} | more
        records = batch(b"a", is_transactional=True, base_sequence=sequence, **told)
        asked = producing(self.topic, records, transactional_id=self.name)

        def is_settled() -> bool:
            answer = self.talk.quietly(ApiKey.PRODUCE, asked, version=12)
            (told,) = answer["responses"][0]["partition_responses"]
            if told["error_code"] == "concurrent_transactions":
                return False
            self.talk.keep(step, {**told, "base_offset": told["base_offset"] >= 0})
            return True

        self.talk.until(is_settled)

    def commit_offsets(self, step: str, version: int = 5) -> None:
        part = {"partition_index": 0, "committed_offset": 1, "committed_leader_epoch": -1, "committed_metadata": ""}
        asked = self.fields(
            group_id=GROUP, generation_id=-1, member_id="", topics=[{"name": self.topic, "partitions": [part]}]
        )
        coordinator = settle_groups(self.talk, GROUP)

        def is_settled() -> bool:
            told = self.talk.quietly(ApiKey.TXN_OFFSET_COMMIT, asked, to=coordinator, version=version)
            if told["topics"][0]["partitions"][0]["error_code"] == "concurrent_transactions":
                return False
            self.talk.keep(step, told)
            return True

        self.talk.until(is_settled)

    def goes_on(self, step: str) -> None:
        """As a producer does after an error: with the epoch that it has (KIP-360)."""
        self.init(step, producer_id=self.producer_id, producer_epoch=self.epoch)

    def look(self, step: str) -> None:
        """What the coordinator and the partition's leader know."""
        self.settle()
        self.describe(f"{step}: coordinator")
        asked: Fields = {"topics": [{"name": self.topic, "partition_indexes": [0]}]}
        told = self.talk.quietly(ApiKey.DESCRIBE_PRODUCERS, asked)
        (partition,) = told["topics"][0]["partitions"]
        known = [
            (
                ("first id" if each["producer_id"] == self.first_id else "next id"),
                *(each[field] for field in ("producer_epoch", "last_sequence")),
                *(each[field] >= 0 for field in ("coordinator_epoch", "current_txn_start_offset")),
            )
            for each in partition["active_producers"]
            if each["producer_id"] in (self.first_id, self.producer_id)
        ]
        self.talk.keep(f"{step}: leader", sorted(known))


def _aborts_again(it: ShutOut) -> None:
    it.end("commits with its old epoch", COMMIT)
    it.end("aborts with its old epoch", ABORT)
    it.talk.keep("epoch after its abort", it.epoch)
    it.look("after its abort")
    it.write("writes with the epoch that it was given")
    it.describe("after it wrote")
    it.end("commits with the epoch that it was given", COMMIT)
    it.look("after its commit")


def _writes(it: ShutOut) -> None:
    it.write("writes with its old epoch", sequence=1)
    it.write("begins to write with its old epoch")
    for version in SERVED[ApiKey.TXN_OFFSET_COMMIT]:
        it.commit_offsets(f"commits offsets with its old epoch v{version}", version)
    it.look("after it wrote with its old epoch")


def _adds(it: ShutOut) -> None:
    it.add("adds with its old epoch", it.topic, 0)
    it.talk.ask("adds offsets with its old epoch", OFFSETS, it.fields(group_id="g"), to=it.broker)
    it.look("after it added with its old epoch")


def _commits(it: ShutOut) -> None:
    it.end("commits with its old epoch, and no more", COMMIT)
    it.end("commits with its old epoch by version 4", COMMIT, 4)
    it.end("aborts with its old epoch by version 4", ABORT, 4)
    it.look("after it wanted to commit")


def _guesses(it: ShutOut) -> None:
    it.write("writes with an epoch that nobody gave it", producer_epoch=it.epoch + 1)
    it.end("ends it", ABORT, producer_epoch=it.epoch + 1)
    it.look("after it had guessed")


def _goes_on(it: ShutOut) -> None:
    it.goes_on("goes on with its old epoch")
    it.look("after it went on")
    it.write("writes after it went on")
    it.end("commits after it went on", COMMIT)
    it.look("after it went on and committed")


def _goes_on_with_the_one_before_the_last(it: ShutOut) -> None:
    """And nothing after it, as the two do not agree here."""
    answer = it.init("", producer_id=it.producer_id, producer_epoch=it.epoch)
    it.talk.keep("goes on with the epoch before the last", answer["error_code"])


Doing = Callable[[ShutOut], None]
DOING: tuple[Doing, ...] = (_aborts_again, _writes, _adds, _commits, _guesses, _goes_on)


def _afterwards(it: ShutOut, before: Fields) -> None:
    """Another producer begins, for which no transaction is in the way."""
    mine = it.fields()
    it.begin("epoch of the other")
    it.look("when the other has begun")
    theirs = it.fields()
    for which, fields in (("old", before), ("last", mine)):
        it.producer_id, it.epoch = fields["producer_id"], fields["producer_epoch"]
        it.write(f"writes with its {which} epoch after the other has begun")
        it.commit_offsets(f"commits offsets with its {which} epoch after the other has begun")
        for commit in (COMMIT, ABORT):
            word = "commits" if commit else "aborts"
            it.end(f"{word} with its {which} epoch after the other has begun", commit)
        it.goes_on(f"goes on with its {which} epoch after the other has begun")
        it.producer_id, it.epoch = theirs["producer_id"], theirs["producer_epoch"]
    it.write("the other writes")
    it.end("the other commits", COMMIT)
    it.look("when the other has committed")


def shut_out_by_another(talk: Conversation) -> None:
    talk.topic("shut-out", [1, 2, 3])
    for doing in DOING:
        it = ShutOut(talk, f"shut-out{doing.__name__}", "shut-out")
        it.opens()
        _is_shut_out(it, doing)


def _is_shut_out(it: ShutOut, doing: Doing) -> None:
    before = it.fields()
    it.look("open")
    it.init("another asks while it is open")
    it.look("aborted")
    doing(it)
    if doing is not _goes_on_with_the_one_before_the_last:
        _afterwards(it, before)


def shut_out_in_time(talk: Conversation) -> None:
    talk.topic("too-slow", [1, 2, 3])
    everyone = [ShutOut(talk, f"too-slow{doing.__name__}", "too-slow") for doing in DOING]
    for it in everyone:
        it.opens(timeout_ms=2000)
    for it, doing in zip(everyone, DOING, strict=True):
        before = it.fields()
        talk.until(lambda it=it: it.state() == "CompleteAbort", TO_TIME_OUT_S)
        it.look("aborted in time")
        doing(it)
        _afterwards(it, before)


def shut_out_at_the_last_epochs(talk: Conversation) -> None:
    """Nobody waits for 32,766 epochs: a record says that they were given, and the next coordinator believes it."""
    everyone = [
        (ShutOut(talk, name, "worn-out"), doing, epoch)
        for epoch, all_doing in (
            (LAST_EPOCH - 1, (*DOING[:-1], _goes_on_with_the_one_before_the_last)),
            (LAST_EPOCH, DOING),
        )
        for doing in all_doing
        for name in [_named(f"worn-out{doing.__name__}-{epoch}")]
    ]
    old = everyone[0][0].broker
    for it, _, epoch in everyone:
        it.begin()
        _say_that_it_has(it, epoch - 1)
    talk.crash(old)
    (left,) = talk.partition(STATE, PLACE, _up(old))["isr_nodes"]
    talk.start(old)
    talk.until(lambda: len(talk.partition(STATE, PLACE, left)["isr_nodes"]) == COPIES)
    talk.topic("worn-out", [1, 2, 3])
    for it, doing, epoch in everyone:
        it.broker = settle_transactions(talk, it.name)
        it.opens()
        talk.keep("epoch", (it.epoch, it.epoch == epoch))
        _is_shut_out(it, doing)


def _named(beginning: str) -> str:
    """A transactional id that has its place there."""
    return next(name for n in count() if partition_of(name := f"{beginning}-{n}", 3) == PLACE)


def _up(down: int) -> int:
    return next(broker for broker in BROKERS if broker != down)


def _say_that_it_has(it: ShutOut, epoch: int) -> None:
    told = TransactionMetadata(
        transactional_id=it.name,
        producer_id=it.producer_id,
        previous_producer_id=it.producer_id,
        producer_epoch=epoch,
        timeout_ms=60_000,
        updated_ms=NOW_MS,
        client_version=VERSION_2,
    )
    key, value = encode(it.name, told)
    admin = Connection(it.talk.cluster.ports[it.broker], client_id=ADMIN_CLIENT_ID)
    asked = producing(STATE, batch(value, key=key), number=PLACE)
    answer = admin.ask(ApiKey.PRODUCE, 12, asked)
    admin.close()
    assert answer["responses"][0]["partition_responses"][0]["error_code"] == "none", answer


SCRIPTS = (shut_out_by_another, shut_out_in_time, shut_out_at_the_last_epochs)
