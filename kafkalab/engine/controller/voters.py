"""Who votes in the metadata quorum, from which offset of the log on.

A voter set counts from the moment its record is in the log, committed or not, and is taken back when
the record is cut off again. It changes by one voter at a time, so that any majority of the old set
and any of the new one have a voter in common (KIP-853, org.apache.kafka.raft.VoterSet and
org.apache.kafka.raft.internals.VoterSetHistory).
"""

from dataclasses import dataclass
from random import Random
from uuid import UUID

from kio.schema.k_raft_version_record.v0.data import KRaftVersionRecord
from kio.schema.leader_change_message.v1 import data as leader_change
from kio.schema.types import BrokerId
from kio.schema.voters_record.v0.data import KRaftVersionFeature, VotersRecord
from kio.schema.voters_record.v0.data import Voter as RecordedVoter
from kio.static.primitive import i16, i32

from kafkalab.engine.controller.control_records import ControlRecord
from kafkalab.wire.uuids import text_of


@dataclass(frozen=True, slots=True)
class Voter:
    id: int
    directory_id: UUID

    def __str__(self) -> str:
        """As org.apache.kafka.raft.ReplicaKey."""
        return f"ReplicaKey(id={self.id}, directoryId={text_of(self.directory_id)})"


@dataclass(frozen=True, slots=True)
class VoterSet:
    voters: tuple[Voter, ...]
    """Sorted by id."""

    @property
    def ids(self) -> tuple[int, ...]:
        return tuple(voter.id for voter in self.voters)

    @property
    def majority(self) -> int:
        return len(self.voters) // 2 + 1

    def __contains__(self, controller_id: int) -> bool:
        return controller_id in self.ids

    def __str__(self) -> str:
        return f"[{', '.join(map(str, self.voters))}]"

    def with_voter(self, voter: Voter) -> "VoterSet":
        return VoterSet(tuple(sorted((*self.voters, voter), key=lambda each: each.id)))

    def without(self, controller_id: int) -> "VoterSet":
        return VoterSet(tuple(voter for voter in self.voters if voter.id != controller_id))

    def record(self) -> VotersRecord:
        feature = KRaftVersionFeature(min_supported_version=i16(0), max_supported_version=i16(1))
        return VotersRecord(
            version=i16(0),
            voters=tuple(
                RecordedVoter(
                    voter_id=BrokerId(voter.id),
                    voter_directory_id=voter.directory_id,
                    endpoints=(),
                    k_raft_version_feature=feature,
                )
                for voter in self.voters
            ),
        )


def voter_set(cluster_id: str, controllers: tuple[int, ...]) -> VoterSet:
    return VoterSet(tuple(Voter(each, directory_id(cluster_id, each)) for each in sorted(controllers)))


def directory_id(cluster_id: str, node_id: int) -> UUID:
    """Of a node's only metadata directory. It has one disk for all its lives, so one id will do."""
    return UUID(int=Random(f"directory of controller {node_id} in {cluster_id}").getrandbits(128), version=4)


class VoterHistory:
    def __init__(self, static: VoterSet) -> None:
        self.static = static
        """`controller.quorum.voters`: what counts while the log says nothing (kraft.version 0)."""
        self.sets: list[tuple[int, VoterSet]] = []
        """With the offset of the record that says so; ascending."""
        self.kraft_version = 0

    @property
    def latest(self) -> VoterSet:
        return self.sets[-1][1] if self.sets else self.static

    @property
    def latest_offset(self) -> int:
        return self.sets[-1][0] if self.sets else -1

    def note(self, offset: int, record: ControlRecord) -> None:
        match record:
            case VotersRecord():
                found = [Voter(each.voter_id, each.voter_directory_id or UUID(int=0)) for each in record.voters]
                self.sets.append((offset, VoterSet(tuple(sorted(found, key=lambda each: each.id)))))
            case KRaftVersionRecord():
                self.kraft_version = record.k_raft_version

    def truncate(self, end_offset: int) -> None:
        self.sets = [each for each in self.sets if each[0] < end_offset]

    def as_of(self, end_offset: int) -> VoterSet | None:
        """What the log said at that point; None if nothing."""
        found = [voters for offset, voters in self.sets if offset < end_offset]
        return found[-1] if found else None


def first_records(leader_id: int, granting: tuple[int, ...], history: VoterHistory) -> tuple[ControlRecord, ...]:
    """What an epoch begins with. The first one of a log also says who votes, if that may ever change."""
    voters = history.latest.voters
    change = leader_change.LeaderChangeMessage(
        version=i16(1),
        leader_id=BrokerId(leader_id),
        voters=tuple(_named(voter) for voter in voters),
        granting_voters=tuple(_named(voter) for voter in voters if voter.id in granting),
    )
    if history.kraft_version == 0 or history.latest_offset >= 0:
        return (change,)
    version = KRaftVersionRecord(version=i16(0), k_raft_version=i16(history.kraft_version))
    return (change, version, history.latest.record())


def _named(voter: Voter) -> leader_change.Voter:
    return leader_change.Voter(voter_id=i32(voter.id), voter_directory_id=voter.directory_id)
