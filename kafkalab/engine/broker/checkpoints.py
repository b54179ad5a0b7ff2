"""The small files of a broker beside its logs, in Kafka's formats.

`replication-offset-checkpoint`, `cleaner-offset-checkpoint` (OffsetCheckpointFile),
what is in `partition.metadata` (PartitionMetadataFile), `.kafka_cleanshutdown` (CleanShutdownFileHandler).
"""

import json
from base64 import urlsafe_b64decode
from typing import TYPE_CHECKING
from uuid import UUID

from kafkalab.engine.disk import Disk
from kafkalab.engine.log.recovery import PARTITION_METADATA

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import PartitionKey

HIGH_WATERMARKS = "replication-offset-checkpoint"
CLEANED = "cleaner-offset-checkpoint"
CLEAN_SHUTDOWN = ".kafka_cleanshutdown"


def directory(key: "PartitionKey") -> str:
    return f"{key[0]}-{key[1]}"


def read_offsets(disk: Disk, path: str) -> dict["PartitionKey", int]:
    if not disk.exists(path):
        return {}
    _version, _count, *lines = disk.read_whole(path).decode().splitlines()
    entries = [line.split() for line in lines]
    return {(topic, int(partition)): int(offset) for topic, partition, offset in entries}


def write_offsets(disk: Disk, path: str, offsets: dict["PartitionKey", int]) -> None:
    lines = ["0", str(len(offsets)), *(f"{topic} {number} {offset}" for (topic, number), offset in offsets.items())]
    disk.write_whole(path, ("\n".join(lines) + "\n").encode())


def take_clean_shutdown(disk: Disk) -> int:
    """The broker epoch under which the last life ended in good order, once; -1 if it did not."""
    if not disk.exists(CLEAN_SHUTDOWN):
        return -1
    epoch: int = json.loads(disk.read_whole(CLEAN_SHUTDOWN))["brokerEpoch"]
    disk.delete(CLEAN_SHUTDOWN)
    return epoch


def write_clean_shutdown(disk: Disk, broker_epoch: int) -> None:
    disk.write_whole(CLEAN_SHUTDOWN, json.dumps({"version": 0, "brokerEpoch": broker_epoch}).encode())


def replicas_on(disk: Disk) -> dict["PartitionKey", UUID]:
    """Every replica that lies on the disk, with the topic id that it was made for."""
    found = {}
    for path in disk.names():
        folder, _, name = path.rpartition("/")
        if name == PARTITION_METADATA:
            topic, _, number = folder.rpartition("-")
            text = disk.read_whole(path).decode().split("topic_id: ")[1].strip()
            found[topic, int(number)] = UUID(bytes=urlsafe_b64decode(text + "=="))
    return found
