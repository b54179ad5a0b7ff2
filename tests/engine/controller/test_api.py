"""What brokers tell clients of the cluster, and how they pass on what the controller decides."""

from datetime import timedelta
from uuid import UUID

import pytest
from kio.schema.api_versions.v4.request import ApiVersionsRequest
from kio.schema.api_versions.v4.response import (
    ApiVersion,
    ApiVersionsResponse,
    FinalizedFeatureKey,
    SupportedFeatureKey,
)
from kio.schema.describe_cluster.v2.request import DescribeClusterRequest
from kio.schema.describe_cluster.v2.response import DescribeClusterBroker, DescribeClusterResponse
from kio.schema.describe_configs.v4.request import DescribeConfigsRequest, DescribeConfigsResource
from kio.schema.describe_configs.v4.response import (
    DescribeConfigsResourceResult,
    DescribeConfigsResponse,
    DescribeConfigsResult,
    DescribeConfigsSynonym,
)
from kio.schema.describe_topic_partitions.v0.request import (
    Cursor,
    DescribeTopicPartitionsRequest,
    TopicRequest,
)
from kio.schema.incremental_alter_configs.v1.request import (
    AlterableConfig,
    AlterConfigsResource,
    IncrementalAlterConfigsRequest,
)
from kio.schema.metadata.v13.request import MetadataRequest, MetadataRequestTopic
from kio.schema.metadata.v13.response import (
    MetadataResponse,
    MetadataResponseBroker,
    MetadataResponsePartition,
    MetadataResponseTopic,
)

from kafkalab.wire.api import SERVED, ApiKey
from kafkalab.wire.errors import ErrorCode
from tests.engine.controller.asking import Lab
from tests.engine.controller.scripted import assigned, topic

ZERO = timedelta(0)


@pytest.fixture
def lab() -> Lab:
    return Lab()


# -- ApiVersions -----------------------------------------------------------------------------------


def software(name: str, version: str) -> ApiVersionsRequest:
    return ApiVersionsRequest(client_software_name=name, client_software_version=version)


def test_a_broker_advertises_what_it_routes_and_can_translate(lab: Lab) -> None:
    routes = lab.cluster.brokers[1].routes
    assert lab.ask(ApiKey.API_VERSIONS, software("librdkafka", "2.5.0-rc1")) == ApiVersionsResponse(
        error_code=ErrorCode.none,
        api_keys=tuple(
            # Produce before version 3 is advertised for librdkafka's sake, and not served.
            ApiVersion(api_key=key, min_version=SERVED[key][0] if key else 0, max_version=SERVED[key][-1])
            for key in sorted(routes)
        ),
        throttle_time=ZERO,
        supported_features=(
            SupportedFeatureKey(name="eligible.leader.replicas.version", min_version=0, max_version=1),
            SupportedFeatureKey(name="group.version", min_version=0, max_version=1),
            SupportedFeatureKey(name="kraft.version", min_version=0, max_version=1),
            SupportedFeatureKey(name="metadata.version", min_version=7, max_version=30),
            SupportedFeatureKey(name="transaction.version", min_version=0, max_version=2),
            SupportedFeatureKey(name="share.version", min_version=0, max_version=1),
        ),
        finalized_features_epoch=lab.cluster.controller.image.offset,
        finalized_features=(
            FinalizedFeatureKey(name="metadata.version", max_version_level=30, min_version_level=30),
            FinalizedFeatureKey(name="eligible.leader.replicas.version", max_version_level=1, min_version_level=1),
            FinalizedFeatureKey(name="transaction.version", max_version_level=2, min_version_level=2),
            FinalizedFeatureKey(name="group.version", max_version_level=1, min_version_level=1),
            FinalizedFeatureKey(name="share.version", max_version_level=1, min_version_level=1),
            FinalizedFeatureKey(name="kraft.version", max_version_level=1, min_version_level=1),
        ),
    )


@pytest.mark.parametrize(("name", "version"), [("", "1"), ("-x", "1"), ("x", "1-"), ("a b", "1"), ("x\n", "1")])
def test_software_without_a_proper_name_is_refused(lab: Lab, name: str, version: str) -> None:
    refusal = ApiVersionsResponse(error_code=ErrorCode.invalid_request, api_keys=(), throttle_time=ZERO)
    assert lab.ask(ApiKey.API_VERSIONS, software(name, version)) == refusal
    # Before version 3 a client did not say what it is.
    assert lab.ask(ApiKey.API_VERSIONS, software(name, version), api_version=2).error_code is ErrorCode.none


# -- Metadata --------------------------------------------------------------------------------------


def endpoint(broker_id: int, rack: str) -> MetadataResponseBroker:
    return MetadataResponseBroker(node_id=broker_id, host="127.0.0.1", port=9091 + broker_id, rack=rack)


def test_metadata_tells_every_broker_and_every_partition(lab: Lab) -> None:
    lab.create(assigned("orders", (2, 3), (3, 1)))
    answer = lab.metadata("orders")
    assert answer.controller_id in (1, 2, 3)
    assert answer == MetadataResponse(
        throttle_time=ZERO,
        brokers=(endpoint(1, "a"), endpoint(2, "b"), endpoint(3, "a")),
        cluster_id=lab.spec.cluster_id,
        controller_id=answer.controller_id,
        topics=(
            MetadataResponseTopic(
                error_code=ErrorCode.none,
                name="orders",
                topic_id=lab.topic_id("orders"),
                is_internal=False,
                partitions=tuple(
                    MetadataResponsePartition(
                        error_code=ErrorCode.none,
                        partition_index=number,
                        leader_id=replicas[0],
                        leader_epoch=0,
                        replica_nodes=replicas,
                        isr_nodes=replicas,
                        offline_replicas=(),
                    )
                    for number, replicas in enumerate([(2, 3), (3, 1)])
                ),
            ),
        ),
        error_code=ErrorCode.none,
    )


def test_a_dead_leader_and_a_dead_follower_are_told_apart(lab: Lab) -> None:
    lab.create(assigned("alone", (3,)), assigned("pair", (2, 3)))
    lab.cluster.crash(3)
    lab.pass_seconds(10)
    answer = lab.metadata()
    alone, pair = (answer_topic.partitions[0] for answer_topic in answer.topics)
    assert [broker.node_id for broker in answer.brokers] == [1, 2]
    assert alone == MetadataResponsePartition(
        error_code=ErrorCode.leader_not_available,
        partition_index=0,
        leader_id=-1,
        leader_epoch=1,
        replica_nodes=(3,),
        isr_nodes=(),
        offline_replicas=(3,),
    )
    assert pair == MetadataResponsePartition(
        error_code=ErrorCode.none,
        partition_index=0,
        leader_id=2,
        leader_epoch=0,
        replica_nodes=(2, 3),
        isr_nodes=(2,),
        offline_replicas=(3,),
    )


def test_the_oldest_clients_are_shown_live_replicas_only(lab: Lab) -> None:
    lab.create(assigned("pair", (2, 3)))
    lab.cluster.crash(3)
    lab.pass_seconds(10)
    partition = lab.metadata("pair", api_version=0).topics[0].partitions[0]
    assert (partition.error_code, partition.replica_nodes) == (ErrorCode.replica_not_available, (2,))


def test_a_topic_asked_for_by_id(lab: Lab) -> None:
    lab.create(assigned("orders", (1,)))
    known, unknown = lab.topic_id("orders"), UUID(int=404)
    body = MetadataRequest(
        topics=tuple(MetadataRequestTopic(topic_id=topic_id, name=None) for topic_id in (known, unknown)),
        include_topic_authorized_operations=True,
    )
    answer = lab.ask(ApiKey.METADATA, body)
    assert [(each.name, each.topic_id, each.error_code) for each in answer.topics] == [
        ("orders", known, ErrorCode.none),
        (None, unknown, ErrorCode.unknown_topic_id),
    ]
    assert answer.topics[0].topic_authorized_operations == 3576


def missing(lab: Lab, name: str, *, create: bool = False) -> ErrorCode:
    return lab.metadata(name, create=create).topics[0].error_code


def test_a_topic_comes_into_being_by_being_asked_for() -> None:
    lab = Lab(num_partitions="2", default_replication_factor="3")
    assert missing(lab, "orders", create=True) is ErrorCode.unknown_topic_or_partition
    created = lab.metadata("orders").topics[0]
    assert [len(partition.replica_nodes) for partition in created.partitions] == [3, 3]
    assert lab.cluster.brokers[1].topic_creation.in_flight == {}


def test_a_topic_is_not_created_unless_client_and_broker_allow_it(lab: Lab) -> None:
    assert missing(lab, "orders") is ErrorCode.unknown_topic_or_partition
    forbidding = Lab(auto_create_topics_enable="false")
    assert missing(forbidding, "orders", create=True) is ErrorCode.unknown_topic_or_partition
    assert (lab.cluster.controller.image.topics, forbidding.cluster.controller.image.topics) == ({}, {})


def test_an_impossible_name_is_told_at_once(lab: Lab) -> None:
    assert missing(lab, "a b", create=True) is ErrorCode.invalid_topic_exception
    assert lab.cluster.brokers[1].topic_creation.in_flight == {}


def test_internal_topics_are_created_with_their_own_settings_and_listed_as_internal() -> None:
    lab = Lab(offsets_topic_num_partitions="4", offsets_topic_replication_factor="2")
    lab.metadata("__consumer_offsets", create=True)
    created = lab.metadata("__consumer_offsets").topics[0]
    assert (created.is_internal, [len(each.replica_nodes) for each in created.partitions]) == (True, [2, 2, 2, 2])
    assert lab.cluster.controller.image.topic_config("__consumer_offsets") == {
        "cleanup.policy": "compact",
        "compression.type": "producer",
        "segment.bytes": "104857600",
    }


# -- forwarding ------------------------------------------------------------------------------------


def test_any_broker_passes_on_what_the_controller_decides(lab: Lab) -> None:
    answer = lab.create(topic("orders", 1, 3), topic("bad", 1, 9))
    assert [(result.name, result.error_code) for result in answer.topics] == [
        ("orders", ErrorCode.none),
        ("bad", ErrorCode.invalid_replication_factor),
    ]
    images = [broker.metadata for broker in lab.cluster.brokers.values()]
    assert images == [lab.cluster.controller.image] * 3


# -- DescribeCluster -------------------------------------------------------------------------------


def describe_cluster(lab: Lab, *, endpoint_type: int = 1, fenced: bool = False) -> DescribeClusterResponse:
    body = DescribeClusterRequest(
        include_cluster_authorized_operations=False, endpoint_type=endpoint_type, include_fenced_brokers=fenced
    )
    answer: DescribeClusterResponse = lab.ask(ApiKey.DESCRIBE_CLUSTER, body)
    return answer


def test_fenced_brokers_are_described_only_when_asked_for(lab: Lab) -> None:
    def described(broker_id: int, rack: str, fenced: bool = False) -> DescribeClusterBroker:
        return DescribeClusterBroker(
            broker_id=broker_id, host="127.0.0.1", port=9091 + broker_id, rack=rack, is_fenced=fenced
        )

    lab.cluster.crash(3)
    lab.pass_seconds(10)
    alive = (described(1, "a"), described(2, "b"))
    assert describe_cluster(lab).brokers == alive
    assert describe_cluster(lab, fenced=True).brokers == (*alive, described(3, "a", fenced=True))


def test_a_broker_is_no_endpoint_of_controllers(lab: Lab) -> None:
    assert describe_cluster(lab, endpoint_type=2).error_code is ErrorCode.mismatched_endpoint_type
    assert describe_cluster(lab, endpoint_type=7).error_code is ErrorCode.unsupported_endpoint_type


# -- DescribeConfigs -------------------------------------------------------------------------------


def describe_configs(lab: Lab, resource_type: int, name: str, *keys: str) -> DescribeConfigsResult:
    resource = DescribeConfigsResource(resource_type=resource_type, resource_name=name, configuration_keys=keys or None)
    body = DescribeConfigsRequest(resources=(resource,), include_synonyms=True, include_documentation=False)
    answer: DescribeConfigsResponse = lab.ask(ApiKey.DESCRIBE_CONFIGS, body)
    return answer.results[0]


def test_a_topics_setting_is_described_with_all_its_sources(lab: Lab) -> None:
    lab.create(topic("orders", 1, 1, {"min.insync.replicas": "2"}))
    assert describe_configs(lab, 2, "orders", "min.insync.replicas") == DescribeConfigsResult(
        error_code=ErrorCode.none,
        error_message="",
        resource_type=2,
        resource_name="orders",
        configs=(
            DescribeConfigsResourceResult(
                name="min.insync.replicas",
                value="2",
                read_only=False,
                config_source=1,
                is_sensitive=False,
                synonyms=(
                    DescribeConfigsSynonym(name="min.insync.replicas", value="2", source=1),
                    DescribeConfigsSynonym(name="min.insync.replicas", value="1", source=3),
                    DescribeConfigsSynonym(name="min.insync.replicas", value="1", source=5),
                ),
                config_type=3,
                documentation=None,
            ),
        ),
    )


def test_all_settings_are_described_when_none_is_named(lab: Lab) -> None:
    lab.create(topic("orders", 1, 1))
    names = [config.name for config in describe_configs(lab, 2, "orders").configs]
    assert {"cleanup.policy", "retention.ms", "segment.bytes"} < set(names)
    assert "internal.segment.bytes" not in names


def test_a_broker_describes_itself_and_no_other(lab: Lab) -> None:
    assert [config.value for config in describe_configs(lab, 4, "1", "num.partitions").configs] == ["1"]
    for_all = describe_configs(lab, 4, "").configs
    assert [(config.name, config.value, config.config_source) for config in for_all] == [
        ("min.insync.replicas", "1", 3)
    ]
    refused = describe_configs(lab, 4, "2")
    assert (refused.error_code, refused.error_message) == (
        ErrorCode.invalid_request,
        "Unexpected broker id, expected 1 or empty string, but received 2",
    )


@pytest.mark.parametrize(
    ("resource_type", "name", "error_code"),
    [
        (2, "nowhere", ErrorCode.unknown_topic_or_partition),
        (2, "a b", ErrorCode.invalid_topic_exception),
        (99, "x", ErrorCode.invalid_request),
    ],
)
def test_what_is_not_there_is_not_described(lab: Lab, resource_type: int, name: str, error_code: ErrorCode) -> None:
    assert describe_configs(lab, resource_type, name).error_code is error_code


# -- DescribeTopicPartitions -----------------------------------------------------------------------


def pages(lab: Lab, *names: str, limit: int) -> list[list[tuple[str, list[int]]]]:
    """Every page until there is no more: [(topic, its partitions), ...]."""
    found = []
    cursor: Cursor | None = None
    while True:
        body = DescribeTopicPartitionsRequest(
            topics=tuple(TopicRequest(name=name) for name in names), response_partition_limit=limit, cursor=cursor
        )
        answer = lab.ask(ApiKey.DESCRIBE_TOPIC_PARTITIONS, body)
        found.append([(each.name, [part.partition_index for part in each.partitions]) for each in answer.topics])
        if answer.next_cursor is None:
            return found
        cursor = Cursor(topic_name=answer.next_cursor.topic_name, partition_index=answer.next_cursor.partition_index)


def test_partitions_are_described_page_by_page_and_each_once(lab: Lab) -> None:
    lab.create(topic("b", 3, 1), topic("a", 2, 1), topic("c", 1, 1))
    assert pages(lab, limit=2) == [[("a", [0, 1])], [("b", [0, 1])], [("b", [2]), ("c", [0])]]
    assert pages(lab, limit=100) == [[("a", [0, 1]), ("b", [0, 1, 2]), ("c", [0])]]
    assert pages(lab, "a", limit=0) == [[("a", [0])], [("a", [1])]], "a page is never empty"
    assert pages(lab, "c", "a", limit=100) == [[("a", [0, 1]), ("c", [0])]]


def test_an_unknown_topic_is_described_as_such(lab: Lab) -> None:
    body = DescribeTopicPartitionsRequest(topics=(TopicRequest(name="nowhere"), TopicRequest(name="a b")))
    answer = lab.ask(ApiKey.DESCRIBE_TOPIC_PARTITIONS, body)
    assert [(each.name, each.error_code) for each in answer.topics] == [
        ("a b", ErrorCode.invalid_topic_exception),
        ("nowhere", ErrorCode.unknown_topic_or_partition),
    ]


def test_a_cursor_before_the_first_partition_is_refused(lab: Lab) -> None:
    body = DescribeTopicPartitionsRequest(
        topics=(TopicRequest(name="a"),), cursor=Cursor(topic_name="a", partition_index=-1)
    )
    answer = lab.ask(ApiKey.DESCRIBE_TOPIC_PARTITIONS, body)
    assert [(each.name, each.error_code) for each in answer.topics] == [("a", ErrorCode.invalid_request)]


# -- what changes while the cluster runs -----------------------------------------------------------


def alter(lab: Lab, resource_type: int, name: str, setting: str, value: str) -> ErrorCode:
    resource = AlterConfigsResource(
        resource_type=resource_type,
        resource_name=name,
        configs=(AlterableConfig(name=setting, config_operation=0, value=value),),
    )
    body = IncrementalAlterConfigsRequest(resources=(resource,), validate_only=False)
    answer: ErrorCode = lab.ask(ApiKey.INCREMENTAL_ALTER_CONFIGS, body).responses[0].error_code
    return answer


def test_a_setting_of_brokers_counts_at_once_and_is_described_with_its_sources(lab: Lab) -> None:
    lab.create(topic("orders", 1, 3))
    assert alter(lab, 4, "", "log.retention.ms", "5000") is ErrorCode.none
    assert alter(lab, 4, "1", "log.retention.ms", "4000") is ErrorCode.none
    lab.pass_seconds(1)
    logs = [broker.partitions["orders", 0].log for broker in lab.cluster.brokers.values()]
    assert [log.config.retention_ms for log in logs] == [4000, 5000, 5000]
    described = describe_configs(lab, 2, "orders", "retention.ms").configs[0]
    assert [(each.name, each.value, each.source) for each in described.synonyms] == [
        ("log.retention.ms", "4000", 2),
        ("log.retention.ms", "5000", 3),
    ]
    assert describe_configs(lab, 4, "1", "log.retention.ms").configs[0].config_source == 2


def test_eligible_leaders_are_shown_to_who_describes_partitions(lab: Lab) -> None:
    lab.create(assigned("pair", (2, 3)))
    alter(lab, 2, "pair", "min.insync.replicas", "2")
    lab.cluster.crash(3)
    lab.pass_seconds(10)
    body = DescribeTopicPartitionsRequest(topics=(TopicRequest(name="pair"),))
    partition = lab.ask(ApiKey.DESCRIBE_TOPIC_PARTITIONS, body).topics[0].partitions[0]
    assert (partition.isr_nodes, partition.eligible_leader_replicas, partition.last_known_elr) == ((2,), (3,), ())
    lab.cluster.crash(2)
    lab.pass_seconds(10)
    partition = lab.ask(ApiKey.DESCRIBE_TOPIC_PARTITIONS, body).topics[0].partitions[0]
    assert (partition.isr_nodes, partition.eligible_leader_replicas, partition.last_known_elr) == ((), (2, 3), (2,))


@pytest.mark.parametrize("well", [True, False])
def test_a_cluster_that_starts_again_as_a_whole_spreads_its_leaders(lab: Lab, well: bool) -> None:
    lab.create(assigned("orders", (1, 2, 3), (2, 3, 1), (3, 1, 2)))
    for broker_id in (1, 2, 3):
        if well:
            lab.cluster.stop(broker_id)
            lab.pass_seconds(10)
        else:
            lab.cluster.crash(broker_id)
    lab.world.crash("controller-3000")
    lab.cluster.start()
    lab.pass_seconds(30)
    partitions = lab.cluster.controller.image.topics["orders"].partitions.values()
    assert [partition.leader for partition in partitions] == [1, 2, 3]
    assert [sorted(partition.isr) for partition in partitions] == [[1, 2, 3]] * 3
