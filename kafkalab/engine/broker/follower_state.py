"""What a leader knows of one follower: how far it has copied, and when it last had everything.

The rule decides who is in sync: a follower is, as long as it has all of the log, or had all of it
at some moment in the last `replica.lag.time.max.ms` (org.apache.kafka.server.replica.Replica).
"""

from dataclasses import dataclass

from kafkalab.engine.refused import Refused
from kafkalab.wire.errors import ErrorCode

UNKNOWN = -1


@dataclass(slots=True)
class FollowerState:
    broker_id: int
    log_start: int = UNKNOWN
    log_end: int = UNKNOWN
    leader_end_at_last_fetch: int = UNKNOWN
    last_fetch_ms: int = 0
    last_caught_up_ms: int = 0
    broker_epoch: int = UNKNOWN
    """The broker epoch it fetched under (KIP-903)."""

    def fetched(self, offset: int, log_start: int, broker_epoch: int, leader_end: int, now_ms: int) -> None:
        """It asks for `offset`, so it has everything before. `leader_end` is where the log ends now."""
        if broker_epoch != UNKNOWN and self.broker_epoch > broker_epoch:
            # The broker came back under a new epoch: this fetch is a message from its earlier life.
            raise Refused(ErrorCode.not_leader_or_follower)
        known_end = self.leader_end_at_last_fetch
        if offset >= leader_end:
            self.last_caught_up_ms = max(self.last_caught_up_ms, now_ms)
        elif offset >= known_end and self.last_fetch_ms > self.last_caught_up_ms:
            # What it lacks came after its last fetch: at that moment it had everything.
            self.last_caught_up_ms = self.last_fetch_ms
        self.log_start = log_start
        self.log_end = offset
        if leader_end > known_end:
            self.leader_end_at_last_fetch = leader_end
        self.last_fetch_ms = now_ms
        self.broker_epoch = broker_epoch

    def reset(self, in_sync: bool, new_leader: bool, leader_end: int, now_ms: int) -> None:
        """A new leader epoch begins. A member of the ISR gets the benefit of the doubt, once."""
        self.last_caught_up_ms = now_ms if in_sync else 0
        if new_leader:
            self.log_start = self.log_end = self.leader_end_at_last_fetch = self.broker_epoch = UNKNOWN
            self.last_fetch_ms = 0
        else:
            self.leader_end_at_last_fetch = leader_end if in_sync else UNKNOWN
            self.last_fetch_ms = now_ms if in_sync else 0

    def caught_up(self, leader_end: int, now_ms: int, lag_time_max_ms: int) -> bool:
        return self.log_end == leader_end or now_ms - self.last_caught_up_ms <= lag_time_max_ms
