"""Nobody gets from a broker what no list allows: every request is asked about, and refused in Kafka's words."""

from dataclasses import fields
from typing import Any

import pytest
from kio.schema.add_partitions_to_txn.v5.request import (
    AddPartitionsToTxnRequest,
    AddPartitionsToTxnTopic,
    AddPartitionsToTxnTransaction,
)
from kio.schema.create_topics.v7.request import CreatableTopic, CreateTopicsRequest
from kio.schema.delete_acls.v3.request import DeleteAclsFilter, DeleteAclsRequest
from kio.schema.describe_acls.v3.request import DescribeAclsRequest
from kio.schema.describe_cluster.v2.request import DescribeClusterRequest
from kio.schema.describe_configs.v4.request import DescribeConfigsRequest, DescribeConfigsResource
from kio.schema.describe_groups.v6.request import DescribeGroupsRequest
from kio.schema.find_coordinator.v6.request import FindCoordinatorRequest
from kio.schema.heartbeat.v4.request import HeartbeatRequest
from kio.schema.init_producer_id.v5.request import InitProducerIdRequest
from kio.schema.list_groups.v5.request import ListGroupsRequest
from kio.schema.metadata.v13.request import MetadataRequest, MetadataRequestTopic

from kafkalab.engine.api import ROUTES
from kafkalab.engine.clients.requests import duration
from kafkalab.engine.events import AclCreated, AclDeleted, AuthorizationDenied
from kafkalab.engine.security.acls import CLUSTER_NAME, Operation, PatternType, Permission, ResourceType
from kafkalab.engine.security.permissions import PERMISSIONS, Each, Shown, Whole
from kafkalab.wire.api import ApiKey
from kafkalab.wire.dialect import (
    OffsetCommitPartition,
    OffsetCommitRequest,
    OffsetCommitTopic,
    OffsetFetchGroup,
    OffsetFetchRequest,
    OffsetFetchTopic,
)
from kafkalab.wire.errors import ErrorCode
from kafkalab.wire.translate.schema import Direction, dialect_class
from tests.engine.broker.room import Room, fetch_request, produce_request
from tests.engine.security.asking import ADMIN, ALICE, allow, entry, guarded

TOPIC, GROUP, CLUSTER = ResourceType.TOPIC, ResourceType.GROUP, ResourceType.CLUSTER
TRANSACTIONAL_ID = ResourceType.TRANSACTIONAL_ID
READ, WRITE, DESCRIBE = Operation.READ, Operation.WRITE, Operation.DESCRIBE
NO_TOPIC = ErrorCode.topic_authorization_failed
NO_GROUP = ErrorCode.group_authorization_failed
NO_CLUSTER = ErrorCode.cluster_authorization_failed


@pytest.fixture
def room() -> Room:
    """Topics orders and bills; alice, who speaks, may do nothing yet."""
    room = guarded(offsets_topic_replication_factor="1")
    room.create((1,))
    room.create((1,), topic="bills")
    room.principal = ALICE
    return room


@pytest.mark.parametrize("api_key", sorted(ROUTES), ids=lambda key: ApiKey(key).message_name)
def test_every_request_has_its_permission(api_key: int) -> None:
    """Whoever adds an API says in `security/permissions.py` who may use it."""
    assert api_key in PERMISSIONS


@pytest.mark.parametrize("api_key", sorted(ROUTES), ids=lambda key: ApiKey(key).message_name)
def test_a_permission_speaks_of_fields_that_there_are(api_key: int) -> None:
    asked, answered = (
        {field.name for field in fields(dialect_class(direction, api_key))}
        for direction in (Direction.REQUEST, Direction.RESPONSE)
    )
    for permission in PERMISSIONS[api_key]:
        match permission:
            case Whole(field=name):
                assert not name or name in asked
            case Each(field=name, answered_in=place):
                assert (name in asked, place in answered) == (True, True)
            case Shown(field=name):
                assert name in answered


# -- topics ------------------------------------------------------------------------------------------


def test_a_producer_writes_where_it_may(room: Room) -> None:
    refused = room.produce(1, "a")
    allow(room, entry(WRITE, TOPIC, "orders"))
    stored = room.produce(1, "b")
    assert (refused.error_code, stored.error_code, stored.base_offset) == (NO_TOPIC, ErrorCode.none, 0)
    denied = room.take_facts(AuthorizationDenied)
    assert [fact.sentence() for fact in denied] == ["Broker 1 denied User:alice WRITE on topic orders (Produce)."]


def test_of_two_topics_the_one_is_written_and_the_other_refused(room: Room) -> None:
    allow(room, entry(WRITE, TOPIC, "bills"))
    one, other = produce_request("a"), produce_request("b", topic="bills")
    both = type(one)(one.acks, one.timeout_ms, (*one.topics, *other.topics))
    answer = room.ask(1, ApiKey.PRODUCE, both, api_version=12)
    told = {topic.name: topic.partitions[0].error_code for topic in answer.topics}
    assert told == {"orders": NO_TOPIC, "bills": ErrorCode.none}


def test_a_producer_that_wants_no_answer_is_hung_up_on(room: Room) -> None:
    room.say(1, ApiKey.PRODUCE, produce_request("a", acks=0))
    assert room.client.lost == ["broker-1"]


def test_a_consumer_reads_where_it_may(room: Room) -> None:
    room.principal = ADMIN
    room.produce(1, "secret")
    room.principal = ALICE
    refused = room.fetch(1, 0)
    allow(room, entry(READ, TOPIC, "ord", pattern=PatternType.PREFIXED))
    read = room.fetch(1, 0)
    assert (refused.error_code, refused.records) == (NO_TOPIC, b"")
    assert (read.error_code, bool(read.records)) == (ErrorCode.none, True)


def test_nobody_poses_as_a_follower(room: Room) -> None:
    allow(room, entry(READ, TOPIC, "orders"))
    answer = room.ask(1, ApiKey.FETCH, fetch_request(0, replica_id=2))
    assert (answer.error_code, answer.topics) == (NO_CLUSTER, ())


def metadata(room: Room, *topics: str) -> dict[str, Any]:
    named = tuple(MetadataRequestTopic(topic_id=None, name=topic) for topic in topics)
    body = MetadataRequest(
        topics=named or None, allow_auto_topic_creation=True, include_topic_authorized_operations=True
    )
    answer = room.ask(1, ApiKey.METADATA, body)
    assert len(answer.brokers) == 1
    return {topic.name: topic for topic in answer.topics}


def test_metadata_leaves_out_what_may_not_be_described_and_refuses_what_is_named(room: Room) -> None:
    allow(room, entry(DESCRIBE, TOPIC, "bills"))
    assert list(metadata(room)) == ["bills"]
    told = metadata(room, "orders", "bills", "new")
    assert {name: topic.error_code for name, topic in told.items()} == {
        "bills": ErrorCode.none,
        "orders": NO_TOPIC,
        "new": NO_TOPIC,
    }


def test_metadata_says_what_one_may_do(room: Room) -> None:
    allow(room, entry(READ, TOPIC, "orders"), entry(Operation.ALTER, TOPIC, "orders"))
    told = metadata(room, "orders")["orders"].topic_authorized_operations
    assert told == (1 << READ) | (1 << Operation.ALTER) | (1 << DESCRIBE)


def test_a_topic_comes_into_being_for_whoever_may_create_it(room: Room) -> None:
    allow(room, entry(DESCRIBE, TOPIC, "*"))
    assert metadata(room, "new")["new"].error_code is NO_TOPIC
    allow(room, entry(Operation.CREATE, TOPIC, "new"))
    assert metadata(room, "new")["new"].error_code is ErrorCode.unknown_topic_or_partition
    room.run(1)
    assert metadata(room, "new")["new"].error_code is ErrorCode.none


def test_topics_are_created_one_by_one_by_whoever_may(room: Room) -> None:
    allow(room, entry(Operation.CREATE, TOPIC, "mine"))
    wanted = tuple(
        CreatableTopic(name=name, num_partitions=1, replication_factor=1, assignments=(), configs=())
        for name in ("mine", "yours")
    )
    answer = room.ask(1, ApiKey.CREATE_TOPICS, CreateTopicsRequest(topics=wanted, timeout=duration(5_000)))
    assert {topic.name: topic.error_code for topic in answer.topics} == {"mine": ErrorCode.none, "yours": NO_TOPIC}


def test_the_settings_of_a_broker_are_the_clusters(room: Room) -> None:
    wanted = tuple(
        DescribeConfigsResource(resource_type=kind, resource_name=name, configuration_keys=None)
        for kind, name in ((2, "orders"), (4, "1"))
    )
    answer = room.ask(1, ApiKey.DESCRIBE_CONFIGS, DescribeConfigsRequest(resources=wanted))
    assert [each.error_code for each in answer.results] == [NO_TOPIC, NO_CLUSTER]


# -- groups and producers ----------------------------------------------------------------------------


def test_a_group_is_for_whoever_may_read_as_it(room: Room) -> None:
    beat = HeartbeatRequest(group_id="billing", generation_id=0, member_id="m", group_instance_id=None)
    find = FindCoordinatorRequest(key_type=0, coordinator_keys=("billing", "mine"))
    allow(room, entry(READ, GROUP, "mine"))
    found = room.ask(1, ApiKey.FIND_COORDINATOR, find)
    assert room.ask(1, ApiKey.HEARTBEAT, beat).error_code is NO_GROUP
    assert {each.key: each.error_code for each in found.coordinators} == {
        "billing": NO_GROUP,
        "mine": ErrorCode.coordinator_not_available,
    }


def test_offsets_are_committed_and_told_only_of_topics_that_one_may_use(room: Room) -> None:
    allow(room, entry(READ, GROUP, "mine"), entry(READ, TOPIC, "orders"))
    room.ask(1, ApiKey.FIND_COORDINATOR, FindCoordinatorRequest(key_type=0, coordinator_keys=("mine",)))
    room.run(3)
    topics = tuple(OffsetCommitTopic(name, None, (OffsetCommitPartition(0, 5),)) for name in ("orders", "bills"))
    committed = room.ask(1, ApiKey.OFFSET_COMMIT, OffsetCommitRequest("mine", -1, "", topics), api_version=9)
    assert {topic.name: topic.partitions[0].error_code for topic in committed.topics} == {
        "orders": ErrorCode.none,
        "bills": NO_TOPIC,
    }
    room.principal = ADMIN
    room.ask(1, ApiKey.OFFSET_COMMIT, OffsetCommitRequest("mine", -1, "", topics), api_version=9)
    room.principal = ALICE
    named = tuple(OffsetFetchTopic(name, None, (0,)) for name in ("orders", "bills"))
    told = []
    for wanted in (named, None):
        body = OffsetFetchRequest((OffsetFetchGroup("mine", wanted),))
        (group,) = room.ask(1, ApiKey.OFFSET_FETCH, body, api_version=9).groups
        told.append({topic.name: (it.offset, it.error_code) for topic in group.topics for it in topic.partitions})
    assert told == [
        {"orders": (5, ErrorCode.none), "bills": (-1, NO_TOPIC)},
        {"orders": (5, ErrorCode.none)},
    ]


def test_groups_are_described_to_whoever_may_hear_of_them(room: Room) -> None:
    allow(room, entry(DESCRIBE, GROUP, "mine"))
    room.principal = ADMIN
    room.ask(1, ApiKey.FIND_COORDINATOR, FindCoordinatorRequest(key_type=0, coordinator_keys=("mine",)))
    room.run(3)
    for group in ("mine", "billing"):
        topics = (OffsetCommitTopic("orders", None, (OffsetCommitPartition(0, 5),)),)
        room.ask(1, ApiKey.OFFSET_COMMIT, OffsetCommitRequest(group, -1, "", topics), api_version=9)
    listed = []
    for who in (ADMIN, ALICE):
        room.principal = who
        answer = room.ask(1, ApiKey.LIST_GROUPS, ListGroupsRequest(states_filter=(), types_filter=()))
        listed.append(sorted(group.group_id for group in answer.groups))
    assert listed == [["billing", "mine"], ["mine"]]
    asked = DescribeGroupsRequest(groups=("mine", "billing"), include_authorized_operations=True)
    told = {each.group_id: each for each in room.ask(1, ApiKey.DESCRIBE_GROUPS, asked).groups}
    assert (told["mine"].error_code, told["mine"].authorized_operations) == (ErrorCode.none, 1 << DESCRIBE)
    assert told["billing"].error_code is NO_GROUP


def test_an_idempotent_producer_needs_a_topic_that_it_may_write_to(room: Room) -> None:
    body = InitProducerIdRequest(transactional_id=None, transaction_timeout=duration(60_000))
    assert room.ask(1, ApiKey.INIT_PRODUCER_ID, body).error_code is NO_CLUSTER
    allow(room, entry(WRITE, TOPIC, "orders"))
    assert room.ask(1, ApiKey.INIT_PRODUCER_ID, body).error_code is ErrorCode.none


def test_a_transactional_id_is_asked_about_by_its_name(room: Room) -> None:
    body = InitProducerIdRequest(transactional_id="payments", transaction_timeout=duration(60_000))
    told = room.ask(1, ApiKey.INIT_PRODUCER_ID, body).error_code
    assert told is ErrorCode.transactional_id_authorization_failed


def test_a_forbidden_topic_keeps_the_others_out_of_the_transaction(room: Room) -> None:
    allow(room, entry(WRITE, TRANSACTIONAL_ID, "payments"), entry(WRITE, TOPIC, "orders"))
    names = ("orders", "bills", "nowhere", "__consumer_offsets")
    transaction = AddPartitionsToTxnTransaction(
        transactional_id="payments",
        producer_id=1,
        producer_epoch=0,
        topics=tuple(AddPartitionsToTxnTopic(name=name, partitions=(0,)) for name in names),
    )
    body = AddPartitionsToTxnRequest(transactions=(transaction,))

    def told() -> dict[str, ErrorCode]:
        (answer,) = room.ask(1, ApiKey.ADD_PARTITIONS_TO_TXN, body, 3).results_by_transaction
        return {topic.name: topic.results_by_partition[0].partition_error_code for topic in answer.topic_results}

    not_tried = ErrorCode.operation_not_attempted
    assert told() == {"orders": not_tried, "bills": NO_TOPIC, "nowhere": NO_TOPIC, "__consumer_offsets": NO_TOPIC}
    # What is internal only brokers speak of, whoever asks; what is not there is told to those who might write to it.
    room.principal = ADMIN
    unknown = ErrorCode.unknown_topic_or_partition
    assert told() == {"orders": not_tried, "bills": not_tried, "nowhere": unknown, "__consumer_offsets": NO_TOPIC}


# -- lists -------------------------------------------------------------------------------------------


def everything(kind: type[Any]) -> Any:
    return kind(
        resource_type_filter=1,
        resource_name_filter=None,
        pattern_type_filter=1,
        principal_filter=None,
        host_filter=None,
        operation=1,
        permission_type=1,
    )


def test_lists_are_written_and_read_by_whoever_may_change_the_cluster(room: Room) -> None:
    described = everything(DescribeAclsRequest)
    assert room.ask(1, ApiKey.DESCRIBE_ACLS, described).error_code is NO_CLUSTER
    allow(room, entry(DESCRIBE, CLUSTER, CLUSTER_NAME))
    resource = room.ask(1, ApiKey.DESCRIBE_ACLS, described).resources
    assert [(each.resource_type, each.resource_name, len(each.acls)) for each in resource] == [(4, CLUSTER_NAME, 1)]
    deleted = room.ask(1, ApiKey.DELETE_ACLS, DeleteAclsRequest(filters=(everything(DeleteAclsFilter),)))
    assert deleted.filter_results[0].error_code is NO_CLUSTER
    room.principal = ADMIN
    deleted = room.ask(1, ApiKey.DELETE_ACLS, DeleteAclsRequest(filters=(everything(DeleteAclsFilter),)))
    assert [acl.principal for acl in deleted.filter_results[0].matching_acls] == [ALICE]
    room.run(1)
    assert room.broker(1).metadata.acls == {}
    assert [fact.sentence() for fact in room.take_facts(AclCreated, AclDeleted)] == [
        "A new access control list entry: User:alice is allowed DESCRIBE on the cluster.",
        "This access control list entry is gone: User:alice is allowed DESCRIBE on the cluster.",
    ]


def test_the_same_entry_twice_is_one(room: Room) -> None:
    for _ in range(2):
        allow(room, entry(READ, TOPIC, "orders", permission=Permission.DENY))
    assert len(room.broker(1).metadata.acls) == 1


def test_lists_outlive_the_brokers_that_read_them(room: Room) -> None:
    allow(room, entry(READ, TOPIC, "orders"), entry(WRITE, GROUP, "g", host="10.0.0.1"))
    before = dict(room.broker(1).metadata.acls)
    room.cluster.crash(1)
    room.cluster.crash_controller(3000)
    room.cluster.start_controller(3000)
    room.cluster.start_broker(1)
    room.run(15)
    assert (room.broker(1).metadata.acls, len(before)) == (before, 2)


def test_the_cluster_says_what_one_may_do_with_it(room: Room) -> None:
    allow(room, entry(Operation.CREATE, CLUSTER, CLUSTER_NAME))
    asked = DescribeClusterRequest(
        include_cluster_authorized_operations=True, endpoint_type=1, include_fenced_brokers=False
    )
    assert room.ask(1, ApiKey.DESCRIBE_CLUSTER, asked).cluster_authorized_operations == 1 << Operation.CREATE


def test_without_an_authorizer_there_are_no_lists() -> None:
    room = Room(1)
    answer = room.ask(1, ApiKey.DESCRIBE_ACLS, everything(DescribeAclsRequest))
    assert (answer.error_code, answer.error_message) == (
        ErrorCode.security_disabled,
        "No Authorizer is configured on the broker",
    )
