"""What waits at the brokers: requests in purgatory, markers of transactions, fetch sessions, connections."""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from kafkalab.engine.api.delete_records import DeleteRecordsAwaitingFollowers
from kafkalab.engine.api.fetch import FetchAwaitingBytes
from kafkalab.engine.api.produce import ProduceAwaitingIsr
from kafkalab.engine.api.share_fetch import ShareFetching
from kafkalab.lab.metrics.counted import Counted
from kafkalab.lab.metrics.metric import NODE, Kind, Metric, Reading

if TYPE_CHECKING:
    from kafkalab.lab.lab import Lab

WAITING, TRANSACTIONS, NETWORK = "Purgatory", "Transactions", "Network"
OPERATIONS = {
    ProduceAwaitingIsr: "Produce",
    FetchAwaitingBytes: "Fetch",
    DeleteRecordsAwaitingFollowers: "DeleteRecords",
    ShareFetching: "ShareFetch",
}
"""Kafka's name for each kind of wait."""

DELAYED = Metric(
    group=WAITING,
    bean="kafka.server:type=DelayedOperationPurgatory,name=NumDelayedOperations",
    labels=(NODE, "delayedOperation"),
    line="delayedOperation",
    unit="requests",
    meaning="Requests that cannot be answered yet: Produce waits for followers, Fetch for records.",
    bad="Fetch waits are good: nothing is new. Many Produce waits: followers are slow.",
    source="the purgatory of each broker",
)
WATCHED = Metric(
    group=WAITING,
    bean="kafka.server:type=DelayedOperationPurgatory,name=PurgatorySize",
    labels=(NODE, "delayedOperation"),
    line="delayedOperation",
    unit="watches",
    meaning="The same, counted once for each partition that may end the wait.",
    bad="",
    source="the purgatory of each broker",
)
UNKNOWN_DESTINATION = Metric(
    group=TRANSACTIONS,
    bean="kafka.coordinator.transaction:type=TransactionMarkerChannelManager,name=UnknownDestinationQueueSize",
    unit="markers",
    bad_above=0,
    meaning="Markers of transactions that cannot be written now, as their partition has no leader or refused them.",
    bad="Above 0 transactions cannot end, and readers of committed records wait behind them.",
    source="the transaction coordinator of each broker",
)
SESSIONS = Metric(
    group=NETWORK,
    bean="kafka.server:type=FetchSessionCache,name=NumIncrementalFetchSessions",
    unit="sessions",
    meaning="Readers, followers among them, that need not name their partitions in each fetch (KIP-227).",
    bad="At max.incremental.fetch.session.cache.slots new readers must name all of them each time.",
    source="the fetch sessions of each broker",
)
CACHED = Metric(
    group=NETWORK,
    bean="kafka.server:type=FetchSessionCache,name=NumIncrementalFetchPartitionsCached",
    unit="partitions",
    meaning="Partitions in those sessions.",
    bad="",
    source="the fetch sessions of each broker",
)
CONNECTIONS = Metric(
    group=NETWORK,
    bean="kafka.server:type=socket-server-metrics",
    attribute="connection-count",
    labels=(NODE,),
    unit="connections",
    meaning="Connections by which something was asked: of clients, real ones and the lab's own, and of brokers.",
    bad="If it only grows, clients open connections and never close them.",
    source="the lines of requests at each broker. Kafka tells listeners and network threads apart as well",
)
AUTHENTICATION_FAILURES = Metric(
    group=NETWORK,
    bean="kafka.server:type=socket-server-metrics",
    attribute="failed-authentication-total",
    shown_as="failed-authentication-rate",
    kind=Kind.METER,
    unit="connections",
    bad_above=0,
    meaning="Clients that could not say who they are on a listener that asks for it.",
    bad="Above 0 somebody has a wrong password, or tries some.",
    source="AuthenticationFailed",
)
METRICS = (
    DELAYED,
    WATCHED,
    UNKNOWN_DESTINATION,
    CONNECTIONS,
    AUTHENTICATION_FAILURES,
    SESSIONS,
    CACHED,
)


def read(lab: "Lab", counted: Counted) -> Iterator[Reading]:
    for broker in lab.running_brokers():
        node = (broker.name,)
        waits: Counter[str] = Counter()
        watches: Counter[str] = Counter()
        for wait, keys in broker.purgatory.watched():
            operation = OPERATIONS.get(wait.__class__)
            if operation is not None:
                waits[operation] += 1
                watches[operation] += len(keys)
        for operation in OPERATIONS.values():
            yield Reading(DELAYED, (broker.name, operation), waits[operation])
            yield Reading(WATCHED, (broker.name, operation), watches[operation])
        yield Reading(UNKNOWN_DESTINATION, node, len(broker.transactions.markers.held_back))
        sessions = broker.fetch_sessions.by_id.values()
        yield Reading(SESSIONS, node, len(sessions))
        yield Reading(CACHED, node, sum(len(session.wanted) for session in sessions))
        yield Reading(CONNECTIONS, node, sum(len(lines) for lines in broker.router.lines.values()))
        yield Reading(AUTHENTICATION_FAILURES, node, counted.nodes[broker.name].counts["failed_authentications"])
