"""When each broker was last heard of: a broker silent for too long is fenced.

Only unfenced brokers have a session. This is the controller's own memory and not part of the
metadata: a new controller gives every unfenced broker a whole session anew
(org.apache.kafka.controller.BrokerHeartbeatManager).
"""

from dataclasses import dataclass

from kafkalab.engine.controller.metadata import MetadataImage

NEVER = 2**63 - 1


@dataclass
class Session:
    last_contact_us: int
    metadata_offset: int
    """How far the broker has replayed the metadata, as it said."""
    controlled_shutdown_offset: int = -1
    """Where the metadata ended when its leaderships began to move away; -1 when it is not leaving."""


class Sessions:
    def __init__(self, timeout_us: int) -> None:
        self.timeout_us = timeout_us
        self.by_broker: dict[int, Session] = {}

    def touch(self, broker_id: int, now_us: int, metadata_offset: int = -1) -> Session:
        session = self.by_broker.setdefault(broker_id, Session(now_us, metadata_offset))
        session.last_contact_us = now_us
        session.metadata_offset = metadata_offset
        return session

    def end(self, broker_id: int) -> None:
        self.by_broker.pop(broker_id, None)

    def valid(self, broker_id: int, now_us: int) -> bool:
        session = self.by_broker.get(broker_id)
        return session is not None and now_us < session.last_contact_us + self.timeout_us

    def expired(self, now_us: int) -> list[int]:
        return [broker_id for broker_id in self.by_broker if not self.valid(broker_id, now_us)]

    def next_expiry_us(self) -> int | None:
        if not self.by_broker:
            return None
        return min(session.last_contact_us for session in self.by_broker.values()) + self.timeout_us

    def lowest_active_offset(self, image: MetadataImage) -> int:
        """The least that every active broker has replayed: what lies before it, they all act on."""
        offsets = [
            session.metadata_offset for broker_id, session in self.by_broker.items() if image.brokers[broker_id].active
        ]
        return min(offsets, default=NEVER)
