"""Which leader each followed partition is copied from: one fetcher for each leader that has any.

(kafka.server.AbstractFetcherManager, ReplicaFetcherManager.)
"""

from typing import TYPE_CHECKING

from kafkalab.engine.broker.fetcher import Fetcher
from kafkalab.engine.broker.partition import Partition
from kafkalab.engine.node import Response

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker, PartitionKey


class Fetchers:
    def __init__(self, broker: "Broker") -> None:
        self.broker = broker
        self.by_leader: dict[int, Fetcher] = {}
        self.due: dict[int, None] = {}
        """Leaders whose fetcher may have something to send."""

    def follow(self, partition: Partition) -> None:
        """Begin to copy, or begin anew, under the partition's present leader epoch."""
        self.stop(partition.key)
        leader_id = partition.leader_id
        if leader_id not in self.by_leader:
            self.by_leader[leader_id] = Fetcher(self.broker, leader_id)
        self.by_leader[leader_id].add(partition)
        self.due[leader_id] = None

    def stop(self, key: "PartitionKey") -> None:
        for fetcher in self.by_leader.values():
            fetcher.remove(key)

    def stop_all(self) -> None:
        self.by_leader.clear()
        self.due.clear()

    def resume(self, leader_id: int) -> None:
        """A pause is over: the next request asks for more."""
        fetcher = self.by_leader.get(leader_id)
        if fetcher is not None:
            fetcher.resume()
            self.due[leader_id] = None

    def send(self) -> None:
        due, self.due = self.due, {}
        for leader_id in due:
            if leader_id in self.by_leader:
                self.by_leader[leader_id].send()

    def answered(self, response: Response) -> None:
        for fetcher in self.by_leader.values():
            if fetcher.node == response.source:
                fetcher.answered(response)
                self.due[fetcher.leader_id] = None

    def lost(self, peer: str) -> None:
        for fetcher in self.by_leader.values():
            if fetcher.node == peer:
                fetcher.lost()
