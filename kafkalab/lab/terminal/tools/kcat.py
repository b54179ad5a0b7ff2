"""kcat, the part of it that people use most: -L lists, -P produces, -C consumes, -Q asks for offsets."""

from kafkalab.lab.terminal import asking, marks
from kafkalab.lab.terminal.options import Failed, Given, Option
from kafkalab.lab.terminal.tool import Io, Steps, Tool
from kafkalab.wire.errors import ErrorCode


def run(given: Given, io: Io) -> Steps[None]:
    if given.has("list"):
        yield from _list(given, io)
    elif given.has("query"):
        yield from _query(given, io)
    else:
        raise Failed("% ERROR: Specify one of -L, -P, -C or -Q", shows_usage=True)


def _list(given: Given, io: Io) -> Steps[None]:
    answer = yield from asking.all_topics()
    wanted = given.one("topic")
    topics = [it for it in answer.topics if wanted in (None, it.name)]
    about = "all topics" if wanted is None else wanted
    io.say(f"Metadata for {about} (from broker -1: {io.here}/bootstrap):")
    io.say(f" {len(answer.brokers)} brokers:")
    for it in sorted(answer.brokers, key=lambda it: it.node_id):
        leads = " (controller)" if it.node_id == answer.controller_id else ""
        io.say(f"  broker {marks.broker(int(it.node_id))} at {it.host}:{it.port}{leads}")
    if wanted is not None and not topics:
        io.say(" 1 topics:")
        io.say(f'  topic "{wanted}" with 0 partitions: Broker: Unknown topic or partition')
        return
    io.say(f" {len(topics)} topics:")
    for topic in sorted(topics, key=lambda it: str(it.name)):
        name = str(topic.name)
        io.say(f'  topic "{marks.topic(name)}" with {len(topic.partitions)} partitions:')
        for part in sorted(topic.partitions, key=lambda it: it.partition_index):
            number = int(part.partition_index)
            isrs = marks.brokers(tuple(map(int, part.isr_nodes)))
            line = (
                f"    partition {marks.partition(name, number)}, leader {marks.broker(int(part.leader_id))}, "
                f"replicas: {marks.brokers(tuple(map(int, part.replica_nodes)))}, isrs: {isrs}"
            )
            if part.error_code != ErrorCode.none:
                line += f", Broker: {part.error_code.name.replace('_', ' ').capitalize()}"
            io.say(line)


def _query(given: Given, io: Io) -> Steps[None]:
    """-t topic:partition:timestamp"""
    for said in given.all("topic"):
        topic, _, rest = said.partition(":")
        partition, _, timestamp = rest.partition(":")
        if not partition.isdigit() or not timestamp.lstrip("-").isdigit():
            raise Failed("% ERROR: -Q requires one or more -t <topic>:<partition>:<timestamp>")
        found = yield from asking.offsets({(topic, int(partition)): int(timestamp)})
        for (name, number), it in found.items():
            if it.error_code != ErrorCode.none:
                raise Failed(f"% ERROR: offsets_for_times failed: Broker: {it.error_code.name.upper()}")
            io.say(f"{marks.topic(name)} [{marks.partition(name, number)}] offset {it.offset}")


KCAT = Tool(
    "kcat",
    "The Swiss army knife beside Kafka's own tools: -L lists, -P produces, -C consumes, -Q asks for offsets.",
    (
        Option("list", "List brokers, topics and partitions.", short="L"),
        Option("produce", "Produce: each typed line is a record.", short="P"),
        Option("consume", "Consume: print records.", short="C"),
        Option("query", "Ask for offsets: -t topic:partition:timestamp.", short="Q"),
        Option("bootstrap-server", "Where the cluster is.", "host:port", short="b"),
        Option("topic", "The topic.", "topic", short="t", suggests="topics"),
        Option("partition", "The partition.", "number", short="p"),
        Option("key", "The key of what is sent.", "text", short="k"),
        Option("key-delimiter", "What separates key and value.", "text", short="K"),
        Option("header", "A header of what is sent.", "name=value", short="H"),
        Option("null", "An empty value is none at all: a tombstone.", short="Z"),
        Option("property", "A setting, by librdkafka's name.", "name=value", short="X"),
        Option("offset", "Where to begin: beginning, end or a number.", "offset", short="o"),
        Option("count", "Stop after so many.", "number", short="c", whole=True),
        Option("exit", "Stop at the end.", short="e"),
        Option("format", "How a record is printed: %t %p %o %k %s %T %h.", "format", short="f"),
        Option("quiet", "Taken, and without effect here.", short="q"),
        Option("help", "Print what the tool does, and its options."),
    ),
    run,
    example="kcat -L",
    own=True,
)
