"""Traffic: records and bytes in and out, of each broker and of each topic."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kafkalab.lab.metrics.counted import Counted
from kafkalab.lab.metrics.metric import NODE, Kind, Metric, Reading

if TYPE_CHECKING:
    from kafkalab.lab.lab import Lab

GROUP = "Traffic"
_BEAN = "kafka.server:type=BrokerTopicMetrics,name="
_OF_TOPIC = (
    (
        "MessagesInPerSec",
        "messages_in",
        "records",
        None,
        "Records that leaders appended to their logs, internal topics included.",
        "None at all while producers run: they cannot write.",
        "RecordsAppended on leaders",
    ),
    (
        "BytesInPerSec",
        "bytes_in",
        "bytes",
        None,
        "Bytes that leaders appended to their logs.",
        "Very different from broker to broker: leaderships, or keys, are uneven.",
        "RecordsAppended on leaders",
    ),
    (
        "BytesOutPerSec",
        "bytes_out",
        "bytes",
        None,
        "Bytes of records that consumers were given; followers count elsewhere.",
        "",
        "Fetch answers to clients",
    ),
    (
        "TotalProduceRequestsPerSec",
        "produce_requests",
        "requests",
        None,
        "Writes asked for, one for each partition that a Produce request names.",
        "Many writes for few records: batches are small. linger.ms and batch.size make larger ones.",
        "Produce requests",
    ),
    (
        "FailedProduceRequestsPerSec",
        "failed_produce_requests",
        "requests",
        0.0,
        "Writes that failed. Kafka leaves out what clients are expected to handle, NOT_LEADER_OR_FOLLOWER for one.",
        "Above 0: NOT_ENOUGH_REPLICAS, a fenced producer, sequence numbers out of order.",
        "error codes in Produce answers",
    ),
)
OF_BROKER = {
    field: Metric(
        group=GROUP,
        bean=_BEAN + name,
        kind=Kind.METER,
        unit=unit,
        bad_above=bad_above,
        meaning=meaning,
        bad=bad,
        source=source,
    )
    for name, field, unit, bad_above, meaning, bad, source in _OF_TOPIC
}
OF_TOPIC = {
    field: Metric(
        group=GROUP,
        bean=_BEAN + name,
        kind=Kind.METER,
        labels=(NODE, "topic"),
        line="topic" if field in ("messages_in", "bytes_in", "bytes_out") else "",
        unit=unit,
        meaning=f"{meaning} Of this topic alone.",
        bad="",
        source=source,
    )
    for name, field, unit, _, meaning, _, source in _OF_TOPIC
}
REPLICATION_IN = Metric(
    group=GROUP,
    bean=_BEAN + "ReplicationBytesInPerSec",
    kind=Kind.METER,
    unit="bytes",
    meaning="Bytes that this broker's followers copied from their leaders.",
    bad="With three replicas each byte in is copied twice: much less than that, and followers fall behind.",
    source="RecordsAppended on followers",
)
REPLICATION_OUT = Metric(
    group=GROUP,
    bean=_BEAN + "ReplicationBytesOutPerSec",
    kind=Kind.METER,
    unit="bytes",
    meaning="Bytes that other brokers copied from leaders here.",
    bad="",
    source="Fetch answers to brokers",
)
METRICS = (*OF_BROKER.values(), REPLICATION_IN, REPLICATION_OUT, *OF_TOPIC.values())


def read(lab: "Lab", counted: Counted) -> Iterator[Reading]:
    for broker in lab.running_brokers():
        of = counted.nodes[broker.name]
        for field, metric in OF_BROKER.items():
            yield Reading(metric, (broker.name,), sum(getattr(topic, field) for topic in of.topics.values()))
        yield Reading(REPLICATION_IN, (broker.name,), of.counts["replication_bytes_in"])
        yield Reading(REPLICATION_OUT, (broker.name,), of.counts["replication_bytes_out"])
        for name, topic in of.topics.items():
            for field, metric in OF_TOPIC.items():
                yield Reading(metric, (broker.name, name), getattr(topic, field))
