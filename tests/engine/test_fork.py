"""A running cluster is copied, and the copy and the original go separate ways."""

import os
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import pytest

from kafkalab.engine.clients.admin import Admin, create_topic
from kafkalab.engine.clients.consumer import Consumer
from kafkalab.engine.clients.consumer_settings import ConsumerSettings
from kafkalab.engine.clients.producer import Producer
from kafkalab.engine.clients.workload import ProducerSettings
from kafkalab.engine.cluster import Cluster
from kafkalab.engine.disk import COPIED_BYTES, Disk, FileDisk, MemoryDisk
from kafkalab.engine.spec import ClusterSpec
from kafkalab.engine.world import World

SECOND_US = 1_000_000
BOOTSTRAP = ("broker-1", "broker-2", "broker-3")


def running(new_disk: Callable[[str], Disk]) -> Cluster:
    """Three brokers, a topic, a producer and a consumer at work."""
    world = World(seed=5)
    spec = ClusterSpec.local(3, broker_configs={"offsets.topic.num.partitions": "1"})
    cluster = Cluster(spec, world, new_disk)
    cluster.start()
    world.run_until(2 * SECOND_US)
    world.start(Admin("admin", BOOTSTRAP))
    world.tell_node("admin", create_topic(1, "orders", 2, 3, {"internal.segment.bytes": "3000"}))
    world.run_until(3 * SECOND_US)
    producer = ProducerSettings(topic="orders", rate_per_s=20, key_pattern="random:9")
    world.start(Producer("producer-1", BOOTSTRAP, producer))
    world.start(Consumer("consumer-1", BOOTSTRAP, ConsumerSettings(group="g", topics=("orders",))))
    world.run_until(8 * SECOND_US)
    return cluster


@pytest.fixture(params=["memory", "files"])
def cluster(request: pytest.FixtureRequest, tmp_path: Path) -> Cluster:
    return running(lambda node: MemoryDisk() if request.param == "memory" else FileDisk(tmp_path / node))


def told_in(cluster: Cluster, seconds: int, mishap: Callable[[Cluster], None] | None = None) -> list[str]:
    """What it tells while so much time passes, after the mishap."""
    told: list[str] = []
    cluster.world.on_event.append(lambda at_us, node, event: told.append(f"{at_us} {node} {event!r}"))
    if mishap is not None:
        mishap(cluster)
    cluster.world.run_until(cluster.world.now_us + seconds * SECOND_US)
    cluster.world.on_event.pop()
    return told


def content(cluster: Cluster) -> dict[tuple[str, str], bytes]:
    return {(node, path): disk.read_whole(path) for node, disk in cluster.disks.items() for path in disk.names()}


def crash_a_broker(cluster: Cluster) -> None:
    cluster.crash(2)


def test_a_fork_and_its_original_go_the_same_way(cluster: Cluster) -> None:
    fork = cluster.fork()
    assert content(fork) == content(cluster)
    told = told_in(cluster, 10)
    assert len(told) > 500
    assert told_in(fork, 10) == told
    assert content(fork) == content(cluster)


def test_what_befalls_a_fork_does_not_touch_its_original(cluster: Cluster) -> None:
    untouched = told_in(cluster.fork(), 10)
    fork = cluster.fork()
    hit = told_in(fork, 10, crash_a_broker)
    assert hit != untouched
    assert "broker-2" in cluster.world.nodes
    assert told_in(cluster, 10) == untouched


def test_what_befalls_the_original_does_not_touch_its_fork(cluster: Cluster) -> None:
    """A broker comes back and truncates, records are deleted: the fork reads what was there."""
    untouched = told_in(cluster.fork(), 10)
    fork = cluster.fork()
    before = content(fork)
    told_in(cluster, 2, crash_a_broker)
    cluster.start_broker(2)
    told_in(cluster, 3)
    for node, disk in cluster.disks.items():
        for path in disk.names():
            if path.endswith(".log") and node != "broker-2":
                disk.truncate(path, disk.size(path) // 2)
                disk.append(path, b"something else")
    for disk in cluster.disks.values():
        disk.delete_tree("orders-1")
    assert content(fork) == before
    assert told_in(fork, 10) == untouched


def test_a_fork_of_a_fork_goes_its_own_way(cluster: Cluster) -> None:
    first = cluster.fork()
    told_in(first, 3)
    second = first.fork()
    before = content(second)
    hit = told_in(first, 5, crash_a_broker)
    assert content(second) == before
    told_in(cluster, 3)
    assert told_in(second, 5) == told_in(cluster, 5) != hit


def test_nobody_who_looked_at_the_original_hears_of_the_fork(cluster: Cluster) -> None:
    heard: list[int] = []
    cluster.world.on_event.append(lambda *_: heard.append(1))
    cluster.world.on_message.append(lambda *_: heard.append(1))
    fork = cluster.fork()
    told_in(fork, 2)
    assert heard == []


def test_connections_from_outside_stay_with_the_original(cluster: Cluster) -> None:
    heard: list[object] = []
    cluster.world.open_edge("client-1", heard.append)
    fork = cluster.fork()
    assert list(cluster.world.edges) == ["client-1"]
    assert fork.world.edges == {}


@pytest.mark.parametrize("size", [10, COPIED_BYTES + 1])
def test_a_forked_disk_keeps_its_bytes_whatever_becomes_of_the_files(size: int, tmp_path: Path) -> None:
    disk = FileDisk(tmp_path)
    names = ["cut", "cut twice", "grown", "replaced", "renamed and cut", "renamed over", "deleted", "d/deleted"]
    whole = {name: name.encode() * size for name in names}
    for name in names:
        disk.append(name, whole[name])
    fork = deepcopy(disk)
    again = deepcopy(fork)
    for half in (size, size // 2):
        disk.truncate("cut twice", half)
        disk.append("cut twice", b"x" * 3 * size)
    disk.truncate("cut", size)
    disk.append("grown", b"x")
    disk.write_whole("replaced", b"x")
    disk.rename("renamed and cut", "elsewhere")
    disk.truncate("elsewhere", 3)
    disk.rename("grown", "renamed over")
    disk.delete("deleted")
    disk.delete_tree("d")
    assert {name: fork.read_whole(name) for name in fork.names()} == whole
    fork.append("cut", b"by the fork")
    fork.truncate("grown", 4)
    fork.append("grown", b"n otherwise")
    assert fork.read_whole("cut") == whole["cut"] + b"by the fork"
    assert fork.read("grown", 2, 5) == b"own o"
    assert {name: again.read_whole(name) for name in again.names()} == whole
    disk.close()


def test_forks_of_several_ages_keep_what_each_has_seen(tmp_path: Path) -> None:
    disk = FileDisk(tmp_path)
    told: list[tuple[MemoryDisk, bytes]] = []
    disk.append("log", b"0123456789" * COPIED_BYTES)
    for cut in (9, 4, 7, 1):
        told.append((deepcopy(disk), disk.read_whole("log")))
        disk.append("log", b"grown" * cut)
        told.append((deepcopy(disk), disk.read_whole("log")))
        disk.truncate("log", cut * COPIED_BYTES)
    open_files = len(os.listdir("/proc/self/fd")) if os.path.exists("/proc/self/fd") else 0
    disk.delete("log")
    assert [fork.read_whole("log") for fork, _ in told] == [content for _, content in told]
    if open_files:
        assert len(os.listdir("/proc/self/fd")) <= open_files + 1
    disk.close()


def test_a_fork_that_is_gone_leaves_no_file_open(tmp_path: Path) -> None:
    disk = FileDisk(tmp_path)
    disk.append("large", b"x" * (COPIED_BYTES + 1))
    disk.close()
    before = len(os.listdir("/dev/fd"))
    fork = deepcopy(disk)
    disk.delete("large")
    disk.close()
    assert len(os.listdir("/dev/fd")) == before + 1
    assert fork.size("large") == COPIED_BYTES + 1
    del fork
    assert len(os.listdir("/dev/fd")) == before
