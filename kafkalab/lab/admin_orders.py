"""Orders to the cluster that are requests of Kafka's: topics, partitions, records, groups.

They go out through an Admin client, a node like any other. Field by field the requests are those
that kafka-topics.sh and its kin would send.
"""

from collections.abc import Callable
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from kio.schema.alter_partition_reassignments.v1.request import (
    AlterPartitionReassignmentsRequest,
    ReassignablePartition,
    ReassignableTopic,
)
from kio.schema.alter_share_group_offsets.v0.request import (
    AlterShareGroupOffsetsRequest,
    AlterShareGroupOffsetsRequestPartition,
    AlterShareGroupOffsetsRequestTopic,
)
from kio.schema.create_partitions.v3.request import CreatePartitionsRequest, CreatePartitionsTopic
from kio.schema.create_topics.v7.request import CreatableTopic, CreatableTopicConfig, CreateTopicsRequest
from kio.schema.delete_groups.v2.request import DeleteGroupsRequest
from kio.schema.delete_records.v2.request import DeleteRecordsPartition, DeleteRecordsRequest, DeleteRecordsTopic
from kio.schema.delete_topics.v6.request import DeleteTopicsRequest, DeleteTopicState
from kio.schema.describe_quorum.v2 import request as describe_quorum
from kio.schema.describe_quorum.v2.response import DescribeQuorumResponse
from kio.schema.elect_leaders.v2.request import ElectLeadersRequest, TopicPartitions
from kio.schema.incremental_alter_configs.v1.request import (
    AlterableConfig,
    AlterConfigsResource,
    IncrementalAlterConfigsRequest,
)
from kio.schema.list_partition_reassignments.v0.request import (
    ListPartitionReassignmentsRequest,
    ListPartitionReassignmentsTopics,
)
from kio.schema.types import BrokerId, GroupId, TopicName
from kio.schema.unregister_broker.v0.request import UnregisterBrokerRequest
from kio.static.primitive import i8, i16, i32, i64

from kafkalab.engine.clients import requests
from kafkalab.engine.clients.admin import Admin, Order, Outcome
from kafkalab.engine.clients.requests import duration
from kafkalab.engine.controller import altering_configs
from kafkalab.engine.controller.metadata import METADATA_TOPIC, TOPIC
from kafkalab.lab import commands as order
from kafkalab.lab import config_orders, moving, security_commands, share_commands
from kafkalab.lab import transaction_commands as transactions
from kafkalab.lab.config_commands import ConfigCommand
from kafkalab.lab.controller_commands import DescribeQuorum
from kafkalab.lab.security_commands import SecurityCommand
from kafkalab.wire.api import ApiKey
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.lab.lab import Lab

ADMIN = "admin"
"""The node's name."""
FIRST_TOKEN = 1_000_000
"""Beyond those of a history, whose orders go through the same node."""
TIMEOUT = duration(30_000)

OnAnswer = Callable[[bool, str, dict[str, Any]], None]
"""(ok, error, detail)"""


class AdminOrders:
    def __init__(self, lab: "Lab") -> None:
        self.lab = lab
        self._node: Admin | None = None
        """From the first order on."""
        self._tokens = FIRST_TOKEN
        self._asked: dict[int, Callable[[Outcome], None]] = {}

    @property
    def waiting(self) -> bool:
        return bool(self._asked)

    def go_on_from(self, other: "AdminOrders") -> None:
        """In a fork, whose world has the other's node."""
        self._tokens = other._tokens

    def ask(self, command: order.Command, on_answer: OnAnswer) -> None:
        match command:
            case order.ReassignPartition(throttle=int()):
                self._move(command, on_answer)
            case order.VerifyReassignment():
                self._verify(command, on_answer)
            case _ if isinstance(command, SecurityCommand):
                asked = security_commands.request(command, self._salt())
                self._send(*asked, lambda outcome: on_answer(*told(outcome)))
            case transactions.AbortTransaction():
                self._abort(command, on_answer)
            case _:
                self._send(*request(command), lambda outcome: on_answer(*told(outcome)))

    def _salt(self) -> bytes:
        """For a password: no other of any lab has it, and what is played again comes out the same."""
        return sha256(f"salt {self._tokens} of {self.lab.world.seed}".encode()).digest()[:16]

    def _move(self, command: order.ReassignPartition, on_answer: OnAnswer) -> None:
        """Set the throttle, then move."""

        def described(outcome: Outcome) -> None:
            if not outcome.ok:
                on_answer(*told(outcome))
                return
            old = {each.partition_index: each.replica_nodes for each in outcome.answers[0].topics[0].partitions}
            bound = moving.throttled(command, tuple(map(int, old.get(i32(command.partition), ()))))
            self._send(ApiKey.INCREMENTAL_ALTER_CONFIGS, bound, bounded)

        def bounded(outcome: Outcome) -> None:
            if not outcome.ok:
                on_answer(*told(outcome))
                return
            self._send(*request(command), lambda moved: on_answer(*told(moved)))

        self._send(ApiKey.METADATA, requests.metadata((command.topic,), False), described)

    def _verify(self, command: order.VerifyReassignment, on_answer: OnAnswer) -> None:
        """Once it does not move any more, no broker needs a throttle."""

        def listed(outcome: Outcome) -> None:
            if outcome.ok and not outcome.answers[0].topics:
                self._send(ApiKey.METADATA, requests.metadata((), False), described)
                return
            ok, error, detail = told(outcome)
            on_answer(ok, error, detail if error else {"complete": False})

        def described(outcome: Outcome) -> None:
            brokers = [int(each.node_id) for answer in outcome.answers for each in answer.brokers]
            self._send(ApiKey.INCREMENTAL_ALTER_CONFIGS, moving.unthrottled(command.topic, brokers), forgotten)

        def forgotten(outcome: Outcome) -> None:
            ok, error, detail = told(outcome)
            on_answer(ok, error, detail if error else {"complete": True})

        self._send(*request(command), listed)

    def _abort(self, command: transactions.AbortTransaction, on_answer: OnAnswer) -> None:
        """Look whose transaction begins there, and end it."""

        def described(outcome: Outcome) -> None:
            if not outcome.ok:
                on_answer(*told(outcome))
                return
            producer = transactions.begun_at(outcome.answers[0], command.start_offset)
            if producer is None:
                where = f"{command.topic}-{command.partition}"
                on_answer(False, f"No open transaction begins at offset {command.start_offset} of {where}.", {})
                return
            self._send(*transactions.abort(command, producer), lambda aborted: on_answer(*told(aborted)))

        self._send(*transactions.producers_of(command), described)

    def _send(self, api_key: int, body: Any, on_outcome: Callable[[Outcome], None]) -> None:
        if self._node is None:
            # A forked world has one, and so has the world of a history.
            known = self.lab.world.nodes.get(ADMIN)
            self._node = known if isinstance(known, Admin) else Admin(ADMIN, self.lab.bootstrap_nodes)
            if known is None:
                self.lab.world.start(self._node)
        self._tokens += 1
        self._asked[self._tokens] = on_outcome
        self.lab.world.tell_node(ADMIN, Order(self._tokens, api_key, body))

    def settle(self) -> None:
        """Pass on the outcomes that are there by now."""
        if self._node is None:
            return
        for token in [token for token in self._asked if token in self._node.outcomes]:
            outcome = self._node.outcomes.pop(token)
            self._asked.pop(token)(outcome)


def told(outcome: Outcome) -> tuple[bool, str, dict[str, Any]]:
    if outcome.error == ErrorCode.none:
        answer = outcome.answers[0] if outcome.answers else None
        return True, "", _quorum_status(answer) if isinstance(answer, DescribeQuorumResponse) else {}
    name = outcome.error.name.upper()
    return False, f"{name}: {outcome.message}" if outcome.message else f"{name}.", {"error_code": int(outcome.error)}


def request(command: order.Command) -> tuple[int, Any]:
    """(API key, body in the dialect) of a command that is one request."""
    match command:
        case order.CreateTopic():
            return ApiKey.CREATE_TOPICS, _create_topic(command)
        case order.DeleteTopic(name):
            state = DeleteTopicState(name=TopicName(name), topic_id=None)
            return ApiKey.DELETE_TOPICS, DeleteTopicsRequest(topics=(state,), timeout=TIMEOUT)
        case order.AddPartitions(name, partitions):
            grown = CreatePartitionsTopic(name=TopicName(name), count=i32(partitions), assignments=None)
            body = CreatePartitionsRequest(topics=(grown,), timeout=TIMEOUT, validate_only=False)
            return ApiKey.CREATE_PARTITIONS, body
        case order.AlterTopicConfig(topic, name, value):
            operation = altering_configs.DELETE if value is None else altering_configs.SET
            config = AlterableConfig(name=name, config_operation=i8(operation), value=value)
            resource = AlterConfigsResource(resource_type=i8(TOPIC), resource_name=topic, configs=(config,))
            altered = IncrementalAlterConfigsRequest(resources=(resource,), validate_only=False)
            return ApiKey.INCREMENTAL_ALTER_CONFIGS, altered
        case order.ElectLeader(topic, partition, election_type):
            chosen = TopicPartitions(topic=TopicName(topic), partitions=(i32(partition),))
            election = ElectLeadersRequest(
                election_type=i8(order.ELECTIONS.index(election_type)), topic_partitions=(chosen,), timeout=TIMEOUT
            )
            return ApiKey.ELECT_LEADERS, election
        case order.VerifyReassignment(topic, partition):
            asked = ListPartitionReassignmentsTopics(name=TopicName(topic), partition_indexes=(i32(partition),))
            return ApiKey.LIST_PARTITION_REASSIGNMENTS, ListPartitionReassignmentsRequest(
                topics=(asked,), timeout=TIMEOUT
            )
        case order.UnregisterBroker(broker):
            return ApiKey.UNREGISTER_BROKER, UnregisterBrokerRequest(broker_id=BrokerId(broker))
        case order.ReassignPartition(topic, partition, replicas):
            moved = ReassignablePartition(
                partition_index=i32(partition), replicas=tuple(BrokerId(replica) for replica in replicas)
            )
            moves = ReassignableTopic(name=TopicName(topic), partitions=(moved,))
            return ApiKey.ALTER_PARTITION_REASSIGNMENTS, AlterPartitionReassignmentsRequest(
                topics=(moves,), timeout=TIMEOUT
            )
        case order.DeleteRecords(topic, partition, before_offset):
            part = DeleteRecordsPartition(partition_index=i32(partition), offset=i64(before_offset))
            named = DeleteRecordsTopic(name=TopicName(topic), partitions=(part,))
            return ApiKey.DELETE_RECORDS, DeleteRecordsRequest(topics=(named,), timeout=TIMEOUT)
        case DescribeQuorum():
            quorum = describe_quorum.TopicData(
                topic_name=TopicName(METADATA_TOPIC),
                partitions=(describe_quorum.PartitionData(partition_index=i32(0)),),
            )
            return ApiKey.DESCRIBE_QUORUM, describe_quorum.DescribeQuorumRequest(topics=(quorum,))
        case transactions.ForceTerminateTransaction():
            return transactions.force_terminate(command)
        case share_commands.AlterShareGroupOffset(group, topic, partition, start_offset):
            begins = AlterShareGroupOffsetsRequestPartition(
                partition_index=i32(partition), start_offset=i64(start_offset)
            )
            of_topic = AlterShareGroupOffsetsRequestTopic(topic_name=TopicName(topic), partitions=(begins,))
            altered_offsets = AlterShareGroupOffsetsRequest(group_id=GroupId(group), topics=(of_topic,))
            return ApiKey.ALTER_SHARE_GROUP_OFFSETS, altered_offsets
        case order.DeleteGroup(group):
            return ApiKey.DELETE_GROUPS, DeleteGroupsRequest(groups_names=(GroupId(group),))
    if isinstance(command, ConfigCommand):
        return config_orders.request(command)
    raise AssertionError(f"{command!r} is no request of Kafka's")


def _quorum_status(answer: DescribeQuorumResponse) -> dict[str, Any]:
    """What `kafka-metadata-quorum.sh describe --status` prints."""
    quorum = answer.topics[0].partitions[0]
    ends = {voter.replica_id: voter.log_end_offset for voter in quorum.current_voters}
    return {
        "leader_id": quorum.leader_id,
        "leader_epoch": quorum.leader_epoch,
        "high_watermark": quorum.high_watermark,
        "max_follower_lag": max(ends.values(), default=0) - min(ends.values(), default=0),
        "current_voters": list(ends),
        "current_observers": [observer.replica_id for observer in quorum.observers],
    }


def _create_topic(command: order.CreateTopic) -> CreateTopicsRequest:
    topic = CreatableTopic(
        name=TopicName(command.name),
        num_partitions=i32(command.partitions),
        replication_factor=i16(command.replication_factor),
        assignments=(),
        configs=tuple(CreatableTopicConfig(name=name, value=value) for name, value in command.configs.items()),
    )
    return CreateTopicsRequest(topics=(topic,), timeout=TIMEOUT)
