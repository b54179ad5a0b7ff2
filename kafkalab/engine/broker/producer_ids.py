"""Producer ids: unique in the cluster for ever, because the controller hands them out in blocks.

A broker takes a block of 1,000 and deals from it; what is left when it dies is never used
(org.apache.kafka.server.transaction.ProducerIdManager).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from kio.schema.allocate_producer_ids.v0.request import AllocateProducerIdsRequest
from kio.schema.init_producer_id.v5.response import InitProducerIdResponse
from kio.schema.types import BrokerId, ProducerId
from kio.static.primitive import i16, i64

from kafkalab.engine.node import Request
from kafkalab.wire.api import ApiKey
from kafkalab.wire.dialect import NOT_THROTTLED
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker


class AwaitingId(Protocol):
    """Who needs a producer id when there is none at hand."""

    def there(self, broker: "Broker") -> None: ...

    def refused(self, broker: "Broker", error: ErrorCode) -> None: ...


@dataclass(frozen=True, slots=True)
class BlockAsked:
    def answered(self, broker: "Broker", body: Any) -> None:
        broker.producer_ids.allocated(body)

    def gave_up(self, broker: "Broker") -> None:
        broker.producer_ids.refused(ErrorCode.coordinator_load_in_progress)


@dataclass(frozen=True, slots=True)
class PlainProducer:
    """It has no transactional id: the fresh producer id is all of the answer."""

    request: Request

    def there(self, broker: "Broker") -> None:
        answer = broker.producer_ids.give(self.request)
        if answer is not None:
            broker.respond(self.request, answer)

    def refused(self, broker: "Broker", error: ErrorCode) -> None:
        broker.respond(self.request, answer_with(error))


class ProducerIds:
    def __init__(self, broker: "Broker") -> None:
        self.broker = broker
        self.next_id = 0
        self.end = 0
        self.waiting: list[AwaitingId] = []
        """Until the next block is here."""

    def give(self, request: Request) -> InitProducerIdResponse | None:
        """The answer with a fresh id, or None if it comes once the controller has given a block."""
        fresh_id = self.take()
        if fresh_id is not None:
            return answer_with(ErrorCode.none, fresh_id, 0)
        self.when_there(PlainProducer(request))
        return None

    def take(self) -> int | None:
        """A fresh id; None when the block is used up."""
        if self.next_id == self.end:
            return None
        self.next_id += 1
        return self.next_id - 1

    def when_there(self, waiter: AwaitingId) -> None:
        """Ask the controller for a block, unless it has been asked."""
        self.waiting.append(waiter)
        if len(self.waiting) == 1:
            self._ask()

    def allocated(self, body: Any) -> None:
        if body.error_code is not ErrorCode.none:
            # A stale broker epoch, say: the client tries again, as Kafka tells it to.
            self.refused(ErrorCode.coordinator_load_in_progress)
            return
        self.next_id = body.producer_id_start
        self.end = body.producer_id_start + body.producer_id_len
        waiting, self.waiting = self.waiting, []
        for waiter in waiting:
            waiter.there(self.broker)

    def refused(self, error_code: ErrorCode) -> None:
        waiting, self.waiting = self.waiting, []
        for waiter in waiting:
            waiter.refused(self.broker, error_code)

    def _ask(self) -> None:
        body = AllocateProducerIdsRequest(
            broker_id=BrokerId(self.broker.broker_id), broker_epoch=i64(self.broker.epoch)
        )
        self.broker.ask_controller(ApiKey.ALLOCATE_PRODUCER_IDS, body, BlockAsked())


def answer_with(error_code: ErrorCode, producer_id: int = -1, producer_epoch: int = -1) -> InitProducerIdResponse:
    return InitProducerIdResponse(
        throttle_time=NOT_THROTTLED,
        error_code=error_code,
        producer_id=ProducerId(producer_id),
        producer_epoch=i16(producer_epoch),
    )
