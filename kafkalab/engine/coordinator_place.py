"""Which broker coordinates a group or a transactional id: the leader of the partition that its name hashes to.

Groups lie in `__consumer_offsets`, transactional ids in `__transaction_state`; the rule is the same
(org.apache.kafka.coordinator.group.GroupCoordinatorService.partitionFor, kafka.coordinator.transaction
.TransactionStateManager.partitionFor).
"""

from kafkalab.engine.controller.metadata import BrokerImage, MetadataImage

TRANSACTIONS_TOPIC = "__transaction_state"


def partition_of(name: str, partitions: int) -> int:
    """Java's String.hashCode over UTF-16 units, then Utils.abs, which takes the smallest int for 0."""
    units = name.encode("utf-16-be", "surrogatepass")
    hashed = 0
    for place in range(0, len(units), 2):
        hashed = (31 * hashed + units[place] * 256 + units[place + 1]) & 0xFFFFFFFF
    signed = hashed - (1 << 32) if hashed >= 1 << 31 else hashed
    return 0 if signed == -(1 << 31) else abs(signed) % partitions


def coordinator_of(name: str, internal_topic: str, image: MetadataImage) -> BrokerImage | None:
    """None while that topic is not there, or the partition has no leader that is alive."""
    topic = image.topics.get(internal_topic)
    if topic is None:
        return None
    partition = image.partition(internal_topic, partition_of(name, len(topic.partitions)))
    leader = image.brokers.get(partition.leader) if partition else None
    return None if leader is None or leader.fenced else leader
