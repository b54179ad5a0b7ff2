"""What a broker asks of the share coordinators: one question at a time for each share partition.

In that order the answers are true: what was written down first is known first. A question stays
until it is answered. Where the coordinator moves, loads or cannot be reached it is asked again, a
little later each time, and after thirty seconds it has failed. This broker may be the coordinator
itself; then nothing goes over the network (org.apache.kafka.server.share.persister.PersisterStateManager).
"""

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from kio.schema.delete_share_group_state.v0 import request as deleting
from kio.schema.initialize_share_group_state.v0 import request as initializing
from kio.schema.read_share_group_state.v0 import request as reading
from kio.schema.read_share_group_state_summary.v1 import request as summing
from kio.schema.write_share_group_state.v1 import request as writing
from kio.static.primitive import i8, i16, i32, i64

from kafkalab.engine.node import Request, Response
from kafkalab.engine.share.records import STATE_TOPIC
from kafkalab.engine.share.state import SharePartitionKey, StateBatch
from kafkalab.engine.spec import broker_node
from kafkalab.wire.api import ApiKey, newest
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker

FIRST_BACKOFF_MS, LONGEST_BACKOFF_MS = 100, 1_000
GIVE_UP_AFTER_MS = 30_000
ASK_AGAIN = (
    ErrorCode.coordinator_load_in_progress,
    ErrorCode.coordinator_not_available,
    ErrorCode.not_coordinator,
    ErrorCode.unknown_topic_or_partition,
)
"""The last of these too: a coordinator may hear of a new topic later than whoever asks."""


class Waiter(Protocol):
    def answered(self, broker: "Broker", key: SharePartitionKey, result: Any) -> None:
        """`result` is what the response says of this partition."""

    def failed(self, broker: "Broker", key: SharePartitionKey, error_code: ErrorCode) -> None: ...


@dataclass(slots=True)
class Question:
    key: SharePartitionKey
    api_key: int
    body: Any
    waiter: Waiter
    give_up_us: int
    backoff_ms: int = FIRST_BACKOFF_MS
    asked: str = ""
    """The node; "" while nobody is being asked."""
    correlation_id: int = -1
    sent_us: int = 0


@dataclass(slots=True)
class Queue:
    questions: deque[Question] = field(default_factory=deque)


@dataclass(frozen=True, slots=True)
class AskNow:
    key: SharePartitionKey
    attempt: int

    def fire(self, broker: "Broker") -> None:
        broker.persister.ask_again(self.key, self.attempt)


@dataclass(frozen=True, slots=True)
class AskOneself:
    request: Request

    def fire(self, broker: "Broker") -> None:
        route = broker.routes[self.request.api_key]
        body = route.handle(broker, self.request)
        if body is not None:
            broker.persister.hear_oneself(self.request, body)


class Persister:
    def __init__(self, broker: "Broker") -> None:
        self.broker = broker
        self.queues: dict[SharePartitionKey, Queue] = {}
        self._attempts = 0

    # -- what can be asked -------------------------------------------------------------------------

    def initialize(self, key: SharePartitionKey, state_epoch: int, start_offset: int, waiter: Waiter) -> None:
        data = initializing.PartitionData(
            partition=i32(key.partition), state_epoch=i32(state_epoch), start_offset=i64(start_offset)
        )
        topic = initializing.InitializeStateData(topic_id=key.topic_id, partitions=(data,))
        body = initializing.InitializeShareGroupStateRequest(group_id=key.group, topics=(topic,))
        self._put(key, ApiKey.INITIALIZE_SHARE_GROUP_STATE, body, waiter)

    def read(self, key: SharePartitionKey, leader_epoch: int, waiter: Waiter) -> None:
        data = reading.PartitionData(partition=i32(key.partition), leader_epoch=i32(leader_epoch))
        body = reading.ReadShareGroupStateRequest(
            group_id=key.group, topics=(reading.ReadStateData(topic_id=key.topic_id, partitions=(data,)),)
        )
        self._put(key, ApiKey.READ_SHARE_GROUP_STATE, body, waiter)

    def write(
        self,
        key: SharePartitionKey,
        epochs: tuple[int, int],
        start_offset: int,
        delivery_complete_count: int,
        batches: tuple[StateBatch, ...],
        waiter: Waiter,
    ) -> None:
        """`epochs` are those of the state and of the partition's leader."""
        data = writing.PartitionData(
            partition=i32(key.partition),
            state_epoch=i32(epochs[0]),
            leader_epoch=i32(epochs[1]),
            start_offset=i64(start_offset),
            delivery_complete_count=i32(delivery_complete_count),
            state_batches=tuple(
                writing.StateBatch(
                    first_offset=i64(each.first_offset),
                    last_offset=i64(each.last_offset),
                    delivery_state=i8(each.state),
                    delivery_count=i16(each.delivery_count),
                )
                for each in batches
            ),
        )
        body = writing.WriteShareGroupStateRequest(
            group_id=key.group, topics=(writing.WriteStateData(topic_id=key.topic_id, partitions=(data,)),)
        )
        self._put(key, ApiKey.WRITE_SHARE_GROUP_STATE, body, waiter)

    def summarize(self, key: SharePartitionKey, waiter: Waiter) -> None:
        data = summing.PartitionData(partition=i32(key.partition), leader_epoch=i32(-1))
        body = summing.ReadShareGroupStateSummaryRequest(
            group_id=key.group, topics=(summing.ReadStateSummaryData(topic_id=key.topic_id, partitions=(data,)),)
        )
        self._put(key, ApiKey.READ_SHARE_GROUP_STATE_SUMMARY, body, waiter)

    def delete(self, key: SharePartitionKey, waiter: Waiter) -> None:
        data = deleting.PartitionData(partition=i32(key.partition))
        body = deleting.DeleteShareGroupStateRequest(
            group_id=key.group, topics=(deleting.DeleteStateData(topic_id=key.topic_id, partitions=(data,)),)
        )
        self._put(key, ApiKey.DELETE_SHARE_GROUP_STATE, body, waiter)

    # -- answers -----------------------------------------------------------------------------------

    def answered(self, response: Response) -> None:
        question = self._asked(response.correlation_id)
        if question is None:
            return
        result = response.body.results[0].partitions[0]
        if result.error_code in ASK_AGAIN and self.broker.now_us < question.give_up_us:
            self._later(question)
            return
        self._done(question.key)
        if result.error_code is ErrorCode.none:
            question.waiter.answered(self.broker, question.key, result)
        else:
            question.waiter.failed(self.broker, question.key, result.error_code)

    def hear_oneself(self, request: Request, body: Any) -> None:
        """The answer of this broker's own share coordinator."""
        self.answered(Response(self.broker.name, request.channel, request.correlation_id, request.api_key, body))

    def lost(self, peer: str) -> None:
        for queue in list(self.queues.values()):
            question = queue.questions[0]
            if question.asked == peer:
                self._later(question)

    def silent(self, asked_before_us: int) -> list[str]:
        heads = [queue.questions[0] for queue in self.queues.values()]
        return [
            each.asked for each in heads if each.asked not in ("", self.broker.name) and each.sent_us <= asked_before_us
        ]

    def ask_again(self, key: SharePartitionKey, attempt: int) -> None:
        queue = self.queues.get(key)
        if queue is not None and queue.questions[0].correlation_id == attempt:
            self._ask(queue.questions[0])

    # -- asking ------------------------------------------------------------------------------------

    def _put(self, key: SharePartitionKey, api_key: int, body: Any, waiter: Waiter) -> None:
        question = Question(key, api_key, body, waiter, self.broker.now_us + GIVE_UP_AFTER_MS * 1000)
        queue = self.queues.get(key)
        if queue is not None:
            queue.questions.append(question)
            return
        self.queues[key] = Queue(deque([question]))
        self._ask(question)

    def _ask(self, question: Question) -> None:
        broker = self.broker
        if broker.now_us >= question.give_up_us:
            self._done(question.key)
            question.waiter.failed(broker, question.key, ErrorCode.coordinator_not_available)
            return
        node = self._coordinator(question.key)
        if node is None:
            self._later(question)
            return
        question.asked, question.sent_us = node, broker.now_us
        question.correlation_id = broker.next_correlation_id()
        request = Request(
            source=broker.name,
            channel="persister",
            correlation_id=question.correlation_id,
            api_key=question.api_key,
            api_version=newest(question.api_key),
            client_id=broker.name,
            body=question.body,
        )
        if node == broker.name:
            broker.wake_in(0, AskOneself(request))
        else:
            broker.send(node, request)

    def _coordinator(self, key: SharePartitionKey) -> str | None:
        broker = self.broker
        if STATE_TOPIC not in broker.metadata.topics:
            broker.topic_creation.create(STATE_TOPIC)
            return None
        image = broker.metadata.partition(STATE_TOPIC, broker.share_coordinator.partition_for(key.coordinator_key))
        known = broker.metadata.brokers.get(image.leader) if image else None
        return None if known is None or known.fenced else broker_node(known.broker_id)

    def _later(self, question: Question) -> None:
        self._attempts -= 1
        # No number that a request could have: an answer that is still on its way counts no more.
        question.asked, question.correlation_id = "", self._attempts
        self.broker.wake_in(question.backoff_ms * 1000, AskNow(question.key, question.correlation_id))
        question.backoff_ms = min(question.backoff_ms * 2, LONGEST_BACKOFF_MS)

    def _done(self, key: SharePartitionKey) -> None:
        queue = self.queues[key]
        queue.questions.popleft()
        if not queue.questions:
            del self.queues[key]
        else:
            self._ask(queue.questions[0])

    def _asked(self, correlation_id: int) -> Question | None:
        for queue in self.queues.values():
            if queue.questions[0].correlation_id == correlation_id:
                return queue.questions[0]
        return None
