"""Questions that several tools ask: who is in the cluster, which topics, which settings, which offsets."""

from collections.abc import Iterable
from typing import Any

from kio.schema.describe_cluster.v2.request import DescribeClusterRequest
from kio.schema.describe_cluster.v2.response import DescribeClusterResponse
from kio.schema.describe_configs.v4.request import DescribeConfigsRequest, DescribeConfigsResource
from kio.schema.describe_configs.v4.response import DescribeConfigsResult
from kio.schema.list_offsets.v11.response import ListOffsetsPartitionResponse
from kio.schema.metadata.v13.request import MetadataRequest
from kio.schema.metadata.v13.response import MetadataResponse, MetadataResponseTopic
from kio.static.primitive import i8

from kafkalab.engine.clients import requests
from kafkalab.engine.controller.metadata import BROKER
from kafkalab.lab.terminal.errors import came, checked
from kafkalab.lab.terminal.tool import Ask, Steps
from kafkalab.wire.api import ApiKey
from kafkalab.wire.errors import ErrorCode

TopicPartition = tuple[str, int]
LATEST, EARLIEST, MAX_TIMESTAMP = -1, -2, -3


def all_topics() -> Steps[MetadataResponse]:
    body = MetadataRequest(topics=None, allow_auto_topic_creation=False, include_topic_authorized_operations=False)
    outcome = came((yield Ask(ApiKey.METADATA, body)))
    found: MetadataResponse = outcome.answers[0]
    return found


def topics_named(names: Iterable[str]) -> Steps[dict[str, MetadataResponseTopic]]:
    """Those of them that there are."""
    outcome = came((yield Ask(ApiKey.METADATA, requests.metadata(tuple(names), False))))
    return {str(it.name): it for it in outcome.answers[0].topics if it.error_code == ErrorCode.none}


def cluster(fenced_too: bool = False) -> Steps[DescribeClusterResponse]:
    body = DescribeClusterRequest(
        include_cluster_authorized_operations=False, endpoint_type=i8(1), include_fenced_brokers=fenced_too
    )
    outcome = checked((yield Ask(ApiKey.DESCRIBE_CLUSTER, body)))
    found: DescribeClusterResponse = outcome.answers[0]
    return found


def configs(kind: int, names: Iterable[str]) -> Steps[list[DescribeConfigsResult]]:
    """With synonyms. A broker's settings it is asked for itself."""
    results: list[DescribeConfigsResult] = []
    together = [name for name in names if kind != BROKER or not name]
    alone = [name for name in names if kind == BROKER and name]
    for group, broker in [(together, None)] * bool(together) + [([name], int(name)) for name in alone]:
        body = DescribeConfigsRequest(
            resources=tuple(
                DescribeConfigsResource(resource_type=i8(kind), resource_name=name, configuration_keys=None)
                for name in group
            ),
            include_synonyms=True,
            include_documentation=False,
        )
        outcome = came((yield Ask(ApiKey.DESCRIBE_CONFIGS, body, broker)))
        results += outcome.answers[0].results
    return results


def offsets(
    wanted: dict[TopicPartition, int], isolation_level: int = 0
) -> Steps[dict[TopicPartition, ListOffsetsPartitionResponse]]:
    """The offsets at these timestamps, or at the ends of the logs."""
    if not wanted:
        return {}
    body = requests.list_offsets({where: (-1, timestamp) for where, timestamp in wanted.items()}, isolation_level)
    outcome = came((yield Ask(ApiKey.LIST_OFFSETS, body)))
    return {
        (str(topic.name), int(part.partition_index)): part
        for answer in outcome.answers
        for topic in answer.topics
        for part in topic.partitions
    }


def first(outcome: Any) -> Any:
    """The one answer, where nothing went wrong."""
    return checked(outcome).answers[0]
