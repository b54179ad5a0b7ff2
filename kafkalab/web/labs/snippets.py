"""Short programs with which a learner's own client joins the lab."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Snippet:
    title: str
    install: str
    code: str


_CONFLUENT = """\
from confluent_kafka import Consumer, Producer

producer = Producer({"bootstrap.servers": "BOOTSTRAP"})
producer.produce("TOPIC", key="user-7", value="hello")
producer.flush()

consumer = Consumer({
    "bootstrap.servers": "BOOTSTRAP",
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
):
    print(message.partition, message.offset, message.value)
"""

_JAVA = """\
bootstrap.servers=BOOTSTRAP
group.id=my-group
auto.offset.reset=earliest
key.deserializer=org.apache.kafka.common.serialization.StringDeserializer
value.deserializer=org.apache.kafka.common.serialization.StringDeserializer
"""

_TOOLS = """\
kafka-console-producer.sh --bootstrap-server BOOTSTRAP --topic TOPIC
kafka-console-consumer.sh --bootstrap-server BOOTSTRAP --topic TOPIC --from-beginning --group my-group
"""

_KCAT = """\
echo hello | kcat -b BOOTSTRAP -t TOPIC -k user-7 -P
kcat -b BOOTSTRAP -t TOPIC -C -o beginning -f '%p @ %o  %k: %s\\n'
"""

_TEMPLATES = (
    Snippet("Python, confluent-kafka", "pip install confluent-kafka", _CONFLUENT),
    Snippet("Python, kafka-python", "pip install kafka-python", _KAFKA_PYTHON),
    Snippet("Java properties", "", _JAVA),
    Snippet("Kafka's own tools", "", _TOOLS),
    Snippet("kcat", "", _KCAT),
)


def snippets(bootstrap_servers: str, topic: str) -> list[Snippet]:
    return [
        Snippet(one.title, one.install, one.code.replace("BOOTSTRAP", bootstrap_servers).replace("TOPIC", topic))
        for one in _TEMPLATES
    ]
