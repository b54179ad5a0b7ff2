"""What a request needs to be allowed, API by API: the one place where it is asked.

`PERMISSIONS` says for each API what is checked and what of a refused request is answered (the tables are those of
kafka.server.KafkaApis, ControllerApis and AuthHelper):

- `Whole`  the request is refused as a whole
- `Each`   each item of a list is asked about; the refused ones are taken out and answered by themselves
- `Shown`  nothing is refused, but what may not be described is left out of the answer
- `Other`  a rule of its own

An API that is not in the table is refused to everybody but super users.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kafkalab.engine.security.acls import CLUSTER_NAME, Operation, ResourceType
from kafkalab.engine.security.judge import Judge
from kafkalab.wire.api import ApiKey

CLUSTER, GROUP, TOPIC = ResourceType.CLUSTER, ResourceType.GROUP, ResourceType.TOPIC
TRANSACTIONAL_ID = ResourceType.TRANSACTIONAL_ID
ALTER, ALTER_CONFIGS, CREATE, DELETE = Operation.ALTER, Operation.ALTER_CONFIGS, Operation.CREATE, Operation.DELETE
DESCRIBE, DESCRIBE_CONFIGS, READ, WRITE = (
    Operation.DESCRIBE,
    Operation.DESCRIBE_CONFIGS,
    Operation.READ,
    Operation.WRITE,
)
ASKED_BY_BROKERS_SINCE = 4
"""AddPartitionsToTxn: clients say less (KIP-890)."""
OF_TOPICS, OF_BROKERS, OF_GROUPS = 2, 4, 32
"""Whose settings: ConfigResource.Type."""


@dataclass(frozen=True, slots=True)
class Whole:
    operation: Operation
    resource_type: ResourceType
    field: str = ""
    """Where the name of the resource stands; the cluster needs none. A name that is None is not asked about."""
    when: Callable[[Any], bool] | None = None


@dataclass(frozen=True, slots=True)
class Each:
    """One after the other the items of `field`; `name` is where an item has its name, "" if it is the name."""

    field: str
    answered_in: str
    operation: Operation
    resource_type: ResourceType
    name: str = "name"
    unless: Callable[[Judge], bool] | None = None
    """Whether all of it is allowed anyway."""
    ask: Callable[[Judge, Any, Any], bool] | None = None
    """Instead: given the request's body and the item."""


@dataclass(frozen=True, slots=True)
class Shown:
    field: str
    resource_type: ResourceType
    name: str
    unless: Callable[[Judge], bool] | None = None
    when: Callable[[Any], bool] | None = None
    """Only answers to such a request."""


@dataclass(frozen=True, slots=True)
class Other:
    ask: Callable[[Judge, Any], None]
    """Raises Refused."""


Permission = Whole | Each | Shown | Other


def _may_describe_cluster(judge: Judge) -> bool:
    """DESCRIBE on the cluster."""
    return judge.may(DESCRIBE, CLUSTER, CLUSTER_NAME, silently=True)


def _may_act_as_broker(judge: Judge) -> bool:
    """CLUSTER_ACTION on the cluster."""
    return judge.may(Operation.CLUSTER_ACTION, CLUSTER, CLUSTER_NAME, silently=True)


def _may_create_anything(judge: Judge) -> bool:
    """CREATE on the cluster."""
    return judge.may(CREATE, CLUSTER, CLUSTER_NAME, silently=True)


def _metadata(judge: Judge, body: Any, topic: Any) -> bool:
    """DESCRIBE on each topic that is named, and CREATE on one that would come into being by being asked for."""
    name = judge.topic_name(topic)
    if not name:
        return True
    if not judge.may(DESCRIBE, TOPIC, name):
        return False
    if name in judge.image.topics or not (body.allow_auto_topic_creation and judge.creates_topics):
        return True
    return _may_create_anything(judge) or judge.may(CREATE, TOPIC, name)


def _settings(operation: Operation) -> Callable[[Judge, Any, Any], bool]:
    def ask(judge: Judge, body: Any, resource: Any) -> bool:
        if resource.resource_type == OF_TOPICS:
            return judge.may(operation, TOPIC, resource.resource_name)
        if resource.resource_type == OF_BROKERS:
            return judge.may(operation, CLUSTER, CLUSTER_NAME)
        return judge.may(operation, GROUP, resource.resource_name) if resource.resource_type == OF_GROUPS else True

    ask.__doc__ = f"{operation.name} on each topic, or on the cluster for the settings of brokers."
    return ask


def _coordinator(judge: Judge, body: Any, key: str) -> bool:
    """DESCRIBE on each group or transactional id."""
    match body.key_type:
        case 0:
            return judge.may(DESCRIBE, GROUP, key)
        case 1:
            return judge.may(DESCRIBE, TRANSACTIONAL_ID, key)
        case _:
            return judge.may(Operation.CLUSTER_ACTION, CLUSTER, CLUSTER_NAME)


def _producer_id(judge: Judge, body: Any) -> None:
    """WRITE on the transactional id; without one WRITE on any topic (KIP-679), or IDEMPOTENT_WRITE on the cluster."""
    if body.transactional_id is not None:
        judge.demand(WRITE, TRANSACTIONAL_ID, body.transactional_id)
    elif not judge.may_some(WRITE, TOPIC):
        judge.demand(Operation.IDEMPOTENT_WRITE, CLUSTER, CLUSTER_NAME)


def _partitions_of_transactions(judge: Judge, body: Any) -> None:
    """WRITE on the transactional id and on each topic; CLUSTER_ACTION for what brokers ask in a client's place."""
    if judge.request.api_version >= ASKED_BY_BROKERS_SINCE:
        judge.demand(Operation.CLUSTER_ACTION, CLUSTER, CLUSTER_NAME)
        return
    # Its topics are asked about where it is handled: one that is forbidden keeps the others out, too.
    for transaction in body.transactions:
        judge.demand(WRITE, TRANSACTIONAL_ID, transaction.transactional_id)


def _is_follower(body: Any) -> bool:
    """from whoever says that it is a replica; of others READ on each topic."""
    return bool(body.replica_id >= 0)


def _lists_all(body: Any) -> bool:
    return not body.topics


def _cluster(operation: Operation) -> tuple[Permission, ...]:
    return (Whole(operation, CLUSTER),)


def _group(operation: Operation = READ) -> tuple[Permission, ...]:
    return (Whole(operation, GROUP, "group_id"),)


def _topics(operation: Operation) -> tuple[Permission, ...]:
    return (Each("topics", "topics", operation, TOPIC),)


FREE: tuple[Permission, ...] = ()

PERMISSIONS: dict[int, tuple[Permission, ...]] = {
    ApiKey.PRODUCE: (Whole(WRITE, TRANSACTIONAL_ID, "transactional_id"), *_topics(WRITE)),
    # The partitions are asked about where they are read: a session names them only once.
    ApiKey.FETCH: (Whole(Operation.CLUSTER_ACTION, CLUSTER, when=_is_follower),),
    ApiKey.LIST_OFFSETS: _topics(DESCRIBE),
    ApiKey.METADATA: (
        Each("topics", "topics", DESCRIBE, TOPIC, ask=_metadata),
        Shown("topics", TOPIC, "name", when=lambda body: body.topics is None),
    ),
    ApiKey.OFFSET_COMMIT: (*_group(), *_topics(READ)),
    ApiKey.OFFSET_FETCH: (Each("groups", "groups", DESCRIBE, GROUP, "group_id"),),
    ApiKey.FIND_COORDINATOR: (Each("coordinator_keys", "coordinators", DESCRIBE, GROUP, "", ask=_coordinator),),
    ApiKey.JOIN_GROUP: _group(),
    ApiKey.HEARTBEAT: _group(),
    ApiKey.LEAVE_GROUP: _group(),
    ApiKey.SYNC_GROUP: _group(),
    ApiKey.DESCRIBE_GROUPS: (Each("groups", "groups", DESCRIBE, GROUP, ""),),
    ApiKey.LIST_GROUPS: (Shown("groups", GROUP, "group_id", unless=_may_describe_cluster),),
    ApiKey.SASL_HANDSHAKE: FREE,
    ApiKey.API_VERSIONS: FREE,
    ApiKey.CREATE_TOPICS: (Each("topics", "topics", CREATE, TOPIC, unless=_may_create_anything),),
    ApiKey.DELETE_TOPICS: (Each("topics", "responses", DELETE, TOPIC),),
    ApiKey.DELETE_RECORDS: _topics(DELETE),
    ApiKey.INIT_PRODUCER_ID: (Other(_producer_id),),
    ApiKey.OFFSET_FOR_LEADER_EPOCH: (Each("topics", "topics", DESCRIBE, TOPIC, "topic", unless=_may_act_as_broker),),
    ApiKey.DESCRIBE_ACLS: _cluster(DESCRIBE),
    ApiKey.CREATE_ACLS: _cluster(ALTER),
    ApiKey.DELETE_ACLS: _cluster(ALTER),
    ApiKey.DESCRIBE_CONFIGS: (Each("resources", "results", DESCRIBE_CONFIGS, TOPIC, ask=_settings(DESCRIBE_CONFIGS)),),
    ApiKey.ALTER_CONFIGS: (Each("resources", "responses", ALTER_CONFIGS, TOPIC, ask=_settings(ALTER_CONFIGS)),),
    ApiKey.INCREMENTAL_ALTER_CONFIGS: (
        Each("resources", "responses", ALTER_CONFIGS, TOPIC, ask=_settings(ALTER_CONFIGS)),
    ),
    ApiKey.ALTER_REPLICA_LOG_DIRS: _cluster(ALTER),
    ApiKey.DESCRIBE_LOG_DIRS: _cluster(DESCRIBE),
    ApiKey.SASL_AUTHENTICATE: FREE,
    ApiKey.CREATE_PARTITIONS: (Each("topics", "results", ALTER, TOPIC),),
    ApiKey.DELETE_GROUPS: (Each("groups_names", "results", DELETE, GROUP, ""),),
    ApiKey.ELECT_LEADERS: _cluster(ALTER),
    ApiKey.ALTER_PARTITION_REASSIGNMENTS: _cluster(ALTER),
    ApiKey.LIST_PARTITION_REASSIGNMENTS: _cluster(DESCRIBE),
    ApiKey.DESCRIBE_USER_SCRAM_CREDENTIALS: _cluster(DESCRIBE),
    ApiKey.ALTER_USER_SCRAM_CREDENTIALS: _cluster(ALTER),
    ApiKey.DESCRIBE_CLUSTER: FREE,
    ApiKey.UNREGISTER_BROKER: _cluster(ALTER),
    ApiKey.DESCRIBE_TOPIC_PARTITIONS: (
        *_topics(DESCRIBE),
        Shown("topics", TOPIC, "name", when=_lists_all),
    ),
    ApiKey.DESCRIBE_QUORUM: _cluster(DESCRIBE),
    ApiKey.ADD_RAFT_VOTER: _cluster(ALTER),
    ApiKey.REMOVE_RAFT_VOTER: _cluster(ALTER),
    ApiKey.UPDATE_FEATURES: _cluster(ALTER),
    ApiKey.ADD_PARTITIONS_TO_TXN: (Other(_partitions_of_transactions),),
    ApiKey.ADD_OFFSETS_TO_TXN: (Whole(WRITE, TRANSACTIONAL_ID, "transactional_id"), *_group()),
    ApiKey.END_TXN: (Whole(WRITE, TRANSACTIONAL_ID, "transactional_id"),),
    ApiKey.TXN_OFFSET_COMMIT: (Whole(WRITE, TRANSACTIONAL_ID, "transactional_id"), *_group(), *_topics(READ)),
    ApiKey.WRITE_TXN_MARKERS: _cluster(Operation.CLUSTER_ACTION),
    ApiKey.DESCRIBE_PRODUCERS: _topics(READ),
    ApiKey.DESCRIBE_TRANSACTIONS: (Each("transactional_ids", "transaction_states", DESCRIBE, TRANSACTIONAL_ID, ""),),
    ApiKey.LIST_TRANSACTIONS: (Shown("transaction_states", TRANSACTIONAL_ID, "transactional_id"),),
    ApiKey.OFFSET_DELETE: (*_group(DELETE), *_topics(READ)),
    ApiKey.DESCRIBE_CLIENT_QUOTAS: _cluster(DESCRIBE_CONFIGS),
    ApiKey.ALTER_CLIENT_QUOTAS: _cluster(ALTER_CONFIGS),
    ApiKey.CONSUMER_GROUP_HEARTBEAT: _group(),
    ApiKey.CONSUMER_GROUP_DESCRIBE: (Each("group_ids", "groups", DESCRIBE, GROUP, ""),),
    ApiKey.GET_TELEMETRY_SUBSCRIPTIONS: FREE,
    ApiKey.PUSH_TELEMETRY: FREE,
    ApiKey.LIST_CONFIG_RESOURCES: _cluster(DESCRIBE_CONFIGS),
    ApiKey.SHARE_GROUP_HEARTBEAT: _group(),
    ApiKey.SHARE_GROUP_DESCRIBE: (Each("group_ids", "groups", DESCRIBE, GROUP, ""),),
    ApiKey.SHARE_FETCH: _group(),
    ApiKey.SHARE_ACKNOWLEDGE: _group(),
    ApiKey.DESCRIBE_SHARE_GROUP_OFFSETS: (Each("groups", "groups", DESCRIBE, GROUP, "group_id"),),
    ApiKey.ALTER_SHARE_GROUP_OFFSETS: (*_group(), Each("topics", "responses", READ, TOPIC, "topic_name")),
    ApiKey.INITIALIZE_SHARE_GROUP_STATE: _cluster(Operation.CLUSTER_ACTION),
    ApiKey.READ_SHARE_GROUP_STATE: _cluster(Operation.CLUSTER_ACTION),
    ApiKey.WRITE_SHARE_GROUP_STATE: _cluster(Operation.CLUSTER_ACTION),
    ApiKey.DELETE_SHARE_GROUP_STATE: _cluster(Operation.CLUSTER_ACTION),
    ApiKey.READ_SHARE_GROUP_STATE_SUMMARY: _cluster(Operation.CLUSTER_ACTION),
    ApiKey.DELETE_SHARE_GROUP_OFFSETS: (*_group(DELETE), Each("topics", "responses", READ, TOPIC, "topic_name")),
}
