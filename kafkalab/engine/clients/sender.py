"""The sending half of a producer: full batches into requests, answers into acks, retries or failures.

One request carries a batch for each partition that a broker leads, and up to five requests are on
their way to a broker at once. What fails for a reason that may pass is sent again, until
`delivery_timeout_ms` after the batch was begun: that bound, not the number of retries, is what
ends it (org.apache.kafka.clients.producer.internals.Sender, KIP-91).
"""

from collections import deque
from typing import TYPE_CHECKING, Any

from kafkalab.engine.clients import requests
from kafkalab.engine.clients.accumulator import Accumulator, Batch, TopicPartition
from kafkalab.engine.clients.client import Asked
from kafkalab.engine.clients.metadata import STALE, backoff_us
from kafkalab.engine.clients.sequences import NO_PRODUCER_ID, Sequences
from kafkalab.engine.clients.transactions import Transactions
from kafkalab.engine.events import ProducerIdAssigned, ProducerRetried
from kafkalab.engine.spec import broker_node
from kafkalab.wire import batches
from kafkalab.wire.api import ApiKey
from kafkalab.wire.compression import Codec
from kafkalab.wire.dialect import (
    ProducePartition,
    ProducePartitionResult,
    ProduceRequest,
    ProduceResponse,
    ProduceTopic,
)
from kafkalab.wire.errors import ErrorCode
from kafkalab.wire.records import Record

if TYPE_CHECKING:
    from kafkalab.engine.clients.producer import Producer

STORED = (ErrorCode.none, ErrorCode.duplicate_sequence_number)


class Sender:
    def __init__(self, producer: "Producer") -> None:
        self.producer = producer
        self.accumulator = Accumulator()
        self.sequences = Sequences()
        transactional_id = producer.settings.transactional_id
        self.transactions = Transactions(producer, self, transactional_id) if transactional_id is not None else None
        self._turn = 0
        self._look_for_expired_us = 0
        self._producer_id_failures = 0
        self._producer_id_not_before_us = 0

    def progress(self) -> None:
        self._expire()
        if self.transactions is not None:
            self.transactions.progress()
        elif self.producer.settings.idempotence:
            self.sequences.settle()
            self._keep_producer_id()
        self._drain()

    def outstanding(self) -> list[Batch]:
        """Batches neither acked nor given up."""
        return [batch for batch in (*self.accumulator.waiting(), *self._on_the_wire()) if not batch.done]

    def requests_in_flight(self, target: str) -> int:
        count = 0
        for asked in self.producer.in_flight.values():
            if asked.target == target and asked.api_key == ApiKey.PRODUCE:
                count += 1
        return count

    # -- requests ------------------------------------------------------------------------------

    def _drain(self) -> None:
        producer = self.producer
        by_leader: dict[int, list[deque[Batch]]] = {}
        for (topic, partition), queue in self.accumulator.queues.items():
            if not queue:
                continue
            leader = producer.metadata.leader(topic, partition)
            if leader is None:
                producer.metadata.request_update()
            else:
                by_leader.setdefault(leader.leader, []).append(queue)
        for leader_id, queues in by_leader.items():
            target = broker_node(leader_id)
            if not producer.ready(target):
                continue
            while self.requests_in_flight(target) < producer.settings.max_in_flight:
                ready = self._take_ready(queues)
                if not ready:
                    break
                self._send(target, ready)

    def _take_ready(self, queues: list[deque[Batch]]) -> list[Batch]:
        """The first batch of each queue, once one of them is ready: the request goes anyway, so the
        others need not linger."""
        producer, settings, now_us = self.producer, self.producer.settings, self.producer.now_us
        hurry = producer.closing or self.accumulator.bytes >= settings.buffer_memory
        if self.transactions is not None and self.transactions.ending:
            hurry = True
        candidates = [queue for queue in queues if queue and self._may_send(queue[0])]
        if not candidates:
            return []
        due_us = [
            self.accumulator.ready_us(queue, settings.linger_ms * 1000, settings.batch_size, hurry)
            for queue in candidates
        ]
        earliest_us = min(due_us)
        if earliest_us > now_us:
            producer.wake_at(earliest_us)
            return []
        self._turn += 1
        first = self._turn % len(candidates)
        taken: list[Batch] = []
        size = 0
        for queue in candidates[first:] + candidates[:first]:
            batch = queue[0]
            if batch.not_before_us > now_us:
                producer.wake_at(batch.not_before_us)
                continue
            size += batch.size
            if taken and size > settings.max_request_size:
                break
            taken.append(self.accumulator.take(batch.where))
        return taken

    def _may_send(self, batch: Batch) -> bool:
        settings = self.producer.settings
        if settings.max_in_flight == 1 and any(other.where == batch.where for other in self._on_the_wire()):
            return False
        if batch.numbered or settings.idempotence:
            return self.sequences.may_send(batch)
        return True

    def _send(self, target: str, taken: list[Batch]) -> None:
        producer, settings = self.producer, self.producer.settings
        by_topic: dict[str, list[ProducePartition]] = {}
        for batch in taken:
            if settings.idempotence and not batch.numbered:
                self.sequences.number(batch)
            batch.on_the_wire = True
            codec, transactional = Codec[settings.compression.upper()], self.transactions is not None
            data = ProducePartition(batch.partition, encoded(batch, codec, transactional))
            by_topic.setdefault(batch.topic, []).append(data)
        body = ProduceRequest(
            settings.acks,
            settings.request_timeout_ms,
            tuple(
                ProduceTopic("", producer.metadata.topics[topic].topic_id, tuple(partitions))
                for topic, partitions in by_topic.items()
            ),
            settings.transactional_id,
        )
        if settings.acks != 0:
            producer.ask(target, ApiKey.PRODUCE, body, self, taken)
            return
        producer.post(target, ApiKey.PRODUCE, body)
        for batch in taken:
            self._release(batch)
            producer.unconfirmed_batch(batch)

    # -- answers -------------------------------------------------------------------------------

    def answered(self, asked: Asked, body: Any) -> None:
        if asked.api_key == ApiKey.INIT_PRODUCER_ID:
            self._take_producer_id(body)
        else:
            self._take_results(asked.about, body)

    def unanswered(self, asked: Asked, error: ErrorCode) -> None:
        if asked.api_key == ApiKey.INIT_PRODUCER_ID:
            self._producer_id_later()
            return
        for batch in asked.about:
            self._take_result(batch, ProducePartitionResult(batch.partition, error))

    def _take_results(self, sent: list[Batch], body: ProduceResponse) -> None:
        metadata = self.producer.metadata
        results: dict[TopicPartition, ProducePartitionResult] = {}
        for topic in body.topics:
            name = topic.name or metadata.name(topic.topic_id)
            if name is not None:
                results.update({(name, result.partition): result for result in topic.partitions})
        for batch in sent:
            result = results.get(batch.where)
            if result is None:
                # The topic's id may be another by now; then nobody knows what the answer meant.
                result = ProducePartitionResult(batch.partition, ErrorCode.unknown_topic_id)
            self._take_result(batch, result)

    def _take_result(self, batch: Batch, result: ProducePartitionResult) -> None:
        batch.on_the_wire = False
        error = result.error_code
        if error in STALE:
            self.producer.metadata.request_update()
        news = self.producer.metadata.follow(batch.topic, batch.partition, result.current_leader)
        if batch.done:
            return
        if error in STORED:
            if batch.numbered:
                self.sequences.acked(batch)
            self._release(batch)
            self.producer.acked_batch(batch, result.base_offset, result.log_append_time_ms)
        elif error == ErrorCode.message_too_large and len(batch.records) > 1:
            self._split(batch)
        elif self._may_retry(batch, error):
            self._retry(batch, error, at_once=news)
        else:
            self._give_up(batch, error)

    def _may_retry(self, batch: Batch, error: ErrorCode) -> bool:
        if batch.attempts >= self.producer.settings.retries:
            return False
        return self.sequences.may_retry(batch, error) if batch.numbered else error.retriable

    def _retry(self, batch: Batch, error: ErrorCode, at_once: bool) -> None:
        producer = self.producer
        batch.attempts += 1
        batch.not_before_us = producer.now_us + (0 if at_once else backoff_us(batch.attempts, producer.random))
        self.accumulator.put_back(batch)
        producer.retried += 1
        producer.tell(ProducerRetried(producer.name, batch.topic, batch.partition, error.name.upper()))

    def _split(self, batch: Batch) -> None:
        """The topic takes only smaller batches (max.message.bytes): send it in halves."""
        half = len(batch.records) // 2
        parts = []
        for records in (batch.records[:half], batch.records[half:]):
            part = Batch(batch.topic, batch.partition, batch.created_us, attempts=batch.attempts + 1)
            part.renumbered = batch.renumbered
            for record in records:
                part.add(record, record.size)
            parts.append(part)
        if batch.numbered:
            self.sequences.replace(batch, parts)
        batch.done = True
        for part in reversed(parts):
            self.accumulator.put_back(part)

    def _give_up(self, batch: Batch, error: ErrorCode) -> None:
        if batch.numbered:
            self.sequences.failed(batch, error, batch.attempts < self.producer.settings.retries)
        self._release(batch)
        self.producer.failed_batch(batch, error)
        if self.transactions is not None:
            self.transactions.batch_failed(error)

    def drop_waiting(self, error: ErrorCode) -> None:
        """The transaction they belong to cannot be committed: nothing more of it goes out."""
        for batch in self.accumulator.waiting():
            self._release(batch)
            self.producer.failed_batch(batch, error)

    def _expire(self) -> None:
        producer, timeout_us = self.producer, self.producer.settings.delivery_timeout_ms * 1000
        if self.accumulator.bytes == 0:
            return
        if producer.now_us < self._look_for_expired_us:
            producer.wake_at(self._look_for_expired_us)
            return
        for batch in self.outstanding():
            if batch.created_us + timeout_us <= producer.now_us:
                if batch.numbered:
                    self.sequences.expired(batch)
                self._release(batch)
                producer.failed_batch(batch, ErrorCode.request_timed_out)
                if self.transactions is not None:
                    self.transactions.batch_failed(ErrorCode.request_timed_out)
        begun_us = [batch.created_us for batch in self.outstanding()]
        self._look_for_expired_us = min(begun_us, default=producer.now_us) + timeout_us
        if begun_us:
            producer.wake_at(self._look_for_expired_us)

    def _release(self, batch: Batch) -> None:
        self.accumulator.release(batch)

    def _on_the_wire(self) -> list[Batch]:
        in_flight = self.producer.in_flight.values()
        return [batch for asked in in_flight if asked.api_key == ApiKey.PRODUCE for batch in asked.about]

    # -- the producer id -----------------------------------------------------------------------

    def _keep_producer_id(self) -> None:
        """One is asked for as soon as the producer starts, as Kafka's does."""
        producer = self.producer
        if self.sequences.producer_id != NO_PRODUCER_ID or producer.asking(self, ApiKey.INIT_PRODUCER_ID):
            return
        if producer.now_us < self._producer_id_not_before_us:
            producer.wake_at(self._producer_id_not_before_us)
            return
        target = producer.least_loaded()
        if target is not None:
            producer.ask(target, ApiKey.INIT_PRODUCER_ID, requests.init_producer_id(), self)

    def _take_producer_id(self, body: Any) -> None:
        producer = self.producer
        if body.error_code != ErrorCode.none:
            if not body.error_code.retriable:
                producer.last_error = f"no producer id: {body.error_code.name.upper()}"
            self._producer_id_later()
            return
        self._producer_id_failures = 0
        self.sequences.renewed(body.producer_id, body.producer_epoch)
        producer.tell(ProducerIdAssigned(producer.name, body.producer_id, body.producer_epoch, "the cluster gave it"))

    def _producer_id_later(self) -> None:
        self._producer_id_failures += 1
        pause_us = backoff_us(self._producer_id_failures, self.producer.random)
        self._producer_id_not_before_us = self.producer.now_us + pause_us


def encoded(batch: Batch, codec: Codec, transactional: bool = False) -> bytes:
    records = [
        Record(offset, record.timestamp_ms, record.key, record.value, record.headers)
        for offset, record in enumerate(batch.records)
    ]
    return batches.build(
        records,
        codec=codec,
        producer_id=batch.producer_id,
        producer_epoch=batch.producer_epoch,
        base_sequence=batch.base_sequence,
        is_transactional=transactional,
    )
