"""Users, access control lists, and what a client hears that may not.

Whoever asks is ANONYMOUS, who may do what no list is for. No list is for the cluster: the brokers of Apache Kafka are
ANONYMOUS among themselves.
"""

from typing import Any

from kafkalab.wire.api import ApiKey
from tests.clients.apache_kafka.conversation import Conversation, Fields
from tests.clients.apache_kafka.scripts.transactions import BY_BROKERS, Id

CREATE, DESCRIBE, DELETE = ApiKey.CREATE_ACLS, ApiKey.DESCRIBE_ACLS, ApiKey.DELETE_ACLS
USERS, USER = ApiKey.DESCRIBE_USER_SCRAM_CREDENTIALS, ApiKey.ALTER_USER_SCRAM_CREDENTIALS
TOPIC, GROUP, CLUSTER, TRANSACTIONAL_ID = 2, 3, 4, 5
ANY, LITERAL, PREFIXED = 1, 3, 4
READ, WRITE, ALTER = 3, 4, 7


def acl(kind: int, name: str, operation: int, **other: Any) -> Fields:
    return {
        "resource_type": kind,
        "resource_name": name,
        "resource_pattern_type": LITERAL,
        "principal": "User:bob",
        "host": "*",
        "operation": operation,
        "permission_type": 3,
        **other,
    }


def meaning(**other: Any) -> Fields:
    return {
        "resource_type_filter": ANY,
        "resource_name_filter": None,
        "pattern_type_filter": ANY,
        "principal_filter": None,
        "host_filter": None,
        "operation": ANY,
        "permission_type": ANY,
        **other,
    }


def user(name: str, mechanism: int = 1, iterations: int = 4096) -> Fields:
    return {
        "name": name,
        "mechanism": mechanism,
        "iterations": iterations,
        "salt": b"salt",
        "salted_password": b"x" * 32,
    }


def altered(*upsertions: Fields, without: tuple[tuple[str, int], ...] = ()) -> Fields:
    return {
        "deletions": [{"name": name, "mechanism": mechanism} for name, mechanism in without],
        "upsertions": list(upsertions),
    }


def scram_users(talk: Conversation) -> None:
    everybody: Fields = {"users": None}
    talk.ask("nobody yet", USERS, everybody)
    talk.ask("two", USER, altered(user("ann"), user("ben", 2, 8192)))
    talk.ask("another way", USER, altered(user("ann", 2)))
    talk.until(lambda: len(talk.quietly(USERS, everybody)["results"]) == 2)
    talk.until(lambda: len(talk.quietly(USERS, {"users": [{"name": "ann"}]})["results"][0]["credential_infos"]) == 2)
    talk.ask("everybody", USERS, everybody)
    talk.ask("everybody, said with an empty list", USERS, {"users": []})
    talk.ask("one, and one who is not there", USERS, {"users": [{"name": "ben"}, {"name": "carl"}]})
    talk.ask("one twice", USERS, {"users": [{"name": "ben"}, {"name": "ben"}]})
    talk.ask("altered twice", USER, altered(user("dora"), user("dora", 2)))
    talk.ask("too few rounds", USER, altered(user("dora", 1, 4095)))
    talk.ask("too many rounds", USER, altered(user("dora", 1, 16385)))
    talk.ask("no name", USER, altered(user("")))
    talk.ask("unknown mechanism", USER, altered(user("dora", 3)))
    talk.ask("one well and one wrong", USER, altered(user("emil"), user("dora", 3)))
    talk.ask("taken from nobody", USER, altered(without=(("carl", 1),)))
    talk.ask("taken by another way", USER, altered(without=(("ben", 1),)))
    talk.ask("taken and given", USER, altered(user("emil"), without=(("emil", 1),)))
    talk.ask("taken away", USER, altered(without=(("ann", 1), ("ben", 2), ("emil", 1))))
    talk.ask("and the other", USER, altered(without=(("ann", 2),)))
    talk.until(lambda: not talk.quietly(USERS, everybody)["results"])
    talk.ask("nobody any more", USERS, everybody)


def lists(talk: Conversation) -> None:
    talk.ask_every_version("none", DESCRIBE, meaning())
    good = [
        acl(TOPIC, "secret", READ),
        acl(TOPIC, "secret", WRITE, host="10.0.0.1"),
        acl(TOPIC, "sec", ALTER, resource_pattern_type=PREFIXED, permission_type=2),
        acl(GROUP, "g", READ, principal="User:*"),
        acl(TRANSACTIONAL_ID, "t", 2),
    ]
    talk.ask("good ones", CREATE, {"creations": good})
    talk.ask("again", CREATE, {"creations": good[:1]})
    bad = [
        acl(ANY, "x", READ),
        acl(99, "x", READ),
        acl(TOPIC, "", READ),
        acl(CLUSTER, "x", READ),
        acl(TOPIC, "x", READ, resource_pattern_type=2),
        acl(TOPIC, "x", READ, permission_type=1),
        acl(TOPIC, "x", ANY),
    ]
    for number, each in enumerate(bad):
        talk.ask(f"bad {number}", CREATE, {"creations": [each]})
    talk.until(lambda: len(talk.quietly(DESCRIBE, meaning())["resources"]) == 4)
    talk.ask_every_version("all", DESCRIBE, meaning())
    talk.ask("of topics", DESCRIBE, meaning(resource_type_filter=TOPIC))
    talk.ask("by name", DESCRIBE, meaning(resource_name_filter="secret"))
    talk.ask("whatever applies", DESCRIBE, meaning(resource_name_filter="secret", pattern_type_filter=2))
    talk.ask("prefixed", DESCRIBE, meaning(resource_name_filter="secret", pattern_type_filter=PREFIXED))
    talk.ask("of bob", DESCRIBE, meaning(principal_filter="User:bob"))
    talk.ask("of a host", DESCRIBE, meaning(host_filter="10.0.0.1"))
    talk.ask("denials", DESCRIBE, meaning(permission_type=2))
    talk.ask("reading", DESCRIBE, meaning(operation=READ))
    talk.ask("delete none", DELETE, {"filters": [meaning(resource_name_filter="nowhere")]})
    two = [meaning(resource_name_filter="secret", operation=READ), meaning(resource_type_filter=GROUP)]
    talk.ask("delete two", DELETE, {"filters": two})
    talk.ask("delete the rest", DELETE, {"filters": [meaning(operation=WRITE)]})
    talk.quietly(DELETE, {"filters": [meaning()]})
    talk.until(lambda: not talk.quietly(DESCRIBE, meaning())["resources"])


def denied(talk: Conversation) -> None:
    talk.topic("guarded", [1, 2])
    talk.topic("unguarded", [1, 2])
    talk.produce("guarded", b"hidden")
    mine = [acl(TOPIC, "guarded", READ), acl(GROUP, "guarded", READ), acl(TRANSACTIONAL_ID, "guarded", WRITE)]
    talk.quietly(CREATE, {"creations": mine})
    for broker in (1, 2, 3):
        talk.until(lambda broker=broker: len(talk.quietly(DESCRIBE, meaning(), to=broker)["resources"]) == 3)  # type: ignore[misc]
    both = [{"name": "guarded"}, {"name": "unguarded"}]
    rights = {"include_topic_authorized_operations": True}
    for version in (1, 4, 10, 13):
        talk.ask("metadata", ApiKey.METADATA, {"topics": both, **rights}, version=version)
    told = talk.quietly(ApiKey.METADATA, {"topics": None})["topics"]
    talk.keep("among all", [name for name in ("guarded", "unguarded") if name in {topic["name"] for topic in told}])
    page = {"response_partition_limit": 2000, "cursor": None}
    talk.ask("shapes", ApiKey.DESCRIBE_TOPIC_PARTITIONS, {"topics": both, **page})
    offsets = [{"name": each["name"], "partitions": [{"partition_index": 0, "timestamp": -1}]} for each in both]
    talk.ask_old_and_new("offsets", ApiKey.LIST_OFFSETS, {"replica_id": -1, "topics": offsets})
    epochs = [{"topic": each["name"], "partitions": [{"partition": 0, "leader_epoch": 0}]} for each in both]
    talk.ask_old_and_new("epochs", ApiKey.OFFSET_FOR_LEADER_EPOCH, {"replica_id": -2, "topics": epochs})
    described = [{"resource_type": 2, "resource_name": "guarded", "configuration_keys": ["retention.ms"]}]
    talk.ask("settings", ApiKey.DESCRIBE_CONFIGS, {"resources": described})
    change = [{"name": "retention.ms", "config_operation": 0, "value": "5"}]
    settings = [{"resource_type": 2, "resource_name": "guarded", "configs": change}]
    talk.ask("change", ApiKey.INCREMENTAL_ALTER_CONFIGS, {"resources": settings, "validate_only": False})
    talk.ask("grow", ApiKey.CREATE_PARTITIONS, {"topics": [{"name": "guarded", "count": 3}], "timeout": 1000})
    records = [{"name": "guarded", "partitions": [{"partition_index": 0, "offset": 0}]}]
    talk.ask("delete records", ApiKey.DELETE_RECORDS, {"topics": records, "timeout": 1000})
    talk.ask("coordinator", ApiKey.FIND_COORDINATOR, {"key_type": 0, "key": "guarded"}, version=3)
    talk.ask("coordinator", ApiKey.FIND_COORDINATOR, {"key_type": 0, "coordinator_keys": ["guarded"]}, version=6)
    beat = {"group_id": "guarded", "generation_id": 1, "member_id": "m"}
    talk.ask_old_and_new("heartbeat", ApiKey.HEARTBEAT, beat)
    talk.ask("sync", ApiKey.SYNC_GROUP, beat | {"protocol_type": "consumer", "protocol_name": "range"})
    talk.ask("leave", ApiKey.LEAVE_GROUP, {"group_id": "guarded", "members": [{"member_id": "m"}]})
    talk.ask("describe", ApiKey.DESCRIBE_GROUPS, {"groups": ["guarded"]})
    talk.ask("forget", ApiKey.DELETE_GROUPS, {"groups_names": ["guarded"]})
    talk.ask("begin", ApiKey.INIT_PRODUCER_ID, {"transactional_id": "guarded", "transaction_timeout": 1000}, version=4)
    adding_to_a_transaction(talk)
    talk.quietly(DELETE, {"filters": [meaning()]})
    for broker in (1, 2, 3):
        talk.until(lambda broker=broker: not talk.quietly(DESCRIBE, meaning(), to=broker)["resources"])  # type: ignore[misc]


def adding_to_a_transaction(talk: Conversation) -> None:
    """Topics that may be written to, beside one that may not and one that is not there."""
    one = Id(talk, "free")
    one.begin()
    for version in range(BY_BROKERS):
        names = ("unguarded", "guarded", "nowhere")
        topics = [{"name": name, "partitions": [0]} for name in names]
        fields = {f"v3_and_below_{key}": value for key, value in one.fields(topics=topics).items()}
        talk.ask("add to a transaction", ApiKey.ADD_PARTITIONS_TO_TXN, fields, to=one.broker, version=version)
    one.describe("nothing was added")


SCRIPTS = (scram_users, lists, denied)
