"""The controllers' quorum: who it is, and who may be let into it. Nothing here changes it."""

from uuid import UUID

from kafkalab.wire.api import ApiKey
from tests.clients.apache_kafka.clusters import CLUSTER_ID, CONTROLLER
from tests.clients.apache_kafka.conversation import Conversation

NOBODY = UUID("6f1f6e2b-5a3c-4a55-9d0a-3f7d0c3a1b2c")
"""A directory id that no controller has."""
LISTENERS = [{"name": "CONTROLLER", "host": "127.0.0.1", "port": 19999}]


def describe_quorum(talk: Conversation) -> None:
    asked = {"topics": [{"topic_name": "__cluster_metadata", "partitions": [{"partition_index": 0}]}]}
    talk.ask_every_version("the metadata's", ApiKey.DESCRIBE_QUORUM, asked)
    for name, topic, partition in (("another partition", "__cluster_metadata", 1), ("another topic", "elsewhere", 0)):
        strange = {"topics": [{"topic_name": topic, "partitions": [{"partition_index": partition}]}]}
        talk.ask_old_and_new(name, ApiKey.DESCRIBE_QUORUM, strange)
    talk.ask_old_and_new("nothing", ApiKey.DESCRIBE_QUORUM, {"topics": []})


def voters_refused(talk: Conversation) -> None:
    def add(name: str, **fields: object) -> None:
        voter = {"cluster_id": CLUSTER_ID, "timeout": 3000, "voter_id": CONTROLLER + 1, "voter_directory_id": NOBODY}
        talk.ask(name, ApiKey.ADD_RAFT_VOTER, {**voter, "listeners": LISTENERS, **fields}, version=0)

    def remove(name: str, **fields: object) -> None:
        voter = {"cluster_id": CLUSTER_ID, "voter_id": CONTROLLER + 1, "voter_directory_id": NOBODY}
        talk.ask_old_and_new(name, ApiKey.REMOVE_RAFT_VOTER, {**voter, **fields})

    add("add: another cluster", cluster_id="another")
    add("add: who votes already", voter_id=CONTROLLER)
    add("add: a negative id", voter_id=-1)
    add("add: nowhere to be reached", listeners=[])
    remove("remove: another cluster", cluster_id="another")
    remove("remove: who does not vote")
    remove("remove: another directory", voter_id=CONTROLLER)


SCRIPTS = (describe_quorum, voters_refused)
