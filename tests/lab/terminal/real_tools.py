"""Kafka's own tools, under the names by which they are typed: for a shell that has them in its path."""

import subprocess
from pathlib import Path

TOOLS = {
    "kafka-acls": "org.apache.kafka.tools.AclCommand",
    "kafka-broker-api-versions": "org.apache.kafka.tools.BrokerApiVersionsCommand",
    "kafka-client-metrics": "org.apache.kafka.tools.ClientMetricsCommand",
    "kafka-cluster": "org.apache.kafka.tools.ClusterTool",
    "kafka-configs": "kafka.admin.ConfigCommand",
    "kafka-console-consumer": "org.apache.kafka.tools.consumer.ConsoleConsumer",
    "kafka-console-producer": "org.apache.kafka.tools.ConsoleProducer",
    "kafka-consumer-groups": "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
    "kafka-delete-records": "org.apache.kafka.tools.DeleteRecordsCommand",
    "kafka-dump-log": "org.apache.kafka.tools.DumpLogSegments",
    "kafka-get-offsets": "org.apache.kafka.tools.GetOffsetShell",
    "kafka-groups": "org.apache.kafka.tools.GroupsCommand",
    "kafka-leader-election": "org.apache.kafka.tools.LeaderElectionCommand",
    "kafka-log-dirs": "org.apache.kafka.tools.LogDirsCommand",
    "kafka-metadata-quorum": "org.apache.kafka.tools.MetadataQuorumCommand",
    "kafka-reassign-partitions": "org.apache.kafka.tools.reassign.ReassignPartitionsCommand",
    "kafka-share-groups": "org.apache.kafka.tools.consumer.group.ShareGroupCommand",
    "kafka-topics": "org.apache.kafka.tools.TopicCommand",
    "kafka-transactions": "org.apache.kafka.tools.TransactionsCommand",
}
WITHOUT_A_CLUSTER = ("kafka-dump-log",)
JAVA = "java -Xmx256m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC"


def lay_out(directory: Path, jars: Path, bootstrap: str) -> None:
    """A script for each, which says where the cluster is where the line does not."""
    for name, main in TOOLS.items():
        where = "" if name in WITHOUT_A_CLUSTER else f"--bootstrap-server {bootstrap}"
        # Two of them take a command first.
        words = f'"$@" {where}' if name == "kafka-cluster" else f'{where} "$@"'
        script = directory / name
        script.write_text(f'#!/bin/sh\nexec {JAVA} -cp "{jars}/*" {main} {words}\n')
        script.chmod(0o755)


def printed(directory: Path, line: str, logs: Path) -> list[str]:
    """What the line prints in a shell, with its exit code at the end where it is not 0."""
    typed = line.replace("--files broker-", f"--files {logs}/broker-")
    done = subprocess.run(
        ["bash", "-c", typed],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=90,
        check=False,
        env={"PATH": f"{directory}:/usr/bin:/bin"},
    )
    return [*done.stdout.splitlines(), *([f"[exit {done.returncode}]"] if done.returncode else [])]
