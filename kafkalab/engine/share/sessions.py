"""Share sessions: which partitions each member reads from this broker, so that it need not say so again.

A member has one session with each broker, named by group and member. Its requests are numbered:
0 begins a session, 1, 2, 3 ... go on with it, -1 ends it. Whatever the member holds when its session
ends, or its connection, is free again (org.apache.kafka.server.share.session.ShareSessionCache,
kafka.server.share.SharePartitionManager.newContext).
"""

from dataclasses import dataclass, field
from uuid import UUID

from kafkalab.engine.refused import Refused
from kafkalab.wire.errors import ErrorCode

FIRST_EPOCH, FINAL_EPOCH = 0, -1
LAST_EPOCH = 2**31 - 1

SessionKey = tuple[str, str]
"""Group and member."""


@dataclass
class ShareSession:
    group: str
    member: str
    source: str
    """Whose connection it came on."""
    client_id: str
    epoch: int
    """Of the request that comes next."""
    partitions: dict[tuple[UUID, int], None] = field(default_factory=dict)

    def rotated(self) -> list[tuple[UUID, int]]:
        """Another one first each time, so that none starves (PartitionRotateStrategy)."""
        keys = list(self.partitions)
        turn = self.epoch % len(keys) if keys else 0
        return keys[turn:] + keys[:turn]


class ShareSessions:
    def __init__(self) -> None:
        self.open: dict[SessionKey, ShareSession] = {}

    def begin(self, group: str, member: str, source: str, client_id: str, most: int) -> ShareSession:
        self.open.pop((group, member), None)
        if len(self.open) >= most:
            raise Refused(ErrorCode.share_session_limit_reached)
        session = self.open[group, member] = ShareSession(group, member, source, client_id, FIRST_EPOCH + 1)
        return session

    def resume(self, group: str, member: str, epoch: int) -> ShareSession:
        """The session of the request with this epoch, which the next one must follow."""
        session = self.of(group, member)
        if session.epoch != epoch:
            raise Refused(ErrorCode.invalid_share_session_epoch)
        session.epoch = 1 if epoch == LAST_EPOCH else epoch + 1
        return session

    def of(self, group: str, member: str) -> ShareSession:
        session = self.open.get((group, member))
        if session is None:
            raise Refused(ErrorCode.share_session_not_found)
        return session

    def close(self, group: str, member: str) -> ShareSession | None:
        return self.open.pop((group, member), None)

    def client_of(self, group: str, member: str) -> str:
        """How a person calls the member."""
        session = self.open.get((group, member))
        return session.client_id if session is not None else member

    def of_source(self, source: str) -> list[ShareSession]:
        return [session for session in self.open.values() if session.source == source]
