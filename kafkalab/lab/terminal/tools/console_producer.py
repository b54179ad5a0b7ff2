"""kafka-console-producer and `kcat -P`: how a typed line becomes a record
(org.apache.kafka.tools.ConsoleProducer, LineMessageReader)."""

from dataclasses import dataclass, field

from kafkalab.engine.clients.workload import ProducerSettings
from kafkalab.lab.terminal.options import Failed, Given, Option, properties
from kafkalab.lab.terminal.tool import Tool
from kafkalab.lab.terminal.tools.console_consumer import escaped

ACKS = {"all": -1, "-1": -1, "1": 1, "0": 0}
CODECS = ("none", "gzip", "snappy", "lz4", "zstd")
Header = tuple[str, bytes | None]


@dataclass(frozen=True, slots=True)
class Record:
    key: bytes | None
    value: bytes | None
    headers: tuple[Header, ...] = ()


@dataclass(frozen=True, slots=True)
class Writing:
    topic: str
    settings: ProducerSettings
    client_id: str = "console-producer"
    reads: dict[str, str] = field(default_factory=dict)
    """The reader's properties."""
    partition: int | None = None
    fixed_key: bytes | None = None
    fixed_headers: tuple[Header, ...] = ()
    is_kcat: bool = False
    empty_is_null: bool = False

    def record(self, line: str, number: int) -> Record | None:
        """None: the line makes no record. Raises Failed."""
        if self.is_kcat:
            return self._of_kcat(line)
        rest: str | None = line
        headers: tuple[Header, ...] = ()
        if self._is_on("parse.headers"):
            said, rest = self._split(rest or "", self._separator("headers.delimiter", "\\t"), "headers", number)
            headers = self._headers(said, number) if said is not None else ()
        key: str | None = None
        if self._is_on("parse.key"):
            key, rest = self._split(rest or "", self._separator("key.separator", "\\t"), "key", number)
        return Record(self._bytes(key), self._bytes(rest), headers)

    def _of_kcat(self, line: str) -> Record | None:
        key, value = self.fixed_key, line
        between = self.reads.get("key-delimiter")
        if between is not None and between in line:
            said, _, value = line.partition(between)
            key = said.encode()
        if not value and self.empty_is_null:
            return Record(key, None, self.fixed_headers)
        return Record(key, value.encode(), self.fixed_headers) if value or key is not None else None

    def _split(self, text: str, at: str, what: str, number: int) -> tuple[str | None, str | None]:
        before, found, after = text.partition(at)
        if found:
            return before, after
        if self._is_on("ignore.error"):
            return None, text
        kind = "key separator" if what == "key" else "headers delimiter"
        raise Failed(f"org.apache.kafka.common.KafkaException: No {kind} found on line number {number}: '{text}'")

    def _headers(self, text: str, number: int) -> tuple[Header, ...]:
        found: list[Header] = []
        between = self._separator("headers.key.separator", ":")
        for part in text.split(self._separator("headers.separator", ",")):
            name, sign, value = part.partition(between)
            if not sign and not self._is_on("ignore.error"):
                raise Failed(
                    f"org.apache.kafka.common.KafkaException: No header key separator found in pair '{part}' on line "
                    f"number {number}"
                )
            found.append((name, self._bytes(value)))
        return tuple(found)

    def _bytes(self, text: str | None) -> bytes | None:
        return None if text is None or text == self.reads.get("null.marker") else text.encode()

    def _separator(self, name: str, usual: str) -> str:
        return escaped(self.reads.get(name, usual))

    def _is_on(self, name: str) -> bool:
        return self.reads.get(name) == "true"


def console_writing(given: Given) -> Writing:
    """Raises Failed."""
    given.needed("topic")
    wanted = properties([*given.all("producer-property"), *given.all("command-property")])
    acks = given.one("request-required-acks") or wanted.get("acks", "all")
    codec = given.one("compression-codec") or wanted.get("compression.type", "none")
    if given.has("compression-codec") and not given.one("compression-codec"):
        codec = "gzip"
    if acks not in ACKS:
        raise Failed(f"Invalid value {acks} for configuration acks: String must be one of: all, -1, 0, 1")
    if codec not in CODECS:
        raise Failed(f"Invalid value {codec} for configuration compression.type: one of {', '.join(CODECS)}")
    settings = ProducerSettings(
        acks=ACKS[acks],
        idempotence=wanted.get("enable.idempotence", str(acks in ("all", "-1")).lower()) == "true",
        linger_ms=int(given.one("timeout") or wanted.get("linger.ms", "1000")),
        batch_size=int(given.one("batch-size") or wanted.get("batch.size", "16384")),
        compression=codec,
    )
    reads = properties([*given.all("property"), *given.all("reader-property")])
    return Writing(given.one("topic") or "", settings, wanted.get("client.id", "console-producer"), reads)


def kcat_writing(given: Given) -> Writing:
    """Raises Failed."""
    topic = given.one("topic")
    if topic is None:
        raise Failed("% ERROR: -t <topic> missing")
    wanted = properties(given.all("property"))
    acks = wanted.get("acks", wanted.get("request.required.acks", "all"))
    if acks not in ACKS:
        raise Failed(f'% ERROR: Invalid value "{acks}" for configuration property "acks"')
    headers = []
    for said in given.all("header"):
        name, sign, value = said.partition("=")
        headers.append((name, value.encode() if sign else None))
    partition = given.one("partition")
    key = given.one("key")
    between = given.one("key-delimiter")
    return Writing(
        topic,
        ProducerSettings(acks=ACKS[acks], idempotence=wanted.get("enable.idempotence") == "true", linger_ms=5),
        "kcat",
        {} if between is None else {"key-delimiter": escaped(between)},
        None if partition in (None, "-1") else int(partition or 0),
        None if key is None else key.encode(),
        tuple(headers),
        is_kcat=True,
        empty_is_null=given.has("null"),
    )


CONSOLE_PRODUCER = Tool(
    "kafka-console-producer",
    "Sends each line that is typed as a record, until its input ends.",
    (
        Option("topic", "The topic to write to.", "topic", suggests="topics"),
        Option("reader-property", "How a line is read: parse.key, key.separator, parse.headers, headers.delimiter, "
               "headers.separator, headers.key.separator, null.marker, ignore.error.", "name=value",
               suggests="reader-properties"),
        Option("property", "The same, as it was called before Kafka 4.2.", "name=value"),
        Option("command-property", "A setting of the producer.", "name=value"),
        Option("producer-property", "The same, as it was called before Kafka 4.2.", "name=value"),
        Option("request-required-acks", "Whose word counts as stored: all, 1 or 0.", "acks"),
        Option("compression-codec", "How batches are compressed.", "codec", optional_value=True, choices=CODECS),
        Option("batch-size", "Bytes of a batch at most.", "bytes", whole=True),
        Option("timeout", "How long a batch waits for more: linger.ms.", "ms", whole=True),
        Option("sync", "Taken, and without effect here."),
    ),
    example="echo 'user-7:hello' | kafka-console-producer --topic orders --reader-property parse.key=true "
    "--reader-property key.separator=:",
)  # fmt: skip
