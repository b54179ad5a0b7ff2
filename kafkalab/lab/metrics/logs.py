"""Logs: how large each replica's log is, where it begins and ends, and in how many segments it lies."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kafkalab.lab.metrics.counted import Counted
from kafkalab.lab.metrics.metric import NODE, Metric, Reading

if TYPE_CHECKING:
    from kafkalab.lab.lab import Lab

GROUP = "Logs"
_BEAN = "kafka.log:type=Log,name="
_LABELS = (NODE, "topic", "partition")

SIZE = Metric(
    group=GROUP,
    bean=_BEAN + "Size",
    labels=_LABELS,
    line="topic",
    unit="bytes",
    meaning="How large the log is on disk; in the chart all replicas of a topic together.",
    bad="If it only grows, nothing is ever deleted: look at retention.ms, retention.bytes and cleanup.policy.",
    source="the segments of each log",
)
SEGMENTS = Metric(
    group=GROUP,
    bean=_BEAN + "NumLogSegments",
    labels=_LABELS,
    line="topic",
    unit="segments",
    meaning="In how many files the log lies. Only whole segments are deleted, and never the last one.",
    bad="Very many: segment.bytes or segment.ms is small, and each segment costs open files.",
    source="the segments of each log",
)
START = Metric(
    group=GROUP,
    bean=_BEAN + "LogStartOffset",
    labels=_LABELS,
    line="",
    unit="offset",
    meaning="The oldest offset that is kept.",
    bad="A consumer whose position is before it gets OFFSET_OUT_OF_RANGE.",
    source="each log",
)
END = Metric(
    group=GROUP,
    bean=_BEAN + "LogEndOffset",
    labels=_LABELS,
    line="",
    unit="offset",
    meaning="The offset that the next record gets.",
    bad="",
    source="each log",
)
METRICS = (SIZE, SEGMENTS, START, END)


def read(lab: "Lab", counted: Counted) -> Iterator[Reading]:
    for broker in lab.running_brokers():
        for (topic, partition), replica in broker.partitions.items():
            labels = (broker.name, topic, str(partition))
            yield Reading(SIZE, labels, replica.log.size)
            yield Reading(SEGMENTS, labels, len(replica.log.segments))


def read_partitions(lab: "Lab") -> Iterator[Reading]:
    for broker in lab.running_brokers():
        for (topic, partition), replica in broker.partitions.items():
            labels = (broker.name, topic, str(partition))
            yield Reading(START, labels, replica.log.start_offset)
            yield Reading(END, labels, replica.log.end_offset)
