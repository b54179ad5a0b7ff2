"""Metrics say what the engine does, under the names that Kafka has for them."""

import re
from pathlib import Path

from kafkalab.lab import Lab, commands, fault_commands
from kafkalab.lab.metrics.history import KEPT_US, SAMPLE_EVERY_US, History
from kafkalab.lab.metrics.keeping import METRICS
from kafkalab.lab.metrics.metric import Kind, Times
from tests.lab.labs import SECOND_US, Ask

BEANS = Path(__file__).parents[3] / "fixtures" / "data" / "apache_kafka_4_3_1_mbeans.txt"
"""As a broker, a producer and a consumer of Apache Kafka 4.3.1 show them; values of labels are left out."""

NEVER_SEEN_OF_TOPICS = ("FailedProduceRequestsPerSec",)
"""Nothing failed while these beans were looked at, and a broker makes those of a topic when they are needed."""


def value(lab: Lab, name: str, *labels: str) -> float:
    """Of all readings of that name with those labels."""
    found = [it.value for it in lab.metrics.read_all() if it.metric.name == name and set(labels) <= set(it.labels)]
    assert found, f"no {name} with {labels}"
    return sum(it.count if isinstance(it, Times) else it for it in found)


def orders(ask: Ask) -> None:
    assert ask(commands.CreateTopic("orders", 3, 3, {"min.insync.replicas": "2"})).ok


def test_every_name_is_one_that_apache_kafka_has() -> None:
    shown = BEANS.read_text().splitlines()
    known = {re.sub(r",(?!name=)[^,=]+=\*", "", line): line for line in shown}
    for metric in METRICS:
        attributes = {Kind.GAUGE: ("Value",), Kind.METER: ("Count",), Kind.TIMES: ("Mean", "99thPercentile", "Count")}
        for attribute in (metric.attribute,) if metric.attribute else attributes[metric.kind]:
            # Those of single topics are there as well as those of all.
            assert f"{metric.bean}:{attribute}" in known, metric


def test_every_label_is_one_that_apache_kafka_has() -> None:
    shown = BEANS.read_text().splitlines()
    for metric in METRICS:
        if not metric.tags or metric.name in NEVER_SEEN_OF_TOPICS:
            continue
        found = [line for line in shown if re.match(rf"{re.escape(metric.bean)}[,:]", line)]
        assert any(all(f",{tag}=*" in line for tag in metric.tags) for line in found), metric


def test_each_says_what_it_means_and_where_it_comes_from() -> None:
    for metric in METRICS:
        assert metric.meaning.endswith("."), metric.name
        assert metric.source, metric.name
        assert metric.unit, metric.name
        assert metric.bad or (metric.bad_above is None and metric.bad_below is None), metric.name


def test_records_and_bytes_are_counted_on_leaders_and_copies_on_followers(lab: Lab, ask: Ask) -> None:
    orders(ask)
    for number in range(10):
        assert ask(commands.SendRecord("orders", f"{number}", "hello")).ok
    lab.advance(SECOND_US)
    logs = [broker.partitions["orders", each].log for broker in lab.running_brokers() for each in range(3)]
    assert value(lab, "MessagesInPerSec", "orders") == 10
    assert value(lab, "BytesInPerSec", "orders") * 3 == sum(log.size for log in logs)
    assert value(lab, "ReplicationBytesInPerSec") == 2 * value(lab, "BytesInPerSec", "orders")
    assert value(lab, "ReplicationBytesOutPerSec") == value(lab, "ReplicationBytesInPerSec")
    assert value(lab, "BytesOutPerSec", "orders") == 0
    assert value(lab, "FailedProduceRequestsPerSec", "orders") == 0


def test_a_broker_that_is_killed_leaves_partitions_under_replicated(lab: Lab, ask: Ask) -> None:
    orders(ask)
    before = value(lab, "UnderReplicatedPartitions")
    ask(commands.CrashBroker(3))
    lab.advance(15 * SECOND_US)
    assert before == 0
    assert value(lab, "UnderReplicatedPartitions") == 3
    assert value(lab, "AtMinIsrPartitionCount") == 3
    assert value(lab, "UnderMinIsrPartitionCount") == 0
    assert value(lab, "FencedBrokerCount") == 1
    assert value(lab, "TimedOutBrokerHeartbeatCount") == 1
    # The controller took it out of the in-sync sets, and no leader had to ask for that.
    assert value(lab, "IsrShrinksPerSec") == 0
    ask(commands.CrashBroker(2))
    lab.advance(15 * SECOND_US)
    assert value(lab, "UnderMinIsrPartitionCount") == 3
    assert value(lab, "LeaderCount", "broker-1") == 3
    ask(commands.StartBroker(2))
    lab.advance(15 * SECOND_US)
    assert value(lab, "IsrExpandsPerSec") == 3


def test_a_follower_that_falls_behind_is_a_shrink_of_its_leader(lab: Lab, ask: Ask) -> None:
    orders(ask)
    assert ask(commands.CreateProducer(topic="orders", rate=20, acks="1", idempotence=False)).ok
    # It reaches the controller, and so is not fenced; but it cannot copy from broker 1.
    assert ask(fault_commands.CutLink("broker-3", "broker-1")).ok
    lab.advance(60 * SECOND_US)
    left = [
        key
        for key, it in lab.cluster.brokers[1].partitions.items()
        if it.is_leader and it.topic == "orders" and 3 not in it.isr
    ]
    assert left
    assert value(lab, "IsrShrinksPerSec", "broker-1") >= len(left)
    assert value(lab, "MaxLag", "broker-3") > 0
    assert value(lab, "UnderReplicatedPartitions", "broker-1") >= len(left)


def test_a_request_takes_from_its_arrival_to_its_answer(lab: Lab, ask: Ask) -> None:
    orders(ask)
    assert ask(commands.AddConsumer(topics=("orders",))).ok
    lab.advance(10 * SECOND_US)
    times = [
        reading.value
        for reading in lab.metrics.read()
        if reading.metric.name == "TotalTimeMs" and reading.labels[1] == "FetchConsumer"
    ]
    # Nobody writes: each fetch waits its 500 ms out.
    assert all(isinstance(it, Times) and max(it.last_ms) == 500 for it in times)
    fetches = value(lab, "RequestsPerSec", "Fetch")
    apart = value(lab, "RequestsPerSec", "FetchConsumer") + value(lab, "RequestsPerSec", "FetchFollower")
    assert fetches == apart


def test_errors_are_counted_by_their_names(lab: Lab, ask: Ask) -> None:
    orders(ask)
    assert not ask(commands.CreateTopic("orders", 1, 1)).ok
    assert value(lab, "ErrorsPerSec", "CreateTopics", "TOPIC_ALREADY_EXISTS") > 0


def test_a_broker_that_starts_anew_counts_from_zero(lab: Lab, ask: Ask) -> None:
    orders(ask)
    assert ask(commands.CreateProducer(topic="orders", rate=50)).ok
    lab.advance(5 * SECOND_US)
    assert value(lab, "MessagesInPerSec", "broker-1", "orders") > 0
    ask(commands.CrashBroker(1))
    ask(commands.StartBroker(1))
    counted = lab.metrics.counted.nodes["broker-1"]
    assert counted.topics == {}


def test_a_consumer_that_is_slow_lags(lab: Lab, ask: Ask) -> None:
    orders(ask)
    assert ask(commands.AddConsumer(topics=("orders",), group="billing", processing_ms=500)).ok
    assert ask(commands.CreateProducer(topic="orders", rate=50)).ok
    lab.advance(20 * SECOND_US)
    assert value(lab, "records-lag-max", "consumer-1") > 100
    assert value(lab, "assigned-partitions", "consumer-1") == 3
    assert value(lab, "NumGroupsStable") == 1
    assert value(lab, "records-consumed-total", "consumer-1") == lab.consumers["consumer-1"].delivered


def test_charts_show_the_last_ten_minutes_and_no_more(lab: Lab, ask: Ask) -> None:
    orders(ask)
    assert ask(commands.CreateProducer(topic="orders", rate=10)).ok
    lab.advance(KEPT_US + 60 * SECOND_US)
    [chart] = [
        it for it in lab.metrics.charts("Traffic") if it.metric.name == "MessagesInPerSec" and len(it.metric.labels) > 1
    ]
    [line] = [line for line in chart.lines if line.label == "orders"]
    assert KEPT_US - 2 * SAMPLE_EVERY_US <= chart.times_us[-1] - chart.times_us[0] <= KEPT_US
    assert line.values[0] is None
    assert all(value is not None and 8 <= value <= 12 for value in line.values[1:])


def test_a_fork_has_the_same_past(lab: Lab, ask: Ask) -> None:
    orders(ask)
    lab.advance(20 * SECOND_US)
    fork = lab.fork()
    past = [sample.at_us for sample in lab.metrics.history.samples]
    fork.advance(10 * SECOND_US)
    assert [sample.at_us for sample in fork.metrics.history.samples][: len(past)] == past
    assert value(fork, "RequestsPerSec", "Fetch") > value(lab, "RequestsPerSec", "Fetch")
    fork.close()


def test_where_time_went_back_the_future_is_forgotten(lab: Lab) -> None:
    history = History()
    for second in (5, 10, 15, 20, 12):
        history.add(second * SECOND_US, lab.metrics.read())
    assert [sample.at_us for sample in history.samples] == [5 * SECOND_US, 10 * SECOND_US, 12 * SECOND_US]


def test_the_names_of_lines_are_kept_once(lab: Lab) -> None:
    lab.advance(3 * SAMPLE_EVERY_US)
    first, second = list(lab.metrics.history.samples)[-2:]
    kept = {id(key) for key in first.values}
    assert first.values.keys() & second.values.keys()
    assert all(id(key) in kept for key in second.values if key in first.values)
