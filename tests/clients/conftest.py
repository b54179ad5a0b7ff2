"""A lab as a person starts it, in a process of its own, for clients that nobody here wrote."""

import json
import os
import shutil
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import connect
from websockets.typing import Origin

from kafkalab.bench.peers import Peer, start_lab
from kafkalab.lab import LabSettings
from kafkalab.lab.store import Store


class RunningLab:
    """The lab by its doors: bootstrap.servers, the websocket's commands, the snapshot as JSON."""

    def __init__(self, peer: Peer) -> None:
        self.bootstrap = peer.bootstrap
        self.url = peer.url
        self.pid = peer.process.pid

    def do(self, command: str, **fields: Any) -> dict[str, Any]:
        """Give one command over the websocket and return its answer."""
        with connect(
            self.url.replace("http", "ws") + "ws/labs/home/",
            origin=Origin(self.url.rstrip("/")),
            max_size=None,
        ) as socket:
            socket.send(json.dumps({"command": command, "id": 1, **fields}))
            while True:
                answer: dict[str, Any] = json.loads(socket.recv(timeout=60))
                if answer["type"] == "answer":
                    return answer

    def entities(self, kind: str) -> list[dict[str, Any]]:
        with urllib.request.urlopen(self.url + "api/labs/home/", timeout=10) as answer:
            snapshot = json.load(answer)
        return [entity for entity in snapshot["entities"].values() if entity["kind"] == kind]

    def leader(self, topic: str, partition: int) -> int:
        found = [
            one["leader"]
            for one in self.entities("partition")
            if (one["topic"], one["partition"]) == (topic, partition)
        ]
        return found[0] if found else -1

    def wait_for(self, what: Callable[[], Any], seconds: float = 30) -> Any:
        """Poll until `what()` is truthy and return it."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if found := what():
                return found
            time.sleep(0.1)
        raise AssertionError(f"{what} was not true within {seconds} s")

    def create_topic(self, name: str, partitions: int = 3, replicas: int = 3, **configs: str) -> str:
        answer = self.do("create_topic", name=name, partitions=partitions, replication_factor=replicas, configs=configs)
        assert answer["ok"], answer
        self.wait_for(lambda: all(self.leader(name, p) > 0 for p in range(partitions)))
        return name

    def all_brokers_running(self) -> bool:
        return all(one["state"] == "running" and not one["fenced"] for one in self.entities("broker"))

    def heal(self) -> None:
        """A whole cluster again, whatever was done to it."""
        for broker in self.entities("broker"):
            if broker["state"] in ("crashed", "stopped"):
                self.do("start_broker", broker=broker["broker"])
        self.wait_for(self.all_brokers_running)


def without_waiting(data: Path) -> str:
    """A data directory for a lab whose readers are each alone: a new group does not wait three seconds for more."""
    store = Store(data / "home")
    store.settings(LabSettings(broker_configs={"group.initial.rebalance.delay.ms": "0"}))
    store.close()
    return str(data)


@pytest.fixture(scope="session")
def lab() -> Iterator[RunningLab]:
    peer = start_lab()
    try:
        yield RunningLab(peer)
    finally:
        peer.stop()


@pytest.fixture(autouse=True)
def every_broker_up(request: pytest.FixtureRequest) -> None:
    """A test begins with a whole cluster, whatever the one before it did."""
    if "lab" in request.fixturenames:
        running: RunningLab = request.getfixturevalue("lab")
        running.heal()


@pytest.fixture(scope="session")
def kcat() -> str:
    found = shutil.which("kcat")
    if found is None:
        assert not os.environ.get("CI"), "kcat is missing: .ci/run installs it"
        pytest.skip("kcat is not installed (Debian: apt-get install kcat)")
    return found
