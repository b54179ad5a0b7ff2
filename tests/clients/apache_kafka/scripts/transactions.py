"""Transactions at their coordinator: both tables of EndTxn, and who may begin, add, and look."""

from typing import Any

from kafkalab.engine.coordinator_place import partition_of
from kafkalab.wire.api import SERVED, ApiKey
from tests.clients.apache_kafka.clusters import BROKERS
from tests.clients.apache_kafka.conversation import Conversation, Fields

FIND, INIT, END = ApiKey.FIND_COORDINATOR, ApiKey.INIT_PRODUCER_ID, ApiKey.END_TXN
ADD, OFFSETS = ApiKey.ADD_PARTITIONS_TO_TXN, ApiKey.ADD_OFFSETS_TO_TXN
DESCRIBE, LIST = ApiKey.DESCRIBE_TRANSACTIONS, ApiKey.LIST_TRANSACTIONS
BY_BROKERS = 4
"""From this version on AddPartitionsToTxn is what brokers send each other."""
WITH_BUMP = 5
"""The version of EndTxn from which on each end brings a new epoch."""


class Id:
    """One transactional id at its coordinator."""

    def __init__(self, talk: Conversation, name: str) -> None:
        self.talk, self.name = talk, name
        self.broker = settle_transactions(talk, name)
        self.producer_id, self.epoch = -1, -1

    def fields(self, **more: Any) -> Fields:
        return {
            "transactional_id": self.name,
            "producer_id": self.producer_id,
            "producer_epoch": self.epoch,
        } | more

    def init(self, step: str = "", version: int = 5, **more: Any) -> Any:
        asked = {"transactional_id": self.name, "transaction_timeout": 60_000, "producer_id": -1, "producer_epoch": -1}
        answer = self._ask(step, INIT, asked | more, version)
        if answer["error_code"] == "none":
            self.producer_id, self.epoch = answer["producer_id"], answer["producer_epoch"]
        return answer

    def begin(self, step: str = "", version: int = 5, **more: Any) -> None:
        """As a new producer, after whatever is still being ended."""
        self.talk.until(lambda: self.init(version=version, **more)["error_code"] == "none")
        if step:
            self.talk.keep(step, self.epoch)

    def add(self, step: str, topic: str, *partitions: int, version: int = 3, **more: Any) -> Any:
        topics = [{"name": topic, "partitions": list(partitions)}]
        fields = self.fields(topics=topics, **more)
        if version < BY_BROKERS:
            return self._ask(step, ADD, {f"v3_and_below_{key}": value for key, value in fields.items()}, version)
        return self._ask(step, ADD, {"transactions": [fields]}, version)

    def end(self, step: str, commit: bool, version: int = WITH_BUMP, **more: Any) -> Any:
        answer = self._ask(step, END, self.fields(committed=commit, **more), version)
        if answer["error_code"] == "none" and version >= WITH_BUMP:
            self.producer_id, self.epoch = answer["producer_id"], answer["producer_epoch"]
        return answer

    def state(self) -> str:
        return str(self.described()["transaction_state"])

    def described(self) -> Any:
        (told,) = self.talk.quietly(DESCRIBE, {"transactional_ids": [self.name]}, to=self.broker)["transaction_states"]
        return told

    def describe(self, step: str) -> None:
        told = self.described()
        topics = [{**topic, "partitions": sorted(topic["partitions"])} for topic in told["topics"]]
        self.talk.keep(step, {**told, "transaction_start_time": "", "producer_id": "", "topics": topics})

    def settle(self) -> None:
        self.talk.until(lambda: not self.state().startswith("Prepare"))

    def _ask(self, step: str, api: ApiKey, fields: Fields, version: int) -> Any:
        if step:
            return self.talk.ask(step, api, fields, to=self.broker, version=version)
        return self.talk.quietly(api, fields, to=self.broker, version=version)


def settle_transactions(talk: Conversation, name: str) -> int:
    """Until the coordinator is there and has loaded; returns its broker."""

    def found() -> int:
        answer = talk.quietly(FIND, {"key_type": 1, "coordinator_keys": [name]})
        return int(answer["coordinators"][0]["node_id"])

    talk.until(lambda: found() > 0)

    def loaded() -> bool:
        told = talk.quietly(DESCRIBE, {"transactional_ids": [name]}, to=found())["transaction_states"][0]
        return told["error_code"] in ("none", "transactional_id_not_found")

    talk.until(loaded)
    plain = {"transactional_id": None, "transaction_timeout": 60_000, "producer_id": -1, "producer_epoch": -1}
    # A broker has to ask the controller for a block of ids first.
    talk.until(lambda: talk.quietly(INIT, plain, to=found())["error_code"] == "none")
    return found()


def init_transactional(talk: Conversation) -> None:
    one = Id(talk, "begins")
    for version in SERVED[INIT]:
        one.init("again and again", version)
    for name, timeout in {"of 0": 0, "below 0": -1, "too long": 900_001}.items():
        one.init(f"a timeout {name}", transaction_timeout=timeout)
    one.init("a long timeout", transaction_timeout=900_000)
    one.init("an id without an epoch", producer_id=one.producer_id)
    one.init("an epoch without an id", producer_epoch=1)
    mine, epoch = one.producer_id, one.epoch
    one.init("goes on", producer_id=mine, producer_epoch=epoch)
    one.init("goes on, answer lost", producer_id=mine, producer_epoch=epoch)
    for version in (3, 4, 5):
        one.init("went on long ago", version, producer_id=mine, producer_epoch=epoch - 1)
        one.init("from the future", version, producer_id=mine, producer_epoch=epoch + 9)
        one.init("somebody else", version, producer_id=mine + 77, producer_epoch=epoch + 1)
    new = Id(talk, "begins-with-an-epoch")
    new.init("new, and goes on", producer_id=12, producer_epoch=34)
    other = next(broker for broker in BROKERS if broker != one.broker)
    asked = {"transactional_id": "begins", "transaction_timeout": 60_000, "producer_id": -1, "producer_epoch": -1}
    talk.ask("not the coordinator", INIT, asked, to=other)
    talk.ask("not the coordinator: describe", DESCRIBE, {"transactional_ids": ["begins"]}, to=other)


def fencing(talk: Conversation) -> None:
    talk.topic("fenced", [1, 2, 3], [2, 3, 1])
    for version in (3, 4):
        one = Id(talk, f"fenced-{version}")
        one.begin("first epoch", version)
        one.add("opens", "fenced", 0, 1)
        one.init("another while it is open", version)
        one.begin("epoch of the other", version)
        zombie = one.fields(producer_epoch=0)
        for end_version in SERVED[END]:
            talk.ask("the zombie ends", END, zombie | {"committed": True}, to=one.broker, version=end_version)
        for add_version in range(BY_BROKERS):
            one.add("the zombie adds", "fenced", 0, version=add_version, producer_epoch=0)
        for offsets_version in SERVED[OFFSETS]:
            asked = zombie | {"group_id": "g"}
            talk.ask("the zombie adds offsets", OFFSETS, asked, to=one.broker, version=offsets_version)
        one.describe("after all")


def add_partitions(talk: Conversation) -> None:
    talk.topic("added", [1, 2, 3], [2, 3, 1])
    one = Id(talk, "adds")
    one.begin()
    for version in range(BY_BROKERS):
        one.add("adds", "added", 0, version=version)
        one.add("one is not there", "added", 1, 7, version=version)
        one.add("no such topic", "nowhere", 0, version=version)
        one.add("an internal topic", "__consumer_offsets", 0, version=version)
        one.add("wrong id", "added", 0, version=version, producer_id=one.producer_id + 5)
        one.add("wrong epoch", "added", 0, version=version, producer_epoch=9)
        one.add("unknown transactional id", "added", 0, version=version, transactional_id="never")
        one.add("no transactional id", "added", 0, version=version, transactional_id="")
    one.describe("what was added")
    for version in range(BY_BROKERS, SERVED[ADD][-1] + 1):
        for verify_only in (True, False):
            told = {"version": version, "verify_only": verify_only}
            what = "verifies" if verify_only else "adds for it"
            one.add(f"{what} what is there", "added", 0, **told)
            one.add(f"{what} what is not there", "added", 1, **told)
            one.add(f"{what} what does not exist", "added", 0, 8, **told)
            one.add(f"{what}, wrong id", "added", 0, producer_id=one.producer_id + 5, **told)
            one.add(f"{what}, wrong epoch", "added", 0, producer_epoch=9, **told)
            one.add(f"{what}, unknown", "added", 0, transactional_id="never", **told)
        one.end("ends", True, 4)
        one.settle()
        one.add("verifies nothing", "added", 0, version=version, verify_only=True)
    several = [one.fields(topics=[{"name": "added", "partitions": [0]}], verify_only=True)]
    several.append({**several[0], "transactional_id": "never"})
    talk.ask("several", ADD, {"transactions": several}, to=one.broker)
    for version in SERVED[OFFSETS]:
        for name, how in {
            "adds": {}, "wrong id": {"producer_id": one.producer_id + 5}, "wrong epoch": {"producer_epoch": 9},
            "unknown": {"transactional_id": "never"}, "no name": {"transactional_id": ""},
        }.items():  # fmt: skip
            asked = one.fields(group_id="transformers", **how)
            talk.ask(f"offsets: {name}", OFFSETS, asked, to=one.broker, version=version)


def end_txn(talk: Conversation) -> None:
    """Every state that lasts, by every version; the retry is the epoch before the one that the end brought."""
    talk.topic("ended", [1, 2, 3])
    for version in SERVED[END]:
        for commit in (True, False):
            word = "commit" if commit else "abort"
            one = Id(talk, f"ends-{version}-{word}")
            one.begin()
            one.end(f"{word}: wrong id", commit, version, producer_id=one.producer_id + 5)
            one.end(f"{word}: wrong epoch", commit, version, producer_epoch=5)
            one.end(f"{word}: unknown", commit, version, transactional_id="never")
            one.end(f"{word}: no name", commit, version, transactional_id="")
            one.end(f"{word}: nothing begun", commit, version)
            one.settle()
            one.describe(f"{word}: nothing begun: described")
            one.add("", "ended", 0, version=5 if version >= WITH_BUMP else 3)
            if version >= WITH_BUMP:
                one.end(f"{word}: one epoch before", commit, version, producer_epoch=one.epoch - 1)
            one.describe(f"{word}: open: described")
            one.end(f"{word}: ends", commit, version)
            one.settle()
            one.describe(f"{word}: ended: described")
            _ask_again(one, word, "ended", version)


def _ask_again(one: Id, word: str, when: str, version: int) -> None:
    """In a state that stays: all that changes nothing first, then what brings a new epoch."""
    producer_id, epoch = one.producer_id, one.epoch
    for name, asked in (("before", epoch - 1), ("long before", epoch - 2), ("after", epoch + 1), ("now", epoch)):
        for commit in (True, False):
            one.producer_id, one.epoch = producer_id, epoch
            again = "commit" if commit else "abort"
            one.end(f"{word}: {when}: {again} with the epoch {name}", commit, version, producer_epoch=asked)
            one.settle()


def while_markers_wait(talk: Conversation) -> None:
    """For as long as a marker finds no broker the transaction is decided, and not complete."""
    for version in (4, WITH_BUMP):
        for commit in (True, False):
            name = f"waits-{version}-{'commit' if commit else 'abort'}"
            one = Id(talk, name)
            state = talk.partition("__transaction_state", partition_of(name, 3))
            # One that keeps no copy of the decision, which then needs not wait for it.
            (gone,) = (broker for broker in BROKERS if broker not in state["replica_nodes"])
            talk.topic(f"widowed-{name}", [gone])
            one.begin()
            one.add(f"{name}: adds", f"widowed-{name}", 0, version=5 if version >= WITH_BUMP else 3)
            talk.kill(gone)
            _while_it_waits(one, f"widowed-{name}", commit, version)
            talk.until_gone(gone)
            talk.start(gone)
            one.broker = settle_transactions(talk, name)
            one.settle()
            one.describe("complete: described")
            one.begin("next epoch")


def _while_it_waits(one: Id, topic: str, commit: bool, version: int) -> None:
    """All of this within the two seconds after which the cluster knows that the broker is gone."""
    name = one.name
    before = one.fields()
    one.end(f"{name}: ends", commit, version)
    now = one.fields()
    one.talk.keep(f"{name}: prepared", one.state())
    one.init(f"{name}: another begins")
    one.add(f"{name}: adds more", topic, 0)
    one.add(f"{name}: verifies", topic, 0, version=5, verify_only=True)
    for again in (True, False):
        for which, fields in (("before", before), ("now", now)):
            for asked_version in (1, 4, 5):
                word = f"{name}: {'commit' if again else 'abort'} again with the epoch {which}"
                one.talk.ask(word, END, fields | {"committed": again}, to=one.broker, version=asked_version)
    one.talk.keep(f"{name}: still prepared", one.state())


def look_at_transactions(talk: Conversation) -> None:
    talk.topic("looked-at", [1, 2, 3], [2, 3, 1])
    one, other = Id(talk, "looked-at-1"), Id(talk, "looked-at-2")
    one.begin()
    one.add("", "looked-at", 0, 1)
    other.begin()
    talk.ask("described: nobody, no name", DESCRIBE, {"transactional_ids": ["", "never-was-1"]}, to=one.broker)
    talk.ask("described: none", DESCRIBE, {"transactional_ids": []}, to=one.broker)
    one.describe("open")
    other.describe("empty")
    asked: dict[str, Fields] = {
        "ongoing": {"state_filters": ["Ongoing"]},
        "by producer": {"producer_id_filters": [one.producer_id]},
        "unknown states": {
            "state_filters": ["Ongoing", "ongoing", "Sleeping"],
            "producer_id_filters": [one.producer_id],
        },
        "only unknown states": {"state_filters": ["Sleeping"]},
        "by pattern": {"transactional_id_pattern": "looked-at-.*"},
        "no whole match": {"transactional_id_pattern": "looked-at"},
        "an empty pattern": {"transactional_id_pattern": "", "producer_id_filters": [one.producer_id]},
        "no pattern": {"transactional_id_pattern": "(looked"},
        "long": {"duration_filter": 3_600_000},
        "of any length": {"duration_filter": 0, "producer_id_filters": [one.producer_id]},
    }
    for name, fields in asked.items():
        for version in SERVED[LIST]:
            if version == SERVED[LIST][-1] or "transactional_id_pattern" not in fields:
                told = talk.quietly(LIST, {"duration_filter": -1, **fields}, to=one.broker, version=version)
                mine = [each for each in told["transaction_states"] if each["transactional_id"] == one.name]
                talk.keep(f"listed: {name} v{version}", {**told, "transaction_states": mine})
    one.end("", False, 4)


def find_transaction_coordinator(talk: Conversation) -> None:
    one = Id(talk, "found")
    for version in SERVED[FIND][1:]:
        if version < 4:
            told = talk.quietly(FIND, {"key": "found", "key_type": 1}, version=version)
        else:
            (told,) = talk.quietly(FIND, {"key_type": 1, "coordinator_keys": ["found"]}, version=version)[
                "coordinators"
            ]
        told["node_id"] = told["node_id"] == one.broker
        talk.keep(f"found v{version}", {**told, "port": ""})


SCRIPTS = (
    find_transaction_coordinator,
    init_transactional,
    fencing,
    add_partitions,
    end_txn,
    look_at_transactions,
    while_markers_wait,
)
