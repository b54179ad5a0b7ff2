"""Which partitions a consumer reads from which broker, worked out once and kept while nothing about it changes.

Mostly every partition has a position that was found good under its leader. Then there is nothing to
look for after each message, and of all brokers only the one that has just answered is asked again.
"""

from typing import TYPE_CHECKING

from kafkalab.engine.clients.metadata import ClientMetadata
from kafkalab.engine.spec import broker_node

if TYPE_CHECKING:
    from kafkalab.engine.clients.fetching import Reading, TopicPartition


class Settled:
    def __init__(self) -> None:
        self._groups: dict[str, list[Reading]] = {}
        self._as_of = -1
        """What `metadata.changes` said then; -1 when it is not settled who reads what."""

    def groups(self, metadata: ClientMetadata) -> dict[str, list["Reading"]] | None:
        """By the leader's node, in the order in which they are read; None if something is open."""
        return self._groups if self._as_of == metadata.changes else None

    def settle(self, readings: dict["TopicPartition", "Reading"], metadata: ClientMetadata) -> None:
        """All have a position that is good under the leader that metadata names, if it names one."""
        self._groups, self._as_of = {}, -1
        for reading in readings.values():
            leader = metadata.leader(reading.topic, reading.partition)
            if leader is None or reading.nearer is not None:
                return
            self._groups.setdefault(broker_node(leader.leader), []).append(reading)
        self._as_of = metadata.changes

    def unsettle(self) -> None:
        self._as_of = -1
