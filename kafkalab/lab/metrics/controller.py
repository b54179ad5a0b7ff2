"""The controllers: who is active, how many brokers and partitions there are, and how many without a leader."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kafkalab.engine.broker.lifecycle import BrokerState
from kafkalab.engine.controller.controller import Controller
from kafkalab.engine.controller.metadata import NO_LEADER
from kafkalab.lab.metrics.counted import Counted
from kafkalab.lab.metrics.metric import ALL, Fold, Kind, Metric, Reading

if TYPE_CHECKING:
    from kafkalab.lab.lab import Lab

GROUP = "Controller"
_BEAN = "kafka.controller:type=KafkaController,name="
_IMAGE = "the metadata as this controller knows it"


def _gauge(
    name: str, unit: str, meaning: str, bad: str, source: str = _IMAGE, bad_above: float | None = None
) -> Metric:
    return Metric(
        group=GROUP,
        bean=_BEAN + name,
        unit=unit,
        meaning=meaning,
        bad=bad,
        source=source,
        fold=Fold.MAX,
        bad_above=bad_above,
    )


ACTIVE = Metric(
    group=GROUP,
    bean=_BEAN + "ActiveControllerCount",
    line=ALL,
    unit="controllers",
    bad_below=1,
    bad_above=1,
    meaning="1 on the active controller, 0 on the others. Together it should be 1.",
    bad="0: nobody decides anything. More than 1 for longer than an election takes: something is very wrong.",
    source="the state of the quorum",
)
OFFLINE = _gauge(
    "OfflinePartitionsCount",
    "partitions",
    "Partitions without a leader: nobody can write to them or read them.",
    "Above 0 data is unreachable now. Bring back a broker that holds an in-sync or eligible replica.",
    bad_above=0,
)
IMBALANCE = _gauge(
    "PreferredReplicaImbalanceCount",
    "partitions",
    "Partitions that are led by another replica than their preferred one, the first of their list.",
    "Above 0 some brokers carry more than their share: kafka-leader-election.sh --election-type preferred.",
    bad_above=0,
)
ACTIVE_BROKERS = _gauge(
    "ActiveBrokerCount",
    "brokers",
    "Brokers that are registered and not fenced.",
    "Fewer than there should be: one is down, or its heartbeats do not arrive.",
)
FENCED_BROKERS = _gauge(
    "FencedBrokerCount",
    "brokers",
    "Brokers that are registered and fenced: they lead nothing.",
    "Above 0 a broker is down or cut off, or has not caught up yet after its start.",
    bad_above=0,
)
TOPICS = _gauge("GlobalTopicCount", "topics", "Topics in the cluster.", "")
PARTITIONS = _gauge("GlobalPartitionCount", "partitions", "Partitions in the cluster.", "")
TIMED_OUT = _gauge(
    "TimedOutBrokerHeartbeatCount",
    "brokers",
    "How often this controller has fenced a broker because it was silent for too long.",
    "If it goes up: a broker died, stands still, or the network does not carry its heartbeats.",
    "BrokerFenced, with its reason",
)
NEW_CONTROLLERS = _gauge(
    "NewActiveControllersCount",
    "elections",
    "How often there was a new active controller since this one started.",
    "If it goes up again and again: the quorum is not stable.",
    "ControllerElected",
)
APPLIED = _gauge(
    "LastAppliedRecordOffset",
    "offset",
    "The newest record of __cluster_metadata that this controller has replayed.",
    "It stands still on one controller and not on the others: that one is cut off.",
)
COMMITTED = _gauge(
    "LastCommittedRecordOffset",
    "offset",
    "The newest record of __cluster_metadata that a majority of the controllers has.",
    "It stands still while something is ordered: there is no majority.",
    "the high watermark of the metadata log",
)
UNCLEAN = Metric(
    group=GROUP,
    bean="kafka.controller:type=ControllerStats,name=UncleanLeaderElectionsPerSec",
    kind=Kind.METER,
    unit="elections",
    bad_above=0,
    meaning="Leaders elected although they lack records that were committed.",
    bad="Above 0 records that were acknowledged are lost.",
    source="LeaderElected, with its reason",
)
BROKER_STATE = Metric(
    group=GROUP,
    bean="kafka.server:type=KafkaServer,name=BrokerState",
    unit="state",
    meaning="0 not running, 1 starting, 2 recovering, 3 running, 6 handing over before shutdown, 7 shutting down.",
    bad="Anything but 3 for long.",
    source="the broker's life cycle",
)
_RAFT = "kafka.server:type=raft-metrics"
EPOCH = Metric(
    group=GROUP,
    bean=_RAFT,
    attribute="current-epoch",
    fold=Fold.MAX,
    unit="epoch",
    meaning="The epoch of the quorum, which goes up with every election of a controller.",
    bad="If it goes up again and again: the controllers cannot agree, or do not hear each other.",
    source="the state of the quorum",
)
CURRENT_LEADER = Metric(
    group=GROUP,
    bean=_RAFT,
    attribute="current-leader",
    line="",
    unit="id",
    meaning="Who leads the quorum as far as this controller knows; -1 if it knows of nobody.",
    bad="-1, or not the same on all of them.",
    source="the state of the quorum",
)
LOG_END = Metric(
    group=GROUP,
    bean=_RAFT,
    attribute="log-end-offset",
    line="",
    unit="offset",
    meaning="Where this controller's copy of __cluster_metadata ends.",
    bad="Far behind the others: it is slow or cut off.",
    source="the metadata log",
)
HIGH_WATERMARK = Metric(
    group=GROUP,
    bean=_RAFT,
    attribute="high-watermark",
    line="",
    unit="offset",
    meaning="Up to where a majority has the metadata log, as far as this controller knows.",
    bad="",
    source="the metadata log",
)
BROKER_APPLIED = Metric(
    group=GROUP,
    bean="kafka.server:type=broker-metadata-metrics",
    attribute="last-applied-record-offset",
    fold=Fold.MAX,
    unit="offset",
    meaning="The newest record of __cluster_metadata that this broker has replayed.",
    bad="Behind the others: the broker does not know yet who leads what.",
    source="the metadata as this broker knows it",
)
METRICS = (
    ACTIVE,
    OFFLINE,
    ACTIVE_BROKERS,
    FENCED_BROKERS,
    IMBALANCE,
    UNCLEAN,
    TIMED_OUT,
    NEW_CONTROLLERS,
    EPOCH,
    APPLIED,
    COMMITTED,
    BROKER_APPLIED,
    BROKER_STATE,
    TOPICS,
    PARTITIONS,
    CURRENT_LEADER,
    LOG_END,
    HIGH_WATERMARK,
)
STATES = {
    BrokerState.NOT_RUNNING: 0,
    BrokerState.STARTING: 1,
    BrokerState.RECOVERY: 2,
    BrokerState.RUNNING: 3,
    BrokerState.PENDING_CONTROLLED_SHUTDOWN: 6,
    BrokerState.SHUTTING_DOWN: 7,
}


def read(lab: "Lab", counted: Counted) -> Iterator[Reading]:
    for controller in lab.cluster.controllers.values():
        if controller.running:
            yield from _of_controller(controller, controller is lab.controller, counted)
    for broker in lab.running_brokers():
        yield Reading(BROKER_STATE, (broker.name,), STATES[broker.state])
        yield Reading(BROKER_APPLIED, (broker.name,), broker.metadata.offset)


def _of_controller(controller: Controller, active: bool, counted: Counted) -> Iterator[Reading]:
    node = (controller.name,)
    image, counts = controller.image, counted.nodes[controller.name].counts
    partitions = [partition for topic in image.topics.values() for partition in topic.partitions.values()]
    fenced = sum(broker.fenced for broker in image.brokers.values())
    yield Reading(ACTIVE, node, int(active))
    yield Reading(OFFLINE, node, sum(partition.leader == NO_LEADER for partition in partitions))
    yield Reading(IMBALANCE, node, sum(partition.leader != partition.replicas[0] for partition in partitions))
    yield Reading(ACTIVE_BROKERS, node, len(image.brokers) - fenced)
    yield Reading(FENCED_BROKERS, node, fenced)
    yield Reading(TOPICS, node, len(image.topics))
    yield Reading(PARTITIONS, node, len(partitions))
    yield Reading(TIMED_OUT, node, counts["timed_out_heartbeats"])
    yield Reading(NEW_CONTROLLERS, node, counts["new_active_controllers"])
    yield Reading(UNCLEAN, node, counts["unclean_elections"])
    yield Reading(APPLIED, node, image.offset)
    yield Reading(COMMITTED, node, controller.replica.high_watermark - 1)
    yield Reading(EPOCH, node, controller.quorum.epoch)
    yield Reading(CURRENT_LEADER, node, controller.quorum.hint.leader_id)
    yield Reading(LOG_END, node, controller.replica.end_offset)
    yield Reading(HIGH_WATERMARK, node, controller.replica.high_watermark)
