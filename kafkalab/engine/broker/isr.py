"""How the in-sync set changes: the leader proposes, the controller decides (KIP-497, AlterPartition).

One proposal at a time for each partition, and one request at a time for each broker. Until the
answer is known the leader acts on the stricter of the old and the new set
(org.apache.kafka.server.partition.AlterPartitionManager).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from kio.schema.alter_partition.v3.request import AlterPartitionRequest, BrokerState, PartitionData, TopicData
from kio.schema.types import BrokerId
from kio.static.primitive import i32, i64

from kafkalab.wire.api import ApiKey
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker, PartitionKey

RETRY_BACKOFF_MS = 50


@dataclass(frozen=True, slots=True)
class Proposal:
    """A new in-sync set, asked for under these epochs."""

    key: "PartitionKey"
    topic_id: UUID
    leader_epoch: int
    partition_epoch: int
    isr: tuple[int, ...]
    broker_epochs: tuple[int, ...]
    """Of each member: the epoch under which the leader knows it."""


@dataclass(frozen=True, slots=True)
class ProposalsAsked:
    proposals: tuple[Proposal, ...]

    def answered(self, broker: "Broker", body: Any) -> None:
        broker.isr_proposals.answered(self.proposals, body)

    def gave_up(self, broker: "Broker") -> None:
        broker.isr_proposals.in_flight = False
        broker.isr_proposals.try_again(self.proposals)


@dataclass(frozen=True, slots=True)
class ProposeAgain:
    proposals: tuple[Proposal, ...]

    def fire(self, broker: "Broker") -> None:
        broker.isr_proposals.try_again(self.proposals)


class IsrProposals:
    def __init__(self, broker: "Broker") -> None:
        self.broker = broker
        self.unsent: dict[PartitionKey, Proposal] = {}
        self.in_flight = False

    def add(self, proposal: Proposal) -> None:
        self.unsent[proposal.key] = proposal

    def send(self) -> None:
        """Once the message at hand is done: all that is proposed goes in one request."""
        if not self.unsent or self.in_flight:
            return
        proposals, self.unsent = tuple(self.unsent.values()), {}
        by_topic: dict[UUID, list[PartitionData]] = {}
        for proposal in proposals:
            by_topic.setdefault(proposal.topic_id, []).append(_wire(proposal))
        body = AlterPartitionRequest(
            broker_id=BrokerId(self.broker.broker_id),
            broker_epoch=i64(self.broker.epoch),
            topics=tuple(TopicData(topic_id=topic, partitions=tuple(each)) for topic, each in by_topic.items()),
        )
        self.in_flight = True
        self.broker.ask_controller(ApiKey.ALTER_PARTITION, body, ProposalsAsked(proposals))

    def answered(self, proposals: tuple[Proposal, ...], body: Any) -> None:
        self.in_flight = False
        if body.error_code is not ErrorCode.none:
            # STALE_BROKER_EPOCH and the like: this broker is about to learn its new epoch.
            self.broker.wake_in(RETRY_BACKOFF_MS * 1000, ProposeAgain(proposals))
            return
        results = {(topic.topic_id, each.partition_index): each for topic in body.topics for each in topic.partitions}
        for proposal in proposals:
            partition = self.broker.partitions.get(proposal.key)
            result = results.get((proposal.topic_id, proposal.key[1]))
            if partition is not None and result is not None:
                partition.in_sync.answered(proposal, result)

    def try_again(self, proposals: tuple[Proposal, ...]) -> None:
        for proposal in proposals:
            partition = self.broker.partitions.get(proposal.key)
            if partition is not None and partition.in_sync.proposal is proposal:
                self.unsent.setdefault(proposal.key, proposal)


def _wire(proposal: Proposal) -> PartitionData:
    members = zip(proposal.isr, proposal.broker_epochs, strict=True)
    return PartitionData(
        partition_index=i32(proposal.key[1]),
        leader_epoch=i32(proposal.leader_epoch),
        new_isr_with_epochs=tuple(
            BrokerState(broker_id=BrokerId(broker), broker_epoch=i64(epoch)) for broker, epoch in members
        ),
        partition_epoch=i32(proposal.partition_epoch),
    )
