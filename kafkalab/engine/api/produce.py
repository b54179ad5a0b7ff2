"""Produce: append batches to the partitions led here, and say where they are once they are safe enough.

acks=0 is never answered: an error closes the connection. acks=1 is answered when the leader has
written. acks=all (-1) waits until every in-sync replica has the records; whether enough of them are
in sync is asked before the append and again at the end (kafka.server.KafkaApis.handleProduceRequest,
ReplicaManager.appendRecords, DelayedProduce).
"""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from uuid import UUID

from kafkalab.engine.api.leader_hints import NO_HINT, endpoints, hint_for
from kafkalab.engine.controller.topic_names import is_internal
from kafkalab.engine.log.validation import is_one_batch
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.wire.dialect import (
    ProducePartition,
    ProducePartitionResult,
    ProduceRequest,
    ProduceResponse,
    ProduceTopic,
    ProduceTopicResult,
)
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker, PartitionKey

ADMIN_CLIENT_ID = "__admin_client"
"""The one client id that may write to internal topics (AdminUtils.ADMIN_CLIENT_ID)."""
ACKS_ALL = -1
TOPIC_IDS_SINCE = 13
ATTRIBUTES, TRANSACTIONAL = 22, 0x10
"""Of a batch: the low byte of its attributes, and the bit in it."""
TOLD_NO_START = (
    ErrorCode.not_leader_or_follower,
    ErrorCode.unknown_topic_or_partition,
    ErrorCode.message_too_large,
    ErrorCode.record_list_too_large,
    ErrorCode.corrupt_message,
    ErrorCode.invalid_topic_exception,
    ErrorCode.invalid_required_acks,
)

TopicKey = tuple[str, UUID | None]
"""A topic as the client named it: by name or by id."""
Results = dict[TopicKey, dict[int, ProducePartitionResult]]


@dataclass(slots=True)
class Unreplicated:
    """An append that counts once the high watermark reaches `required_offset`."""

    topic: TopicKey
    required_offset: int


@dataclass(slots=True)
class ProduceAwaitingIsr:
    request: Request
    results: Results = field(default_factory=dict)
    """As the answer will be if all goes well."""
    pending: dict["PartitionKey", Unreplicated] = field(default_factory=dict)

    @property
    def source(self) -> str:
        return self.request.source

    def check(self, broker: "Broker", key: "PartitionKey") -> bool:
        self.settle(broker, key)
        if self.pending:
            return False
        broker.respond(self.request, response(broker, self.results, self.request.listener))
        return True

    def expire(self, broker: "Broker") -> None:
        """It took too long: written it is, but nobody promises anything."""
        for key, append in self.pending.items():
            self._fail(append.topic, key, ErrorCode.request_timed_out)
        broker.respond(self.request, response(broker, self.results, self.request.listener))

    def settle(self, broker: "Broker", key: "PartitionKey") -> None:
        append = self.pending.get(key)
        if append is None:
            return
        partition = broker.partitions.get(key)
        error = partition.replicated(append.required_offset) if partition else ErrorCode.not_leader_or_follower
        if error is None:
            return
        del self.pending[key]
        if error is not ErrorCode.none:
            self._fail(append.topic, key, error)

    def _fail(self, topic: TopicKey, key: "PartitionKey", error: ErrorCode) -> None:
        self.results[topic][key[1]] = ProducePartitionResult(key[1], error)


def handle(broker: "Broker", request: Request) -> ProduceResponse | None:
    body: ProduceRequest = request.body
    if body.acks not in (0, 1, ACKS_ALL):
        raise Refused(ErrorCode.invalid_required_acks)
    if body.transactional_id is None and any(map(_is_transactional, body.topics)):
        raise Refused(ErrorCode.transactional_id_authorization_failed)
    wait = ProduceAwaitingIsr(request)
    failed = False
    for topic in body.topics:
        topic_key = (topic.name, topic.topic_id)
        results = wait.results[topic_key] = {}
        for wanted in topic.partitions:
            try:
                results[wanted.partition] = _append(broker, wait, topic_key, wanted)
            except Refused as refused:
                failed = True
                broker.router.tell_refusal(request, refused)
                results[wanted.partition] = _refused_here(broker, request, topic, wanted, refused)
    if body.acks == 0:
        if failed:
            # Without an answer, this is the only way to make a producer refresh its metadata.
            broker.hang_up(request.source)
        else:
            broker.respond(request, None)
        return None
    for key in tuple(wait.pending):
        wait.settle(broker, key)
    if not wait.pending:
        return response(broker, wait.results, request.listener)
    broker.purgatory.watch(wait, tuple(wait.pending), body.timeout_ms)
    return None


def _append(
    broker: "Broker", wait: ProduceAwaitingIsr, topic: TopicKey, wanted: ProducePartition
) -> ProducePartitionResult:
    name = broker.topic_name(*topic)
    if is_internal(name) and wait.request.client_id != ADMIN_CLIENT_ID:
        raise Refused(ErrorCode.invalid_topic_exception, f"Cannot append to internal topic {name}")
    acks = wait.request.body.acks
    partition = broker.partition(name, wanted.partition)
    appended = partition.append_as_leader(wanted.records or b"", acks)
    if acks == ACKS_ALL:
        wait.pending[partition.key] = Unreplicated(topic, appended.last_offset + 1)
    return ProducePartitionResult(
        wanted.partition,
        base_offset=appended.first_offset,
        log_append_time_ms=appended.log_append_time_ms,
        log_start_offset=partition.log.start_offset,
    )


def _is_transactional(topic: ProduceTopic) -> bool:
    return any(
        bool(each.records) and len(each.records) > ATTRIBUTES and bool(each.records[ATTRIBUTES] & TRANSACTIONAL)
        for each in topic.partitions
        if each.records is not None
    )


def _refused_here(
    broker: "Broker", request: Request, topic: ProduceTopic, wanted: ProducePartition, refused: Refused
) -> ProducePartitionResult:
    """Who got as far as the log is told where that begins (ReplicaManager.appendToLocalLog)."""
    result = _refused(wanted.partition, refused)
    if request.api_version >= TOPIC_IDS_SINCE and not (topic.topic_id or topic.name):
        return replace(result, error_code=ErrorCode.unknown_topic_id)
    name = topic.name or broker.metadata.topic_names.get(topic.topic_id, "")  # type: ignore[arg-type]
    partition = broker.partitions.get((name, wanted.partition))
    if partition is None or refused.error_code in TOLD_NO_START or not is_one_batch(wanted.records or b""):
        return result
    return replace(result, log_start_offset=partition.log.start_offset)


def _refused(partition: int, refused: Refused) -> ProducePartitionResult:
    return ProducePartitionResult(
        partition, refused.error_code, record_errors=refused.record_errors, error_message=refused.message
    )


def response(broker: "Broker", results: Results, listener: str) -> ProduceResponse:
    hints = []
    for (name, topic_id), partitions in results.items():
        for number, result in partitions.items():
            if result.error_code is not ErrorCode.none:
                known_as = name or broker.metadata.topic_names.get(topic_id, "")  # type: ignore[arg-type]
                hint = hint_for(broker, result.error_code, known_as, number)
                if hint is not NO_HINT:
                    hints.append(hint)
                    partitions[number] = replace(result, current_leader=hint)
    return ProduceResponse(
        tuple(
            ProduceTopicResult(name, topic_id, tuple(partitions.values()))
            for (name, topic_id), partitions in results.items()
        ),
        node_endpoints=endpoints(broker, hints, listener) if hints else (),
    )


def refuse(request: Request, refused: Refused) -> ProduceResponse:
    topics = {(topic.name, topic.topic_id): topic.partitions for topic in request.body.topics}
    return ProduceResponse(
        tuple(
            ProduceTopicResult(name, topic_id, tuple(_refused(each.partition, refused) for each in partitions))
            for (name, topic_id), partitions in topics.items()
        )
    )
