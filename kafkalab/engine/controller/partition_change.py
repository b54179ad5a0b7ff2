"""The one place where a partition's next state is decided: its replicas, its ISR, its ELR, its leader.

The rules are those of org.apache.kafka.controller.PartitionChangeBuilder. A leader stays as long as
it may lead; otherwise the first replica in assignment order that may. Who leaves an ISR that is
smaller than `min.insync.replicas` becomes an eligible leader replica (KIP-966): the high watermark
stands still meanwhile, so it has everything below it and may lead once the ISR is empty. Without
that feature the last in-sync replica is never removed from the ISR: it alone knows every record
that was acknowledged.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from kafkalab.engine.controller.metadata import NO_LEADER, PartitionChangeRecord, PartitionImage

RECOVERED, RECOVERING = 0, 1
"""LeaderRecoveryState: RECOVERING from an unclean election until the leader says otherwise."""

Replicas = tuple[int, ...]


class Election(Enum):
    ONLINE = "online"
    """A live in-sync replica, the present leader if it can."""
    PREFERRED = "preferred"
    """The first of the assignment before all others."""
    UNCLEAN = "unclean"
    """As ONLINE; if none is in sync, any that lives, and what it lacks is lost."""


@dataclass(frozen=True, slots=True)
class Ballot:
    """Under what rules a leader is chosen."""

    acceptable: Callable[[int], bool]
    """Whether a broker is unfenced and not about to stop."""
    election: Election = Election.ONLINE
    min_isr: int = 1
    """`min.insync.replicas`; never more than there are replicas."""
    elr: bool = False
    """Whether the cluster has eligible leader replicas."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a partition shall come to; None: as it is."""

    isr: Replicas | None = None
    replicas: Replicas | None = None
    adding: Replicas | None = None
    removing: Replicas | None = None
    recovery_state: int | None = None
    unclean: int | None = None
    """A broker that came back from an unclean stop: what it had in memory only is gone."""


@dataclass(slots=True)
class _Draft:
    isr: Replicas
    replicas: Replicas
    adding: Replicas
    removing: Replicas
    elr: Replicas
    last_known: Replicas
    leader: int
    recovery_state: int


def partition_change(
    partition: PartitionImage, ballot: Ballot, target: Target = Target()
) -> PartitionChangeRecord | None:
    """The record that takes the partition to the target under a leader that may lead; None for no change."""
    draft = _Draft(
        isr=partition.isr if target.isr is None else target.isr,
        replicas=partition.replicas if target.replicas is None else target.replicas,
        adding=partition.adding_replicas if target.adding is None else target.adding,
        removing=partition.removing_replicas if target.removing is None else target.removing,
        elr=partition.eligible_leader_replicas,
        last_known=partition.last_known_elr,
        leader=partition.leader,
        recovery_state=partition.leader_recovery_state if target.recovery_state is None else target.recovery_state,
    )
    _complete_reassignment(draft)
    _populate_elr(partition, draft, ballot, target.unclean)
    _elect(partition, draft, ballot)
    if not draft.isr and not ballot.elr:
        draft.isr = partition.isr
    _remember_last_leader(partition, draft, ballot)
    replicas_left = any(replica not in draft.replicas for replica in partition.replicas)
    # Who is removed must not be listened to any more, so the leader begins a new epoch, even the same one.
    new_epoch = draft.leader != partition.leader or replicas_left
    change = PartitionChangeRecord(
        partition.topic_id,
        partition.partition,
        isr=_new(draft.isr, partition.isr),
        leader=draft.leader if new_epoch else None,
        replicas=_new(draft.replicas, partition.replicas),
        adding_replicas=_new(draft.adding, partition.adding_replicas),
        removing_replicas=_new(draft.removing, partition.removing_replicas),
        eligible_leader_replicas=_new(draft.elr, partition.eligible_leader_replicas),
        last_known_elr=_new(draft.last_known, partition.last_known_elr),
        leader_recovery_state=(
            draft.recovery_state if draft.recovery_state != partition.leader_recovery_state else None
        ),
    )
    return None if change == PartitionChangeRecord(partition.topic_id, partition.partition) else change


def _complete_reassignment(draft: _Draft) -> None:
    """Once every replica that shall stay is in sync, those that shall go are gone."""
    if not draft.adding and not draft.removing:
        return
    staying = tuple(replica for replica in draft.replicas if replica not in draft.removing)
    in_sync = tuple(replica for replica in draft.isr if replica not in draft.removing)
    if staying and all(replica in in_sync for replica in staying):
        draft.isr, draft.replicas, draft.adding, draft.removing = in_sync, staying, (), ()


def _populate_elr(partition: PartitionImage, draft: _Draft, ballot: Ballot, unclean: int | None) -> None:
    if not ballot.elr or len(draft.isr) >= min(ballot.min_isr, len(draft.replicas)):
        draft.elr = ()
        return
    candidates = dict.fromkeys((*draft.elr, *partition.isr))
    draft.elr = tuple(
        sorted(each for each in candidates if each not in draft.isr and each != unclean and each in draft.replicas)
    )


def _elect(partition: PartitionImage, draft: _Draft, ballot: Ballot) -> None:
    leader, unclean = _best_leader(partition, draft, ballot)
    draft.leader = leader
    if leader == NO_LEADER or (leader == partition.leader and leader in draft.isr):
        return
    if leader in draft.elr:
        draft.isr = (leader,)
        draft.elr = tuple(replica for replica in draft.elr if replica != leader)
    elif unclean:
        draft.isr = (leader,)
        draft.elr = ()
        draft.recovery_state = RECOVERING


def _best_leader(partition: PartitionImage, draft: _Draft, ballot: Ballot) -> tuple[int, bool]:
    """(leader, whether records may be lost)."""

    def valid(replica: int) -> bool:
        return replica in (draft.isr or draft.elr) and ballot.acceptable(replica)

    if ballot.election is Election.PREFERRED and valid(draft.replicas[0]):
        return draft.replicas[0], False
    if valid(partition.leader):
        return partition.leader, False
    for replica in draft.replicas:
        if valid(replica):
            return replica, False
    if ballot.elr and not draft.isr and not draft.elr and len(partition.last_known_elr) == 1:
        (last,) = partition.last_known_elr
        if last in draft.replicas and ballot.acceptable(last):
            return last, True
    if ballot.election is Election.UNCLEAN:
        for replica in draft.replicas:
            if ballot.acceptable(replica):
                return replica, True
    return NO_LEADER, False


def _remember_last_leader(partition: PartitionImage, draft: _Draft, ballot: Ballot) -> None:
    """While there is no leader `last_known_elr` holds the last one, which may lead when no one else is left."""
    if not ballot.elr or draft.leader != NO_LEADER:
        draft.last_known = ()
    elif not draft.isr and partition.leader != NO_LEADER:
        draft.last_known = (partition.leader,)


def _new(after: Replicas, before: Replicas) -> Replicas | None:
    return after if after != before else None
