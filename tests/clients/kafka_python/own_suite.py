"""kafka-python's own integration tests, from its source package, pointed at a lab.

    python -m tests.clients.kafka_python.own_suite [pytest's arguments]

Downloads the source package of the installed version with pip into a temporary directory, starts a lab, and
runs `test/integration` there with KAFKA_URI and KAFKA_VERSION as its own CI does for a broker that runs
already. What may fail is in EXCEPTIONS, each with its reason; everything else must pass, and an exception
that passes is told, so that it leaves the list.
"""

import os
import subprocess
import sys
import tarfile
import tempfile
import xml.etree.ElementTree as ET
from contextlib import closing
from importlib import metadata
from pathlib import Path

from kafka import KafkaAdminClient
from kafka.admin import NewTopic

from kafkalab.bench.peers import start_lab

KAFKA_VERSION = "4.3.0"
"""Which broker its tests are to expect."""
EXCEPTIONS = {
    "test_describe_configs_broker_resource_returns_configs": "wants advertised.listeners: a lab's broker shows the "
    "settings that it honours (FINDINGS.md, A broker shows the settings that it has)",
    "test_create_partitions": "puts replicas on broker 0: its own cluster is that one broker, a lab's are 1 to 3",
    "test_alter_replica_log_dirs": "takes the first broker for the replica's: its own cluster has one",
    "test_group": "asks for a session shorter than Kafka's default of group.min.session.timeout.ms, 6 s: its own "
    "broker is started with less",
    **dict.fromkeys(
        ("test_ssl_handshake", "test_legacy_kafka_client_ssl"),
        "wants a broker of its own with TLS, also where KAFKA_URI names one",
    ),
}
"""Test, without its parameters, to the reason why it may fail."""
TOPICS_OF_FOUR = ("transactional_test_topic",)
"""Its own broker has num.partitions=4, so a topic that it makes by writing has four."""
SUITE_S = 1500
SERVICE = """
class ExternalService:
    def __init__(self, host, port):
        self.host, self.port = host, port

    def open(self):
        pass

    def close(self):
        pass

    def dump_logs(self):
        pass


SpawnedService = None
"""


def unpacked(place: Path) -> Path:
    version = metadata.version("kafka-python")
    wanted = f"kafka-python=={version}"
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", "-d", str(place)]
    subprocess.run([*pip, wanted], check=True)
    [package] = place.glob("*.tar.gz")
    with tarfile.open(package) as archive:
        archive.extractall(place, filter="data")
    source = place / f"kafka_python-{version}"
    # Two files the package leaves out: an empty one, without which Python's own `test` is found instead, and
    # the one that starts brokers, of which a broker that runs already needs nothing but the name.
    (source / "test" / "__init__.py").touch()
    (source / "test" / "service.py").write_text(SERVICE)
    return source


def outcomes(report: Path) -> dict[str, str]:
    """Test to passed, failed or skipped, with the first line of why."""
    found = {}
    for case in ET.parse(report).iter("testcase"):
        told = [child for child in case if child.tag in ("failure", "error", "skipped")]
        words = (told[0].get("message") or "").splitlines()[0:1] if told else []
        found[str(case.get("name"))] = f"{told[0].tag}: {' '.join(words)}" if told else "passed"
    return found


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="kafkalab-suite-") as kept:
        source = unpacked(Path(kept))
        report = Path(kept) / "report.xml"
        peer = start_lab()
        try:
            with closing(KafkaAdminClient(bootstrap_servers=peer.bootstrap.split(","))) as admin:
                admin.create_topics([NewTopic(topic, 4, 3) for topic in TOPICS_OF_FOUR])
            environment = {
                **os.environ,
                "KAFKA_URI": "kafka://" + peer.bootstrap.split(",")[0],
                "KAFKA_VERSION": KAFKA_VERSION,
                # A directory that is there: nothing is started from it.
                "KAFKA_ROOT": str(source),
                # The client that is tested is the one of the source package.
                "PYTHONPATH": str(source),
            }
            environment.pop("DJANGO_SETTINGS_MODULE", None)
            suite = [sys.executable, "-m", "pytest", "test/integration", "-q", "-p", "no:django"]
            suite += ["-p", "no:cacheprovider", f"--junit-xml={report}", "--log-level=ERROR"]
            more = ["--timeout=60", "--timeout-method=signal", *sys.argv[1:]]
            subprocess.run([*suite, *more], cwd=source, env=environment, timeout=SUITE_S, check=False)
        finally:
            peer.stop()
        seen = outcomes(report)
    bad = 0
    for test, outcome in seen.items():
        reason = EXCEPTIONS.get(test.partition("[")[0])
        fails = outcome.startswith(("failure", "error"))
        bad += fails and reason is None
        note = f"  ({'excused' if fails else 'excused, and does not fail any more'}: {reason})" if reason else ""
        print(f"{test}: {outcome}{note}")
    print(f"{sum(one == 'passed' for one in seen.values())} passed, {bad} failed without an excuse")
    return 1 if bad or not seen else 0


if __name__ == "__main__":
    sys.exit(main())
