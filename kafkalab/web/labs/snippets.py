"""Short programs with which a learner's own client joins the lab."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Way:
    """How a client gets in: by which listener, and as whom."""

    bootstrap_servers: str
    protocol: str = "PLAINTEXT"
    mechanism: str = ""
    user: str = ""
    password: str = ""

    @property
    def is_plain(self) -> bool:
        return self.protocol == "PLAINTEXT"

    @property
    def is_encrypted(self) -> bool:
        return self.protocol.endswith("SSL")


@dataclass(frozen=True, slots=True)
class Snippet:
    title: str
    install: str
    code: str


CA = "kafkalab-ca.pem"
"""What the page offers for download, under the name that the snippets use."""

_CONFLUENT = """\
from confluent_kafka import Consumer, Producer

LOGINproducer = Producer({"bootstrap.servers": "BOOTSTRAP"ARGUMENT})
producer.produce("TOPIC", key="user-7", value="hello")
producer.flush()

consumer = Consumer({
    "bootstrap.servers": "BOOTSTRAP"ARGUMENT,
    "group.id": "my-group",
    "auto.offset.reset": "earliest",
})
consumer.subscribe(["TOPIC"])
while True:
    message = consumer.poll(1.0)
    if message and not message.error():
        print(message.partition(), message.offset(), message.value())
"""

_KAFKA_PYTHON = """\
from kafka import KafkaConsumer

for message in KafkaConsumer(
    "TOPIC",
    bootstrap_servers="BOOTSTRAP",
    group_id="my-group",
    auto_offset_reset="earliest",
LOGIN):
    print(message.partition, message.offset, message.value)
"""

_JAVA = """\
bootstrap.servers=BOOTSTRAP
LOGINgroup.id=my-group
auto.offset.reset=earliest
key.deserializer=org.apache.kafka.common.serialization.StringDeserializer
value.deserializer=org.apache.kafka.common.serialization.StringDeserializer
"""

_TOOLS = """\
LOGINkafka-console-producer.sh --bootstrap-server BOOTSTRAP --topic TOPICARGUMENT
kafka-console-consumer.sh --bootstrap-server BOOTSTRAP --topic TOPIC --from-beginning --group my-groupARGUMENT
"""

_KCAT = """\
echo hello | kcat -b BOOTSTRAP -t TOPIC -k user-7 -PARGUMENT
kcat -b BOOTSTRAP -t TOPIC -C -o beginning -f '%p @ %o  %k: %s\\n'ARGUMENT
"""

_TEMPLATES = (
    ("Python, confluent-kafka", "pip install confluent-kafka", _CONFLUENT),
    ("Python, kafka-python", "pip install kafka-python", _KAFKA_PYTHON),
    ("Java properties", "", _JAVA),
    ("Kafka's own tools", "", _TOOLS),
    ("kcat", "", _KCAT),
)


def snippets(way: Way, topic: str) -> list[Snippet]:
    logins = (_confluent(way), _kafka_python(way), _java(way), _tools(way), _kcat(way))
    return [
        Snippet(
            title,
            install,
            code.replace("LOGIN", login)
            .replace("ARGUMENT", argument)
            .replace("BOOTSTRAP", way.bootstrap_servers)
            .replace("TOPIC", topic),
        )
        for (title, install, code), (login, argument) in zip(_TEMPLATES, logins, strict=True)
    ]


def _confluent(way: Way) -> tuple[str, str]:
    """What stands before the program, and what at the end of its first line."""
    if way.is_plain:
        return "", ""
    lines = "".join(f'    "{name}": "{value}",\n' for name, value in _librdkafka(way, way.mechanism).items())
    return f"login = {{\n{lines}}}\n", ", **login"


def _kafka_python(way: Way) -> tuple[str, str]:
    if way.is_plain:
        return "", ""
    wanted = {"security_protocol": way.protocol}
    if way.user:
        wanted |= {"sasl_mechanism": way.mechanism, "sasl_plain_username": way.user}
        wanted["sasl_plain_password"] = way.password
    if way.is_encrypted:
        wanted["ssl_cafile"] = CA
    return "".join(f'    {name}="{value}",\n' for name, value in wanted.items()), ""


def _java(way: Way) -> tuple[str, str]:
    return "".join(f"{name}={value}\n" for name, value in _properties(way).items()), ""


def _tools(way: Way) -> tuple[str, str]:
    if way.is_plain:
        return "", ""
    lines = "".join(f"{name}={value}\n" for name, value in _properties(way).items())
    return f"cat > client.properties <<'EOF'\n{lines}EOF\n", " --command-config client.properties"


def _kcat(way: Way) -> tuple[str, str]:
    """With PLAIN: Debian's kcat says SCRAM in a way that Kafka has refused since 4.0."""
    if way.is_plain:
        return "", ""
    wanted = _librdkafka(way, "PLAIN" if way.user else "")
    return "", "".join(f" \\\n    -X {name}={value}" for name, value in wanted.items())


def _librdkafka(way: Way, mechanism: str) -> dict[str, str]:
    wanted = {"security.protocol": way.protocol}
    if way.user:
        wanted |= {"sasl.mechanism": mechanism, "sasl.username": way.user, "sasl.password": way.password}
    if way.is_encrypted:
        wanted["ssl.ca.location"] = CA
    return wanted


def _properties(way: Way) -> dict[str, str]:
    if way.is_plain:
        return {}
    wanted = {"security.protocol": way.protocol}
    if way.user:
        module = "plain.PlainLoginModule" if way.mechanism == "PLAIN" else "scram.ScramLoginModule"
        wanted["sasl.mechanism"] = way.mechanism
        wanted["sasl.jaas.config"] = (
            f'org.apache.kafka.common.security.{module} required username="{way.user}" password="{way.password}";'
        )
    if way.is_encrypted:
        wanted |= {"ssl.truststore.type": "PEM", "ssl.truststore.location": CA}
    return wanted
