"""kafka-console-consumer and `kcat -C`: what is read from where, and how a record is printed
(org.apache.kafka.tools.consumer.ConsoleConsumer, DefaultMessageFormatter)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from kafkalab.engine.clients.consumer import Delivered
from kafkalab.engine.clients.consumer_settings import ConsumerSettings
from kafkalab.lab.terminal import marks
from kafkalab.lab.terminal.jobs import safe
from kafkalab.lab.terminal.options import Failed, Given, Option, properties
from kafkalab.lab.terminal.tool import Tool

ISOLATION_LEVELS = {"read_uncommitted": 0, "read_committed": 1}
ASSIGNORS = {
    "Range": "range",
    "RoundRobin": "roundrobin",
    "Sticky": "sticky",
    "CooperativeSticky": "cooperative-sticky",
}
TIMESTAMP_TYPES = ("CreateTime", "LogAppendTime")


@dataclass(frozen=True, slots=True)
class Reading:
    settings: ConsumerSettings
    client_id: str = "console-consumer"
    include: str | None = None
    shows: dict[str, str] = field(default_factory=dict)
    """The formatter's properties."""
    pattern: str | None = None
    """kcat's -f."""

    def with_topics(self, names: Iterable[str]) -> "Reading":
        """Those that fit --include. Raises Failed."""
        fitting = tuple(name for name in sorted(names) if re.fullmatch(self.include or "", name))
        if not fitting:
            raise Failed(f"No topic fits --include {self.include}.")
        return replace(self, settings=replace(self.settings, topics=fitting))

    def line(self, one: Delivered) -> str:
        return self._formatted(one) if self.pattern is not None else self._columns(one)

    def _columns(self, one: Delivered) -> str:
        record, null = one.record, self.shows.get("null.literal", "null")
        parts: list[str] = []
        if self._is_on("print.timestamp"):
            # Of the type nothing is told with the record: a topic's own is CreateTime unless it says otherwise.
            parts.append(f"{TIMESTAMP_TYPES[0]}:{record.timestamp_ms}" if record.timestamp_ms >= 0 else "NO_TIMESTAMP")
        if self._is_on("print.partition"):
            parts.append(f"Partition:{marks.partition(one.topic, one.partition)}")
        if self._is_on("print.offset"):
            parts.append(f"Offset:{record.offset}")
        if self._is_on("print.delivery"):
            parts.append("Delivery:1")
        if self._is_on("print.headers"):
            between = escaped(self.shows.get("headers.separator", ","))
            parts.append(between.join(f"{key}:{safe(value, null)}" for key, value in record.headers) or "NO_HEADERS")
        if self._is_on("print.key"):
            parts.append(safe(record.key, null))
        if self.shows.get("print.value", "true") == "true":
            parts.append(safe(record.value, null))
        return escaped(self.shows.get("key.separator", "\\t")).join(parts)

    def _is_on(self, name: str) -> bool:
        return self.shows.get(name) == "true"

    def _formatted(self, one: Delivered) -> str:
        """kcat's %t %p %o %k %s %T %h %S %K."""
        record = one.record
        words = {
            "t": marks.topic(one.topic),
            "p": marks.partition(one.topic, one.partition),
            "o": str(record.offset),
            "k": safe(record.key, ""),
            "s": safe(record.value, ""),
            "T": str(record.timestamp_ms),
            "h": ",".join(f"{key}={safe(value, '')}" for key, value in record.headers),
            "S": str(-1 if record.value is None else len(record.value)),
            "K": str(-1 if record.key is None else len(record.key)),
            "%": "%",
        }
        line = re.sub(r"%([tpoksThSK%])", lambda found: words[found[1]], escaped(self.pattern or ""))
        return line.removesuffix("\n")


def escaped(text: str) -> str:
    return text.replace("\\t", "\t").replace("\\n", "\n")


def console_settings(given: Given, made_up_group: str) -> Reading:
    """Raises Failed."""
    _check(given)
    wanted = properties([*given.all("consumer-property"), *given.all("command-property")])
    group = given.one("group") or wanted.get("group.id")
    partition, offset = given.one("partition"), given.one("offset")
    reset = "earliest" if given.has("from-beginning") else wanted.get("auto.offset.reset", "latest")
    begin_at = None
    if offset is not None and offset.lstrip("-").isdigit():
        begin_at = int(offset)
    elif offset is not None:
        reset = offset
    topic = given.one("topic")
    no_commits = wanted.get("enable.auto.commit") == "false" or group is None
    settings = ConsumerSettings(
        topics=(topic,) if topic else (),
        group=None if partition is not None else group or made_up_group,
        auto_offset_reset=reset,
        commit="none" if no_commits else "auto",
        group_protocol=wanted.get("group.protocol", "classic").lower(),
        group_remote_assignor=wanted.get("group.remote.assignor"),
        assignor=_assignor(wanted.get("partition.assignment.strategy")),
        isolation_level=ISOLATION_LEVELS[given.one("isolation-level") or "read_uncommitted"],
        rack=wanted.get("client.rack"),
        instance_id=wanted.get("group.instance.id"),
        partition=None if partition is None else int(partition),
        begin_at=begin_at,
        limit=_whole(given.one("max-messages")),
        idle_timeout_ms=_whole(given.one("timeout-ms")),
    )
    shows = properties([*given.all("property"), *given.all("formatter-property")])
    return Reading(settings, wanted.get("client.id", "console-consumer"), given.one("include"), shows)


def _check(given: Given) -> None:
    if given.has("topic") == given.has("include"):
        raise Failed(
            "Exactly one of the following arguments is required: [topic], [include]"
            if not given.has("topic")
            else "Exactly one of the following arguments is required: [topic], [include]. ",
            shows_usage=True,
        )
    if given.has("partition") and not given.has("topic"):
        raise Failed("The topic is required when partition is specified.", shows_usage=True)
    if given.has("offset"):
        if not given.has("partition"):
            raise Failed("The partition is required when offset is specified.", shows_usage=True)
        if given.has("from-beginning"):
            raise Failed("Options from-beginning and offset cannot be specified together.", shows_usage=True)
        said = given.one("offset") or ""
        if said not in ("earliest", "latest") and not said.isdigit():
            raise Failed(
                f"The provided offset value '{said}' is incorrect. Valid values are 'earliest', 'latest', or a "
                "non-negative long.",
                shows_usage=True,
            )
    level = given.one("isolation-level")
    if level is not None and level not in ISOLATION_LEVELS:
        raise Failed(f"Invalid value {level} for configuration isolation.level: one of {', '.join(ISOLATION_LEVELS)}")


def _assignor(said: str | None) -> str:
    name = (said or "").rpartition(".")[2].removesuffix("Assignor")
    return ASSIGNORS.get(name, said or "range")


def _whole(said: str | None) -> int | None:
    number = -1 if said is None else int(said)
    return number if number > 0 else None


def kcat_settings(given: Given) -> Reading:
    """`-o` is beginning, end, an offset, or -N for the last N. Raises Failed."""
    topic = given.one("topic")
    if topic is None:
        raise Failed("% ERROR: -t <topic> missing")
    said = given.one("offset") or "beginning"
    begin_at = None
    if re.fullmatch(r"\d+", said):
        begin_at = int(said)
    elif said not in ("beginning", "end", "earliest", "latest"):
        raise Failed(f"% ERROR: -o {said}: this kcat knows beginning, end and a number")
    settings = ConsumerSettings(
        topics=(topic,),
        auto_offset_reset="latest" if said in ("end", "latest") else "earliest",
        partition=_number(given.one("partition")),
        begin_at=begin_at,
        limit=_whole(given.one("count")),
        idle_timeout_ms=KCAT_END_MS if given.has("exit") else None,
    )
    pattern = given.one("format")
    if pattern is None:
        pattern = f"%k{given.one('key-delimiter')}%s" if given.has("key-delimiter") else "%s"
    return Reading(settings, "kcat", pattern=pattern)


KCAT_END_MS = 1_500
"""`-e` ends at the end of the partitions: here, when nothing has come for so long."""


def _number(said: str | None) -> int | None:
    return None if said is None else int(said)


CONSOLE_CONSUMER = Tool(
    "kafka-console-consumer",
    "Prints the records of a topic as they come, until it is stopped.",
    (
        Option("topic", "The topic to read.", "topic", suggests="topics"),
        Option("include", "A pattern of topics to read.", "pattern"),
        Option("from-beginning", "Begin at the oldest record where nothing was committed; else at the newest."),
        Option("group", "The group it joins. Without it, one that it makes up.", "group", suggests="groups"),
        Option("partition", "Only this partition, and no group.", "number", whole=True),
        Option("offset", "With --partition: earliest, latest or an offset.", "offset"),
        Option("max-messages", "Stop after so many.", "number", whole=True),
        Option("timeout-ms", "Stop when nothing has come for so long.", "ms", whole=True),
        Option("isolation-level", "Whether open and aborted transactions are read.", "level",
               choices=tuple(ISOLATION_LEVELS)),
        Option("command-property", "A setting of the consumer.", "name=value"),
        Option("consumer-property", "The same, as it was called before Kafka 4.2.", "name=value"),
        Option("formatter-property", "What is printed: print.key, print.offset, print.partition, print.timestamp, "
               "print.headers, key.separator, null.literal.", "name=value", suggests="formatter-properties"),
        Option("property", "The same, as it was called before Kafka 4.2.", "name=value"),
        Option("enable-systest-events", "Taken, and without effect here."),
        Option("skip-message-on-error", "Taken, and without effect here."),
    ),
    example="kafka-console-consumer --topic orders --from-beginning --formatter-property print.key=true",
)  # fmt: skip
