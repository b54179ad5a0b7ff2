"""The lab's own clients, as Kafka's clients tell of themselves: what was sent and failed, and how far readers lag.

Real clients keep such numbers for themselves, unless they are asked to push them (KIP-714): then they are
shown with the client.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kafkalab.engine.clients.consumer import Consumer
from kafkalab.lab.metrics.counted import Counted
from kafkalab.lab.metrics.metric import Fold, Kind, Metric, Reading

if TYPE_CHECKING:
    from kafkalab.lab.lab import Lab

GROUP = "Clients"
CLIENT = "client-id"
_PRODUCER = "kafka.producer:type=producer-metrics"
_FETCHER = "kafka.consumer:type=consumer-fetch-manager-metrics"
_COORDINATOR = "kafka.consumer:type=consumer-coordinator-metrics"

SENT = Metric(
    group=GROUP,
    bean=_PRODUCER,
    attribute="record-send-total",
    shown_as="record-send-rate",
    kind=Kind.METER,
    labels=(CLIENT,),
    line=CLIENT,
    unit="records",
    meaning="Records that a producer of the lab has sent and knows the fate of, or has given up.",
    bad="Much lower than its rate: records wait in its buffer.",
    source="the producer's counters",
)
FAILED = Metric(
    group=GROUP,
    bean=_PRODUCER,
    attribute="record-error-total",
    shown_as="record-error-rate",
    kind=Kind.METER,
    labels=(CLIENT,),
    line=CLIENT,
    unit="records",
    bad_above=0,
    meaning="Records that a producer has given up.",
    bad="Above 0 the application is told that its records may not be there.",
    source="the producer's counters",
)
IN_FLIGHT = Metric(
    group=GROUP,
    bean=_PRODUCER,
    attribute="requests-in-flight",
    labels=(CLIENT,),
    line=CLIENT,
    unit="requests",
    meaning="Produce requests that are not answered yet.",
    bad="At max.in.flight.requests.per.connection for long: the broker is slow to answer.",
    source="the producer's requests",
)
LAG = Metric(
    group=GROUP,
    bean=_FETCHER,
    attribute="records-lag-max",
    labels=(CLIENT,),
    line=CLIENT,
    fold=Fold.MAX,
    unit="records",
    bad_above=1000,
    meaning="How many records the consumer is behind on the partition where it is furthest behind.",
    bad="If it grows, records come faster than the application works: add members, or partitions for them.",
    source="its position, and the high watermark that the last fetch told it",
)
CONSUMED = Metric(
    group=GROUP,
    bean=_FETCHER,
    attribute="records-consumed-total",
    shown_as="records-consumed-rate",
    kind=Kind.METER,
    labels=(CLIENT,),
    line=CLIENT,
    unit="records",
    meaning="Records that the application has received.",
    bad="0 while there is lag: the consumer is stuck, or in a rebalance.",
    source="the consumer's counters",
)
ASSIGNED = Metric(
    group=GROUP,
    bean=_COORDINATOR,
    attribute="assigned-partitions",
    labels=(CLIENT,),
    line=CLIENT,
    unit="partitions",
    meaning="Partitions that the consumer has.",
    bad="0: it has nothing to do, as there are more members than partitions.",
    source="the consumer's assignment",
)
REBALANCES = Metric(
    group=GROUP,
    bean=_COORDINATOR,
    attribute="rebalance-total",
    kind=Kind.METER,
    labels=(CLIENT,),
    line=CLIENT,
    unit="rebalances",
    meaning="How often the consumer was given partitions anew.",
    bad="Again and again: the group does not come to rest.",
    source="PartitionsAssigned",
)
METRICS = (LAG, CONSUMED, SENT, FAILED, IN_FLIGHT, ASSIGNED, REBALANCES)


def read(lab: "Lab", counted: Counted) -> Iterator[Reading]:
    for name, producer in lab.producers.items():
        yield Reading(SENT, (name,), producer.sent - producer.buffered)
        yield Reading(FAILED, (name,), producer.failed)
        yield Reading(IN_FLIGHT, (name,), producer.requests_in_flight)
    for name, consumer in lab.consumers.items():
        yield Reading(LAG, (name,), _lag(consumer))
        yield Reading(CONSUMED, (name,), consumer.delivered)
        yield Reading(ASSIGNED, (name,), len(consumer.assignment))
        yield Reading(REBALANCES, (name,), counted.rebalances[name])


def _lag(consumer: Consumer) -> int:
    behind = [
        reading.high_watermark - reading.position
        for reading in consumer.fetching.readings.values()
        if reading.position is not None and reading.high_watermark >= 0
    ]
    return max(0, *behind, 0)
