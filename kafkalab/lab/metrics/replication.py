"""Replication: how many replicas there are, whether they keep up, and what becomes of the in-sync sets."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kafkalab.engine.broker.broker import Broker
from kafkalab.engine.broker.partition import Partition
from kafkalab.lab.metrics.counted import Counted
from kafkalab.lab.metrics.metric import NODE, Fold, Kind, Metric, Reading

if TYPE_CHECKING:
    from kafkalab.lab.lab import Lab

GROUP, TRANSACTIONS = "Replication", "Transactions"
_MANAGER = "kafka.server:type=ReplicaManager,name="
_PARTITION = "kafka.cluster:type=Partition,name="
_OF_PARTITION = (NODE, "topic", "partition")
LATE_MS = 5 * 60 * 1000
"""A transaction that is open so long after its time was up is late (ReplicaManager)."""

UNDER_REPLICATED = Metric(
    group=GROUP,
    bean=_MANAGER + "UnderReplicatedPartitions",
    unit="partitions",
    bad_above=0,
    meaning="Partitions led by this broker that have fewer replicas in sync than they should have.",
    bad="Above 0 a copy is missing or slow: one more failure may leave too few. Look for a broker that is down.",
    source="the in-sync set of each partition, on its leader",
)
UNDER_MIN_ISR = Metric(
    group=GROUP,
    bean=_MANAGER + "UnderMinIsrPartitionCount",
    unit="partitions",
    bad_above=0,
    meaning="Partitions led by this broker with fewer replicas in sync than min.insync.replicas.",
    bad="Above 0 producers with acks=all are refused with NOT_ENOUGH_REPLICAS.",
    source="the in-sync set and min.insync.replicas of each partition, on its leader",
)
AT_MIN_ISR = Metric(
    group=GROUP,
    bean=_MANAGER + "AtMinIsrPartitionCount",
    unit="partitions",
    meaning="Partitions led by this broker with just as many replicas in sync as min.insync.replicas asks for.",
    bad="One more replica that falls out, and producers with acks=all are refused.",
    source="the in-sync set and min.insync.replicas of each partition, on its leader",
)
ISR_SHRINKS = Metric(
    group=GROUP,
    bean=_MANAGER + "IsrShrinksPerSec",
    kind=Kind.METER,
    unit="shrinks",
    bad_above=0,
    meaning="In-sync sets that this broker, as their leader, has made smaller because a follower fell behind.",
    bad="Above 0 followers are too slow. That the controller takes a dead broker out is not counted here.",
    source="AlterPartition requests that the controller granted",
)
ISR_EXPANDS = Metric(
    group=GROUP,
    bean=_MANAGER + "IsrExpandsPerSec",
    kind=Kind.METER,
    unit="expands",
    meaning="In-sync sets that this broker, as their leader, has made larger because a follower caught up.",
    bad="",
    source="AlterPartition requests that the controller granted",
)
FAILED_ISR_UPDATES = Metric(
    group=GROUP,
    bean=_MANAGER + "FailedIsrUpdatesPerSec",
    kind=Kind.METER,
    unit="updates",
    bad_above=0,
    meaning="In-sync sets that this broker wanted to change and could not.",
    bad="Above 0 leader and controller disagree about epochs, as during an election.",
    source="AlterPartition requests that the controller refused",
)
LEADERS = Metric(
    group=GROUP,
    bean=_MANAGER + "LeaderCount",
    unit="partitions",
    meaning="Partitions that this broker leads.",
    bad="Very different from broker to broker: the load is uneven. A preferred leader election evens it out.",
    source="the replicas on the broker",
)
PARTITIONS = Metric(
    group=GROUP,
    bean=_MANAGER + "PartitionCount",
    unit="replicas",
    meaning="Replicas on this broker, those that it leads and those that it follows.",
    bad="",
    source="the replicas on the broker",
)
REASSIGNING = Metric(
    group=GROUP,
    bean=_MANAGER + "ReassigningPartitions",
    unit="partitions",
    meaning="Partitions led by this broker that are being moved to other brokers.",
    bad="If it does not go back to 0, the move is stuck: perhaps a throttle is too low.",
    source="the cluster's metadata, as this broker knows it",
)
PRODUCER_IDS = Metric(
    group=TRANSACTIONS,
    bean=_MANAGER + "ProducerIdCount",
    unit="producers",
    meaning="Producers whose sequence numbers are remembered, counted for each replica on this broker.",
    bad="",
    source="the producer state of each log",
)
LATE_TRANSACTIONS = Metric(
    group=TRANSACTIONS,
    bean=_MANAGER + "PartitionsWithLateTransactionsCount",
    unit="partitions",
    bad_above=0,
    meaning="Partitions in which a transaction has been open for much longer than one may last.",
    bad="Above 0 readers of committed records are stuck: find the transaction (kafka-transactions.sh find-hanging).",
    source="the open transactions of each log led here",
)
MAX_LAG = Metric(
    group=GROUP,
    bean="kafka.server:type=ReplicaFetcherManager,name=MaxLag",
    labels=(NODE, "clientId"),
    fold=Fold.MAX,
    unit="records",
    bad_above=1000,
    meaning="By how many records this broker's replicas are behind their leaders at most.",
    bad="If it grows, the follower copies more slowly than producers write, and will fall out of the ISR.",
    source="the logs of followers and of their leaders; a real follower knows only what the last fetch told it",
)
REPLICAS = {
    name: Metric(
        group=GROUP,
        bean=_PARTITION + name,
        labels=_OF_PARTITION,
        line="",
        unit=unit,
        meaning=meaning,
        bad="",
        source="the partition on its leader; 0 on the others",
    )
    for name, unit, meaning in (
        ("UnderReplicated", "0 or 1", "1 where a replica of it is not in sync."),
        ("UnderMinIsr", "0 or 1", "1 where fewer are in sync than min.insync.replicas."),
        ("AtMinIsr", "0 or 1", "1 where just so many are in sync."),
        ("InSyncReplicasCount", "replicas", "Replicas in sync."),
        ("ReplicasCount", "replicas", "Replicas that it should have."),
        ("LastStableOffsetLag", "records", "How far the last stable offset is behind the high watermark."),
    )
}
METRICS = (
    UNDER_REPLICATED,
    UNDER_MIN_ISR,
    AT_MIN_ISR,
    ISR_SHRINKS,
    ISR_EXPANDS,
    FAILED_ISR_UPDATES,
    MAX_LAG,
    LEADERS,
    PARTITIONS,
    REASSIGNING,
    PRODUCER_IDS,
    LATE_TRANSACTIONS,
    *REPLICAS.values(),
)


def read(lab: "Lab", counted: Counted) -> Iterator[Reading]:
    for broker in lab.running_brokers():
        node = (broker.name,)
        partitions = list(broker.partitions.values())
        led = [partition for partition in partitions if partition.is_leader]
        yield Reading(UNDER_REPLICATED, node, sum(len(it.isr) < len(it.replicas) for it in led))
        yield Reading(UNDER_MIN_ISR, node, sum(len(it.isr) < it.effective_min_isr for it in led))
        yield Reading(AT_MIN_ISR, node, sum(len(it.isr) == it.effective_min_isr for it in led))
        yield Reading(LEADERS, node, len(led))
        yield Reading(PARTITIONS, node, len(partitions))
        yield Reading(REASSIGNING, node, sum(_is_moving(broker, partition) for partition in led))
        yield Reading(PRODUCER_IDS, node, sum(len(it.log.producers.by_id) for it in partitions))
        yield Reading(LATE_TRANSACTIONS, node, sum(_has_late(broker, partition) for partition in led))
        yield Reading(MAX_LAG, (broker.name, "Replica"), _largest_lag(lab, partitions))
        counts = counted.nodes[broker.name].counts
        yield Reading(ISR_SHRINKS, node, counts["isr_shrinks"])
        yield Reading(ISR_EXPANDS, node, counts["isr_expands"])
        yield Reading(FAILED_ISR_UPDATES, node, counts["failed_isr_updates"])


def read_partitions(lab: "Lab") -> Iterator[Reading]:
    for broker in lab.running_brokers():
        for partition in broker.partitions.values():
            yield from _of_partition(broker.name, partition)


def _of_partition(node: str, it: Partition) -> Iterator[Reading]:
    labels = (node, it.topic, str(it.partition))
    of = REPLICAS
    yield Reading(of["UnderReplicated"], labels, int(it.is_leader and len(it.isr) < len(it.replicas)))
    yield Reading(of["UnderMinIsr"], labels, int(it.is_leader and len(it.isr) < it.effective_min_isr))
    yield Reading(of["AtMinIsr"], labels, int(it.is_leader and len(it.isr) == it.effective_min_isr))
    yield Reading(of["InSyncReplicasCount"], labels, len(it.isr) if it.is_leader else 0)
    yield Reading(of["ReplicasCount"], labels, len(it.replicas) if it.is_leader else 0)
    yield Reading(of["LastStableOffsetLag"], labels, it.high_watermark - it.last_stable_offset)


def _is_moving(broker: Broker, partition: Partition) -> bool:
    image = broker.metadata.partition(*partition.key)
    return image is not None and bool(image.adding_replicas or image.removing_replicas)


def _has_late(broker: Broker, partition: Partition) -> bool:
    producers = partition.log.producers
    if not producers.open:
        return False
    oldest = producers.by_id[producers.open[min(producers.open)]]
    return broker.clock_ms - oldest.last_timestamp_ms > broker.config.transaction_max_timeout_ms + LATE_MS


def _largest_lag(lab: "Lab", partitions: list[Partition]) -> int:
    largest = 0
    for partition in partitions:
        if partition.is_leader:
            continue
        leader = lab.broker(partition.leader_id)
        found = leader.partitions.get(partition.key) if leader is not None else None
        if found is not None:
            largest = max(largest, found.log.end_offset - partition.log.end_offset)
    return largest
