"""The target assignment: who is to have what, computed for one group epoch and kept as records.

It is computed at the first heartbeat after the group's epoch went up, though not more often than the
assignment interval allows: what changes meanwhile is taken together (KIP-1263;
org.apache.kafka.coordinator.group.modern.TargetAssignmentBuilder).
"""

from kafkalab.engine.coordinators.modern.assignors import SERVER_ASSIGNORS, Candidate, assign
from kafkalab.engine.coordinators.modern.draft import Draft
from kafkalab.engine.coordinators.modern.records import TargetEpoch, TargetEpochRecord, TargetRecord
from kafkalab.engine.coordinators.modern.topics import partition_counts, topic_ids
from kafkalab.engine.events import TargetAssignmentComputed


def is_due(computed_at_ms: int, interval_ms: int, now_ms: int) -> bool:
    return computed_at_ms == 0 or interval_ms == 0 or now_ms >= computed_at_ms + interval_ms


def compute_target_if_due(draft: Draft, interval_ms: int) -> None:
    group, turn = draft.group, draft.turn
    if group.assignment_epoch >= group.epoch or not is_due(group.target_epoch.computed_at_ms, interval_ms, turn.now_ms):
        return
    candidates = {
        name: Candidate(
            topic_ids(group.topics_of(member), draft.image), member.wants.instance_id, group.target.get(name, ())
        )
        for name, member in group.members.items()
    }
    assignor = group.preferred_assignor(SERVER_ASSIGNORS[0])
    target = assign(assignor, candidates, partition_counts(group, draft.image))
    for name, partitions in target.items():
        if group.target.get(name) != partitions:
            draft.put(TargetRecord(group.group_id, name, partitions))
    draft.put(TargetEpochRecord(group.group_id, TargetEpoch(group.epoch, turn.now_ms)))
    turn.tell(TargetAssignmentComputed(group.group_id, group.epoch, assignor))
