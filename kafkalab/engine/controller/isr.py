"""A leader asks to change who is in sync: AlterPartition (KIP-497, KIP-841, KIP-903).

The controller checks in this order, because each answer tells the leader something else to do:
NOT_CONTROLLER to look for a newer controller, FENCED_LEADER_EPOCH to stop leading,
INVALID_UPDATE_VERSION to read the metadata first, INELIGIBLE_REPLICA to try again later
(ReplicationControlManager.alterPartition, validateAlterPartitionData).
"""

from datetime import timedelta

from kio.schema.alter_partition.v3.request import AlterPartitionRequest
from kio.schema.alter_partition.v3.request import BrokerState as InSyncReplica
from kio.schema.alter_partition.v3.request import PartitionData as Wanted
from kio.schema.alter_partition.v3.response import AlterPartitionResponse, TopicData
from kio.schema.alter_partition.v3.response import PartitionData as Answer
from kio.schema.types import BrokerId
from kio.static.primitive import i8, i32, i32Timedelta

from kafkalab.engine.config import BrokerConfig
from kafkalab.engine.controller.brokers import check_epoch
from kafkalab.engine.controller.decision import Decision
from kafkalab.engine.controller.elections import ballot_of
from kafkalab.engine.controller.metadata import (
    MetadataImage,
    PartitionChangeRecord,
    PartitionImage,
    TopicImage,
    changed,
)
from kafkalab.engine.controller.partition_change import RECOVERED, RECOVERING, Target, partition_change
from kafkalab.engine.refused import Refused
from kafkalab.wire.errors import ErrorCode

ZERO = i32Timedelta.parse(timedelta(0))


def alter_partition(image: MetadataImage, config: BrokerConfig, body: AlterPartitionRequest) -> Decision:
    check_epoch(image, body.broker_id, body.broker_epoch)
    topics: list[TopicData] = []
    records: list[PartitionChangeRecord] = []
    for asked in body.topics:
        name = image.topic_names.get(asked.topic_id) if asked.topic_id else None
        answers: list[Answer] = []
        for wanted in asked.partitions:
            try:
                if name is None:
                    raise Refused(ErrorCode.unknown_topic_id)
                answer, change = _alter(image, config, image.topics[name], body.broker_id, wanted)
            except Refused as refused:
                answer, change = _refused(wanted.partition_index, refused.error_code), None
            answers.append(answer)
            if change:
                records.append(change)
        topics.append(TopicData(topic_id=asked.topic_id, partitions=tuple(answers)))
    response = AlterPartitionResponse(throttle_time=ZERO, error_code=ErrorCode.none, topics=tuple(topics))
    return Decision(response, tuple(records), f"broker {body.broker_id} changed the ISR")


def alter_partition_refused(refused: Refused) -> AlterPartitionResponse:
    return AlterPartitionResponse(throttle_time=ZERO, error_code=refused.error_code, topics=())


def _alter(
    image: MetadataImage, config: BrokerConfig, topic: TopicImage, broker_id: int, wanted: Wanted
) -> tuple[Answer, PartitionChangeRecord | None]:
    partition = topic.partitions.get(wanted.partition_index)
    if partition is None:
        raise Refused(ErrorCode.unknown_topic_or_partition)
    _validate(image, partition, broker_id, wanted)
    target = Target(
        isr=tuple(int(member.broker_id) for member in wanted.new_isr_with_epochs),
        recovery_state=int(wanted.leader_recovery_state),
    )
    change = partition_change(partition, ballot_of(image, topic, config.topic_defaults), target)
    after = changed(partition, change) if change else partition
    if after.leader_epoch != partition.leader_epoch:
        # It finished a reassignment: whoever leads, the metadata log tells it to all in its order.
        return _refused(wanted.partition_index, ErrorCode.new_leader_elected), change
    answer = Answer(
        partition_index=wanted.partition_index,
        error_code=ErrorCode.none,
        leader_id=BrokerId(after.leader),
        leader_epoch=i32(after.leader_epoch),
        isr=tuple(map(BrokerId, after.isr)),
        leader_recovery_state=i8(after.leader_recovery_state),
        partition_epoch=i32(after.partition_epoch),
    )
    return answer, change


def _validate(image: MetadataImage, partition: PartitionImage, broker_id: int, wanted: Wanted) -> None:
    if wanted.leader_epoch > partition.leader_epoch or wanted.partition_epoch > partition.partition_epoch:
        # The leader knows more than this controller, which therefore is not the active one.
        raise Refused(ErrorCode.not_controller)
    if wanted.leader_epoch < partition.leader_epoch:
        raise Refused(ErrorCode.fenced_leader_epoch)
    if broker_id != partition.leader:
        raise Refused(ErrorCode.invalid_request)
    if wanted.partition_epoch < partition.partition_epoch:
        raise Refused(ErrorCode.invalid_update_version)
    isr = [int(member.broker_id) for member in wanted.new_isr_with_epochs]
    if not isr or len(set(isr)) < len(isr) or not set(isr) <= set(partition.replicas):
        raise Refused(ErrorCode.invalid_request)
    if partition.leader not in isr:
        raise Refused(ErrorCode.invalid_request)
    if wanted.leader_recovery_state == RECOVERING and len(isr) > 1:
        raise Refused(ErrorCode.invalid_request)
    if wanted.leader_recovery_state == RECOVERING and partition.leader_recovery_state == RECOVERED:
        raise Refused(ErrorCode.invalid_request)
    if not all(_eligible(image, member) for member in wanted.new_isr_with_epochs):
        raise Refused(ErrorCode.ineligible_replica)


def _eligible(image: MetadataImage, member: InSyncReplica) -> bool:
    """Alive, staying, and the very incarnation the leader saw: one restarted since may have lost records."""
    broker = image.brokers.get(member.broker_id)
    return broker is not None and broker.active and member.broker_epoch in (-1, broker.epoch)


def _refused(partition: int, error_code: ErrorCode) -> Answer:
    return Answer(
        partition_index=i32(partition),
        error_code=error_code,
        leader_id=BrokerId(0),
        leader_epoch=i32(0),
        partition_epoch=i32(0),
    )
