"""Who leads instead: told with NOT_LEADER_OR_FOLLOWER, so that a client need not ask again (KIP-951)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kafkalab.wire.dialect import LeaderHint, NodeEndpoint
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker

NO_HINT = LeaderHint()
HELPED_BY_A_HINT = (ErrorCode.not_leader_or_follower, ErrorCode.fenced_leader_epoch)


def hint_for(broker: "Broker", error_code: ErrorCode, topic: str, partition: int) -> LeaderHint:
    """The leader as far as this broker knows: from its replica, or else from its metadata."""
    if error_code not in HELPED_BY_A_HINT:
        return NO_HINT
    known = broker.partitions.get((topic, partition))
    if known is not None:
        return LeaderHint(known.leader_id, known.leader_epoch)
    image = broker.metadata.partition(topic, partition)
    return LeaderHint(image.leader, image.leader_epoch) if image else NO_HINT


def endpoints(broker: "Broker", hints: Sequence[LeaderHint], listener: str) -> tuple[NodeEndpoint, ...]:
    """Where the leaders that are hinted at listen, as far as they are alive."""
    known = [broker.metadata.brokers.get(leader) for leader in sorted({hint.leader_id for hint in hints})]
    alive = [broker for broker in known if broker is not None and not broker.fenced]
    return tuple(NodeEndpoint(each.broker_id, *each.reached_by(listener), each.rack) for each in alive)
