"""Old shapes of messages that carry the same news under other names, or as one where now are many.

`*_up` makes the dialect's form of a version's entity, `*_down` the version's entity of the dialect's.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from kio.schema.add_partitions_to_txn.v5.request import AddPartitionsToTxnTopic, AddPartitionsToTxnTransaction
from kio.schema.add_partitions_to_txn.v5.response import AddPartitionsToTxnResult, AddPartitionsToTxnTopicResult
from kio.schema.delete_topics.v6.request import DeleteTopicState
from kio.schema.fetch.v18.request import ReplicaState
from kio.schema.find_coordinator.v6.response import Coordinator
from kio.schema.leave_group.v5.request import MemberIdentity
from kio.schema.leave_group.v5.response import MemberResponse
from kio.schema.types import TransactionalId

from kafkalab.wire.api import ApiKey
from kafkalab.wire.dialect import FetchRequest, OffsetFetchGroup, OffsetFetchGroupResult, OffsetFetchResponse
from kafkalab.wire.errors import ErrorCode
from kafkalab.wire.translate.by_name import convert, shape_of
from kafkalab.wire.translate.schema import Direction, dialect_class, schema

Reshape = Callable[[int, Any], Any]
"""From (API version, message) to the other form of the message."""

_FEATURE_LEVEL_0_KNOWN_FROM = 4
_REPLICA_STATE_FROM = 15
_HIGH_WATERMARK_FROM = 18
_LONG_MAX = (1 << 63) - 1


def _up(direction: Direction, api_key: int, entity: Any, **given: Any) -> Any:
    return convert(entity, dialect_class(direction, api_key), **given)


def _down(direction: Direction, api_key: int, api_version: int, entity: Any, **given: Any) -> Any:
    return convert(entity, schema(direction, api_key, api_version), **given)


# -- Fetch: the replica's id stands alone until v14, beside its epoch from v15 (KIP-903) -------------


def fetch_request_up(api_version: int, entity: Any) -> Any:
    if api_version < _REPLICA_STATE_FROM:
        return _up(Direction.REQUEST, ApiKey.FETCH, entity)
    replica = entity.replica_state
    body = _up(
        Direction.REQUEST,
        ApiKey.FETCH,
        entity,
        replica_id=replica.replica_id,
        replica_epoch=replica.replica_epoch,
    )
    return body if api_version < _HIGH_WATERMARK_FROM else _without_untold_high_watermarks(body)


def _without_untold_high_watermarks(body: FetchRequest) -> FetchRequest:
    """On the wire a high watermark that is not told is Long.MAX_VALUE (KIP-1166), to us it is -1."""
    topics = []
    for topic in body.topics:
        partitions = [
            replace(part, high_watermark=-1) if part.high_watermark == _LONG_MAX else part for part in topic.partitions
        ]
        topics.append(replace(topic, partitions=tuple(partitions)))
    return replace(body, topics=tuple(topics))


def fetch_request_down(api_version: int, body: FetchRequest) -> Any:
    if api_version < _REPLICA_STATE_FROM:
        return _down(Direction.REQUEST, ApiKey.FETCH, api_version, body)
    replica = convert(body, ReplicaState)
    return _down(Direction.REQUEST, ApiKey.FETCH, api_version, body, replica_state=replica)


# -- OffsetFetch: one group until v7, many from v8 (KIP-709) ----------------------------------------


def offset_fetch_request_up(api_version: int, entity: Any) -> Any:
    if api_version >= 8:
        return _up(Direction.REQUEST, ApiKey.OFFSET_FETCH, entity)
    return _up(Direction.REQUEST, ApiKey.OFFSET_FETCH, entity, groups=(convert(entity, OffsetFetchGroup),))


def offset_fetch_request_down(api_version: int, body: Any) -> Any:
    if api_version >= 8:
        return _down(Direction.REQUEST, ApiKey.OFFSET_FETCH, api_version, body)
    target = schema(Direction.REQUEST, ApiKey.OFFSET_FETCH, api_version)
    if api_version < 7:
        return convert(body.groups[0], target)
    return convert(body.groups[0], target, require_stable=body.require_stable)


def offset_fetch_response_up(api_version: int, entity: Any) -> Any:
    """The old answer does not repeat the group."""
    if api_version >= 8:
        return _up(Direction.RESPONSE, ApiKey.OFFSET_FETCH, entity)
    group = convert(entity, OffsetFetchGroupResult, group_id="")
    return _up(Direction.RESPONSE, ApiKey.OFFSET_FETCH, entity, groups=(group,))


def offset_fetch_response_down(api_version: int, body: OffsetFetchResponse) -> Any:
    if api_version >= 8:
        return _down(Direction.RESPONSE, ApiKey.OFFSET_FETCH, api_version, body)
    group = body.groups[0]
    target = schema(Direction.RESPONSE, ApiKey.OFFSET_FETCH, api_version)
    if api_version == 1:
        return convert(_error_in_each_partition(group), target)
    if api_version == 2:
        return convert(group, target)
    return convert(group, target, throttle_time=timedelta(milliseconds=body.throttle_time_ms))


def _error_in_each_partition(group: OffsetFetchGroupResult) -> OffsetFetchGroupResult:
    """v1 has no other place for it (`OffsetFetchResponse.groupError`)."""
    if group.error_code == ErrorCode.none:
        return group
    topics = []
    for topic in group.topics:
        partitions = [replace(result, error_code=group.error_code) for result in topic.partitions]
        topics.append(replace(topic, partitions=tuple(partitions)))
    return replace(group, topics=tuple(topics))


# -- Metadata: v0 asks for all topics with an empty list, later versions with null ------------------


def metadata_request_up(api_version: int, entity: Any) -> Any:
    if api_version == 0 and not entity.topics:
        return _up(Direction.REQUEST, ApiKey.METADATA, entity, topics=None)
    return _up(Direction.REQUEST, ApiKey.METADATA, entity)


# -- FindCoordinator: one key until v3, many from v4 (KIP-699) --------------------------------------


def find_coordinator_request_up(api_version: int, entity: Any) -> Any:
    if api_version >= 4:
        return _up(Direction.REQUEST, ApiKey.FIND_COORDINATOR, entity)
    return _up(Direction.REQUEST, ApiKey.FIND_COORDINATOR, entity, coordinator_keys=(entity.key,))


def find_coordinator_request_down(api_version: int, entity: Any) -> Any:
    if api_version >= 4:
        return _down(Direction.REQUEST, ApiKey.FIND_COORDINATOR, api_version, entity)
    return _down(Direction.REQUEST, ApiKey.FIND_COORDINATOR, api_version, entity, key=entity.coordinator_keys[0])


def find_coordinator_response_up(api_version: int, entity: Any) -> Any:
    """The old answer does not repeat the key."""
    if api_version >= 4:
        return _up(Direction.RESPONSE, ApiKey.FIND_COORDINATOR, entity)
    coordinator = convert(entity, Coordinator, key="")
    return _up(Direction.RESPONSE, ApiKey.FIND_COORDINATOR, entity, coordinators=(coordinator,))


def find_coordinator_response_down(api_version: int, entity: Any) -> Any:
    if api_version >= 4:
        return _down(Direction.RESPONSE, ApiKey.FIND_COORDINATOR, api_version, entity)
    coordinator = entity.coordinators[0]
    only = {"node_id": coordinator.node_id, "host": coordinator.host, "port": coordinator.port}
    only["error_code"] = coordinator.error_code
    if api_version >= 1:
        only["error_message"] = coordinator.error_message
    return _down(Direction.RESPONSE, ApiKey.FIND_COORDINATOR, api_version, entity, **only)


# -- JoinGroup: v0 has no rebalance timeout and means the session timeout (KIP-62) ------------------


def join_group_request_up(api_version: int, entity: Any) -> Any:
    if api_version == 0:
        return _up(Direction.REQUEST, ApiKey.JOIN_GROUP, entity, rebalance_timeout=entity.session_timeout)
    return _up(Direction.REQUEST, ApiKey.JOIN_GROUP, entity)


# -- LeaveGroup: one member until v2, many from v3 (KIP-345) ----------------------------------------


def leave_group_request_up(api_version: int, entity: Any) -> Any:
    if api_version >= 3:
        return _up(Direction.REQUEST, ApiKey.LEAVE_GROUP, entity)
    return _up(Direction.REQUEST, ApiKey.LEAVE_GROUP, entity, members=(MemberIdentity(member_id=entity.member_id),))


def leave_group_request_down(api_version: int, entity: Any) -> Any:
    if api_version >= 3:
        return _down(Direction.REQUEST, ApiKey.LEAVE_GROUP, api_version, entity)
    return _down(Direction.REQUEST, ApiKey.LEAVE_GROUP, api_version, entity, member_id=entity.members[0].member_id)


def leave_group_response_up(api_version: int, entity: Any) -> Any:
    if api_version >= 3:
        return _up(Direction.RESPONSE, ApiKey.LEAVE_GROUP, entity)
    member = MemberResponse(member_id="", group_instance_id=None, error_code=entity.error_code)
    return _up(Direction.RESPONSE, ApiKey.LEAVE_GROUP, entity, members=(member,))


def leave_group_response_down(api_version: int, entity: Any) -> Any:
    """The one member's error has the place of the whole request's (`LeaveGroupResponse`)."""
    if api_version >= 3 or entity.error_code != ErrorCode.none or not entity.members:
        return _down(Direction.RESPONSE, ApiKey.LEAVE_GROUP, api_version, entity)
    error_code = entity.members[0].error_code
    return _down(Direction.RESPONSE, ApiKey.LEAVE_GROUP, api_version, entity, error_code=error_code)


# -- ApiVersions: features that may be at level 0 are for v4 and later (KIP-1022) -------------------


def api_versions_response_down(api_version: int, entity: Any) -> Any:
    if api_version < _FEATURE_LEVEL_0_KNOWN_FROM:
        known = tuple([feature for feature in entity.supported_features if feature.min_version > 0])
        entity = replace(entity, supported_features=known)
    return _down(Direction.RESPONSE, ApiKey.API_VERSIONS, api_version, entity)


# -- DeleteTopics: names until v5, names or ids from v6 (KIP-516) -----------------------------------


def delete_topics_request_up(api_version: int, entity: Any) -> Any:
    if api_version >= 6:
        return _up(Direction.REQUEST, ApiKey.DELETE_TOPICS, entity)
    topics = tuple([DeleteTopicState(name=name, topic_id=None) for name in entity.topic_names])
    return _up(Direction.REQUEST, ApiKey.DELETE_TOPICS, entity, topics=topics)


def delete_topics_request_down(api_version: int, entity: Any) -> Any:
    if api_version >= 6:
        return _down(Direction.REQUEST, ApiKey.DELETE_TOPICS, api_version, entity)
    names = tuple([topic.name for topic in entity.topics])
    return _down(Direction.REQUEST, ApiKey.DELETE_TOPICS, api_version, entity, topic_names=names)


# -- AddPartitionsToTxn: a client's one transaction until v3, several from brokers from v4 (KIP-890) --


def add_partitions_to_txn_request_up(api_version: int, entity: Any) -> Any:
    if api_version >= 4:
        return _up(Direction.REQUEST, ApiKey.ADD_PARTITIONS_TO_TXN, entity)
    only = AddPartitionsToTxnTransaction(
        transactional_id=entity.v3_and_below_transactional_id,
        producer_id=entity.v3_and_below_producer_id,
        producer_epoch=entity.v3_and_below_producer_epoch,
        topics=tuple([convert(topic, AddPartitionsToTxnTopic) for topic in entity.v3_and_below_topics]),
    )
    return _up(Direction.REQUEST, ApiKey.ADD_PARTITIONS_TO_TXN, entity, transactions=(only,))


def add_partitions_to_txn_request_down(api_version: int, entity: Any) -> Any:
    if api_version >= 4:
        return _down(Direction.REQUEST, ApiKey.ADD_PARTITIONS_TO_TXN, api_version, entity)
    target = schema(Direction.REQUEST, ApiKey.ADD_PARTITIONS_TO_TXN, api_version)
    (only,) = entity.transactions
    topic_class = shape_of(target.__dataclass_fields__["v3_and_below_topics"]).item
    return target(
        v3_and_below_transactional_id=only.transactional_id,
        v3_and_below_producer_id=only.producer_id,
        v3_and_below_producer_epoch=only.producer_epoch,
        v3_and_below_topics=tuple([convert(topic, topic_class) for topic in only.topics]),
    )


def add_partitions_to_txn_response_up(api_version: int, entity: Any) -> Any:
    """The old answer does not repeat the transactional id."""
    if api_version >= 4:
        return _up(Direction.RESPONSE, ApiKey.ADD_PARTITIONS_TO_TXN, entity)
    topics = tuple([convert(topic, AddPartitionsToTxnTopicResult) for topic in entity.results_by_topic_v3_and_below])
    only = AddPartitionsToTxnResult(transactional_id=TransactionalId(""), topic_results=topics)
    return _up(Direction.RESPONSE, ApiKey.ADD_PARTITIONS_TO_TXN, entity, results_by_transaction=(only,))


def add_partitions_to_txn_response_down(api_version: int, entity: Any) -> Any:
    if api_version >= 4:
        return _down(Direction.RESPONSE, ApiKey.ADD_PARTITIONS_TO_TXN, api_version, entity)
    target = schema(Direction.RESPONSE, ApiKey.ADD_PARTITIONS_TO_TXN, api_version)
    topic_class = shape_of(target.__dataclass_fields__["results_by_topic_v3_and_below"]).item
    (only,) = entity.results_by_transaction
    topics = tuple([convert(topic, topic_class) for topic in only.topic_results])
    return convert(entity, target, results_by_topic_v3_and_below=topics)


REQUEST_UP: dict[int, Reshape] = {
    ApiKey.ADD_PARTITIONS_TO_TXN: add_partitions_to_txn_request_up,
    ApiKey.FETCH: fetch_request_up,
    ApiKey.OFFSET_FETCH: offset_fetch_request_up,
    ApiKey.METADATA: metadata_request_up,
    ApiKey.FIND_COORDINATOR: find_coordinator_request_up,
    ApiKey.JOIN_GROUP: join_group_request_up,
    ApiKey.LEAVE_GROUP: leave_group_request_up,
    ApiKey.DELETE_TOPICS: delete_topics_request_up,
}
REQUEST_DOWN: dict[int, Reshape] = {
    ApiKey.ADD_PARTITIONS_TO_TXN: add_partitions_to_txn_request_down,
    ApiKey.FETCH: fetch_request_down,
    ApiKey.OFFSET_FETCH: offset_fetch_request_down,
    ApiKey.FIND_COORDINATOR: find_coordinator_request_down,
    ApiKey.LEAVE_GROUP: leave_group_request_down,
    ApiKey.DELETE_TOPICS: delete_topics_request_down,
}
RESPONSE_UP: dict[int, Reshape] = {
    ApiKey.ADD_PARTITIONS_TO_TXN: add_partitions_to_txn_response_up,
    ApiKey.OFFSET_FETCH: offset_fetch_response_up,
    ApiKey.FIND_COORDINATOR: find_coordinator_response_up,
    ApiKey.LEAVE_GROUP: leave_group_response_up,
}
RESPONSE_DOWN: dict[int, Reshape] = {
    ApiKey.ADD_PARTITIONS_TO_TXN: add_partitions_to_txn_response_down,
    ApiKey.OFFSET_FETCH: offset_fetch_response_down,
    ApiKey.FIND_COORDINATOR: find_coordinator_response_down,
    ApiKey.LEAVE_GROUP: leave_group_response_down,
    ApiKey.API_VERSIONS: api_versions_response_down,
}
"""The APIs whose versions differ in more than the fields they have."""
