"""The lab's own hands: it carries out orders as `kafka-topics.sh` and its kin would.

Every order is a request that Kafka has for it, sent where Kafka's Admin client sends it: to any
broker, which forwards what is the controller's; to the leaders of the partitions it is about; or
to the group's coordinator. What fails for a reason that may pass is tried again until
`default.api.timeout.ms`, and then the last error is the outcome
(org.apache.kafka.clients.admin.KafkaAdminClient).
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from kio.schema.alter_share_group_offsets.v0.request import AlterShareGroupOffsetsRequest
from kio.schema.consumer_group_describe.v1.request import ConsumerGroupDescribeRequest
from kio.schema.create_topics.v7.request import CreatableTopic, CreatableTopicConfig, CreateTopicsRequest
from kio.schema.delete_groups.v2.request import DeleteGroupsRequest
from kio.schema.delete_records.v2.request import DeleteRecordsRequest
from kio.schema.delete_share_group_offsets.v0.request import DeleteShareGroupOffsetsRequest
from kio.schema.describe_groups.v6.request import DescribeGroupsRequest
from kio.schema.describe_producers.v0.request import DescribeProducersRequest
from kio.schema.describe_share_group_offsets.v1.request import DescribeShareGroupOffsetsRequest
from kio.schema.describe_transactions.v0.request import DescribeTransactionsRequest
from kio.schema.init_producer_id.v5.request import InitProducerIdRequest
from kio.schema.list_groups.v5.request import ListGroupsRequest
from kio.schema.list_offsets.v11.request import ListOffsetsRequest
from kio.schema.list_transactions.v2.request import ListTransactionsRequest
from kio.schema.offset_delete.v0.request import OffsetDeleteRequest
from kio.schema.share_group_describe.v1.request import ShareGroupDescribeRequest
from kio.schema.types import TopicName
from kio.schema.write_txn_markers.v2.request import WritableTxnMarker, WriteTxnMarkersRequest
from kio.static.primitive import i16, i32

from kafkalab.engine.clients import requests
from kafkalab.engine.clients.client import Asked, Client
from kafkalab.engine.clients.coordinator_link import CoordinatorLink
from kafkalab.engine.clients.metadata import STALE, backoff_us
from kafkalab.engine.clients.requests import duration
from kafkalab.engine.events import AdminAnswered
from kafkalab.engine.spec import broker_node
from kafkalab.wire.api import ApiKey
from kafkalab.wire.dialect import OffsetCommitRequest, OffsetFetchRequest
from kafkalab.wire.errors import ErrorCode

AGAIN = (
    ErrorCode.not_controller,
    ErrorCode.throttling_quota_exceeded,
    ErrorCode.coordinator_load_in_progress,
    ErrorCode.coordinator_not_available,
    ErrorCode.not_coordinator,
    ErrorCode.not_leader_or_follower,
    ErrorCode.leader_not_available,
    ErrorCode.kafka_storage_error,
    ErrorCode.concurrent_transactions,
)
"""What Kafka's Admin tries again when an answer says so. A topic that does not exist is not among it."""
API_TIMEOUT_MS = 60_000
"""default.api.timeout.ms."""
DESCRIBING = (ApiKey.METADATA, ApiKey.DESCRIBE_TOPIC_PARTITIONS)
"""Errors in their answers are what was asked for: a partition without a leader, say."""
OUTCOMES_KEPT = 1_000


@dataclass(frozen=True, slots=True)
class Order:
    """Send this request, wherever it belongs."""

    token: int
    """By which the outcome can be looked up."""
    api_key: int
    body: Any
    """In the dialect. Groups: one a request. Partitions: their topics are split among the leaders."""
    timeout_ms: int = API_TIMEOUT_MS
    broker: int | None = None
    """The one broker that is asked; None: wherever the request belongs."""


@dataclass(frozen=True, slots=True)
class Outcome:
    token: int
    error: ErrorCode
    """The first error in any answer; none if all went well."""
    message: str | None
    """What a broker said to that error."""
    answers: tuple[Any, ...]
    """The bodies that came back: one, or one from each broker that was asked."""

    @property
    def ok(self) -> bool:
        return self.error == ErrorCode.none


@dataclass(eq=False, slots=True)
class _Part:
    """One request of an order: the whole of it, or a leader's or a broker's share."""

    body: Any
    broker: int | None
    """None for any broker, or for the coordinator."""
    in_flight: bool = False
    answer: Any = None
    done: bool = False


@dataclass(eq=False, slots=True)
class _Task:
    order: Order
    deadline_us: int
    link: CoordinatorLink | None
    parts: list[_Part] | None = None
    """None until it is known whom to ask."""
    failures: int = 0
    not_before_us: int = 0
    error: ErrorCode = ErrorCode.request_timed_out
    message: str | None = None


class Admin(Client):
    makes_topics = False
    principal = "User:admin"

    def __init__(self, name: str, bootstrap: tuple[str, ...]) -> None:
        super().__init__(name, bootstrap)
        self.outcomes: dict[int, Outcome] = {}
        """By token; pop what you have seen. The oldest are forgotten."""
        self._tasks: list[_Task] = []

    def command(self, message: Any) -> None:
        match message:
            case Order():
                link = self._link(message.body)
                self._tasks.append(_Task(message, self.now_us + message.timeout_ms * 1000, link))
            case _:
                super().command(message)

    def progress(self) -> None:
        for task in list(self._tasks):
            self._advance(task)
        if self.closing and not self._tasks:
            self.exit()

    def _advance(self, task: _Task) -> None:
        if self.now_us >= task.deadline_us:
            self._finish(task)
            return
        self.wake_at(task.deadline_us)
        if self.now_us < task.not_before_us:
            self.wake_at(task.not_before_us)
            return
        if task.parts is None:
            task.parts = self._parted(task)
        for part in task.parts or ():
            if part.done or part.in_flight:
                continue
            target = self._target(task, part)
            if target is not None:
                part.in_flight = True
                self.ask(target, task.order.api_key, part.body, self, (task, part))

    def _target(self, task: _Task, part: _Part) -> str | None:
        if task.link is not None:
            return task.link.target()
        if part.broker is None:
            return self.least_loaded()
        target = broker_node(part.broker)
        return target if self.ready(target) else None

    # -- whom to ask -------------------------------------------------------------------------------

    def _link(self, body: Any) -> CoordinatorLink | None:
        match body:
            case InitProducerIdRequest():
                return CoordinatorLink(self, str(body.transactional_id), requests.TRANSACTION)
            case DescribeTransactionsRequest(transactional_ids=(transactional_id,)):
                return CoordinatorLink(self, transactional_id, requests.TRANSACTION)
        group = _group(body)
        return None if group is None else CoordinatorLink(self, group)

    def _parted(self, task: _Task) -> list[_Part] | None:
        if task.order.broker is not None:
            return [_Part(task.order.body, task.order.broker)]
        match task.order.body:
            case DeleteRecordsRequest() | ListOffsetsRequest():
                return self._by_leader(task, task.order.body)
            case (
                DescribeProducersRequest(topics=(topic,))
                | WriteTxnMarkersRequest(markers=(WritableTxnMarker(topics=(topic,)),))
            ):
                return self._at_leader(task, topic)
            case ListGroupsRequest() | ListTransactionsRequest() as body:
                if not self.metadata.updates:
                    return None
                return [_Part(body, broker) for broker in self.metadata.brokers]
        return [_Part(task.order.body, None)]

    def _by_leader(self, task: _Task, body: Any) -> list[_Part] | None:
        """The request cut up by the leaders of its partitions; None while one is not known."""
        shares: dict[int, dict[str, list[Any]]] = {}
        for topic in body.topics:
            self.metadata.want(topic.name)
            for partition in topic.partitions:
                leader = self.metadata.leader(topic.name, partition.partition_index)
                known = self.metadata.count(topic.name)
                if topic.name in self.metadata.errors or (known and partition.partition_index >= known):
                    task.error = self.metadata.errors.get(topic.name, ErrorCode.unknown_topic_or_partition)
                    self._finish(task)
                    return None
                if leader is None:
                    self.metadata.request_update()
                    return None
                shares.setdefault(leader.leader, {}).setdefault(topic.name, []).append(partition)
        named = {topic.name: topic for topic in body.topics}
        return [
            _Part(
                replace(
                    body,
                    topics=tuple(
                        replace(named[name], partitions=tuple(partitions)) for name, partitions in topics.items()
                    ),
                ),
                leader,
            )
            for leader, topics in shares.items()
        ]

    def _at_leader(self, task: _Task, topic: Any) -> list[_Part] | None:
        """All of a request that is about one partition; None while its leader is not known."""
        self.metadata.want(topic.name)
        (partition,) = topic.partition_indexes
        known = self.metadata.count(topic.name)
        if topic.name in self.metadata.errors or (known and partition >= known):
            task.error = self.metadata.errors.get(topic.name, ErrorCode.unknown_topic_or_partition)
            self._finish(task)
            return None
        leader = self.metadata.leader(topic.name, partition)
        if leader is None:
            self.metadata.request_update()
            return None
        return [_Part(task.order.body, leader.leader)]

    # -- answers -----------------------------------------------------------------------------------

    def answered(self, asked: Asked, body: Any) -> None:
        if asked.about is None:
            super().answered(asked, body)
            return
        task, part = asked.about
        part.in_flight = False
        found = errors(body)
        part.answer = body
        passing = [it for it in found if it[0] in AGAIN]
        if passing and asked.api_key not in DESCRIBING:
            task.error, task.message = passing[0]
            self._again(task, task.error)
            return
        part.done = True
        if all(other.done for other in task.parts):
            found = [it for other in task.parts for it in errors(other.answer)]
            task.error, task.message = found[0] if found else (ErrorCode.none, None)
            self._finish(task)

    def unanswered(self, asked: Asked, error: ErrorCode) -> None:
        if asked.about is None:
            super().unanswered(asked, error)
            return
        task, part = asked.about
        part.in_flight = False
        task.error, task.message = error, None
        self._again(task, error)

    def _again(self, task: _Task, error: ErrorCode) -> None:
        task.failures += 1
        task.not_before_us = self.now_us + backoff_us(task.failures, self.random)
        if error in STALE:
            self.metadata.request_update()
        if task.link is not None:
            task.link.lost()
        if not any(part.in_flight for part in task.parts or ()):
            # All of it once more, for leaders may have changed. Nothing here does harm when done twice.
            task.parts = None

    def _finish(self, task: _Task) -> None:
        if task not in self._tasks:
            return
        self._tasks.remove(task)
        order = task.order
        answers = tuple(part.answer for part in task.parts or () if part.answer is not None)
        self.outcomes[order.token] = Outcome(order.token, task.error, task.message, answers)
        if len(self.outcomes) > OUTCOMES_KEPT:
            del self.outcomes[next(iter(self.outcomes))]
        api = ApiKey(order.api_key).name
        error = task.error.name.upper()
        self.tell(AdminAnswered(self.name, order.token, api, error, task.message or ""))


def create_topic(token: int, name: str, partitions: int, replication_factor: int, configs: Mapping[str, str]) -> Order:
    """-1 for partitions and replicas leaves them to the brokers' defaults."""
    topic = CreatableTopic(
        name=TopicName(name),
        num_partitions=i32(partitions),
        replication_factor=i16(replication_factor),
        assignments=(),
        configs=tuple(CreatableTopicConfig(name=key, value=value) for key, value in configs.items()),
    )
    return Order(token, ApiKey.CREATE_TOPICS, CreateTopicsRequest(topics=(topic,), timeout=duration(30_000)))


def errors(body: Any) -> list[tuple[ErrorCode, str | None]]:
    """Every error in an answer, with what was said to it, from the outside in."""
    found: list[tuple[ErrorCode, str | None]] = []
    if not is_dataclass(body):
        return found
    code = getattr(body, "error_code", ErrorCode.none)
    if code != ErrorCode.none:
        found.append((code, getattr(body, "error_message", None)))
    for part in fields(body):
        value = getattr(body, part.name)
        if isinstance(value, tuple):
            for item in value:
                found.extend(errors(item))
    return found


def _group(body: Any) -> str | None:
    """The one group that a request is about."""
    match body:
        case DescribeGroupsRequest(groups=(group,)) | DeleteGroupsRequest(groups_names=(group,)):
            return group
        case ConsumerGroupDescribeRequest(group_ids=(group,)) | ShareGroupDescribeRequest(group_ids=(group,)):
            return group
        case OffsetFetchRequest(groups=(asked,)) | DescribeShareGroupOffsetsRequest(groups=(asked,)):
            return asked.group_id
        case AlterShareGroupOffsetsRequest() | DeleteShareGroupOffsetsRequest():
            return body.group_id
        case OffsetCommitRequest() | OffsetDeleteRequest():
            return body.group_id
        case DescribeGroupsRequest() | DeleteGroupsRequest():
            raise ValueError("groups have different coordinators: order one group at a time")
    return None
