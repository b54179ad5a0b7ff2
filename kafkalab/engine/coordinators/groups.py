"""The groups of a shard, of whatever kind: each has an id, committed offsets, and deadlines."""

from kafkalab.engine.coordinators.classic_group import ClassicGroup
from kafkalab.engine.coordinators.modern.group import ConsumerGroup

Group = ClassicGroup | ConsumerGroup
Groups = dict[str, Group]


def classic_group(groups: Groups, group_id: str) -> ClassicGroup | None:
    """None if it is not there, or is of another kind."""
    group = groups.get(group_id)
    return group if isinstance(group, ClassicGroup) else None
