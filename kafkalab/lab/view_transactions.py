"""Transactional ids as entities: how far each transaction has come, and by which steps.

The steps are kept here, the last few of each id: the coordinator itself knows only where it stands.
"""

from collections import deque
from collections.abc import Iterable
from typing import Any

from kafkalab.engine.broker.broker import Broker
from kafkalab.engine.events import Event, MarkersHeldBack, MarkersWritten, TransactionStateChanged
from kafkalab.engine.transactions.metadata import TransactionMetadata

Entity = dict[str, Any]

STEPS_KEPT = 12
NO_COORDINATOR = "NoCoordinator"


class TransactionsView:
    def __init__(self) -> None:
        self._seen: dict[str, Entity] = {}
        """As they were seen last: one whose coordinator is down is still open somewhere."""
        self._steps: dict[str, deque[dict[str, Any]]] = {}
        """By transactional id, oldest first."""

    def go_on_from(self, other: "TransactionsView") -> None:
        self._seen = dict(other._seen)
        self._steps = {name: deque(steps, STEPS_KEPT) for name, steps in other._steps.items()}

    def on_event(self, event: Event) -> None:
        match event:
            case TransactionStateChanged():
                step = {"state": event.after, "epoch": event.producer_epoch, "why": event.reason}
            case MarkersWritten():
                step = {"state": "", "why": f"{event.result} marker written in {', '.join(event.partitions)}"}
            case MarkersHeldBack():
                waits = f"{event.result} marker waits for {', '.join(event.partitions)}"
                step = {"state": "", "why": f"{waits}: {event.reason}"}
            case _:
                return
        self._steps.setdefault(event.transactional_id, deque(maxlen=STEPS_KEPT)).append(step)

    def look(self, brokers: Iterable[Broker]) -> dict[str, Entity]:
        """By id of the entity."""
        loaded: dict[int, None] = {}
        found: dict[str, Entity] = {}
        for broker in brokers:
            for shard in broker.transactions.shards.values():
                if not shard.loading:
                    loaded[shard.partition] = None
                    for name, known in shard.transactions.items():
                        found[f"transaction:{name}"] = self._entity(known.metadata, broker.broker_id, shard.partition)
        left_alone = {
            name: entity | {"state": NO_COORDINATOR, "coordinator": -1}
            for name, entity in self._seen.items()
            if entity["state_partition"] not in loaded
        }
        self._seen = left_alone | found
        if len(self._steps) > len(self._seen):
            known_ids = {entity["transactional_id"] for entity in self._seen.values()}
            self._steps = {name: steps for name, steps in self._steps.items() if name in known_ids}
        return self._seen

    def _entity(self, it: TransactionMetadata, coordinator: int, state_partition: int) -> Entity:
        return {
            "kind": "transaction",
            "transactional_id": it.transactional_id,
            "state": it.state.value,
            "producer_id": it.producer_id,
            "producer_epoch": it.producer_epoch,
            "timeout_ms": it.timeout_ms,
            "started_ms": it.started_ms,
            "updated_ms": it.updated_ms,
            "partitions": [list(each) for each in it.partitions],
            "coordinator": coordinator,
            "state_partition": state_partition,
            "version": 2 if it.bumps_epochs else 1,
            "steps": list(self._steps.get(it.transactional_id, ())),
        }
