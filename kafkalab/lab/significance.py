"""Which facts matter by themselves: a person who goes from one to the next misses no turn of the story.

The others come by the thousand, or go along with one that matters.
"""

from kafkalab.engine import events
from kafkalab.engine.events import (
    Event,
    HighWatermarkAdvanced,
    OffsetCommitted,
    RecordAcked,
    RecordsAcked,
    RecordsAcknowledged,
    RecordsAcquired,
    RecordsAppended,
    RecordsDelivered,
    RecordSent,
    ShareStartOffsetMoved,
)

FREQUENT = dict.fromkeys(
    (
        HighWatermarkAdvanced,
        OffsetCommitted,
        RecordAcked,
        RecordSent,
        RecordsAcked,
        RecordsAcknowledged,
        RecordsAcquired,
        RecordsAppended,
        RecordsDelivered,
        ShareStartOffsetMoved,
    )
)
"""What comes with every record."""
IN_PASSING = FREQUENT | dict.fromkeys(
    (
        events.BecameFollower,
        events.BecameLeader,
        events.BrokerRegistered,
        events.ClientThrottled,
        events.CoordinatorLoaded,
        events.CoordinatorUnloaded,
        events.MarkersSent,
        events.MarkersWritten,
        events.ProducerIdAssigned,
        events.ProducerRetried,
        events.SegmentRolled,
        events.ShareStateLoaded,
        events.ShareStateUnloaded,
        events.TransactionBegan,
        events.TransactionCoordinatorLoaded,
        events.TransactionCoordinatorUnloaded,
        events.TransactionEnded,
        events.TransactionMarked,
    )
)


def is_significant(node: str, event: Event) -> bool:
    if event.__class__ in IN_PASSING:
        return False
    if isinstance(event, events.NodeStarted):
        return node.startswith(("broker-", "controller-"))
    topic = getattr(event, "topic", None)
    return not (isinstance(topic, str) and topic.startswith("__"))
