"""A well-behaved client in a process of its own: what it is told must stay right and prompt, whatever others send.

    python -m tests.wire.fuzz.witness BOOTSTRAP TOPIC

Until its stdin ends it writes a record, reads it back and compares, over one connection to each broker that
stays open; then it prints how long each round took, in milliseconds, as JSON. A wrong answer ends it.
"""

import json
import sys
import threading
import time

from kafkalab.wire import batches
from kafkalab.wire.api import ApiKey
from tests.clients.apache_kafka.speaking import Connection, newest

MOVED = {"not_leader_or_follower", "leader_not_available", "fenced_leader_epoch", "unknown_leader_epoch"}
PAUSE_S = 0.1
PATIENCE_S = 60.0


class Witness:
    def __init__(self, bootstrap: str, topic: str) -> None:
        self._connections = [Connection(int(address.rsplit(":", 1)[1]), PATIENCE_S) for address in bootstrap.split(",")]
        self._topic = topic
        self._topic_id, self._leader = self._find()

    def _find(self) -> tuple[str, Connection]:
        version = newest(ApiKey.METADATA)
        told = self._connections[0].ask(ApiKey.METADATA, version, {"topics": [{"name": self._topic}]})
        [topic] = told["topics"]
        ports = {broker["node_id"]: broker["port"] for broker in told["brokers"]}
        leader = ports[topic["partitions"][0]["leader_id"]]
        return topic["topic_id"], next(one for one in self._connections if one.port == leader)

    def round(self, number: int) -> None:
        value = b"round %d" % number
        batch = batches.build([batches.Record(0, int(time.time() * 1000), b"", value)])
        offset = self._write(batch)
        version = 12
        told = self._leader.ask(
            ApiKey.FETCH,
            version,
            {
                "replica_id": -1,
                "max_wait": 5000,
                "min_bytes": 1,
                "max_bytes": 1 << 20,
                "session_epoch": -1,
                "topics": [
                    {
                        "topic": self._topic,
                        "partitions": [
                            {
                                "partition": 0,
                                "current_leader_epoch": -1,
                                "last_fetched_epoch": -1,
                                "log_start_offset": -1,
                                "fetch_offset": offset,
                                "partition_max_bytes": 1 << 20,
                            }
                        ],
                    }
                ],
            },
        )
        [topic] = told["responses"]
        [partition] = topic["partitions"]
        assert partition["error_code"] == "none", partition
        [read] = [record for one in batches.headers(partition["records"]) for record in batches.records(one)]
        assert (read.offset, read.value) == (offset, value), (read, offset, value)

    def _write(self, batch: bytes) -> int:
        while True:
            told = self._leader.ask(
                ApiKey.PRODUCE,
                9,
                {
                    "acks": -1,
                    "timeout": 10_000,
                    "topic_data": [{"name": self._topic, "partition_data": [{"index": 0, "records": batch}]}],
                },
            )
            [partition] = told["responses"][0]["partition_responses"]
            if partition["error_code"] not in MOVED:
                assert partition["error_code"] == "none", partition
                return int(partition["base_offset"])
            _, self._leader = self._find()


def main() -> None:
    witness = Witness(*sys.argv[1:])
    over = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
    took = []
    while not over.is_set():
        began = time.perf_counter()
        witness.round(len(took))
        took.append(round((time.perf_counter() - began) * 1000, 1))
        over.wait(PAUSE_S)
    print(json.dumps(took))


if __name__ == "__main__":
    main()
