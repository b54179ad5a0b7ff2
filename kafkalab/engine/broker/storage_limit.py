"""How many bytes a broker stores at most: its share of what the machine has for the whole cluster.

Who produces more is refused with POLICY_VIOLATION and told why. KAFKA_STORAGE_ERROR would be the other word for
it, but to clients that says "ask another leader": they refresh their metadata and try again, with nothing to
read, until delivery.timeout.ms is over. And it would say what is not true: the disk is well.
"""

from typing import TYPE_CHECKING

from kafkalab.engine.refused import Refused
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker

LOOK_EVERY_MS = 1_000
"""Retention and compaction give back without telling; appends are added up in between."""


class StorageLimit:
    def __init__(self, broker: "Broker", most_bytes: int) -> None:
        self.broker = broker
        self.most_bytes = most_bytes
        self._stored = 0
        self._looked_ms: int | None = None

    def check(self, size: int) -> None:
        """Refuses an append of so many bytes; else counts it."""
        now_ms = self.broker.now_ms
        if self._looked_ms is None or now_ms - self._looked_ms >= LOOK_EVERY_MS:
            self._stored = sum(partition.log.size for partition in self.broker.partitions.values())
            self._looked_ms = now_ms
        if self._stored + size > self.most_bytes:
            raise Refused(
                ErrorCode.policy_violation,
                f"This broker stores {self._stored} bytes, where at most {self.most_bytes} are allowed: "
                "delete records or topics, or shorten their retention.",
            )
        self._stored += size
