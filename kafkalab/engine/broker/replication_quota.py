"""A bound on how fast replicas are copied, so that moving partitions leaves room for everything else.

Two numbers a broker (`leader.replication.throttled.rate`, `follower.replication.throttled.rate`) and
a list a topic and side of what they hold for. The leader leaves held back partitions empty in its
answers, the follower leaves them out of its requests. What is in sync is counted but never held
back, or a throttle would shrink the ISR (KIP-73; kafka.server.ReplicationQuotaManager).
"""

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kafkalab.engine.config import LONG_MAX
from kafkalab.engine.events import ReplicationHeldBack

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker, PartitionKey

LEADER, FOLLOWER = "leader", "follower"
ALL = "*"


@dataclass(slots=True)
class Sample:
    since_ms: int
    last_ms: int
    size: int = 0


class ReplicationQuota:
    def __init__(self, broker: "Broker", side: str) -> None:
        """`side` is LEADER or FOLLOWER."""
        self.broker = broker
        self.side = side
        self.bytes_per_second = LONG_MAX
        self.partitions: dict[str, frozenset[int] | None] = {}
        """By topic the partitions whose replica here is throttled; None: all."""
        self._window_ms = broker.config.replication_quota_window_size_seconds * 1000
        self._samples: deque[Sample] = deque(maxlen=broker.config.replication_quota_window_num)
        self._told_until_ms = 0

    def mark(self, topic: str, config: dict[str, str]) -> None:
        """Take up what the topic's own settings say (TopicConfigHandler.parseThrottledPartitions)."""
        text = config.get(f"{self.side}.replication.throttled.replicas", "").strip()
        if not text:
            self.partitions.pop(topic, None)
            return
        pairs = [pair.strip().split(":") for pair in text.split(",") if pair.strip() not in ("", ALL)]
        mine = frozenset(int(partition) for partition, broker in pairs if int(broker) == self.broker.broker_id)
        self.partitions[topic] = None if text == ALL else mine

    def throttles(self, key: "PartitionKey") -> bool:
        marked = self.partitions.get(key[0], ())
        return marked is None or key[1] in marked

    def holds_back(self, key: "PartitionKey") -> bool:
        """Whether it may not be copied just now. Only to be asked for who is not in sync."""
        if not self.throttles(key) or self.rate() <= self.bytes_per_second:
            return False
        now_ms = self.broker.now_ms
        if now_ms >= self._told_until_ms:
            self.broker.tell(ReplicationHeldBack(self.broker.broker_id, self.side, self.bytes_per_second))
        # Once for all of a move, and not with each sample.
        self._told_until_ms = now_ms + self._reach_ms
        return True

    def record(self, size: int) -> None:
        now_ms = self.broker.now_ms
        if not self._samples or now_ms - self._samples[-1].since_ms >= self._window_ms:
            self._samples.append(Sample(now_ms, now_ms))
        self._samples[-1].last_ms = now_ms
        self._samples[-1].size += size

    def rate(self) -> float:
        """Bytes a second since the oldest sample began, which counts as one whole window at least
        (org.apache.kafka.common.metrics.stats.SimpleRate)."""
        now_ms, samples = self.broker.now_ms, self._samples
        while samples and now_ms - samples[0].last_ms >= self._reach_ms:
            samples.popleft()
        if not samples:
            return 0.0
        passed_ms = max(now_ms - samples[0].since_ms, self._window_ms)
        return sum(sample.size for sample in samples) * 1000 / passed_ms

    @property
    def _reach_ms(self) -> int:
        return self._window_ms * (self._samples.maxlen or 1)
