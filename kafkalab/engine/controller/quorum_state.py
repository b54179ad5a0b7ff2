"""What a controller is in the metadata quorum, and what it must never forget of it.

The epoch, who leads it and whom this controller voted for lie in the file `quorum-state`, and are on the
platter before anybody hears of them: a controller that came back and voted twice in one epoch could make
two leaders (org.apache.kafka.raft.QuorumState, FileQuorumStateStore).
"""

import json
from dataclasses import dataclass, field
from typing import Any

from kafkalab.engine.controller.replica import DIRECTORY
from kafkalab.engine.disk import Disk

PATH = f"{DIRECTORY}/quorum-state"
NOBODY = -1


@dataclass(frozen=True, slots=True)
class ElectionState:
    epoch: int = 0
    leader_id: int = NOBODY
    voted_id: int = NOBODY


def read(disk: Disk) -> ElectionState | None:
    if not disk.exists(PATH):
        return None
    kept = json.loads(disk.read_whole(PATH))
    return ElectionState(kept["leaderEpoch"], kept["leaderId"], kept["votedId"])


def write(disk: Disk, state: ElectionState) -> None:
    kept = {
        "leaderId": state.leader_id,
        "leaderEpoch": state.epoch,
        "votedId": state.voted_id,
        "data_version": 1,
    }
    disk.write_whole(PATH, json.dumps(kept, separators=(",", ":")).encode())
    disk.flush(PATH)


# -- the states ------------------------------------------------------------------------------------


@dataclass(slots=True)
class Unattached:
    """Knows of no leader in its epoch, and waits for one until the deadline."""

    deadline_us: int


@dataclass(slots=True)
class Prospective:
    """Asks whether it would be elected, before it disturbs anybody with a new epoch (KIP-996)."""

    deadline_us: int
    granted: dict[int, None]
    rejected: dict[int, None] = field(default_factory=dict)
    may_come_back_to: int = NOBODY
    """The leader it followed, if it is still the one of this epoch."""


@dataclass(slots=True)
class Candidate:
    """Has begun an epoch, voted for itself, and asks the others to."""

    deadline_us: int
    granted: dict[int, None]
    rejected: dict[int, None] = field(default_factory=dict)
    backing_off: bool = False
    """It has lost, and the deadline is that of its next try."""


@dataclass(slots=True)
class Follower:
    """Copies the leader's log. Without an answer for the fetch timeout it becomes prospective."""

    leader_id: int
    deadline_us: int
    patience_us: int
    """How long it waits for an answer."""
    has_fetched: bool = False
    """From this leader: then it wants no other (KIP-996)."""


@dataclass(slots=True)
class Resigned:
    """Led the epoch and does so no more; it votes for nobody in it, and waits for the next."""

    deadline_us: int | None


@dataclass(slots=True)
class Progress:
    """What the leader knows of a replica that fetches from it."""

    end_offset: int = -1
    last_fetch_us: int = -1
    last_caught_up_us: int = -1
    last_fetch_end_offset: int = -1
    """Where the leader's log ended at the last fetch."""


@dataclass(slots=True)
class Leader:
    """Appends to the log; what a majority has is committed."""

    granting: tuple[int, ...]
    epoch_start_offset: int
    check_quorum_us: int | None
    """By then a majority must have fetched; None: it alone is the majority."""
    begin_epoch_us: int | None
    """When the voters that have not been heard of in this epoch are told of it again."""
    progress: dict[int, Progress] = field(default_factory=dict)
    """By controller or broker id, the leader's own left out."""
    heard: dict[int, None] = field(default_factory=dict)
    """Voters that have fetched since the quorum was checked last."""
    high_watermark_known: bool = False
    """Whether something of its own epoch is committed."""

    def fetched(self, replica_id: int, offset: int, now_us: int, log_end: int) -> None:
        """A fetch at the leader's end, or at where it ended at the fetch before, counts as caught up."""
        known = self.progress.setdefault(replica_id, Progress())
        if offset >= log_end:
            known.last_caught_up_us = now_us
        elif offset >= known.last_fetch_end_offset >= 0:
            known.last_caught_up_us = max(known.last_caught_up_us, known.last_fetch_us)
        known.end_offset = offset
        known.last_fetch_us = now_us
        known.last_fetch_end_offset = log_end

    def has_heard_a_majority(self, voters: tuple[int, ...], me: int) -> bool:
        return sum(each == me or each in self.heard for each in voters) > len(voters) // 2

    def majority_offset(self, voters: tuple[int, ...], me: int, log_end: int) -> int:
        """What lies before it, more than half of the voters have; -1 as long as that is not known."""
        ends = [
            log_end if each == me else self.progress[each].end_offset if each in self.progress else -1
            for each in voters
        ]
        return sorted(ends, reverse=True)[len(voters) // 2]


State = Unattached | Prospective | Candidate | Follower | Resigned | Leader


def grants(state: State, leader_id: int, voted_id: int, asked: Any, mine: tuple[int, int]) -> bool:
    """Whether the sender of this Vote gets the vote, or the promise of it, of a voter in this state whose
    log ends with `mine`: (epoch of the last record, end offset). The epochs of both are the same."""
    is_up_to_date = (asked.last_offset_epoch, asked.last_offset) >= mine
    match state:
        case Leader():
            return False
        case Follower(has_fetched=has_fetched) if asked.pre_vote:
            return is_up_to_date and not has_fetched
        case _ if asked.pre_vote:
            return is_up_to_date
        case Follower():
            return voted_id == int(asked.replica_id)
        case Candidate() | Resigned():
            return False
    if voted_id != NOBODY:
        return voted_id == int(asked.replica_id)
    return leader_id == NOBODY and is_up_to_date
