"""Groups: how many each broker coordinates, in which state, and what they commit."""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from kafkalab.engine.coordinators.classic_group import ClassicGroup, GroupState
from kafkalab.engine.coordinators.modern.group import ConsumerGroup, ConsumerGroupState
from kafkalab.lab.metrics.counted import Counted
from kafkalab.lab.metrics.metric import NODE, Kind, Metric, Reading

if TYPE_CHECKING:
    from kafkalab.lab.lab import Lab

GROUP = "Groups"
_MANAGER = "kafka.coordinator.group:type=GroupMetadataManager,name="
_COORDINATOR = "kafka.server:type=group-coordinator-metrics"
_SOURCE = "the groups that this broker has loaded"

GROUPS = Metric(
    group=GROUP,
    bean=_COORDINATOR,
    attribute="group-count",
    labels=(NODE, "protocol"),
    line="protocol",
    unit="groups",
    meaning="Groups by the protocol they use: classic, consumer (KIP-848), share (KIP-932).",
    bad="",
    source=_SOURCE,
)
CONSUMER_GROUPS = Metric(
    group=GROUP,
    bean=_COORDINATOR,
    attribute="consumer-group-count",
    labels=(NODE, "state"),
    line="state",
    unit="groups",
    meaning="Groups of the consumer protocol by their state.",
    bad="Reconciling for long: a member does not give up what another is to get. Assigning for long: no target comes.",
    source=_SOURCE,
)
_CLASSIC = {
    GroupState.PREPARING_REBALANCE: "NumGroupsPreparingRebalance",
    GroupState.COMPLETING_REBALANCE: "NumGroupsCompletingRebalance",
    GroupState.STABLE: "NumGroupsStable",
    GroupState.DEAD: "NumGroupsDead",
    GroupState.EMPTY: "NumGroupsEmpty",
}
_BAD = {
    GroupState.PREPARING_REBALANCE: "Above 0 for long: members are slow to join again, up to max.poll.interval.ms.",
    GroupState.COMPLETING_REBALANCE: "Above 0 for long: the group's leader does not send its assignment.",
}
CLASSIC_GROUPS = {
    state: Metric(
        group=GROUP,
        bean=_MANAGER + name,
        unit="groups",
        meaning=f"Groups of the classic protocol in the state {state}.",
        bad=_BAD.get(state, ""),
        source=_SOURCE,
    )
    for state, name in _CLASSIC.items()
}
NUM_GROUPS = Metric(
    group=GROUP,
    bean=_MANAGER + "NumGroups",
    unit="groups",
    meaning="Groups of the classic protocol that this broker coordinates.",
    bad="",
    source=_SOURCE,
)
OFFSETS = Metric(
    group=GROUP,
    bean=_MANAGER + "NumOffsets",
    unit="offsets",
    meaning="Committed offsets that this broker keeps, one for each group and partition.",
    bad="",
    source=_SOURCE,
)
PARTITIONS = Metric(
    group=GROUP,
    bean=_COORDINATOR,
    attribute="num-partitions",
    labels=(NODE, "state"),
    line="state",
    unit="partitions",
    meaning="Partitions of __consumer_offsets led here: loading (being read after taking over) or active.",
    bad="Loading for long: the groups there hear COORDINATOR_LOAD_IN_PROGRESS meanwhile.",
    source="the group coordinator",
)
COMMITS = Metric(
    group=GROUP,
    bean=_COORDINATOR,
    attribute="offset-commit-count",
    shown_as="offset-commit-rate",
    kind=Kind.METER,
    unit="offsets",
    meaning="Offsets that groups committed.",
    bad="0 while members read: a crash would have them read everything since the last commit again.",
    source="OffsetCommitted",
)
CLASSIC_REBALANCES = Metric(
    group=GROUP,
    bean=_COORDINATOR,
    attribute="group-completed-rebalance-count",
    shown_as="group-completed-rebalance-rate",
    kind=Kind.METER,
    unit="rebalances",
    meaning="Rebalances of classic groups that came to their end.",
    bad="Again and again: members come and go, or are too slow for session.timeout.ms or max.poll.interval.ms.",
    source="GroupAssigned",
)
CONSUMER_REBALANCES = Metric(
    group=GROUP,
    bean=_COORDINATOR,
    attribute="consumer-group-rebalance-count",
    shown_as="consumer-group-rebalance-rate",
    kind=Kind.METER,
    unit="rebalances",
    meaning="New epochs of groups of the consumer protocol: members or topics changed.",
    bad="Again and again: members come and go.",
    source="ConsumerGroupEpochBumped",
)
METRICS = (
    GROUPS,
    CONSUMER_GROUPS,
    NUM_GROUPS,
    *CLASSIC_GROUPS.values(),
    COMMITS,
    CLASSIC_REBALANCES,
    CONSUMER_REBALANCES,
    OFFSETS,
    PARTITIONS,
)


def read(lab: "Lab", counted: Counted) -> Iterator[Reading]:
    for broker in lab.running_brokers():
        name, counts = broker.name, counted.nodes[broker.name].counts
        shards = [shard for shard in broker.groups.shards.values() if not shard.loading]
        groups = [group for shard in shards for group in shard.groups.values()]
        classic = Counter(group.state for group in groups if isinstance(group, ClassicGroup))
        consumer = Counter(group.state for group in groups if isinstance(group, ConsumerGroup))
        yield Reading(GROUPS, (name, "classic"), classic.total())
        yield Reading(GROUPS, (name, "consumer"), consumer.total())
        yield Reading(GROUPS, (name, "share"), sum(len(shard.share_groups) for shard in shards))
        for one in ConsumerGroupState:
            yield Reading(CONSUMER_GROUPS, (name, one.value), consumer[one])
        yield Reading(NUM_GROUPS, (name,), classic.total())
        for state, metric in CLASSIC_GROUPS.items():
            yield Reading(metric, (name,), classic[state])
        yield Reading(OFFSETS, (name,), sum(len(group.offsets) for group in groups))
        yield Reading(PARTITIONS, (name, "active"), len(shards))
        yield Reading(PARTITIONS, (name, "loading"), len(broker.groups.shards) - len(shards))
        yield Reading(COMMITS, (name,), counts["offset_commits"])
        yield Reading(CLASSIC_REBALANCES, (name,), counts["classic_rebalances"])
        yield Reading(CONSUMER_REBALANCES, (name,), counts["consumer_rebalances"])
