"""What members say of the records they were given: checked, carried out by each share partition, gathered.

(kafka.server.KafkaApis.getAcknowledgeBatchesFromShareFetchRequest, validateAcknowledgementBatches.)
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from kafkalab.engine.refused import Refused
from kafkalab.engine.share.state import SharePartitionKey
from kafkalab.engine.share.window import GAP, REJECT, RENEW, Acknowledged
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker

Place = tuple[UUID, int]
"""A topic's id and a partition's number."""


@dataclass(frozen=True, slots=True)
class Outcome:
    error_code: ErrorCode = ErrorCode.none
    message: str | None = None


class Next(Protocol):
    def acknowledged(self, broker: "Broker", outcomes: dict[Place, Outcome]) -> None: ...


@dataclass
class Acknowledging:
    """The acknowledgements of one request; `then` goes on once each share partition has settled its own."""

    group: str
    member: str
    then: Next
    outcomes: dict[Place, Outcome] = field(default_factory=dict)
    open: int = 0

    def begin(self, broker: "Broker", said: dict[Place, tuple[Any, ...]], *, may_renew: bool) -> None:
        # One more than there are, so that nothing goes on before all have been told.
        self.open = len(said) + 1
        for place, batches in said.items():
            key = SharePartitionKey(self.group, *place)
            try:
                checked = tuple(_checked(batches, may_renew))
                broker.share_partitions.acknowledge(key, self.member, checked, self)
            except Refused as refused:
                self._settle(broker, key, Outcome(refused.error_code, refused.message))
        self._one_less(broker)

    def settled(self, broker: "Broker", key: SharePartitionKey, error_code: ErrorCode) -> None:
        self._settle(broker, key, Outcome(error_code))

    def _settle(self, broker: "Broker", key: SharePartitionKey, outcome: Outcome) -> None:
        self.outcomes[key.topic_id, key.partition] = outcome
        self._one_less(broker)

    def _one_less(self, broker: "Broker") -> None:
        self.open -= 1
        if self.open == 0:
            self.then.acknowledged(broker, self.outcomes)


def _checked(batches: Iterable[Any], may_renew: bool) -> Iterable[Acknowledged]:
    """Of types that there are, one for all or one for each; else INVALID_REQUEST."""
    for batch in batches:
        first, last, types = batch.first_offset, batch.last_offset, tuple(batch.acknowledge_types)
        if first > last:
            raise Refused(ErrorCode.invalid_request)
        if not types or (len(types) > 1 and len(types) != last - first + 1):
            raise Refused(ErrorCode.invalid_request)
        if not all(GAP <= kind <= (RENEW if may_renew else REJECT) for kind in types):
            raise Refused(ErrorCode.invalid_request)
        yield Acknowledged(first, last, types)
