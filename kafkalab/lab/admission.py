"""Who may come in: as many connections as the machine has room for, and as the brokers' settings and quotas allow.

Kafka lets a connection that comes too fast for its address's quota wait before it closes it; here it is
closed at once (max.connections.per.ip, KIP-612).
"""

from typing import TYPE_CHECKING

from kafkalab.engine.quotas.limits import connection_rate
from kafkalab.engine.quotas.rates import Rate

if TYPE_CHECKING:
    from kafkalab.lab.lab import Lab

MOST_CONNECTIONS_OF_ONE_ADDRESS = 1_000
"""Also where max.connections.per.ip allows more."""


class Admission:
    def __init__(self, lab: "Lab") -> None:
        self.lab = lab
        self._of_address: dict[str, dict[int, int]] = {}
        """By address, how many connections it holds to each broker."""
        self._rates: dict[tuple[str, int], Rate] = {}

    def refusal(self, broker: int, address: str) -> str:
        """Why not; "" lets it in, and it is counted until it leaves."""
        held = self._of_address.get(address, {})
        here = sum(each for all_held in self._of_address.values() for each in all_held.values())
        node = self.lab.broker(broker)
        if here >= self.lab.cluster.spec.limits.connections:
            return "too many connections"
        if sum(held.values()) >= MOST_CONNECTIONS_OF_ONE_ADDRESS:
            return "too many connections from one address"
        if node is not None and held.get(broker, 0) >= node.config.max_connections_per_ip:
            return "too many connections from one address (max.connections.per.ip)"
        if self._comes_too_fast(broker, address):
            return "connections come too fast from that address (connection_creation_rate)"
        self._of_address.setdefault(address, held)[broker] = held.get(broker, 0) + 1
        return ""

    def leave(self, broker: int, address: str) -> None:
        held = self._of_address[address]
        held[broker] -= 1
        if not any(held.values()):
            del self._of_address[address]

    def _comes_too_fast(self, broker: int, address: str) -> bool:
        node = self.lab.broker(broker)
        most = connection_rate(node.metadata.client_quotas, address) if node is not None else None
        if node is None or most is None:
            self._rates.pop((address, broker), None)
            return False
        samples, window_ms = node.config.quota_window_num, node.config.quota_window_size_seconds * 1000
        rate = self._rates.setdefault((address, broker), Rate(samples, window_ms))
        now_ms = self.lab.world.now_us // 1000
        rate.record(1, now_ms)
        if rate.throttle_ms(most, now_ms):
            rate.record(-1, now_ms)
            return True
        return False
