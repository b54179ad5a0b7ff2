"""What a broker tells of the groups that it coordinates: of each by name, and of all of them."""

from typing import TYPE_CHECKING

from kio.schema.consumer_group_describe.v1.response import DescribedGroup as DescribedConsumerGroup
from kio.schema.describe_groups.v6.response import DescribedGroup
from kio.schema.list_groups.v5.response import ListedGroup

from kafkalab.engine.coordinators.descriptions import describe, describe_refused, is_wanted, listed
from kafkalab.engine.coordinators.modern import answers
from kafkalab.engine.refused import Refused
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker


def describe_group(broker: "Broker", group_id: str, api_version: int) -> DescribedGroup:
    try:
        shard = broker.groups.shard_of(group_id)
    except Refused as refused:
        return describe_refused(group_id, refused.error_code)
    return describe(shard, group_id, api_version)


def describe_consumer_group(broker: "Broker", group_id: str) -> DescribedConsumerGroup:
    try:
        shard = broker.groups.shard_of(group_id)
    except Refused as refused:
        return answers.describe_consumer_group_refused(group_id, refused.error_code)
    return answers.describe_consumer_group(shard.groups, group_id, broker.metadata)


def list_groups(
    broker: "Broker", states: tuple[str, ...], types: tuple[str, ...]
) -> tuple[ErrorCode, tuple[ListedGroup, ...]]:
    """Every group of this broker; the error says that some may be missing."""
    shards = broker.groups.shards.values()
    found = tuple(
        listed(group)
        for shard in shards
        if not shard.loading
        for group in shard.groups.values()
        if is_wanted(group, states, types)
    )
    shared = broker.share_groups.listed(states, types)
    loading = any(shard.loading for shard in shards)
    return ErrorCode.coordinator_load_in_progress if loading else ErrorCode.none, (*found, *shared)
