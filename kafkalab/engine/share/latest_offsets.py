"""Where the partitions end that share groups read: asked of their leaders, for those who describe the groups.

(org.apache.kafka.coordinator.group.PartitionMetadataClient.)
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from kio.schema.list_offsets.v11.request import ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic
from kio.schema.types import BrokerId, TopicName
from kio.static.primitive import i8, i32, i64

from kafkalab.engine.clients.requests import duration
from kafkalab.engine.node import Request, Response
from kafkalab.engine.share.state import SharePartitionKey
from kafkalab.engine.spec import broker_node
from kafkalab.wire.api import ApiKey, newest
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker

LATEST = -1


class EndWaiter(Protocol):
    def ends_at(self, broker: "Broker", key: SharePartitionKey, end_offset: int | None) -> None: ...


@dataclass(frozen=True, slots=True)
class Asked:
    node: str
    key: SharePartitionKey
    waiter: EndWaiter
    sent_us: int


class LatestOffsets:
    def __init__(self, broker: "Broker") -> None:
        self.broker = broker
        self.in_flight: dict[int, Asked] = {}

    def ask(self, key: SharePartitionKey, waiter: EndWaiter) -> None:
        broker = self.broker
        name = broker.metadata.topic_names.get(key.topic_id, "")
        image = broker.metadata.partition(name, key.partition)
        leader = broker.metadata.brokers.get(image.leader) if image else None
        if leader is None:
            waiter.ends_at(broker, key, None)
        elif leader.broker_id == broker.broker_id:
            led = broker.partitions.get((name, key.partition))
            waiter.ends_at(broker, key, led.high_watermark if led is not None else None)
        else:
            node, number = broker_node(leader.broker_id), broker.next_correlation_id()
            self.in_flight[number] = Asked(node, key, waiter, broker.now_us)
            body = _request(name, key.partition)
            api = ApiKey.LIST_OFFSETS
            broker.send(node, Request(broker.name, "latest", number, api, newest(api), broker.name, body))

    def answered(self, response: Response) -> None:
        asked = self.in_flight.pop(response.correlation_id, None)
        if asked is not None:
            part = response.body.topics[0].partitions[0]
            asked.waiter.ends_at(self.broker, asked.key, part.offset if part.error_code is ErrorCode.none else None)

    def lost(self, peer: str) -> None:
        for number in [number for number, asked in self.in_flight.items() if asked.node == peer]:
            asked = self.in_flight.pop(number)
            asked.waiter.ends_at(self.broker, asked.key, None)

    def silent(self, asked_before_us: int) -> list[str]:
        return [asked.node for asked in self.in_flight.values() if asked.sent_us <= asked_before_us]


def _request(topic: str, partition: int) -> ListOffsetsRequest:
    wanted = ListOffsetsPartition(partition_index=i32(partition), current_leader_epoch=i32(-1), timestamp=i64(LATEST))
    return ListOffsetsRequest(
        replica_id=BrokerId(-1),
        isolation_level=i8(0),
        topics=(ListOffsetsTopic(name=TopicName(topic), partitions=(wanted,)),),
        timeout=duration(30_000),
    )
