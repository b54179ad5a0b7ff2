"""One script's talk with one cluster: every answer is kept under the words the script gives the step."""

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kafkalab.wire import batches
from kafkalab.wire.api import SERVED, ApiKey
from kafkalab.wire.records import Record
from tests.clients.apache_kafka.clusters import BROKERS, ApacheKafka, OurKafka
from tests.clients.apache_kafka.speaking import CLIENT_ID, Closed, Connection, Silent, newest

Fields = dict[str, Any]
PATIENCE_S = 30
NOW_MS = int(time.time() * 1000)


@dataclass(frozen=True, slots=True)
class Step:
    name: str
    api: ApiKey | None
    version: int
    answer: Any
    """Every field, or "the connection was closed", or "no answer"."""


class Conversation:
    def __init__(self, cluster: ApacheKafka | OurKafka) -> None:
        self.cluster = cluster
        self.steps: list[Step] = []
        self.topics: dict[str, str] = {}
        """Ids of the topics that this script made, to their names."""
        self.members: dict[str, str] = {}
        """The random parts of member ids, to what the script calls them."""
        self._down: list[int] = []
        self._connections: dict[tuple[int, object], Connection] = {}

    def ask(
        self, name: str, api: ApiKey, fields: Fields, *, to: int = 1, version: int | None = None, by: object = 0
    ) -> Any:
        """Keep broker `to`'s answer, in the newest version unless told; `by` tells connections apart."""
        version = newest(api) if version is None else version
        answer = self.quietly(api, fields, to=to, version=version, by=by)
        self.steps.append(Step(f"{name} v{version}", api, version, answer))
        return answer

    def ask_old_and_new(self, name: str, api: ApiKey, fields: Fields, *, to: int = 1) -> Any:
        """The same in the oldest version and in the newest, for questions that change nothing."""
        self.ask(name, api, fields, to=to, version=SERVED[api][0])
        return self.ask(name, api, fields, to=to)

    def ask_every_version(self, name: str, api: ApiKey, fields: Fields, *, to: int = 1) -> None:
        for version in SERVED[api]:
            self.ask(name, api, fields, to=to, version=version)

    def quietly(self, api: ApiKey, fields: Fields, *, to: int = 1, version: int | None = None, by: object = 0) -> Any:
        """An answer that is not compared."""
        try:
            return self.connection(to, by).ask(api, newest(api) if version is None else version, fields)
        except (Closed, Silent) as silence:
            self._connections.pop((to, by)).close()
            return "the connection was closed" if isinstance(silence, Closed) else "no answer"

    def keep(self, name: str, what: Any) -> None:
        """Compare something that is no answer."""
        self.steps.append(Step(name, None, 0, what))

    def call(self, member_id: str, name: str) -> None:
        """Where answers tell of several members, in an order that means nothing."""
        self.members[member_id.removeprefix(f"{CLIENT_ID}-")] = name

    def connection(self, broker: int, by: object = 0) -> Connection:
        if (broker, by) not in self._connections:
            self._connections[broker, by] = Connection(self.cluster.ports[broker])
        return self._connections[broker, by]

    def hang_up(self) -> None:
        for connection in self._connections.values():
            connection.close()
        self._connections.clear()

    def crash(self, broker: int) -> None:
        self.kill(broker)
        self.until_gone(broker)

    def kill(self, broker: int) -> None:
        """The others do not know yet."""
        self._forget(broker)
        self.cluster.crash(broker)
        self._down.append(broker)

    def until_gone(self, broker: int) -> None:
        for one in [one for one in BROKERS if one not in self._down]:
            self.until(lambda one=one: broker not in self.brokers(one))

    def start(self, broker: int) -> None:
        self.cluster.start(broker)
        self._down.remove(broker)
        self.until(lambda: self._is_up(broker))

    def _is_up(self, broker: int) -> bool:
        up = [one for one in BROKERS if one not in self._down]
        try:
            return all(self.brokers(one) == up for one in up)
        except (OSError, Closed):
            self._forget(broker)
            return False

    def _forget(self, broker: int) -> None:
        for key in [key for key in self._connections if key[0] == broker]:
            self._connections.pop(key).close()

    def brokers(self, seen_by: int = 1) -> list[int]:
        answer = self.quietly(ApiKey.METADATA, {"topics": []}, to=seen_by)
        return sorted(one["node_id"] for one in answer["brokers"]) if isinstance(answer, dict) else []

    # -- what many scripts begin with ------------------------------------------------------------------

    def topic(self, name: str, *replicas: list[int], **configs: str) -> str:
        """A topic whose partitions have these replicas; returns its id. Known to every broker."""
        assigned = [
            {"partition_index": number, "broker_ids": brokers} for number, brokers in enumerate(replicas or [[1, 2, 3]])
        ]
        answer = self.quietly(
            ApiKey.CREATE_TOPICS,
            {
                "topics": [
                    {
                        "name": name,
                        "num_partitions": -1,
                        "replication_factor": -1,
                        "assignments": assigned,
                        "configs": [{"name": key.replace("_", "."), "value": value} for key, value in configs.items()],
                    }
                ],
                "timeout": 30_000,
            },
        )
        assert answer["topics"][0]["error_code"] == "none", answer
        for number, brokers in enumerate(replicas or [[1, 2, 3]]):
            self.until_led(name, number, brokers[0])
        topic_id = str(answer["topics"][0]["topic_id"])
        self.topics[topic_id] = name
        return topic_id

    def partition(self, topic: str, number: int = 0, seen_by: int = 1) -> Fields:
        told = self.quietly(
            ApiKey.DESCRIBE_TOPIC_PARTITIONS,
            {"topics": [{"name": topic}], "response_partition_limit": 2000, "cursor": None},
            to=seen_by,
        )
        found = [one for one in told["topics"][0]["partitions"] if one["partition_index"] == number]
        return found[0] if found else {}

    def until_led(self, topic: str, number: int, leader: int, seen_by: tuple[int, ...] = (1, 2, 3)) -> None:
        for broker in seen_by:
            self.until(lambda broker=broker: self.partition(topic, number, broker).get("leader_id") == leader)
        if leader > 0:
            asked = {"partition_index": number, "timestamp": -2, "current_leader_epoch": -1}
            fields = {"replica_id": -1, "topics": [{"name": topic, "partitions": [asked]}], "isolation_level": 0}

            def leads() -> bool:
                told = self.quietly(ApiKey.LIST_OFFSETS, fields, to=leader)
                return bool(told["topics"][0]["partitions"][0]["error_code"] == "none")

            self.until(leads)

    def until(self, is_so: Callable[[], Any], seconds: float = PATIENCE_S) -> None:
        deadline = time.monotonic() + seconds
        for pause in itertools.chain((0.02, 0.05), itertools.repeat(0.1)):
            if is_so():
                return
            assert time.monotonic() < deadline, f"{self.cluster.name}: not so within {seconds} s"
            time.sleep(pause)

    def produce(self, topic: str, *values: bytes, number: int = 0, to: int = 1, acks: int = -1, by: object = 0) -> Any:
        """Write and see that it was taken; not compared."""
        told = self.quietly(
            ApiKey.PRODUCE, producing(topic, batch(*values), number=number, acks=acks), to=to, version=12
        )
        (result,) = told["responses"][0]["partition_responses"]
        assert result["error_code"] == "none", result
        return result


def batch(*values: bytes | None, at_ms: int = NOW_MS, key: bytes | None = b"k", **told: Any) -> bytes:
    """A record batch; the times are a millisecond apart."""
    records = [
        Record(offset=number, timestamp_ms=at_ms + number, key=key, value=value) for number, value in enumerate(values)
    ]
    return batches.build(records, **told)


def producing(
    topic: str, records: bytes | None, *, number: int = 0, acks: int = -1, timeout: int = 10_000, **told: Any
) -> Fields:
    """A ProduceRequest, by name and (`topic_id`) by id."""
    partition = {"index": number, "partition_index": number, "records": records}
    return {
        "acks": acks,
        "timeout": timeout,
        "transactional_id": told.get("transactional_id"),
        "topic_data": [{"name": topic, "topic_id": told.get("topic_id"), "partition_data": [partition]}],
    }
