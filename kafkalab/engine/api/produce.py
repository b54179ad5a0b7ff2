"""Produce: append batches to the partitions led here, and say where they are once they are safe enough.

acks=0 is never answered: an error closes the connection. acks=1 is answered when the leader has
written. acks=all (-1) waits until every in-sync replica has the records; whether enough of them are
in sync is asked before the append and again at the end (kafka.server.KafkaApis.handleProduceRequest,
ReplicaManager.appendRecords, DelayedProduce).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from uuid import UUID

from kafkalab.engine.api.leader_hints import NO_HINT, endpoints, hint_for
from kafkalab.engine.api.transactional_produce import Numbers, Transactional, as_told, transactional
from kafkalab.engine.broker.partition import Partition
from kafkalab.engine.broker.verification import Errors, Support
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
RETRY_US, RETRY_FOR_US = 20_000, 100_000
"""add.partitions.to.txn.retry.backoff.ms and its .max.ms: markers of the transaction before are under way."""
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


@dataclass(frozen=True, slots=True)
class ProduceAwaitingVerification:
    """Nothing is written before the transaction's coordinator has answered."""

    request: Request
    found: Transactional
    since_us: int

    def ask(self, broker: "Broker") -> None:
        broker.verifications.ask(self.found.writer, self.found.unknown, self)

    def verified(self, broker: "Broker", errors: Errors) -> None:
        support = self.found.writer.support
        too_soon = ErrorCode.concurrent_transactions in errors.values() and support is Support.ADDS
        if too_soon and broker.now_us - self.since_us < RETRY_FOR_US:
            broker.wake_in(RETRY_US, AskAgain(self))
            return
        unverified = {key: as_told(error, support) for key, error in errors.items()}
        body = _append_all(broker, self.request, self.found.numbers, {**self.found.refused, **unverified})
        if body is not None:
            broker.respond(self.request, body)


@dataclass(frozen=True, slots=True)
class AskAgain:
    waiting: ProduceAwaitingVerification

    def fire(self, broker: "Broker") -> None:
        self.waiting.ask(broker)


def handle(broker: "Broker", request: Request) -> ProduceResponse | None:
    body: ProduceRequest = request.body
    if body.acks not in (0, 1, ACKS_ALL):
        raise Refused(ErrorCode.invalid_required_acks)
    found = transactional(broker, request)
    if found.unknown:
        ProduceAwaitingVerification(request, found, broker.now_us).ask(broker)
        return None
    return _append_all(broker, request, found.numbers, found.refused)


def _append_all(
    broker: "Broker",
    request: Request,
    verified: Numbers,
    unverified: Mapping["PartitionKey", Refused],
) -> ProduceResponse | None:
    """Write what may be written. Of partitions with transactional batches `verified` has what `Producers.verify`
    gave, `unverified` why it refused, or why the transaction's coordinator did not agree."""
    body: ProduceRequest = request.body
    wait = ProduceAwaitingIsr(request)
    failed = False
    for topic in body.topics:
        topic_key = (topic.name, topic.topic_id)
        results = wait.results[topic_key] = {}
        for wanted in topic.partitions:
            try:
                partition = _partition(broker, request, topic_key, wanted)
                if partition.key in unverified:
                    raise unverified[partition.key]
                if partition.is_leader:
                    broker.storage_limit.check(len(wanted.records or b""))
                results[wanted.partition] = _append(partition, wait, topic_key, wanted, verified.get(partition.key))
            except Refused as refused:
                failed = True
                broker.router.tell_refusal(request, refused)
                if any(refused is each for each in unverified.values()):
                    # It did not get as far as the log.
                    results[wanted.partition] = _refused(wanted.partition, refused)
                else:
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


def _partition(broker: "Broker", request: Request, topic: TopicKey, wanted: ProducePartition) -> Partition:
    name = broker.topic_name(*topic)
    if is_internal(name) and request.client_id != ADMIN_CLIENT_ID:
        raise Refused(ErrorCode.invalid_topic_exception, f"Cannot append to internal topic {name}")
    return broker.partition(name, wanted.partition)


def _append(
    partition: Partition, wait: ProduceAwaitingIsr, topic: TopicKey, wanted: ProducePartition, verified: int | None
) -> ProducePartitionResult:
    acks = wait.request.body.acks
    appended = partition.append_as_leader(wanted.records or b"", acks, verified=verified)
    if acks == ACKS_ALL:
        wait.pending[partition.key] = Unreplicated(topic, appended.last_offset + 1)
    return ProducePartitionResult(
        wanted.partition,
        base_offset=appended.first_offset,
        log_append_time_ms=appended.log_append_time_ms,
        log_start_offset=partition.log.start_offset,
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
