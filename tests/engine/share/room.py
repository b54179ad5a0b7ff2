"""A cluster with a topic, and the requests that members of a share group send to it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from kio.schema.initialize_share_group_state.v0 import request as initializing
from kio.schema.read_share_group_state_summary.v1 import request as summing
from kio.schema.share_acknowledge.v2 import request as acknowledging
from kio.schema.share_fetch.v2 import request as fetching

from kafkalab.engine.share.records import STATE_TOPIC
from kafkalab.engine.share.state import SharePartitionKey
from kafkalab.wire.api import ApiKey
from kafkalab.wire.errors import ErrorCode
from tests.engine.broker.room import Room, values_in

Told = tuple[int, int, tuple[int, ...]]
"""First and last offset, and the types."""

CONFIGS = {
    "share.coordinator.state.topic.num.partitions": "1",
    "group.share.min.record.lock.duration.ms": "1000",
    "replica.lag.time.max.ms": "2000",
}


class ShareRoom(Room):
    def __init__(self, configs: dict[str, str] | None = None) -> None:
        super().__init__(configs={**CONFIGS, **(configs or {})})
        self.create((1, 2, 3))
        self.broker(1).topic_creation.create(STATE_TOPIC)
        self.run(1)

    @property
    def topic_id(self) -> UUID:
        return self.cluster.image.topics["orders"].topic_id

    @property
    def key(self) -> SharePartitionKey:
        return SharePartitionKey("g", self.topic_id, 0)

    @property
    def share_coordinator(self) -> int:
        image = self.cluster.image.partition(STATE_TOPIC, 0)
        assert image is not None
        return image.leader

    def begin(self, start_offset: int = 0, state_epoch: int = 1) -> ErrorCode:
        """As the group's coordinator does when the group first reads the partition."""
        data = initializing.PartitionData(partition=0, state_epoch=state_epoch, start_offset=start_offset)
        topic = initializing.InitializeStateData(topic_id=self.topic_id, partitions=(data,))
        body = initializing.InitializeShareGroupStateRequest(group_id="g", topics=(topic,))
        answer = self.ask(self.share_coordinator, ApiKey.INITIALIZE_SHARE_GROUP_STATE, body)
        return answer.results[0].partitions[0].error_code  # type: ignore[no-any-return]

    def summary(self) -> tuple[int, int, int, int]:
        """State epoch, leader epoch, start offset and how many records behind it are done with."""
        data = summing.PartitionData(partition=0, leader_epoch=-1)
        topic = summing.ReadStateSummaryData(topic_id=self.topic_id, partitions=(data,))
        body = summing.ReadShareGroupStateSummaryRequest(group_id="g", topics=(topic,))
        answer = self.ask(self.share_coordinator, ApiKey.READ_SHARE_GROUP_STATE_SUMMARY, body)
        it = answer.results[0].partitions[0]
        assert it.error_code is ErrorCode.none
        return it.state_epoch, it.leader_epoch, it.start_offset, it.delivery_complete_count

    def share_fetch(
        self,
        epoch: int,
        *told: Told,
        member: str = "m1",
        broker: int = 1,
        max_wait_ms: int = 0,
        max_records: int = 500,
        within_s: float = 2,
        **more: Any,
    ) -> Any:
        body = share_fetch(self.topic_id, epoch, *told, member=member, max_wait_ms=max_wait_ms, max_records=max_records)
        return self.ask(broker, ApiKey.SHARE_FETCH, body, within_s=within_s, **more)

    def acquired(self, epoch: int, *told: Told, **more: Any) -> list[tuple[int, int, int]]:
        """First offset, last offset and delivery count of what the member is given; nothing may go wrong."""
        answer = self.share_fetch(epoch, *told, **more)
        assert answer.error_code is ErrorCode.none, answer
        parts = [part for topic in answer.responses for part in topic.partitions]
        assert [(part.error_code, part.acknowledge_error_code) for part in parts if part.error_code] == []
        return [
            (each.first_offset, each.last_offset, each.delivery_count)
            for part in parts
            for each in part.acquired_records
        ]

    def values_of(self, answer: Any) -> list[str]:
        return [
            value for topic in answer.responses for part in topic.partitions for *_, value in values_in(part.records)
        ]

    def share_acknowledge(
        self, epoch: int, *told: Told, member: str = "m1", broker: int = 1, renew: bool = False
    ) -> tuple[ErrorCode, list[ErrorCode]]:
        batches = tuple(
            acknowledging.AcknowledgementBatch(first_offset=first, last_offset=last, acknowledge_types=types)
            for first, last, types in told
        )
        partition = acknowledging.AcknowledgePartition(partition_index=0, acknowledgement_batches=batches)
        topic = acknowledging.AcknowledgeTopic(topic_id=self.topic_id, partitions=(partition,))
        body = acknowledging.ShareAcknowledgeRequest(
            group_id="g",
            member_id=member,
            share_session_epoch=epoch,
            is_renew_ack=renew,
            topics=(topic,) if told else (),
        )
        answer = self.ask(broker, ApiKey.SHARE_ACKNOWLEDGE, body)
        return answer.error_code, [part.error_code for each in answer.responses for part in each.partitions]

    def until_opened(self, broker: int = 1, member: str = "opener") -> None:
        """The first fetch only makes the leader ask what is remembered."""
        assert self.acquired(0, member=member, broker=broker) == []
        self.run(1)


def share_fetch(
    topic_id: UUID, epoch: int, *told: Told, member: str, max_wait_ms: int = 0, max_records: int = 500, **more: Any
) -> fetching.ShareFetchRequest:
    batches = tuple(
        fetching.AcknowledgementBatch(first_offset=first, last_offset=last, acknowledge_types=types)
        for first, last, types in told
    )
    partition = fetching.FetchPartition(partition_index=0, acknowledgement_batches=batches)
    topics = () if epoch < 0 and not told else (fetching.FetchTopic(topic_id=topic_id, partitions=(partition,)),)
    return fetching.ShareFetchRequest(
        group_id="g",
        member_id=member,
        share_session_epoch=epoch,
        max_wait=timedelta(milliseconds=max_wait_ms),
        min_bytes=1,
        max_bytes=1 << 20,
        max_records=max_records,
        batch_size=500,
        topics=topics,
        forgotten_topics_data=(),
        **more,
    )
