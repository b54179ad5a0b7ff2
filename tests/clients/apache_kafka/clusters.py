"""Two clusters of three brokers and a controller, alike but for who wrote them.

`ApacheKafka` are Java processes, started from a directory of jars; `OurKafka` is a lab behind its
gateway, played on a thread. Both listen on the loopback address, and have the same racks and settings.
"""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from kafkalab.engine.config import STANDARD_AUTHORIZER
from kafkalab.lab import Doors, Gateway, Lab, LabSettings
from kafkalab.lab import commands as order
from kafkalab.lab.opening import RACKS
from kafkalab.wire.api import ApiKey
from tests.clients.apache_kafka.speaking import Closed, Connection, Silent, newest

JARS = "KAFKALAB_APACHE_KAFKA"
"""The environment variable that names the directory of jars."""
BROKERS = (1, 2, 3)
CONTROLLER = 3000
CLUSTER_ID = "FieldByFieldAAAAAAAAAA"
SETTINGS = {
    "authorizer.class.name": STANDARD_AUTHORIZER,
    "allow.everyone.if.no.acl.found": "true",
    "super.users": "User:admin",
    "broker.heartbeat.interval.ms": "200",
    "broker.session.timeout.ms": "2000",
    "group.initial.rebalance.delay.ms": "0",
    "offsets.topic.num.partitions": "3",
    "offsets.topic.replication.factor": "3",
    "replica.fetch.wait.max.ms": "100",
    "replica.lag.time.max.ms": "2000",
    "transaction.state.log.num.partitions": "3",
    "transaction.state.log.replication.factor": "2",
    "num.partitions": "2",
    "share.coordinator.state.topic.num.partitions": "3",
    "share.coordinator.state.topic.replication.factor": "3",
    "group.consumer.assignment.interval.ms": "0",
    "group.share.assignment.interval.ms": "0",
    "default.replication.factor": "2",
}
"""What both have in server.properties: quick where Kafka is slow by default."""
START_S = 60


def jars() -> Path:
    """Where Apache Kafka is; the test that asks skips where it is not installed."""
    said = os.environ.get(JARS)
    if not said:
        # Also where CI is set: it takes 100 MB and four JVMs.
        pytest.skip(f"no Apache Kafka, and .ci/run installs none: {JARS} is not set (see apache_kafka/README.md)")
    found = Path(said)
    assert list(found.glob("kafka_2.13-*.jar")), f"{JARS}={said} has no kafka_2.13-*.jar"
    assert shutil.which("java"), f"{JARS} is set, but there is no java"
    return found


class ApacheKafka:
    name = "Apache Kafka"

    def __init__(self, jars: Path) -> None:
        self._jars = jars
        self._kept = tempfile.TemporaryDirectory(prefix="kafkalab-apache-kafka-")
        self.directory = Path(self._kept.name)
        *ports, self._controller_port = free_ports(len(BROKERS) + 1)
        self.ports = dict(zip(BROKERS, ports, strict=True))
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        everyone = (CONTROLLER, *BROKERS)
        for node in everyone:
            self._properties(node)
        formatting = [
            # The quorum's voters are in its log, as they are in ours (KIP-853).
            self._java(
                *("kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", str(self._file(node))),
                "--standalone" if node == CONTROLLER else "--no-initial-controllers",
            )
            for node in everyone
        ]
        assert [process.wait(START_S) for process in formatting] == [0] * len(everyone)
        try:
            for node in everyone:
                self.start(node)
            until(lambda: all(answers(self.ports[broker], len(BROKERS)) for broker in BROKERS), START_S)
        except BaseException:
            self.close()
            raise

    def start(self, node: int) -> None:
        self._processes[node] = self._java("kafka.Kafka", str(self._file(node)))

    def crash(self, node: int) -> None:
        self._processes[node].kill()
        self._processes[node].wait()

    def stop(self, node: int) -> None:
        self._processes[node].send_signal(signal.SIGTERM)
        self._processes[node].wait(30)

    def close(self) -> None:
        for process in self._processes.values():
            process.kill()
            process.wait()
        self._kept.cleanup()

    def _java(self, main: str, *arguments: str) -> subprocess.Popen[bytes]:
        # Four JVMs on a small machine: little heap, and no time for the second compiler.
        lean = ("-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
        return subprocess.Popen(
            ("java", *lean, "-cp", f"{self._jars}/*", main, *arguments),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def _file(self, node: int) -> Path:
        return self.directory / f"{node}.properties"

    def _properties(self, node: int) -> None:
        settings = {
            "node.id": str(node),
            "controller.quorum.bootstrap.servers": f"127.0.0.1:{self._controller_port}",
            "controller.listener.names": "CONTROLLER",
            "log.dirs": str(self.directory / f"log-{node}"),
            **SETTINGS,
            # Computed beside the heartbeat, a target comes at one of the next heartbeats, nobody knows which.
            "group.consumer.assignor.offload.enable": "false",
            "group.share.assignor.offload.enable": "false",
        }
        if node == CONTROLLER:
            settings |= {"process.roles": "controller", "listeners": f"CONTROLLER://127.0.0.1:{self._controller_port}"}
        else:
            listeners = f"PLAINTEXT://127.0.0.1:{self.ports[node]}"
            settings |= {"process.roles": "broker", "listeners": listeners, "broker.rack": RACKS[BROKERS.index(node)]}
        self._file(node).write_text("".join(f"{name}={value}\n" for name, value in settings.items()))


class OurKafka:
    name = "Kafka Lab"

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._kept = tempfile.TemporaryDirectory(prefix="kafkalab-ours-")
        self._thread.start()
        self._run(self._open())

    async def _open(self) -> None:
        doors = Doors.bind("127.0.0.1", 0, len(BROKERS))
        self.ports = dict(zip(BROKERS, doors.ports, strict=True))
        self._lab = Lab.open(
            Path(self._kept.name) / "lab", LabSettings(broker_configs=SETTINGS, cluster_id=CLUSTER_ID), doors.ports
        )
        self._gateway = Gateway(self._lab, doors)
        self._lab.play()
        self._gateway.start()
        await self._lab.until_ready()

    def start(self, node: int) -> None:
        self._run(self._do(order.StartBroker(node)))

    def crash(self, node: int) -> None:
        self._run(self._do(order.CrashBroker(node)))

    def stop(self, node: int) -> None:
        self._run(self._do(order.StopBroker(node)))
        until(lambda: node in self._lab.down, 30)

    def close(self) -> None:
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._kept.cleanup()

    async def _close(self) -> None:
        self._gateway.close()
        self._lab.close()
        await asyncio.sleep(0.1)

    async def _do(self, command: Any) -> None:
        outcome = self._loop.create_future()
        self._lab.do(command, outcome.set_result)
        assert (await asyncio.wait_for(outcome, 30)).ok

    def _run(self, work: Any) -> Any:
        future: Future[Any] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return future.result(60)


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on, drawn by the system."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


def answers(port: int, brokers: int) -> bool:
    """Whether there is a broker that knows of so many."""
    try:
        connection = Connection(port)
    except OSError:
        return False
    try:
        told = connection.ask(ApiKey.METADATA, newest(ApiKey.METADATA), {"topics": []})
    except (Closed, Silent):
        return False
    finally:
        connection.close()
    return len(told["brokers"]) == brokers


def until(is_so: Any, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"not so within {seconds} s"
        time.sleep(0.1)
