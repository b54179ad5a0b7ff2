"""Markers: how every partition of a transaction learns that it was committed, or aborted.

They go to the leaders of the partitions by WriteTxnMarkers, all that one broker leads together, one
request to a broker at a time. A partition that moved is asked at its new leader, one without a leader
waits for one, one that was deleted needs no marker. When the last one is written the transaction is
complete (kafka.coordinator.transaction.TransactionMarkerChannelManager,
TransactionMarkerRequestCompletionHandler).
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from kio.schema.types import ProducerId, TopicName
from kio.schema.write_txn_markers.v2.request import WritableTxnMarker, WritableTxnMarkerTopic, WriteTxnMarkersRequest
from kio.static.primitive import i8, i16, i32

from kafkalab.engine.events import MarkersHeldBack, MarkersSent, MarkersWritten
from kafkalab.engine.node import Request, Response
from kafkalab.engine.spec import broker_node
from kafkalab.engine.transactions.metadata import PREPARED, TopicPartition, TransactionMetadata, TransactionState
from kafkalab.engine.transactions.sequels import Completed
from kafkalab.engine.transactions.shard import TransactionShard
from kafkalab.wire.api import ApiKey
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker
    from kafkalab.engine.transactions.coordinator import TransactionCoordinator

CHANNEL = "markers"
RETRY_BACKOFF_MS = 100
SETTLED = (ErrorCode.none, ErrorCode.unsupported_for_message_format, ErrorCode.unsupported_version)
"""The partition has its marker, or can have none and then has no records of the producer's either."""
GIVEN_UP = (ErrorCode.invalid_producer_epoch, ErrorCode.transaction_coordinator_fenced)
"""Somebody else has ended this transaction: a newer coordinator, or a newer producer."""


@dataclass(frozen=True, slots=True)
class Marker:
    """What is to be written to some partitions of one transaction."""

    shard: int
    """The partition of `__transaction_state`."""
    coordinator_epoch: int
    transactional_id: str
    producer_id: int
    producer_epoch: int
    commit: bool
    client_version: int
    partitions: tuple[TopicPartition, ...]
    last_leader: int = -1
    held_back_because: str = ""
    """Told once: a marker may be tried ten times a second until a leader is elected."""

    @property
    def result(self) -> str:
        return "COMMIT" if self.commit else "ABORT"

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(f"{topic}-{partition}" for topic, partition in self.partitions)


@dataclass(slots=True)
class Leader:
    """One broker that gets markers."""

    broker_id: int
    queue: list[Marker]
    correlation_id: int | None = None
    """Of the request that it has not answered."""
    asked: tuple[Marker, ...] = ()
    asked_us: int = 0


class Markers:
    def __init__(self, coordinator: "TransactionCoordinator") -> None:
        self.coordinator = coordinator
        self.broker = coordinator.broker
        self.leaders: dict[int, Leader] = {}
        self.held_back: list[Marker] = []
        """For partitions that failed, or have no leader now: tried again a little later."""
        self._tries_again = False
        self._completing: dict[str, None] = {}
        """Transactional ids with every marker, whose completion is being written."""

    def begin(self, shard: TransactionShard, metadata: TransactionMetadata) -> None:
        """It is decided, and the decision is safe: until it is complete nothing else may come."""
        shard.pending(metadata.transactional_id, metadata.completed(metadata.updated_ms).state)
        self._completing.pop(metadata.transactional_id, None)
        marker = Marker(
            shard.partition,
            shard.leader_epoch,
            metadata.transactional_id,
            metadata.producer_id,
            metadata.producer_epoch,
            metadata.state is TransactionState.PREPARE_COMMIT,
            metadata.client_version,
            metadata.partitions,
        )
        self._queue(marker)
        self._complete_if_marked(marker)

    def forget(self, shard: int) -> None:
        """Another coordinator sees to these. What is under way cannot be called back, and is ignored."""
        self.held_back = [marker for marker in self.held_back if marker.shard != shard]
        for leader in self.leaders.values():
            leader.queue = [marker for marker in leader.queue if marker.shard != shard]

    # -- sending ---------------------------------------------------------------------------------

    def _queue(self, marker: Marker) -> None:
        """To the leaders that the metadata knows now."""
        by_leader: dict[int, list[TopicPartition]] = {}
        leaderless: list[TopicPartition] = []
        gone: list[TopicPartition] = []
        for partition in marker.partitions:
            image = self.broker.metadata.partition(*partition)
            leader = self.broker.metadata.brokers.get(image.leader) if image is not None else None
            if image is None:
                gone.append(partition)
            elif leader is None or leader.fenced:
                leaderless.append(partition)
            else:
                by_leader.setdefault(leader.broker_id, []).append(partition)
        if gone:
            self._settle(replace(marker, partitions=tuple(gone)))
        if leaderless:
            self._hold_back(replace(marker, partitions=tuple(leaderless)), "they have no leader")
        for broker_id, partitions in by_leader.items():
            asked = self.leaders.setdefault(broker_id, Leader(broker_id, []))
            asked.queue.append(replace(marker, partitions=tuple(partitions)))
            self._send(asked)

    def _send(self, leader: Leader) -> None:
        if leader.correlation_id is not None or not leader.queue:
            return
        leader.asked, leader.queue = tuple(leader.queue), []
        leader.asked_us = self.broker.now_us
        leader.correlation_id = self.broker.next_correlation_id()
        body = WriteTxnMarkersRequest(markers=tuple(_in_request(marker) for marker in leader.asked))
        name = self.broker.name
        request = Request(name, CHANNEL, leader.correlation_id, ApiKey.WRITE_TXN_MARKERS, -1, name, body)
        for marker in leader.asked:
            if marker.last_leader != leader.broker_id:
                told = MarkersSent(marker.transactional_id, leader.broker_id, marker.result, marker.names)
                self.broker.tell(told)
        self.broker.send(broker_node(leader.broker_id), request)

    def _hold_back(self, marker: Marker, reason: str) -> None:
        if marker.held_back_because != reason:
            self.broker.tell(MarkersHeldBack(marker.transactional_id, marker.result, marker.names, reason))
        self.held_back.append(replace(marker, held_back_because=reason))
        self._try_again_later()

    def _try_again_later(self) -> None:
        if not self._tries_again:
            self._tries_again = True
            self.broker.wake_in(RETRY_BACKOFF_MS * 1000, TryMarkersAgain())

    def try_again(self) -> None:
        self._tries_again = False
        held_back, self.held_back = self.held_back, []
        for marker in held_back:
            if self._is_current(marker):
                self._queue(marker)

    # -- answers ---------------------------------------------------------------------------------

    def answered(self, response: Response) -> None:
        leader = self._asked(response.source)
        if leader is None or leader.correlation_id != response.correlation_id:
            return
        asked, leader.asked = leader.asked, ()
        leader.correlation_id = None
        errors = _errors(response.body)
        for marker in asked:
            if self._is_current(marker):
                self._take(leader, marker, errors[marker.producer_id])
        self._send(leader)

    def _take(self, leader: Leader, marker: Marker, errors: dict[TopicPartition, ErrorCode]) -> None:
        settled = tuple(each for each in marker.partitions if errors[each] in SETTLED)
        failed = tuple(each for each in marker.partitions if errors[each] not in SETTLED)
        if settled:
            done = replace(marker, partitions=settled)
            written = MarkersWritten(marker.transactional_id, leader.broker_id, marker.result, done.names)
            self.broker.tell(written)
            self._settle(done)
        if any(errors[each] in GIVEN_UP for each in failed):
            return
        if failed:
            why = ", ".join(dict.fromkeys(errors[each].name.upper() for each in failed))
            rest = replace(marker, partitions=failed, last_leader=leader.broker_id)
            self._hold_back(rest, f"broker {leader.broker_id} answered {why}")

    def lost(self, peer: str) -> None:
        leader = self._asked(peer)
        if leader is None or leader.correlation_id is None:
            return
        asked, leader.asked = (*leader.asked, *leader.queue), ()
        leader.queue = []
        leader.correlation_id = None
        for marker in asked:
            if self._is_current(marker):
                unanswered = replace(marker, last_leader=leader.broker_id)
                self._hold_back(unanswered, f"broker {leader.broker_id} is out of reach")

    def silent(self, asked_before_us: int) -> list[str]:
        """Brokers that have owed an answer since before then."""
        return [
            broker_node(leader.broker_id)
            for leader in self.leaders.values()
            if leader.correlation_id is not None and leader.asked_us <= asked_before_us
        ]

    def _asked(self, node: str) -> Leader | None:
        return next((leader for leader in self.leaders.values() if broker_node(leader.broker_id) == node), None)

    # -- the end ---------------------------------------------------------------------------------

    def _settle(self, marker: Marker) -> None:
        shard = self.coordinator.shards.get(marker.shard)
        if shard is not None and self._is_current(marker):
            shard.marked(marker.transactional_id, marker.partitions)
            self._complete_if_marked(marker)

    def _complete_if_marked(self, marker: Marker) -> None:
        shard = self.coordinator.shards.get(marker.shard)
        if shard is None or not self._is_current(marker) or marker.transactional_id in self._completing:
            return
        if not shard.transactions[marker.transactional_id].metadata.partitions:
            self._completing[marker.transactional_id] = None
            self.complete(Completed(marker.shard, marker.coordinator_epoch, marker.transactional_id))

    def complete_later(self, completed: Completed) -> None:
        shard = self._shard_of(completed)
        if shard is not None:
            known = shard.transactions[completed.transactional_id].metadata
            shard.pending(completed.transactional_id, known.completed(known.updated_ms).state)
            self.broker.wake_in(RETRY_BACKOFF_MS * 1000, CompleteAgain(completed))

    def complete(self, completed: Completed) -> None:
        shard = self._shard_of(completed)
        if shard is not None:
            known = shard.transactions[completed.transactional_id].metadata
            following = known.completed(self.broker.clock_ms)
            self.coordinator.write(shard, following, completed, "every partition has its marker")

    def _shard_of(self, completed: Completed) -> TransactionShard | None:
        """None if another coordinates that transaction now, and will complete it."""
        shard = self.coordinator.shards.get(completed.partition)
        return shard if shard is not None and shard.leader_epoch == completed.leader_epoch else None

    def _is_current(self, marker: Marker) -> bool:
        """Whether it is still this coordinator that has to end that very transaction."""
        shard = self.coordinator.shards.get(marker.shard)
        known = shard.transactions.get(marker.transactional_id) if shard is not None else None
        if shard is None or known is None or shard.leader_epoch != marker.coordinator_epoch:
            return False
        it = known.metadata
        return it.state in PREPARED and (it.producer_id, it.producer_epoch) == (
            marker.producer_id,
            marker.producer_epoch,
        )


def _in_request(marker: Marker) -> WritableTxnMarker:
    by_topic: dict[str, list[int]] = {}
    for topic, partition in marker.partitions:
        by_topic.setdefault(topic, []).append(partition)
    return WritableTxnMarker(
        producer_id=ProducerId(marker.producer_id),
        producer_epoch=i16(marker.producer_epoch),
        transaction_result=marker.commit,
        topics=tuple(
            WritableTxnMarkerTopic(name=TopicName(topic), partition_indexes=tuple(map(i32, partitions)))
            for topic, partitions in by_topic.items()
        ),
        coordinator_epoch=i32(marker.coordinator_epoch),
        transaction_version=i8(marker.client_version),
    )


def _errors(body: Any) -> dict[int, dict[TopicPartition, ErrorCode]]:
    """By producer id, then by partition."""
    return {
        marker.producer_id: {
            (topic.name, result.partition_index): result.error_code
            for topic in marker.topics
            for result in topic.partitions
        }
        for marker in body.markers
    }


@dataclass(frozen=True, slots=True)
class TryMarkersAgain:
    def fire(self, broker: "Broker") -> None:
        broker.transactions.markers.try_again()


@dataclass(frozen=True, slots=True)
class CompleteAgain:
    completed: Completed

    def fire(self, broker: "Broker") -> None:
        broker.transactions.markers.complete(self.completed)
