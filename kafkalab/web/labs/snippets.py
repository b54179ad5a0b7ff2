"""Short programs with which a learner's own client joins the lab: one a language, for each way in.

They stand in templates/labs/snippets and are run in tests as they stand on the page.
"""

from dataclasses import dataclass

from django.template.loader import render_to_string

CA = "kafkalab-ca.pem"
"""What the page offers for download, under the name that the programs use."""
CHOSEN_PASSWORD = "alice-secret"
"""In programs for a user who has none yet: the page says how she gets it."""


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

    @property
    def servers(self) -> list[str]:
        return self.bootstrap_servers.split(",")

    @property
    def shown_password(self) -> str:
        return self.password or CHOSEN_PASSWORD


@dataclass(frozen=True, slots=True)
class Program:
    """One that is written down, whatever the way in."""

    template: str
    title: str
    file: str
    """What to call it; "" where it is typed into a shell."""
    install: str
    run: str
    client_id: str
    group: str


@dataclass(frozen=True, slots=True)
class Snippet:
    id: str
    program: Program
    code: str


PROGRAMS = (
    Program(
        "confluent_kafka",
        "Python, confluent-kafka",
        "hello.py",
        "pip install confluent-kafka",
        "python hello.py",
        "my-confluent",
        "confluent-group",
    ),
    Program(
        "kafka_python",
        "Python, kafka-python",
        "hello_again.py",
        "pip install kafka-python",
        "python hello_again.py",
        "my-kafka-python",
        "kafka-python-group",
    ),
    Program(
        "java",
        "Java",
        "Hello.java",
        "mvn dependency:copy -Dartifact=org.apache.kafka:kafka-clients:4.3.1 -DoutputDirectory=jars && "
        "mvn dependency:copy -Dartifact=org.slf4j:slf4j-api:1.7.36 -DoutputDirectory=jars",
        "java -cp 'jars/*' Hello.java",
        "my-java",
        "java-group",
    ),
    Program(
        "go",
        "Go, franz-go",
        "main.go",
        "go mod init hello && go get github.com/twmb/franz-go",
        "go run .",
        "my-go",
        "go-group",
    ),
    Program(
        "kafkajs",
        "JavaScript, kafkajs",
        "hello.mjs",
        "npm install kafkajs",
        "node hello.mjs",
        "my-kafkajs",
        "kafkajs-group",
    ),
    Program("kcat", "kcat", "", "apt-get install kcat", "", "my-kcat", "kcat-group"),
    Program("tools", "Kafka's own tools", "", "", "", "console-producer", "tools-group"),
)


def snippets(way: Way, topic: str, number: int) -> list[Snippet]:
    """For the way in with that number, which their ids begin with."""
    context = {"way": way, "topic": topic}
    return [
        Snippet(
            f"snippet-{number}-{program.template}",
            program,
            render_to_string(f"labs/snippets/{program.template}.txt", context).strip() + "\n",
        )
        for program in PROGRAMS
    ]
