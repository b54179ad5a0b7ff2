"""Kafka's own command-line tools against a lab, as a learner types them.

They are in the jars that `../apache_kafka/README.md` says how to get; without KAFKALAB_APACHE_KAFKA they skip.
"""

import subprocess

import pytest

from tests.clients.apache_kafka.clusters import jars
from tests.clients.conftest import RunningLab

TOOLS = {
    "kafka-topics": "org.apache.kafka.tools.TopicCommand",
    "kafka-console-producer": "org.apache.kafka.tools.ConsoleProducer",
    "kafka-console-consumer": "org.apache.kafka.tools.consumer.ConsoleConsumer",
    "kafka-consumer-groups": "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
    "kafka-configs": "kafka.admin.ConfigCommand",
    "kafka-get-offsets": "org.apache.kafka.tools.GetOffsetShell",
    "kafka-delete-records": "org.apache.kafka.tools.DeleteRecordsCommand",
    "kafka-leader-election": "org.apache.kafka.tools.LeaderElectionCommand",
    "kafka-broker-api-versions": "org.apache.kafka.tools.BrokerApiVersionsCommand",
    "kafka-log-dirs": "org.apache.kafka.tools.LogDirsCommand",
    "kafka-metadata-quorum": "org.apache.kafka.tools.MetadataQuorumCommand",
    "kafka-producer-perf-test": "org.apache.kafka.tools.ProducerPerformance",
    "kafka-transactions": "org.apache.kafka.tools.TransactionsCommand",
}


class Shell:
    def __init__(self, lab: RunningLab) -> None:
        self._lab = lab
        self._java = ("java", "-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", f"{jars()}/*")

    def run(self, line: str, given: str = "", is_fine: bool = True) -> str:
        """What the tool says on stdout; `kafka-topics --list` gets its --bootstrap-server here."""
        tool, *arguments = line.split()
        command = (*self._java, TOOLS[tool], "--bootstrap-server", self._lab.bootstrap, *arguments)
        done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=120, check=False)
        assert (done.returncode == 0) is is_fine, done.stdout + done.stderr
        return done.stdout + ("" if is_fine else done.stderr)


@pytest.fixture
def shell(lab: RunningLab) -> Shell:
    return Shell(lab)


def test_a_topic_from_its_making_to_its_end(shell: Shell, lab: RunningLab) -> None:
    made = shell.run("kafka-topics --create --topic tools --partitions 2 --replication-factor 3")
    assert made == "Created topic tools.\n"
    lab.wait_for(lambda: lab.leader("tools", 1) > 0)
    again = shell.run("kafka-topics --create --topic tools", is_fine=False)
    assert "Topic 'tools' already exists." in again
    described = shell.run("kafka-topics --describe --topic tools")
    assert "PartitionCount: 2\tReplicationFactor: 3" in described
    assert "Elr: \tLastKnownElr: " in described
    shell.run("kafka-topics --alter --topic tools --partitions 3")
    lab.wait_for(lambda: lab.leader("tools", 2) > 0)
    shell.run("kafka-configs --alter --entity-type topics --entity-name tools --add-config retention.ms=60000")
    told = shell.run("kafka-configs --describe --entity-type topics --entity-name tools")
    assert "retention.ms=60000 sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:retention.ms=60000}" in told
    shell.run("kafka-topics --delete --topic tools")
    lab.wait_for(lambda: "tools" not in shell.run("kafka-topics --list").split())


def test_records_and_the_group_that_reads_them(shell: Shell, lab: RunningLab) -> None:
    lab.create_topic("tools-read", partitions=1)
    keyed = "--reader-property parse.key=true --reader-property key.separator=:"
    shell.run(f"kafka-console-producer --topic tools-read {keyed}", given="a:one\nb:two\nc:three\n")
    reading = "--topic tools-read --from-beginning --group tools-readers --max-messages 3"
    read = shell.run(f"kafka-console-consumer {reading} --formatter-property print.key=true")
    assert read == "a\tone\nb\ttwo\nc\tthree\n"
    described = shell.run("kafka-consumer-groups --describe --group tools-readers").splitlines()
    assert described[-1].split()[:6] == ["tools-readers", "tools-read", "0", "3", "3", "0"]
    to_start = "--group tools-readers --topic tools-read --reset-offsets --to-earliest --execute"
    reset = shell.run(f"kafka-consumer-groups {to_start}").splitlines()
    assert reset[-1].split() == ["tools-readers", "tools-read", "0", "0"]
    assert shell.run("kafka-get-offsets --topic tools-read") == "tools-read:0:3\n"
    deleted = shell.run("kafka-consumer-groups --delete --group tools-readers")
    assert "Deletion of requested consumer groups ('tools-readers') was successful." in deleted


def test_what_the_cluster_is(shell: Shell) -> None:
    versions = shell.run("kafka-broker-api-versions")
    assert versions.count("Produce(0): 0 to 13 [usable: 13]") == 3
    quorum = shell.run("kafka-metadata-quorum describe --status")
    assert "LeaderId:               3000" in quorum
    assert '"broker":3' in shell.run("kafka-log-dirs --describe --broker-list 1,2,3")
    assert shell.run("kafka-transactions list").split()[:2] == ["TransactionalId", "Coordinator"]


def test_ten_thousand_records_by_the_perf_test(shell: Shell, lab: RunningLab) -> None:
    lab.create_topic("tools-perf")
    sent = shell.run(
        "kafka-producer-perf-test --topic tools-perf --num-records 10000 --record-size 100 --throughput -1"
    )
    assert "10000 records sent" in sent
    ends = [int(line.split(":")[2]) for line in shell.run("kafka-get-offsets --topic tools-perf").split()]
    assert sum(ends) == 10_000
