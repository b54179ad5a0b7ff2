"""What a client asks first: who is there, what do they speak, which topics are there."""

from uuid import UUID

from kafkalab.wire.api import ApiKey
from tests.clients.apache_kafka.conversation import Conversation

NOWHERE = "11111111-2222-3333-4444-555555555555"


def api_versions(talk: Conversation) -> None:
    who = {"client_software_name": "comparer", "client_software_version": "1.0"}
    talk.ask_every_version("asked well", ApiKey.API_VERSIONS, who)
    talk.ask("bad name", ApiKey.API_VERSIONS, who | {"client_software_name": "-comparer-"})
    talk.ask("no name", ApiKey.API_VERSIONS, {})


def metadata(talk: Conversation) -> None:
    topic_id = talk.topic("metadata", [1, 2], [2, 3], [3, 1])
    talk.ask_every_version("of one topic", ApiKey.METADATA, {"topics": [{"name": "metadata"}]})
    rights = {"include_topic_authorized_operations": True, "include_cluster_authorized_operations": True}
    for version in (8, 10, 13):
        talk.ask("with rights", ApiKey.METADATA, {"topics": [{"name": "metadata"}], **rights}, version=version)
    by_id = [{"name": None, "topic_id": UUID(topic_id)}]
    talk.ask("by id", ApiKey.METADATA, {"topics": by_id}, version=12)
    talk.ask("by id", ApiKey.METADATA, {"topics": by_id})
    talk.ask("by id and name", ApiKey.METADATA, {"topics": [{"name": "metadata", "topic_id": UUID(topic_id)}]})
    talk.ask("by id", ApiKey.METADATA, {"topics": by_id}, version=10)
    talk.ask("by unknown id", ApiKey.METADATA, {"topics": [{"name": None, "topic_id": UUID(NOWHERE)}]})
    talk.ask("neither id nor name", ApiKey.METADATA, {"topics": [{"name": None}]})
    talk.ask("no topics", ApiKey.METADATA, {"topics": []})
    unwanted = {"allow_auto_topic_creation": False}
    for version in (4, 13):
        talk.ask("unknown", ApiKey.METADATA, {"topics": [{"name": "nowhere"}], **unwanted}, version=version)
        talk.ask("bad name", ApiKey.METADATA, {"topics": [{"name": "no where"}], **unwanted}, version=version)
        talk.ask("empty name", ApiKey.METADATA, {"topics": [{"name": ""}], **unwanted}, version=version)
        talk.ask("twice", ApiKey.METADATA, {"topics": [{"name": "metadata"}, {"name": "metadata"}]}, version=version)
    wanted = {"allow_auto_topic_creation": True}
    talk.ask("made by asking", ApiKey.METADATA, {"topics": [{"name": "by-asking"}], **wanted})
    talk.ask("made by asking in vain", ApiKey.METADATA, {"topics": [{"name": "by asking"}], **wanted})
    talk.until(lambda: talk.partition("by-asking", 1).get("leader_id", -1) > 0)
    made = talk.quietly(ApiKey.METADATA, {"topics": [{"name": "by-asking"}]})["topics"][0]
    talk.keep("what asking made", [len(one["replica_nodes"]) for one in made["partitions"]])


def describe_cluster(talk: Conversation) -> None:
    for version in (0, 1, 2):
        talk.ask("of brokers", ApiKey.DESCRIBE_CLUSTER, {"endpoint_type": 1}, version=version)
    talk.ask(
        "with rights", ApiKey.DESCRIBE_CLUSTER, {"endpoint_type": 1, "include_cluster_authorized_operations": True}
    )
    talk.ask("of controllers", ApiKey.DESCRIBE_CLUSTER, {"endpoint_type": 2})
    talk.ask("of neither", ApiKey.DESCRIBE_CLUSTER, {"endpoint_type": 3})


def describe_topic_partitions(talk: Conversation) -> None:
    api = ApiKey.DESCRIBE_TOPIC_PARTITIONS
    talk.topic("shapes-a", [1, 2, 3], [2, 3, 1])
    talk.topic("shapes-b", [3, 1])
    both = [{"name": "shapes-b"}, {"name": "shapes-a"}]
    whole = {"response_partition_limit": 2000, "cursor": None}
    talk.ask("both", api, {"topics": both, **whole})
    talk.ask("unknown", api, {"topics": [{"name": "nowhere"}], **whole})
    talk.ask("bad name", api, {"topics": [{"name": "no where"}], **whole})
    talk.ask("empty name", api, {"topics": [{"name": ""}], **whole})
    for limit in (1, 2, 3, 0, -1):
        talk.ask(f"at most {limit}", api, {"topics": both, "response_partition_limit": limit, "cursor": None})
    for name, number in (("shapes-a", 1), ("shapes-a", 2), ("shapes-a", 7), ("shapes-aa", 0), ("shapes-a", -1)):
        cursor = {"topic_name": name, "partition_index": number}
        page = {"topics": both, "response_partition_limit": 2000, "cursor": cursor}
        talk.ask(f"from {name} {number}", api, page)


def unregister_broker(talk: Conversation) -> None:
    talk.ask("unknown", ApiKey.UNREGISTER_BROKER, {"broker_id": 77})
    talk.ask("negative", ApiKey.UNREGISTER_BROKER, {"broker_id": -1})


def find_coordinator(talk: Conversation) -> None:
    talk.ask("group", ApiKey.FIND_COORDINATOR, {"key_type": 0, "key": "any", "coordinator_keys": ["any"]})
    settle_groups(talk)
    for version in range(7):
        one = {"key": "any", "key_type": 0, "coordinator_keys": ["any"]}
        answer = talk.quietly(ApiKey.FIND_COORDINATOR, one, version=version)
        found = answer["coordinators"][0] if version >= 4 else answer
        led = found["node_id"] in (1, 2, 3) and found["port"] == talk.cluster.ports[found["node_id"]]
        talk.keep(f"group v{version}", {**found, "node_id": led, "port": led})
    keys = {"coordinator_keys": ["", "other"]}
    for name, kind in (("share", 2), ("neither", 7)):
        talk.ask(name, ApiKey.FIND_COORDINATOR, {"key_type": kind, **keys}, version=6)
        talk.ask(name, ApiKey.FIND_COORDINATOR, {"key_type": kind, "key": "x"}, version=3)


def settle_groups(talk: Conversation, group: str = "any") -> int:
    """Until the group's coordinator is there and has loaded; returns its broker."""

    def found() -> int:
        answer = talk.quietly(ApiKey.FIND_COORDINATOR, {"key_type": 0, "coordinator_keys": [group]})
        return int(answer["coordinators"][0]["node_id"])

    talk.until(lambda: found() > 0)
    asked = {"group_id": group, "member_id": None, "member_epoch": -1, "topics": None}

    def loaded() -> bool:
        told = talk.quietly(ApiKey.OFFSET_FETCH, {"groups": [asked]}, to=found())
        return told["groups"][0]["error_code"] == "none"

    talk.until(loaded)
    return found()


SCRIPTS = (api_versions, metadata, describe_cluster, describe_topic_partitions, unregister_broker, find_coordinator)
