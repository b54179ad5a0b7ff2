"""kafka-producer-perf-test and kafka-console-share-consumer: the lab runs them as clients of its own, on the stage."""

from kafkalab.lab import commands as order
from kafkalab.lab.share_commands import AddShareConsumer
from kafkalab.lab.terminal.options import Failed, Given, Option, properties
from kafkalab.lab.terminal.tool import Tool

FASTEST = 10_000
"""A throughput of -1 is as fast as it goes: of one producer here, so many records a second."""


def perf_test(given: Given) -> order.CreateProducer:
    """Raises Failed."""
    given.needed("topic", "num-records", "throughput")
    # The list of names and values ends with the next option: those that had no dash were read as the rest.
    wanted = properties([*given.all("command-property"), *given.all("producer-props"), *given.rest])
    throughput = int(given.one("throughput") or -1)
    limit = given.one("num-records") or ""
    duration = given.one("transaction-duration-ms")
    rate = FASTEST if throughput < 0 else min(throughput, FASTEST)
    return order.CreateProducer(
        topic=given.one("topic") or "",
        rate=rate,
        value_size=int(given.one("record-size") or 100),
        acks={"-1": "all"}.get(wanted.get("acks", "all"), wanted.get("acks", "all")),
        idempotence=wanted.get("enable.idempotence", "true") == "true",
        linger_ms=int(wanted.get("linger.ms", "5")),
        batch_size=int(wanted.get("batch.size", "16384")),
        compression=wanted.get("compression.type", "none"),
        retries=int(wanted.get("retries", order.MANY)),
        transactional_id=given.one("transactional-id"),
        records_per_transaction=max(1, rate * int(duration) // 1000) if duration else 10,
        transaction_timeout_ms=int(wanted.get("transaction.timeout.ms", "60000")),
        limit=int(limit) if limit.isdigit() and limit != "0" else None,
    )


def share_consumer(given: Given) -> AddShareConsumer:
    """Raises Failed."""
    topic = given.one("topic")
    if topic is None:
        raise Failed('Missing required argument "[topic]"', shows_usage=True)
    wanted = properties([*given.all("command-property"), *given.all("consumer-property")])
    return AddShareConsumer(
        topics=(topic,),
        group=given.one("group") or "console-share-consumer",
        acknowledgement=wanted.get("share.acknowledgement.mode", "implicit"),
        released_percent=100 if given.has("release") else 0,
        rejected_percent=100 if given.has("reject") else 0,
        max_poll_records=int(wanted.get("max.poll.records", "500")),
        rack=wanted.get("client.rack"),
    )


PERF_TEST = Tool(
    "kafka-producer-perf-test",
    "Runs a producer at a pace. Here it is one of the lab, on the stage, where it can be changed and stopped.",
    (
        Option("topic", "The topic to write to.", "topic", suggests="topics"),
        Option("num-records", "How many records in all.", "number"),
        Option("throughput", "Records a second; -1 for as many as go.", "number", whole=True),
        Option("record-size", "Bytes of each value.", "bytes", whole=True),
        Option("transactional-id", "Write in transactions under this name.", "id"),
        Option("transaction-duration-ms", "Commit after so long.", "ms", whole=True),
        Option("command-property", "Settings of the producer, one after the other.", "name=value"),
        Option("producer-props", "The same, as it was called before Kafka 4.2.", "name=value"),
    ),
    example="kafka-producer-perf-test --topic orders --num-records 1000 --record-size 100 --throughput 20",
)
SHARE_CONSUMER = Tool(
    "kafka-console-share-consumer",
    "Runs a consumer of a share group. Here it is one of the lab, on the stage.",
    (
        Option("topic", "The topic to read.", "topic", suggests="topics"),
        Option("group", "The share group.", "group", suggests="groups"),
        Option("release", "Give every record back for another try."),
        Option("reject", "Reject every record for good."),
        Option("command-property", "A setting of the consumer.", "name=value"),
        Option("consumer-property", "The same, as it was called before Kafka 4.2.", "name=value"),
    ),
    example="kafka-console-share-consumer --topic orders --group workers",
)
